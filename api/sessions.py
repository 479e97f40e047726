"""Log-ins: opened by e-mail and password, carried by a cookie or a bearer token, ended by time or by the person.

The token is 256 random bits behind the second of its making; the store sees its sha256 alone. Guessing is slowed by
`api.attempts`, and the same time is spent whether an account exists.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from api.attempts import Keys
from api.problems import ApiCode, Problem
from api.services import Services
from permits.authority import Actor
from store.records import actor_of

log = logging.getLogger("sakpore.api")

EXTEND_AFTER = timedelta(minutes=1)


@dataclass(frozen=True)
class Opened:
    """A log-in that has just begun."""

    token: str
    csrf_token: str
    expires_at: datetime
    actor: Actor


@dataclass(frozen=True)
class Login:
    """A log-in in force, as a request brought it."""

    actor: Actor
    csrf_token: str
    token_hash: str
    by_cookie: bool


async def log_in(services: Services, email: str, password: str, address: str) -> Opened:
    """Opens a session. Raises Problem: too-many-attempts, login-failed, email-unconfirmed."""
    keys = Keys.of(email, address)
    async with services.attempts.turn(keys):
        return await _log_in(services, email, password, keys)


async def _log_in(services: Services, email: str, password: str, keys: Keys) -> Opened:
    now = services.now()
    await services.attempts.check(keys, now)
    account = await services.records.account_by_email(email) if "\0" not in email else None
    usable = account is not None and account.active
    good = await services.passwords.check(account.password_hash if account and usable else None, password)
    if not good or account is None:
        log.warning("a log-in failed")
        await services.attempts.failed(keys, services.now())
        raise Problem(ApiCode.LOGIN_FAILED)
    if account.email_confirmed_at is None:
        raise Problem(ApiCode.EMAIL_UNCONFIRMED)
    await services.attempts.succeeded(keys)
    return await open_for(services, actor_of(account), now)


async def resume(services: Services, token: str, by_cookie: bool, lives_on: bool = True) -> Login:
    """The log-in of a token; one in use lives on. Raises Problem: unauthenticated, session-expired."""
    now, token_hash = services.now(), _sha256(token)
    found = await services.records.session(token_hash, now)
    longest = _made_at(token) + timedelta(hours=services.settings.session_longest_hours)
    if found is None or now >= longest:
        over = found is not None or await services.records.session_expired(token_hash, now)
        raise Problem(ApiCode.SESSION_EXPIRED if over else ApiCode.UNAUTHENTICATED)
    wanted = min(now + timedelta(minutes=services.settings.session_idle_minutes), longest)
    if lives_on and wanted - found.expires_at > EXTEND_AFTER:
        await services.records.extend_session(token_hash, wanted)
    return Login(found.actor, found.csrf_token, token_hash, by_cookie)


async def open_for(services: Services, actor: Actor, now: datetime) -> Opened:
    """A new log-in of somebody who has proved to be that person."""
    token = f"{int(now.timestamp()):x}.{secrets.token_urlsafe(32)}"
    csrf_token = secrets.token_urlsafe(32)
    expires_at = now + timedelta(minutes=services.settings.session_idle_minutes)
    await services.records.open_session(_sha256(token), actor.id, csrf_token, now, expires_at)
    log.info("a session was opened", extra={"actor_id": actor.id, "role": actor.role.value})
    return Opened(token, csrf_token, expires_at, actor)


def _made_at(token: str) -> datetime:
    # Whoever changes the time changes the hash, and no session has that.
    seconds = token.partition(".")[0]
    try:
        return datetime.fromtimestamp(int(seconds, 16), UTC) if len(seconds) <= 12 else datetime.fromtimestamp(0, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
