"""Where a case stands, as one sentence to its applicant, and its kind: done, bad, paused, going."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api.pages.formatting import day_month
from api.pages.language import gettext as _
from api.pages.language import ngettext
from permits.application import CLOSED, ApplicationStatus
from permits.decisions import TaskKind

Kind = Literal["done", "bad", "paused", "going"]


@dataclass(frozen=True)
class Facts:
    """What the sentence is made from."""

    status: str
    product: str | None = None
    waiting_kind: str | None = None
    waiting_for: str | None = None
    since: datetime | None = None  # office time
    asked: tuple[str, ...] = ()  # kinds of the tasks that the applicant holds
    repairs: int = 0  # documents that are asked for again


@dataclass(frozen=True)
class Standing:
    """The sentence and its kind."""

    kind: Kind
    sentence: str


def standing(facts: Facts) -> Standing:
    """Where the case stands."""
    if facts.status == ApplicationStatus.DRAFT:
        return Standing("going", _("Belum diajukan. Lanjutkan kapan saja; yang sudah Anda isi tersimpan."))
    if facts.status in CLOSED:
        return _ended(facts)
    return _asked(facts) or _on_its_way(facts)


def _ended(facts: Facts) -> Standing:
    match facts.status:
        case ApplicationStatus.REJECTED:
            return Standing("bad", _("Permohonan Anda ditolak. Surat penolakan memuat alasannya."))
        case ApplicationStatus.WITHDRAWN:
            return Standing("bad", _("Permohonan ini sudah ditarik."))
        case ApplicationStatus.LAPSED:
            return Standing("bad", _("Kami tutup karena perbaikan atau pembayarannya tidak pernah kami terima."))
    match facts.product:
        case "revocation":
            return Standing("bad", _("Izin Anda dicabut. Surat pencabutan memuat alasannya."))
        case "replacement":
            return Standing("done", _("Surat izin pengganti Anda sudah terbit."))
        case "extension":
            return Standing("done", _("Masa berlaku izin Anda sudah diperpanjang."))
        case _:
            return Standing("done", _("Izin Anda sudah terbit dan ditandatangani secara elektronik."))


def _asked(facts: Facts) -> Standing | None:
    if TaskKind.REPAIR in facts.asked:
        sentence = ngettext(
            "Satu berkas perlu Anda perbaiki.", "%(num)s berkas perlu Anda perbaiki.", max(1, facts.repairs)
        ) % {"num": max(1, facts.repairs)}
        return Standing("paused", sentence)
    if TaskKind.PAYMENT in facts.asked:
        return Standing("paused", _("Menunggu pembayaran retribusi dari Anda."))
    if TaskKind.CLARIFICATION in facts.asked:
        return Standing("paused", _("Dinas terkait bertanya kepada Anda."))
    return None


def _on_its_way(facts: Facts) -> Standing:
    since = {"holder": facts.waiting_for, "day": day_month(facts.since) if facts.since else ""}
    if facts.status == ApplicationStatus.IN_DELIVERY and facts.waiting_kind == "engine":
        return Standing("done", _("Surat Anda sudah terbit dan sedang dikirim %(holder)s.") % since)
    if facts.status == ApplicationStatus.IN_DELIVERY:
        return Standing("done", _("Surat Anda sudah terbit; loket kami menyiapkan penyerahannya."))
    if facts.waiting_kind == "opd" and not facts.since:
        return Standing("going", _("Menunggu rekomendasi %(holder)s.") % since)
    if facts.waiting_kind == "desk" and not facts.since:
        return Standing("going", _("Sedang dikerjakan %(holder)s.") % since)
    if facts.waiting_kind == "opd":
        return Standing("going", _("Menunggu rekomendasi %(holder)s sejak %(day)s.") % since)
    if facts.waiting_kind == "desk":
        return Standing("going", _("Sedang dikerjakan %(holder)s sejak %(day)s.") % since)
    if facts.waiting_kind == "applicant":
        return Standing("paused", _("Menunggu Anda."))
    return Standing("going", _("Permohonan Anda sudah kami terima."))
