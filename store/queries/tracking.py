"""The tracking page: where a case stands, what was promised, and the way so far; no name of any person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.calendar import WorkingCalendar
from permits.definition import PermitDefinition
from permits.events import Tag
from permits.pace import Pace
from permits.sla import SlaClock
from store.queries.application import requirement_titles
from store.tables import ApplicationRow, DocumentRow, EventRow, LetterRow, SignedLetterRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class TrackedEvent(_View):
    """A line of the record, without who did it; office time."""

    tag: str
    at: datetime
    facts: dict[str, Any]


class TrackedStep(_View):
    """A visit to a stage with what happened in it; office times."""

    title: str
    holder: str
    entered_at: datetime
    left_at: datetime | None
    events: list[TrackedEvent]


class Repair(_View):
    """A document that the applicant is asked to mend."""

    document: str
    reason: str


class TrackedCase(_View):
    """A case as its tracking link shows it; office times."""

    number: str
    permit_name: str
    status: str
    stage_name: str | None
    waiting_for: str | None
    waiting_kind: str | None
    since: datetime | None
    due_at: datetime | None
    submitted_at: datetime | None
    promise: SlaClock | None
    expected_on: date | None  # the finish that the applicant was last told of
    pace: Pace
    calendar: WorkingCalendar | None
    steps: list[TrackedStep]  # newest first
    repairs: list[Repair]
    titles: dict[str, str]  # of documents, by code
    product: str | None
    verification_id: str | None
    released: bool  # the product may be fetched and verified
    practice: bool = False


async def tracked_case(session: AsyncSession, tracking_code: str) -> TrackedCase | None:
    """The case with this code; None where there is none."""
    found = await session.exec(select(ApplicationRow).where(col(ApplicationRow.tracking_code) == tracking_code))
    row = found.first()
    if row is None:
        return None
    submission = row.submission or {}
    titles = await requirement_titles(session, row)
    return TrackedCase(
        number=row.number,
        permit_name=row.title,
        status=row.status,
        stage_name=row.stage,
        waiting_for=row.waiting_for,
        waiting_kind=row.waiting_kind,
        since=row.waiting_since,
        due_at=row.waiting_due_at,
        submitted_at=row.submitted_at,
        promise=SlaClock.model_validate(row.promise) if row.promise else None,
        expected_on=row.promise_told_for,
        pace=Pace.model_validate(row.pace) if row.pace else Pace.real(),
        calendar=WorkingCalendar.model_validate(submission["calendar"]) if "calendar" in submission else None,
        steps=await _steps(session, row, submission),
        repairs=await _repairs(session, row, titles),
        titles=titles,
        product=row.product,
        verification_id=row.verification_id,
        released=await is_released(session, row),
        practice=row.practice,
    )


async def is_released(session: AsyncSession, row: ApplicationRow) -> bool:
    """Whether the case's product is issued, signed and registered."""
    query = (
        select(LetterRow.number)
        .join(SignedLetterRow, col(SignedLetterRow.letter_sha256) == col(LetterRow.sha256))
        .where(
            col(LetterRow.number) == row.number,
            col(LetterRow.purpose) == (row.product or row.procedure),
            col(LetterRow.status) == "issued",
        )
    )
    return (await session.exec(query)).first() is not None


async def _steps(session: AsyncSession, row: ApplicationRow, submission: dict[str, Any]) -> list[TrackedStep]:
    holders, agencies = _holders(submission)
    query = select(EventRow).where(col(EventRow.number) == row.number).order_by(col(EventRow.sequence))
    steps: list[TrackedStep] = []
    for event in await session.exec(query):
        if event.tag == Tag.STAGE_ENTERED or not steps:
            if steps and steps[-1].left_at is None:
                steps[-1] = steps[-1].model_copy(update={"left_at": event.office_at})
            steps.append(_step(event, holders))
        if event.tag == Tag.STAGE_LEFT:
            steps[-1] = steps[-1].model_copy(update={"left_at": event.office_at})
        else:
            named = {"holder": agencies[event.facts["opd"]]} if event.facts.get("opd") in agencies else {}
            facts = named | event.facts
            steps[-1].events.append(TrackedEvent(tag=event.tag, at=event.office_at, facts=facts))
    if steps and row.closed_at is not None and steps[-1].left_at is None:
        steps[-1] = steps[-1].model_copy(update={"left_at": steps[-1].events[-1].at})
    return steps[::-1]


def _step(event: EventRow, holders: dict[str, str]) -> TrackedStep:
    title = str(event.facts.get("title", "Permohonan diterima"))
    holder = holders.get(title, "Sistem perizinan")
    return TrackedStep(title=title, holder=holder, entered_at=event.office_at, left_at=None, events=[])


def _holders(submission: dict[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Who holds each stage, by its title; and the names of the agencies, by their codes."""
    if "definition" not in submission:
        return {}, {}
    definition = PermitDefinition.model_validate(submission["definition"])
    holders = {stage.title: stage.holder for stage in definition.stages}
    return holders, {agency.opd: agency.name for agency in definition.agencies}


async def _repairs(session: AsyncSession, row: ApplicationRow, titles: dict[str, str]) -> list[Repair]:
    if row.waiting_kind != "applicant":
        return []
    query = select(DocumentRow).where(col(DocumentRow.number) == row.number).order_by(col(DocumentRow.version))
    newest = {one.requirement: one for one in await session.exec(query)}
    return [
        Repair(document=titles.get(one.requirement, one.requirement), reason=one.reason or "")
        for one in newest.values()
        if one.verdict == "repair"
    ]
