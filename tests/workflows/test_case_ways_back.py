"""Ways back: to an earlier desk with a coded reason, to the applicant for one document, to the end of a silent file."""

from __future__ import annotations

import pytest

from permits.application import DocumentVerdict
from permits.decisions import (
    FileClosed,
    Forwarded,
    KeptWaiting,
    OnBehalf,
    Refused,
    Returned,
    SentToApplicant,
)
from permits.events import Tag
from permits.reasons import DocumentReason, RefusalReason, ReturnReason
from tests.workflows.builders import (
    a_definition,
    a_ladder,
    assessment,
    compressed,
    coordinator,
    drafting,
    inspection,
    paraf,
    person,
    recommendation,
    to_repair,
)
from tests.workflows.case_file import CaseFile, Refusal
from tests.workflows.office import Office

pytestmark = pytest.mark.asyncio(loop_scope="session")

WRONG = DocumentVerdict(
    requirement="ktp", verdict="repair", code=DocumentReason.EXPIRED, reason="Masa berlakunya sudah lewat"
)


async def test_a_desk_sends_the_case_back_to_an_earlier_one_with_a_coded_reason(office: Office) -> None:
    case = await office.begin(a_definition(assessment(), inspection(), drafting(), coordinator(), paraf()))
    task = await case.go_on("desk_check")
    assert set(task.return_to) == {"verification", "assessment", "inspection", "drafting"}

    back = Returned(code=ReturnReason.STUDY_INCOMPLETE, reason="Ukuran belum diperiksa", to="assessment")
    await case.decide(task, back)

    assert (await case.task("assessment")).stage == "Penelitian berkas"
    event = await case.event(Tag.APPLICATION_SENT_BACK)
    assert (event.facts["to"], event.facts["code"]) == ("assessment", "study-incomplete")
    assert event.actor_id == "koordinator"
    done = await case.finish()
    assert done.status == "issued"
    inspections = [row for row in await office.records.tasks_of(case.number) if row.kind == "inspection"]
    assert len(inspections) == 1, "field work that was done stands"


async def test_field_work_is_repeated_where_the_case_is_sent_back_to_it(office: Office) -> None:
    case = await office.begin(a_definition(assessment(), inspection(), drafting(), paraf()))
    await case.decide(await case.go_on("paraf"), Returned(reason="Foto lokasi keliru", to="inspection"))

    await case.task("inspection")
    await case.finish()

    assert (await case.letter("minutes-inspection")).status == "issued"
    assert (await case.letter("minutes-inspection-2")).status == "issued"


async def test_a_case_cannot_be_sent_back_to_a_desk_that_it_never_had(office: Office) -> None:
    case = await office.begin(a_definition(assessment()))
    task = await case.go_on("assessment")

    with pytest.raises(Refusal) as refused:
        await case.decide(task, Returned(reason="Salah meja", to="inspection"))

    assert (refused.value.code, refused.value.facts["possible"]) == ("return-not-possible", ["verification"])


async def test_the_back_office_sends_one_document_to_the_applicant_and_the_others_stay_accepted(
    office: Office,
) -> None:
    case = await office.begin(a_definition(assessment(), requirements=("ktp", "ijazah")))
    await case.decide(await case.go_on("assessment"), SentToApplicant(documents=(WRONG,)))

    repair = await case.task("repair")
    assert repair.wanted_documents == ["ktp"]
    assert (await case.row()).status == "with_applicant"
    await case.decide(repair)
    again = await case.task("verification")
    assert again.wanted_documents == ["ktp"]
    await case.decide(again)
    await case.task("assessment")

    versions = {(row.requirement, row.version): row for row in await office.records.documents_of(case.number)}
    assert (versions["ktp", 1].verdict, versions["ktp", 1].reason_code) == ("repair", "expired")
    assert (versions["ktp", 2].verdict, versions["ijazah", 1].verdict) == ("accept", "accept")
    assert (await case.finish()).status == "issued"


async def test_a_rejection_that_is_sent_back_may_become_a_permit_and_leaves_its_number_batal(office: Office) -> None:
    case = await office.begin(a_definition(assessment(), drafting(), paraf()))
    await case.decide(
        await case.go_on("assessment"),
        Refused(code=RefusalReason.LOCATION_UNSUITABLE, reasons=("Lokasi tidak sesuai",)),
    )
    await case.decide(await case.go_on("paraf"), Returned(reason="Lokasi ternyata sesuai", to="assessment"))
    await case.decide(await case.task("assessment"), Forwarded())

    assert (await case.finish()).status == "issued"

    assert (await case.letter("rejection")).status == "batal"
    assert (await case.letter("permit")).status == "issued"


async def test_staff_repair_on_the_applicants_behalf_and_say_by_which_way_and_with_which_consent(
    office: Office,
) -> None:
    case = await office.begin(a_definition())
    await case.decide(await case.task("verification"), to_repair("ktp"))
    task = await case.task("repair")
    repaired = await case.repaired(task)
    clerk = person("depan")

    with pytest.raises(Refusal) as silent:
        await case.decide(task, repaired, by=clerk)
    with pytest.raises(Refusal) as stranger:
        await case.decide(task, repaired, by=person("kesehatan"))
    consent = OnBehalf(channel="whatsapp", consent="Pemohon mengirim foto KTP dan meminta diunggahkan")
    await case.decide(task, repaired.model_copy(update={"on_behalf": consent}), by=clerk)

    assert (silent.value.code, stranger.value.code) == ("provenance-missing", "not-allowed")
    event = await case.event(Tag.DOCUMENT_REPAIRED)
    assert (event.actor_id, event.facts["channel"], event.facts["version"]) == (clerk.id, "whatsapp", 2)
    (decided,) = [one for one in await case.events(Tag.TASK_DECIDED) if one.facts["decision"] == "repaired"]
    assert (decided.facts["channel"], decided.facts["consent"]) == (consent.channel, consent.consent)


# Unanswered repairs ------------------------------------------------------------------------------------------------


async def _unanswered(office: Office) -> CaseFile:
    ladder = a_ladder(-1, 0, last_resort="front_office")
    definition = a_definition(drafting(), repair_ladder=ladder, repair_working_days=2)
    case = await office.begin(definition, pace=compressed(0.15))
    await case.decide(await case.task("verification"), to_repair("ktp"))
    return case


async def test_a_person_closes_the_file_of_an_applicant_who_never_answers(office: Office) -> None:
    case = await _unanswered(office)
    asked = await case.task("unanswered_repair")
    assert asked.role == "front_office"

    await case.decide(asked, FileClosed(reason="Pemohon tidak dapat dihubungi"))
    row = await case.closed()

    assert (row.status, (await case.handle.result())["outcome"]) == ("lapsed", "lapsed")
    assert (await case.event(Tag.APPLICATION_FILE_CLOSED)).actor_id == "depan"
    told = [notice.template for notice in await office.records.notices_of(case.number)]
    assert "repair-reminder" in told and told[-1] == "file-closed"
    with pytest.raises(Exception, match=r"not found|completed"):
        await case.withdraw()


async def test_more_time_begins_the_reminders_again_and_the_answer_still_counts(office: Office) -> None:
    case = await _unanswered(office)
    asked = await case.task("unanswered_repair")
    await case.decide(asked, KeptWaiting(working_days=2, note="Pemohon minta waktu"))

    again = await case.task("unanswered_repair")
    repair = next(task for task in await case.open_tasks() if task.kind == "repair")
    fallen = await case.events(Tag.TASK_WARNED, Tag.TASK_ESCALATED)
    reminders = [line.facts["rung"] for line in fallen if line.facts["task"] == repair.id]
    assert reminders == ["ingat", "naik-1"] * 2
    await case.decide(again, KeptWaiting(working_days=30))
    await case.decide(repair)

    await case.task("verification")


async def test_a_rejection_asks_no_agency_where_the_agencies_come_after_the_coordinator(office: Office) -> None:
    stages = (assessment(), drafting(), coordinator(), recommendation(), paraf())
    case = await office.begin(a_definition(*stages))
    await case.decide(await case.go_on("assessment"), Refused(reasons=("Syarat tidak terpenuhi",)))

    row = await case.finish()

    assert row.status == "rejected"
    assert await office.records.opd_answers_of(case.number) == []
