"""What became of an agency's answers: when it answered, whether in time, and what the office did with it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import ApplicationRow, OpdRequestRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class AnswerLine(_View):
    """One request to the agency that is over; office times."""

    workflow_id: str
    number: str
    permit_name: str
    asked_at: datetime
    due_at: datetime
    answered_at: datetime
    answer: str  # approve, approve_with_conditions, refuse, released, withdrawn
    way: str | None
    used_days: int | None
    late_days: int | None
    status: str  # of the case
    product: str | None
    stage: str | None


class AnswerCounts(_View):
    """How many requests the agency answered, and how many of them in time."""

    answered: int
    in_time: int


class AnswerPlace(_View):
    """The last line of a page."""

    answered_at: datetime
    workflow_id: str


_GIVEN = ("approve", "approve_with_conditions", "refuse")


async def answers_of(
    session: AsyncSession, opd: str, after: AnswerPlace | None = None, limit: int = 25
) -> tuple[list[AnswerLine], AnswerPlace | None]:
    """A page of the agency's requests that are over, the newest first, and where the next page begins."""
    place = (col(OpdRequestRow.answered_at), col(OpdRequestRow.workflow_id))
    query = (
        select(OpdRequestRow, ApplicationRow)
        .join(ApplicationRow, col(ApplicationRow.number) == col(OpdRequestRow.number))
        .where(col(OpdRequestRow.opd) == opd, col(OpdRequestRow.answered_at).is_not(None))
    )
    if after is not None:
        query = query.where(tuple_(*place) < tuple_(after.answered_at, after.workflow_id))
    query = query.order_by(place[0].desc(), place[1].desc()).limit(limit + 1)
    rows = list(await session.exec(query))
    lines = [_line(request, case) for request, case in rows[:limit]]
    more = len(rows) > limit
    last = lines[-1] if more else None
    return lines, AnswerPlace(answered_at=last.answered_at, workflow_id=last.workflow_id) if last else None


async def answer_counts(session: AsyncSession, opd: str) -> AnswerCounts:
    """Of all that the agency was ever asked and answered."""
    given = select(func.count(), func.count().filter(col(OpdRequestRow.late_days) == 0)).where(
        col(OpdRequestRow.opd) == opd, col(OpdRequestRow.answer).in_(_GIVEN)
    )
    answered, in_time = (await session.exec(given)).one()
    return AnswerCounts(answered=answered, in_time=in_time)


def _line(request: OpdRequestRow, case: ApplicationRow) -> AnswerLine:
    shared = set(AnswerLine.model_fields) & set(OpdRequestRow.model_fields)
    return AnswerLine(
        **request.model_dump(include=shared),
        permit_name=case.title,
        status=case.status,
        product=case.product,
        stage=case.stage,
    )
