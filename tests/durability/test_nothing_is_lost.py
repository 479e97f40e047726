"""kill -9 at every activity boundary and of every part: one number, one signature, one record a case."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import select

from sakpore.demo.cases import CASES
from sakpore.demo.drive import Drive
from sakpore.stack import keeper
from sakpore.stack.supervisor import Stack
from store.database import Database, create_engine
from store.records import Records
from store.settings import StoreSettings
from store.tables import SignedLetterRow
from tests.stack_fixture import system_environment

STRUCTURED = tuple(case for case in CASES if case.permit_type != "sip-fisioterapis")

ACTIVITIES = (
    *("receive", "enter_stage", "open_task", "close_task", "record_rung", "record_answer", "close_case"),
    *("number_letter", "compose_letter", "render_letter", "issue_letter", "sign_letter", "judge_letter"),
    "deliver_letter",
)
BOUNDARIES = {f"{name}.{boundary}" for name in ACTIVITIES for boundary in ("before", "after")}
ONCE = {
    "application:case:submitted": (),
    "application:case:received": (),
    "application:stage:entered": ("n",),
    "application:stage:left": ("n",),
    "desk:task:opened": ("task",),
    "desk:task:decided": ("task",),
    "opd:recommendation:asked": ("task",),
    "opd:recommendation:warned": ("task", "rung"),
    "opd:recommendation:escalated": ("task", "rung"),
    "opd:recommendation:answered": ("task",),
    "permit:letter:numbered": ("purpose",),
    "permit:letter:drafted": ("purpose",),
    "permit:signature:registered": (),
    "permit:case:issued": (),
    "application:case:closed": (),
}
"""Lines that stand once for each value of these facts, however often a process died."""


@asynccontextmanager
async def office(folder: Path, **variables: str) -> AsyncIterator[Stack]:
    """A stack of its own with a compressed pace."""
    pace = {"SAKPORE_PACE_SECONDS": "3", "SAKPORE_PACE_OFFICE_DATE": date(2026, 11, 30).isoformat()}
    environment = {**system_environment(), **pace, **variables}
    async with Stack(folder, ports={"api": 0}, environment=environment) as stack:
        yield stack


@asynccontextmanager
async def store_of(stack: Stack) -> AsyncIterator[tuple[Database, Records]]:
    """The store as the stack's own processes see it."""
    values = {name.lower(): value for name, value in stack.environment().items()}
    database = Database(create_engine(StoreSettings.model_validate(values)))
    try:
        yield database, Records(database)
    finally:
        await database.close()


async def assert_one_of_everything(stack: Stack, pages: list[dict[str, Any]]) -> None:
    """One number, one signature, one set of events; a whole chain; no gap in the register."""
    async with store_of(stack) as (database, records):
        for page in pages:
            assert page["status"] == "issued"
            number = page["number"]
            letters = {ref.purpose: ref for ref in await records.letters_of(number)}
            assert letters["permit"].status == "issued"
            async with database.transaction() as session:
                signed = list(await session.exec(select(SignedLetterRow).where(SignedLetterRow.number == number)))
            assert [row.letter_sha256 for row in signed] == [letters["permit"].sha256]
            assert await records.event_chain_is_whole(number)
            lines = await records.events_of(number)
            seen = Counter(
                (line.tag, tuple(line.facts.get(fact) for fact in ONCE[line.tag])) for line in lines if line.tag in ONCE
            )
            assert {key: count for key, count in seen.items() if count > 1} == {}
            assert set(ONCE) - {tag for tag, _ in seen} <= {tag for tag in ONCE if tag.startswith("opd:")}
            for series, year in {(ref.series, ref.year) for ref in letters.values()}:
                taken = sorted(entry.sequence for entry in await records.agenda_entries(series, year))
                assert taken == list(range(1, len(taken) + 1))


@pytest.mark.seconds(1200)
async def test_cases_survive_a_kill_at_every_activity_boundary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "LONGEST_PAUSE", 0.2)
    marks = tmp_path / "marks"
    async with office(
        tmp_path / "office", SAKPORE_FAILPOINT="*:before,*:after", SAKPORE_FAILPOINT_MARKS=str(marks)
    ) as stack:
        pages = await Drive(stack.addresses["api"], stack.data_dir).run(STRUCTURED, seconds=600)
        await assert_one_of_everything(stack, pages)
    killed = {mark.name for mark in marks.iterdir()}
    assert killed >= BOUNDARIES


async def test_cases_survive_kill_9_of_every_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeper, "LONGEST_PAUSE", 0.5)
    async with office(tmp_path / "office") as stack:
        killing = asyncio.ensure_future(_kill_in_turn(stack))
        try:
            pages = await Drive(stack.addresses["api"], stack.data_dir).run(STRUCTURED, seconds=300)
            killed = await _stop(killing)
            assert set(killed) == set(stack.part_names)
            await assert_one_of_everything(stack, pages)
        finally:
            killing.cancel()


async def _kill_in_turn(stack: Stack) -> list[str]:
    """SIGKILLs each part once, the next as soon as the one before is back."""
    killed = []
    for part in stack.part_names:
        before = stack.pid(part)
        await stack.kill(part)
        killed.append(part)
        await stack.wait_ready(part)
        assert stack.pid(part) != before
        await asyncio.sleep(1)
    return killed


async def _stop(killing: asyncio.Future[list[str]]) -> list[str]:
    with contextlib.suppress(asyncio.CancelledError):
        return await asyncio.wait_for(killing, 60)
    return []
