"""A forgotten password, and the first one of people who were invited: both are chosen by the link of a mail."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import Response

from api import accounts
from api.cookies import SESSION_COOKIE, forget_cookie
from api.dependencies import Here
from api.mailing import token_hash
from api.pages.accounts.logging_in import MOST_PASSWORD, end_log_in
from api.pages.accounts.mail_form import send_to_whom
from api.pages.accounts.refusals import said
from api.pages.accounts.tokens import KODE, Code, address_with, token_of
from api.pages.forms import FormErrors, OurForm
from api.pages.language import gettext as _
from api.pages.rendering import form_page, onward, page
from api.passwords import SHORTEST
from api.problems import ApiCode, Problem
from api.routes.sessions import client_address
from permits.errors import RuleError

router = APIRouter()


@router.get("/sandi")
async def forgotten(request: Request) -> Response:
    """Asks where to send the link."""
    return form_page(request, "accounts/sandi-lupa.html", email="", errors=[])


@router.post("/sandi")
async def send_link(form: OurForm, request: Request, services: Here) -> Response:
    """Sends a link that sets a password, where there is an account."""
    return await send_to_whom(
        request, services, form, "accounts/sandi-lupa.html", accounts.send_password_link, "/sandi/terkirim"
    )


@router.get("/sandi/terkirim")
async def link_sent(request: Request) -> Response:
    """What to do next; the same for everybody."""
    return page(request, "accounts/sandi-terkirim.html")


@router.get("/sandi/baru")
async def new_password(request: Request, services: Here, kode: Code = "") -> Response:
    """Asks for a password; the token stays good until it is sent."""
    token = token_of(kode)
    if token is None or await services.records.token_is_good(token_hash(token), services.now()) is None:
        return form_page(request, "accounts/tautan.html", 422, about="password")
    return _form(request, token)


@router.post("/sandi/baru")
async def set_password(form: OurForm, request: Request, services: Here) -> Response:
    """Sets the password; all log-ins of the account end."""
    token, password = token_of(form.text(KODE, 200)), form.raw("password")
    if token is None:
        return form_page(request, "accounts/tautan.html", 422, about="password")
    if not password or len(password) > MOST_PASSWORD:
        return _form(request, token, 422, [("password", _("Ketik kata sandi yang Anda pilih."))])
    try:
        await accounts.set_password(services, token, password, client_address(request))
    except RuleError:
        return page(request, "accounts/nik-dipakai.html", 409)
    except Problem as problem:
        status, errors = said(request, problem, guessable="password")
        if problem.code == ApiCode.LINK_INVALID:
            return form_page(request, "accounts/tautan.html", status, about="password")
        return _form(request, token, status, errors)
    await end_log_in(request, services)
    response = onward(request, "/masuk", _("Kata sandi Anda sudah disimpan. Silakan masuk."))
    forget_cookie(response, SESSION_COOKIE, services.settings.is_https)
    return response


def _form(request: Request, token: str, status: int = 200, errors: FormErrors | None = None) -> Response:
    return form_page(
        request, "accounts/sandi-baru.html", status, token=token, errors=errors or [], least=SHORTEST,
        address=address_with("/sandi/baru", token),
    )  # fmt: skip
