"""An agency's officer with a certificate signs its recommendation as a PDF of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from permits.authority import Actor
from permits.decisions import Recommended, Returned, SignatureOrdered
from permits.events import Tag
from sakpore.people import AGENCY_SIGNER, HEAD
from signing.material import TrustMaterial
from signing.policy import Policy
from signing.port import AGENCY_FIELD, HEAD_FIELD
from signing.verdict import Level, Verdict
from signing.verify import verify_pdf_async
from store.tables import TaskRow
from tests.workflows.builders import a_definition, a_ladder, an_agency, compressed, person, recommendation
from tests.workflows.case_file import CaseFile, Refusal
from tests.workflows.office import Office
from workflows.messages import RequestWithdrawn

pytestmark = pytest.mark.asyncio(loop_scope="session")

OPD = AGENCY_SIGNER.opd or ""
WITH_CONDITIONS = Recommended(
    answer="approve_with_conditions", conditions=("Papan paling rendah 3 meter",), reason="Sesuai rencana kota"
)


def signer() -> Actor:
    return person(AGENCY_SIGNER.id)


async def answered(office: Office, answer: Recommended = WITH_CONDITIONS, **how: object) -> tuple[CaseFile, TaskRow]:
    """A case whose agency has answered; its letter lies before the officer."""
    case = await office.begin(a_definition(recommendation(an_agency(OPD))), **how)
    await case.decide(await case.go_on("recommendation"), answer, by=signer())
    return case, await case.task("sign_recommendation")


async def sign(office: Office, case: CaseFile, task: TaskRow, **how: str) -> None:
    activation = await office.consent(task.subject_sha256, officer=AGENCY_SIGNER.id, **how)
    await case.decide(task, SignatureOrdered(activation_id=activation), by=signer())


async def fingerprints(office: Office) -> dict[str, str]:
    return {one.account_id: one.certificate_sha256 for one in await office.records.mandates()}


async def judged(office: Office, pdf: bytes, head_field: str, **signers: str) -> Verdict:
    material = TrustMaterial(Path(office.environment["SIGNING_PKI_DIR"]))
    material.refresh()
    policy = Policy.of_parts(
        material.roots,
        material.intermediates,
        material.crls,
        signers=signers,
        head_field=head_field,
        min_level=Level.B_LTA,
    )
    return (await verify_pdf_async(pdf, policy)).verdict


async def test_the_officer_signs_exactly_the_letter_that_was_shown(office: Office) -> None:
    case, task = await answered(office)
    assert (task.role, task.opd) == ("opd", OPD)
    (request,) = await office.records.opd_answers_of(case.number)
    assert (request.answer, await case.events(Tag.OPD_ANSWERED)) == (None, []), "not given before it is signed"
    frozen = await office.records.letter_by_sha256(task.subject_sha256)
    said = json.loads(await office.documents.get_document(frozen.input_sha256 or ""))
    assert said["conditions"] == ["Papan paling rendah 3 meter"]
    assert said["signatory"]["name"] == AGENCY_SIGNER.name
    assert said["number"] == frozen.number_text

    await sign(office, case, task)
    await case.event(Tag.OPD_SIGNATURE_VERIFIED)
    await case.task("drafting")

    (answer,) = await office.records.opd_answers_of(case.number)
    assert (answer.answer, answer.way, answer.letter_sha256) == (
        "approve_with_conditions",
        "signed",
        task.subject_sha256,
    )
    signed = await office.records.signed_letter(task.subject_sha256)
    assert signed is not None and (signed.field_name, signed.signer_id) == (AGENCY_FIELD, AGENCY_SIGNER.id)
    assert (await office.records.letter(case.number, f"opd-answer-{OPD}-1")).status == "issued"
    pdf = await office.documents.get_signed(signed.signed_sha256)
    certificate, head = (await fingerprints(office))[AGENCY_SIGNER.id], (await fingerprints(office))[HEAD.id]
    assert await judged(office, pdf, AGENCY_FIELD, **{AGENCY_FIELD: certificate}) is Verdict.SAH
    both = {AGENCY_FIELD: certificate, HEAD_FIELD: head}
    assert await judged(office, pdf, HEAD_FIELD, **both) is Verdict.BELUM_TERBIT, "a recommendation issues nothing"
    assert await office.records.event_chain_is_whole(case.number)


async def test_an_officer_without_a_certificate_answers_by_account_as_before(office: Office) -> None:
    case = await office.begin(a_definition(recommendation(an_agency(OPD))))
    await case.decide(await case.go_on("recommendation"), by=person("bappeda"))
    await case.task("drafting")
    (answer,) = await office.records.opd_answers_of(case.number)
    assert (answer.way, answer.letter_sha256) == ("account", None)


async def test_a_wrong_passphrase_brings_the_letter_back_and_the_right_one_signs(office: Office) -> None:
    case, task = await answered(office)
    await sign(office, case, task, passphrase="frasa yang salah")
    failed = await case.event(Tag.OPD_SIGNATURE_FAILED)
    assert failed.facts["code"] == "wrong_passphrase"
    again = await case.task("sign_recommendation")
    assert again.subject_sha256 == task.subject_sha256
    await sign(office, case, again)
    await case.task("drafting")


async def test_nobody_else_signs_for_the_agency(office: Office) -> None:
    case, task = await answered(office)
    ordered = SignatureOrdered(activation_id="milik-kepala")
    for other in (person(HEAD.id), person("dpupr")):
        with pytest.raises(Refusal) as refused:
            await case.decide(task, ordered, by=other)
        assert refused.value.code == "not-allowed"
    # A colleague of the agency, who holds no certificate, is refused by the signing process itself.
    activation = await office.consent(task.subject_sha256, officer=AGENCY_SIGNER.id)
    await case.decide(task, SignatureOrdered(activation_id=activation), by=person("bappeda"))
    failed = await case.event(Tag.OPD_SIGNATURE_FAILED)
    assert failed.facts["code"] == "no-mandate"


async def test_an_answer_written_anew_keeps_its_number_and_is_another_letter(office: Office) -> None:
    case, task = await answered(office)
    before = await office.records.letter_by_sha256(task.subject_sha256)
    await case.decide(task, Returned(reason="Syaratnya keliru"), by=signer())
    await case.decide(await case.task("recommendation"), Recommended(answer="refuse", reason="Zona hijau"), by=signer())
    again = await case.task("sign_recommendation")
    after = await office.records.letter_by_sha256(again.subject_sha256)
    assert (after.number_text, after.sha256 == before.sha256) == (before.number_text, False)


async def test_a_request_taken_back_before_the_signature_leaves_the_number_void(office: Office) -> None:
    case, task = await answered(office)
    withdrawn = RequestWithdrawn(actor=person("kesehatan"), reason="Tidak perlu lagi")
    await case.update("withdraw_request", withdrawn, task.workflow_id)
    await case.task("drafting")
    assert (await office.records.letter(case.number, f"opd-answer-{OPD}-1")).status == "batal"


async def test_silence_before_the_signature_climbs_the_same_ladder(office: Office) -> None:
    agency = an_agency(OPD, 2, a_ladder(-1, 0, 1))
    case = await office.begin(a_definition(recommendation(agency)), pace=compressed(0.5))
    await case.decide(await case.go_on("recommendation"), WITH_CONDITIONS, by=signer())
    task = await case.task("sign_recommendation")
    await case.event(Tag.OPD_ESCALATED, lambda line: line.facts["task"] == task.id)
    await case.task("overdue")
    assert task.id in {one.id for one in await case.open_tasks()}, "silence never takes the signature's task away"
