"""Dated data of the office: definitions are published for ever, versions do not overlap, calendar days can be set.

What a published version says never changes; a new rule is a new version. Only its life moves on: it may be retired, and
its last day may be set when the next version begins.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.calendar import Holiday
from permits.definition import PermitDefinition
from permits.errors import Code, RuleError
from store.records.base import Subject
from store.tables import CalendarDayRow, DefinitionRow

_LIFE = {"status", "effective_until"}


class LawRecords(Subject):
    """Definitions and calendar days."""

    async def publish_definitions(self, definitions: Iterable[PermitDefinition]) -> None:
        """Keeps all these versions or none of them; again changes nothing.

        Raises RuleError(definition-invalid) when a published version would say something else, when a published one
        would be a draft again, or when versions of one type would overlap.
        """
        wanted = tuple(definitions)
        async with self._db.transaction() as session:
            connection = await session.connection()
            await connection.execute(text("LOCK TABLE definitions IN SHARE ROW EXCLUSIVE MODE"))
            for definition in wanted:
                await _publish(session, definition)
            for code in sorted({definition.code for definition in wanted}):
                _check_no_overlap(await _versions(session, code))

    async def definition(self, code: str, version: int) -> PermitDefinition:
        """One version. Raises RuleError(permit-type-not-found)."""
        async with self._db.transaction() as session:
            row = await session.get(DefinitionRow, (code, version))
        if row is None:
            raise RuleError(Code.PERMIT_TYPE_NOT_FOUND, permit_type=code)
        return PermitDefinition.model_validate(row.body)

    async def definition_versions(self, code: str) -> tuple[PermitDefinition, ...]:
        """All versions of a type, oldest first; none for an unknown type."""
        async with self._db.transaction() as session:
            return await _versions(session, code)

    async def definitions(self) -> tuple[PermitDefinition, ...]:
        """All versions of all types, by code and version."""
        query = select(col(DefinitionRow.body)).order_by(col(DefinitionRow.code), col(DefinitionRow.version))
        async with self._db.transaction() as session:
            return tuple(PermitDefinition.model_validate(body) for body in await session.exec(query))

    async def calendar_overrides(self) -> tuple[Holiday, ...]:
        """The office's own days, by date."""
        query = select(CalendarDayRow).order_by(col(CalendarDayRow.date))
        async with self._db.transaction() as session:
            rows = list(await session.exec(query))
        return tuple(Holiday.model_validate(row.model_dump()) for row in rows)

    async def set_calendar_day(self, day: Holiday) -> None:
        """Sets one of the office's own days; the newest entry of a date stands."""
        values = day.model_dump()
        changes = {name: value for name, value in values.items() if name != "date"}
        async with self._db.transaction() as session:
            query = insert(CalendarDayRow).values(values)
            await session.exec(query.on_conflict_do_update(index_elements=["date"], set_=changes))


async def _publish(session: AsyncSession, definition: PermitDefinition) -> None:
    row = await session.get(DefinitionRow, (definition.code, definition.version))
    if row is None:
        row = DefinitionRow(code=definition.code, version=definition.version, **_columns(definition))
        session.add(row)
        return
    if row.sha256 == definition.sha256:
        return
    if row.status != "draft":
        _check_same_words(PermitDefinition.model_validate(row.body), definition)
    for name, value in _columns(definition).items():
        setattr(row, name, value)


def _columns(definition: PermitDefinition) -> dict[str, Any]:
    return {
        "status": definition.status,
        "effective_from": definition.effective_from,
        "effective_until": definition.effective_until,
        "body": definition.model_dump(mode="json"),
        "sha256": definition.sha256,
    }


def _check_same_words(published: PermitDefinition, definition: PermitDefinition) -> None:
    same = published.model_dump(exclude=_LIFE) == definition.model_dump(exclude=_LIFE)
    if not same or definition.status == "draft":
        raise RuleError(
            Code.DEFINITION_INVALID,
            permit_type=definition.code,
            version=definition.version,
            why="published-version-changed",
        )


def _check_no_overlap(versions: tuple[PermitDefinition, ...]) -> None:
    in_force = sorted((one for one in versions if one.status == "published"), key=lambda one: one.effective_from)
    for earlier, later in pairwise(in_force):
        if earlier.effective_until is None or earlier.effective_until >= later.effective_from:
            raise RuleError(
                Code.DEFINITION_INVALID, permit_type=later.code, version=later.version, why="versions-overlap"
            )


async def _versions(session: AsyncSession, code: str) -> tuple[PermitDefinition, ...]:
    query = select(col(DefinitionRow.body)).where(col(DefinitionRow.code) == code).order_by(col(DefinitionRow.version))
    return tuple(PermitDefinition.model_validate(body) for body in await session.exec(query))
