"""The office's list of cases: those with certain words, of a type, in a state, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Select, func, or_
from sqlalchemy import select as sql_select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.party import party_of
from store.tables import AccountRow, ApplicationRow, DefinitionRow


class CaseLine(BaseModel):
    """One line of the list; due and since are office times."""

    model_config = ConfigDict(frozen=True)

    number: str
    permit_name: str
    applicant_name: str
    holder_name: str
    status: str
    stage: str | None
    waiting_for: str | None
    waiting_due_at: datetime | None
    promise_due_at: datetime | None
    submitted_at: datetime | None
    closed_at: datetime | None
    practice: bool
    channel: str


class CaseFilter(BaseModel):
    """What is None does not filter."""

    model_config = ConfigDict(frozen=True)

    text: str | None = None  # in the applicant's name, the permit's title or the number
    permit_type: str | None = None
    status: str | None = None
    field: str | None = None
    drafts_of_counter: bool = False  # drafts that the front office has begun for others, instead of cases


def cases_with(text: str) -> Select[Any]:
    """Numbers of the cases whose number, title, applicant or holder has this text in it; capitals do not matter."""
    return (
        sql_select(col(ApplicationRow.number))
        .join(AccountRow, col(AccountRow.id) == col(ApplicationRow.applicant_id))
        .where(
            or_(
                col(ApplicationRow.number).icontains(text, autoescape=True),
                col(ApplicationRow.title).icontains(text, autoescape=True),
                col(AccountRow.name).icontains(text, autoescape=True),
                col(ApplicationRow.party)["name"].as_string().icontains(text, autoescape=True),
            )
        )
    )


async def cases(
    session: AsyncSession, wanted: CaseFilter, after: str | None, limit: int
) -> tuple[list[CaseLine], int, str | None]:
    """A page of cases, newest number first, how many there are, and after which number the next page begins."""
    drafts = col(ApplicationRow.status) == "draft"
    query = select(ApplicationRow, col(AccountRow.name)).join(
        AccountRow, col(AccountRow.id) == col(ApplicationRow.applicant_id)
    )
    if wanted.drafts_of_counter:
        query = query.where(drafts, col(ApplicationRow.channel) == "counter")
    else:
        query = query.where(~drafts)
    for name in ("permit_type", "status", "field"):
        if (value := getattr(wanted, name)) is not None:
            query = query.where(getattr(ApplicationRow, name) == value)
    if wanted.text:
        query = query.where(col(ApplicationRow.number).in_(cases_with(wanted.text)))
    total = (await session.exec(select(func.count()).select_from(query.subquery()))).one()
    if after is not None:
        query = query.where(col(ApplicationRow.number) < after)
    rows = list(await session.exec(query.order_by(col(ApplicationRow.number).desc()).limit(limit + 1)))
    lines = [_line(row, name) for row, name in rows[:limit]]
    return lines, total, lines[-1].number if len(rows) > limit else None


class TypeLine(NamedTuple):
    """A permit type, for filters."""

    code: str
    title: str
    field: str


async def types_by_title(session: AsyncSession) -> list[TypeLine]:
    """Every permit type there has been, as its newest version words it."""
    body = col(DefinitionRow.body)
    query = (
        sql_select(col(DefinitionRow.code), body["title"].as_string(), body["field"].as_string())
        .ext(distinct_on(col(DefinitionRow.code)))
        .order_by(col(DefinitionRow.code), col(DefinitionRow.version).desc())
    )
    found = await (await session.connection()).execute(query)
    lines = [TypeLine(str(code), str(title), str(field)) for code, title, field in found]
    return sorted(lines, key=lambda one: one.title)


def _line(row: ApplicationRow, applicant_name: str) -> CaseLine:
    shown = row.model_dump(include=set(CaseLine.model_fields))
    holder = party_of(row.party).holder(applicant_name)
    return CaseLine(**shown, permit_name=row.title, applicant_name=applicant_name, holder_name=holder)
