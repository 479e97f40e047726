"""One-time codes by time (RFC 6238 over RFC 4226): HMAC-SHA1, 30 seconds, six digits, as authenticator apps expect."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
WINDOW_STEPS = 1  # a clock may be one step off in either direction (RFC 6238, 5.2)


def new_totp_secret() -> bytes:
    """160 random bits (RFC 4226, 4, R6)."""
    return secrets.token_bytes(20)


def step_at(now: datetime) -> int:
    """Number of the 30-second step at `now` (aware)."""
    if now.tzinfo is None:
        raise ValueError("an aware time is needed")
    return int(now.timestamp()) // STEP_SECONDS


def code_of_step(secret: bytes, step: int, digits: int = DIGITS) -> str:
    """The code of one step."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 0x0F
    number = int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def totp_now(secret: bytes, now: datetime) -> str:
    """The code at `now` (aware)."""
    return code_of_step(secret, step_at(now))


def matching_step(secret: bytes, code: str, now: datetime) -> int | None:
    """The step within the window whose code this is, or None. Looks at every step whatever it finds."""
    if not code.isascii():
        return None
    current, found = step_at(now), None
    for step in range(current - WINDOW_STEPS, current + WINDOW_STEPS + 1):
        if step >= 0 and hmac.compare_digest(code_of_step(secret, step), code):
            found = step
    return found


def otpauth_uri(secret: bytes, account: str, issuer: str) -> str:
    """The URI an authenticator app reads from a QR."""
    label = quote(f"{issuer}:{account}", safe="")
    encoded = base64.b32encode(secret).decode().rstrip("=")
    query = urlencode({"secret": encoded, "issuer": issuer, "digits": DIGITS, "period": STEP_SECONDS}, quote_via=quote)
    return f"otpauth://totp/{label}?{query}"
