"""Log-in and log-out. A log-in begins with a new token and a new secret of forms; what was before is over."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.cookies import FORM_COOKIE, SESSION_COOKIE, forget_cookie
from api.dependencies import Here
from api.pages.accounts.refusals import said
from api.pages.addresses import own_address
from api.pages.forms import FormErrors, OurForm
from api.pages.language import gettext as _
from api.pages.menu import home_of
from api.pages.rendering import form_page, onward
from api.problems import ApiCode, Problem
from api.routes.sessions import client_address, set_session_cookie
from api.services import Services
from api.sessions import Login, Opened, log_in

router = APIRouter()

Next = Annotated[str, Query(max_length=300)]
MOST_EMAIL, MOST_PASSWORD = 320, 1024


@router.get("/masuk")
async def log_in_form(request: Request, next: Next = "") -> Response:
    """The log-in form; whoever is in already goes on."""
    going_to = own_address(next)
    if request.state.person is not None:
        return RedirectResponse(going_to or home_of(request.state.person), 303)
    return log_in_again(request, going_to)


@router.post("/masuk")
async def log_in_page(form: OurForm, request: Request, services: Here) -> Response:
    """Logs in, and on to where the person wanted to go."""
    going_to, email = own_address(form.text("next", 300)), form.text("email", MOST_EMAIL)
    password = form.raw("password")
    if errors := _missing(email, password):
        return log_in_again(request, going_to, 422, errors, email)
    try:
        opened = await log_in(services, email[:MOST_EMAIL], password[:MOST_PASSWORD], client_address(request))
    except Problem as problem:
        status, errors = said(request, problem, login_failed="password", email_unconfirmed="email")
        unconfirmed = problem.code == ApiCode.EMAIL_UNCONFIRMED
        response = log_in_again(request, going_to, status, errors, email, unconfirmed=unconfirmed)
        response.headers.update(problem.headers)
        return response
    await end_log_in(request, services)
    return logged_in(request, services, opened, going_to)


@router.get("/keluar")
async def log_out_form(request: Request) -> Response:
    """Asks before logging out."""
    if request.state.person is None:
        return RedirectResponse("/", 303)
    return form_page(request, "accounts/keluar.html")


@router.post("/keluar")
async def log_out(_form: OurForm, request: Request, services: Here) -> Response:
    """Logs out; a log-in that is over by itself is none to complain about."""
    await end_log_in(request, services)
    response = onward(request, "/", _("Anda sudah keluar."))
    forget_cookie(response, SESSION_COOKIE, services.settings.is_https)
    return response


async def end_log_in(request: Request, services: Services) -> None:
    """Closes the log-in that a request came with, where there is one."""
    login: Login | None = getattr(request.state, "login", None)
    if login is not None:
        await services.records.close_session(login.token_hash)


def logged_in(request: Request, services: Services, opened: Opened, going_to: str) -> Response:
    """On with a new log-in; the secret that forms had before it is never used again."""
    response = onward(request, going_to or home_of(opened.actor))
    forget_cookie(response, FORM_COOKIE, services.settings.is_https)
    set_session_cookie(response, services, opened)
    return response


def _missing(email: str, password: str) -> FormErrors:
    asked = (("email", email, _("Ketik alamat e-mail Anda.")), ("password", password, _("Ketik kata sandi Anda.")))
    return [(field, words) for field, given, words in asked if not given]


def log_in_again(
    request: Request,
    going_to: str,
    status: int = 200,
    errors: FormErrors | None = None,
    email: str = "",
    unconfirmed: bool = False,
) -> Response:
    """The form of log-in, with what went wrong before."""
    address = "/masuk" + (f"?next={quote(going_to, safe='')}" if going_to else "")
    return form_page(
        request, "accounts/masuk.html", status, errors=errors or [], email=email, next=going_to, address=address,
        unconfirmed=unconfirmed,
    )  # fmt: skip
