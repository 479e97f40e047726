"""Log-in by passkey, and one's own passkeys for it; they consent to no signature."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from api import login_keys
from api.dependencies import Here, SignedIn
from api.login_keys import KeyLogInAsked, LoginKeyAsked, LoginKeyShown
from api.own_account import own_account_row
from api.passkeys import Options
from api.routes.sessions import SessionOpened, client_address, set_session_cookie

public = APIRouter(tags=["sessions"])
private = APIRouter(tags=["sessions"])

LoginKeyId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]


class LoginKeyList(BaseModel):
    """One's passkeys to log in with, the oldest first."""

    items: list[LoginKeyShown]


@public.post("/sessions/passkey/options", status_code=201)
async def begin_log_in(request: Request, services: Here) -> Options:
    """What a device signs to log in; good once, for five minutes."""
    return await login_keys.log_in_options(services, client_address(request))


@public.post("/sessions/passkey", status_code=201)
async def log_in_by_passkey(asked: KeyLogInAsked, response: Response, services: Here) -> SessionOpened:
    """Logs in with a passkey; sets the cookie and gives the token."""
    opened = await login_keys.log_in(services, asked)
    set_session_cookie(response, services, opened)
    return SessionOpened(
        token=opened.token, csrf_token=opened.csrf_token, expires_at=opened.expires_at, actor=opened.actor
    )


@private.get("/me/login-keys")
async def list_login_keys(login: SignedIn, services: Here) -> LoginKeyList:
    """One's passkeys to log in with."""
    return LoginKeyList(items=await login_keys.own_keys(services, login.actor.id))


@private.post("/me/login-keys/options", status_code=201)
async def begin_login_key(login: SignedIn, services: Here) -> Options:
    """What a device needs to make a passkey to log in with; good once, for five minutes."""
    return await login_keys.creation_options(services, await own_account_row(services, login.actor))


@private.post("/me/login-keys", status_code=201)
async def add_login_key(asked: LoginKeyAsked, login: SignedIn, services: Here) -> LoginKeyShown:
    """Adds a passkey to log in with; its owner is told by mail."""
    return await login_keys.add(services, await own_account_row(services, login.actor), asked)


@private.delete("/me/login-keys/{key}", status_code=204)
async def remove_login_key(key: LoginKeyId, login: SignedIn, services: Here) -> None:
    """Removes one; its owner is told by mail."""
    await login_keys.remove(services, await own_account_row(services, login.actor), key)
