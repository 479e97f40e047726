"""The page of one request to an agency: what is asked, by when, what is judged, and the answer, all in one place."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.deciding import QuestionAskedOfApplicant, RecommendedAsked, decide
from api.dependencies import Here, SignedIn, Work, task_for
from api.idempotency import FORM_KEY, OnlyOnce
from api.pages.agencies.asked import Looker, RequestView, is_of_an_agency, request_view
from api.pages.forms import KEY, FormErrors, Sent, SentForm
from api.pages.language import gettext as _
from api.pages.papers import Requirement
from api.pages.rendering import Refused, body_of, form_page, is_unsure, onward, page, refused, unsure_page
from api.pages.settling import until_written
from api.problems import ApiCode
from api.routes.assignments import AssignmentAsked, assign_task
from api.routes.stuck import NoteAsked, answer_why
from api.routes.tasks import add_attachment
from api.services import Services
from permits.authority import Act
from permits.decisions import MAX_TEXT, MOST_LINES, TaskKind
from permits.errors import Code, RuleError
from store.queries.agency_request import agency_request
from store.queries.application import document

request_pages = APIRouter()

Readable = Annotated[Work, Depends(task_for(Act.READ_APPLICATION))]
ReadableFiles = Annotated[Work, Depends(task_for(Act.READ_DOCUMENTS))]
Answerable = Annotated[Work, Depends(task_for(Act.DECIDE))]
Account = Annotated[str, Path(pattern=r"^[A-Za-z0-9._@-]{1,100}$")]

LINE = 500
ANSWERS = ("approve", "approve_with_conditions", "refuse", "question")
MOST_PAGES = 60


@request_pages.get("/permintaan/{task_id}")
async def request_page(work: Readable, request: Request, services: Here) -> Response:
    """The request as it stands."""
    if not is_of_an_agency(work.actor):
        return onward(request, f"/kasus/{work.application.number}")
    if work.task.kind == TaskKind.SIGN_RECOMMENDATION and work.task.status == "open":
        return onward(request, f"/permintaan/{work.task.id}/tanda-tangan")
    return await _shown(request, services, work)


@request_pages.get("/permintaan/{task_id}/berkas/{requirement}")
async def paper_page(requirement: Requirement, work: ReadableFiles, request: Request, services: Here) -> Response:
    """Every page of one document, to be read on a screen."""
    async with services.db.transaction() as session:
        row = await document(session, work.application.number, requirement, None)
        asked = await agency_request(session, work.task, work.application)
    title = next((one.title for one in asked.documents if one.requirement == requirement), requirement)
    first = services.papers.known(row.sha256, 1, 900)
    if first is None:
        content = await services.documents.get_document(row.sha256)
        first = await services.papers.draw(content, row.sha256, 1, 900)
    pages = min(first.pages, MOST_PAGES) if first else 0
    base = f"/kasus/{work.application.number}/berkas/{requirement}"
    return page(
        request, "agencies/berkas.html", title=title, number=work.application.number, base=base,
        pages=pages, is_cut=bool(first and first.pages > MOST_PAGES), back=f"/permintaan/{work.task.id}#berkas",
    )  # fmt: skip


@request_pages.post("/permintaan/{task_id}/jawaban")
async def answer(
    work: Answerable, request: Request, services: Here, form: Sent, only_once: OnlyOnce
) -> Response:
    """The agency's answer, or its question to the applicant."""
    typed = _typed(form)
    try:
        if form.has_file:
            kept = body_of(await add_attachment(request, work, services, only_once))
            typed = typed | {"letter": kept["sha256"], "letter_name": kept["filename"]}
            # Should the engine not answer, the form that asks again has no file: it names the letter that is kept.
            form.fields.update(surat=[kept["sha256"]], nama_surat=[kept["filename"]], pakai_surat=["ya"])
        errors = _missing(typed)
        if errors:
            return await _shown(request, services, work, 422, errors, typed)
        key = form.text(KEY, 128)
        taken = await decide(services, work, _decision(work, typed), key if FORM_KEY.fullmatch(key) else "halaman")
    except ValidationError:
        errors = [("jawaban", _("Jawaban belum dapat dikirim. Periksa isiannya, lalu kirim lagi."))]
        return await _shown(request, services, work, 422, errors, typed)
    except Refused as error:
        field = "file" if error.code in _OF_FILE else "jawaban"
        status, errors = refused(request, error, field)
        return await _shown(request, services, work, status, errors, typed)
    address = f"/permintaan/{work.task.id}"
    if is_unsure(taken):
        return unsure_page(request, form, address)
    await until_written(services, work.task.id)
    asked = typed["answer"] == "question"
    return onward(
        request,
        address,
        _("Pertanyaan Anda sudah dikirim kepada pemohon.") if asked else _("Jawaban Anda sudah kami terima."),
    )


@request_pages.post("/permintaan/{task_id}/pegang")
async def take(
    task_id: str, login: SignedIn, request: Request, services: Here, form: Sent
) -> Response:
    """An officer of the agency takes the request into its own hands."""
    taken = await assign_task(task_id, AssignmentAsked(to=login.actor.id), login, services, _key(form))
    if is_unsure(taken):
        return unsure_page(request, form, f"/permintaan/{task_id}")
    return onward(request, f"/permintaan/{task_id}", _("Permintaan ini sekarang Anda yang memegang."))


@request_pages.post("/permintaan/{task_id}/serahkan")
async def give(
    task_id: str, work: Readable, login: SignedIn, request: Request, services: Here, form: Sent
) -> Response:
    """The agency's head gives the request to one of its officers, or back to all of them."""
    to = form.text("kepada", 100)
    try:
        asked = AssignmentAsked(to=to or None, reason=form.text("pesan", LINE))
        given = await assign_task(task_id, asked, login, services, _key(form))
    except ValidationError:
        return await _shown(request, services, work, 422, [("kepada", _("Pilih salah satu petugas dari daftar."))])
    except Refused as error:
        status, errors = refused(request, error, "kepada")
        return await _shown(request, services, work, status, errors)
    if is_unsure(given):
        return unsure_page(request, form, f"/permintaan/{task_id}")
    return onward(request, f"/permintaan/{task_id}", _("Permintaan ini sudah Anda serahkan kepada petugas itu."))


@request_pages.post("/permintaan/{task_id}/kabar")
async def tell(
    work: Answerable, request: Request, services: Here, form: Sent, only_once: OnlyOnce
) -> Response:
    """Why the answer takes longer, and how much more time is needed: a line of the record that the office reads."""
    try:
        await answer_why(NoteAsked(note=form.text("kabar", 2000)), work, services, only_once)
    except ValidationError:
        errors = [("kabar", _("Tulis dulu apa yang Anda perlukan, paling banyak 2000 huruf."))]
        return await _shown(request, services, work, 422, errors)
    except Refused as error:
        status, errors = refused(request, error, "kabar")
        return await _shown(request, services, work, status, errors)
    return onward(request, f"/permintaan/{work.task.id}", _("Kabar Anda sudah tercatat dan dapat dibaca kantor kami."))


_OF_FILE = frozenset(
    {
        ApiCode.FILE_EMPTY, ApiCode.FILE_TOO_LARGE, ApiCode.FILE_TYPE_NOT_ACCEPTED, ApiCode.FILE_DANGEROUS,
        ApiCode.FILE_UNREADABLE, ApiCode.FILE_MISSING, ApiCode.TOO_LARGE, Code.EVIDENCE_MISSING,
    }
)  # fmt: skip


def _key(form: SentForm) -> str | None:
    key = form.text(KEY, 128)
    return key if FORM_KEY.fullmatch(key) else None


def _typed(form: SentForm) -> dict[str, str]:
    return {
        "answer": form.text("jawaban", 40),
        "conditions": form.text("syarat", MOST_LINES * (LINE + 2)),
        "reason": form.text("alasan", MAX_TEXT),
        "question": form.text("pertanyaan", MAX_TEXT),
        "letter": form.text("surat", 64) if form.text("pakai_surat") or not form.text("surat") else "",
        "letter_name": form.text("nama_surat", 100),
    }


NOTHING_TYPED = {"answer": "", "conditions": "", "reason": "", "question": "", "letter": "", "letter_name": ""}


def conditions_of(text: str) -> tuple[str, ...]:
    """One condition a line; numbers and dashes before it are only marks."""
    lines = (line.strip().lstrip("-•*").lstrip() for line in text.splitlines())
    return tuple(line for line in lines if line)


def _missing(typed: dict[str, str]) -> FormErrors:
    match typed["answer"]:
        case "approve_with_conditions":
            lines = conditions_of(typed["conditions"])
            if not lines:
                return [("syarat", _("Tulis syaratnya, satu syarat satu baris."))]
            if len(lines) > MOST_LINES or any(len(line) > LINE for line in lines):
                return [("syarat", _("Paling banyak 20 syarat, masing-masing paling banyak 500 huruf."))]
        case "refuse":
            return _text_errors("alasan", typed["reason"], _("Tulis alasannya. Pemohon membacanya di suratnya."))
        case "question":
            return _text_errors("pertanyaan", typed["question"], _("Tulis pertanyaan Anda kepada pemohon."))
        case "approve":
            return []
        case _:
            return [("jawaban", _("Pilih salah satu jawaban."))]
    return []


def _text_errors(field: str, text: str, empty: str) -> FormErrors:
    if not text:
        return [(field, empty)]
    return [(field, _("Terlalu panjang; paling banyak 4000 huruf."))] if len(text) > MAX_TEXT else []


def _decision(work: Work, typed: dict[str, str]) -> RecommendedAsked | QuestionAskedOfApplicant:
    seen = work.task.subject_sha256
    if typed["answer"] == "question":
        return QuestionAskedOfApplicant(seen=seen, text=typed["question"])
    return RecommendedAsked.model_validate(
        {
            "seen": seen,
            "answer": typed["answer"],
            "conditions": conditions_of(typed["conditions"]) if typed["answer"] == "approve_with_conditions" else (),
            "reason": typed["reason"] if typed["answer"] == "refuse" else "",
            "letter": typed["letter"] or None,
        }
    )


async def _shown(
    request: Request,
    services: Services,
    work: Work,
    status: int = 200,
    errors: FormErrors | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    return form_page(
        request, "agencies/permintaan.html", status, view=await _view(services, work), errors=errors or [],
        typed=typed or NOTHING_TYPED,
    )  # fmt: skip


async def _view(services: Services, work: Work) -> RequestView:
    if work.task.role != "opd":
        raise RuleError(Code.TASK_NOT_FOUND)
    async with services.db.transaction() as session:
        asked = await agency_request(session, work.task, work.application)
    return request_view(asked, work.task.id, await _looker(services, work), services.now())


async def _looker(services: Services, work: Work) -> Looker:
    actor = work.actor
    colleagues: tuple[tuple[str, str], ...] = ()
    if actor.is_head and actor.opd:
        rows = await services.records.accounts(opd=actor.opd)
        colleagues = tuple((row.id, row.name) for row in rows if row.id != actor.id)
    mandate = None
    if actor.opd:
        mandate = await services.records.agency_mandate_for(actor.id, await services.office_today(), actor.opd)
    return Looker(actor, work.subject, mandate is not None, colleagues)
