"""One's own passkeys. Letting one in or removing one takes the password and another proof; both are told by mail."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel

from api import passkeys
from api.dependencies import Here, may
from api.own_account import check_password, own_account_row
from api.passkeys import (
    ConsentByOlderAsked,
    Options,
    PasskeyAsked,
    PasskeyNamed,
    PasskeyShown,
    RemovalAsked,
    Wish,
)
from permits.authority import Act, Actor

private = APIRouter(tags=["passkeys"])

Officer = Annotated[Actor, Depends(may(Act.HOLD_PASSKEY))]
PasskeyId = Annotated[str, Path(pattern=r"^[0-9a-zA-Z_-]{1,64}$")]


class PasskeyList(BaseModel):
    """One's passkeys, the oldest first."""

    items: list[PasskeyShown]


@private.get("/me/passkeys")
async def list_passkeys(officer: Officer, services: Here) -> PasskeyList:
    """One's passkeys that are not removed."""
    return PasskeyList(items=[passkeys.shown(row) for row in await services.records.passkeys_of(officer.id)])


@private.post("/me/passkeys/options", status_code=201)
async def begin(officer: Officer, services: Here) -> Options:
    """What a device needs to make a passkey; good for five minutes."""
    return await passkeys.creation_options(services, await own_account_row(services, officer))


@private.post("/me/passkeys/requests/{request}/options", status_code=201)
async def consent_by_older(
    request: Annotated[str, Path(pattern=r"^[0-9a-f]{1,32}$")],
    asked: ConsentByOlderAsked,
    officer: Officer,
    services: Here,
) -> Options:
    """What an older passkey signs, so that the new one with this attestation is let in."""
    what = f"admit:{asked.attestation_sha256}"
    return await passkeys.older_ones_options(services, officer.id, request, what)


@private.post("/me/passkeys", status_code=201)
async def register(asked: PasskeyAsked, officer: Officer, services: Here, response: Response) -> Wish:
    """Has the signing worker let a passkey in; 202 while it has not answered."""
    account = await own_account_row(services, officer)
    await check_password(services, account, asked.password.get_secret_value())
    wish = await passkeys.admit(services, officer, asked)
    response.status_code = 201 if wish.state == "done" else 202
    return wish


@private.patch("/me/passkeys/{passkey}")
async def rename(passkey: PasskeyId, asked: PasskeyNamed, officer: Officer, services: Here) -> PasskeyShown:
    """Calls a passkey something else."""
    return passkeys.shown(await services.records.rename_passkey(passkey, officer.id, asked.name))


@private.post("/me/passkeys/{passkey}/removal/options", status_code=201)
async def begin_removal(passkey: PasskeyId, officer: Officer, services: Here) -> Options:
    """Begins a removal; `public_key` is for a passkey as the proof, empty where there is none that may be one."""
    await passkeys.own(services, passkey, officer.id)
    account = await own_account_row(services, officer)
    return await passkeys.removal_options(services, account, passkey)


@private.post("/me/passkeys/{passkey}/removal")
async def remove(passkey: PasskeyId, asked: RemovalAsked, officer: Officer, services: Here, response: Response) -> Wish:
    """Has the signing worker remove a passkey; 202 while it has not answered."""
    account = await own_account_row(services, officer)
    await check_password(services, account, asked.password.get_secret_value())
    wish = await passkeys.remove(services, officer, passkey, asked)
    response.status_code = 200 if wish.state == "done" else 202
    return wish
