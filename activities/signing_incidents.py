"""What went wrong with a signature: put aside where it must not be used, written into the record, told to operators.

Every report names the claim it is about, so that it is written once, however often the step is repeated.
"""

from __future__ import annotations

import hashlib
import logging
from datetime import UTC, datetime

from permits.events import Tag
from permits.steps import Notice
from store.documents import DocumentStore
from store.records import Records

log = logging.getLogger(__name__)

TEMPLATE = "signing-incident"
SENTENCES = {
    "outcome_unknown": "surat sudah dikirim ke penyedia tanda tangan, tetapi jawabannya tidak sampai",
    "rewritten": "berkas yang kembali dari penyedia tidak diawali isi surat yang dikirim",
    "wrong_signer": "berkas yang kembali ditandatangani oleh sertifikat yang bukan sertifikat pejabatnya",
    "not-valid": "tanda tangan pada berkas yang kembali tidak lolos pemeriksaan kami",
    "second-signature": "surat ini sudah mempunyai tanda tangan lain yang terdaftar",
    "stale-version": "surat diubah ketika sedang ditandatangani",
    "letter-not-valid": "surat yang tersimpan tidak lagi dinyatakan sah, sehingga tidak diserahkan kepada siapa pun",
}


class SigningIncidents:
    """Puts aside and tells."""

    def __init__(self, records: Records, documents: DocumentStore) -> None:
        self._records = records
        self._documents = documents

    async def set_aside(self, number: str, claim: str, content: bytes, code: str) -> None:
        """Quarantines an object that must not be used, and says so: its sha256, and why."""
        sha256 = await self._documents.quarantine(content)
        log.warning("A signed object was put aside.", extra={"application": number, "code": code})
        await self._report(
            number, f"{claim}.quarantined.{sha256[:16]}", Tag.SIGNATURE_QUARANTINED, code, object_sha256=sha256
        )

    async def outcome_unknown(self, number: str, claim: str, letter_sha256: str) -> None:
        """Says that a letter went to the provider and that nobody knows what became of it."""
        log.warning("The outcome of a signature is not known.", extra={"application": number})
        await self._report(
            number, f"{claim}.unknown", Tag.SIGNATURE_UNKNOWN, "outcome_unknown", letter_sha256=letter_sha256
        )

    async def not_valid_any_more(self, number: str, signed_sha256: str, verdict: str, reasons: str) -> None:
        """Says that the stored object is not SAH: nothing is released until operators have mended that."""
        await self._report(
            number,
            f"signing.{signed_sha256[:16]}.lost",
            Tag.SIGNATURE_LOST,
            "letter-not-valid",
            holder="Petugas sistem: tanda tangan surat diperiksa",
            signed_sha256=signed_sha256,
            verdict=verdict,
            reasons=reasons,
        )

    async def _report(
        self, number: str, key: str, tag: Tag, code: str, holder: str | None = None, **facts: str
    ) -> None:
        notice = Notice(
            key=key,
            template=TEMPLATE,
            to="ops",
            facts={"code": code, "sentence": SENTENCES.get(code, code), **facts},
        )
        now = datetime.now(UTC)
        await self._records.report_incident(number, key, tag, {"code": code, **facts}, now, (notice,), holder)


def claim_key(activation_id: str, letter_sha256: str) -> str:
    """Names a claim within its case."""
    return f"signing.{hashlib.sha256(f'{activation_id}:{letter_sha256}'.encode()).hexdigest()[:24]}"
