"""Words of the administration that several of its pages say."""

from __future__ import annotations

from api.pages.language import gettext as _


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


def ladder_names() -> dict[str, str]:
    """What the ladders of this release are for, by their names in `permits/ladders.yaml`."""
    return {
        "desk": _("Meja di kantor"),
        "desk-today": _("Meja yang selesai pada hari yang sama"),
        "opd": _("Dinas yang dimintai rekomendasi"),
        "opd-one-day": _("Dinas dengan waktu satu hari kerja"),
        "applicant": _("Pemohon yang diminta memperbaiki"),
    }
