"""Editions of the calendar: declared, and carried to every open case."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, or_, select

from store.records.base import Subject
from store.tables import ApplicationRow, CalendarEditionRow, OpdRequestRow


class CalendarRecords(Subject):
    """Which calendar the open cases run on."""

    async def record_calendar_edition(self, version: str, declared_by: str, at: datetime) -> None:
        """This edition is to reach every open case; declared again, it is carried through again."""
        values = {"version": version, "declared_by": declared_by, "declared_at": at}
        query = insert(CalendarEditionRow).values(values)
        async with self._db.transaction() as session:
            await session.exec(query.on_conflict_do_update(index_elements=["version"], set_={"finished_at": None}))

    async def unfinished_calendar_edition(self) -> str | None:
        """The newest edition that has not reached every open case; older ones are overtaken by it."""
        query = select(CalendarEditionRow).order_by(col(CalendarEditionRow.declared_at).desc()).limit(1)
        async with self._db.transaction() as session:
            newest = (await session.exec(query)).first()
        return newest.version if newest is not None and newest.finished_at is None else None

    async def finish_calendar_edition(self, version: str, at: datetime) -> None:
        """Every open case has this edition."""
        query = update(CalendarEditionRow).where(col(CalendarEditionRow.version) == version).values(finished_at=at)
        async with self._db.transaction() as session:
            await session.exec(query)

    async def cases_on_other_calendar(self, version: str) -> dict[str, list[str]]:
        """Running cases with another edition, each with the workflows of its open requests to agencies."""
        other = or_(col(ApplicationRow.calendar_version).is_(None), col(ApplicationRow.calendar_version) != version)
        running = select(col(ApplicationRow.number)).where(
            col(ApplicationRow.started_at).is_not(None), col(ApplicationRow.closed_at).is_(None), other
        )
        requests = select(col(OpdRequestRow.number), col(OpdRequestRow.workflow_id)).where(
            col(OpdRequestRow.number).in_(running), col(OpdRequestRow.answered_at).is_(None)
        )
        async with self._db.transaction() as session:
            cases: dict[str, list[str]] = {number: [] for number in await session.exec(running)}
            for number, workflow_id in await session.exec(requests):
                cases.setdefault(number, []).append(workflow_id)
        return cases
