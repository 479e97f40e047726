"""Names of the two cookies that prove something: over https bound to this very host (RFC 6265bis, 4.1.3.2)."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import Response

SESSION_COOKIE = "sakpore_session"
FORM_COOKIE = "sakpore_form"
HOST_PREFIX = "__Host-"
"""A browser takes such a cookie from https alone, for `/`, and from no neighbour under the same domain."""


def is_secure(request: Request) -> bool:
    """Whether people reach us over https."""
    secure: bool = request.app.state.services.settings.is_https
    return secure


def read_cookie(request: Request, name: str) -> str:
    """The cookie's value; "" where there is none."""
    return request.cookies.get(_name(name, is_secure(request)), "")


def set_cookie(response: Response, name: str, value: str, secure: bool) -> None:
    """Sets it for as long as the browser lives; scripts never see it."""
    response.set_cookie(_name(name, secure), value, path="/", httponly=True, samesite="lax", secure=secure)


def forget_cookie(response: Response, name: str, secure: bool) -> None:
    """Takes it back."""
    response.delete_cookie(_name(name, secure), path="/", httponly=True, samesite="lax", secure=secure)


def _name(name: str, secure: bool) -> str:
    return f"{HOST_PREFIX}{name}" if secure else name
