"""One request to an agency as its officers see it: every turn of it so far, what was answered, which rungs fell."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.calendar import WorkingCalendar
from permits.definition import PermitDefinition
from permits.pace import Pace
from store.queries.application import DocumentView, LetterView, documents, letters
from store.queries.proof import RungProof, proof_of_rungs
from store.queries.stuck import NoteLine, notes_of_task
from store.tables import AccountRow, ApplicationRow, AttachmentRow, OpdRequestRow, TaskRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class FileOfTurn(_View):
    """A file that came with a turn."""

    id: str
    task_id: str
    kind: str
    sha256: str
    filename: str
    content_type: str


class Turn(_View):
    """A task of the request's own workflow; office times."""

    task_id: str
    kind: str
    status: str
    opened_at: datetime
    due_at: datetime
    instructions: str
    decision: str | None
    detail: dict[str, Any]
    decided_by_name: str | None
    closed_at: datetime | None
    assigned_to: str | None
    assigned_to_name: str | None
    files: tuple[FileOfTurn, ...]


class RequestState(_View):
    """How the request stands (permits.steps.OpdAnswer); office times."""

    agency: str
    asked_at: datetime
    due_at: datetime
    answered_at: datetime | None
    answer: str | None
    conditions: tuple[str, ...]
    reason: str
    way: str | None
    letter_number: str | None
    extended_days: int
    extension_reason: str
    used_days: int | None
    late_days: int | None


class AgencyRequest(_View):
    """All that the page of a request is made from."""

    number: str
    permit_name: str
    practice: bool
    applicant_name: str
    data: dict[str, str]
    definition: PermitDefinition | None  # of the case
    calendar: WorkingCalendar | None
    pace: Pace
    state: RequestState | None  # None: its row comes a moment after its task
    turns: tuple[Turn, ...]  # the oldest first
    documents: tuple[DocumentView, ...]  # the newest version of each
    letters: tuple[LetterView, ...]
    proofs: tuple[RungProof, ...]  # of this request alone
    notes: tuple[NoteLine, ...]  # what was asked and answered about the task


async def agency_request(session: AsyncSession, task: TaskRow, application: ApplicationRow) -> AgencyRequest:
    """The request that this task belongs to."""
    owner = await session.get_one(AccountRow, application.applicant_id)
    row = await session.get(OpdRequestRow, task.workflow_id)
    turns = await _turns(session, task.workflow_id)
    own = {turn.task_id for turn in turns}
    submission = application.submission or {}
    return AgencyRequest(
        number=application.number,
        permit_name=application.title,
        practice=application.practice,
        applicant_name=owner.name,
        data=application.data,
        definition=PermitDefinition.model_validate(submission["definition"]) if "definition" in submission else None,
        calendar=WorkingCalendar.model_validate(submission["calendar"]) if "calendar" in submission else None,
        pace=Pace.model_validate(application.pace) if application.pace else Pace.real(),
        state=_state(row) if row else None,
        turns=tuple(turns),
        documents=tuple({one.requirement: one for one in await documents(session, application)}.values()),
        letters=tuple(await letters(session, application.number)),
        proofs=tuple(one for one in await proof_of_rungs(session, application.number) if one.task in own),
        notes=tuple(await notes_of_task(session, application.number, task.id)),
    )


def _state(row: OpdRequestRow) -> RequestState:
    shared = row.model_dump(include=set(RequestState.model_fields))
    return RequestState(**shared, agency=row.name)


async def _turns(session: AsyncSession, workflow_id: str) -> list[Turn]:
    query = select(TaskRow).where(col(TaskRow.workflow_id) == workflow_id)
    rows = list(await session.exec(query.order_by(col(TaskRow.opened_at), col(TaskRow.id))))
    files = await _files(session, [row.id for row in rows])
    shared = set(Turn.model_fields) - {"task_id", "detail", "files"}
    return [
        Turn(
            **row.model_dump(include=shared),
            task_id=row.id,
            detail=row.detail or {},
            files=tuple(one for one in files if one.task_id == row.id),
        )
        for row in rows
    ]


async def _files(session: AsyncSession, tasks: Sequence[str]) -> list[FileOfTurn]:
    query = select(AttachmentRow).where(col(AttachmentRow.task_id).in_(tasks))
    rows = await session.exec(query.order_by(col(AttachmentRow.uploaded_at), col(AttachmentRow.id)))
    return [FileOfTurn.model_validate(row.model_dump(include=set(FileOfTurn.model_fields))) for row in rows]
