"""Registration and the confirmation of an address.

A page says the same whether an address or a NIK is known. A token in an address is spent by a button alone: mail
programs open links by themselves.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from api import accounts
from api.accounts import RegistrationAsked
from api.dependencies import Here
from api.mailing import token_hash
from api.pages.accounts.mail_form import email_words, send_to_whom
from api.pages.accounts.refusals import said
from api.pages.accounts.tokens import KODE, Code, address_with, token_of
from api.pages.forms import FormErrors, OurForm, SentForm, errors_of
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, onward, page
from api.passwords import SHORTEST
from api.problems import Problem
from api.routes.sessions import client_address
from permits.errors import Code as RuleCode
from permits.errors import RuleError
from permits.nik import NikWarning

router = APIRouter()

FIELDS = ("name", "nik", "birth_place", "address", "phone", "email")
BIRTH = ("birth_date-day", "birth_date-month", "birth_date-year")


@router.get("/daftar")
async def registration(request: Request) -> Response:
    """The form of a new account."""
    return _form(request, SentForm({}))


@router.post("/daftar")
async def register(form: OurForm, request: Request, services: Here) -> Response:
    """Registers, and on to what to do next."""
    try:
        answer = await accounts.register(services, _asked(form), client_address(request))
    except ValidationError as wrong:
        return _form(request, form, 422, _errors(wrong, form))
    except Refused as refusal:
        return _form(request, form, *_refusal(request, refusal))
    look_again = ",".join(one.value for one in answer.warnings if one is not NikWarning.NOT_CONFIRMED)
    return onward(request, "/daftar/terkirim" + (f"?periksa={look_again}" if look_again else ""))


@router.get("/daftar/terkirim")
async def registered(request: Request, periksa: Annotated[str, Query(max_length=100)] = "") -> Response:
    """What to do next; the same for everybody."""
    warnings = [one.value for one in NikWarning if one.value in periksa.split(",")]
    return page(request, "accounts/daftar-terkirim.html", warnings=warnings)


@router.get("/daftar/konfirmasi")
async def confirmation(request: Request, services: Here, kode: Code = "") -> Response:
    """Asks to press a button, which alone spends the token."""
    token = token_of(kode)
    if token is None or await services.records.token_is_good(token_hash(token), services.now()) is None:
        return form_page(request, "accounts/tautan.html", 422, about="confirm")
    address = address_with("/daftar/konfirmasi", token)
    return form_page(request, "accounts/konfirmasi.html", token=token, errors=[], address=address)


@router.post("/daftar/konfirmasi")
async def confirm(form: OurForm, request: Request, services: Here) -> Response:
    """Confirms the address that the mail went to."""
    token = token_of(form.text(KODE, 200))
    if token is None:
        return form_page(request, "accounts/tautan.html", 422, about="confirm")
    try:
        await accounts.confirm(services, token, client_address(request))
    except RuleError:
        return page(request, "accounts/nik-dipakai.html", 409)
    except Problem as problem:
        return form_page(request, "accounts/tautan.html", said(request, problem)[0], about="confirm")
    if request.state.person is not None:
        return onward(request, "/akun", _("Alamat e-mail ini sekarang dipakai untuk akun Anda."))
    return onward(request, "/masuk", _("Alamat e-mail Anda sudah dikonfirmasi. Silakan masuk."))


@router.get("/daftar/konfirmasi/lagi")
async def another_mail(request: Request) -> Response:
    """Asks where to send the confirmation again."""
    return form_page(request, "accounts/kirim-lagi.html", email="", errors=[])


@router.post("/daftar/konfirmasi/lagi")
async def send_another_mail(form: OurForm, request: Request, services: Here) -> Response:
    """Sends the confirmation again, where one is wanting."""
    return await send_to_whom(
        request, services, form, "accounts/kirim-lagi.html", accounts.send_confirmation_again, "/daftar/terkirim"
    )


def _asked(form: SentForm) -> RegistrationAsked:
    day, month, year = (form.text(name, 10) for name in BIRTH)
    born = f"{year:0>4}-{month:0>2}-{day:0>2}" if day and month and year else ""
    given: dict[str, Any] = {name: form.text(name) for name in FIELDS}
    return RegistrationAsked(**given, birth_date=born, password=form.raw("password"))


def _labels() -> dict[str, str]:
    return {
        "name": _("Nama lengkap"), "nik": "NIK", "birth_place": _("Tempat lahir"), "birth_date": _("Tanggal lahir"),
        "address": _("Alamat"), "phone": _("Nomor telepon"), "email": _("Alamat e-mail"), "password": _("Kata sandi"),
    }  # fmt: skip


def _errors(wrong: ValidationError, form: SentForm) -> FormErrors:
    better = {
        "phone": _("Tulis nomor telepon dengan angka, misalnya 0812 3456 7890."),
        "email": email_words(),
        "birth_date": birth_words(),
    }
    found = errors_of(wrong, _labels())
    return [
        (_place(name), better[name] if name in better and (form.text(name) or name == "birth_date") else words)
        for name, words in found
    ]


def birth_words() -> str:
    """How a day of birth is typed."""
    return _("Isi tanggal lahir dengan angka: tanggal, bulan, dan tahun, misalnya 14 1 1990.")


def _place(name: str) -> str:
    return BIRTH[0] if name == "birth_date" else name


def _refusal(request: Request, refusal: Problem | RuleError) -> tuple[int, FormErrors]:
    if refusal.code == RuleCode.FIELD_INVALID:
        return 422, [(BIRTH[0], birth_words())]
    return said(request, refusal, nik_invalid="nik", guessable="password")


def _form(request: Request, form: SentForm, status: int = 200, errors: FormErrors | None = None) -> Response:
    typed = {name: form.text(name) for name in (*FIELDS, *BIRTH)}
    return form_page(request, "accounts/daftar.html", status, typed=typed, errors=errors or [], least=SHORTEST)
