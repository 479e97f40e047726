"""The register of permits as its holders and the office read it, page by page."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from permits.after_issue import PermitStatus, standing
from permits.definition import Variant
from permits.errors import Code, RuleError
from store.records.permits import issued_permit
from store.tables import ApplicationRow, PermitRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class PermitFilter(_View):
    """Which permits are asked for; what is None does not matter."""

    holder_id: str | None = None
    status: PermitStatus | None = None
    permit_type: str | None = None
    valid_until_from: date | None = None
    valid_until_to: date | None = None
    number_text: str | None = None  # as printed, whole
    field: str | None = None  # of the back office
    practice: bool = False


class PermitLine(_View):
    """One permit of the register."""

    number: str  # application number it came from
    number_text: str  # as printed
    permit_type: str
    title: str
    holder_name: str
    issued_on: date
    valid_until: date | None
    status: str
    state: str  # permits.after_issue.Standing on the day of asking
    status_since: datetime | None
    changed_by: str | None
    continues: str | None
    practice: bool


async def permits(
    session: AsyncSession, wanted: PermitFilter, today: date, after: str | None, limit: int
) -> tuple[list[PermitLine], int]:
    """A page of permits, newest number first, and how many there are.

    Args:
        session: of the caller.
        wanted: which ones.
        today: office date, for what has expired.
        after: the last number of the page before.
        limit: lines on a page.
    """
    query = _filtered(wanted)
    total = (await session.exec(select(func.count()).select_from(query.subquery()))).one()
    if after is not None:
        query = query.where(col(PermitRow.number) < after)
    rows = await session.exec(query.order_by(col(PermitRow.number).desc()).limit(limit))
    return [_line(row, today) for row in rows], total


async def permit_line(session: AsyncSession, number: str, today: date) -> PermitLine:
    """One permit. Raises RuleError(permit-not-found)."""
    row = await session.get(PermitRow, number)
    if row is None:
        raise RuleError(Code.PERMIT_NOT_FOUND, number=number)
    return _line(row, today)


def _filtered(wanted: PermitFilter) -> SelectOfScalar[PermitRow]:
    query = select(PermitRow).where(col(PermitRow.practice) == wanted.practice)
    for column, value in (
        (PermitRow.holder_id, wanted.holder_id),
        (PermitRow.status, wanted.status),
        (PermitRow.permit_type, wanted.permit_type),
        (PermitRow.number_text, wanted.number_text),
    ):
        if value is not None:
            query = query.where(col(column) == value)
    if wanted.field is not None:
        own_case = col(ApplicationRow.number) == col(PermitRow.number)
        query = query.join(ApplicationRow, own_case).where(col(ApplicationRow.field) == wanted.field)
    if wanted.valid_until_from is not None:
        query = query.where(col(PermitRow.valid_until) >= wanted.valid_until_from)
    if wanted.valid_until_to is not None:
        query = query.where(col(PermitRow.valid_until) <= wanted.valid_until_to)
    return query


def _line(row: PermitRow, today: date) -> PermitLine:
    shown = row.model_dump(include=set(PermitLine.model_fields))
    by_change = row.status_reason == Variant.CHANGE.value
    return PermitLine(**shown, state=standing(issued_permit(row), today, continued_by_change=by_change).value)
