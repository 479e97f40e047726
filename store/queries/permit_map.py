"""The public map of permits in force: which kinds of permits, whose, and where.

What is shown is what UU 27/2022 (PDP) leaves to be shown without anybody's consent:

- permits of companies and institutions: type, name of the body, number and last day of the letter, the address of the
  place as answered in the form, and the position that the inspection recorded;
- permits of persons: only for things that stand in public space (`IN_PUBLIC_SPACE`), and of those the type, the last
  day and the position. No name, no number, no address.

All other permits of persons, practice, and whatever is revoked, replaced, renewed or expired is not listed and not
counted. A practice permit of a health worker or a boarding house of a person would lead to somebody's home.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from permits.decisions import TaskKind
from permits.party import PartyKind
from store.tables import ApplicationRow, PermitRow, TaskRow

IN_PUBLIC_SPACE = ("izin-reklame-tetap", "izin-reklame-insidentil", "izin-parkir", "bongkar-trotoar")
"""Types about things on streets and squares; of all others a person's position may be that person's home."""
BODIES = (PartyKind.COMPANY.value, PartyKind.INSTITUTION.value)
PLACE_ANSWERS = ("site_address", "school_address", "land_address", "event_place")


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class MappedPermit(_View):
    """One permit of the map."""

    permit_type: str
    title: str
    holder: str | None  # None: a person, who is not named
    number_text: str | None
    address: str | None
    valid_until: date | None
    latitude: float | None
    longitude: float | None


class MappedType(_View):
    """A permit type and how many of its permits are shown."""

    permit_type: str
    title: str
    count: int


class MapFilter(_View):
    """Which permits are asked for."""

    permit_type: str = ""
    holder: str = ""  # part of a body's name


async def mapped_permits(
    session: AsyncSession, wanted: MapFilter, today: date, limit: int
) -> tuple[list[MappedPermit], int]:
    """The newest permits of the map, and how many there are."""
    query = _public(select(PermitRow), today)
    if wanted.permit_type:
        query = query.where(col(PermitRow.permit_type) == wanted.permit_type)
    if wanted.holder:
        query = query.where(
            _of_body(), col(PermitRow.holder_name).icontains(wanted.holder, autoescape=True)
        )
    total = (await session.exec(select(func.count()).select_from(query.subquery()))).one()
    rows = list(await session.exec(query.order_by(col(PermitRow.issued_on).desc(), col(PermitRow.number)).limit(limit)))
    cases = await _cases(session, [row.number for row in rows])
    positions = await _positions(session, [number for row in rows for number in (row.number, row.continues) if number])
    return [_mapped(row, cases[row.number], positions) for row in rows], total


async def mapped_types(session: AsyncSession, today: date) -> list[MappedType]:
    """The types that have permits on the map, by title."""
    shown = _public(select(PermitRow), today).subquery()
    query = select(shown.c.permit_type, func.max(shown.c.title), func.count()).group_by(shown.c.permit_type)
    found = [MappedType(permit_type=code, title=title, count=count) for code, title, count in await session.exec(query)]
    return sorted(found, key=lambda one: one.title)


def _of_body() -> Any:
    return col(ApplicationRow.party)["kind"].astext.in_(BODIES)


def _public(query: SelectOfScalar[PermitRow], today: date) -> SelectOfScalar[PermitRow]:
    return query.join(ApplicationRow, col(ApplicationRow.number) == col(PermitRow.number)).where(
        col(PermitRow.practice).is_(False),
        col(PermitRow.status) == "in_force",
        or_(col(PermitRow.valid_until).is_(None), col(PermitRow.valid_until) >= today),
        or_(_of_body(), col(PermitRow.permit_type).in_(IN_PUBLIC_SPACE)),
    )


async def _cases(session: AsyncSession, numbers: list[str]) -> dict[str, tuple[bool, dict[str, str]]]:
    """By number: whether a body holds the permit, and the answers of the form."""
    query = select(ApplicationRow.number, ApplicationRow.party, ApplicationRow.data)
    found = await session.exec(query.where(col(ApplicationRow.number).in_(numbers)))
    return {number: ((party or {}).get("kind") in BODIES, dict(data)) for number, party, data in found}


async def _positions(session: AsyncSession, numbers: list[str]) -> dict[str, dict[str, float]]:
    """Where the last inspection of each case stood."""
    query = (
        select(TaskRow.number, TaskRow.detail)
        .where(
            col(TaskRow.number).in_(numbers),
            col(TaskRow.kind) == TaskKind.INSPECTION.value,
            col(TaskRow.decision) == "inspected",
        )
        .order_by(col(TaskRow.closed_at))
    )
    return {number: detail["position"] for number, detail in await session.exec(query) if detail}


def _mapped(
    row: PermitRow, case: tuple[bool, dict[str, str]], positions: dict[str, dict[str, float]]
) -> MappedPermit:
    of_body, answers = case
    shows_place = of_body or row.permit_type in IN_PUBLIC_SPACE
    found = positions.get(row.number) or positions.get(row.continues or "") if shows_place else None
    address = next((answers[name] for name in PLACE_ANSWERS if answers.get(name)), None)
    return MappedPermit(
        permit_type=row.permit_type,
        title=row.title,
        holder=row.holder_name if of_body else None,
        number_text=row.number_text if of_body else None,
        address=address if of_body else None,
        valid_until=row.valid_until,
        latitude=found["latitude"] if found else None,
        longitude=found["longitude"] if found else None,
    )
