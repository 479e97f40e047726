"""The cases whose histories are kept: between them they touch every stage and every way back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from permits.application import Delivery, DocumentVerdict
from permits.decisions import (
    Answered,
    AnswerMatched,
    CameBack,
    DeemedConfirmed,
    Drafted,
    FileClosed,
    KeptWaiting,
    MinutesSigned,
    Posted,
    PresentSigned,
    QuestionAsked,
    Recommended,
    Refused,
    Returned,
    SentToApplicant,
    SignatureOrdered,
)
from permits.definition import DeemedApproval, Procedure, Variant
from permits.definition_loader import load_definitions
from permits.events import Tag
from permits.reasons import DocumentReason, ReturnReason
from sakpore.people import AGENCY_SIGNER, PASSPHRASE
from tests.workflows.builders import (
    a_definition,
    a_ladder,
    an_agency,
    assessment,
    compressed,
    coordinator,
    drafting,
    in_days,
    inspection,
    issuance,
    meeting,
    paraf,
    person,
    recommendation,
    retribution,
    signing,
    sub_coordinator,
    to_repair,
    verification,
    with_holiday,
)
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from tests.workflows.procedures import a_permit
from tests.workflows.procedures import begin as begin_procedure
from workflows.messages import (
    AgencyAdded,
    CalendarReplaced,
    RequestExtended,
    RequestWithdrawn,
    signing_batch_workflow_id,
)


async def plain(office: Office) -> CaseFile:
    """A repair and a new calendar on the way, then every desk."""
    definition = a_definition(assessment(), drafting(), sub_coordinator(), coordinator(), paraf())
    case = await office.begin(definition)
    await case.decide(await case.task("verification"), to_repair("ktp"))
    await case.task("repair")
    await case.handle.execute_update("replan", CalendarReplaced(calendar=with_holiday(in_days(1))))
    await case.finish()
    return case


async def opd_with_ladder(office: Office) -> CaseFile:
    """An agency that lets its ladder pass, is followed up, and answers; another that sets conditions."""
    silent = an_agency("bappeda", 2, a_ladder(-1, 0, 1, 2, 3))
    case = await office.begin(a_definition(recommendation(silent, an_agency("dpupr"))), pace=compressed(0.2))
    with_conditions = Recommended(answer="approve_with_conditions", conditions=("Papan paling rendah 3 meter",))
    await case.decide(await case.go_on("recommendation", opd="dpupr"), with_conditions)
    await case.decide(await case.task("overdue"))
    await asyncio.sleep(0.3)
    await case.finish()
    return case


async def retribution_paid(office: Office) -> CaseFile:
    """Inspection, meeting, SKRD and payment."""
    case = await office.begin(a_definition(inspection(), meeting(), retribution()))
    await case.finish()
    return case


async def rejection_with_return(office: Office) -> CaseFile:
    """A rejection whose letter is returned once, and whose signature fails once."""
    case = await office.begin(a_definition(assessment(), drafting(), paraf()))
    await case.decide(await case.go_on("assessment"), Refused(reasons=("Lokasi tidak sesuai",)))
    await case.decide(await case.go_on("paraf"), Returned(reason="Alasan kurang jelas"))
    await case.decide(await case.task("drafting"), Drafted(facts={"Catatan": "Alasan diperjelas"}))
    task = await case.go_on("signing")
    wrong = await office.consent(task.subject_sha256, passphrase="keliru")
    await case.decide(task, SignatureOrdered(activation_id=wrong))
    await case.finish()
    return case


async def withdrawal(office: Office) -> CaseFile:
    """Withdrawn while two agencies are asked."""
    case = await office.begin(a_definition(recommendation(an_agency("bappeda"), an_agency("dpupr"))))
    await case.go_on("recommendation", opd="bappeda")
    await case.task("recommendation", opd="dpupr")
    await case.withdraw()
    await case.closed()
    return case


async def withdrawal_of_a_numbered_letter(office: Office) -> CaseFile:
    """Withdrawn at the paraf: the number is BATAL."""
    case = await office.begin(a_definition(drafting(), paraf()))
    await case.go_on("paraf")
    await case.withdraw()
    await case.closed()
    return case


# Version 0.2 ------------------------------------------------------------------------------------------------------


async def back_from_the_study(office: Office) -> CaseFile:
    """One document to the applicant from the study; later back to the study from a desk, with a coded reason."""
    stages = (assessment(), drafting(), coordinator(), paraf())
    case = await office.begin(a_definition(*stages, requirements=("ktp", "ijazah")))
    wrong = DocumentVerdict(requirement="ktp", verdict="repair", code=DocumentReason.EXPIRED, reason="Sudah lewat")
    await case.decide(await case.go_on("assessment"), SentToApplicant(documents=(wrong,)))
    back = Returned(code=ReturnReason.STUDY_INCOMPLETE, reason="Ukuran belum diperiksa", to="assessment")
    await case.decide(await case.go_on("desk_check"), back)
    await case.finish()
    return case


async def minutes_signed(office: Office) -> CaseFile:
    """Minutes signed by those present, and minutes that somebody refuses to sign."""
    case = await office.begin(a_definition(inspection(), meeting(), retribution()))
    signed = PresentSigned(name="Tim Teknis Contoh", way="screen", image="c" * 64)
    await case.decide(await case.go_on("sign_minutes"), MinutesSigned(signatures=(signed,)))
    refused = MinutesSigned(refused={"Tim Teknis Contoh": "Tidak setuju dengan temuan"})
    await case.decide(await case.go_on("sign_minutes"), refused)
    await case.finish()
    return case


async def agencies_steered(office: Office) -> CaseFile:
    """A question and a wet-signed letter that matches at the second look; one more time, one added, one taken back."""
    agencies = [an_agency(opd) for opd in ("bappeda", "dpupr", "satpol")]
    case = await office.begin(a_definition(recommendation(*agencies)))
    asked = await case.go_on("recommendation", opd="bappeda")
    dpupr = await case.task("recommendation", opd="dpupr")
    satpol = await case.task("recommendation", opd="satpol")
    staff = person("kesehatan")
    await case.decide(asked, QuestionAsked(text="Berapa tinggi papan?"))
    await case.decide(await case.task("clarification"), Answered(text="Tiga meter."))
    await case.update("extend", RequestExtended(actor=staff, working_days=3, reason="Survei"), dpupr.workflow_id)
    added = AgencyAdded(actor=staff, agency=an_agency("dlh", 3), reason="Menyangkut saluran air")
    await case.update("add_agency", added)
    taken_back = RequestWithdrawn(actor=staff, reason="Tidak perlu")
    await case.update("withdraw_request", taken_back, satpol.workflow_id)
    letter = Recommended(answer="approve", letter="d" * 64)
    await case.decide(await case.task("recommendation", opd="bappeda"), letter)
    mismatch = AnswerMatched(matches=False, reason="Surat untuk lokasi lain")
    await case.decide(await case.task("match_answer"), mismatch)
    await case.decide(await case.task("recommendation", opd="bappeda"), letter)
    await case.decide(await case.task("match_answer"), AnswerMatched(matches=True))
    await case.finish()
    return case


async def agency_signs(office: Office) -> CaseFile:
    """An agency's officer writes the answer anew, mistypes the passphrase, and signs."""
    agencies = [an_agency(opd) for opd in (AGENCY_SIGNER.opd or "", "dpupr")]
    case = await office.begin(a_definition(recommendation(*agencies)))
    officer = person(AGENCY_SIGNER.id)
    await case.decide(await case.go_on("recommendation", opd=officer.opd), by=officer)
    await case.decide(await case.task("sign_recommendation"), Returned(reason="Keliru"), by=officer)
    await case.decide(await case.task("recommendation", opd=officer.opd), by=officer)
    for passphrase in ("frasa yang salah", PASSPHRASE):
        task = await case.task("sign_recommendation")
        activation = await office.consent(task.subject_sha256, officer=officer.id, passphrase=passphrase)
        await case.decide(task, SignatureOrdered(activation_id=activation), by=officer)
    await case.finish()
    return case


async def assigned(office: Office) -> CaseFile:
    """Given to a colleague, put back, taken over, decided."""
    case = await office.begin(a_definition())
    task = await case.task("verification")
    clerk, colleague = person("depan"), person("depan.dua")
    await case.assign(task, person("koordinator"), colleague)
    await case.assign(task, colleague, None)
    await case.assign(task, clerk, clerk)
    await case.decide(task, by=clerk)
    await case.finish()
    return case


async def replan_told(office: Office) -> CaseFile:
    """A new calendar while an agency is asked."""
    case = await office.begin(a_definition(recommendation(an_agency("bappeda"))))
    asked = await case.go_on("recommendation")
    replaced = CalendarReplaced(calendar=with_holiday(in_days(1)))
    await case.update("replan", replaced, asked.workflow_id)
    await case.update("replan", replaced)
    await case.finish()
    return case


async def lapsed(office: Office) -> CaseFile:
    """An applicant who never answers: more time once, then the file is closed."""
    ladder = a_ladder(-1, 0, last_resort="front_office")
    definition = a_definition(repair_ladder=ladder, repair_working_days=2)
    case = await office.begin(definition, pace=compressed(0.2))
    await case.decide(await case.task("verification"), to_repair("ktp"))
    await case.decide(await case.task("unanswered_repair"), KeptWaiting(working_days=2, note="Pemohon minta waktu"))
    await case.decide(await case.task("unanswered_repair"), FileClosed(reason="Pemohon tidak dapat dihubungi"))
    await case.closed()
    return case


async def pick_up(office: Office) -> CaseFile:
    """The product is handed over at the counter."""
    case = await office.begin(a_definition(), delivery=Delivery.PICKUP)
    await case.finish()
    return case


async def post_tracked(office: Office) -> CaseFile:
    """The parcel's way is read from the post until it arrives."""
    case = await office.begin(a_definition(), delivery=Delivery.POST, pace=compressed(0.2))
    await case.decide(await case.go_on("posting"), Posted(receipt_number="CONTOH-12345"))
    await case.closed()
    return case


async def post_came_back(office: Office) -> CaseFile:
    """A parcel that the post does not know; a person finds that it came back, and hands it over."""
    case = await office.begin(a_definition(), delivery=Delivery.POST, pace=compressed(0.2))
    await case.decide(await case.go_on("posting"), Posted(receipt_number="TIDAKADA-12345"))
    await case.decide(await case.task("post_arrival"), CameBack(reason="Alamat tidak dikenal"))
    await case.finish()
    return case


async def revocation(office: Office) -> CaseFile:
    """A procedure after issue."""
    case = await begin_procedure(office, await a_permit(office), Procedure.REVOCATION)
    await case.finish()
    return case


async def deemed_approval(office: Office) -> CaseFile:
    """The promise is endangered and missed, and a person confirms the silence rule."""
    desks = (verification(), drafting(working_days=1), signing(working_days=1), issuance())
    rule = DeemedApproval(after_working_days=1, legal_basis="menunggu konfirmasi dinas")
    definition = a_definition(stages=desks, promise_working_days=4, deemed_approval=rule)
    case = await office.begin(definition, pace=compressed(0.25))
    await case.decide(await case.task("deemed_approval"), DeemedConfirmed(note="Batas waktu terlewati."))
    await case.finish()
    return case


async def opd_after_coordinator(office: Office) -> CaseFile:
    """Conditions of an agency that is asked after the coordinator go back into the letter."""
    case = await office.begin(a_definition(assessment(), drafting(), coordinator(), recommendation(), paraf()))
    conditions = Recommended(answer="approve_with_conditions", conditions=("Papan paling rendah 3 meter",))
    await case.decide(await case.go_on("recommendation"), conditions)
    await case.finish()
    return case


# Version 0.3 ------------------------------------------------------------------------------------------------------


async def signed_in_batch(office: Office) -> CaseFile:
    """Signed by the call of a batch, which tells the case."""
    case = await office.begin()
    task = await case.go_on("signing")
    ordered = await office.ordered(task.subject_sha256, in_batch=True)
    await case.decide(task, ordered)
    await office.start_batch(ordered, [(case.number, task.subject_sha256)])
    await case.closed()
    case.beside["batch"] = signing_batch_workflow_id(ordered.activation_id)
    return case


async def signing_waits(office: Office) -> CaseFile:
    """The timestamp service is away for a while: the letter waits in sight, and is signed when it is back."""
    case = await office.begin()
    task = await case.go_on("signing")
    await case.at_rest()
    await asyncio.to_thread(office.stack.hold, "pki")
    try:
        await case.decide(task, await office.ordered(task.subject_sha256))
        await case.event(Tag.SIGNATURE_WAITS)
    finally:
        await asyncio.to_thread(office.stack.resume, "pki")
    await case.closed()
    return case


REAL_TYPES = ("sip-dokter", "izin-penelitian", "izin-reklame-tetap", "izin-paud-tk", "izin-rumah-kos")
"""Between them they have every list of desks that types share (permits/desks.yaml)."""


def a_real_type(code: str) -> Callable[[Office], Awaitable[CaseFile]]:
    """A type of the catalogue as it stands, every desk answering well."""

    async def drive(office: Office) -> CaseFile:
        newest = [one for one in load_definitions() if one.code == code and one.status == "published"][-1]
        assert Variant.NEW in newest.variants
        case = await office.begin(newest, pace=compressed(4.0))
        await case.finish()
        return case

    return drive


SAVED_CASES: dict[str, Callable[[Office], Awaitable[CaseFile]]] = {
    "plain": plain,
    "opd-with-ladder": opd_with_ladder,
    "retribution": retribution_paid,
    "rejection-with-return": rejection_with_return,
    "withdrawal": withdrawal,
    "withdrawal-of-a-numbered-letter": withdrawal_of_a_numbered_letter,
    "back-from-the-study": back_from_the_study,
    "minutes-signed": minutes_signed,
    "agencies-steered": agencies_steered,
    "agency-signs": agency_signs,
    "assigned": assigned,
    "replan-told": replan_told,
    "lapsed": lapsed,
    "pick-up": pick_up,
    "post-tracked": post_tracked,
    "post-came-back": post_came_back,
    "revocation": revocation,
    "deemed-approval": deemed_approval,
    "opd-after-coordinator": opd_after_coordinator,
    "signed-in-batch": signed_in_batch,
    "signing-waits": signing_waits,
    **{f"type-{code}": a_real_type(code) for code in REAL_TYPES},
}
