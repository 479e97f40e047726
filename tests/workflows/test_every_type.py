"""Every permit type of the catalogue runs to a signed letter while everybody decides in the last minute.

All cases run beside each other on an engine that skips time; what is asserted is read from their records. A silent
agency is told of, rung by rung, on the right working days of the spring of 2026, when Lebaran closes the office.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from permits.definition import PermitDefinition, Variant
from permits.definition_loader import load_definitions
from permits.events import Tag
from permits.promise_check import needed_days
from permits.steps import Step
from tests.workflows.builders import CALENDAR
from tests.workflows.skipping import SkippedCase, SkippingOffice, a_skipping_office
from workflows.messages import Closing

pytestmark = pytest.mark.asyncio(loop_scope="session")

COMPLETE_ON = date(2026, 3, 13)  # a Friday; Nyepi, Lebaran and joint leave close the office from 18 to 24 March
CITY = ZoneInfo("Asia/Jakarta")
CASES_AT_ONCE = 36
SECONDS_FOR_ALL = 240
PUBLISHED = {one.code: one for one in load_definitions() if one.status == "published"}
RUN = [(code, Variant.NEW) for code in PUBLISHED] + [
    ("sip-dokter", Variant.RENEWAL),
    ("kartu-pengawas-trayek", Variant.RENEWAL),
    ("satuan-pendidikan-dasar", Variant.CHANGE),
]


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """An hour of the city's spring."""
    return datetime(2026, month, day, hour, minute, tzinfo=CITY)


RUNGS = ("warning", "holder", "holder-head", "coordinator", "head-of-office", "inspectorate")
SILENT = {
    # One working day: due on Monday 16 March; the fifth working day after that is the 30th.
    "izin-klinik": (at(3, 16, 7, 30), at(3, 16, 16), at(3, 17, 16), at(3, 25, 16), at(3, 26, 16), at(3, 30, 16)),
    # Two: due on Tuesday 17, the last day before the holidays; a Friday closes at 14.30.
    "izin-penelitian": (
        *(at(3, 16, 7, 30), at(3, 17, 16), at(3, 25, 16), at(3, 26, 16), at(3, 27, 14, 30), at(3, 31, 16)),
    ),
    # Fifteen: the holidays and Good Friday (3 April) do not count; due on Monday 13 April.
    "satuan-pendidikan-dasar": (
        *(at(4, 10, 7, 30), at(4, 13, 16), at(4, 14, 16), at(4, 15, 16), at(4, 16, 16), at(4, 20, 16)),
    ),
}
"""What falls when, where an agency that was asked on 13 March stays silent."""


@dataclass(frozen=True)
class Life:
    """How one application went."""

    definition: PermitDefinition
    variant: Variant
    case: SkippedCase
    closing: Closing


@dataclass(frozen=True)
class Lives:
    """How all of them went; what went wrong is raised by the test of that one."""

    of: dict[tuple[str, Variant], Life | BaseException]
    silent: dict[str, SkippedCase | BaseException]

    def life(self, code: str, variant: Variant = Variant.NEW) -> Life:
        found = self.of[code, variant]
        if isinstance(found, BaseException):
            raise found
        return found


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def lives(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Lives]:
    """Every type, from a complete application to its end, and those with a silent agency, all beside each other."""
    async with a_skipping_office(tmp_path_factory.mktemp("skipping")) as office, asyncio.timeout(SECONDS_FOR_ALL):
        room = asyncio.Semaphore(CASES_AT_ONCE)
        silent = [_silence(office, code, falls[-1]) for code, falls in SILENT.items()]
        ended = await asyncio.gather(
            *silent, *(_live(office, room, code, variant) for code, variant in RUN), return_exceptions=True
        )
        yield Lives(
            of=dict(zip(RUN, ended[len(SILENT) :], strict=True)),
            silent=dict(zip(SILENT, ended[: len(SILENT)], strict=True)),
        )


async def _live(office: SkippingOffice, room: asyncio.Semaphore, code: str, variant: Variant) -> Life:
    async with room:
        case = await office.begin(PUBLISHED[code], COMPLETE_ON, variant)
        return Life(PUBLISHED[code], variant, case, await case.finish())


async def _silence(office: SkippingOffice, code: str, last: datetime) -> SkippedCase:
    """An agency that is asked on the day of the application and answers a day after the last rung; the rest at once."""
    case = await office.begin(PUBLISHED[code], COMPLETE_ON)
    while (task := await case.task()) and task.kind != "recommendation":
        await case.decide(task)
    agencies = len(PUBLISHED[code].agencies)
    requests = await case.tasks("recommendation", agencies)
    for request in requests:
        await case.wait_until(last + timedelta(days=1), request.workflow_id)
    for overdue in await case.tasks("overdue", agencies):
        await case.decide(overdue)
    for request in requests:
        await case.decide(request)
    await case.wait_until(last + timedelta(days=1))
    while task := await case.task():
        await case.decide(task)
    await case.handle.result()
    return case


every_type = pytest.mark.parametrize(("code", "variant"), RUN, ids=lambda part: str(part))


@every_type
async def test_a_type_runs_to_a_signed_letter_within_its_promise(lives: Lives, code: str, variant: Variant) -> None:
    life = lives.life(code, variant)
    kept = life.case.kept

    assert (life.closing.outcome, kept.status) == ("issued", "issued")
    assert len(kept.signed) == 1 and kept.delivered == [life.closing.signed_sha256]
    assert {letter.status for letter in kept.letters.values()} == {"issued"}
    assert f"/{life.definition.letter.series}/" in kept.letters["permit"].number_text

    [issued] = kept.tagged(Tag.PERMIT_ISSUED)
    day = CALENDAR.local_date(issued.office_at)
    rested = kept.promise.paused_working_days(CALENDAR, issued.office_at)
    assert day == CALENDAR.shift(COMPLETE_ON, needed_days(life.definition) + rested)
    assert day <= kept.promise.due_date(CALENDAR, issued.office_at)
    assert kept.promise.working_days == life.definition.promised_days(variant)
    assert kept.tagged(Tag.PROMISE_MISSED) == []


@every_type
async def test_the_desks_of_a_type_are_asked_in_the_order_of_its_definition(
    lives: Lives, code: str, variant: Variant
) -> None:
    life = lives.life(code, variant)
    entered = [step.stage_entered.kind for step in life.case.kept.steps if step.stage_entered]
    assert entered == [stage.kind for stage in life.definition.stages]


async def test_the_agencies_answer_before_the_coordinator_in_one_type_and_after_in_another(lives: Lives) -> None:
    orders = {}
    for code in ("izin-penelitian", "izin-rumah-kos"):
        roles = [task.role.value for task in lives.life(code).case.kept.opened]
        orders[code] = roles.index("opd") < roles.index("coordinator")
    assert orders == {"izin-penelitian": True, "izin-rumah-kos": False}


# A silent agency ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("code", "falls"), SILENT.items(), ids=lambda part: str(part) if isinstance(part, str) else "")
async def test_a_silent_agency_is_told_of_on_the_right_working_days_across_lebaran(
    lives: Lives, code: str, falls: tuple[datetime, ...]
) -> None:
    case = lives.silent[code]
    if isinstance(case, BaseException):
        raise case
    for agency in [f"{case.number}-opd-{one.opd}-1" for one in PUBLISHED[code].agencies]:
        told = [one for one in case.kept.tagged(Tag.OPD_WARNED, Tag.OPD_ESCALATED) if one.key.startswith(agency)]
        planned = [(one.facts["rung"], datetime.fromisoformat(str(one.facts["planned_at"]))) for one in told]
        assert planned == list(zip(RUNGS, falls, strict=True))
        for event, due in zip(told, falls, strict=True):
            # In skipped time a night takes none: what falls at a close stands in the first minutes of the next day.
            assert due <= event.office_at <= CALENDAR.opens_at(CALENDAR.shift(due.date(), 1)) + timedelta(hours=1)
            assert any(_sends(step, event.key) for step in case.kept.steps)


@pytest.mark.parametrize("code", SILENT)
async def test_silence_past_the_last_rung_is_a_task_for_the_coordinator_and_never_a_permit(
    lives: Lives, code: str
) -> None:
    case = lives.silent[code]
    if isinstance(case, BaseException):
        raise case
    overdue = [task for task in case.kept.opened if task.kind == "overdue" and "-opd-" in task.workflow_id]
    assert {task.role.value for task in overdue} == {"coordinator"}
    assert len(overdue) == len(PUBLISHED[code].agencies)
    answered = max(event.office_at for event in case.kept.tagged(Tag.OPD_ANSWERED))
    [issued] = case.kept.tagged(Tag.PERMIT_ISSUED)
    assert SILENT[code][-1] < answered < issued.office_at
    assert case.kept.tagged(Tag.PROMISE_MISSED)


def _sends(step: Step, event_key: str) -> bool:
    """Whether the step that holds this event also makes a message due."""
    return bool(step.notices) and any(event.key == event_key for event in step.events)
