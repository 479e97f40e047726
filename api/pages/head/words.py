"""What the leaders' pages call desks, letters and reasons. Made when asked, in the language of the request."""

from __future__ import annotations

from datetime import date, datetime

from api.pages.formatting import full_date, plain_date
from api.pages.language import gettext as _
from permits.authority import Role
from permits.certificates import Concern

Options = list[tuple[str, str]]
"""(value, words) of a choice."""


def role_words(role: str) -> str:
    """Who works at a desk."""
    return {
        Role.APPLICANT.value: _("Pemohon"),
        Role.FRONT_OFFICE.value: _("Petugas depan"),
        Role.BACK_OFFICE.value: _("Petugas bidang"),
        Role.SUB_COORDINATOR.value: _("Subkoordinator"),
        Role.COORDINATOR.value: _("Koordinator"),
        Role.HEAD_OF_DIVISION.value: _("Kepala bidang"),
        Role.HEAD_OF_OFFICE.value: _("Kepala dinas"),
        Role.TECHNICAL_TEAM.value: _("Tim teknis"),
        Role.OPD.value: _("Dinas terkait"),
        Role.INSPECTORATE.value: _("Inspektorat"),
        Role.OPS.value: _("Pengelola sistem"),
    }.get(role, role)


def desk_words(role: str, field: str | None) -> str:
    """A desk by its role, of a back office with its field: "Petugas bidang kesehatan"."""
    if field and role == Role.BACK_OFFICE:
        return _("Petugas bidang %(field)s") % {"field": field}
    return role_words(role)


def letter_words(purpose: str) -> str:
    """What a letter is for."""
    named = {
        "permit": _("Surat izin"),
        "rejection": _("Surat penolakan"),
        "revocation": _("Surat pencabutan"),
        "replacement": _("Surat izin pengganti"),
        "extension": _("Surat perpanjangan"),
    }
    return named.get(purpose, _("Surat rekomendasi") if purpose.startswith("opd-answer-") else _("Surat"))


def stage_words(stage: str) -> str:
    """The desk that a letter can be sent back to."""
    return {
        "verification": _("Pemeriksaan berkas"),
        "assessment": _("Penelitian berkas"),
        "inspection": _("Pemeriksaan lapangan"),
        "meeting": _("Rapat teknis"),
        "recommendation": _("Rekomendasi dinas terkait"),
        "drafting": _("Penyusunan surat"),
    }.get(stage, stage)


def return_reasons() -> Options:
    """Why a letter is not signed but sent back."""
    return [
        ("wrong-data", _("Ada data yang keliru")),
        ("wrong-legal-basis", _("Dasar hukum keliru")),
        ("conditions-incomplete", _("Ketentuan belum lengkap")),
        ("wrong-form", _("Bentuk surat perlu diperbaiki")),
        ("study-incomplete", _("Penelitian belum lengkap")),
        ("opd-missing", _("Rekomendasi dinas terkait masih diperlukan")),
        ("other", _("Lainnya")),
    ]


def capacity_words(capacity: str) -> str:
    """In which capacity somebody signs."""
    return {
        "definitive": _("Kepala dinas"),
        "plh": _("Plh. kepala dinas"),
        "plt": _("Plt. kepala dinas"),
        "opd": _("Dinas terkait"),
    }.get(capacity, capacity)


def concern_words(concern: str, valid_until: datetime | None) -> str:
    """What is wrong with a certificate or a mandate, and what to do now."""
    until = full_date(valid_until) if valid_until else ""
    match concern:
        case "no_mandate":
            return _("Hari ini belum ada mandat bagi Anda untuk menandatangani. Minta mandatnya dicatat.")
        case Concern.EXPIRING if until:
            return _("Sertifikat Anda berakhir %(date)s. Perbarui sebelum tanggal itu.") % {"date": until}
        case Concern.EXPIRING:
            return _("Sertifikat Anda segera berakhir. Perbarui sekarang.")
        case Concern.EXPIRED:
            return _("Sertifikat Anda sudah kedaluwarsa. Perbarui pada penerbitnya, lalu kembali ke sini.")
        case Concern.REVOKED:
            return _("Sertifikat Anda sudah dicabut. Urus sertifikat baru pada penerbitnya.")
        case Concern.NOT_REGISTERED:
            return _("Anda belum terdaftar pada penyedia tanda tangan. Hubungi pengelola sistem.")
        case _:
            return _("Sertifikat Anda bukan yang disebut dalam mandat. Minta mandatnya diperbarui.")


def month_words(first: date) -> str:
    """"Desember 2026"."""
    return plain_date(first).partition(" ")[2]


def reason_words(kind: str, code: str) -> str:
    """A coded reason that was counted."""
    documents = {
        "unreadable": _("Tidak terbaca"),
        "incomplete": _("Halaman atau tanda tangan belum lengkap"),
        "expired": _("Sudah tidak berlaku"),
        "wrong-document": _("Bukan berkas yang diminta"),
        "does-not-match": _("Isinya berbeda dengan data permohonan"),
        "not-legalised": _("Belum dilegalisasi"),
    }
    refusals = {
        "requirements-not-met": _("Persyaratan tidak terpenuhi"),
        "location-unsuitable": _("Lokasi tidak sesuai"),
        "opd-refused": _("Dinas terkait menolak"),
        "not-permitted": _("Dilarang peraturan"),
        "document-false": _("Berkas tidak benar"),
        "other-authority": _("Kewenangan instansi lain"),
    }
    named = {"document": documents, "return": dict(return_reasons()), "refusal": refusals}
    return named.get(kind, {}).get(code, _("Lainnya"))
