"""Who holds a task: taken over, put back on the desk, or given to a colleague (`/tugas/{task}/alihkan`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.dependencies import Here, SignedIn, Work, task_for
from api.idempotency import OnlyOnce
from api.pages.forms import FormErrors, Sent
from api.pages.language import gettext as _
from api.pages.officers.words import task_words
from api.pages.rendering import Refused, form_page, is_unsure, onward, refused, unsure_page
from api.pages.words import Options
from api.routes.assignments import AssignmentAsked, assign_task
from api.services import Services
from permits.authority import Act, Actor, refusal
from permits.errors import Code, RuleError
from store.queries.desk import people_of_desk

assigning_pages = APIRouter()

Readable = Annotated[Work, Depends(task_for(Act.READ_APPLICATION))]


@dataclass(frozen=True)
class AssignView:
    """The form that gives a task to somebody else."""

    address: str
    number: str
    permit_name: str
    task: str
    holder: str
    people: Options
    chosen: str
    reason: str


@assigning_pages.get("/tugas/{task_id}/alihkan")
async def assign_form(request: Request, work: Readable, services: Here, login: SignedIn) -> Response:
    """Whom the task can be given to."""
    await _check_assigns(services, work, login.actor)
    return form_page(request, "officers/alihkan.html", view=await _view(services, work), errors=[])


@assigning_pages.post("/tugas/{task_id}/alihkan")
async def assign(
    task_id: str, request: Request, work: Readable, services: Here, login: SignedIn, form: Sent, only_once: OnlyOnce
) -> Response:
    """Gives the task to a colleague; both are told."""
    await _check_assigns(services, work, login.actor)
    to, reason = form.text("kepada", 100), form.text("reason", 500)
    errors: FormErrors = [] if to else [("kepada", _("Pilih siapa yang memegang tugas ini."))]
    if not errors:
        try:
            answer = await assign_task(task_id, AssignmentAsked(to=to, reason=reason), login, services, only_once.key)
        except ValidationError:
            errors = [("reason", _("Alasan terlalu panjang; paling banyak 500 huruf."))]
        except Refused as error:
            status, errors = refused(request, error, "kepada")
            view = await _view(services, work, to, reason)
            return form_page(request, "officers/alihkan.html", status, view=view, errors=errors)
        else:
            if is_unsure(answer):
                return unsure_page(request, form, _address(work))
            return onward(request, "/tugas", _("Tugas sudah dialihkan."))
    view = await _view(services, work, to, reason)
    return form_page(request, "officers/alihkan.html", 422, view=view, errors=errors)


@assigning_pages.post("/tugas/{task_id}/ambil")
async def take(
    task_id: str, request: Request, work: Readable, services: Here, login: SignedIn, form: Sent, only_once: OnlyOnce
) -> Response:
    """Takes the task over."""
    answer = await assign_task(task_id, AssignmentAsked(to=login.actor.id), login, services, only_once.key)
    if is_unsure(answer):
        return unsure_page(request, form, _address(work))
    return onward(request, _address(work), _("Tugas ini sekarang Anda pegang."))


@assigning_pages.post("/tugas/{task_id}/lepas")
async def put_back(
    task_id: str, request: Request, work: Readable, services: Here, login: SignedIn, form: Sent, only_once: OnlyOnce
) -> Response:
    """Puts the task back on the desk."""
    answer = await assign_task(task_id, AssignmentAsked(), login, services, only_once.key)
    if is_unsure(answer):
        return unsure_page(request, form, _address(work))
    return onward(request, "/tugas", _("Tugas kembali ke seluruh meja."))


def _address(work: Work) -> str:
    return f"/tugas/{quote(work.task.id, safe='')}"


async def _check_assigns(services: Services, work: Work, actor: Actor) -> None:
    """Raises RuleError(not-allowed, task-closed)."""
    if work.task.status != "open":
        raise RuleError(Code.TASK_CLOSED, decided_by=work.task.decided_by_name)
    capacities = await services.capacities(actor)
    refusals = [refusal(one, Act.ASSIGN, work.subject) for one in capacities]
    if all(refusals):
        raise RuleError(refusals[0] or Code.NOT_ALLOWED)


async def _view(services: Services, work: Work, chosen: str = "", reason: str = "") -> AssignView:
    task = work.task
    async with services.db.transaction() as session:
        people = await people_of_desk(session, task.role, task.desk_field, task.opd)
    return AssignView(
        address=_address(work),
        number=task.number,
        permit_name=work.application.title,
        task=task_words(task.kind),
        holder=task.assigned_to_name or "",
        people=[(one.id, one.name) for one in people if one.id not in (task.assigned_to, task.applicant_id)],
        chosen=chosen,
        reason=reason,
    )
