"""What went wrong around a signature and a person has to know: a line of the record and its notices, written once.

The signing worker writes these itself, beside the case's workflow: nobody has to wait for a decision to hear of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from permits.events import Event, Tag
from permits.steps import Notice
from store.records.base import Subject, append, keys_written, lock_application
from store.records.notices import queue_for_people
from store.records.office_time import office_time


class IncidentRecords(Subject):
    """Writes about what went wrong, each safe to repeat."""

    async def report_incident(
        self,
        number: str,
        key: str,
        tag: Tag,
        facts: dict[str, Any],
        at: datetime,
        notices: Sequence[Notice] = (),
        holder: str | None = None,
    ) -> bool:
        """Writes an event of the engine's own with its notices; True where it was not in the record yet.

        Args:
            number: of the case.
            key: names the incident within the case; reported again, it changes nothing.
            tag: of the event.
            facts: of the event.
            at: real time.
            notices: who is told.
            holder: who holds the case now, in words, where that has changed.

        Raises:
            RuleError: application-not-found.
        """
        async with self._db.transaction() as session:
            case = await lock_application(session, number)
            event = Event(key=key, tag=tag, at=at, office_at=office_time(case, at), facts=facts)
            if await keys_written(session, number, (event,)):
                return False
            await append(session, case, (event,), known=set())
            if holder is not None:
                case.waiting_kind, case.waiting_for = "engine", holder
                case.waiting_since, case.waiting_due_at = event.office_at, None
            for notice in notices:
                await queue_for_people(session, case, notice, at)
            return True
