"""Registration, confirmation and passwords: what strangers ask for is answered alike, whoever has an account.

Whether an address or a NIK is taken stands in a mail to the one it concerns, never in an answer. A NIK that belongs to
an account in use makes no second one: its owner is told, and who registered is asked to the counter with the KTP.
"""

from __future__ import annotations

import logging
import uuid
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr, StringConstraints

from api.acting import check_other_person
from api.asked import Asked
from api.mailing import token_hash
from api.passwords import UNUSABLE, check_fit
from api.problems import ApiCode, Problem
from api.services import Services
from permits.authority import Actor, Role
from permits.errors import Code, RuleError
from permits.nik import NikWarning, clean_nik, nik_warnings, read_nik
from store.errors import EmailTaken, NikTaken
from store.records import COUNTER_DOMAIN, NewAccount
from store.tables import AccountRow

log = logging.getLogger("sakpore.api")

EARLIEST_BIRTH = date(1900, 1, 1)


def _email(text: str) -> str:
    name, at, host = text.strip().rpartition("@")
    plain = name.isprintable() and host.isascii() and not any(char.isspace() for char in name + host)
    if not at or not name or not plain or "." not in host.strip(".") or text.strip().lower().endswith(COUNTER_DOMAIN):
        raise ValueError("an e-mail address looks like nama@contoh.id")
    return text.strip().lower()


Email = Annotated[str, Field(min_length=3, max_length=320), AfterValidator(_email)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^\+?[0-9][0-9 -]{7,19}$")]
PersonName = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]
Place = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]
Address = Annotated[str, StringConstraints(strip_whitespace=True, min_length=5, max_length=500)]
Password = Annotated[SecretStr, Field(min_length=1, max_length=1024)]


class IdentityAsked(Asked):
    """A person as on the KTP."""

    name: PersonName
    nik: SecretStr = Field(min_length=1, max_length=40)
    birth_place: Place
    birth_date: date
    address: Address
    phone: Phone | None = None


class RegistrationAsked(IdentityAsked):
    """An account that somebody makes for itself."""

    phone: Phone
    email: Email
    password: Password


class CounterAccountAsked(IdentityAsked):
    """An account that the front office makes for a person who shows the KTP; without e-mail, nothing is ever mailed."""

    email: Email | None = None


class CounterChange(Asked):
    """What the front office changes for a person who shows the KTP; what is left out stays."""

    name: PersonName | None = None
    birth_place: Place | None = None
    birth_date: date | None = None
    address: Address | None = None
    phone: Phone | None = None
    email: Email | None = None
    """For an account of the counter alone: its person gets a log-in by mail."""


class MailSentState(BaseModel):
    """The same answer, whoever has an account."""

    state: Literal["mail-sent"] = "mail-sent"


class RegistrationAnswer(BaseModel):
    """The same answer for every registration of good form."""

    state: Literal["mail-sent"] = "mail-sent"
    warnings: list[NikWarning]
    """What to look at again; nothing of it is a refusal."""
    population_register: str
    """Who compared the NIK, in words."""


class CounterAccountAnswer(BaseModel):
    """A counter account."""

    id: str
    name: str
    warnings: list[NikWarning]
    population_register: str


class _Identity(BaseModel):
    nik: str
    warnings: list[NikWarning]
    source: str


async def register(services: Services, asked: RegistrationAsked, address: str) -> RegistrationAnswer:
    """Registers. Raises RuleError(nik-invalid, field-invalid), Problem(guessable-password, too-many-attempts)."""
    now = services.now()
    await services.attempts.ask(address, now)
    identity = await _identity(services, asked)
    password = asked.password.get_secret_value()
    check_fit(password, asked.name, asked.email, identity.nik)
    password_hash = await services.passwords.make(password)
    if await services.attempts.may_mail(asked.email, now):
        account = _account(services, asked, identity, asked.email, password_hash)
        outcome = await services.records.register_account(account)
        await _tell(services, account, outcome)
        log.info("somebody registered", extra={"outcome": outcome})
    return RegistrationAnswer(warnings=identity.warnings, population_register=identity.source)


async def make_at_counter(services: Services, asked: CounterAccountAsked, officer: Actor) -> CounterAccountAnswer:
    """The front office makes an account.

    Raises RuleError(nik-invalid, nik-taken, field-invalid), Problem(email-taken).
    """
    identity = await _identity(services, asked)
    account = _account(services, asked, identity, asked.email, UNUSABLE).model_copy(
        update={"at_counter": True, "made_by": officer.id}
    )
    match await services.records.register_account(account):
        case "nik-taken":
            raise RuleError(Code.NIK_TAKEN)
        case "email-taken":
            raise Problem(ApiCode.EMAIL_TAKEN)
    made = await services.records.account(account.id)
    if made is not None and asked.email is not None:
        await services.mailing.send_token(made, "password", "account-invited", services.now())
    log.info("an account was made at the counter", extra={"account_id": account.id, "officer_id": officer.id})
    return CounterAccountAnswer(
        id=account.id, name=account.name, warnings=identity.warnings, population_register=identity.source
    )


async def change_at_counter(services: Services, account_id: str, asked: CounterChange, officer: Actor) -> AccountRow:
    """The front office corrects an applicant's account; an address that its person uses is that person's to change.

    Raises RuleError(person-not-found, own-application, not-allowed), Problem(email-taken).
    """
    await check_other_person(services, officer, account_id)
    account = await services.records.account(account_id)
    if account is None or account.role != Role.APPLICANT or not account.active:
        raise RuleError(Code.PERSON_NOT_FOUND)
    if asked.email is not None and not account.at_counter:
        raise RuleError(Code.NOT_ALLOWED)
    changes = asked.model_dump(exclude_none=True)
    try:
        changed = await services.records.change_account(account_id, **changes)
    except EmailTaken:
        raise Problem(ApiCode.EMAIL_TAKEN) from None
    if asked.email is not None:
        await services.mailing.send_token(changed, "password", "account-invited", services.now())
    elif account.email_confirmed_at is not None:
        await services.mailing.send(account.email, "account-changed", services.now(), name=account.name)
    log.info(
        "an account was changed at the counter",
        extra={"account_id": account_id, "officer_id": officer.id, "fields": sorted(changes)},
    )
    return changed


async def confirm(services: Services, token: str, address: str) -> None:
    """Confirms an address. Raises Problem(link-invalid, too-many-attempts), RuleError(nik-taken)."""
    now = services.now()
    try:
        account = await services.records.confirm_by_token(token_hash(token), now)
    except NikTaken:
        # The token came from that person's own mail, so this tells it nothing about others.
        raise RuleError(Code.NIK_TAKEN) from None
    if account is None:
        await services.attempts.ask(address, now)
        raise Problem(ApiCode.LINK_INVALID)
    log.info("an e-mail address was confirmed", extra={"account_id": account.id})


async def send_confirmation_again(services: Services, email: str, address: str) -> None:
    """Mails a new confirmation where one is wanting; silence otherwise. Raises Problem(too-many-attempts)."""
    now = services.now()
    await services.attempts.ask(address, now)
    account = await services.records.account_by_email(email)
    wanted = await services.attempts.may_mail(email, now)
    if wanted and account is not None and account.active and account.email_confirmed_at is None:
        if account.role == Role.APPLICANT and not account.at_counter:
            await services.mailing.send_token(account, "confirm", "account-confirm", now)
        else:
            await services.mailing.send_token(account, "password", "account-invited", now)


async def send_password_link(services: Services, email: str, address: str) -> None:
    """Mails a link that sets a password, where there is an account. Raises Problem(too-many-attempts)."""
    now = services.now()
    await services.attempts.ask(address, now)
    account = await services.records.account_by_email(email)
    if await services.attempts.may_mail(email, now) and account is not None and account.active:
        await services.mailing.send_token(account, "password", "account-password", now)


async def set_password(services: Services, token: str, password: str, address: str) -> None:
    """Sets a password by a mailed token; all log-ins end.

    Raises Problem(link-invalid, guessable-password, too-many-attempts), RuleError(nik-taken).
    """
    now = services.now()
    owner = await services.records.token_is_good(token_hash(token), now)
    if owner is None:
        await services.attempts.ask(address, now)
        raise Problem(ApiCode.LINK_INVALID)
    check_fit(password, owner.name, owner.email)
    password_hash = await services.passwords.make(password)
    try:
        account = await services.records.set_password_by_token(token_hash(token), password_hash, now)
    except NikTaken:
        raise RuleError(Code.NIK_TAKEN) from None
    if account is None:
        raise Problem(ApiCode.LINK_INVALID)
    await services.mailing.send(account.email, "account-password-changed", now, name=account.name)
    log.info("a password was set by mail", extra={"account_id": account.id})


async def find_by_nik(services: Services, nik: str) -> AccountRow | None:
    """The applicant's account in use with this NIK. Raises RuleError(nik-invalid)."""
    read_nik(nik)
    return await services.records.account_by_nik(services.keyring.fingerprint(clean_nik(nik)))


async def _identity(services: Services, asked: IdentityAsked) -> _Identity:
    nik = clean_nik(asked.nik.get_secret_value())
    read = read_nik(nik)
    if not EARLIEST_BIRTH <= asked.birth_date <= await services.office_today():
        raise RuleError(Code.FIELD_INVALID, fields=["birth_date"])
    warnings = list(nik_warnings(read, asked.birth_date))
    answer = await services.population.match(nik, asked.name, asked.birth_date)
    if answer.state == "differs":
        warnings.append(NikWarning.NOT_CONFIRMED)
    return _Identity(nik=nik, warnings=warnings, source=answer.source)


def _account(
    services: Services, asked: IdentityAsked, identity: _Identity, email: str | None, password_hash: str
) -> NewAccount:
    account_id = str(uuid.uuid4())
    return NewAccount(
        id=account_id,
        email=email or f"{account_id}{COUNTER_DOMAIN}",
        name=asked.name,
        password_hash=password_hash,
        role=Role.APPLICANT,
        phone=asked.phone,
        address=asked.address,
        birth_place=asked.birth_place,
        birth_date=asked.birth_date,
        nik_sealed=services.keyring.seal(identity.nik.encode(), f"nik:{account_id}".encode()),
        nik_fingerprint=services.keyring.fingerprint(identity.nik),
        nik_warnings=tuple(identity.warnings),
        created_at=services.now(),
    )


async def _tell(services: Services, account: NewAccount, outcome: str) -> None:
    now = services.now()
    if outcome == "made":
        made = await services.records.account(account.id)
        if made is not None:
            await services.mailing.send_token(made, "confirm", "account-confirm", now)
    elif outcome == "email-taken":
        await services.mailing.send(account.email, "account-known", now)
    else:
        await services.mailing.send(account.email, "account-nik-known", now)
        owner = await services.records.account_by_nik(account.nik_fingerprint or "")
        if owner is not None:
            await services.mailing.send(owner.email, "account-nik-tried", now, name=owner.name)
