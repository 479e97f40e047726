"""What the leaders' pages call desks, letters and reasons. Made when asked, in the language of the request."""

from __future__ import annotations

from datetime import date, datetime

from api.pages.formatting import full_date, plain_date
from api.pages.language import gettext as _
from api.pages.words import document_reasons, refusal_reasons, return_reasons
from permits.certificates import Concern


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
    """ "Desember 2026"."""
    return plain_date(first).partition(" ")[2]


def reason_words(kind: str, code: str) -> str:
    """A coded reason that was counted: of a document, a return or a refusal."""
    named = {"document": document_reasons, "return": return_reasons, "refusal": refusal_reasons}
    known = dict(named[kind]()) if kind in named else {}
    return known.get(code, _("Lainnya"))
