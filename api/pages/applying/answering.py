"""What the office asks of an applicant on the way: mended documents, the payment of a retribution, an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.deciding import AnsweredAsked, PaidAsked, RepairedAsked, decide
from api.dependencies import Case, Here, Work, case_for, load_work
from api.idempotency import request_sha256
from api.pages.applying.entry import case_of_sender, each_time, form_key_of, mended, settled
from api.pages.applying.examples import accepted, formats_in_words
from api.pages.applying.unfinished import take_unfinished, unfinished_is_done
from api.pages.forms import FormErrors, Sent, SentForm, errors_of
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, is_unsure, onward, unsure_page
from api.routes.tasks import PAPERS, add_attachment
from api.services import Services
from permits.authority import Act
from permits.decisions import MAX_TEXT, TaskKind
from store.queries.application import DocumentView, letters
from store.queries.application import documents as documents_of
from store.queries.inbox import AttachmentView, attachments
from store.queries.own_cases import HeldTask, held_tasks

router = APIRouter()

own_case = case_for(Act.WITHDRAW)
"""The case `number` of its own applicant: whoever may withdraw it may do what is asked of its applicant."""
Own = Annotated[Case, Depends(own_case)]


@dataclass(frozen=True)
class Mending:
    """A document that is asked for again."""

    title: str
    reason: str
    address: str
    is_replaced: bool
    filename: str


@dataclass(frozen=True)
class RepairScreen:
    """All documents that are asked for again."""

    number: str
    permit_name: str
    due_at: datetime
    documents: list[Mending]
    left: int


@dataclass(frozen=True)
class PaymentScreen:
    """What is to be paid, and the proof."""

    number: str
    permit_name: str
    instructions: str
    due_at: datetime
    has_skrd: bool
    formats: str
    accept: str
    limit_bytes: int
    parts_address: str
    proof: AttachmentView | None


@dataclass(frozen=True)
class QuestionScreen:
    """An agency's question."""

    number: str
    permit_name: str
    asker: str
    question: str
    due_at: datetime
    formats: str
    accept: str
    limit_bytes: int
    parts_address: str
    files: list[AttachmentView]
    action: str


@router.get("/permohonan/{number}/tugas")
async def lead_to_task(case: Own, services: Here) -> Response:
    """To whatever waits for the applicant first."""
    held = await _held(services, case)
    return RedirectResponse(address_of(held[0]) if held else f"/permohonan/{case.row.number}", 303)


def address_of(task: HeldTask) -> str:
    """The page of one of the applicant's tasks."""
    match task.kind:
        case TaskKind.REPAIR:
            return f"/permohonan/{task.number}/perbaikan"
        case TaskKind.PAYMENT:
            return f"/permohonan/{task.number}/pembayaran"
        case _:
            return f"/permohonan/{task.number}/pertanyaan/{task.id}"


# Repair --------------------------------------------------------------------------------------------------------------


@router.get("/permohonan/{number}/perbaikan")
async def show_repair(request: Request, case: Own, services: Here) -> Response:
    """Which documents, why, and which of them are replaced by now."""
    task = await _task(services, case, TaskKind.REPAIR)
    if task is None:
        return RedirectResponse(f"/permohonan/{case.row.number}", 303)
    screen = await _repair_screen(services, case, task)
    return form_page(request, "applying/perbaikan.html", view=screen, errors=[])


@router.post("/permohonan/{number}/perbaikan")
async def send_repair(number: str, request: Request, form: Sent, services: Here) -> Response:
    """All is uploaded: the office goes on, and so does the clock."""
    case = await case_of_sender(request, services, form, number, own_case)
    if isinstance(case, Response):
        return case
    back = f"/permohonan/{number}"
    task = await _task(services, case, TaskKind.REPAIR)
    if task is None:
        return RedirectResponse(back, 303)
    try:
        answer = await _decide(request, services, form, task, RepairedAsked(seen=task.subject_sha256))
    except Refused as error:
        screen = await _repair_screen(services, case, task)
        status, errors = mended(request, error, "kirim")
        return form_page(request, "applying/perbaikan.html", status, view=screen, errors=errors)
    if answer is not None:
        return answer
    return onward(request, back, _("Perbaikan kami terima. Waktu layanan berjalan lagi."))


async def _repair_screen(services: Services, case: Case, task: HeldTask) -> RepairScreen:
    async with services.db.transaction() as session:
        documents = await documents_of(session, case.row)
    found = [mending_of(case.row.number, code, documents) for code in task.wanted_documents]
    return RepairScreen(
        number=case.row.number,
        permit_name=case.row.title,
        due_at=task.due_at,
        documents=found,
        left=sum(not one.is_replaced for one in found),
    )


def mending_of(number: str, code: str, documents: list[DocumentView]) -> Mending:
    """One document that is asked for again, from all of its versions."""
    versions = [one for one in documents if one.requirement == code]
    returned = next((one for one in reversed(versions) if one.verdict == "repair"), None)
    newest = versions[-1] if versions else None
    return Mending(
        title=newest.title if newest else code,
        reason=(returned.reason if returned else None) or _("Petugas meminta berkas ini sekali lagi."),
        address=f"/permohonan/{number}/berkas/{code}",
        is_replaced=newest is not None and newest.verdict != "repair",
        filename=newest.filename if newest else "",
    )


# Payment -------------------------------------------------------------------------------------------------------------


@router.get("/permohonan/{number}/pembayaran")
async def show_payment(request: Request, case: Own, services: Here) -> Response:
    """How much, by which letter, and where the proof goes."""
    task = await _task(services, case, TaskKind.PAYMENT)
    if task is None:
        return RedirectResponse(f"/permohonan/{case.row.number}", 303)
    screen = await _payment_screen(services, case, task)
    return form_page(request, "applying/pembayaran.html", view=screen, errors=[])


@router.post("/permohonan/{number}/pembayaran")
async def send_payment(number: str, request: Request, form: Sent, services: Here) -> Response:
    """Takes the proof in and tells the office."""
    case = await case_of_sender(request, services, form, number, own_case)
    if isinstance(case, Response):
        return case
    task = await _task(services, case, TaskKind.PAYMENT)
    if task is None:
        return RedirectResponse(f"/permohonan/{number}", 303)
    try:
        proofs = await _with_file(request, services, form, case, task)
        asked = PaidAsked(seen=task.subject_sha256, proof=proofs[-1].sha256 if proofs else "")
        answer = await _decide(request, services, form, task, asked)
    except ValidationError:
        status, errors = 422, [("file", _("Bukti pembayaran belum dipilih. Pilih berkasnya, lalu kirim lagi."))]
    except Refused as error:
        status, errors = mended(request, error, "file")
    else:
        if answer is not None:
            return answer
        return onward(
            request, f"/permohonan/{number}", _("Bukti pembayaran kami terima. Petugas memeriksanya di rekening kas.")
        )
    screen = await _payment_screen(services, case, task)
    return form_page(request, "applying/pembayaran.html", status, view=screen, errors=errors)


async def _payment_screen(services: Services, case: Case, task: HeldTask) -> PaymentScreen:
    async with services.db.transaction() as session:
        known = await letters(session, case.row.number)
        proofs = await attachments(session, task.id)
    return PaymentScreen(
        number=case.row.number,
        permit_name=case.row.title,
        instructions=task.instructions,
        due_at=task.due_at,
        has_skrd=any(one.purpose == "skrd" and one.status == "issued" for one in known),
        formats=formats_in_words(PAPERS),
        accept=accepted(PAPERS),
        limit_bytes=services.settings.upload_limit_bytes,
        parts_address=f"/permohonan/{case.row.number}/unggahan",
        proof=proofs[-1] if proofs else None,
    )


# An agency's question ------------------------------------------------------------------------------------------------


@router.get("/permohonan/{number}/pertanyaan/{task_id}")
async def show_question(task_id: str, request: Request, case: Own, services: Here) -> Response:
    """What an agency wants to know."""
    task = await _task(services, case, TaskKind.CLARIFICATION, task_id)
    if task is None:
        return RedirectResponse(f"/permohonan/{case.row.number}", 303)
    screen = await _question_screen(services, case, task)
    return form_page(request, "applying/pertanyaan-dinas.html", view=screen, text="", errors=[])


@router.post("/permohonan/{number}/pertanyaan/{task_id}")
async def send_answer(number: str, task_id: str, request: Request, form: Sent, services: Here) -> Response:
    """The answer with its files; or one more file, and the same page again."""
    case = await case_of_sender(request, services, form, number, own_case)
    if isinstance(case, Response):
        return case
    task = await _task(services, case, TaskKind.CLARIFICATION, task_id)
    if task is None:
        return RedirectResponse(f"/permohonan/{number}", 303)
    text = form.text("jawaban").replace("\r\n", "\n")
    status, errors = _wrong_answer(text, form)
    try:
        files = await _with_file(request, services, form, case, task)
        if not errors and form.text("lanjut", 20) != "tambah":
            asked = AnsweredAsked(seen=task.subject_sha256, text=text, files=tuple(one.sha256 for one in files))
            answer = await _decide(request, services, form, task, asked)
            if answer is not None:
                return answer
            return onward(request, f"/permohonan/{number}", _("Jawaban Anda kami teruskan ke dinas terkait."))
    except ValidationError as wrong:
        status, errors = 422, [("jawaban", words) for _place, words in errors_of(wrong, {"text": _("Jawaban")})]
    except Refused as error:
        status, errors = mended(request, error, "file")
    screen = await _question_screen(services, case, task)
    return form_page(request, "applying/pertanyaan-dinas.html", status, view=screen, text=text, errors=errors)


def _wrong_answer(text: str, form: SentForm) -> tuple[int, FormErrors]:
    if form.text("lanjut", 20) == "tambah":
        return 200, []
    if not text:
        return 422, [("jawaban", _("Jawaban belum diisi."))]
    if len(text) > MAX_TEXT:
        return 422, [("jawaban", _("Jawaban terlalu panjang; paling banyak %(most)s huruf.") % {"most": MAX_TEXT})]
    return 200, []


async def _question_screen(services: Services, case: Case, task: HeldTask) -> QuestionScreen:
    async with services.db.transaction() as session:
        files = await attachments(session, task.id)
    asker, question = _asked_by(task.instructions)
    return QuestionScreen(
        number=case.row.number,
        permit_name=case.row.title,
        asker=asker,
        question=question,
        due_at=task.due_at,
        formats=formats_in_words(PAPERS),
        accept=accepted(PAPERS),
        limit_bytes=services.settings.upload_limit_bytes,
        parts_address=f"/permohonan/{case.row.number}/unggahan",
        files=files,
        action=address_of(task),
    )


def _asked_by(instructions: str) -> tuple[str, str]:
    """The agency and its question, as the request's workflow writes them."""
    asker, colon, question = instructions.partition(": ")
    return (asker, question) if colon else (_("Dinas terkait"), instructions)


# All of them ---------------------------------------------------------------------------------------------------------


async def _held(services: Services, case: Case) -> list[HeldTask]:
    async with services.db.transaction() as session:
        return await held_tasks(session, case.row.applicant_id, case.row.number)


async def _task(services: Services, case: Case, kind: TaskKind, task_id: str = "") -> HeldTask | None:
    """The open task of that kind, by its id where there may be several."""
    held = [one for one in await _held(services, case) if one.kind == kind]
    return next((one for one in held if not task_id or one.id == task_id), None)


async def _with_file(
    request: Request, services: Services, form: SentForm, case: Case, task: HeldTask
) -> list[AttachmentView]:
    """Keeps the form's file, if one came, and answers all that lie with the task."""
    if form.has_file or form.text("unggahan", 64):
        work = await _work(request, services, task)
        try:
            unfinished = await take_unfinished(request, services, case, form)
            await add_attachment(request, work, services, each_time(services, case))
            await unfinished.drop()
        except Refused as error:
            kept = await _attached(services, task)
            if not unfinished_is_done(error, form, kept[-1].uploaded_at if kept else None):
                raise
    return await _attached(services, task)


async def _attached(services: Services, task: HeldTask) -> list[AttachmentView]:
    async with services.db.transaction() as session:
        return await attachments(session, task.id)


async def _work(request: Request, services: Services, task: HeldTask) -> Work:
    return await load_work(services, task.id, request.state.login.actor, Act.DECIDE)


async def _decide(
    request: Request,
    services: Services,
    form: SentForm,
    task: HeldTask,
    asked: RepairedAsked | PaidAsked | AnsweredAsked,
) -> Response | None:
    """Tells the office; None once it knows, else the page that asks again."""
    work = await _work(request, services, task)
    key = form_key_of(form) or request_sha256("decision", asked)
    answer = await decide(services, work, asked, key)
    if is_unsure(answer):
        return unsure_page(request, form, f"/permohonan/{task.number}")

    async def is_closed() -> bool:
        return (await services.records.task(task.id)).status != "open"

    await settled(is_closed)
    return None

