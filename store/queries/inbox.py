"""The inbox of one person in all capacities, and one task with what is judged there.

Lists and counts read partial indexes of the open tasks alone (`TaskRow`); `benchmarks/inbox.py` measures them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Select, Subquery, and_, func, or_, tuple_, union
from sqlalchemy import select as sql_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select as SelectOfRows

from permits.authority import Act, Actor, Role, Subject, refusal
from permits.decision_rules import POSSIBLE
from permits.decisions import TaskKind
from permits.errors import Code, RuleError
from store.queries.application import DocumentView, LetterView, documents, letters
from store.queries.cases import cases_with
from store.queries.reach import IS_SILENT, for_applicants, opd_paper, own_desk
from store.tables import AccountRow, ApplicationRow, AttachmentRow, SealedDocumentRow, TaskRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


View = Literal["all", "mine", "unassigned", "overdue", "stuck", "for_applicants", "opd_paper"]
"""`mine`: assigned to me. `unassigned`: to nobody yet. `stuck`: silent beyond the due date, or waiting for a word about
a silence. The last two are tasks of others: what staff do for applicants, and agencies' answers on paper."""

OF_OTHERS: dict[View, frozenset[Role]] = {
    "for_applicants": frozenset({Role.FRONT_OFFICE}),
    "opd_paper": frozenset({Role.FRONT_OFFICE, Role.BACK_OFFICE}),
}
"""Views of others' tasks, and whose inbox has them."""


class Only(_View):
    """Filters; what is None does not filter."""

    permit_type: str | None = None
    desk_field: str | None = None
    opd: str | None = None
    kind: str | None = None
    number: str | None = None  # of the application
    text: str | None = None  # in the applicant's name, the permit's title or the number; for pages of people

    def given(self) -> list[tuple[str, str]]:
        """The filters that say something, by column."""
        return [(name, value) for name, value in self.model_dump(exclude={"text"}).items() if value is not None]


EVERYTHING = Only()


class Place(_View):
    """The last line of a page; the next page begins behind it."""

    due_at: datetime
    id: str


class InboxLine(_View):
    """One open task; office times."""

    id: str
    number: str
    permit_type: str
    permit_name: str
    applicant_name: str
    kind: str
    role: str
    field: str  # the task's own, else that of the case
    opd: str | None
    stage: str
    holder: str
    opened_at: datetime
    due_at: datetime
    working_days: int
    assigned_to: str | None
    assigned_to_name: str | None
    rungs_fallen: int
    overdue: bool
    stuck: bool
    on_behalf_of: str | None  # whose desk it is, where it is lent
    possible: list[str]  # kinds of decisions
    subject_sha256: str


class InboxCounts(_View):
    """How many open tasks each view holds; None: this inbox has no such view."""

    all: int
    mine: int
    unassigned: int
    overdue: int
    stuck: int
    for_applicants: int | None = None
    opd_paper: int | None = None


class SealView(_View):
    """A sealed PDF beside its original."""

    form: str  # the original itself, a picture on our page, or a page that names its sha256
    sealed_sha256: str
    level: str
    sealed_at: datetime


class AttachmentView(_View):
    """Evidence given with a task."""

    id: str
    kind: str
    sha256: str
    content_type: str
    size: int
    filename: str
    uploaded_at: datetime
    sealed: SealView | None = None
    """The office's seal on it, where it is an agency's letter that was matched."""


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


async def inbox(
    session: AsyncSession,
    actors: Sequence[Actor],
    now: datetime,
    view: View = "all",
    only: Only = EVERYTHING,
    *,
    after: Place | None = None,
    offset: int = 0,
    limit: int = 50,
) -> tuple[list[InboxLine], int, Place | None]:
    """A page of the open tasks within reach, the most urgent first; how many there are; where the next page begins.

    Args:
        actors: one person's capacities: its own desk, and those lent to it. A task within reach of two stands once.
        now: office time; cases of a compressed pace have an office time of their own, which is not looked at here.
        view: which of them.
        only: filters.
        after: where the page before ended; pages after it cost the same as the first.
        offset: lines to leave out instead; costs more the farther it goes.
        limit: lines on a page.
    """
    branches = [_branch(actor, now, view, only) for actor in actors]
    total = (await session.exec(select(func.count()).select_from(_together(branches)))).one()
    if after is not None:
        here = tuple_(col(TaskRow.due_at), col(TaskRow.id))
        branches = [branch.where(here > tuple_(after.due_at, after.id)) for branch in branches]
    wanted = offset + limit + 1
    # Each branch is read in the order of its index and no farther than the page reaches; rows are fetched at the end.
    first = [branch.order_by(col(TaskRow.due_at), col(TaskRow.id)).limit(wanted).subquery() for branch in branches]
    found = union(*(select(one.c.id, one.c.due_at) for one in first)).subquery()
    page = select(found.c.id).order_by(found.c.due_at, found.c.id).offset(offset).limit(limit + 1).subquery()
    rows = list(await session.exec(_whole_lines(page)))
    lines = [_line(row, title, name, actors, now) for row, title, name in rows[:limit]]
    more = len(rows) > limit
    return lines, total, Place(due_at=lines[-1].due_at, id=lines[-1].id) if more else None


async def inbox_counts(session: AsyncSession, actors: Sequence[Actor], now: datetime) -> InboxCounts:
    """How many open tasks each view holds; arguments as for `inbox`."""
    mine = _together([_branch(actor, now, "all", EVERYTHING) for actor in actors])
    overdue, assigned = mine.c.due_at < now, mine.c.assigned_to
    stuck = or_(mine.c.kind == TaskKind.OVERDUE.value, and_(mine.c.rungs_fallen > 0, overdue))
    counting = sql_select(
        func.count(),
        func.count().filter(assigned.in_([actor.id for actor in actors])),
        func.count().filter(assigned.is_(None)),
        func.count().filter(overdue),
        func.count().filter(stuck),
    ).select_from(mine)
    every, held, free, late, silent = (await (await session.connection()).execute(counting)).one()
    others = {}
    for view in OF_OTHERS:
        branches = [_branch(actor, now, view, EVERYTHING) for actor in actors if actor.role in OF_OTHERS[view]]
        if branches:
            others[view] = (await session.exec(select(func.count()).select_from(_together(branches)))).one()
    return InboxCounts(all=every, mine=held, unassigned=free, overdue=late, stuck=silent, **others)


def _branch(actor: Actor, now: datetime, view: View, only: Only) -> Select[Any]:
    """The tasks of one capacity, by the columns that the inbox's indexes carry."""
    names = (TaskRow.id, TaskRow.due_at, TaskRow.kind, TaskRow.assigned_to, TaskRow.rungs_fallen)
    columns: list[Any] = [col(name) for name in names]
    query: Select[Any] = sql_select(*columns)
    match view:
        case "for_applicants":
            query = query.where(for_applicants(actor))
        case "opd_paper":
            query = query.where(opd_paper(actor))
        case _:
            query = query.where(own_desk(actor), *_in_view(actor, now, view))
    query = query.where(*(col(getattr(TaskRow, name)) == value for name, value in only.given()))
    return query.where(col(TaskRow.number).in_(cases_with(only.text))) if only.text else query


def _in_view(actor: Actor, now: datetime, view: View) -> list[ColumnElement[bool]]:
    overdue = col(TaskRow.due_at) < now
    match view:
        case "mine":
            return [col(TaskRow.assigned_to) == actor.id]
        case "unassigned":
            return [col(TaskRow.assigned_to).is_(None)]
        case "overdue":
            return [overdue]
        case "stuck":
            return [IS_SILENT, or_(col(TaskRow.kind) == TaskKind.OVERDUE.value, overdue)]
        case _:
            return []


def _together(branches: Sequence[Select[Any]]) -> Subquery:
    return branches[0].subquery() if len(branches) == 1 else union(*branches).subquery()


def _whole_lines(page: Subquery) -> SelectOfRows[TaskRow, str, str]:
    return (
        select(TaskRow, col(ApplicationRow.title), col(AccountRow.name))
        .join(page, page.c.id == col(TaskRow.id))
        .join(ApplicationRow, col(ApplicationRow.number) == col(TaskRow.number))
        .join(AccountRow, col(AccountRow.id) == col(TaskRow.applicant_id))
        .order_by(col(TaskRow.due_at), col(TaskRow.id))
    )


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
        field=task.desk_field,
        opd=task.opd,
        opds=(task.opd,) if task.opd else (),
        verified_by=tuple(task.verified_by),
        assigned_to=task.assigned_to,
    )


async def attachments(session: AsyncSession, task_id: str) -> list[AttachmentView]:
    """Evidence given with a task, in the order it came."""
    query = select(AttachmentRow).where(col(AttachmentRow.task_id) == task_id)
    rows = list(await session.exec(query.order_by(col(AttachmentRow.uploaded_at), col(AttachmentRow.id))))
    seals = await _seals(session, [row for row in rows if row.kind == "wet-signed-letter"])
    return [
        AttachmentView(**row.model_dump(include=set(AttachmentView.model_fields)), sealed=seals.get(row.sha256))
        for row in rows
    ]


async def _seals(session: AsyncSession, letters: Sequence[AttachmentRow]) -> dict[str, SealView]:
    if not letters:
        return {}
    query = select(SealedDocumentRow).where(
        col(SealedDocumentRow.number) == letters[0].number,
        col(SealedDocumentRow.original_sha256).in_([letter.sha256 for letter in letters]),
    )
    rows = await session.exec(query)
    return {
        row.original_sha256: SealView.model_validate(row.model_dump(include=set(SealView.model_fields))) for row in rows
    }


async def sealed_letter(session: AsyncSession, attachment: AttachmentRow) -> str:
    """sha256 of the sealed PDF of an agency's letter. Raises RuleError(document-not-found)."""
    seal = (await _seals(session, [attachment])).get(attachment.sha256)
    if seal is None or attachment.kind != "wet-signed-letter":
        raise RuleError(Code.DOCUMENT_NOT_FOUND)
    return seal.sealed_sha256


async def attachment_row(session: AsyncSession, task_id: str, attachment_id: str) -> AttachmentRow:
    """One piece of evidence of a task. Raises RuleError(document-not-found)."""
    row = await session.get(AttachmentRow, attachment_id)
    if row is None or row.task_id != task_id:
        raise RuleError(Code.DOCUMENT_NOT_FOUND)
    return row


async def task_page(session: AsyncSession, task: TaskRow, application: ApplicationRow) -> TaskPage:
    """One task with its case."""
    owner = await session.get_one(AccountRow, application.applicant_id)
    shown = task.model_dump(include=set(TaskPage.model_fields) - {"permit_type"})
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


def _line(task: TaskRow, title: str, applicant_name: str, actors: Sequence[Actor], now: datetime) -> InboxLine:
    shared = {name for name in InboxLine.model_fields if name in TaskRow.model_fields} - {"field"}
    overdue = task.due_at < now
    return InboxLine(
        **task.model_dump(include=shared),
        field=task.desk_field,
        permit_name=title,
        applicant_name=applicant_name,
        overdue=overdue,
        stuck=task.kind == TaskKind.OVERDUE.value or (overdue and task.rungs_fallen > 0),
        on_behalf_of=_lent_by(task, actors),
        possible=sorted(POSSIBLE[TaskKind(task.kind)]),
    )


def _lent_by(task: TaskRow, actors: Sequence[Actor]) -> str | None:
    """The colleague whose lent desk the task lies at, where the person's own desk does not cover it."""
    about = subject_of_task(task, task.applicant_id).model_copy(update={"assigned_to": None})
    able = [actor for actor in actors if refusal(actor, Act.DECIDE, about) is None]
    return able[0].on_behalf_of if able and all(actor.on_behalf_of for actor in able) else None
