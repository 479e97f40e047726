"""An officer's passkeys for consenting to signatures (ADR 0022), as pages.

A small script asks the device; its answer comes back in hidden fields of an ordinary form. Renaming, and removing with
a code, need no script.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import ValidationError

from api.dependencies import Here
from api.own_account import own_account_row
from api.pages.accounts.refusals import said_to_owner
from api.pages.forms import FormErrors, Sent, SentForm
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, onward
from api.passkeys import PasskeyAsked, PasskeyNamed, PasskeyShown, RemovalAsked
from api.problems import Problem
from api.routes.passkeys import Officer, PasskeyId, begin_removal, list_passkeys, register, remove, rename
from api.services import Services
from permits.authority import Actor
from permits.errors import Code, RuleError

router = APIRouter()

PROOFS = ("ticket", "totp", "assertion")
MOST_JSON = 200_000


@dataclass(frozen=True)
class KeyLine:
    """A passkey as the page says it."""

    key: PasskeyShown
    waits: bool
    """Whether it is new and may not sign yet."""


@dataclass(frozen=True)
class KeyPage:
    """An officer's passkeys, and by what a change of them can be proved."""

    lines: list[KeyLine]
    has_code: bool
    """Whether one-time codes are set up for this officer."""

    @property
    def has_older(self) -> bool:
        """Whether a passkey may consent to a change."""
        return any(not line.waits for line in self.lines)


def key_page(keys: list[PasskeyShown], has_code: bool, now: datetime) -> KeyPage:
    """What the officer sees."""
    return KeyPage([KeyLine(key, key.usable_from > now) for key in keys], has_code)


@router.get("/akun/kunci")
async def keys(request: Request, officer: Officer, services: Here) -> Response:
    """All passkeys, and the form for one more."""
    return await _keys(request, officer, services)


@router.post("/akun/kunci")
async def add(request: Request, officer: Officer, services: Here, form: Sent) -> Response:
    """Has a passkey let in that the device has just made."""
    answer = Response()
    try:
        asked = {"name": form.text("name", 80), "credential": json_field(form, "credential")}
        await register(PasskeyAsked.model_validate(_change(form) | asked), officer, services, answer)
    except ValidationError as wrong:
        return await _keys(request, officer, services, form, 422, _errors(wrong, form))
    except Refused as refused:
        return await _keys(request, officer, services, form, *_refusal(request, refused, form))
    return onward(request, "/akun/kunci", _done(answer, _("Kunci sandi sudah ditambahkan.")))


@router.get("/akun/kunci/{passkey}")
async def one_key(passkey: PasskeyId, request: Request, officer: Officer, services: Here) -> Response:
    """One passkey: what it is called, and how it goes."""
    return await _one(request, officer, services, passkey)


@router.post("/akun/kunci/{passkey}/nama")
async def rename_key(passkey: PasskeyId, request: Request, officer: Officer, services: Here, form: Sent) -> Response:
    """Calls it something else."""
    try:
        await rename(passkey, PasskeyNamed(name=form.text("name", 80)), officer, services)
    except ValidationError:
        words = _("Beri nama, paling banyak 80 huruf, misalnya Ponsel kantor.")
        return await _one(request, officer, services, passkey, form, 422, [("name", words)])
    return onward(request, "/akun/kunci", _("Nama kunci sandi sudah diganti."))


@router.post("/akun/kunci/{passkey}/hapus")
async def remove_key(passkey: PasskeyId, request: Request, officer: Officer, services: Here, form: Sent) -> Response:
    """Has it removed; a proof by a code needs no script, so its wish begins here."""
    answer = Response()
    try:
        given = _change(form)
        if not given["request"]:
            given["request"] = (await begin_removal(passkey, officer, services)).request
        await remove(passkey, RemovalAsked.model_validate(given), officer, services, answer)
    except ValidationError as wrong:
        return await _one(request, officer, services, passkey, form, 422, _errors(wrong, form))
    except Refused as refused:
        if refused.code == Code.PASSKEY_UNKNOWN and form.text("proof") != "assertion":
            raise
        return await _one(request, officer, services, passkey, form, *_refusal(request, refused, form))
    return onward(request, "/akun/kunci", _done(answer, _("Kunci sandi sudah dihapus.")))


def _change(form: SentForm) -> dict[str, Any]:
    """What every change carries: the wish, the password and one proof."""
    kind = form.text("proof")
    given = json_field(form, "assertion") if kind == "assertion" else form.text(kind, 100).replace(" ", "") or None
    proof = {kind: given} if kind in PROOFS and given else {}
    return {"request": form.text("request", 64), "password": form.raw("password"), "proof": proof}


def json_field(form: SentForm, name: str) -> Any:
    """What the script has put into a hidden field; None where it is no JSON."""
    try:
        return json.loads(form.text(name, MOST_JSON) or "null")
    except ValueError:
        return None


def _done(answer: Response, words: str) -> str:
    if answer.status_code == 202:
        return _("Permintaan Anda sedang diproses. Muat ulang halaman ini sebentar lagi untuk melihat hasilnya.")
    return words


def _errors(wrong: ValidationError, form: SentForm) -> FormErrors:
    kind = form.text("proof")
    proof = {
        "ticket": ("ticket", _("Ketik kode pendaftaran yang Anda terima dari pengelola sistem.")),
        "totp": ("totp", _("Ketik kode sekali pakai, 6 angka.")),
        "assertion": ("proof", _("Kunci sandi yang lama belum menyetujui. Coba lagi, atau pilih bukti lain.")),
    }.get(kind, ("proof", _("Pilih bukti bahwa ini Anda.")))
    sentences = {
        "name": ("name", _("Beri nama, paling banyak 80 huruf, misalnya Ponsel kantor.")),
        "password": ("password", _("Ketik kata sandi Anda.")),
        "proof": proof,
    }
    places = {fault["loc"][0] for fault in wrong.errors(include_input=False, include_context=False) if fault["loc"]}
    found = dict(words for place, words in sentences.items() if place in places)
    # Where a field is missing the device was not asked at all.
    silent = _("Perangkat belum menjawab. Tekan tombolnya lagi, lalu ikuti petunjuknya.")
    return list(found.items()) or [("tombol", silent)]


def _refusal(request: Request, error: Problem | RuleError, form: SentForm) -> tuple[int, FormErrors]:
    kind = form.text("proof")
    field = kind if kind in ("ticket", "totp") else "proof"
    about = ("step_up_refused", "step_up_not_enrolled", "passkey_missing", "passkey_not_yet_usable", "passkey_unknown")
    at_button = dict.fromkeys(("passkey_known", "challenge_expired"), "tombol")
    return said_to_owner(request, error, **dict.fromkeys(about, field), **at_button)


async def _keys(
    request: Request,
    officer: Actor,
    services: Services,
    form: SentForm | None = None,
    status: int = 200,
    errors: FormErrors | None = None,
) -> Response:
    return form_page(
        request, "accounts/kunci.html", status, view=await _view(officer, services), typed=_typed(form),
        errors=errors or [],
    )  # fmt: skip


async def _one(
    request: Request,
    officer: Actor,
    services: Services,
    passkey: str,
    form: SentForm | None = None,
    status: int = 200,
    errors: FormErrors | None = None,
) -> Response:
    view = await _view(officer, services)
    line = next((each for each in view.lines if each.key.id == passkey), None)
    if line is None:
        raise RuleError(Code.PASSKEY_UNKNOWN)
    typed = _typed(form) if form is not None else {"name": line.key.name, "proof": ""}
    return form_page(
        request, "accounts/kunci-satu.html", status, view=view, line=line, typed=typed, errors=errors or [],
    )  # fmt: skip


async def _view(officer: Actor, services: Services) -> KeyPage:
    account = await own_account_row(services, officer)
    found = await list_passkeys(officer, services)
    return key_page(found.items, account.totp_sealed is not None, services.now())


def _typed(form: SentForm | None) -> dict[str, str]:
    return {name: form.text(name, 80) if form is not None else "" for name in ("name", "proof")}
