"""The leaders' screen of what is stuck: silent tasks with who was reminded, what was asked and what was answered."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.decisions import TaskKind
from permits.events import Tag
from store.queries.reach import IS_OPEN, IS_SILENT
from store.queries.stuck import NoteLine
from store.tables import ApplicationRow, EventRow, TaskRow

REMINDERS = (
    Tag.TASK_WARNED, Tag.OPD_WARNED, Tag.TASK_ESCALATED, Tag.OPD_ESCALATED, Tag.LADDER_ENDED, Tag.OPD_LADDER_ENDED,
)  # fmt: skip
NOTES = {Tag.HOLDER_ASKED_WHY.value: "asked", Tag.HOLDER_ANSWERED.value: "answered"}


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Reminder(_View):
    """A rung that has fallen; office time."""

    at: datetime
    tag: str
    facts: dict[str, Any]


class StuckTask(_View):
    """One silent task beyond its due date; office times."""

    id: str
    number: str
    permit_name: str
    stage: str
    holder: str
    role: str
    opd: str | None
    field: str | None
    """Of a back office desk."""
    assigned_to: str | None
    assigned_to_name: str | None
    opened_at: datetime
    due_at: datetime
    reminders: list[Reminder]
    notes: list[NoteLine]


async def stuck_tasks(session: AsyncSession, now: datetime, limit: int) -> list[StuckTask]:
    """Tasks that stayed silent beyond their due date though a rung has fallen, the longest silence first.

    A task about a silence (kind `overdue`) is not among them: the silent task itself is. `now`: office time.
    """
    query = select(TaskRow, col(ApplicationRow.title)).join(
        ApplicationRow, col(ApplicationRow.number) == col(TaskRow.number)
    )
    query = query.where(IS_OPEN, IS_SILENT, col(TaskRow.kind) != TaskKind.OVERDUE.value, col(TaskRow.due_at) < now)
    rows = list(await session.exec(query.order_by(col(TaskRow.due_at), col(TaskRow.id)).limit(limit)))
    told = await _told(session, {task.number for task, _title in rows})
    return [_stuck(task, title, told.get(task.id, [])) for task, title in rows]


async def _told(session: AsyncSession, numbers: Collection[str]) -> dict[str, list[EventRow]]:
    """Lines of the record about a silence, by the task they are about."""
    tags = [*(tag.value for tag in REMINDERS), *NOTES]
    query = select(EventRow).where(col(EventRow.number).in_(numbers), col(EventRow.tag).in_(tags))
    found: dict[str, list[EventRow]] = {}
    for line in await session.exec(query.order_by(col(EventRow.number), col(EventRow.sequence))):
        found.setdefault(str(line.facts.get("task")), []).append(line)
    return found


def _stuck(task: TaskRow, title: str, lines: list[EventRow]) -> StuckTask:
    shared = set(StuckTask.model_fields) & set(TaskRow.model_fields) - {"field"}
    return StuckTask(
        **task.model_dump(include=shared),
        field=task.desk_field if task.role == "back_office" else None,
        permit_name=title,
        reminders=[
            Reminder(at=line.office_at, tag=line.tag, facts=line.facts) for line in lines if line.tag not in NOTES
        ],
        notes=[
            NoteLine(kind=NOTES[line.tag], at=line.at, by=line.actor_name, text=str(line.facts.get("text", "")))
            for line in lines
            if line.tag in NOTES
        ],
    )
