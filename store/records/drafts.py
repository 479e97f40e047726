"""Before the engine: drafts, uploads, and the one transaction that submits.

The submission's row is the lasting guard against a second start; the engine's own memory of ids ends with its
retention. A case whose workflow is not known to run is found by `starts_missing`.
"""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.application import ApplicationStatus, DocumentRef, dossier_sha256
from permits.errors import Code, RuleError
from permits.events import GENESIS
from permits.numbering import ApplicationNumber
from permits.steps import Notice
from store.records.base import Subject, append, lock_application, next_application_number
from store.records.cases import document_ref
from store.records.notices import queue_for_people
from store.records.values import (
    DraftChanges,
    MissingStart,
    NewAttachment,
    NewDocument,
    NewDraft,
    SubmissionRecord,
)
from store.tables import ApplicationRow, AttachmentRow, DocumentRow, TaskRow

RECEIPT = Notice(key="submission-received", template="submission-received", to="applicant")
"""What the applicant gets at once: number, promised date and tracking link."""


class DraftRecords(Subject):
    """Writes of the applicant's side."""

    async def create_draft(self, draft: NewDraft) -> ApplicationRow:
        """Opens a draft under the next application number of the year."""
        async with self._db.transaction() as session:
            sequence = await next_application_number(session, draft.year)
            row = ApplicationRow(
                **draft.model_dump(exclude={"year", "variant", "delivery"}),
                number=str(ApplicationNumber(year=draft.year, sequence=sequence)),
                variant=draft.variant.value,
                delivery=draft.delivery.value,
                status=ApplicationStatus.DRAFT.value,
                event_head=GENESIS,
            )
            session.add(row)
        return row

    async def change_draft(self, number: str, changes: DraftChanges) -> ApplicationRow:
        """Changes a draft. Raises RuleError: application-not-found, not-a-draft."""
        given = changes.model_dump(mode="json", exclude_none=True)
        if "old_permit_text" in given:
            given["old_permit"] = changes.old_permit
        async with self._db.transaction() as session:
            row = _draft(await lock_application(session, number))
            for name, value in given.items():
                setattr(row, name, value)
        return row

    async def discard_draft(self, number: str) -> tuple[str, ...]:
        """Deletes a draft; answers the sha256 of documents that nothing refers to any more.

        Raises RuleError: application-not-found, not-a-draft.
        """
        async with self._db.transaction() as session:
            row = _draft(await lock_application(session, number))
            removed = delete(DocumentRow).where(col(DocumentRow.number) == number).returning(col(DocumentRow.sha256))
            gone: set[str] = set((await session.exec(removed)).scalars())
            await session.delete(row)
            await session.flush()
            return tuple(sorted(gone - await _still_named(session, gone)))

    async def remove_document(self, number: str, requirement: str) -> tuple[str, ...]:
        """Takes a document out of a draft, all versions of it; answers the sha256 of what nothing refers to any more.

        One that is not there is no error. Raises RuleError: application-not-found, not-a-draft.
        """
        async with self._db.transaction() as session:
            _draft(await lock_application(session, number))
            removed = delete(DocumentRow).where(
                col(DocumentRow.number) == number, col(DocumentRow.requirement) == requirement
            )
            gone: set[str] = set((await session.exec(removed.returning(col(DocumentRow.sha256)))).scalars())
            await session.flush()
            return tuple(sorted(gone - await _still_named(session, gone)))

    async def add_document(self, document: NewDocument) -> DocumentRef:
        """Adds the next version of a document; the same content again, while unjudged, is the version that is there.

        Whether this requirement may change now is the caller's rule; the store accepts it while the case is a draft or
        lies with the applicant. Raises RuleError: application-not-found, not-a-draft.
        """
        async with self._db.transaction() as session:
            case = await lock_application(session, document.number)
            if case.status not in (ApplicationStatus.DRAFT, ApplicationStatus.WITH_APPLICANT):
                raise RuleError(Code.NOT_A_DRAFT, number=document.number, status=case.status)
            query = select(DocumentRow).where(
                col(DocumentRow.number) == document.number, col(DocumentRow.requirement) == document.requirement
            )
            found = await session.exec(query.order_by(col(DocumentRow.version).desc()).limit(1))
            newest = found.first()
            if newest is not None and newest.sha256 == document.sha256 and newest.verdict is None:
                return document_ref(newest)
            version = newest.version + 1 if newest else 1
            row = DocumentRow(id=str(uuid4()), version=version, **document.model_dump())
            session.add(row)
            return document_ref(row)

    async def add_attachment(self, attachment: NewAttachment) -> AttachmentRow:
        """Adds evidence to an open task; the same content and kind again is the row that is there.

        Raises RuleError: task-not-found, task-closed.
        """
        async with self._db.transaction() as session:
            task = await session.get(TaskRow, attachment.task_id, with_for_update=True)
            if task is None:
                raise RuleError(Code.TASK_NOT_FOUND, task=attachment.task_id)
            if task.status != "open":
                raise RuleError(Code.TASK_CLOSED, task=task.id, decided_by=task.decided_by_name)
            query = select(AttachmentRow).where(
                col(AttachmentRow.task_id) == task.id,
                col(AttachmentRow.kind) == attachment.kind,
                col(AttachmentRow.sha256) == attachment.sha256,
            )
            known = (await session.exec(query)).first()
            if known is not None:
                return known
            row = AttachmentRow(id=str(uuid4()), number=task.number, **attachment.model_dump())
            session.add(row)
        return row

    async def submit(self, record: SubmissionRecord) -> ApplicationRow:
        """Commits a submission at once: status, codes, promise, the workflow's input, and that a start is wanted.

        Again with the same key, the row as it is. Raises RuleError: application-not-found; already-submitted under
        another key; stale-version when data or documents changed since the completeness rules saw them.
        """
        async with self._db.transaction() as session:
            row = await lock_application(session, record.number)
            if row.status != ApplicationStatus.DRAFT:
                if row.submission_key == record.submission_key:
                    return row
                raise RuleError(Code.ALREADY_SUBMITTED, number=record.number)
            await _check_dossier(session, row, record.dossier_sha256)
            _apply_submission(row, record)
            if record.event is not None:
                await append(session, row, (record.event,))
                # In this transaction: the receipt goes out while the engine is away, and never twice.
                await queue_for_people(session, row, RECEIPT, record.submitted_at)
        return row

    async def starts_missing(self, limit: int = 100) -> list[MissingStart]:
        """Submissions whose workflow is not known to run, oldest first."""
        query = select(ApplicationRow).where(
            col(ApplicationRow.start_requested_at).is_not(None), col(ApplicationRow.started_at).is_(None)
        )
        async with self._db.transaction() as session:
            found = await session.exec(query.order_by(col(ApplicationRow.start_requested_at)).limit(limit))
            rows = list(found)
        return [MissingStart.model_validate(row, from_attributes=True) for row in rows]

    async def mark_started(self, number: str, at: datetime) -> None:
        """The workflow runs since `at`; the first answer stands."""
        started = update(ApplicationRow).where(
            col(ApplicationRow.number) == number, col(ApplicationRow.started_at).is_(None)
        )
        async with self._db.transaction() as session:
            await session.exec(started.values(started_at=at))


def _draft(row: ApplicationRow) -> ApplicationRow:
    if row.status != ApplicationStatus.DRAFT:
        raise RuleError(Code.NOT_A_DRAFT, number=row.number, status=row.status)
    return row


async def _check_dossier(session: AsyncSession, row: ApplicationRow, expected: str) -> None:
    found = await session.exec(select(DocumentRow).where(col(DocumentRow.number) == row.number))
    documents = tuple(document_ref(document) for document in found)
    current = dossier_sha256(row.data, documents)
    if current != expected:
        raise RuleError(Code.STALE_VERSION, number=row.number, current=current)


def _apply_submission(row: ApplicationRow, record: SubmissionRecord) -> None:
    row.status = ApplicationStatus.SUBMITTED.value
    row.submission_key, row.submission = record.submission_key, record.submission
    row.submitted_at = row.start_requested_at = record.submitted_at
    row.definition_version, row.definition_sha256 = record.definition_version, record.definition_sha256
    row.dossier_sha256 = record.dossier_sha256
    row.tracking_code, row.verification_id = record.tracking_code, record.verification_id
    row.promise, row.promise_due_at = record.promise.model_dump(mode="json"), record.promise_due_at
    row.pace, row.calendar_version = record.pace.model_dump(mode="json"), record.calendar_version


async def _still_named(session: AsyncSession, hashes: set[str]) -> set[str]:
    """Those of the hashes that a document or an attachment of any case names."""
    documents = select(col(DocumentRow.sha256)).where(col(DocumentRow.sha256).in_(hashes))
    attachments = select(col(AttachmentRow.sha256)).where(col(AttachmentRow.sha256).in_(hashes))
    return {*await session.exec(documents), *await session.exec(attachments)}
