"""One application as its owner, the desks and the agencies see it; lists of them; its record, page by page."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import Subject
from permits.errors import Code, RuleError
from permits.party import POWER_OF_ATTORNEY, party_of
from store.tables import (
    AccountRow,
    ApplicationRow,
    DefinitionRow,
    DocumentRow,
    EventRow,
    LetterRow,
    OpdRequestRow,
    SignedLetterRow,
    StageEntryRow,
    TaskRow,
)

_RESERVED = frozenset({"draft"})


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class WaitingView(_View):
    """Who holds the case, since when and until when; office times."""

    kind: str
    holder: str
    since: datetime | None
    due_at: datetime | None


class DocumentView(_View):
    """One version of one document."""

    requirement: str
    title: str
    version: int
    sha256: str
    content_type: str
    size: int
    filename: str
    uploaded_at: datetime
    uploaded_by_name: str | None
    channel: str
    """web; otherwise the way in which staff got it, who uploaded it for the applicant."""
    consent: str | None
    """How the applicant agreed to that."""
    verdict: str | None
    reason_code: str | None
    reason: str | None


class TaskLine(_View):
    """A task of the case, open or closed; office times."""

    id: str
    kind: str
    role: str
    stage: str
    holder: str
    opd: str | None
    status: str
    opened_at: datetime
    due_at: datetime
    decision: str | None
    closed_at: datetime | None


class StageView(_View):
    """A visit to a stage; real times."""

    n: int
    kind: str
    title: str
    entered_at: datetime
    left_at: datetime | None


class LetterView(_View):
    """A letter of the case."""

    purpose: str
    number_text: str
    letter_date: date
    status: str
    sha256: str | None
    signed_sha256: str | None
    level: str | None
    signed_at: datetime | None


class OpdView(_View):
    """An agency's recommendation; office times."""

    opd: str
    name: str
    asked_at: datetime
    due_at: datetime
    answered_at: datetime | None
    answer: str | None
    conditions: list[str]
    reason: str


class ApplicationPage(_View):
    """The whole case."""

    number: str
    permit_type: str
    permit_name: str
    variant: str
    status: str
    practice: bool
    holder_name: str
    """Who will hold the permit: the applicant, its principal, or the body it acts for."""
    party: dict[str, Any] | None
    identity_warnings: list[str]
    """permits.nik.NikWarning of the applicant's account; for the applicant and the office."""
    channel: str
    filed_by_name: str | None
    """The officer who filed it at the counter."""
    old_permit: str | None
    """Application number of the permit that is continued."""
    old_permit_text: str | None
    """Its number as printed; alone, where the permit is older than Sakpore."""
    delivery: str
    delivery_address: str | None
    data: dict[str, str]
    created_at: datetime
    submitted_at: datetime | None
    definition_version: int | None
    dossier_sha256: str | None
    stage: str | None
    waiting: WaitingView | None
    promise_due_at: datetime | None
    product: str | None
    tracking_code: str | None
    closed_at: datetime | None
    documents: list[DocumentView]
    tasks: list[TaskLine]
    stages: list[StageView]
    letters: list[LetterView]
    opds: list[OpdView]


class ApplicationLine(_View):
    """One line of a list."""

    number: str
    permit_type: str
    permit_name: str
    variant: str
    status: str
    stage: str | None
    waiting_for: str | None
    waiting_kind: str | None
    created_at: datetime
    submitted_at: datetime | None
    promise_due_at: datetime | None
    delivery: str
    product: str | None
    closed_at: datetime | None
    practice: bool
    channel: str


class EventLine(_View):
    """A line of the record."""

    sequence: int
    key: str
    tag: str
    at: datetime
    office_at: datetime
    actor_id: str
    actor_name: str
    facts: dict[str, Any]
    previous: str
    hash: str


async def application_row(session: AsyncSession, number: str) -> ApplicationRow:
    """The case's row. Raises RuleError(application-not-found)."""
    row = await session.get(ApplicationRow, number)
    if row is None:
        raise RuleError(Code.APPLICATION_NOT_FOUND, number=number)
    return row


async def subject_of(session: AsyncSession, row: ApplicationRow) -> Subject:
    """What permission needs to know of a case: its applicant and the agencies asked so far."""
    asked = await session.exec(select(OpdRequestRow.opd).where(col(OpdRequestRow.number) == row.number))
    # A task reaches an agency's inbox with its opening; the request's own row may come a moment later.
    tasked = await session.exec(select(TaskRow.opd).where(col(TaskRow.number) == row.number))
    opds = {opd for opd in (*asked, *tasked) if opd}
    return Subject(applicant_id=row.applicant_id, field=row.field, opds=tuple(sorted(opds)))


async def application_page(session: AsyncSession, number: str) -> ApplicationPage:
    """The whole case. Raises RuleError(application-not-found)."""
    row = await application_row(session, number)
    owner = await session.get_one(AccountRow, row.applicant_id)
    officer = await session.get(AccountRow, row.filed_by) if row.filed_by else None
    return ApplicationPage(
        number=row.number,
        permit_type=row.permit_type,
        permit_name=row.title,
        variant=row.variant,
        status=row.status,
        practice=row.practice,
        holder_name=party_of(row.party).holder(owner.name),
        party=row.party,
        identity_warnings=owner.nik_warnings,
        channel=row.channel,
        filed_by_name=officer.name if officer else None,
        old_permit=row.old_permit,
        old_permit_text=row.old_permit_text,
        delivery=row.delivery,
        delivery_address=row.delivery_address,
        data=row.data,
        created_at=row.created_at,
        submitted_at=row.submitted_at,
        definition_version=row.definition_version,
        dossier_sha256=row.dossier_sha256,
        stage=row.stage,
        waiting=_waiting(row),
        promise_due_at=row.promise_due_at,
        product=row.product,
        tracking_code=row.tracking_code,
        closed_at=row.closed_at,
        documents=await documents(session, row),
        tasks=await _tasks(session, number),
        stages=await _stages(session, number),
        letters=await letters(session, number),
        opds=await _opds(session, number),
    )


async def documents(session: AsyncSession, row: ApplicationRow) -> list[DocumentView]:
    """Every version of every document, with its title in the definition of the case."""
    titles = await requirement_titles(session, row)
    query = select(DocumentRow, col(AccountRow.name)).where(col(DocumentRow.number) == row.number)
    query = query.outerjoin(AccountRow, col(AccountRow.id) == col(DocumentRow.uploaded_by))
    found = await session.exec(query.order_by(col(DocumentRow.requirement), col(DocumentRow.version)))
    return [
        DocumentView(
            requirement=one.requirement,
            title=titles.get(one.requirement, one.requirement),
            version=one.version,
            sha256=one.sha256,
            content_type=one.content_type,
            size=one.size,
            filename=one.filename,
            uploaded_at=one.uploaded_at,
            uploaded_by_name=uploader,
            channel=one.channel,
            consent=one.consent,
            verdict=one.verdict,
            reason_code=one.reason_code,
            reason=one.reason,
        )
        for one, uploader in found
    ]


async def requirement_titles(session: AsyncSession, row: ApplicationRow) -> dict[str, str]:
    """Titles of the documents by code, as the version of the case words them (a draft: the newest version)."""
    query = select(col(DefinitionRow.body)).where(col(DefinitionRow.code) == row.permit_type)
    if row.definition_version is not None:
        query = query.where(col(DefinitionRow.version) == row.definition_version)
    body = (await session.exec(query.order_by(col(DefinitionRow.version).desc()).limit(1))).first()
    titles = {POWER_OF_ATTORNEY.code: POWER_OF_ATTORNEY.title}
    return titles | {one["code"]: one["title"] for one in (body or {}).get("requirements", [])}


async def document(session: AsyncSession, number: str, requirement: str, version: int | None) -> DocumentRow:
    """One version of a document, the newest without `version`. Raises RuleError(document-not-found)."""
    query = select(DocumentRow).where(col(DocumentRow.number) == number, col(DocumentRow.requirement) == requirement)
    if version is not None:
        query = query.where(col(DocumentRow.version) == version)
    row = (await session.exec(query.order_by(col(DocumentRow.version).desc()).limit(1))).first()
    if row is None:
        raise RuleError(Code.DOCUMENT_NOT_FOUND, requirement=requirement)
    return row


async def letters(session: AsyncSession, number: str) -> list[LetterView]:
    """The letters of the case with their signatures."""
    query = (
        select(LetterRow, SignedLetterRow)
        .outerjoin(SignedLetterRow, col(SignedLetterRow.letter_sha256) == col(LetterRow.sha256))
        .where(col(LetterRow.number) == number)
        .order_by(col(LetterRow.letter_date), col(LetterRow.purpose))
    )
    return [
        LetterView(
            purpose=letter.purpose,
            number_text=letter.number_text,
            letter_date=letter.letter_date,
            status=letter.status,
            sha256=letter.sha256,
            signed_sha256=signed.signed_sha256 if signed else None,
            level=signed.level if signed else None,
            signed_at=signed.signed_at if signed else None,
        )
        for letter, signed in await session.exec(query)
    ]


async def applications(
    session: AsyncSession,
    applicant_id: str | None,
    after: str | None,
    limit: int,
    field: str | None = None,
    drafts_of_counter: bool = False,
) -> tuple[list[ApplicationLine], int]:
    """A page of applications, newest number first, and how many there are.

    Args:
        applicant_id: only this person's; None for all that were submitted.
        after: the last number of the page before.
        limit: lines on a page.
        field: only those of this field; None for all.
        drafts_of_counter: the drafts that the front office has begun for others.
    """
    query = select(ApplicationRow)
    if field is not None:
        query = query.where(col(ApplicationRow.field) == field)
    if drafts_of_counter:
        query = query.where(col(ApplicationRow.status).in_(_RESERVED), col(ApplicationRow.channel) == "counter")
    elif applicant_id is not None:
        query = query.where(col(ApplicationRow.applicant_id) == applicant_id)
    else:
        query = query.where(col(ApplicationRow.status).not_in(_RESERVED))
    total = (await session.exec(select(func.count()).select_from(query.subquery()))).one()
    if after is not None:
        query = query.where(col(ApplicationRow.number) < after)
    rows = await session.exec(query.order_by(col(ApplicationRow.number).desc()).limit(limit))
    return [_line(row) for row in rows], total


async def events(session: AsyncSession, number: str, after: int, limit: int) -> tuple[list[EventLine], int]:
    """A page of the record after sequence `after`, and how many lines there are."""
    row = await application_row(session, number)
    query = select(EventRow).where(col(EventRow.number) == number, col(EventRow.sequence) > after)
    found = await session.exec(query.order_by(col(EventRow.sequence)).limit(limit))
    return [EventLine.model_validate(one.model_dump(exclude={"number"})) for one in found], row.event_count


def _waiting(row: ApplicationRow) -> WaitingView | None:
    if row.waiting_kind is None or row.waiting_for is None:
        return None
    return WaitingView(
        kind=row.waiting_kind, holder=row.waiting_for, since=row.waiting_since, due_at=row.waiting_due_at
    )


def _line(row: ApplicationRow) -> ApplicationLine:
    shown = row.model_dump(include=set(ApplicationLine.model_fields))
    return ApplicationLine(**shown, permit_name=row.title)


async def _tasks(session: AsyncSession, number: str) -> list[TaskLine]:
    query = select(TaskRow).where(col(TaskRow.number) == number).order_by(col(TaskRow.opened_at), col(TaskRow.id))
    rows = await session.exec(query)
    return [TaskLine.model_validate(row.model_dump(include=set(TaskLine.model_fields))) for row in rows]


async def _stages(session: AsyncSession, number: str) -> list[StageView]:
    query = select(StageEntryRow).where(col(StageEntryRow.number) == number).order_by(col(StageEntryRow.n))
    rows = await session.exec(query)
    return [StageView.model_validate(row.model_dump(include=set(StageView.model_fields))) for row in rows]


async def _opds(session: AsyncSession, number: str) -> list[OpdView]:
    query = select(OpdRequestRow).where(col(OpdRequestRow.number) == number)
    rows = await session.exec(query.order_by(col(OpdRequestRow.asked_at), col(OpdRequestRow.opd)))
    return [OpdView.model_validate(row.model_dump(include=set(OpdView.model_fields))) for row in rows]
