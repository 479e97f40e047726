"""Accounts: registration, confirmation and passwords for everybody; accounts that the front office makes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import BaseModel, Field, SecretStr
from starlette.responses import JSONResponse

from api import accounts
from api.accounts import (
    CounterAccountAnswer,
    CounterAccountAsked,
    CounterChange,
    Email,
    MailSentState,
    Password,
    RegistrationAnswer,
    RegistrationAsked,
)
from api.asked import Asked
from api.dependencies import Here, may
from api.idempotency import OnlyOnce
from api.routes.sessions import client_address
from permits.authority import Act, Actor
from permits.errors import Code, RuleError

public = APIRouter(tags=["accounts"])
private = APIRouter(tags=["accounts"])

Token = Annotated[str, Field(min_length=20, max_length=200, pattern=r"^[A-Za-z0-9_-]+$")]


class TokenAsked(Asked):
    """The token of a mail."""

    token: Token


class EmailAsked(Asked):
    """Whom a mail is for."""

    email: Email


class NewPasswordAsked(TokenAsked):
    """A password by the token of a mail."""

    password: Password


class LookUpAsked(Asked):
    """A person who shows the KTP at the counter."""

    nik: SecretStr = Field(min_length=1, max_length=40)


class AccountFound(BaseModel):
    """An account that the front office may file for."""

    id: str
    name: str
    at_counter: bool
    """Made at the counter: its person cannot log in."""


FilesForOthers = Annotated[Actor, Depends(may(Act.APPLY_FOR))]


@public.post("/accounts", status_code=202)
async def register(asked: RegistrationAsked, request: Request, services: Here) -> RegistrationAnswer:
    """Registers an applicant; a mail says how it goes on. The answer never tells whether an account exists."""
    return await accounts.register(services, asked, client_address(request))


@public.post("/accounts/confirmation", status_code=204)
async def confirm(asked: TokenAsked, request: Request, services: Here) -> None:
    """Confirms the address that a mail went to; a token is good once, for 48 hours."""
    await accounts.confirm(services, asked.token, client_address(request))


@public.post("/accounts/confirmation/mail", status_code=202)
async def send_confirmation_again(asked: EmailAsked, request: Request, services: Here) -> MailSentState:
    """Sends the confirmation again, where one is wanting."""
    await accounts.send_confirmation_again(services, asked.email, client_address(request))
    return MailSentState()


@public.post("/accounts/password/mail", status_code=202)
async def send_password_link(asked: EmailAsked, request: Request, services: Here) -> MailSentState:
    """Sends a link that sets a new password, where there is an account."""
    await accounts.send_password_link(services, asked.email, client_address(request))
    return MailSentState()


@public.post("/accounts/password", status_code=204)
async def set_password(asked: NewPasswordAsked, request: Request, services: Here) -> None:
    """Sets a password by the token of a mail; all log-ins of the account end."""
    await accounts.set_password(services, asked.token, asked.password.get_secret_value(), client_address(request))


@private.post("/accounts/counter", status_code=201, response_model=CounterAccountAnswer)
async def make_at_counter(
    asked: CounterAccountAsked, officer: FilesForOthers, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """The front office makes an account for a person who shows the KTP, with or without e-mail."""

    async def write() -> CounterAccountAnswer:
        return await accounts.make_at_counter(services, asked, officer)

    # A NIK has few digits to guess, so its plain hash is never kept: the keyed one is.
    nik = services.keyring.fingerprint(asked.nik.get_secret_value())
    return await only_once.answer(asked.model_dump(mode="json") | {"nik": nik}, 201, write)


@private.post("/accounts/look-up")
async def look_up(asked: LookUpAsked, officer: FilesForOthers, services: Here) -> AccountFound:
    """The account of a person who shows the KTP; a POST, since a NIK stands in no address."""
    found = await accounts.find_by_nik(services, asked.nik.get_secret_value())
    if found is None:
        raise RuleError(Code.PERSON_NOT_FOUND)
    accounts.log.info("an account was looked up", extra={"account_id": found.id, "officer_id": officer.id})
    return AccountFound(id=found.id, name=found.name, at_counter=found.at_counter)


@private.patch("/accounts/{account_id}", response_model=AccountFound)
async def change_at_counter(
    account_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")],
    asked: CounterChange,
    officer: FilesForOthers,
    services: Here,
    only_once: OnlyOnce,
) -> JSONResponse:
    """The front office corrects the data of a person who shows the KTP; the person is told."""

    async def write() -> AccountFound:
        row = await accounts.change_at_counter(services, account_id, asked, officer)
        return AccountFound(id=row.id, name=row.name, at_counter=row.at_counter)

    return await only_once.answer(asked, 200, write)
