"""What the office seals: pages are made on the `main` queue, sealed on the `signing` queue.

The signing process, alone with the key, opens no file of strangers that has not been read before in a process with
limits. An agency's PDF is sealed as it is where it can be; a picture is put on a page of ours; of what can be neither
(encrypted, signed already, broken) a page is made that names its sha256. The original is never touched.
"""

from __future__ import annotations

import asyncio
import json
import logging
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.letters import LetterError
from activities.sealed_pages import LetterRecord, render_letter_record, render_validation_report
from permits.events import Event
from permits.sealing import Form, Purpose, SealedDocument
from signing.checked import CheckedFile
from signing.errors import DocumentRefused, SignatureNotProven, SigningError
from signing.limited import LimitedVerifier
from signing.material import CRLS, INTERMEDIATES, ROOTS
from signing.seal import OfficeSeal
from signing.verdict import Level, Verdict
from store.documents import DocumentStore
from store.errors import ObjectMissing
from store.records import Records
from store.tables import AttachmentRow

log = logging.getLogger(__name__)

PDF = "application/pdf"
REASONS: dict[Purpose, str] = {
    "wet_letter": "Surat dinas terkait, sudah dicocokkan",
    "validation_report": "Laporan pemeriksaan surat",
}
NOT_SEALABLE = "not-sealable"
NO_SEAL = "seal-not-configured"


class WetLetter(BaseModel):
    """An agency's letter that the back office has matched with its request."""

    model_config = ConfigDict(frozen=True)

    number: str
    agency: str  # by name
    original_sha256: str
    matched_by: str  # by name
    matched_at: AwareDatetime
    as_record: bool = False  # it could not be sealed as it is


class ReportToSeal(BaseModel):
    """A report on a checked file; what it says lies in the store."""

    model_config = ConfigDict(frozen=True)

    input_sha256: str


class PageMade(BaseModel):
    """A PDF that waits for the seal."""

    model_config = ConfigDict(frozen=True)

    pdf_sha256: str
    form: Form


class SealDocument(BaseModel):
    """An order to seal one PDF."""

    model_config = ConfigDict(frozen=True)

    id: str  # permits.sealing.sealing_id
    purpose: Purpose
    number: str | None = None
    opd: str | None = None
    original_sha256: str
    pdf_sha256: str
    form: Form
    expires_at: AwareDatetime | None = None
    event: Event | None = None


class SealResult(BaseModel):
    """Sealed, or the stable code of why this PDF cannot be."""

    model_config = ConfigDict(frozen=True)

    sealed_sha256: str | None = None
    failure: str | None = None


class SealPress:
    """Makes what is to be sealed.

    Args:
        records: where the attachment of a letter is found.
        documents: where originals and pages lie.
        trust_dir: the installation's public trust material, for the process that reads PDFs; None: none is sealed
            as it is.
        demo_authority: the seal's certificate is a test one, and the pages say so.
    """

    def __init__(
        self, records: Records, documents: DocumentStore, trust_dir: Path | None, demo_authority: bool
    ) -> None:
        self._records = records
        self._documents = documents
        self._trust_dir = trust_dir
        self._demo = demo_authority

    @activity.defn
    async def prepare_wet_letter(self, letter: WetLetter) -> PageMade:
        """The PDF to seal for an agency's letter: itself, or a page of ours.

        Raises ApplicationError(document-missing), never to be retried.
        """
        kept = await self._attachment(letter)
        if kept.content_type == PDF:
            if not letter.as_record and await self._can_be_sealed(await self._original(letter)):
                return PageMade(pdf_sha256=letter.original_sha256, form="as_is")
            return await self._page(letter, kept, None)
        return await self._page(letter, kept, await self._original(letter))

    @activity.defn
    async def prepare_report(self, report: ReportToSeal) -> PageMade:
        """The report on a checked file, typeset."""
        content = await self._documents.get_document(report.input_sha256)
        checked = CheckedFile.model_validate_json(content)
        pdf = await asyncio.to_thread(render_validation_report, checked, demo_authority=self._demo)
        return PageMade(pdf_sha256=await self._documents.put_document(pdf), form="as_is")

    async def _attachment(self, letter: WetLetter) -> AttachmentRow:
        rows = [
            row
            for row in await self._records.attachments_of(letter.number)
            if row.kind == "wet-signed-letter" and row.sha256 == letter.original_sha256
        ]
        if not rows:
            raise ApplicationError("The letter is not among the evidence.", type="document-missing", non_retryable=True)
        return rows[-1]

    async def _original(self, letter: WetLetter) -> bytes:
        try:
            return await self._documents.get_document(letter.original_sha256)
        except ObjectMissing:
            raise ApplicationError(
                "The letter is not in the store.", type="document-missing", non_retryable=True
            ) from None

    async def _page(self, letter: WetLetter, kept: AttachmentRow, picture: bytes | None) -> PageMade:
        sender = await self._records.account(kept.uploaded_by)
        case = await self._records.application(letter.number)
        record = LetterRecord(
            application=letter.number,
            agency=letter.agency,
            sent_by=sender.name if sender else "-",
            received_at=kept.uploaded_at,
            matched_by=letter.matched_by,
            matched_at=letter.matched_at,
            filename=kept.filename,
            content_type=kept.content_type,
            size=kept.size,
            sha256=kept.sha256,
            practice=case.practice,
            demo_authority=self._demo,
        )
        try:
            pdf = await asyncio.to_thread(render_letter_record, record, picture)
        except LetterError as wrong:
            if wrong.code != "picture-unreadable":
                raise
            picture, pdf = None, await asyncio.to_thread(render_letter_record, record, None)
        sha256 = await self._documents.put_document(pdf)
        return PageMade(pdf_sha256=sha256, form="record" if picture is None else "wrapped")

    async def _can_be_sealed(self, pdf: bytes) -> bool:
        """Whether a reader with limits finds a whole PDF without any signature."""
        if self._trust_dir is None:
            return False
        with tempfile.TemporaryDirectory(prefix="sakpore-segel-") as folder:
            policy = Path(folder) / "policy.json"
            names = {"trust": ROOTS, "intermediates": INTERMEDIATES, "crls": CRLS}
            paths = {key: [str(self._trust_dir.resolve() / name)] for key, name in names.items()}
            policy.write_text(json.dumps(paths))
            reader = LimitedVerifier(policy)
            try:
                report = await reader.verify(pdf)
            except SigningError as failed:
                raise ApplicationError(failed.sentence, type=failed.code) from failed
            finally:
                await reader.aclose()
        return report.verdict is Verdict.TIDAK_BERTANDA_TANGAN


class SealDesk:
    """Seals, alone with the office's key.

    Args:
        records: the register of seals.
        documents: where the PDFs lie.
        seal: None where the installation has no certificate of its own: nothing is sealed, and callers are told.
    """

    def __init__(self, records: Records, documents: DocumentStore, seal: OfficeSeal | None) -> None:
        self._records = records
        self._documents = documents
        self._seal = seal

    @activity.defn
    async def seal_document(self, order: SealDocument) -> SealResult:
        """Seals once; asked again, answers with the seal that is registered.

        Raises ApplicationError for what passes by itself or is mended by operators (timestamps, a key that cannot be
        opened); a PDF that cannot be sealed is a result.
        """
        if registered := await self._records.sealed_document(order.id):
            return SealResult(sealed_sha256=registered.sealed_sha256)
        if self._seal is None:
            return SealResult(failure=NO_SEAL)
        pdf = await self._documents.get_document(order.pdf_sha256)
        try:
            sealed = await self._seal.seal(pdf, REASONS[order.purpose])
        except (DocumentRefused, SignatureNotProven) as refused:
            log.warning("A document cannot be sealed.", extra={"application": order.number, "code": refused.code})
            return SealResult(failure=NOT_SEALABLE)
        except SigningError as failed:
            raise ApplicationError(failed.sentence, type=failed.code) from failed
        return await self._register(order, sealed.pdf, sealed.certificate_sha256)

    async def _register(self, order: SealDocument, sealed: bytes, certificate_sha256: str) -> SealResult:
        if order.expires_at is None:
            sealed_sha256 = await self._documents.put_signed(sealed)
        else:
            sealed_sha256 = await self._documents.put_document(sealed)
        parts = order.model_dump(exclude={"event"})
        document = SealedDocument(
            **parts,
            sealed_sha256=sealed_sha256,
            certificate_sha256=certificate_sha256,
            level=Level.B_LTA.value,
            sealed_at=datetime.now(UTC),
        )
        event = order.event
        if event is not None:
            facts = {**event.facts, "sealed_sha256": sealed_sha256, "level": document.level, "form": order.form}
            event = event.model_copy(update={"facts": facts})
        registered = await self._records.register_sealed(document, event)
        if registered.sealed_sha256 != sealed_sha256 and order.expires_at is None:
            await self._documents.quarantine(sealed)
        return SealResult(sealed_sha256=registered.sealed_sha256)


async def discard_old_reports(records: Records, documents: DocumentStore, now: datetime) -> None:
    """Deletes the bytes of reports whose time is over; that they were sealed stays known."""
    for report in await records.outdated_seals(now):
        for sha256 in {report.original_sha256, report.pdf_sha256, report.sealed_sha256}:
            await documents.delete_document(sha256)
        await records.mark_seals_discarded([report.id], now)
