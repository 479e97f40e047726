"""One step-up for many letters: a passkey over the very list, or a one-time code; then the provider's passphrase.

The passphrase and the codes are read from the form, sealed at once and drawn on no page again, whatever is wrong.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import RedirectResponse, Response

from api.consent import MOST_TASKS, ActivationAsked, TaskSeen
from api.dependencies import Here
from api.idempotency import OnlyOnce
from api.pages.forms import FormErrors, Sent, SentForm
from api.pages.head.letters import draw_letters
from api.pages.head.readiness import ReadyView, ready_view
from api.pages.language import gettext as _
from api.pages.rendering import Refused, body_of, form_page, onward, refused, words_of
from api.problems import ApiCode, Problem
from api.routes.signing import Signer, activate, look_up, send_code
from api.services import Services
from permits.authority import Actor
from permits.errors import Code
from store.queries.waiting_letters import WaitingLetter, waiting_letters

consent_pages = APIRouter()

NUMBER = re.compile(r"PRM-[0-9]{4}-[0-9]{6,9}")
FIELD_OF = {
    ApiCode.STEP_UP_REFUSED: "kode",
    ApiCode.STEP_UP_NOT_ENROLLED: "kode",
    ApiCode.CODE_NOT_OFFERED: "kode-penyedia",
    ApiCode.CHALLENGE_EXPIRED: "kunci-sandi",
    ApiCode.PASSKEY_MISSING: "kunci-sandi",
    ApiCode.PASSKEY_NOT_YET_USABLE: "kunci-sandi",
    Code.PASSKEY_UNKNOWN: "kunci-sandi",
}
"""Where on the page a refusal belongs."""


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ConsentLine(_View):
    """A letter that is consented to."""

    choice: str
    number: str
    title: str
    holder_name: str
    letter_number: str


class LeftOutLine(_View):
    """A letter that was marked and is left out, and why."""

    number: str
    title: str
    sentence: str


class ConsentView(_View):
    """What the head is asked to consent to."""

    lines: list[ConsentLine]
    left_out: list[LeftOutLine]
    ready: ReadyView


@consent_pages.get("/tanda-tangan/persetujuan")
@consent_pages.get("/tanda-tangan/kode")
@consent_pages.get("/tanda-tangan/setujui")
async def back_to_the_letters() -> Response:
    """What was marked came with a form; without it there is only the list."""
    return RedirectResponse("/tanda-tangan", 303)


@dataclass(frozen=True)
class Chosen:
    """The form of a marked list, from whom it came."""

    actor: Actor
    services: Services
    form: SentForm
    tasks: list[TaskSeen]


async def chosen_letters(actor: Signer, services: Here, form: Sent) -> Chosen:
    """The marked letters of the form. Raises Problem(invalid-request)."""
    marks = [one.rpartition("~") for one in form.all("surat")]
    try:
        tasks = [TaskSeen(task=task, seen=seen) for task, _mark, seen in marks]
    except ValidationError:
        raise Problem(ApiCode.INVALID_REQUEST, fields=["surat"]) from None
    if len(tasks) > MOST_TASKS:
        raise Problem(ApiCode.INVALID_REQUEST, fields=["surat"])
    return Chosen(actor=actor, services=services, form=form, tasks=tasks)


Marked = Annotated[Chosen, Depends(chosen_letters)]


@consent_pages.post("/tanda-tangan/persetujuan")
async def consent_form(request: Request, marked: Marked) -> Response:
    """What was marked, looked at once more, and the step-up."""
    if not marked.tasks:
        errors = [("surat-1", _("Tandai paling sedikit satu surat, lalu lanjutkan."))]
        return await draw_letters(request, marked.services, marked.actor, [], errors, 422)
    return await draw_consent(request, marked)


@consent_pages.post("/tanda-tangan/kode")
async def send_provider_code(request: Request, marked: Marked) -> Response:
    """Has the provider send its code, and the same form again."""
    try:
        await send_code(marked.actor, marked.services)
    except Refused as error:
        status, errors = refused(request, error, "kode-penyedia")
        return await draw_consent(request, marked, status, errors)
    sent = _("Kode sedang dikirim penyedia tanda tangan kepada Anda.")
    return await draw_consent(request, marked, news=sent, code_sent=True)


@consent_pages.post("/tanda-tangan/setujui")
async def consent(request: Request, marked: Marked, only_once: OnlyOnce) -> Response:
    """Orders the signatures, and on to what becomes of each letter."""
    errors = _missing(marked.form)
    if errors:
        return await draw_consent(request, marked, 422, errors)
    try:
        asked = ActivationAsked.model_validate(_asked(marked))
    except ValidationError as wrong:
        return await draw_consent(request, marked, 422, _mistyped(wrong))
    try:
        answer = await activate(asked, marked.actor, request, marked.services, only_once)
    except Refused as error:
        status, errors = refused(request, error, FIELD_OF.get(error.code, "frasa"))
        # A consent whose order was lost may be under way: the same key asks for the same one.
        again = {"form_key": only_once.key} if status >= 500 and only_once.key else {}
        return await draw_consent(request, marked, status, errors, **again)
    body = body_of(answer)
    left_out = [
        ("tidak", f"{number_of(result['task'])}:{result['problem']['code']}")
        for result in body["results"]
        if result["state"] == "refused"
    ]
    query = f"?{urlencode(left_out)}" if left_out else ""
    return onward(request, f"/tanda-tangan/hasil/{body['activation_id']}{query}")


def _asked(marked: Chosen) -> dict[str, Any]:
    form = marked.form
    code = form.text("kode_penyedia", 20)
    secret = {"provider_code": code} if code else {"passphrase": form.raw("frasa")}
    if challenge := form.text("challenge", 64):
        return {"challenge": challenge, "assertion": _json(form.raw("assertion")), **secret}
    tasks = [one.model_dump() for one in marked.tasks]
    return {"tasks": tasks, "totp": form.text("kode", 20).replace(" ", ""), **secret}


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _missing(form: SentForm) -> FormErrors:
    errors: FormErrors = []
    code, passphrase = form.text("kode_penyedia"), form.raw("frasa")
    if code and passphrase:
        errors.append(("frasa", _("Isi frasa sandi atau kode dari penyedia, salah satu saja.")))
    elif not code and not passphrase:
        errors.append(("frasa", _("Frasa sandi belum diisi.")))
    if not form.text("challenge") and not form.text("kode"):
        errors.append(("kode", _("Kode sekali pakai belum diisi.")))
    return errors


def _mistyped(wrong: ValidationError) -> FormErrors:
    words = {
        "totp": ("kode", _("Kode sekali pakai terdiri dari enam angka.")),
        "passphrase": ("frasa", _("Frasa sandi terlalu panjang.")),
        "provider_code": ("kode-penyedia", _("Kode dari penyedia belum benar.")),
        "tasks": ("frasa", _("Daftar suratnya belum benar. Kembali ke daftar surat, lalu ulangi.")),
    }
    other = ("kunci-sandi", _("Jawaban perangkat Anda tidak terbaca. Coba lagi."))
    names = [str(fault["loc"][0]) if fault["loc"] else "" for fault in wrong.errors(include_input=False)]
    return list(dict.fromkeys(words.get(name, other) for name in names))


async def draw_consent(
    request: Request,
    marked: Chosen,
    http_status: int = 200,
    errors: FormErrors | None = None,
    /,
    **more: Any,
) -> Response:
    """The step-up over what can be signed of the marked letters; the rest is named with its reason."""
    services, actor = marked.services, marked.actor
    async with services.db.transaction() as session:
        found, _total = await waiting_letters(session, await services.capacities(actor), MOST_TASKS)
    waiting = {one.task: one for one in found}
    lines, left_out = [], []
    for one in marked.tasks:
        letter = waiting.get(one.task)
        if letter is not None and letter.sha256 == one.seen:
            lines.append(line_of(letter))
        else:
            left_out.append(await _left_out(request, services, actor, one, letter))
    if not lines:
        errors = [*(errors or []), *(("surat-1", f"{gone.number}: {gone.sentence}") for gone in left_out)]
        return await draw_letters(request, services, actor, [], errors, max(http_status, 409))
    view = ConsentView(lines=lines, left_out=left_out, ready=await ready_view(services, actor))
    return form_page(request, "head/persetujuan.html", http_status, view=view, errors=errors or [], **more)


def line_of(letter: WaitingLetter) -> ConsentLine:
    """One line of the list that is consented to."""
    return ConsentLine(
        choice=f"{letter.task}~{letter.sha256}",
        number=letter.number,
        title=letter.permit_name,
        holder_name=letter.holder_name,
        letter_number=letter.letter_number,
    )


async def _left_out(
    request: Request, services: Services, actor: Actor, asked: TaskSeen, letter: WaitingLetter | None
) -> LeftOutLine:
    outcome = await look_up(services, asked, actor, False)
    code = outcome.code if isinstance(outcome, Problem) else Code.TASK_CLOSED
    facts = outcome.facts if isinstance(outcome, Problem) else {}
    return LeftOutLine(
        number=number_of(asked.task),
        title=letter.permit_name if letter else "",
        sentence=words_of(request, code, **facts),
    )


def number_of(task: str) -> str:
    """The application's number, which the id of its task begins with."""
    found = NUMBER.match(task)
    return found.group() if found else ""
