"""Lateness as it stands: what each desk and each agency holds, and how much of it is beyond its due date."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, literal_column
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import Role
from permits.decisions import TaskKind
from store.queries.reach import IS_OPEN
from store.tables import TaskRow


class HeldAt(BaseModel):
    """What one desk of the office, or one agency, holds; office times."""

    model_config = ConfigDict(frozen=True)

    role: str
    field: str | None
    """Of a back office desk."""
    opd: str | None
    holder: str
    held: int
    late: int
    oldest_due_at: datetime
    """Of all it holds."""
    oldest_number: str


async def held_by_desk(session: AsyncSession, now: datetime) -> list[HeldAt]:
    """Every desk and agency that holds something, the most late first; what lies with applicants is not counted.

    A task about a silence (kind `overdue`) is not counted: the silent task itself is. `now`: office time.
    """
    field: Any = literal_column("CASE WHEN tasks.role = 'back_office' THEN tasks.desk_field END").label("field")
    due_at = col(TaskRow.due_at)
    late = func.count().filter(due_at < now)
    query = (
        sql_select(
            col(TaskRow.role),
            field,
            col(TaskRow.opd),
            func.max(col(TaskRow.holder)).label("holder"),
            func.count().label("held"),
            late.label("late"),
            func.min(due_at).label("oldest_due_at"),
            func.array_agg(aggregate_order_by(col(TaskRow.number), due_at, col(TaskRow.id)))[1].label("oldest_number"),
        )
        .where(IS_OPEN, col(TaskRow.kind) != TaskKind.OVERDUE.value, col(TaskRow.role) != Role.APPLICANT.value)
        .group_by(col(TaskRow.role), field, col(TaskRow.opd))
        .order_by(late.desc(), func.min(due_at))
    )
    found = await (await session.connection()).execute(query)
    return [HeldAt.model_validate(dict(row)) for row in found.mappings()]
