"""Agencies' wet-signed letters get the office's seal once they are matched; the case never waits for it."""

from __future__ import annotations

import io
import secrets
from datetime import UTC, datetime
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from permits.decisions import AnswerMatched, Recommended
from permits.events import Tag
from permits.sealing import SealedDocument, sealing_id
from signing.material import TrustMaterial
from signing.policy import Policy
from signing.port import SEAL_FIELD
from signing.verdict import Level, Verdict
from signing.verify import verify_pdf_async
from store.records import NewAttachment
from tests.signing.workshop import letter as a_pdf
from tests.workflows.builders import a_definition, an_agency, recommendation
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from tests.workflows.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")


def an_own_pdf() -> bytes:
    """A PDF that no other test has: what is sealed is known by its content."""
    with pikepdf.open(io.BytesIO(a_pdf())) as pdf:
        pdf.docinfo["/Subject"] = secrets.token_hex(8)
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def an_encrypted_pdf() -> bytes:
    with pikepdf.open(io.BytesIO(an_own_pdf())) as pdf:
        out = io.BytesIO()
        pdf.save(out, encryption=pikepdf.Encryption(owner="contoh", user=""))
    return out.getvalue()


def a_photo() -> bytes:
    out = io.BytesIO()
    Image.frombytes("RGB", (30, 40), secrets.token_bytes(3600)).save(out, "PNG")
    return out.getvalue()


async def answered_by_letter(office: Office, content: bytes, content_type: str) -> tuple[CaseFile, str]:
    """A case whose agency has answered by this letter; it lies with the back office."""
    case = await office.begin(a_definition(recommendation(an_agency("bappeda"))))
    task = await case.go_on("recommendation")
    sha256 = await office.documents.put_document(content)
    await office.records.add_attachment(
        NewAttachment(
            task_id=task.id,
            kind="wet-signed-letter",
            sha256=sha256,
            content_type=content_type,
            size=len(content),
            filename="surat dinas.pdf",
            uploaded_by="bappeda",
            uploaded_at=datetime.now(UTC),
        )
    )
    await case.decide(task, Recommended(answer="approve", letter=sha256))
    return case, sha256


async def sealed(office: Office, case: CaseFile, original: str) -> SealedDocument:
    async def look() -> SealedDocument | None:
        return await office.records.sealed_document(sealing_id("wet_letter", case.number, original))

    return await until(look, f"a seal on a letter of {case.number}", 30)


def policy_of(office: Office, document: SealedDocument, head_field: str = SEAL_FIELD) -> Policy:
    material = TrustMaterial(Path(office.environment["SIGNING_PKI_DIR"]))
    material.refresh()
    return Policy.of_parts(
        material.roots,
        material.intermediates,
        material.crls,
        signers={SEAL_FIELD: document.certificate_sha256},
        head_field=head_field,
        min_level=Level.B_LTA,
    )


async def test_a_matched_letter_is_sealed_as_its_own_pdf_and_the_original_stays(office: Office) -> None:
    letter = an_own_pdf()
    case, original = await answered_by_letter(office, letter, "application/pdf")
    assert await office.records.sealed_document(sealing_id("wet_letter", case.number, original)) is None
    await case.decide(await case.task("match_answer"), AnswerMatched(matches=True))
    document = await sealed(office, case, original)

    pdf = await office.documents.get_signed(document.sealed_sha256)
    assert (document.form, pdf.startswith(letter)) == ("as_is", True)
    assert (await verify_pdf_async(pdf, policy_of(office, document))).verdict is Verdict.SAH
    as_permit = await verify_pdf_async(pdf, policy_of(office, document, "Kepala"))
    assert as_permit.verdict is Verdict.BELUM_TERBIT, "a seal issues nothing"
    assert await office.documents.get_document(original) == letter
    told = await case.event(Tag.OPD_LETTER_SEALED)
    assert (told.facts["letter_sha256"], told.facts["sealed_sha256"]) == (original, document.sealed_sha256)
    assert await office.records.event_chain_is_whole(case.number)


@pytest.mark.parametrize(
    ("content", "content_type", "form"),
    [(a_photo(), "image/png", "wrapped"), (an_encrypted_pdf(), "application/pdf", "record")],
)
async def test_what_cannot_be_sealed_itself_is_named_on_a_page_that_is(
    office: Office, content: bytes, content_type: str, form: str
) -> None:
    case, original = await answered_by_letter(office, content, content_type)
    await case.decide(await case.task("match_answer"), AnswerMatched(matches=True))
    document = await sealed(office, case, original)

    pdf = await office.documents.get_signed(document.sealed_sha256)
    assert document.form == form
    assert (await verify_pdf_async(pdf, policy_of(office, document))).verdict is Verdict.SAH
    assert await office.documents.get_document(original) == content


async def test_a_letter_that_does_not_match_is_not_sealed(office: Office) -> None:
    case, original = await answered_by_letter(office, an_own_pdf(), "application/pdf")
    await case.decide(await case.task("match_answer"), AnswerMatched(matches=False, reason="Lokasi lain"))
    await case.task("recommendation")
    assert await office.records.sealed_document(sealing_id("wet_letter", case.number, original)) is None
    assert await case.events(Tag.OPD_LETTER_SEALED) == []


async def test_a_letter_that_is_nowhere_to_be_found_holds_up_no_case(office: Office) -> None:
    case = await office.begin(a_definition(recommendation(an_agency("bappeda"))))
    await case.decide(await case.go_on("recommendation"), Recommended(answer="approve", letter="e" * 64))
    await case.decide(await case.task("match_answer"), AnswerMatched(matches=True))
    await case.task("drafting")
    assert await office.records.sealed_document(sealing_id("wet_letter", case.number, "e" * 64)) is None
