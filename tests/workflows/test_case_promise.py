"""Nobody's permit is late without its applicant having been told: the promise is watched beside every desk."""

from __future__ import annotations

from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest

from permits.decisions import Acknowledged, DeemedConfirmed
from permits.definition import AnyStage, DeemedApproval, PermitDefinition
from permits.events import Tag
from permits.sla import SlaClock
from tests.workflows.builders import (
    CALENDAR,
    a_definition,
    a_ladder,
    an_agency,
    compressed,
    drafting,
    person,
    recommendation,
    signing,
    to_repair,
    verification,
)
from tests.workflows.builders import issuance as the_issuance
from tests.workflows.office import Office
from tests.workflows.waiting import until
from workflows.messages import RequestExtended

pytestmark = pytest.mark.asyncio(loop_scope="session")

A_DAY = 0.25


def a_plan(*between: AnyStage, **fields: Any) -> PermitDefinition:
    """A type whose desks' days fit into its promise: two for the check, one each for drafting and signing."""
    desks = (verification(working_days=2), *between, drafting(working_days=1), signing(working_days=1), the_issuance())
    return a_definition(stages=desks, **{"promise_working_days": 4, **fields})


async def test_the_applicant_is_told_as_soon_as_the_promise_will_be_missed(office: Office) -> None:
    case = await office.begin(a_plan(), pace=compressed(1.0))
    endangered = await case.event(Tag.PROMISE_ENDANGERED)
    row = await case.row()
    assert row.promise_due_at is not None
    promised = CALENDAR.local_date(row.promise_due_at)
    last_day = CALENDAR.shift(promised, -2)  # drafting and signing need a day each
    assert CALENDAR.closes_at(last_day) < endangered.office_at < row.promise_due_at
    assert await case.events(Tag.PROMISE_MISSED) == [], "it was told before it was missed"
    expected = date.fromisoformat(endangered.facts["expected_on"])
    assert expected > promised
    assert endangered.facts["holder"] == "Front Office"

    async def told() -> bool:
        rows = await office.records.notices_of(case.number)
        return any(one.template == "promise-endangered" and one.account_id == row.applicant_id for one in rows)

    await until(told, "a notice to the applicant")


async def test_it_is_told_again_only_when_the_new_date_cannot_be_kept_either_and_once_when_it_is_missed(
    office: Office,
) -> None:
    case = await office.begin(a_plan(), pace=compressed(A_DAY))
    await case.event(Tag.PROMISE_MISSED)

    async def twice() -> bool:
        return len(await case.events(Tag.PROMISE_ENDANGERED)) >= 3

    await until(twice, "a third forecast")
    lines = await case.events(Tag.PROMISE_ENDANGERED)
    dates = [date.fromisoformat(line.facts["expected_on"]) for line in lines]
    assert dates == sorted(set(dates)), "every telling names a later day"
    for earlier, later in pairwise(lines):
        told_for = date.fromisoformat(earlier.facts["expected_on"])
        lost = CALENDAR.shift(told_for, -2)  # two days of later desks
        assert CALENDAR.local_date(later.office_at) > lost
    assert len(await case.events(Tag.PROMISE_MISSED)) == 1


async def test_an_extension_that_reaches_beyond_the_promise_is_told_at_once(office: Office) -> None:
    agency = an_agency("bappeda", 1)
    asks = recommendation(agency, working_days=1)
    case = await office.begin(a_plan(asks, promise_working_days=5))
    task = await case.go_on("recommendation")
    await case.at_rest()
    assert await case.events(Tag.PROMISE_ENDANGERED) == []

    more = RequestExtended(actor=person("kesehatan"), working_days=5, reason="Survei")
    await case.update("extend", more, task.workflow_id)

    told = await case.event(Tag.PROMISE_ENDANGERED)
    row = await office.records.opd_answers_of(case.number)
    finish = CALENDAR.shift(CALENDAR.local_date(row[0].due_at), 2)
    assert told.facts["expected_on"] == finish.isoformat()


async def test_time_with_the_applicant_endangers_no_promise(office: Office) -> None:
    patient = a_ladder(0, 40)
    definition = a_plan(repair_ladder=patient, repair_working_days=30)
    case = await office.begin(definition, pace=compressed(0.1))
    await case.decide(await case.task("verification"), to_repair("ktp"))
    task = await case.task("repair")

    async def long() -> bool:
        row = await case.row()
        clock = SlaClock.model_validate(row.promise)
        now = case.submission.pace.office_time(_now(), CALENDAR)
        return clock.paused_working_days(CALENDAR, now) > 8

    await until(long, "eight days with the applicant")
    paused = await case.event(Tag.CLOCK_PAUSED)
    told = await case.events(Tag.PROMISE_ENDANGERED, Tag.PROMISE_MISSED)
    assert [line for line in told if line.sequence > paused.sequence] == []
    await case.decide(task)


async def test_net_and_gross_days_are_kept_with_the_case(office: Office) -> None:
    case = await office.begin(a_plan(), pace=compressed(0.4))
    await case.decide(await case.task("verification"), to_repair("ktp"))
    task = await case.task("repair")

    async def two_days() -> bool:
        now = case.submission.pace.office_time(_now(), CALENDAR)
        clock = SlaClock.model_validate((await case.row()).promise)
        return clock.paused_working_days(CALENDAR, now) >= 2

    await until(two_days, "two days with the applicant")
    await case.decide(task)
    row = await case.finish()

    (settled,) = await case.events(Tag.PROMISE_SETTLED)
    kept = (row.promised_working_days, row.gross_working_days, row.net_working_days, row.paused_working_days)
    assert kept == tuple(settled.facts[name] for name in ("promised", "gross", "net", "paused"))
    assert kept[0] == 4 and kept[3] >= 2 and kept[1] == kept[2] + kept[3]


# The silence rule ----------------------------------------------------------------------------------------------------

RULE = DeemedApproval(after_working_days=1, legal_basis="menunggu konfirmasi dinas")


async def test_the_silence_rule_makes_a_task_for_a_person_and_never_a_permit(office: Office) -> None:
    case = await office.begin(a_plan(deemed_approval=RULE), pace=compressed(A_DAY))
    waiting = await case.task("verification")
    task = await case.task("deemed_approval")

    assert (task.role, task.instructions) == ("coordinator", RULE.legal_basis)
    assert (await case.row()).product in (None, "permit")
    assert [letter.purpose for letter in await office.records.letters_of(case.number)] == []
    await case.decide(task, DeemedConfirmed(note="Batas waktu undang-undang terlewati."))
    await case.event(Tag.DEEMED_CONFIRMED)
    assert waiting.id in {row.id for row in await case.open_tasks()}, "every desk still has its say"
    assert (await case.finish()).status == "issued"
    letter = await case.letter()
    assert letter.input_sha256 is not None
    assert "Batas waktu undang-undang" in (await office.documents.get_document(letter.input_sha256)).decode()


async def test_a_person_may_say_that_the_silence_rule_does_not_apply(office: Office) -> None:
    case = await office.begin(a_plan(deemed_approval=RULE), pace=compressed(A_DAY))
    await case.decide(await case.task("deemed_approval"), Acknowledged(note="Jenis ini dikecualikan."))
    assert (await case.finish()).status == "issued"
    assert await case.events(Tag.DEEMED_CONFIRMED) == []


async def test_without_a_silence_rule_nobody_is_asked_about_it(office: Office) -> None:
    case = await office.begin(a_plan(), pace=compressed(0.1))
    await case.event(Tag.PROMISE_MISSED)
    assert await case.events(Tag.DEEMED_DUE) == []


def _now() -> datetime:
    return datetime.now(UTC)
