"""Words of the administration that several of its pages say."""

from __future__ import annotations

from collections.abc import Iterable

from api.pages.language import gettext as _
from permits.authority import Role


def role_names(roles: Iterable[Role]) -> dict[str, str]:
    """What people call each role."""
    words = {
        Role.APPLICANT: _("Pemohon"),
        Role.FRONT_OFFICE: _("Petugas loket depan"),
        Role.BACK_OFFICE: _("Petugas bidang"),
        Role.SUB_COORDINATOR: _("Subkoordinator"),
        Role.COORDINATOR: _("Koordinator"),
        Role.HEAD_OF_DIVISION: _("Kepala bidang"),
        Role.HEAD_OF_OFFICE: _("Kepala dinas"),
        Role.TECHNICAL_TEAM: _("Tim teknis"),
        Role.OPD: _("Petugas dinas terkait"),
        Role.COMPLAINT_TEAM: _("Tim pengaduan"),
        Role.INSPECTORATE: _("Inspektorat"),
        Role.OPS: _("Operator sistem"),
        Role.SYSTEM: _("Sistem"),
    }
    return {role.value: words[role] for role in roles}


def field_names() -> dict[str, str]:
    """The fields of the back office."""
    return {
        "kesehatan": _("Kesehatan"),
        "pendidikan": _("Pendidikan"),
        "penelitian": _("Penelitian"),
        "ekonomi": _("Ekonomi dan usaha"),
    }


def who_names() -> dict[str, str]:
    """Whom a rung of a ladder tells."""
    return {
        "holder": _("Pemegang berkas"),
        "holder_head": _("Atasan pemegang berkas"),
        "front_office": _("Petugas loket depan"),
        "coordinator": _("Koordinator"),
        "head_of_office": _("Kepala dinas"),
        "inspectorate": _("Inspektorat"),
        "applicant": _("Pemohon"),
    }


def channel_names() -> dict[str, str]:
    """By which way a message goes."""
    return {
        "email": _("E-mail"),
        "whatsapp": _("WhatsApp"),
        "inbox": _("Kotak tugas"),
        "digest": _("Ringkasan harian"),
    }


def ladder_names() -> dict[str, str]:
    """What the ladders of this release are for, by their names in `permits/ladders.yaml`."""
    return {
        "desk": _("Meja di kantor"),
        "desk-today": _("Meja yang selesai pada hari yang sama"),
        "opd": _("Dinas yang dimintai rekomendasi"),
        "opd-one-day": _("Dinas dengan waktu satu hari kerja"),
        "applicant": _("Pemohon yang diminta memperbaiki"),
    }
