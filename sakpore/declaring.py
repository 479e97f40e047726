"""`sakpore calendar declare`: a day off, or a working day, in a running installation; every open case is planned anew.

The same as declaring the day over the API, for whoever sits at the machine: the person is named by e-mail and must have
the right to declare. What cannot be reached is left to the worker, which goes on until every case has the edition; the
command may be repeated and changes nothing twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from permits.calendar import Holiday, HolidayKind
from sakpore.definitions import CannotDo
from sakpore.running import addresses

if TYPE_CHECKING:
    from temporalio.client import Client

    from store.records import Records

Tell = Callable[[str], None]
CASES_AT_A_TIME = 200


@dataclass(frozen=True)
class Declared:
    """What became of a declared day; counts of workflows, cases and requests to agencies."""

    calendar_version: str
    replanned: int
    closed_meanwhile: int
    left: int  # to be reached by the worker

    def sentence(self) -> str:
        """For a person."""
        left = f"; {self.left} could not be reached, the worker goes on with them" if self.left else ""
        return (
            f"Calendar {self.calendar_version}: {self.replanned} planned anew, {self.closed_meanwhile} closed meanwhile"
            f"{left}."
        )


@dataclass(frozen=True)
class Installation:
    """Where the parts of a running office are."""

    database_url: str
    temporal: str
    namespace: str
    payload_keys: str

    @classmethod
    def found(cls, data: Path, environment: Mapping[str, str]) -> Installation:
        """From the environment, else from what the installation on that folder wrote down. Raises CannotDo."""
        running = addresses(data)
        known = {
            "database_url": environment.get("DATABASE_URL") or running.get("database_url"),
            "temporal": environment.get("TEMPORAL_ADDRESS") or running.get("temporal"),
            "namespace": environment.get("TEMPORAL_NAMESPACE") or "default",
            "payload_keys": environment.get("PAYLOAD_KEYS") or _payload_keys(data),
        }
        if None in known.values():
            names = "DATABASE_URL, TEMPORAL_ADDRESS and PAYLOAD_KEYS"
            raise CannotDo(f"Nothing runs on {data}: start the office with `make run`, or set {names}.")
        return cls(**{one.name: str(known[one.name]) for one in fields(cls)})


def declare(
    day: str, kind: str, name: str, by: str, data: Path, environment: Mapping[str, str], tell: Tell = lambda _: None
) -> str:
    """Declares a day and plans every open case anew; what was done, in one sentence.

    Args:
        day: such as 2026-03-20; today or later.
        kind: `national`, `joint_leave`, `office` or `working`.
        name: what the day is called.
        by: e-mail of the person who declares it.
        data: folder of the installation.
        environment: DATABASE_URL, TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and PAYLOAD_KEYS come before the folder's own.
        tell: takes the lines of progress.

    Raises CannotDo, and nothing has changed.
    """
    try:
        declared = Holiday.model_validate({"date": date.fromisoformat(day), "kind": kind, "name": name.strip()})
    except ValueError:
        kinds = ", ".join(get_args(HolidayKind))
        raise CannotDo(f"Give a day as 2026-03-20, one of the kinds {kinds}, and a name.") from None
    place = Installation.found(data, environment)
    return asyncio.run(_declare(declared, by, place, tell)).sentence()


async def _declare(day: Holiday, by: str, place: Installation, tell: Tell) -> Declared:
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import create_async_engine

    from store.database import CONNECT_SECONDS, Database
    from store.records import Records
    from workflows.connection import connect

    engine = create_async_engine(
        place.database_url, hide_parameters=True, connect_args={"connect_timeout": CONNECT_SECONDS}
    )
    database = Database(engine)
    try:
        client = await connect(place.temporal, place.namespace, place.payload_keys)
        return await declare_day(Records(database), client, day, by, tell)
    except DBAPIError as away:
        raise CannotDo("The database does not answer; is the office running?") from away
    except RuntimeError as away:
        raise CannotDo("The engine does not answer; is the office running?") from away
    finally:
        await database.close()


async def declare_day(records: Records, client: Client, day: Holiday, by: str, tell: Tell = lambda _: None) -> Declared:
    """Writes the day and the new edition, and carries it to every open case and to its requests. Raises CannotDo."""
    from permits.authority import Act, refusal
    from permits.calendar_loader import current_calendar
    from store.records import actor_of
    from workflows.replanning import Replanned, replan_all

    account = await records.account_by_email(by.strip())
    if account is None or not account.active:
        raise CannotDo(f"No active account has the address {by}.")
    if refusal(actor_of(account), Act.DECLARE_DAY) is not None:
        raise CannotDo("A coordinator declares days of the calendar.")
    now = datetime.now(UTC)
    calendar = current_calendar(now.date(), await records.calendar_overrides())
    if day.date < calendar.local_date(now) or not calendar.holds(day.date):
        raise CannotDo(f"{day.date} lies in the past or outside the calendar; what was promised by then stays.")
    await records.set_calendar_day(day)
    calendar = current_calendar(now.date(), await records.calendar_overrides())
    await records.record_calendar_edition(calendar.version, account.id, now)
    cases = await records.cases_on_other_calendar(calendar.version)
    requests = sum(map(len, cases.values()))
    tell(f"{day.date} {day.kind}: {day.name}. Open cases: {len(cases)}, with {requests} requests to agencies.")
    numbers, whole = sorted(cases), Replanned()
    for first in range(0, len(numbers), CASES_AT_A_TIME):
        some = {number: cases[number] for number in numbers[first : first + CASES_AT_A_TIME]}
        result = await replan_all(client, some, calendar)
        whole.done += result.done
        whole.gone += result.gone
        whole.failed += result.failed
        tell(f"{first + len(some)} of {len(numbers)} cases.")
    return Declared(calendar.version, len(whole.done), len(whole.gone), len(whole.failed))


def _payload_keys(data: Path) -> str | None:
    """The engine's keys of an installation on this machine."""
    from sakpore.secrets import load_or_create

    file = data / "secrets.json"
    try:
        return load_or_create(file).payload_keys if file.exists() else None
    except (OSError, ValueError):
        return None
