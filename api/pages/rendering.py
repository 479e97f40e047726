"""A page as an answer."""

from __future__ import annotations

import hmac
import secrets
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from api.dependencies import Here, credentials, services_of
from api.problems import ApiCode, Problem, problem_of
from api.sessions import resume

FORM_COOKIE = "sakpore_form"


def page(request: Request, template: str, http_status: int = 200, /, **context: Any) -> Response:
    """The page made from `template`; its header knows who is logged in."""
    pages = services_of(request).pages
    person = getattr(request.state, "person", None)
    return HTMLResponse(pages.get_template(template).render(person=person, **context), status_code=http_status)


async def who_is_here(request: Request, services: Here) -> None:
    """A dependency of all pages: keeps who is logged in, nobody where that cannot be known."""
    found = credentials(request)
    request.state.person = None
    if found is None:
        return
    try:
        request.state.person = (await resume(services, *found)).actor
    except Exception as error:
        # A page that needs the log-in or the store says itself what is wrong.
        if problem_of(error) is None:
            raise


def form_page(request: Request, template: str, http_status: int = 200, /, **context: Any) -> Response:
    """A page with a form: its `csrf_token` comes back in the form and in a cookie, and both have to agree."""
    token = request.cookies.get(FORM_COOKIE, "")
    if not 20 <= len(token) <= 100:
        token = secrets.token_urlsafe(32)
    response = page(request, template, http_status, csrf_token=token, **context)
    secure = services_of(request).settings.is_https
    response.set_cookie(FORM_COOKIE, token, path="/", httponly=True, samesite="lax", secure=secure)
    return response


def check_form(request: Request, given: str) -> None:
    """Raises Problem(csrf-failed) where a form is not from a page of ours."""
    kept = request.cookies.get(FORM_COOKIE, "")
    if not kept or not hmac.compare_digest(kept.encode(), given.encode("utf-8", "surrogatepass")):
        raise Problem(ApiCode.CSRF_FAILED)


def problem_page(request: Request, body: dict[str, Any]) -> Response:
    """A refusal as a page."""
    request_id = str(body["instance"]).rpartition(":")[2]
    return page(
        request,
        "galat.html",
        body["status"],
        status=body["status"],
        title=body["title"],
        detail=body["detail"],
        request_id=request_id,
    )
