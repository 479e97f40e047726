"""The inbox at 100,000 open cases, as a ratio to a look-up by primary key of as many rows, in the same run.

`python -m benchmarks.inbox [--cases 100000] [--pairs 15]`. Every question is asked in pairs with its floor, and every
other pair begins with the floor. The result is the median of the pairs' ratios with its range; it goes to
var/bench/inbox.json with the load of the machine. A plan that reads the whole table of tasks is a failure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
from rich.console import Console
from sqlalchemy import make_url
from sqlmodel import col, select

from benchmarks.inbox_data import fill, plans_of, statements_of
from benchmarks.machine import about, load
from permits.authority import Actor, Role
from sakpore.stack import Stack
from sakpore.stack.background import BackgroundStack
from store import migrate
from store.database import Database
from store.queries.inbox import Only, Place, View, inbox, inbox_counts
from store.queries.stuck import stuck_by_holder
from store.settings import StoreSettings
from store.tables import TaskRow

DATA = Path("var/bench")
LINES = 50
Question = Callable[[], Awaitable[list[str]]]
"""Asks once; the ids of the rows it showed, which its floor looks up."""


def an_actor(role: Role, person: str = "petugas-5", **fields: Any) -> Actor:
    return Actor(id=person, name="Contoh", role=role, **fields)


PEOPLE: dict[str, tuple[Actor, ...]] = {
    "applicant": (an_actor(Role.APPLICANT, "orang-3"),),
    "front_office": (an_actor(Role.FRONT_OFFICE),),
    "back_office, one field": (an_actor(Role.BACK_OFFICE, field="bidang-3"),),
    "back_office, all fields": (an_actor(Role.BACK_OFFICE),),
    "back_office and a lent desk": (
        an_actor(Role.BACK_OFFICE, field="bidang-3"),
        an_actor(Role.BACK_OFFICE, field="bidang-4", on_behalf_of="Contoh Rekan"),
        an_actor(Role.SUB_COORDINATOR, on_behalf_of="Contoh Rekan"),
    ),
    "technical_team": (an_actor(Role.TECHNICAL_TEAM),),
    "sub_coordinator": (an_actor(Role.SUB_COORDINATOR),),
    "coordinator": (an_actor(Role.COORDINATOR),),
    "head_of_division": (an_actor(Role.HEAD_OF_DIVISION),),
    "head_of_office": (an_actor(Role.HEAD_OF_OFFICE),),
    "opd": (an_actor(Role.OPD, opd="opd7"),),
}


class Office:
    """The filled database and what is asked of it."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = datetime.now(UTC)

    def lists(self, actors: Sequence[Actor], view: View = "all", **more: Any) -> Question:
        """One page of a view, with its total."""

        async def ask() -> list[str]:
            async with self.db.transaction() as session:
                lines, _, _ = await inbox(session, actors, self.now, view, limit=LINES, **more)
            return [line.id for line in lines]

        return ask

    def counts(self, actors: Sequence[Actor]) -> Question:
        """The counts of all views."""

        async def ask() -> list[str]:
            async with self.db.transaction() as session:
                await inbox_counts(session, actors, self.now)
            return []

        return ask

    def stuck(self) -> Question:
        """Stuck cases by holder."""

        async def ask() -> list[str]:
            async with self.db.transaction() as session:
                return [one.oldest_task for one in await stuck_by_holder(session, self.now)]

        return ask

    async def far_place(self, actors: Sequence[Actor]) -> Place:
        """A place four fifths of the way through the inbox."""
        async with self.db.transaction() as session:
            _, total, _ = await inbox(session, actors, self.now, limit=1)
            lines, _, _ = await inbox(session, actors, self.now, offset=total * 4 // 5, limit=1)
        return Place(due_at=lines[0].due_at, id=lines[0].id)

    async def floor(self, ids: Sequence[str]) -> None:
        """The same rows by their primary keys."""
        async with self.db.transaction() as session:
            list(await session.exec(select(TaskRow).where(col(TaskRow.id).in_(ids))))

    async def questions(self) -> dict[str, Question]:
        """Everything that is measured, by name."""
        asked: dict[str, Question] = {}
        for name, actors in PEOPLE.items():
            asked[f"{name}: first page"] = self.lists(actors)
            asked[f"{name}: counts"] = self.counts(actors)
        front, field = PEOPLE["front_office"], PEOPLE["back_office, one field"]
        views: tuple[View, ...] = ("mine", "unassigned", "overdue", "stuck", "for_applicants", "opd_paper")
        for view in views:
            asked[f"front_office: {view}"] = self.lists(front, view)
        asked["front_office: a page far behind"] = self.lists(front, after=await self.far_place(front))
        asked["front_office: one permit type"] = self.lists(front, only=Only(permit_type="jenis-7"))
        asked["back_office, one field: opd_paper"] = self.lists(field, "opd_paper")
        asked["leaders: stuck by holder"] = self.stuck()
        return asked


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when everything was measured and no plan reads the whole table."""
    parser = argparse.ArgumentParser(prog="benchmarks.inbox", description="The inbox against look-ups by key.")
    parser.add_argument("--cases", type=int, default=100_000, help="open cases")
    parser.add_argument("--pairs", type=int, default=15)
    parser.add_argument("--out", type=Path, default=DATA / "inbox.json")
    chosen = parser.parse_args(arguments)
    console = Console()
    folder = DATA / "inbox-stack"
    with BackgroundStack(Stack(folder, ports={"api": 0}, only=("postgres",))) as running:
        url = _fresh_database(running.environment()["DATABASE_URL"])
        console.print(f"Filling {chosen.cases} open cases.")
        fill(url, chosen.cases)
        result = asyncio.run(_measure(url, chosen.pairs, console))
    result["open_cases"] = chosen.cases
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(result, indent=2) + "\n")
    console.print(f"Written: {chosen.out}", markup=False)
    return 1 if result["reads_the_whole_table"] else 0


def _fresh_database(url: str) -> str:
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS inbox_bench")
        connection.execute("CREATE DATABASE inbox_bench TEMPLATE template0")
    own = make_url(url).set(database="inbox_bench").render_as_string(hide_password=False)
    migrate.upgrade(own)
    return own


async def _measure(url: str, pairs: int, console: Console) -> dict[str, Any]:
    names = ("s3_endpoint_url", "s3_access_key_id", "s3_secret_access_key")
    unused = {name: "http://localhost:1" for name in names} | {"document_keys": "x:" + "A" * 43 + "="}
    database = Database.from_settings(StoreSettings.model_validate({"database_url": url, **unused}))
    office = Office(database)
    result: dict[str, Any] = {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": about(),
        "load_before": load(),
        "pairs": pairs,
        "questions": {},
        "reads_the_whole_table": [],
    }
    for name, ask in (await office.questions()).items():
        with statements_of(database.engine) as asked:
            ids = await ask()
        if any("Seq Scan on tasks" in plan for plan in await plans_of(database.engine, asked)):
            result["reads_the_whole_table"].append(name)
        measured = await _pairs(office, ask, ids, pairs)
        result["questions"][name] = measured
        console.print(f"{name:44} {_in_words(measured)}", markup=False, highlight=False)
    result["load_after"] = load()
    await database.close()
    return result


async def _pairs(office: Office, ask: Question, ids: Sequence[str], pairs: int) -> dict[str, Any]:
    """Medians of the pairs; where nothing is shown the floor looks up one full page."""
    looked_up = ids or await office.lists(PEOPLE["front_office"])()

    async def floor() -> None:
        await office.floor(looked_up)

    for _ in range(3):  # caches, plans and connections are warm before anything is counted
        await ask()
        await floor()
    ours, floors = [], []
    for n in range(pairs):
        for side in ("ours", "floor") if n % 2 == 0 else ("floor", "ours"):
            if side == "ours":
                ours.append(await _milliseconds(ask))
            else:
                floors.append(await _milliseconds(floor))
    ratios = [one / other for one, other in zip(ours, floors, strict=True)]
    return {
        "rows": len(ids),
        "ratio": round(statistics.median(ratios), 2),
        "ratio_from": round(min(ratios), 2),
        "ratio_to": round(max(ratios), 2),
        "milliseconds": round(statistics.median(ours), 2),
        "floor_milliseconds": round(statistics.median(floors), 2),
    }


async def _milliseconds(act: Callable[[], Awaitable[Any]]) -> float:
    began = time.perf_counter()
    await act()
    return (time.perf_counter() - began) * 1000


def _in_words(measured: dict[str, Any]) -> str:
    spread = f"({measured['ratio_from']:.2f} - {measured['ratio_to']:.2f})"
    times = f"{measured['milliseconds']:7.1f} ms, floor {measured['floor_milliseconds']:5.1f} ms"
    return f"{measured['ratio']:6.2f} {spread:18} {times}, {measured['rows']} rows"


if __name__ == "__main__":
    raise SystemExit(main())
