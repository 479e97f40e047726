"""Log-in by passkey, and one's own passkeys for it, as pages; `kunci.js` asks the device."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api import login_keys
from api.dependencies import Here, SignedIn
from api.login_keys import KeyLogInAsked, LoginKeyAsked
from api.own_account import own_account_row
from api.pages.accounts.logging_in import end_log_in, log_in_again, logged_in
from api.pages.accounts.passkeys import json_field
from api.pages.accounts.refusals import said, said_to_owner
from api.pages.addresses import own_address
from api.pages.forms import FormErrors, OurForm, Sent, SentForm
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, onward
from api.problems import Problem
from api.routes.login_keys import LoginKeyId
from permits.authority import Actor

router = APIRouter()

KEYS = "/akun/kunci-masuk"


@router.post("/masuk/kunci")
async def log_in_by_key(form: OurForm, request: Request, services: Here) -> Response:
    """Logs in with what the device has answered."""
    going_to = own_address(form.text("next", 300))
    try:
        asked = {"request": form.text("request", 64), "assertion": json_field(form, "assertion")}
        opened = await login_keys.log_in(services, KeyLogInAsked.model_validate(asked))
    except ValidationError:
        return log_in_again(request, going_to, 422, [("kunci", _silent())])
    except Problem as problem:
        fields = dict.fromkeys(("key_log_in_failed", "challenge_expired"), "kunci")
        return log_in_again(request, going_to, *said(request, problem, **fields))
    await end_log_in(request, services)
    return logged_in(request, services, opened, going_to)


@router.get(KEYS)
async def keys(request: Request, login: SignedIn, services: Here) -> Response:
    """The own passkeys to log in with, and the form for one more."""
    return await _keys(request, login.actor, services)


@router.post(KEYS)
async def add(request: Request, login: SignedIn, services: Here, form: Sent) -> Response:
    """Adds one that the device has just made."""
    fields = {"request": form.text("request", 64), "name": form.text("name", 80), "password": form.raw("password")}
    try:
        asked = LoginKeyAsked.model_validate(fields | {"credential": json_field(form, "credential")})
        await login_keys.add(services, await own_account_row(services, login.actor), asked)
    except ValidationError as wrong:
        return await _keys(request, login.actor, services, form, 422, _errors(wrong))
    except Refused as refused:
        about = dict.fromkeys(("challenge_expired", "step_up_refused", "passkey_known"), "tombol")
        return await _keys(request, login.actor, services, form, *said_to_owner(request, refused, **about))
    return onward(request, KEYS, _("Kunci sandi sudah ditambahkan. Anda dapat memakainya untuk masuk."))


@router.post(KEYS + "/{key}/hapus")
async def remove(key: LoginKeyId, login: SignedIn, request: Request, services: Here) -> Response:
    """Removes one."""
    await login_keys.remove(services, await own_account_row(services, login.actor), key)
    return onward(request, KEYS, _("Kunci sandi sudah dihapus."))


async def _keys(
    request: Request,
    owner: Actor,
    services: Here,
    form: SentForm | None = None,
    status: int = 200,
    errors: FormErrors | None = None,
) -> Response:
    return form_page(
        request, "accounts/kunci-masuk.html", status, keys=await login_keys.own_keys(services, owner.id),
        name=form.text("name", 80) if form is not None else "", errors=errors or [],
    )  # fmt: skip


def _errors(wrong: ValidationError) -> FormErrors:
    sentences = {
        "name": _("Beri nama, paling banyak 80 huruf, misalnya Ponsel saya."), "password": _("Ketik kata sandi Anda."),
    }  # fmt: skip
    places = {fault["loc"][0] for fault in wrong.errors(include_input=False, include_context=False) if fault["loc"]}
    found = [(name, words) for name, words in sentences.items() if name in places]
    return found or [("tombol", _silent())]


def _silent() -> str:
    return _("Perangkat belum menjawab. Tekan tombolnya lagi, lalu ikuti petunjuknya.")
