"""Who works here: officers, mandates of acting heads, lent desks. The rules are `permits.staffing`'s."""

from __future__ import annotations

import logging
import uuid
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, SecretStr, StringConstraints

from api.accounts import Email, PersonName, Phone
from api.asked import Asked, Sha256
from api.dependencies import allow
from api.passwords import UNUSABLE
from api.problems import ApiCode, Problem
from api.services import Services
from permits.authority import Act, Actor, Role
from permits.errors import Code, RuleError
from permits.nik import clean_nik, read_nik
from permits.staffing import (
    Capacity,
    check_delegation_period,
    check_desk,
    check_lent,
    check_mandate_period,
    check_mandated,
)
from store.crypto import signer_context
from store.errors import EmailTaken
from store.records import Departure, Mandate, NewAccount, NewDelegation, actor_of
from store.tables import AccountRow, DelegationRow, MandateRow

log = logging.getLogger("sakpore.api")

Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
DeskName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_-]{2,40}$")]


class OfficerAsked(Asked):
    """A new officer."""

    name: PersonName
    email: Email
    role: Role
    field: DeskName | None = None
    """Back office: what it works in; None: everything."""
    opd: DeskName | None = None
    """Agency officers: the agency."""
    is_head: bool = False
    """Agency officers: the agency's head, who is told when it stays silent."""
    title: Line | None = None
    rank: Line | None = None
    nip: Line | None = None
    phone: Phone | None = None
    nik: SecretStr | None = Field(default=None, max_length=40)
    """So that nobody decides on an own application under another account."""


class OfficerChange(Asked):
    """What changes; what is left out stays. A new role replaces field, agency and head as well."""

    name: PersonName | None = None
    role: Role | None = None
    field: DeskName | None = None
    opd: DeskName | None = None
    is_head: bool | None = None
    title: Line | None = None
    rank: Line | None = None
    nip: Line | None = None
    phone: Phone | None = None
    signer_id: SecretStr | None = Field(default=None, min_length=1, max_length=200)
    """Who the officer is with the signing provider, where that is not the NIK or our own id; never shown again."""


class OfficerView(BaseModel):
    """An officer, as those who manage people see it."""

    id: str
    name: str
    email: str
    role: str
    field: str | None
    opd: str | None
    is_head: bool
    title: str | None
    rank: str | None
    nip: str | None
    phone: str | None
    active: bool
    email_confirmed_at: datetime | None
    """None: the first log-in is still to come."""
    deactivated_at: datetime | None
    created_at: datetime


class MandateAsked(Asked):
    """A mandate to sign."""

    account_id: str = Field(min_length=1, max_length=64)
    capacity: Capacity
    certificate_sha256: Sha256
    """Of the officer's own signing certificate."""
    valid_from: date
    valid_until: date | None = None
    """Last day; an acting head's mandate has one."""
    decree: Line
    """Number of the decree that gives it."""


class MandateView(BaseModel):
    """A mandate with what became of it."""

    id: str
    account_id: str
    capacity: str
    opd: str | None
    """The agency, of an officer who signs its recommendations."""
    certificate_sha256: str
    valid_from: date
    valid_until: date | None
    decree: str
    given_by: str | None
    revoked_at: datetime | None


class DelegationAsked(Asked):
    """One's own desk, lent to a colleague."""

    to_id: str = Field(min_length=1, max_length=64)
    valid_from: date
    valid_until: date
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=3, max_length=500)]


class DelegationView(BaseModel):
    """A lent desk."""

    id: str
    from_id: str
    to_id: str
    valid_from: date
    valid_until: date
    reason: str
    given_at: datetime
    revoked_at: datetime | None


async def add_officer(services: Services, asked: OfficerAsked, by: Actor) -> OfficerView:
    """Makes an officer's account and mails the link of its first log-in.

    Raises RuleError(field-invalid, nik-invalid), Problem(email-taken).
    """
    check_desk(asked.role, asked.field, asked.opd, asked.is_head)
    now = services.now()
    account_id = str(uuid.uuid4())
    account = NewAccount(
        id=account_id,
        password_hash=UNUSABLE,
        created_at=now,
        made_by=by.id,
        **asked.model_dump(exclude={"nik"}),
        **_nik(services, account_id, asked.nik),
    )
    try:
        row = await services.records.create_account(account)
    except EmailTaken:
        raise Problem(ApiCode.EMAIL_TAKEN) from None
    await services.mailing.send_token(row, "password", "account-invited", now)
    log.info("an officer was added", extra={"account_id": row.id, "role": row.role, "by": by.id})
    return officer_view(row)


async def change_officer(services: Services, account_id: str, asked: OfficerChange, by: Actor) -> OfficerView:
    """Raises RuleError: person-not-found, field-invalid, not-allowed for one's own role."""
    row = await officer(services, account_id)
    changes = asked.model_dump(exclude_none=True)
    if (signer_id := changes.pop("signer_id", None)) is not None:
        changes["signer_id_sealed"] = services.keyring.seal(
            signer_id.get_secret_value().strip().encode(), signer_context(account_id)
        )
    if asked.role is not None:
        if row.id == by.id and asked.role != row.role:
            # An office without anybody who manages people could not be mended from inside.
            raise RuleError(Code.NOT_ALLOWED)
        changes = {"field": None, "opd": None, "is_head": False, **changes}
    desk = {"role": row.role, "field": row.field, "opd": row.opd, "is_head": row.is_head} | changes
    check_desk(Role(desk["role"]), desk["field"], desk["opd"], desk["is_head"])
    if asked.role is not None:
        changes["role"] = asked.role.value
    log.info("an officer was changed", extra={"account_id": account_id, "fields": sorted(changes), "by": by.id})
    return officer_view(await services.records.change_account(account_id, **changes))


async def deactivate_officer(services: Services, account_id: str, by: Actor) -> Departure:
    """The officer leaves: log-ins end at once, and what is left behind is said.

    Tasks that were assigned stay so until somebody else gets them (Act.ASSIGN, Act.TAKE_OVER); the desk itself never
    loses them. Raises RuleError: person-not-found, not-allowed for oneself.
    """
    row = await officer(services, account_id)
    if row.id == by.id:
        raise RuleError(Code.NOT_ALLOWED)
    departure = await services.records.deactivate(account_id, services.now())
    log.info("an officer was deactivated", extra={"account_id": account_id, "by": by.id})
    return departure


async def officer(services: Services, account_id: str) -> AccountRow:
    """An officer's account. Raises RuleError(person-not-found), also for an applicant."""
    row = await services.records.account(account_id)
    if row is None or row.role == Role.APPLICANT:
        raise RuleError(Code.PERSON_NOT_FOUND)
    return row


async def give_mandate(services: Services, asked: MandateAsked, mandate_id: str, by: Actor) -> MandateView:
    """Raises RuleError: person-not-found, person-unfit, period-invalid, mandate-overlaps."""
    check_mandate_period(asked.capacity, asked.valid_from, asked.valid_until, await services.office_today())
    person = await _active(services, asked.account_id)
    check_mandated(person, asked.capacity)
    if person.id == by.id:
        raise RuleError(Code.NOT_ALLOWED)
    others = [one for one in await services.records.mandates() if one.account_id != person.id]
    sealing = await services.records.seal_certificates()
    if asked.certificate_sha256 in sealing or any(
        one.certificate_sha256 == asked.certificate_sha256 for one in others
    ):
        # Nothing that is signed with the own key would be valid under somebody else's certificate.
        raise RuleError(Code.PERSON_UNFIT)
    opd = person.opd if asked.capacity == "opd" else None
    mandate = Mandate(id=mandate_id, given_by=by.id, opd=opd, **asked.model_dump())
    row = await services.records.give_mandate(mandate)
    log.info("a mandate was given", extra={"mandate_id": row.id, "account_id": person.id, "by": by.id})
    return mandate_view(row)


async def revoke_mandate(services: Services, mandate_id: str, by: Actor) -> MandateView:
    """Ends a mandate at once. Raises Problem(not-found)."""
    row = await services.records.revoke_mandate(mandate_id, services.now())
    if row is None:
        raise Problem(ApiCode.NOT_FOUND)
    log.info("a mandate was revoked", extra={"mandate_id": mandate_id, "by": by.id})
    return mandate_view(row)


async def lend_desk(services: Services, asked: DelegationAsked, delegation_id: str, by: Actor) -> DelegationView:
    """Lends one's own desk. Raises RuleError: person-not-found, person-unfit, period-invalid, not-allowed."""
    check_delegation_period(asked.valid_from, asked.valid_until, await services.office_today())
    lender = await _active(services, by.id)
    allow(lender, Act.DELEGATE)  # one's own desk: what was lent cannot be lent on
    check_lent(lender, await _active(services, asked.to_id))
    row = await services.records.lend_desk(
        NewDelegation(
            id=delegation_id, from_id=by.id, given_by=by.id, given_at=services.now(), **asked.model_dump()
        )
    )
    return delegation_view(row)


async def end_delegation(services: Services, delegation_id: str, by: Actor) -> None:
    """The lender takes the desk back, or the colleague gives it back. Raises Problem(not-found)."""
    row = await services.records.delegation(delegation_id)
    if row is None or by.id not in (row.from_id, row.to_id):
        raise Problem(ApiCode.NOT_FOUND)
    await services.records.end_delegation(delegation_id, services.now())


def _nik(services: Services, account_id: str, asked: SecretStr | None) -> dict[str, Any]:
    if asked is None:
        return {}
    nik = clean_nik(asked.get_secret_value())
    read_nik(nik)
    return {
        "nik_sealed": services.keyring.seal(nik.encode(), f"nik:{account_id}".encode()),
        "nik_fingerprint": services.keyring.fingerprint(nik),
    }


async def _active(services: Services, account_id: str) -> Actor:
    row = await officer(services, account_id)
    if not row.active:
        raise RuleError(Code.PERSON_UNFIT)
    return actor_of(row)


def officer_view(row: AccountRow) -> OfficerView:
    """An officer, as those who manage people see it."""
    return OfficerView.model_validate(row.model_dump(include=set(OfficerView.model_fields)))


def mandate_view(row: MandateRow) -> MandateView:
    """A mandate with what became of it."""
    return MandateView.model_validate(row.model_dump(include=set(MandateView.model_fields)))


def delegation_view(row: DelegationRow) -> DelegationView:
    """A lent desk."""
    return DelegationView.model_validate(row.model_dump(include=set(DelegationView.model_fields)))
