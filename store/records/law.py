"""Dated data of the office: definitions are published for ever, versions do not overlap, calendar days can be set.

What a published version says never changes; a new rule is a new version. Only its life moves on, and only forward: it
may be confirmed, its last day may be set when the next version begins, and it may be retired. Definition files are
taken in at every start, so they never undo what the office itself has done since (`store.records.definitions`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.calendar import Holiday
from permits.definition import PermitDefinition
from permits.definition_life import check_no_overlap
from permits.errors import Code, RuleError
from store.records.base import Subject
from store.tables import CalendarDayRow, DefinitionRow

_LIFE = {"status", "effective_until", "confirmed"}
FORWARD = ("draft", "published", "retired")


class LawRecords(Subject):
    """Definitions and calendar days."""

    async def publish_definitions(self, definitions: Iterable[PermitDefinition]) -> None:
        """Keeps all these versions or none of them; again changes nothing, and nothing that the office wrote changes.

        Raises RuleError(definition-invalid) when a published version would say something else, when a published one
        would be a draft again, or when versions of one type would overlap.
        """
        wanted = tuple(definitions)
        async with self._db.transaction() as session:
            await lock_definitions(session)
            rows = {(row.code, row.version): row for row in await session.exec(select(DefinitionRow))}
            for definition in wanted:
                await _publish(rows.get((definition.code, definition.version)), definition, session)
            await session.flush()
            for code in sorted({definition.code for definition in wanted}):
                check_no_overlap(await versions_of(session, code))

    async def definition(self, code: str, version: int) -> PermitDefinition:
        """One version. Raises RuleError(permit-type-not-found)."""
        async with self._db.transaction() as session:
            row = await session.get(DefinitionRow, (code, version))
        if row is None:
            raise RuleError(Code.PERMIT_TYPE_NOT_FOUND, permit_type=code)
        return definition_of(row)

    async def definition_versions(self, code: str) -> tuple[PermitDefinition, ...]:
        """All versions of a type, oldest first; none for an unknown type."""
        async with self._db.transaction() as session:
            return await versions_of(session, code)

    async def definitions(self) -> tuple[PermitDefinition, ...]:
        """All versions of all types, by code and version."""
        query = select(DefinitionRow).order_by(col(DefinitionRow.code), col(DefinitionRow.version))
        async with self._db.transaction() as session:
            return tuple(definition_of(row) for row in await session.exec(query))

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


def definition_of(row: DefinitionRow) -> PermitDefinition:
    """The version as it stands, with the office's confirmation."""
    definition = PermitDefinition.model_validate(row.body)
    return definition.model_copy(update={"confirmed": True}) if row.confirmed_at else definition


async def lock_definitions(session: AsyncSession) -> None:
    """One writer at a time; readers go on."""
    connection = await session.connection()
    await connection.execute(text("LOCK TABLE definitions IN SHARE ROW EXCLUSIVE MODE"))


async def _publish(row: DefinitionRow | None, definition: PermitDefinition, session: AsyncSession) -> None:
    if row is None:
        row = DefinitionRow(code=definition.code, version=definition.version, **columns_of(definition))
        session.add(row)
        return
    if row.sha256 == definition.sha256 or row.author_id is not None:
        return
    if row.status != "draft":
        known = PermitDefinition.model_validate(row.body)
        _check_same_words(known, definition)
        definition = _moved_forward(known, definition)
    for name, value in columns_of(definition).items():
        setattr(row, name, value)


def _moved_forward(known: PermitDefinition, filed: PermitDefinition) -> PermitDefinition:
    """The version as the file says, but no younger than it is already."""
    ends = [day for day in (known.effective_until, filed.effective_until) if day is not None]
    return filed.model_copy(
        update={
            "status": max(known.status, filed.status, key=FORWARD.index),
            "effective_until": min(ends, default=None),
            "confirmed": known.confirmed or filed.confirmed,
        }
    )


def columns_of(definition: PermitDefinition) -> dict[str, Any]:
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


async def versions_of(session: AsyncSession, code: str) -> tuple[PermitDefinition, ...]:
    """All versions of a type, oldest first."""
    query = select(DefinitionRow).where(col(DefinitionRow.code) == code).order_by(col(DefinitionRow.version))
    return tuple(definition_of(row) for row in await session.exec(query))
