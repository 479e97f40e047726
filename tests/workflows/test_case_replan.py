"""A new calendar moves what waits, in the case and in its agencies; one that cannot be planned with is refused."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError

from permits.calendar import WorkingCalendar
from tests.workflows.builders import (
    CALENDAR,
    a_definition,
    an_agency,
    in_days,
    recommendation,
    to_repair,
    with_holiday,
)
from tests.workflows.case_file import CaseFile, refusal
from tests.workflows.office import Office
from workflows.messages import CalendarReplaced

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_day_off_moves_the_next_rung_of_an_open_task(office: Office) -> None:
    case = await office.begin()
    task = await case.task("verification")
    await case.at_rest()
    assert await _waits_until(case, case.number) == _warning_on(CALENDAR.local_date(task.due_at), CALENDAR)

    await _replan(case, case.number, moved := with_holiday(in_days(2)))
    await case.at_rest()

    assert await _waits_until(case, case.number) == _warning_on(in_days(3), moved)
    assert (await case.searched_by())["JatuhTempo"] == moved.closes_at(in_days(3))


async def test_a_day_off_reaches_an_agency_that_was_asked_before(office: Office) -> None:
    case = await office.begin(a_definition(recommendation(an_agency("bappeda"))))
    child = (await case.go_on("recommendation")).workflow_id
    await case.at_rest(child)
    assert await _waits_until(case, child) == _warning_on(in_days(2), CALENDAR)

    await _replan(case, child, moved := with_holiday(in_days(2)))
    await case.at_rest(child)

    assert await _waits_until(case, child) == _warning_on(in_days(3), moved)
    assert (await case.searched_by(child))["JatuhTempo"] == moved.closes_at(in_days(3))


async def test_an_agency_asked_after_a_new_calendar_counts_by_it(office: Office) -> None:
    case = await office.begin(a_definition(recommendation(an_agency("bappeda"))))
    await case.task("verification")
    await _replan(case, case.number, moved := with_holiday(in_days(1)))

    task = await case.go_on("recommendation")

    assert task.due_at == moved.closes_at(in_days(3))


async def test_a_new_calendar_moves_the_promise(office: Office) -> None:
    case = await office.begin()
    task = await case.task("verification")
    promised = (await case.row()).promise_due_at

    await _replan(case, case.number, with_holiday(in_days(1)))
    await case.decide(task, to_repair("ktp"))
    await case.task("repair")

    moved = (await case.row()).promise_due_at
    assert promised is not None and moved is not None
    assert CALENDAR.local_date(moved) == CALENDAR.shift(CALENDAR.local_date(promised), 1)


@pytest.mark.parametrize("ends", ["before the next due date", "before today"])
async def test_a_calendar_too_short_to_plan_with_is_refused_and_the_case_lives_on(office: Office, ends: str) -> None:
    case = await office.begin(a_definition(recommendation(an_agency("bappeda"))))
    last = in_days(1) if ends == "before the next due date" else date(2025, 12, 31)
    days = tuple(day for day in CALENDAR.days if day.date <= last)
    short = CALENDAR.model_copy(update={"last": last, "days": days, "version": "pendek"})

    for workflow_id in (case.number, (await case.go_on("recommendation")).workflow_id):
        with pytest.raises(WorkflowUpdateFailedError) as failed:
            await _replan(case, workflow_id, short)
        assert refusal(failed.value).code == "calendar-too-short"

    await case.go_on("drafting")


async def _replan(case: CaseFile, workflow_id: str, calendar: WorkingCalendar) -> None:
    handle = case.office.client.get_workflow_handle(workflow_id)
    await handle.execute_update("replan", CalendarReplaced(calendar=calendar), rpc_timeout=timedelta(seconds=15))


async def _waits_until(case: CaseFile, workflow_id: str) -> datetime:
    """The instant of the timer that was set last, to the second."""
    timers: list[dict[str, Any]] = [
        event for event in await case.raw_history(workflow_id) if event["eventType"].endswith("TIMER_STARTED")
    ]
    set_at = datetime.fromisoformat(timers[-1]["eventTime"])
    length = float(timers[-1]["timerStartedEventAttributes"]["startToFireTimeout"].removesuffix("s"))
    return _to_the_second(set_at + timedelta(seconds=length))


def _warning_on(day: date, calendar: WorkingCalendar) -> datetime:
    return calendar.opens_at(day)


def _to_the_second(at: datetime) -> datetime:
    return (at + timedelta(milliseconds=900)).replace(microsecond=0)
