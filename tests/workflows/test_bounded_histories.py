"""A case that goes wrong in every way for years stays far below what the engine can hold (docs/adr/0016)."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from permits.calendar_loader import load_office_calendar
from permits.decisions import Returned
from permits.definition import PermitDefinition
from permits.events import Tag
from store.tables import TaskRow
from tests.workflows.builders import (
    a_definition,
    a_ladder,
    assessment,
    compressed,
    coordinator,
    drafting,
    inspection,
    paraf,
    recommendation,
    sub_coordinator,
    to_repair,
    verification,
    with_holiday,
)
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from tests.workflows.skipping import YEAR, a_skipping_office
from tests.workflows.waiting import until
from workflows.messages import CalendarReplaced

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOST_EVENTS, MOST_BYTES = 51_200, 50 * 1024 * 1024
"""Where the engine ends a workflow by force."""

REPAIRS, RETURNS, CALENDARS = 25, 5, 4
A_DAY = 0.05  # seconds
EIGHT_YEARS = load_office_calendar(2025, 2032)
LADDER = a_ladder(-1, 0, 1, 2, 3)
PATIENTLY = 60  # working days: nothing falls at the other desks


def a_long_way() -> PermitDefinition:
    """Every desk of a structured type; the ladders of the front office and of the applicant have all their rungs."""
    others = (assessment, inspection, recommendation, drafting, sub_coordinator, coordinator, paraf)
    stages = (verification(ladder=LADDER), *(stage(working_days=PATIENTLY) for stage in others))
    applicants = LADDER.model_copy(update={"last_resort": "front_office"})
    return a_definition(*stages, repair_ladder=applicants, repair_working_days=2)


@dataclass(frozen=True)
class Life:
    """The longest life that was thought of, measured as the engine keeps it."""

    case: CaseFile
    events: int
    size: int  # bytes


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def life(open_office: Office) -> Life:
    case = await open_office.begin(a_long_way(), pace=compressed(A_DAY), calendar=EIGHT_YEARS)
    await _repair_again_and_again(case)
    for _ in range(RETURNS):
        await case.decide(await case.go_on("paraf"), Returned(reason="Susun ulang", to="assessment"))
    await case.finish()
    history = await case.handle.fetch_history()
    return Life(case, len(history.events), sum(event.ByteSize() for event in history.events))


async def _repair_again_and_again(case: CaseFile) -> None:
    """Each time the whole ladder of the desk and that of the applicant falls, and a person follows each up."""
    calendar = EIGHT_YEARS
    for n in range(REPAIRS):
        checked = await _silent(case, "verification", "overdue")
        await case.decide(checked, to_repair("ktp"))
        asked = await _silent(case, "repair", "unanswered_repair")
        if n % (REPAIRS // CALENDARS) == 0:
            now = (await case.events())[-1].office_at
            calendar = with_holiday(calendar.shift(calendar.local_date(now), 20), calendar)
            await case.update("replan", CalendarReplaced(calendar=calendar))
        await case.decide(asked)


async def _silent(case: CaseFile, kind: str, follow_up: str) -> TaskRow:
    task = await case.task(kind)
    await case.decide(await case.task(follow_up))

    async def followed_up() -> bool:
        return not any(one.kind == follow_up for one in await case.open_tasks())

    await until(followed_up, f"the end of {follow_up}")
    return task


async def test_the_longest_life_stays_below_a_fifth_of_what_the_engine_can_hold(life: Life) -> None:
    case = life.case
    assert len(await case.events(Tag.DOCUMENT_RETURNED)) == REPAIRS
    assert len(await case.events(Tag.LADDER_ENDED)) >= 2 * REPAIRS
    assert len(await case.events(Tag.TASK_WARNED, Tag.TASK_ESCALATED)) >= 2 * REPAIRS * len(LADDER.rungs)
    assert len(await case.events(Tag.APPLICATION_SENT_BACK)) == RETURNS
    assert (await case.row()).status == "issued"
    logging.getLogger(__name__).warning("%d events, %d bytes", life.events, life.size)
    assert life.events < MOST_EVENTS / 5
    assert life.size < MOST_BYTES / 5


async def test_a_history_that_grows_long_is_told_of_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with a_skipping_office(tmp_path, "limit.historyCount.suggestContinueAsNew=40") as office:
        desks = (assessment(), drafting(), sub_coordinator(), coordinator(), paraf())
        case = await office.begin(a_definition(*desks), YEAR.first.replace(day=5), calendar=YEAR)
        while task := await case.task():
            await case.decide(task)
        assert (await case.handle.result()).outcome == "issued"

    told = [record for record in caplog.records if "grows long" in record.getMessage()]
    assert len(told) == 1
    assert told[0].levelno == logging.WARNING
