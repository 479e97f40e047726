"""What an applicant's own list adds to its applications: which of them wait for the applicant, and for what."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import Role
from store.tables import TaskRow


class HeldTask(BaseModel):
    """An open task of the applicant; office times."""

    model_config = ConfigDict(frozen=True)

    id: str
    number: str
    kind: str
    stage: str
    instructions: str
    wanted_documents: list[str]
    subject_sha256: str
    opened_at: datetime
    due_at: datetime


async def held_tasks(session: AsyncSession, applicant_id: str, number: str | None = None) -> list[HeldTask]:
    """The open tasks that lie with this applicant, the oldest first; those of one application where it is named."""
    query = select(TaskRow).where(
        col(TaskRow.applicant_id) == applicant_id,
        col(TaskRow.role) == Role.APPLICANT.value,
        col(TaskRow.status) == "open",
    )
    if number is not None:
        query = query.where(col(TaskRow.number) == number)
    rows = await session.exec(query.order_by(col(TaskRow.opened_at), col(TaskRow.id)))
    return [HeldTask.model_validate(row.model_dump(include=set(HeldTask.model_fields))) for row in rows]
