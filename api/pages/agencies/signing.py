"""An agency's officer signs the agency's own recommendation (ADR 0026): the letter as a picture, then the proof.

The passphrase is read by `api.routes.signing` alone and never drawn again. With a script, a passkey may take the place
of the one-time code; the form works without one.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from api.consent import ActivationAsked
from api.deciding import ReturnAsked, decide
from api.dependencies import Case, Here, Work, task_for
from api.idempotency import OnlyOnce
from api.pages.agencies.asked import is_of_an_agency
from api.pages.agencies.words import Countdown, countdown
from api.pages.forms import KEY, FormErrors, Sent
from api.pages.language import gettext as _
from api.pages.rendering import Refused, body_of, form_page, is_unsure, onward, refused, unsure_page
from api.pages.settling import until_written
from api.problems import ApiCode, Problem
from api.routes.documents import letter_content
from api.routes.signing import Signer, activate
from api.services import Services
from api.signing_readiness import Readiness, readiness
from permits.authority import Act
from permits.decisions import TaskKind
from permits.errors import Code, RuleError
from permits.reasons import ReturnReason
from store.queries.agency_request import agency_request
from store.queries.application import letters

signing_pages = APIRouter()

Readable = Annotated[Work, Depends(task_for(Act.READ_DOCUMENTS))]
Answerable = Annotated[Work, Depends(task_for(Act.DECIDE))]


class LetterToSign(BaseModel):
    """The agency's letter that waits for its officer."""

    model_config = ConfigDict(frozen=True)

    number: str
    task: str
    permit_name: str
    seen: str  # sha256 of the letter that is shown
    number_text: str
    pictures: tuple[str, ...]
    due_at: datetime
    remaining: Countdown
    failed: bool  # it was ordered before, and nothing came of it


@signing_pages.get("/permintaan/{task_id}/tanda-tangan")
async def sign_page(work: Readable, request: Request, services: Here) -> Response:
    """The letter, and the form of the consent."""
    if not is_of_an_agency(work.actor) or work.task.kind != TaskKind.SIGN_RECOMMENDATION or work.task.status != "open":
        return onward(request, f"/permintaan/{work.task.id}")
    return await _shown(request, services, work)


@signing_pages.post("/permintaan/{task_id}/tanda-tangan")
async def sign(
    work: Answerable, actor: Signer, request: Request, services: Here, form: Sent, only_once: OnlyOnce
) -> Response:
    """Orders the signature by passphrase and one-time code."""
    try:
        asked = ActivationAsked.model_validate(
            {
                "tasks": [{"task": work.task.id, "seen": form.text("seen", 64)}],
                "totp": "".join(form.text("kode", 20).split()),
                "passphrase": form.raw("frasa"),
            }
        )
    except ValidationError as wrong:
        return await _shown(request, services, work, 422, _wrong(wrong))
    try:
        answer = await activate(asked, actor, request, services, only_once)
    except Refused as error:
        field = "kode" if error.code is ApiCode.STEP_UP_REFUSED else "frasa"
        status, errors = refused(request, error, field)
        return await _shown(request, services, work, status, errors)
    if any(one["state"] == "unknown" for one in body_of(answer)["results"]):
        # Asked again under the same key it is the same consent, so that nothing is signed twice.
        errors = [("frasa", _("Sistem belum menjawab. Ketik frasa sandi dan kode yang baru, lalu kirim sekali lagi."))]
        return await _shown(request, services, work, 202, errors, form_key=form.text(KEY, 128))
    await until_written(services, work.task.id)
    news = _("Persetujuan Anda diterima. Suratnya sedang ditandatangani.")
    return onward(request, f"/permintaan/{work.task.id}", news)


@signing_pages.post("/permintaan/{task_id}/tulis-ulang")
async def write_anew(work: Answerable, request: Request, services: Here, form: Sent) -> Response:
    """The officer does not sign: the answer is written again."""
    reason = form.text("alasan", 2000)
    if not reason:
        errors = [("alasan", _("Tulis apa yang perlu diubah."))]
        return await _shown(request, services, work, 422, errors)
    try:
        asked = ReturnAsked(seen=work.task.subject_sha256, code=ReturnReason.OTHER, reason=reason, to="recommendation")
        answer = await decide(services, work, asked, form.text(KEY, 128) or "halaman")
    except ValidationError:
        return await _shown(request, services, work, 422, [("alasan", _("Tulis apa yang perlu diubah."))])
    except Refused as error:
        status, errors = refused(request, error, "alasan")
        return await _shown(request, services, work, status, errors)
    if is_unsure(answer):
        return unsure_page(request, form, f"/permintaan/{work.task.id}")
    await until_written(services, work.task.id)
    return onward(request, f"/permintaan/{work.task.id}", _("Baik. Jawabannya dapat ditulis ulang."))


def _wrong(wrong: ValidationError) -> FormErrors:
    named = {str(part) for fault in wrong.errors(include_input=False, include_url=False) for part in fault["loc"]}
    errors = []
    if "passphrase" in named or not named & {"totp", "tasks", "seen"}:
        errors.append(("frasa", _("Ketik frasa sandi sertifikat Anda.")))
    if "totp" in named:
        errors.append(("kode", _("Kode sekali pakai terdiri dari enam angka.")))
    return errors or [("frasa", _("Suratnya sudah berubah. Muat ulang halaman ini, baca lagi, lalu tanda tangani."))]


async def _shown(
    request: Request,
    services: Services,
    work: Work,
    status: int = 200,
    errors: FormErrors | None = None,
    **context: str,
) -> Response:
    ready: Readiness = await readiness(services, work.actor)
    view = await _letter(services, work)
    return form_page(
        request, "agencies/tanda-tangan.html", status, letter=view, ready=ready, errors=errors or [], **context
    )


async def _letter(services: Services, work: Work) -> LetterToSign:
    if work.task.kind != TaskKind.SIGN_RECOMMENDATION:
        raise Problem(ApiCode.NOT_FOUND)
    async with services.db.transaction() as session:
        found = [one for one in await letters(session, work.application.number)
                 if one.sha256 == work.task.subject_sha256]  # fmt: skip
        asked = await agency_request(session, work.task, work.application)
    if not found:
        raise RuleError(Code.LETTER_NOT_FOUND)
    letter = found[0]
    case = Case(work.application, work.actor, work.subject)
    content = await letter_content(services, case, letter, draft=True)
    drawn = services.papers.known(str(letter.sha256), 1, 900)
    drawn = drawn or await services.papers.draw(content, str(letter.sha256), 1, 900)
    base = f"/kasus/{work.application.number}/surat/{letter.purpose}"
    now = asked.pace.shown_time(services.now(), asked.calendar)
    return LetterToSign(
        number=work.application.number,
        task=work.task.id,
        permit_name=work.application.title,
        seen=work.task.subject_sha256,
        number_text=letter.number_text,
        pictures=tuple(f"{base}/{n}.png?draf=1" for n in range(1, (drawn.pages if drawn else 0) + 1)),
        due_at=work.task.due_at,
        remaining=countdown(work.task.due_at, now, asked.calendar),
        failed=any(turn.decision == "sign" for turn in asked.turns),
    )
