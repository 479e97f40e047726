"""The open figures of a year: how many permits, how fast, how late, and at which agency.

Counts, sums and medians alone, without numbers of applications and without anybody's name; practice is left out. A case
belongs to the year in which it was received, and among the finished to the year in which its product was issued or it
ended otherwise (`permits.evaluation`). Days are the working days kept with the case when its product was issued.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, Subquery, and_, case, func, literal_column
from sqlalchemy import select as sql_select
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.application import ApplicationStatus
from store.queries.evaluation import FINISHING
from store.tables import ApplicationRow, EventRow, OpdRequestRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Figures(_View):
    """Of all types, of one type, or of one month."""

    received: int = 0
    issued: int = 0
    rejected: int = 0
    ended: int = 0  # withdrawn, or closed without an answer of the applicant
    served: int = 0  # finished with a product, and with days that were kept
    in_time: int = 0  # of the served: within the promise, without the days with the applicant
    median_days: float | None = None  # of the served, without the days with the applicant
    promised_days: float | None = None  # median of what was promised to them

    @property
    def late(self) -> int:
        """Of the served: later than promised."""
        return self.served - self.in_time


class TypeFigures(Figures):
    """One permit type."""

    permit_type: str
    title: str


class MonthFigures(Figures):
    """One month, 1 to 12."""

    month: int


class AgencyFigures(_View):
    """Requests to one agency, by the year in which it was asked."""

    name: str
    asked: int
    answered: int
    in_time: int  # of the answered
    late_open: int  # not answered, and due
    median_days: float | None  # working days until the answer
    late_days: int  # working days beyond the due dates, of the answered


class OpenFigures(_View):
    """A year."""

    total: Figures
    types: list[TypeFigures]
    months: list[MonthFigures]
    agencies: list[AgencyFigures]


async def open_figures(session: AsyncSession, begins: datetime, ends: datetime, now: datetime) -> OpenFigures:
    """The figures between two instants of office time, the second one not included; `now` is office time as well."""
    cases = _cases()
    total = [Figures(**row) for row in await _counted(session, cases, begins, ends)]
    types = await _counted(session, cases, begins, ends, cases.c.permit_type, func.max(cases.c.title).label("title"))
    return OpenFigures(
        total=total[0] if total else Figures(),
        types=sorted((TypeFigures(**row) for row in types), key=lambda one: (-one.received, one.title)),
        months=await _months(session, cases, begins, ends),
        agencies=await _agencies(session, begins, ends, now),
    )


def _cases() -> Subquery:
    """Each case with the office times of its receipt and of its end."""
    tags = ", ".join(f"'{tag.value}'" for tag in FINISHING)
    finished = (
        sql_select(col(EventRow.number).label("number"), func.min(col(EventRow.office_at)).label("at"))
        .where(literal_column(f"(events.tag IN ({tags}))"))
        .group_by(col(EventRow.number))
        .subquery()
    )
    names = ("permit_type", "title", "status", "product", "promised_working_days", "net_working_days")
    columns: list[Any] = [col(getattr(ApplicationRow, name)) for name in names]
    received = func.coalesce(
        sql_select(func.min(col(EventRow.office_at)))
        .where(col(EventRow.number) == col(ApplicationRow.number), col(EventRow.sequence) == 1)
        .correlate(ApplicationRow)
        .scalar_subquery(),
        col(ApplicationRow.submitted_at),
    )
    return (
        sql_select(*columns, received.label("received_at"), finished.c.at.label("finished_at"))
        .select_from(ApplicationRow)
        .outerjoin(finished, finished.c.number == col(ApplicationRow.number))
        .where(col(ApplicationRow.submitted_at).is_not(None), col(ApplicationRow.practice).is_(False))
        .where(col(ApplicationRow.procedure) == "permit")
        .subquery()
    )


async def _counted(
    session: AsyncSession, cases: Subquery, begins: datetime, ends: datetime, *by: ColumnElement[Any]
) -> list[dict[str, Any]]:
    received = and_(cases.c.received_at >= begins, cases.c.received_at < ends)
    finished = and_(cases.c.finished_at >= begins, cases.c.finished_at < ends)
    query = sql_select(*by, func.count().filter(received).label("received"), *_of_finished(cases, finished))
    query = query.where(received | finished)
    if by:
        query = query.group_by(by[0])
    return [dict(row) for row in (await (await session.connection()).execute(query)).mappings()]


def _of_finished(cases: Subquery, finished: ColumnElement[bool]) -> list[ColumnElement[Any]]:
    ended = cases.c.status.in_((ApplicationStatus.WITHDRAWN.value, ApplicationStatus.LAPSED.value))
    rejected = and_(~ended, cases.c.product == "rejection")
    served = and_(finished, ~ended, cases.c.net_working_days.is_not(None))
    net, promised = cases.c.net_working_days, cases.c.promised_working_days
    return [
        func.count().filter(finished, ~ended, func.coalesce(cases.c.product, "permit") != "rejection").label("issued"),
        func.count().filter(finished, rejected).label("rejected"),
        func.count().filter(finished, ended).label("ended"),
        func.count().filter(served).label("served"),
        func.count().filter(served, net <= promised).label("in_time"),
        func.percentile_cont(0.5).within_group(case((served, net))).label("median_days"),
        func.percentile_cont(0.5).within_group(case((served, promised))).label("promised_days"),
    ]


async def _months(session: AsyncSession, cases: Subquery, begins: datetime, ends: datetime) -> list[MonthFigures]:
    found: dict[int, dict[str, Any]] = {}
    for name in ("received_at", "finished_at"):
        at = getattr(cases.c, name)
        inside = and_(at >= begins, at < ends)
        month = func.extract("month", func.timezone("Asia/Jakarta", at)).label("month")
        counted = [func.count().label("received")] if name == "received_at" else _of_finished(cases, inside)
        query = sql_select(month, *counted).where(inside).group_by(month)
        for row in (await (await session.connection()).execute(query)).mappings():
            found.setdefault(int(row["month"]), {}).update({**row, "month": int(row["month"])})
    return [MonthFigures(**found.get(month, {"month": month})) for month in range(1, 13)]


async def _agencies(
    session: AsyncSession, begins: datetime, ends: datetime, now: datetime
) -> list[AgencyFigures]:
    answer, late_days = col(OpdRequestRow.answer), col(OpdRequestRow.late_days)
    answered = and_(answer.is_not(None), answer.not_in(("released", "withdrawn")))
    query = (
        sql_select(
            func.max(col(OpdRequestRow.name)).label("name"),
            func.count().label("asked"),
            func.count().filter(answered).label("answered"),
            func.count().filter(answered, func.coalesce(late_days, 0) == 0).label("in_time"),
            func.count().filter(answer.is_(None), col(OpdRequestRow.due_at) < now).label("late_open"),
            func.percentile_cont(0.5).within_group(case((answered, col(OpdRequestRow.used_days)))).label("median_days"),
            func.coalesce(func.sum(late_days).filter(answered), 0).label("late_days"),
        )
        .join(ApplicationRow, col(ApplicationRow.number) == col(OpdRequestRow.number))
        .where(
            col(OpdRequestRow.asked_at) >= begins,
            col(OpdRequestRow.asked_at) < ends,
            col(ApplicationRow.practice).is_(False),
        )
        .group_by(col(OpdRequestRow.opd))
    )
    rows = (await (await session.connection()).execute(query)).mappings()
    return sorted((AgencyFigures(**row) for row in rows), key=lambda one: (-one.asked, one.name))


async def years_with_cases(session: AsyncSession) -> tuple[int, int] | None:
    """The first and the last year in which something was received; None before the first case."""
    year = func.extract("year", func.timezone("Asia/Jakarta", col(ApplicationRow.submitted_at)))
    query = sql_select(func.min(year), func.max(year)).where(
        col(ApplicationRow.submitted_at).is_not(None), col(ApplicationRow.practice).is_(False)
    )
    first, last = (await (await session.connection()).execute(query)).one()
    return (int(first), int(last)) if first is not None else None
