"""`/tugas/{task}`: one task, judged at the left and decided at the right; afterwards the next one is offered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.deciding import decide
from api.dependencies import Here, SignedIn, Work, case_of_applicant_or_stand_in, load_work, task_for
from api.idempotency import OnlyOnce, request_sha256
from api.pages.addresses import own_address
from api.pages.forms import KEY, Sent, SentForm
from api.pages.language import gettext as _
from api.pages.officers.beside import read_task
from api.pages.officers.choices import Choice
from api.pages.officers.decision import CHOICE, Mend, decision_of, reason_field
from api.pages.officers.due import Due, due_of
from api.pages.officers.routing import address_of_task
from api.pages.officers.task_view import TaskView, task_view
from api.pages.officers.words import decision_words, task_words
from api.pages.papers import Requirement
from api.pages.rendering import Refused, form_page, is_unsure, onward, page, refused, unsure_page, words_of
from api.problems import Problem
from api.routes.documents import put_document
from api.routes.stuck import NoteAsked, answer_why
from api.routes.tasks import add_attachment
from api.services import Services
from permits.authority import Act, Actor, Role
from permits.errors import Code, RuleError
from store.queries.desk import newest_task
from store.queries.inbox import EVERYTHING, InboxLine, inbox

task_pages = APIRouter()

Readable = Annotated[Work, Depends(task_for(Act.READ_APPLICATION))]
Decidable = Annotated[Work, Depends(task_for(Act.DECIDE))]
Changeable = Depends(
    case_of_applicant_or_stand_in(Act.EDIT_DRAFT, for_draft=Act.APPLY_FOR, for_case=Act.ACT_FOR_APPLICANT)
)
IN_THE_WAY = (Code.TASK_CLOSED, Code.APPLICATION_CLOSED, Code.APPLICATION_WITHDRAWN, Code.REQUEST_WITHDRAWN)
"""Refusals after which nothing is left to decide: who was first is said instead."""


@dataclass(frozen=True)
class Next:
    """The task that is offered next."""

    address: str
    task: str
    permit_name: str
    number: str
    due: Due


@task_pages.get("/tugas/{task_id}")
async def show_task(request: Request, work: Readable, services: Here, login: SignedIn) -> Response:
    """What is judged, and what can be decided."""
    elsewhere = address_of_task(work.task.kind, work.task.id, login.actor.role, work.task.number)
    if work.task.status == "open" and elsewhere != f"/tugas/{quote(work.task.id, safe='')}":
        return onward(request, elsewhere)
    view = await _view(services, work, login.actor)
    if not view.open:
        return await _was_decided(request, services, login.actor, view, 200)
    return form_page(request, "officers/tugas.html", view=view, errors=[])


@task_pages.post("/tugas/{task_id}")
async def decide_task(
    task_id: str, request: Request, login: SignedIn, services: Here, form: Sent, only_once: OnlyOnce
) -> Response:
    """Passes the decision on; what has to be mended is drawn again with everything that was typed."""
    try:
        work = await load_work(services, task_id, login.actor, Act.DECIDE)
    except RuleError as error:
        if error.code is not Code.ASSIGNED_TO_ANOTHER:
            raise
        work = await load_work(services, task_id, login.actor, Act.READ_APPLICATION)
        return await _again(request, services, work, login.actor, form, [(CHOICE, words_of(request, error.code))], 409)
    view = await _view(services, work, login.actor, form)
    if not view.open:
        return await _was_decided(request, services, login.actor, view, 409)
    try:
        asked = decision_of(form, (await read_task(services, work))[0], view.choices)
        answer = await decide(services, work, asked, only_once.key or request_sha256("decision", asked))
    except Mend as mend:
        return form_page(request, "officers/tugas.html", 422, view=view, errors=mend.errors)
    except Refused as error:
        return await _refused(request, services, work, login.actor, form, error)
    if is_unsure(answer):
        return unsure_page(request, form, view.address)
    return onward(request, f"{view.address}/selesai", _done_words(form, view))


@task_pages.get("/tugas/{task_id}/selesai")
async def task_done(request: Request, work: Readable, services: Here, login: SignedIn) -> Response:
    """What was decided is on its way; the next task."""
    following = await next_task(services, login.actor, work.task.id)
    return page(
        request,
        "officers/selesai.html",
        number=work.task.number,
        permit_name=work.application.title,
        task=task_words(work.task.kind),
        following=following,
        reads_cases=login.actor.role is not Role.OPD,
    )


@task_pages.post("/tugas/{task_id}/penjelasan")
async def explain(request: Request, work: Decidable, services: Here, form: Sent, only_once: OnlyOnce) -> Response:
    """The holder says why the case does not move; the task stays open."""
    try:
        await answer_why(NoteAsked.model_validate({"note": form.text("penjelasan", 2000)}), work, services, only_once)
    except ValidationError:
        view = await _view(services, work, work.actor)
        errors = [("penjelasan", _("Tulis penjelasan Anda, paling banyak 2000 huruf."))]
        return form_page(request, "officers/tugas.html", 422, view=view, errors=errors)
    return onward(request, f"/tugas/{quote(work.task.id, safe='')}", _("Penjelasan Anda sudah dicatat."))


@task_pages.post("/tugas/{task_id}/lampiran")
async def add_evidence(request: Request, work: Decidable, services: Here, only_once: OnlyOnce) -> Response:
    """Adds a file to the task."""
    try:
        await add_attachment(request, work, services, only_once)
    except Refused as error:
        status, errors = refused(request, error, "unggah")
        view = await _view(services, work, work.actor)
        return form_page(request, "officers/tugas.html", status, view=view, errors=errors)
    return onward(request, f"/tugas/{quote(work.task.id, safe='')}#unggah", _("Berkas sudah ditambahkan."))


@task_pages.post("/kasus/{number}/berkas/{requirement}")
async def upload_for_applicant(
    requirement: Requirement,
    request: Request,
    services: Here,
    only_once: OnlyOnce,
    form: Sent,
    login: SignedIn,
    case: Annotated[Any, Changeable],
) -> Response:
    """The front office uploads the next version of a document for the applicant, and says by which way it came."""
    back = own_address(form.text("kembali", 300)) or f"/kasus/{case.row.number}"
    try:
        await put_document(requirement, request, case, services, only_once)
    except Refused as error:
        status, errors = refused(request, error, f"unggah-{requirement}")
        task = form.text("tugas", 200)
        if not task:
            raise
        work = await load_work(services, task, login.actor, Act.READ_APPLICATION)
        view = await _view(services, work, login.actor)
        return form_page(request, "officers/tugas.html", status, view=view, errors=errors)
    return onward(request, back, _("Berkas sudah diunggah atas nama pemohon."))


async def next_task(services: Services, actor: Actor, done: str) -> Next | None:
    """The most urgent task that the person holds or may take, besides the one just done."""
    actors = await services.capacities(actor)
    now = services.now()
    async with services.db.transaction() as session:
        lines, _total, _more = await inbox(session, actors, now, "all", EVERYTHING, limit=50)
    found = next((line for line in lines if line.id != done and line.assigned_to in (None, actor.id)), None)
    return _next_of(found, actor, due_of(found.due_at, now)) if found else None


def _next_of(line: InboxLine, actor: Actor, due: Due) -> Next:
    return Next(
        address=address_of_task(line.kind, line.id, actor.role, line.number),
        task=task_words(line.kind),
        permit_name=line.permit_name,
        number=line.number,
        due=due,
    )


async def _view(services: Services, work: Work, actor: Actor, form: SentForm | None = None) -> TaskView:
    shown, beside = await read_task(services, work)
    capacities = await services.capacities(actor)
    opened = form.text(CHOICE, 40) if form else ""

    def typed(choice: str, name: str) -> str:
        return form.text(name) if form and choice in ("", opened) else ""

    return task_view(shown, beside, capacities, work.subject, typed, opened)


async def _again(
    request: Request, services: Services, work: Work, actor: Actor, form: SentForm, errors: Any, status: int
) -> Response:
    view = await _view(services, work, actor, form)
    return form_page(request, "officers/tugas.html", status, view=view, errors=errors)


async def _refused(
    request: Request, services: Services, work: Work, actor: Actor, form: SentForm, error: Problem | RuleError
) -> Response:
    """A colleague was first, or the form can be mended; any other refusal is a page of its own."""
    if error.code in IN_THE_WAY:
        return await _was_first(request, services, work, actor, error)
    view = await _view(services, work, actor, form)
    if not view.open:
        return await _was_decided(request, services, actor, view, 409)
    status, errors = refused(request, error, reason_field(_sent(view, form)))
    return form_page(request, "officers/tugas.html", status, view=view, errors=errors)


def _sent(view: TaskView, form: SentForm) -> Choice:
    return next((one for one in view.choices if one.kind == form.text(CHOICE, 40)), Choice("", ""))


async def _was_first(
    request: Request, services: Services, work: Work, actor: Actor, error: Problem | RuleError
) -> Response:
    async with services.db.transaction() as session:
        now = await newest_task(session, work.task.id)
    who = (now.decided_by_name if now else None) or str(error.facts.get("decided_by") or "")
    what = decision_words(now.decision) if now and now.decision else ""
    status, lines = refused(request, error)
    return page(
        request,
        "officers/sudah.html",
        status,
        who=who,
        what=what,
        at=now.closed_at if now else None,
        detail=[] if who else [lines[0][1]],
        number=work.task.number,
        permit_name=work.application.title,
        task=task_words(work.task.kind),
        following=await next_task(services, actor, work.task.id),
        reads_cases=actor.role is not Role.OPD,
        late=True,
    )


async def _was_decided(request: Request, services: Services, actor: Actor, view: TaskView, status: int) -> Response:
    who, what, at = view.decided or ("", "", None)
    return page(
        request,
        "officers/sudah.html",
        status,
        who=who,
        what=what,
        at=at,
        detail=[],
        number=view.number,
        permit_name=view.permit_name,
        task=view.title,
        following=await next_task(services, actor, view.id),
        reads_cases=actor.role is not Role.OPD,
        late=status != 200,
    )


def _done_words(form: SentForm, view: TaskView) -> str:
    """The sentence of what was done; names no person."""
    choice = _sent(view, form)
    return _("Sudah dicatat: %(what)s, permohonan %(number)s.") % {"what": choice.button, "number": view.number}


__all__ = ["KEY", "next_task", "task_pages"]
