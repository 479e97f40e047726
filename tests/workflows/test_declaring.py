"""A declared day reaches every open case and every agency that was asked, once, also where the worker was away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from permits.calendar import Holiday, WorkingCalendar
from permits.calendar_loader import current_calendar
from permits.events import Tag
from sakpore.declaring import Declared, declare, declare_day
from sakpore.definitions import CannotDo
from sakpore.people import OFFICERS
from tests.workflows.builders import CALENDAR, a_definition, an_agency, in_days, recommendation
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from tests.workflows.waiting import until
from worker.reconcile import Replanner
from workflows import replanning

pytestmark = pytest.mark.asyncio(loop_scope="session")

EMAILS = {one.id: one.email for one in OFFICERS}
NAME = "Cuti bersama contoh"


@pytest_asyncio.fixture(loop_scope="session")
async def office(office: Office) -> AsyncIterator[Office]:
    """The office, whose calendar is afterwards what it was."""
    yield office
    async with office.db.engine.begin() as connection:
        await connection.execute(text("delete from calendar_days"))
        await connection.execute(text("delete from calendar_editions"))


def a_day_off(n: int) -> Holiday:
    return Holiday(date=in_days(n), name=NAME, kind="joint_leave")


async def _declare(office: Office, day: Holiday, by: str = "koordinator") -> Declared:
    return await declare_day(office.records, office.client, day, EMAILS[by])


async def _two_cases(office: Office) -> tuple[CaseFile, CaseFile]:
    """One at the front office, one that waits for an agency; both due in two working days."""
    at_desk = await office.begin(a_definition())
    await at_desk.task("verification")
    with_agency = await office.begin(a_definition(recommendation(an_agency("bappeda", 2))))
    await with_agency.go_on("recommendation")
    await at_desk.at_rest()
    await with_agency.at_rest()
    return at_desk, with_agency


async def _told(case: CaseFile, lines: int) -> None:
    async def look() -> bool:
        return len(await case.events(Tag.CALENDAR_REPLACED)) >= lines

    await until(look, f"{lines} lines about a new calendar in {case.number}")
    await case.at_rest()


async def test_a_declared_day_moves_tasks_requests_and_promises_of_every_open_case_once(office: Office) -> None:
    at_desk, with_agency = await _two_cases(office)
    promised = {case.number: (await case.row()).promise_due_at for case in (at_desk, with_agency)}

    done = await _declare(office, a_day_off(2))

    assert done.replanned >= 3 and done.left == 0
    await _told(at_desk, 1)
    await _told(with_agency, 2)
    moved = await _calendar(office)
    [checked], [asked] = await at_desk.open_tasks(), await with_agency.open_tasks()
    [request] = await office.records.opd_answers_of(with_agency.number)
    due = CALENDAR.closes_at(in_days(3))
    assert (checked.due_at, asked.due_at, request.due_at) == (due, due, due)
    for case in (at_desk, with_agency):
        row = await case.row()
        before = promised[case.number]
        assert before is not None and row.promise_due_at is not None
        assert CALENDAR.working_days_between(_day(before), _day(row.promise_due_at)) == 1
        assert row.calendar_version == moved.version == done.calendar_version
    agencies = {line.facts.get("opd") for line in await with_agency.events(Tag.CALENDAR_REPLACED)}
    assert agencies == {None, "bappeda"}

    again = await _declare(office, a_day_off(2))

    assert (again.replanned, again.left) == (0, 0)
    assert len(await at_desk.events(Tag.CALENDAR_REPLACED)) == 1
    assert len(await with_agency.events(Tag.CALENDAR_REPLACED)) == 2


async def test_a_case_whose_worker_was_away_is_reached_by_the_next_round(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_desk, _ = await _two_cases(office)
    monkeypatch.setattr(replanning, "SECONDS", timedelta(seconds=1))
    async with office.nobody_at_work():
        done = await _declare(office, a_day_off(1))
        assert done.left >= 2 and done.replanned == 0
        assert await office.records.unfinished_calendar_edition() == done.calendar_version
        assert await at_desk.events(Tag.CALENDAR_REPLACED) == []
    monkeypatch.undo()
    worker = Replanner(office.records, office.client)

    async def finished() -> bool:
        await worker.replan_missing()
        return await office.records.unfinished_calendar_edition() is None

    await until(finished, "an edition that every case has")
    await _told(at_desk, 1)
    [task] = await at_desk.open_tasks()
    assert task.due_at == CALENDAR.closes_at(in_days(3))
    assert len(await at_desk.events(Tag.CALENDAR_REPLACED)) == 1
    assert await worker.replan_missing() == 0


async def test_the_command_says_what_it_does(office: Office, tmp_path: Path) -> None:
    at_desk, _ = await _two_cases(office)
    said: list[str] = []
    day, email = in_days(2).isoformat(), EMAILS["koordinator"].upper()
    arguments = (day, "joint_leave", NAME, email, tmp_path, office.environment, said.append)
    sentence = await asyncio.to_thread(declare, *arguments)

    assert said[0].startswith(f"{day} joint_leave: {NAME}. Open cases: ")
    assert said[-1].endswith(" cases.")
    assert "planned anew" in sentence
    await _told(at_desk, 1)


@pytest.mark.parametrize(
    ("by", "day", "kind", "why"),
    [
        ("depan", in_days(2), "office", "coordinator"),
        ("koordinator", date(2026, 1, 5), "office", "past"),
        ("koordinator", date(2099, 1, 5), "office", "outside"),
        ("koordinator", in_days(2), "libur", "kinds"),
        ("nobody", in_days(2), "office", "No active account"),
    ],
)
async def test_what_cannot_be_declared_changes_nothing(
    office: Office, tmp_path: Path, by: str, day: date, kind: str, why: str
) -> None:
    before = await _calendar(office)
    email = EMAILS.get(by, "siapa@contoh.invalid")
    with pytest.raises(CannotDo, match=why):
        await asyncio.to_thread(declare, day.isoformat(), kind, NAME, email, tmp_path, office.environment)
    assert (await _calendar(office)).version == before.version
    assert await office.records.unfinished_calendar_edition() is None


async def test_without_an_installation_the_command_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(CannotDo, match="TEMPORAL_ADDRESS"):
        declare(in_days(2).isoformat(), "office", NAME, EMAILS["koordinator"], tmp_path, {})


async def _calendar(office: Office) -> WorkingCalendar:
    return current_calendar(datetime.now(UTC).date(), await office.records.calendar_overrides())


def _day(at: datetime) -> date:
    return CALENDAR.local_date(at)
