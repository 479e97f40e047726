"""The inbox of one person, and one task with what is judged there."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import Actor, Role, Subject
from permits.decisions import POSSIBLE, TaskKind
from permits.errors import Code, RuleError
from store.queries.application import DocumentView, LetterView, documents, letters
from store.tables import AccountRow, ApplicationRow, AttachmentRow, TaskRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class InboxLine(_View):
    """One open task; office times."""

    id: str
    number: str
    permit_name: str
    applicant_name: str
    kind: str
    stage: str
    holder: str
    opened_at: datetime
    due_at: datetime
    subject_sha256: str


class AttachmentView(_View):
    """Evidence given with a task."""

    id: str
    kind: str
    sha256: str
    content_type: str
    size: int
    filename: str
    uploaded_at: datetime


class TaskPage(_View):
    """One task: what is judged and what can be decided; office times."""

    id: str
    number: str
    permit_type: str
    permit_name: str
    applicant_name: str
    kind: str
    role: str
    stage: str
    holder: str
    opd: str | None
    status: str
    subject_sha256: str  # comes back as `seen` in the decision
    opened_at: datetime
    due_at: datetime
    wanted_documents: list[str]
    photos: int
    instructions: str
    possible: list[str]
    people: list[str]  # those present, who sign the minutes
    return_to: list[str]  # desks that the case can be sent back to
    assigned_to: str | None
    assigned_to_name: str | None
    rungs_fallen: int
    decision: str | None
    decided_by_name: str | None
    closed_at: datetime | None
    data: dict[str, str]
    documents: list[DocumentView]
    attachments: list[AttachmentView]
    letters: list[LetterView]
    earlier: list[dict[str, Any]]  # decisions taken before, with their reasons


async def inbox(session: AsyncSession, actor: Actor, offset: int, limit: int) -> tuple[list[InboxLine], int]:
    """The open tasks that this person may decide, the most urgent first, and how many there are."""
    mine = and_(col(TaskRow.status) == "open", col(TaskRow.role) == actor.role.value, _within_reach(actor))
    joined = select(TaskRow, ApplicationRow, col(AccountRow.name)).join(
        ApplicationRow, col(ApplicationRow.number) == col(TaskRow.number)
    )
    query = joined.join(AccountRow, col(AccountRow.id) == col(ApplicationRow.applicant_id)).where(mine)
    counting = select(func.count()).select_from(TaskRow)
    counting = counting.join(ApplicationRow, col(ApplicationRow.number) == col(TaskRow.number)).where(mine)
    total = (await session.exec(counting)).one()
    ordered = query.order_by(col(TaskRow.due_at), col(TaskRow.id)).offset(offset).limit(limit)
    return [_line(*found) for found in await session.exec(ordered)], total


def _within_reach(actor: Actor) -> ColumnElement[bool]:
    own = col(ApplicationRow.applicant_id) == actor.id
    match actor.role:
        case Role.APPLICANT:
            return own
        case Role.OPD:
            return col(TaskRow.opd) == (actor.opd or "")
        case Role.BACK_OFFICE if actor.field is not None:
            return and_(~own, or_(col(TaskRow.field).is_(None), col(TaskRow.field) == actor.field))
        case Role.HEAD_OF_OFFICE:
            # Who judged a case at an earlier desk does not sign it.
            return and_(~own, ~col(TaskRow.verified_by).contains([actor.id]))
        case _:
            return ~own


async def task_row(session: AsyncSession, task_id: str) -> TaskRow:
    """The task's row. Raises RuleError(task-not-found)."""
    row = await session.get(TaskRow, task_id)
    if row is None:
        raise RuleError(Code.TASK_NOT_FOUND)
    return row


async def open_task_of_kind(session: AsyncSession, number: str, kind: TaskKind) -> TaskRow | None:
    """The open task of that kind of a case, if there is one."""
    query = select(TaskRow).where(
        col(TaskRow.number) == number, col(TaskRow.kind) == kind.value, col(TaskRow.status) == "open"
    )
    return (await session.exec(query.order_by(col(TaskRow.opened_at).desc()).limit(1))).first()


def subject_of_task(task: TaskRow, applicant_id: str) -> Subject:
    """What permission needs to know of a task."""
    return Subject(
        applicant_id=applicant_id,
        role=Role(task.role),
        field=task.field,
        opd=task.opd,
        opds=(task.opd,) if task.opd else (),
        verified_by=tuple(task.verified_by),
        assigned_to=task.assigned_to,
    )


async def attachments(session: AsyncSession, task_id: str) -> list[AttachmentView]:
    """Evidence given with a task, in the order it came."""
    query = select(AttachmentRow).where(col(AttachmentRow.task_id) == task_id)
    rows = await session.exec(query.order_by(col(AttachmentRow.uploaded_at), col(AttachmentRow.id)))
    return [AttachmentView.model_validate(row.model_dump(include=set(AttachmentView.model_fields))) for row in rows]


async def attachment_row(session: AsyncSession, task_id: str, attachment_id: str) -> AttachmentRow:
    """One piece of evidence of a task. Raises RuleError(document-not-found)."""
    row = await session.get(AttachmentRow, attachment_id)
    if row is None or row.task_id != task_id:
        raise RuleError(Code.DOCUMENT_NOT_FOUND)
    return row


async def task_page(session: AsyncSession, task: TaskRow, application: ApplicationRow) -> TaskPage:
    """One task with its case."""
    owner = await session.get_one(AccountRow, application.applicant_id)
    shown = task.model_dump(include=set(TaskPage.model_fields))
    return TaskPage(
        **shown,
        permit_type=application.permit_type,
        permit_name=application.title,
        applicant_name=owner.name,
        possible=sorted(POSSIBLE[TaskKind(task.kind)]),
        data=application.data,
        documents=await documents(session, application),
        attachments=await attachments(session, task.id),
        letters=await letters(session, application.number),
        earlier=await _earlier(session, task),
    )


async def _earlier(session: AsyncSession, task: TaskRow) -> list[dict[str, Any]]:
    query = select(TaskRow).where(
        col(TaskRow.number) == task.number, col(TaskRow.status) == "decided", col(TaskRow.id) != task.id
    )
    rows = await session.exec(query.order_by(col(TaskRow.closed_at)))
    return [
        {
            "stage": row.stage,
            "decision": row.decision,
            "decided_by_name": row.decided_by_name,
            "closed_at": row.closed_at,
            "detail": row.detail or {},
        }
        for row in rows
    ]


def _line(task: TaskRow, application: ApplicationRow, applicant_name: str) -> InboxLine:
    return InboxLine(
        id=task.id,
        number=task.number,
        permit_name=application.title,
        applicant_name=applicant_name,
        kind=task.kind,
        stage=task.stage,
        holder=task.holder,
        opened_at=task.opened_at,
        due_at=task.due_at,
        subject_sha256=task.subject_sha256,
    )
