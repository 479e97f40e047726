"""Log-in and log-out; the only place where a password is read."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field, SecretStr

from api.asked import Asked
from api.cookies import SESSION_COOKIE, forget_cookie, set_cookie
from api.dependencies import Here, SignedIn
from api.services import Services
from api.sessions import Opened, log_in
from permits.authority import Actor

public = APIRouter(tags=["sessions"])
private = APIRouter(tags=["sessions"])


class LogInAsked(Asked):
    """E-mail and password of an account."""

    email: str = Field(min_length=3, max_length=320)
    password: SecretStr = Field(min_length=1, max_length=1024)


class SessionOpened(BaseModel):
    """A new log-in."""

    token: str
    """For `Authorization: Bearer`; the cookie holds the same."""
    csrf_token: str
    """For the header `X-CSRF-Token` of writes that come with the cookie."""
    expires_at: datetime
    actor: Actor


class SessionView(BaseModel):
    """The log-in of this request."""

    csrf_token: str
    actor: Actor


@public.post("/sessions", status_code=201)
async def open_session(asked: LogInAsked, request: Request, response: Response, services: Here) -> SessionOpened:
    """Logs in; sets the cookie and gives the token."""
    opened = await log_in(services, asked.email, asked.password.get_secret_value(), client_address(request))
    set_session_cookie(response, services, opened)
    return SessionOpened(
        token=opened.token, csrf_token=opened.csrf_token, expires_at=opened.expires_at, actor=opened.actor
    )


@private.get("/sessions/current")
async def read_session(login: SignedIn) -> SessionView:
    """Who is logged in, and the token for forms."""
    return SessionView(csrf_token=login.csrf_token, actor=login.actor)


@private.delete("/sessions/current", status_code=204)
async def close_session(login: SignedIn, response: Response, services: Here) -> None:
    """Logs out."""
    await services.records.close_session(login.token_hash)
    forget_session_cookie(response, services)


def set_session_cookie(response: Response, services: Services, opened: Opened) -> None:
    """The cookie lives as long as the browser; the store ends the session."""
    set_cookie(response, SESSION_COOKIE, opened.token, services.settings.is_https)


def forget_session_cookie(response: Response, services: Services) -> None:
    """After logging out."""
    forget_cookie(response, SESSION_COOKIE, services.settings.is_https)


def client_address(request: Request) -> str:
    """Where a request comes from, as the server before us or the connection says."""
    return request.client.host if request.client else "unknown"
