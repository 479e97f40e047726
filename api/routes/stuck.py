"""Stuck cases: who holds them, the leaders' question why, and the holder's answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from api.asked import Asked
from api.dependencies import Here, Work, may, task_for
from api.idempotency import OnlyOnce, request_sha256
from api.recording import event_now
from permits.authority import Act, Actor, Role
from permits.errors import Code, RuleError
from permits.events import Tag
from permits.steps import Notice, Step
from store.queries.stuck import NoteLine, StuckAt, notes_of_task, stuck_by_holder

private = APIRouter(tags=["tasks"])

Leader = Annotated[Actor, Depends(may(Act.ASK_WHY))]
AskedAbout = Annotated[Work, Depends(task_for(Act.ASK_WHY))]
Held = Annotated[Work, Depends(task_for(Act.DECIDE))]
Readable = Annotated[Work, Depends(task_for(Act.READ_APPLICATION))]


class StuckList(BaseModel):
    """Holders of what is stuck, the longest silence first; office times."""

    items: list[StuckAt]
    total: int
    """Tasks, all holders together."""


class WhyAsked(Asked):
    """A leader's question to the holder."""

    question: str = Field(default="", max_length=500)


class NoteAsked(Asked):
    """The holder's answer."""

    note: str = Field(min_length=1, max_length=2000)


class NoteList(BaseModel):
    """What was asked and answered about a task, in order."""

    items: list[NoteLine]


@private.get("/stuck")
async def list_stuck(actor: Leader, services: Here) -> StuckList:
    """Who holds how many cases beyond their due date, and since when."""
    async with services.db.transaction() as session:
        items = await stuck_by_holder(session, services.now())
    return StuckList(items=items, total=sum(one.tasks for one in items))


@private.get("/tasks/{task_id}/notes")
async def list_notes(work: Readable, services: Here) -> NoteList:
    """What was asked and answered about a task."""
    async with services.db.transaction() as session:
        return NoteList(items=await notes_of_task(session, work.task.number, work.task.id))


@private.post("/tasks/{task_id}/why", response_model=NoteList)
async def ask_why(asked: WhyAsked, work: AskedAbout, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Asks the holder why the case does not move: a line of its record, and a message to the holder."""
    task, key = work.task, _key(work, "why", only_once.key, asked)

    async def write() -> NoteList:
        _check_open(work)
        facts = {
            "stage": task.stage,
            "holder": task.assigned_to_name or task.holder,
            "since": task.opened_at.isoformat(),
            "due_at": task.due_at.isoformat(),
            "asked_by": work.actor.name,
        }
        notice = Notice(
            key=key,
            template="holder-asked-why",
            to="holder",
            account=task.assigned_to,
            role=Role(task.role),
            field=task.field,
            opd=task.opd,
            facts=facts | {"reason": asked.question},
        )
        event = event_now(
            services, work.application, work.actor, Tag.HOLDER_ASKED_WHY, key,
            task=task.id, holder=task.assigned_to_name or task.holder, stage=task.stage, text=asked.question,
        )  # fmt: skip
        await services.records.keep(Step(number=task.number, events=(event,), notices=(notice,)))
        return await list_notes(work, services)

    return await only_once.answer(asked, 200, write)


@private.post("/tasks/{task_id}/note", response_model=NoteList)
async def answer_why(asked: NoteAsked, work: Held, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """The holder says why the case does not move; the task stays open."""
    task, key = work.task, _key(work, "note", only_once.key, asked)

    async def write() -> NoteList:
        _check_open(work)
        event = event_now(
            services, work.application, work.actor, Tag.HOLDER_ANSWERED, key,
            task=task.id, holder=work.actor.name, stage=task.stage, text=asked.note,
        )  # fmt: skip
        await services.records.keep(Step(number=task.number, events=(event,)))
        return await list_notes(work, services)

    return await only_once.answer(asked, 200, write)


def _key(work: Work, what: str, key: str | None, asked: Asked) -> str:
    """One line of the record for one request, however often it is sent."""
    told_apart = request_sha256(f"{what} {work.task.id}", [work.actor.id, key or asked.model_dump(mode="json")])
    return f"{work.task.id}.{what}.{told_apart[:16]}"


def _check_open(work: Work) -> None:
    if work.task.status != "open":
        raise RuleError(Code.TASK_CLOSED, decided_by=work.task.decided_by_name)
