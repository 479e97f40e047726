"""What several rooms of pages call the same things: desks, stages, reasons, letters. In the language of the request.

The words of events and letters are the sentences of `web/sentences`; here are those of forms and lists alone.
"""

from __future__ import annotations

from collections.abc import Iterable

from api.pages.language import gettext as _
from permits.authority import Role

Options = list[tuple[str, str]]
"""(value, words) of a choice."""
FIELDS = ("kesehatan", "pendidikan", "penelitian", "ekonomi")
"""The fields of the back office."""


def role_words(role: str) -> str:
    """Who works at a desk."""
    return {
        Role.APPLICANT: _("Pemohon"),
        Role.FRONT_OFFICE: _("Petugas depan"),
        Role.BACK_OFFICE: _("Petugas bidang"),
        Role.SUB_COORDINATOR: _("Subkoordinator"),
        Role.COORDINATOR: _("Koordinator"),
        Role.HEAD_OF_DIVISION: _("Kepala bidang"),
        Role.HEAD_OF_OFFICE: _("Kepala dinas"),
        Role.TECHNICAL_TEAM: _("Tim teknis"),
        Role.OPD: _("Dinas terkait"),
        Role.COMPLAINT_TEAM: _("Tim pengaduan"),
        Role.INSPECTORATE: _("Inspektorat"),
        Role.OPS: _("Pengelola sistem"),
        Role.SYSTEM: _("Sistem"),
    }[Role(role)]


def role_names(roles: Iterable[Role]) -> dict[str, str]:
    """These roles with their words."""
    return {role.value: role_words(role) for role in roles}


def field_words(field: str) -> str:
    """A field of the back office."""
    return {
        "kesehatan": _("Kesehatan"),
        "pendidikan": _("Pendidikan"),
        "penelitian": _("Penelitian"),
        "industri": _("Industri"),
        "ekonomi": _("Ekonomi dan usaha"),
    }.get(field, field.capitalize())


def field_names() -> dict[str, str]:
    """The fields with their words."""
    return {field: field_words(field) for field in FIELDS}


def desk_words(role: str, field: str | None) -> str:
    """A desk by its role, of a back office with its field: "Petugas bidang kesehatan"."""
    if field and role == Role.BACK_OFFICE:
        return _("Petugas bidang %(field)s") % {"field": field_words(field).lower()}
    return role_words(role)


def document_reasons() -> Options:
    """Why a document is asked for again."""
    return [
        ("unreadable", _("Tidak terbaca")),
        ("incomplete", _("Halaman atau tanda tangan belum lengkap")),
        ("expired", _("Sudah tidak berlaku")),
        ("wrong-document", _("Bukan berkas yang diminta")),
        ("does-not-match", _("Isinya berbeda dengan data permohonan")),
        ("not-legalised", _("Belum dilegalisasi")),
        ("other", _("Lainnya")),
    ]


def return_reasons() -> Options:
    """Why a case goes back to an earlier desk."""
    return [
        ("wrong-data", _("Ada data yang keliru")),
        ("wrong-legal-basis", _("Dasar hukumnya keliru")),
        ("conditions-incomplete", _("Ketentuannya belum lengkap")),
        ("wrong-form", _("Bentuk suratnya perlu diperbaiki")),
        ("study-incomplete", _("Penelitiannya belum lengkap")),
        ("opd-missing", _("Rekomendasi dinas terkait masih diperlukan")),
        ("other", _("Lainnya")),
    ]


def refusal_reasons() -> Options:
    """Why the product will be a rejection."""
    return [
        ("requirements-not-met", _("Persyaratan tidak terpenuhi")),
        ("location-unsuitable", _("Lokasi tidak sesuai")),
        ("opd-refused", _("Dinas terkait menolak")),
        ("not-permitted", _("Dilarang peraturan")),
        ("document-false", _("Berkas tidak benar")),
        ("other-authority", _("Kewenangan instansi lain")),
        ("other", _("Lainnya")),
    ]


def stage_words(stage: str) -> str:
    """The desk that a case can be sent back to."""
    return {
        "verification": _("Pemeriksaan berkas"),
        "assessment": _("Penelitian berkas"),
        "inspection": _("Pemeriksaan lapangan"),
        "meeting": _("Rapat teknis"),
        "recommendation": _("Rekomendasi dinas terkait"),
        "drafting": _("Penyusunan surat"),
    }.get(stage, stage)


def variant_words(variant: str) -> str:
    """New, renewal or change."""
    return {"new": _("Izin baru"), "renewal": _("Perpanjangan"), "change": _("Perubahan")}.get(variant, variant)


def letter_words(purpose: str) -> str:
    """What a letter is for."""
    named = {
        "permit": _("Surat izin"),
        "rejection": _("Surat penolakan"),
        "skrd": _("Surat ketetapan retribusi"),
        "revocation": _("Surat pencabutan"),
        "replacement": _("Surat izin pengganti"),
        "extension": _("Surat perpanjangan"),
    }
    if purpose in named:
        return named[purpose]
    if purpose.startswith("opd-request-"):
        return _("Surat permintaan rekomendasi")
    if purpose.startswith("opd-answer-"):
        return _("Surat rekomendasi")
    return _("Berita acara") if purpose.startswith("minutes") else purpose


def carrier_names() -> dict[str, str]:
    """By which way the system tells somebody (permits.escalation.Channel)."""
    return {
        "email": _("E-mail"),
        "whatsapp": _("WhatsApp"),
        "inbox": _("Kotak tugas"),
        "digest": _("Ringkasan harian"),
    }
