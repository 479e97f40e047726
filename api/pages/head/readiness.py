"""Whether somebody can sign now, and in whose name: said before a passphrase is typed."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from api.pages.formatting import full_date
from api.pages.head.words import capacity_words, concern_words
from api.pages.language import gettext as _
from api.proofs import party
from api.services import Services
from api.signing_readiness import readiness
from permits.authority import Actor, Role
from signing.port import ProviderKind

SENDS_CODES = frozenset({ProviderKind.BSRE_V2, ProviderKind.CSC_V1, ProviderKind.CSC_V2})
"""Providers that may send their officer a code of their own in the passphrase's place."""


class ReadyView(BaseModel):
    """How it stands with the asker's certificate, mandate and proofs."""

    model_config = ConfigDict(frozen=True)

    signs_as: str
    """In which capacity, in whose place, until when."""
    acting: bool
    concern: str
    """What is wrong and what to do; empty where nothing is."""
    may_sign: bool
    """Whether certificate and mandate allow it."""
    has_passkey: bool
    passkey_from: datetime | None
    """When a passkey that still waits may sign."""
    has_code: bool
    sends_codes: bool

    @property
    def can_prove(self) -> bool:
        """Whether there is a way to show at the moment of signing that it is the officer."""
        return self.has_passkey or self.has_code


async def ready_view(services: Services, actor: Actor) -> ReadyView:
    """How it stands today."""
    found = await readiness(services, actor)
    account = await services.records.account(actor.id)
    host = party(services).id
    passkeys = [row for row in await services.records.passkeys_of(actor.id) if row.rp_id == host]
    usable = any(row.usable_from <= services.now() for row in passkeys)
    return ReadyView(
        signs_as=signs_as(found.capacity, await in_place_of(services, actor), found.mandate_until),
        acting=found.capacity in ("plh", "plt"),
        concern=concern_words(found.concern, found.valid_until) if found.concern else "",
        may_sign=found.may_sign,
        has_passkey=usable,
        passkey_from=None if usable or not passkeys else min(row.usable_from for row in passkeys),
        has_code=account is not None and account.totp_sealed is not None,
        sends_codes=services.settings.signing_provider in SENDS_CODES,
    )


async def in_place_of(services: Services, actor: Actor) -> str | None:
    """Whose place an acting head takes, by name."""
    capacities = await services.capacities(actor)
    return next((one.on_behalf_of for one in capacities if one.role is Role.HEAD_OF_OFFICE and one.on_behalf_of), None)


def signs_as(capacity: str | None, head: str | None, until: date | None) -> str:
    """"Anda menandatangani sebagai Plh. kepala dinas, menggantikan ..., sampai ..."."""
    if capacity is None:
        return ""
    named = capacity_words(capacity)
    if capacity in ("plh", "plt") and head and until:
        words = _("Anda menandatangani sebagai %(capacity)s, menggantikan %(head)s, sampai %(until)s.")
        return words % {"capacity": named, "head": head, "until": full_date(until)}
    if capacity == "opd":
        return _("Anda menandatangani rekomendasi atas nama dinas Anda.")
    return _("Anda menandatangani sebagai %(capacity)s.") % {"capacity": named}
