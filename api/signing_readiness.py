"""Whether a person can sign now, as the signing worker last heard from the provider; said before any passphrase."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel

from api.pages.formatting import full_date
from api.pages.language import gettext as _
from api.problems import ApiCode, Problem
from api.services import Services
from permits.authority import Actor, Role
from permits.certificates import STOPS, Concern, certificate_concern
from store.records import Mandate


class Readiness(BaseModel):
    """Whether the asker can sign, and until when."""

    may_sign: bool
    concern: str | None
    """expiring, expired, revoked, not_registered, not_mandated, no_mandate; None: nothing that we know of."""
    sentence: str | None
    """What is wrong and what to do."""
    certificate_sha256: str | None
    valid_until: datetime | None
    """End of the certificate, where the provider shows it."""
    known_at: datetime | None
    """When the provider last said so; None: it has not been asked, or does not say."""
    capacity: str | None
    """definitive, plh or plt: of the mandate in force today."""
    mandate_until: date | None


async def readiness(services: Services, actor: Actor) -> Readiness:
    """How it stands with the asker's certificate and mandate today."""
    mandate = await _mandate(services, actor)
    kept = await services.records.standing_of(actor.id)
    concern = await _concern(services, actor)
    no_mandate = mandate is None
    sentence = _sentence(concern, kept.valid_until if kept else None) if concern else None
    return Readiness(
        may_sign=not no_mandate and concern not in STOPS,
        concern="no_mandate" if no_mandate else concern.value if concern else None,
        sentence=f"{_no_mandate()}." if no_mandate else f"{sentence[:1].upper()}{sentence[1:]}." if sentence else None,
        certificate_sha256=kept.certificate_sha256 if kept else None,
        valid_until=kept.valid_until if kept else None,
        known_at=kept.known_at if kept else None,
        capacity=mandate.capacity if mandate else None,
        mandate_until=mandate.valid_until if mandate else None,
    )


async def check_certificate(services: Services, actor: Actor) -> None:
    """Refuses before a consent is sealed. Raises Problem(certificate-not-usable)."""
    concern = await _concern(services, actor)
    if concern in STOPS:
        kept = await services.records.standing_of(actor.id)
        raise Problem(ApiCode.CERTIFICATE_NOT_USABLE, reason=_sentence(concern, kept.valid_until if kept else None))


async def _concern(services: Services, actor: Actor) -> Concern | None:
    kept = await services.records.standing_of(actor.id)
    if kept is None:
        return None
    mandate = await _mandate(services, actor)
    mandated = mandate.certificate_sha256 if mandate else None
    return certificate_concern(kept.standing, kept.certificate_sha256, kept.valid_until, mandated, services.now())


async def _mandate(services: Services, actor: Actor) -> Mandate | None:
    """Of the head or an acting one; of an agency's officer, to sign its recommendations."""
    today = await services.office_today()
    if actor.role is Role.OPD:
        return await services.records.agency_mandate_for(actor.id, today, actor.opd or "")
    return await services.records.mandate_for(actor.id, today)


def _sentence(concern: Concern, valid_until: datetime | None) -> str:
    day = full_date(valid_until.date()) if valid_until else None
    match concern:
        case Concern.EXPIRING:
            words = _("sertifikat Anda berakhir %(until)s; perbarui sebelum tanggal itu")
        case Concern.EXPIRED if day:
            words = _("sertifikat Anda sudah kedaluwarsa sejak %(until)s; perbarui pada penerbitnya")
        case Concern.EXPIRED:
            words = _("sertifikat Anda sudah kedaluwarsa; perbarui pada penerbitnya")
        case Concern.REVOKED:
            words = _("sertifikat Anda sudah dicabut; urus sertifikat baru pada penerbitnya")
        case Concern.NOT_REGISTERED:
            words = _("Anda belum terdaftar pada penyedia tanda tangan; hubungi petugas sistem")
        case Concern.NOT_MANDATED:
            words = _("sertifikat Anda pada penyedia bukan yang disebut dalam mandat; minta mandatnya diperbarui")
    return words % {"until": day or _("sebentar lagi")}


def _no_mandate() -> str:
    return _("Anda belum mempunyai mandat menandatangani untuk hari ini")
