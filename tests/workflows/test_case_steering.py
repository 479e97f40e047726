"""The office and its requests to agencies: asked, answered on paper, matched, extended, taken back, added."""

from __future__ import annotations

import asyncio
from datetime import date

import pytest

from permits.authority import Actor
from permits.decisions import Answered, AnswerMatched, Provenance, QuestionAsked, Recommended
from permits.events import Tag
from tests.workflows.builders import (
    CALENDAR,
    a_definition,
    a_ladder,
    an_agency,
    assessment,
    compressed,
    coordinator,
    drafting,
    in_days,
    paraf,
    person,
    recommendation,
)
from tests.workflows.case_file import CaseFile, Refusal
from tests.workflows.office import Office
from tests.workflows.waiting import until
from workflows.messages import AgencyAdded, RequestExtended, RequestWithdrawn

pytestmark = pytest.mark.asyncio(loop_scope="session")

SCAN = "d" * 64


def back_office() -> Actor:
    return person("kesehatan")


async def _waiting(office: Office, *opds: str, **how: object) -> tuple[CaseFile, list[str]]:
    agencies = tuple(an_agency(opd, 2) for opd in opds or ("bappeda",))
    case = await office.begin(a_definition(recommendation(*agencies)), **how)
    await case.go_on("recommendation", opd=agencies[-1].opd)

    async def all_asked() -> list[str] | None:
        rows = {row.opd: row.workflow_id for row in await office.records.opd_answers_of(case.number)}
        return [rows[agency.opd] for agency in agencies] if len(rows) == len(agencies) else None

    return case, await until(all_asked, "a request to every agency")


# Questions -----------------------------------------------------------------------------------------------------------


async def test_a_question_rests_the_agencys_clock_and_the_promise_and_resets_neither(office: Office) -> None:
    case, _ = await _waiting(office)
    asked = await case.task("recommendation")
    await case.decide(asked, QuestionAsked(text="Berapa tinggi papan?"))
    question = await case.task("clarification")
    assert (question.role, "Berapa tinggi papan?" in question.instructions) == ("applicant", True)
    paused = await case.event(Tag.CLOCK_PAUSED)
    assert paused.facts["reason"] == "question"

    await case.decide(question, Answered(text="Tiga meter."))
    again = await case.task("recommendation")

    assert again.due_at == asked.due_at, "asked and answered on one day costs nothing, and gives no new days"
    assert "Tiga meter." in again.instructions
    await case.event(Tag.CLOCK_RESUMED)
    await case.decide(again)
    assert (await case.finish()).status == "issued"
    answers = await case.events(Tag.OPD_ANSWERED)
    assert len(answers) == 1


async def test_the_promise_goes_on_while_another_agency_has_yet_to_answer(office: Office) -> None:
    case, _ = await _waiting(office, "bappeda", "dpupr")
    bappeda = await case.task("recommendation", opd="bappeda")
    await case.decide(bappeda, QuestionAsked(text="Di mana?"))
    await case.task("clarification")
    await case.at_rest()
    assert await case.events(Tag.CLOCK_PAUSED) == []

    await case.decide(await case.task("recommendation", opd="dpupr"))
    paused = await case.event(Tag.CLOCK_PAUSED)

    assert paused.facts["reason"] == "question"
    assert (await case.row()).waiting_for == "Dinas Bappeda Contoh"


async def test_days_with_the_applicant_move_the_agencys_due_date(office: Office) -> None:
    case, _ = await _waiting(office, pace=compressed(0.2))
    asked = await case.task("recommendation")
    await case.decide(asked, QuestionAsked(text="Di mana?"))
    question = await case.task("clarification")

    await asyncio.sleep(0.9)
    await case.decide(question)
    again = await case.task("recommendation")

    moved = CALENDAR.working_days_between(CALENDAR.local_date(asked.due_at), CALENDAR.local_date(again.due_at))
    assert moved >= 3


# Paper ---------------------------------------------------------------------------------------------------------------


async def test_staff_key_in_an_answer_that_came_on_paper_with_its_provenance(office: Office) -> None:
    case, _ = await _waiting(office)
    task = await case.task("recommendation")
    with pytest.raises(Refusal) as bare:
        await case.decide(task, Recommended(answer="approve"), by=back_office())
    with pytest.raises(Refusal) as wrong_field:
        await case.decide(task, Recommended(answer="approve", provenance=_paper()), by=person("ekonomi"))

    await case.decide(task, Recommended(answer="approve", provenance=_paper()), by=back_office())
    await case.task("drafting")

    assert (bare.value.code, wrong_field.value.code) == ("provenance-missing", "not-allowed")
    (answer,) = await office.records.opd_answers_of(case.number)
    assert (answer.answer, answer.way, answer.letter_number) == ("approve", "keyed_in", "070/12")
    assert answer.letter_sha256 == SCAN


@pytest.mark.parametrize(
    ("written", "came"),
    [(date(2026, 11, 23), date(2026, 11, 20)), (date(2099, 1, 4), date(2099, 1, 5)), (date(2026, 11, 20), date.max)],
)
async def test_a_paper_answer_was_written_before_it_came_and_came_by_today(
    office: Office, written: date, came: date
) -> None:
    case, _ = await _waiting(office)
    paper = _paper().model_copy(update={"letter_date": written, "received_on": came})
    with pytest.raises(Refusal) as refused:
        answer = Recommended(answer="approve", provenance=paper)
        await case.decide(await case.task("recommendation"), answer, by=back_office())
    assert refused.value.code == "field-invalid"


async def test_an_agency_cannot_claim_that_its_answer_was_keyed_in(office: Office) -> None:
    case, _ = await _waiting(office)
    with pytest.raises(Refusal) as refused:
        await case.decide(await case.task("recommendation"), Recommended(answer="approve", provenance=_paper()))
    assert refused.value.code == "provenance-missing"


async def test_a_wet_signed_letter_counts_once_the_back_office_has_matched_it(office: Office) -> None:
    case, _ = await _waiting(office)
    task = await case.task("recommendation")
    await case.decide(task, Recommended(answer="approve", letter=SCAN))
    matching = await case.task("match_answer")
    assert (matching.role, matching.field) == ("back_office", "kesehatan")
    assert (await office.records.opd_answers_of(case.number))[0].answer is None

    await case.decide(matching, AnswerMatched(matches=False, reason="Surat untuk lokasi lain"))
    again = await case.task("recommendation")
    assert "Surat untuk lokasi lain" in again.instructions
    await case.decide(again, Recommended(answer="approve", letter=SCAN))
    await case.decide(await case.task("match_answer"), AnswerMatched(matches=True))
    await case.task("drafting")

    (answer,) = await office.records.opd_answers_of(case.number)
    assert (answer.answer, answer.way, answer.letter_sha256) == ("approve", "wet_signed", SCAN)
    assert len(await case.events(Tag.OPD_LETTER_RECEIVED)) == 2
    assert len(await case.events(Tag.OPD_LETTER_MISMATCHED)) == 1


def _paper() -> Provenance:
    return Provenance(
        channel="letter",
        letter_number="070/12",
        letter_date=date(2026, 11, 20),
        received_on=date(2026, 11, 23),
        scan=SCAN,
    )


# Steering ------------------------------------------------------------------------------------------------------------


async def test_a_request_is_extended_once_with_a_reason(office: Office) -> None:
    case, (child,) = await _waiting(office)
    task = await case.task("recommendation")
    more = RequestExtended(actor=back_office(), working_days=3, reason="Survei lapangan")
    await case.update("extend", more, child)

    event = await case.event(Tag.OPD_EXTENDED)
    assert event.facts["reason"] == "Survei lapangan"
    assert (await office.records.task(task.id)).due_at == CALENDAR.closes_at(in_days(5))
    (request,) = await office.records.opd_answers_of(case.number)
    assert (request.extended_days, request.due_at) == (3, CALENDAR.closes_at(in_days(5)))
    with pytest.raises(Refusal) as again:
        await case.update("extend", more, child)
    assert again.value.code == "already-extended"
    with pytest.raises(Refusal) as stranger:
        await case.update("extend", more.model_copy(update={"actor": person("ekonomi")}), child)
    assert stranger.value.code == "not-allowed"


async def test_a_request_that_is_taken_back_needs_no_answer_and_the_case_goes_on(office: Office) -> None:
    case, (bappeda, _) = await _waiting(office, "bappeda", "dpupr")
    task = await case.task("recommendation", opd="bappeda")
    await case.update("withdraw_request", RequestWithdrawn(actor=back_office(), reason="Tidak perlu"), bappeda)
    await case.event(Tag.OPD_WITHDRAWN)

    with pytest.raises(Exception, match=r"not found|completed|request-withdrawn"):
        await case.decide(task)
    await case.decide(await case.task("recommendation", opd="dpupr"))

    assert (await case.finish()).status == "issued"
    answers = {row.opd: row.answer for row in await office.records.opd_answers_of(case.number)}
    assert answers == {"bappeda": "withdrawn", "dpupr": "approve"}


async def test_an_agency_is_added_while_the_case_waits_and_not_twice(office: Office) -> None:
    case, _ = await _waiting(office)
    added = AgencyAdded(actor=back_office(), agency=an_agency("dpupr", 3), reason="Menyangkut jalan")
    await case.update("add_agency", added)
    task = await case.task("recommendation", opd="dpupr")
    with pytest.raises(Refusal) as twice:
        await case.update("add_agency", added)

    assert twice.value.code == "opd-already-asked"
    assert task.due_at == CALENDAR.closes_at(in_days(3))
    assert (await case.letter("opd-request-dpupr")).status == "issued"
    assert (await case.row()).waiting_for == "Dinas Bappeda Contoh dan Dinas Dpupr Contoh"
    assert (await case.finish()).status == "issued"


async def test_no_agency_is_added_to_a_case_that_does_not_wait_for_any(office: Office) -> None:
    case = await office.begin(a_definition(recommendation()))
    await case.task("verification")
    with pytest.raises(Refusal) as refused:
        await case.update(
            "add_agency", AgencyAdded(actor=back_office(), agency=an_agency("dpupr"), reason="Terlalu dini")
        )
    assert refused.value.code == "opd-not-waiting"


async def test_agencies_after_the_coordinator_are_just_another_definition(office: Office) -> None:
    case = await office.begin(a_definition(assessment(), drafting(), coordinator(), recommendation(), paraf()))
    task = await case.go_on("recommendation")
    condition = Recommended(answer="approve_with_conditions", conditions=("Papan paling rendah 3 meter",))
    await case.decide(task, condition)

    await case.task("drafting")
    assert (await case.finish()).status == "issued"

    letter = await case.letter()
    assert letter.input_sha256 is not None
    content = (await office.documents.get_document(letter.input_sha256)).decode()
    assert "Papan paling rendah 3 meter" in content
    asked = [row for row in await office.records.tasks_of(case.number) if row.kind == "recommendation"]
    assert len(asked) == 1, "the agencies are not asked again when the letter is redrafted"


async def test_a_coordinator_before_the_drafting_judges_the_dossier(office: Office) -> None:
    case = await office.begin(a_definition(assessment(), coordinator(), recommendation(), drafting(), paraf()))
    task = await case.go_on("desk_check")
    assert task.subject_sha256 == case.submission.dossier_sha256
    assert (await case.finish()).status == "issued"


async def test_rungs_that_fell_before_a_question_do_not_fall_again(office: Office) -> None:
    agency = an_agency("bappeda", 2, a_ladder(-1, 0, 1))
    case = await office.begin(a_definition(recommendation(agency)), pace=compressed(0.3))
    task = await case.go_on("recommendation")
    await case.event(Tag.OPD_WARNED)
    await case.decide(task, QuestionAsked(text="Di mana?"))
    await case.decide(await case.task("clarification"))
    await case.event(Tag.OPD_ESCALATED, lambda line: line.facts["rung"] == "naik-2")

    rungs = [line.facts["rung"] for line in await case.events(Tag.OPD_WARNED, Tag.OPD_ESCALATED)]
    assert rungs == ["ingat", "naik-1", "naik-2"]
