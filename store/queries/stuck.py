"""Stuck cases by who holds them: the leaders' question, and what was asked and answered about a task."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, literal_column
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.decisions import TaskKind
from permits.events import Tag
from store.queries.reach import IS_OPEN, IS_SILENT
from store.tables import EventRow, TaskRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class StuckAt(_View):
    """What one holder holds beyond its due date though it was reminded; office times."""

    role: str
    opd: str | None
    field: str | None  # of a back office desk
    holder: str  # the desk or agency in words
    assigned_to: str | None
    assigned_to_name: str | None  # None: the whole desk holds it
    tasks: int
    oldest_due_at: datetime
    oldest_task: str
    oldest_number: str


class NoteLine(_View):
    """A question about a silent task, or what its holder says; real time."""

    kind: str  # asked, answered
    at: datetime
    by: str
    text: str


async def stuck_by_holder(session: AsyncSession, now: datetime) -> list[StuckAt]:
    """Who holds how many, the longest silence first.

    A task about a silence (kind `overdue`) is not counted: the silent task itself is. `now`: office time.
    """
    field: Any = literal_column("CASE WHEN tasks.role = 'back_office' THEN tasks.desk_field END").label("field")
    holder = (col(TaskRow.role), col(TaskRow.opd), field, col(TaskRow.assigned_to), col(TaskRow.assigned_to_name))
    due_at = col(TaskRow.due_at)
    query = (
        sql_select(
            *holder,
            func.max(col(TaskRow.holder)).label("holder"),
            func.count().label("tasks"),
            func.min(due_at).label("oldest_due_at"),
            func.array_agg(aggregate_order_by(col(TaskRow.id), due_at, col(TaskRow.id)))[1].label("oldest_task"),
            func.array_agg(aggregate_order_by(col(TaskRow.number), due_at, col(TaskRow.id)))[1].label("oldest_number"),
        )
        .where(IS_OPEN, IS_SILENT, col(TaskRow.kind) != TaskKind.OVERDUE.value, due_at < now)
        .group_by(*holder)
        .order_by(func.min(due_at), func.max(col(TaskRow.holder)))
    )
    found = await (await session.connection()).execute(query)
    return [StuckAt.model_validate(dict(row)) for row in found.mappings()]


async def notes_of_task(session: AsyncSession, number: str, task_id: str) -> list[NoteLine]:
    """What was asked and answered about a task, in order."""
    kinds = {Tag.HOLDER_ASKED_WHY.value: "asked", Tag.HOLDER_ANSWERED.value: "answered"}
    query = select(EventRow).where(col(EventRow.number) == number, col(EventRow.tag).in_(kinds))
    return [
        NoteLine(kind=kinds[line.tag], at=line.at, by=line.actor_name, text=str(line.facts.get("text", "")))
        for line in await session.exec(query.order_by(col(EventRow.sequence)))
        if line.facts.get("task") == task_id
    ]
