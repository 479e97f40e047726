"""While the applicant repairs or pays, the promise rests; what was accepted stays accepted."""

from __future__ import annotations

import asyncio
from datetime import datetime

import pytest

from permits.application import dossier_sha256
from permits.decisions import PaymentConfirmed
from permits.events import Tag
from permits.sla import SlaClock
from tests.workflows.builders import CALENDAR, a_definition, accepted, compressed, retribution, to_repair
from tests.workflows.case_file import CaseFile, Refusal
from tests.workflows.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

TWO = ("ktp", "ijazah")


async def test_a_returned_document_is_asked_again_alone(office: Office) -> None:
    case = await office.begin(a_definition(requirements=TWO))
    await case.decide(await case.task("verification"), to_repair("ktp", "ijazah"))
    asked = await case.task("repair")

    await case.decide(asked)
    again = await case.task("verification")

    assert asked.wanted_documents == ["ktp"]
    assert again.wanted_documents == ["ktp"]
    documents = {(row.requirement, row.version): row.verdict for row in await office.records.documents_of(case.number)}
    assert documents == {("ktp", 1): "repair", ("ktp", 2): None, ("ijazah", 1): "accept"}
    assert (await case.event(Tag.DOCUMENT_RETURNED)).facts["requirement"] == "ktp"


async def test_a_repaired_dossier_is_what_the_next_desk_judges(office: Office) -> None:
    case = await office.begin(a_definition(requirements=TWO))
    first = await case.task("verification")
    await case.decide(first, to_repair("ktp", "ijazah"))
    await case.decide(await case.task("repair"))

    again = await case.task("verification")

    row = await case.row()
    assert again.subject_sha256 != first.subject_sha256
    assert again.subject_sha256 == row.dossier_sha256
    assert row.dossier_sha256 == dossier_sha256(row.data, await office.records.newest_documents(case.number))


async def test_verdicts_have_to_cover_exactly_the_documents_that_are_asked(office: Office) -> None:
    case = await office.begin(a_definition(requirements=TWO))
    task = await case.task("verification")

    for verdicts in (accepted("ktp"), accepted(*TWO, "lain")):
        with pytest.raises(Refusal) as refused:
            await case.decide(task, verdicts)
        assert refused.value.code == "verdict-missing"


async def test_the_promise_rests_while_the_applicant_repairs(office: Office) -> None:
    a_day = 0.2
    case = await office.begin(a_definition(), pace=compressed(a_day))
    promised = (await case.row()).promise_due_at
    await case.decide(await case.task("verification"), to_repair("ktp"))
    task = await case.task("repair")
    assert (await case.row()).status == "with_applicant"

    await asyncio.sleep(4 * a_day)
    await case.decide(task)
    await case.task("verification")

    clock, moved = await _promise(case)
    (pause,) = clock.pauses
    assert (pause.reason_code, pause.paused_at) == ("repair", (await case.event(Tag.CLOCK_PAUSED)).office_at)
    assert pause.resumed_at is not None
    rested = clock.paused_working_days(CALENDAR, pause.resumed_at)
    assert rested >= 3
    assert clock.net_working_days(CALENDAR, pause.resumed_at) == (
        clock.gross_working_days(CALENDAR, pause.resumed_at) - rested
    )
    assert promised is not None
    days = CALENDAR.working_days_between(CALENDAR.local_date(promised), CALENDAR.local_date(moved))
    assert days >= rested
    assert (await case.row()).status == "in_progress"
    assert len(await case.events(Tag.CLOCK_RESUMED)) == 1


async def test_a_payment_that_the_treasury_does_not_know_goes_back_to_the_applicant(office: Office) -> None:
    case = await office.begin(a_definition(retribution()))
    await case.decide(await case.go_on("payment"))
    unknown = PaymentConfirmed(received=False, reason="Belum masuk rekening kas daerah")
    await case.decide(await case.task("confirm_payment"), unknown)

    again = await case.task("payment")

    assert (again.role, again.instructions) == ("applicant", unknown.reason)
    await case.decide(again)
    await case.decide(await case.task("confirm_payment"))
    await case.task("drafting")
    clock, _ = await _promise(case)
    assert [(pause.reason_code, pause.resumed_at is not None) for pause in clock.pauses] == [("retribution", True)] * 2
    assert (await case.letter("skrd")).status == "issued"


async def _promise(case: CaseFile) -> tuple[SlaClock, datetime]:
    row = await case.row()
    assert row.promise_due_at is not None
    return SlaClock.model_validate(row.promise), row.promise_due_at
