"""What a desk's task page shows beside the task itself: the case's form in words, its evidence, who may take over."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import Role
from permits.definition import PermitDefinition
from permits.errors import RuleError
from store.queries.catalogue import definition_in_force, definition_version
from store.tables import AccountRow, ApplicationRow, AttachmentRow, TaskRow


class Evidence(BaseModel):
    """What was added at one of the case's tasks."""

    model_config = ConfigDict(frozen=True)

    id: str
    task_id: str
    kind: str
    sha256: str
    filename: str
    uploaded_at: datetime


async def evidence_of_case(session: AsyncSession, number: str) -> list[Evidence]:
    """Everything that was added at the tasks of a case, in the order it came."""
    query = select(AttachmentRow).where(col(AttachmentRow.number) == number)
    rows = await session.exec(query.order_by(col(AttachmentRow.uploaded_at), col(AttachmentRow.id)))
    return [Evidence.model_validate(row.model_dump(include=set(Evidence.model_fields))) for row in rows]


async def law_of(session: AsyncSession, row: ApplicationRow) -> PermitDefinition | None:
    """The definition that a case runs under; None where its procedure has none of its own in the catalogue."""
    try:
        if row.definition_version is not None:
            return await definition_version(session, row.permit_type, row.definition_version)
        return await definition_in_force(session, row.permit_type, row.created_at.date())
    except RuleError:
        return None


async def newest_task(session: AsyncSession, task_id: str) -> TaskRow | None:
    """The task as it stands now; None where there is none."""
    return await session.get(TaskRow, task_id)


async def people_of_desk(session: AsyncSession, role: str, field: str | None, opd: str | None) -> list[AccountRow]:
    """Active people of a desk, by name: of a back office those of its field, of an agency its own."""
    query = select(AccountRow).where(col(AccountRow.active), col(AccountRow.role) == role)
    if role == Role.OPD.value:
        query = query.where(col(AccountRow.opd) == opd)
    elif role == Role.BACK_OFFICE.value and field is not None:
        query = query.where(col(AccountRow.field).is_(None) | (col(AccountRow.field) == field))
    return list(await session.exec(query.order_by(col(AccountRow.name))))
