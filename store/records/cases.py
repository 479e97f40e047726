"""The steps of a case: one transaction each, safe to write twice; and the case as it lies there.

The rule of `permits.steps` holds: a step whose first event is already in the record changes nothing.
"""

from __future__ import annotations

from typing import Any, TypeVar

from sqlalchemy import func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from permits.application import CLOSED, DocumentRef, DocumentVerdict
from permits.errors import Code, RuleError
from permits.events import GENESIS, Event, Tag, chain_hash
from permits.steps import OpdAnswer, StageMark, Step, TaskChanged, TaskClosed, TaskOpened
from store.records.base import Subject, append, keys_written, lock_application, without_nul
from store.records.notices import queue_for_people
from store.tables import (
    ApplicationRow,
    AttachmentRow,
    DocumentRow,
    EventRow,
    OpdRequestRow,
    StageEntryRow,
    TaskRow,
)

_Row = TypeVar("_Row")


class CaseRecords(Subject):
    """Writes and plain reads of cases."""

    async def keep(self, step: Step) -> None:
        """Writes one step. Raises RuleError(application-not-found)."""
        step = without_nul(step)
        async with self._db.transaction() as session:
            row = await lock_application(session, step.number)
            known = await keys_written(session, step.number, step.events)
            if step.events[0].key in known:
                return
            await append(session, row, step.events, known)
            _apply_to_application(row, step)
            await session.flush()
            await _apply_parts(session, row, step)

    async def application(self, number: str) -> ApplicationRow:
        """The case's row. Raises RuleError(application-not-found)."""
        async with self._db.transaction() as session:
            row = await session.get(ApplicationRow, number)
        if row is None:
            raise RuleError(Code.APPLICATION_NOT_FOUND, number=number)
        return row

    async def task(self, task_id: str) -> TaskRow:
        """One task. Raises RuleError(task-not-found)."""
        async with self._db.transaction() as session:
            row = await session.get(TaskRow, task_id)
        if row is None:
            raise RuleError(Code.TASK_NOT_FOUND, task=task_id)
        return row

    async def tasks_of(self, number: str) -> list[TaskRow]:
        """All tasks of a case, in the order they were opened."""
        query = select(TaskRow).where(col(TaskRow.number) == number).order_by(col(TaskRow.opened_at), col(TaskRow.id))
        return await self._all(query)

    async def documents_of(self, number: str) -> list[DocumentRow]:
        """All documents of a case, every version, by requirement and version."""
        query = select(DocumentRow).where(col(DocumentRow.number) == number)
        return await self._all(query.order_by(col(DocumentRow.requirement), col(DocumentRow.version)))

    async def newest_documents(self, number: str) -> tuple[DocumentRef, ...]:
        """The newest version of each document, as the rules see it."""
        newest = {row.requirement: row for row in await self.documents_of(number)}
        return tuple(document_ref(row) for row in newest.values())

    async def attachments_of(self, number: str) -> list[AttachmentRow]:
        """All evidence of a case, in the order it came."""
        query = select(AttachmentRow).where(col(AttachmentRow.number) == number)
        return await self._all(query.order_by(col(AttachmentRow.uploaded_at), col(AttachmentRow.id)))

    async def stages_of(self, number: str) -> list[StageEntryRow]:
        """The visits to stages, in order."""
        query = select(StageEntryRow).where(col(StageEntryRow.number) == number)
        return await self._all(query.order_by(col(StageEntryRow.n)))

    async def opd_answers_of(self, number: str) -> list[OpdRequestRow]:
        """All agencies asked in a case, in the order they were asked."""
        query = select(OpdRequestRow).where(col(OpdRequestRow.number) == number)
        return await self._all(query.order_by(col(OpdRequestRow.asked_at), col(OpdRequestRow.opd)))

    async def events_of(self, number: str, after: int = 0, limit: int = 1000) -> list[EventRow]:
        """Lines of the record after the given sequence, in order."""
        query = select(EventRow).where(col(EventRow.number) == number, col(EventRow.sequence) > after)
        return await self._all(query.order_by(col(EventRow.sequence)).limit(limit))

    async def event_chain_is_whole(self, number: str) -> bool:
        """Whether the record is as it was written: every hash recomputed, none missing, ending at the row's head.

        Raises RuleError(application-not-found).
        """
        async with self._db.transaction() as session:
            # The lock keeps a writer from moving the head between the two reads.
            row = await lock_application(session, number)
            query = select(EventRow).where(col(EventRow.number) == number).order_by(col(EventRow.sequence))
            lines = list(await session.exec(query))
        head = GENESIS
        for sequence, line in enumerate(lines, start=1):
            if line.sequence != sequence or line.previous != head:
                return False
            try:
                head = chain_hash(head, number, sequence, event_of(line))
            except ValueError:
                return False  # a tag that no event has
            if line.hash != head:
                return False
        return row.event_count == len(lines) and row.event_head == head

    async def _all(self, query: SelectOfScalar[_Row]) -> list[_Row]:
        async with self._db.transaction() as session:
            return list(await session.exec(query))


def document_ref(row: DocumentRow) -> DocumentRef:
    """A document's row as the rules see it."""
    return DocumentRef(
        requirement=row.requirement,
        version=row.version,
        sha256=row.sha256,
        content_type=row.content_type,
        size=row.size,
    )


def event_of(row: EventRow) -> Event:
    """A line of the record as the event it was. Raises ValueError for a tag that no event has."""
    return Event(
        key=row.key,
        tag=Tag(row.tag),
        at=row.at,
        office_at=row.office_at,
        actor_id=row.actor_id,
        actor_name=row.actor_name,
        facts=row.facts,
    )


def _apply_to_application(row: ApplicationRow, step: Step) -> None:
    if step.stage_entered is not None:
        row.stage = step.stage_entered.title
    if step.waiting is not None:
        row.stage = step.waiting.stage
        row.waiting_kind, row.waiting_for = step.waiting.kind, step.waiting.holder
        row.waiting_since, row.waiting_due_at = step.waiting.since, step.waiting.due_at
    if step.waiting_due_at is not None and row.waiting_kind is not None:
        row.waiting_due_at = step.waiting_due_at
    if step.promise is not None:
        row.promise = step.promise.model_dump(mode="json")
    if step.served is not None:
        row.promised_working_days, row.paused_working_days = step.served.promised, step.served.paused
        row.gross_working_days, row.net_working_days = step.served.gross, step.served.net
    row.promise_told_for = step.promise_told_for or row.promise_told_for
    row.calendar_version = step.calendar_version or row.calendar_version
    row.promise_due_at = step.promise_due_at or row.promise_due_at
    row.product = step.product or row.product
    row.dossier_sha256 = step.dossier_sha256 or row.dossier_sha256
    row.closed_at = step.closed_at or row.closed_at
    if step.status is not None:
        row.status = step.status.value
        if step.status in CLOSED and step.waiting is None:
            row.waiting_kind = row.waiting_for = row.waiting_since = row.waiting_due_at = None


async def _apply_parts(session: AsyncSession, row: ApplicationRow, step: Step) -> None:
    if step.stage_left is not None:
        await _leave_stage(session, step.number, step.stage_left)
    if step.stage_entered is not None:
        await _enter_stage(session, step.number, step.stage_entered)
    if step.task_opened is not None:
        await _open_task(session, row, step.task_opened)
    for changed in step.tasks_changed:
        await _change_task(session, changed)
    for closed in step.tasks_closed:
        await _close_task(session, closed)
    for verdict in step.verdicts:
        await _judge_document(session, step.number, verdict)
    if step.opd_answer is not None:
        await _keep_opd_answer(session, step.number, step.opd_answer)
    for notice in step.notices:
        await queue_for_people(session, row, notice, step.events[0].at)


async def _enter_stage(session: AsyncSession, number: str, mark: StageMark) -> None:
    values = {"number": number, "n": mark.n, "kind": mark.kind, "title": mark.title}
    values |= {"entered_at": mark.at, "office_entered_at": mark.office_at}
    await session.exec(insert(StageEntryRow).values(values).on_conflict_do_nothing())


async def _leave_stage(session: AsyncSession, number: str, mark: StageMark) -> None:
    await session.exec(
        update(StageEntryRow)
        .where(col(StageEntryRow.number) == number, col(StageEntryRow.n) == mark.n)
        .values(left_at=mark.at, office_left_at=mark.office_at)
    )


async def _open_task(session: AsyncSession, row: ApplicationRow, task: TaskOpened) -> None:
    values = task.model_dump(mode="python") | {"number": row.number, "status": "open"}
    values |= {"applicant_id": row.applicant_id, "permit_type": row.permit_type, "desk_field": task.field or row.field}
    values |= {"kind": task.kind.value, "role": task.role.value}
    lists = ("wanted_documents", "verified_by", "people", "return_to")
    values |= {name: list(values[name]) for name in lists} | {"rungs_fallen": 0}
    await session.exec(insert(TaskRow).values(values).on_conflict_do_nothing())


async def _change_task(session: AsyncSession, changed: TaskChanged) -> None:
    values: dict[str, Any] = {}
    if changed.due_at is not None:
        values["due_at"] = changed.due_at
    if changed.assigned:
        values |= {"assigned_to": changed.assigned_to, "assigned_to_name": changed.assigned_to_name}
    if changed.rungs_fallen is not None:
        values["rungs_fallen"] = changed.rungs_fallen
    if values:
        await session.exec(update(TaskRow).where(col(TaskRow.id) == changed.id).values(**values))


async def _close_task(session: AsyncSession, task: TaskClosed) -> None:
    await session.exec(
        update(TaskRow)
        .where(col(TaskRow.id) == task.id)
        .values(
            status=task.status,
            decision=task.decision,
            detail=task.model_dump(mode="json")["detail"],
            decided_by=task.actor_id,
            decided_by_name=task.actor_name,
            closed_at=task.closed_at,
        )
    )


async def _judge_document(session: AsyncSession, number: str, verdict: DocumentVerdict) -> None:
    newest = (
        select(func.max(col(DocumentRow.version)))
        .where(col(DocumentRow.number) == number, col(DocumentRow.requirement) == verdict.requirement)
        .scalar_subquery()
    )
    await session.exec(
        update(DocumentRow)
        .where(
            col(DocumentRow.number) == number,
            col(DocumentRow.requirement) == verdict.requirement,
            col(DocumentRow.version) == newest,
        )
        .values(
            verdict=verdict.verdict,
            reason=verdict.reason or None,
            reason_code=verdict.code.value if verdict.verdict == "repair" else None,
        )
    )


async def _keep_opd_answer(session: AsyncSession, number: str, answer: OpdAnswer) -> None:
    values = answer.model_dump(mode="python") | {"number": number, "conditions": list(answer.conditions)}
    changes = {name: value for name, value in values.items() if name not in ("workflow_id", "number")}
    await session.exec(
        insert(OpdRequestRow).values(values).on_conflict_do_update(index_elements=["workflow_id"], set_=changes)
    )
