"""What verification says: a verdict, a level, and reasons in plain Indonesian with stable codes.

Verdicts: RUSAK (the PDF or a signature dictionary cannot be parsed), TIDAK_BERTANDA_TANGAN (no signature), BELUM_TERBIT
(signatures present and all good, the head's field unsigned), TIDAK_SAH (parsed, and anything fails), SAH.
Levels: ETSI EN 319 142-1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal


class Verdict(StrEnum):
    """The five answers."""

    SAH = "SAH"
    TIDAK_SAH = "TIDAK_SAH"
    RUSAK = "RUSAK"
    TIDAK_BERTANDA_TANGAN = "TIDAK_BERTANDA_TANGAN"
    BELUM_TERBIT = "BELUM_TERBIT"


class Level(StrEnum):
    """PAdES baseline levels, lowest first."""

    B_B = "B-B"
    B_T = "B-T"
    B_LT = "B-LT"
    B_LTA = "B-LTA"

    @property
    def rank(self) -> int:
        """Order among the levels: 0 for B-B to 3 for B-LTA."""
        return list(Level).index(self)


REASONS: dict[str, str] = {
    "not_a_pdf": "Berkas ini bukan PDF.",
    "empty": "Berkas ini kosong.",
    "unparsable": "Struktur PDF tidak dapat dibaca.",
    "encrypted": "PDF ini terenkripsi sehingga tidak dapat diperiksa.",
    "cut_off": "Akhir PDF tidak ditemukan; berkas mungkin terpotong.",
    "too_large": "Berkas melebihi ukuran yang dapat diperiksa.",
    "verifier_stopped": "Pemeriksaan berkas ini dihentikan karena melampaui batas waktu atau memori.",
    "signature_unparsable": "Kamus atau isi tanda tangan tidak dapat dibaca.",
    "no_signature": "PDF ini tidak memuat tanda tangan elektronik.",
    "head_unsigned": "Kolom tanda tangan kepala belum ditandatangani; surat ini belum terbit.",
    "trailing_bytes": "Ada data tambahan sesudah akhir dokumen.",
    "irregular_structure": "Struktur PDF menyimpang dari standar sehingga isinya tidak dapat dipastikan.",
    "signature_removed": "Tanda tangan yang pernah ada telah dihapus dari dokumen.",
    "page_damaged": "Isi halaman dokumen tidak dapat dibaca.",
    "digest_mismatch": "Isi dokumen tidak sama dengan yang ditandatangani.",
    "signature_invalid": "Nilai tanda tangan tidak cocok dengan sertifikat penanda tangan.",
    "signer_certificate_missing": "Sertifikat penanda tangan tidak disertakan.",
    "signer_not_named": "Tanda tangan tidak mengikat sertifikat penanda tangannya.",
    "signature_unsupported": "Bentuk tanda tangan tidak didukung.",
    "untrusted": "Sertifikat tidak berasal dari penerbit yang dipercaya.",
    "certificate_expired": "Sertifikat tidak berlaku pada waktu penandatanganan.",
    "revoked": "Sertifikat telah dicabut oleh penerbitnya.",
    "revocation_unknown": "Status pencabutan sertifikat tidak dapat dipastikan.",
    "algorithm_weak": "Algoritma tanda tangan terlalu lemah.",
    "wrong_signer": "Penanda tangan bukan pejabat yang ditetapkan untuk kolom ini.",
    "unknown_field": "Ada tanda tangan pada kolom yang tidak ditetapkan.",
    "not_whole_revision": "Tanda tangan tidak mencakup seluruh isi dokumen saat ditandatangani.",
    "changed_after_signing": "Dokumen diubah sesudah ditandatangani.",
    "unaccounted_bytes": "Ada bagian berkas yang tidak terlindungi oleh tanda tangan atau segel waktu.",
    "timestamp_missing": "Tidak ada segel waktu tepercaya.",
    "timestamp_invalid": "Segel waktu tidak sah.",
    "timestamp_order": "Urutan segel waktu tidak masuk akal.",
    "level_too_low": "Tingkat tanda tangan lebih rendah daripada yang disyaratkan.",
    "certification_broken": "Penguncian dokumen oleh tanda tangan sertifikasi dilanggar.",
    "verification_failed": "Pemeriksaan tanda tangan gagal diselesaikan.",
}


@dataclass(frozen=True)
class Reason:
    """One finding: a stable code, and the sentence for people."""

    code: str
    text: str

    @classmethod
    def of(cls, code: str, where: str = "") -> Reason:
        """The reason with this code; `where` names the field it is about."""
        text = REASONS[code]
        return cls(code, f"{text[:-1]} (kolom {where})." if where else text)


@dataclass(frozen=True)
class FoundSignature:
    """One signature or document timestamp in the file."""

    kind: Literal["signature", "document-timestamp"]
    field: str  # fully qualified name of the PDF field
    signer: str | None  # common name from the certificate, or None when there is none
    certificate_sha256: str | None  # hex
    signed_at: datetime | None  # trusted time where there is one, else what the signer claims; aware UTC
    time_is_trusted: bool
    level: Level | None  # None when the signature is not good
    good: bool


@dataclass(frozen=True)
class Report:
    """The verdict on one file."""

    verdict: Verdict
    level: Level | None = None  # of the head's signature; None where something other than the level fails
    reasons: tuple[Reason, ...] = ()
    signatures: tuple[FoundSignature, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready form, times as ISO 8601 in UTC."""
        return {
            "verdict": self.verdict.value,
            "level": self.level.value if self.level else None,
            "reasons": [{"code": reason.code, "text": reason.text} for reason in self.reasons],
            "signatures": [
                {
                    "kind": found.kind,
                    "field": found.field,
                    "signer": found.signer,
                    "certificate_sha256": found.certificate_sha256,
                    "signed_at": found.signed_at.isoformat() if found.signed_at else None,
                    "time_is_trusted": found.time_is_trusted,
                    "level": found.level.value if found.level else None,
                    "good": found.good,
                }
                for found in self.signatures
            ],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Report:
        """The inverse of `as_dict`. Raises KeyError, ValueError."""
        return cls(
            verdict=Verdict(data["verdict"]),
            level=Level(data["level"]) if data["level"] else None,
            reasons=tuple(Reason(item["code"], item["text"]) for item in data["reasons"]),
            signatures=tuple(
                FoundSignature(
                    kind=item["kind"],
                    field=item["field"],
                    signer=item["signer"],
                    certificate_sha256=item["certificate_sha256"],
                    signed_at=datetime.fromisoformat(item["signed_at"]) if item["signed_at"] else None,
                    time_is_trusted=item["time_is_trusted"],
                    level=Level(item["level"]) if item["level"] else None,
                    good=item["good"],
                )
                for item in data["signatures"]
            ),
        )

    @classmethod
    def plain(cls, verdict: Verdict, *codes: str) -> Report:
        """A report of reasons alone."""
        return cls(verdict, reasons=tuple(Reason.of(code) for code in codes))
