"""One's own account: read it, change what is one's own to change, take everything along (UU 27/2022)."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.dependencies import Here, SignedIn
from api.idempotency import OnlyOnce
from api.pages.accounts.mail_form import email_words
from api.pages.accounts.refusals import said_to_owner
from api.pages.forms import FormErrors, Sent, errors_of
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, onward, page
from api.passwords import SHORTEST
from api.problems import Problem
from api.routes.me import (
    Exporter,
    NewEmailAsked,
    OwnChange,
    PasswordChangeAsked,
    change_email,
    change_me,
    change_password,
    export,
    export_documents,
    read_me,
)
from permits.authority import Act, Actor, Role, refusal
from permits.errors import Code, RuleError
from permits.nik import NikWarning
from store.queries.own_data import OwnAccount

router = APIRouter()


@dataclass(frozen=True)
class OwnPage:
    """The own account, and where to go on from it."""

    account: OwnAccount
    is_applicant: bool
    holds_passkeys: bool
    delegates: bool

    @property
    def nik_differs(self) -> bool:
        """Whether the NIK and the day of birth say different days."""
        return NikWarning.BIRTH_DATE_DIFFERS.value in self.account.nik_warnings


def own_page(account: OwnAccount, actor: Actor) -> OwnPage:
    """What a person sees of itself."""
    return OwnPage(
        account=account,
        is_applicant=actor.role is Role.APPLICANT,
        holds_passkeys=refusal(actor, Act.HOLD_PASSKEY) is None,
        delegates=refusal(actor, Act.DELEGATE) is None,
    )


@router.get("/akun")
async def own(request: Request, login: SignedIn, services: Here) -> Response:
    """The own account."""
    view = own_page(await read_me(login, services), login.actor)
    return page(request, "accounts/akun.html", view=view)


@router.get("/akun/ubah")
async def change_form(request: Request, login: SignedIn, services: Here) -> Response:
    """What is one's own to change."""
    account = await read_me(login, services)
    typed = {
        "phone": account.phone or "", "address": account.address or "", "notice_channel": account.notice_channel,
        "digest": "ya" if account.digest else "",
    }  # fmt: skip
    return _change_form(request, login.actor, typed)


@router.post("/akun/ubah")
async def change(request: Request, login: SignedIn, services: Here, only_once: OnlyOnce, form: Sent) -> Response:
    """Changes it."""
    typed = {name: form.text(name) for name in ("phone", "address", "notice_channel", "digest")}
    wanted = {name: typed[name] or None for name in ("phone", "address", "notice_channel")}
    digest = None if login.actor.role is Role.APPLICANT else bool(typed["digest"])
    try:
        asked = OwnChange.model_validate({**wanted, "digest": digest})
        if missing := await _emptied(login.actor, asked, await read_me(login, services)):
            return _change_form(request, login.actor, typed, 422, missing)
        await change_me(asked, login, services, only_once)
    except ValidationError as wrong:
        return _change_form(request, login.actor, typed, 422, _change_errors(wrong))
    except Refused as refused:
        return _change_form(request, login.actor, typed, *_change_refusal(request, refused))
    return onward(request, "/akun", _("Perubahan Anda sudah disimpan."))


@router.get("/akun/surel")
async def email_form(request: Request, login: SignedIn, services: Here) -> Response:
    """Another e-mail address."""
    return _email_form(request, (await read_me(login, services)).email)


@router.post("/akun/surel")
async def new_email(request: Request, login: SignedIn, services: Here, form: Sent) -> Response:
    """Sends a confirmation to the new address; nothing changes before that."""
    now = (await read_me(login, services)).email
    typed = form.text("email", 320)
    if not form.raw("password"):
        return _email_form(request, now, typed, 422, [("password", _("Ketik kata sandi Anda."))])
    try:
        asked = NewEmailAsked.model_validate({"email": typed, "password": form.raw("password")})
        await change_email(asked, login, services)
    except ValidationError:
        return _email_form(request, now, typed, 422, [("email", email_words())])
    except Refused as refused:
        return _email_form(request, now, typed, *said_to_owner(request, refused))
    news = _("Kami mengirim tautan ke alamat yang baru. Alamat itu dipakai setelah tautannya dibuka, dalam 48 jam.")
    return onward(request, "/akun", news)


@router.get("/akun/sandi")
async def password_form(request: Request, login: SignedIn) -> Response:
    """Another password."""
    return _password_form(request)


@router.post("/akun/sandi")
async def new_password(request: Request, login: SignedIn, services: Here, form: Sent) -> Response:
    """Changes the password; this log-in stays, all others end."""
    current, new = form.raw("password"), form.raw("new")
    asked = (("password", current, _("Ketik kata sandi Anda sekarang.")), ("new", new, _("Ketik kata sandi baru.")))
    if missing := [(field, words) for field, given, words in asked if not given]:
        return _password_form(request, 422, missing)
    try:
        await change_password(PasswordChangeAsked.model_validate({"current": current, "new": new}), login, services)
    except ValidationError:
        return _password_form(request, 422, [("new", _("Kata sandi terlalu panjang."))])
    except Refused as refused:
        return _password_form(request, *said_to_owner(request, refused, guessable="new"))
    return onward(request, "/akun", _("Kata sandi Anda sudah diganti, dan semua perangkat lain dikeluarkan."))


@router.get("/akun/data.json")
async def own_data_file(actor: Exporter, services: Here) -> Response:
    """Everything that is kept about the asker, as a file."""
    return await export(actor, services)


@router.get("/akun/berkas.zip")
async def own_documents_file(actor: Exporter, services: Here) -> Response:
    """Every document that the asker handed in, as a file."""
    return await export_documents(actor, services)


async def _emptied(actor: Actor, asked: OwnChange, kept: OwnAccount) -> FormErrors:
    """What stands in the account cannot be taken out of it: the office has to reach its applicants."""
    words = {
        "phone": _("Nomor telepon tidak dapat dikosongkan; kami memerlukannya untuk menghubungi Anda."),
        "address": _("Alamat tidak dapat dikosongkan."),
    }
    return [(name, words[name]) for name in words if getattr(kept, name) and getattr(asked, name) is None]


def _change_errors(wrong: ValidationError) -> FormErrors:
    labels = {"phone": _("Nomor telepon"), "address": _("Alamat"), "notice_channel": _("Kabar dari kami")}
    phone = _("Tulis nomor telepon dengan angka, misalnya 0812 3456 7890.")
    return [(name, phone if name == "phone" else words) for name, words in errors_of(wrong, labels)]


def _change_refusal(request: Request, error: Problem | RuleError) -> tuple[int, FormErrors]:
    if error.code == Code.FIELD_MISSING:
        return 422, [("phone", _("Isi nomor telepon dulu, agar kabar dapat dikirim lewat WhatsApp."))]
    return said_to_owner(request, error)


def _change_form(
    request: Request, actor: Actor, typed: dict[str, str], status: int = 200, errors: FormErrors | None = None
) -> Response:
    return form_page(
        request, "accounts/akun-ubah.html", status, typed=typed, errors=errors or [],
        is_applicant=actor.role is Role.APPLICANT,
    )  # fmt: skip


def _email_form(
    request: Request, now: str, typed: str = "", status: int = 200, errors: FormErrors | None = None
) -> Response:
    return form_page(request, "accounts/akun-surel.html", status, now=now, email=typed, errors=errors or [])


def _password_form(request: Request, status: int = 200, errors: FormErrors | None = None) -> Response:
    return form_page(request, "accounts/akun-sandi.html", status, errors=errors or [], least=SHORTEST)
