"""What all writes share: the lock of a case, and its chain of events.

A case has one writer at a time: its workflow, its children and the signing worker lock the application's row before
they append. Locks are taken in one order (application, then agenda), so that no two writers wait for each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel
from sqlalchemy import insert
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.errors import Code, RuleError
from permits.events import Event, chain_hash
from store.database import Database
from store.tables import ApplicationRow, EventRow, NumberSeriesRow

_Model = TypeVar("_Model", bound=BaseModel)
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


class Subject:
    """One subject of `Records`; holds the database and nothing else."""

    def __init__(self, db: Database) -> None:
        self._db = db


async def lock_application(session: AsyncSession, number: str) -> ApplicationRow:
    """The application's row, locked until the transaction ends. Raises RuleError(application-not-found)."""
    row = await session.get(ApplicationRow, number, with_for_update=True, populate_existing=True)
    if row is None:
        raise RuleError(Code.APPLICATION_NOT_FOUND, number=number)
    return row


async def next_application_number(session: AsyncSession, year: int) -> int:
    """The next place of the year; taken by the caller's transaction."""
    taken = upsert(NumberSeriesRow).values(year=year, last=1)
    query = taken.on_conflict_do_update(index_elements=["year"], set_={"last": col(NumberSeriesRow.last) + 1})
    return int((await session.exec(query.returning(col(NumberSeriesRow.last)))).scalar_one())


async def keys_written(session: AsyncSession, number: str, events: Iterable[Event]) -> set[str]:
    """Which of these events already stand in the record."""
    keys = [event.key for event in events]
    query = select(col(EventRow.key)).where(col(EventRow.number) == number, col(EventRow.key).in_(keys))
    return set(await session.exec(query))


async def append(
    session: AsyncSession, row: ApplicationRow, events: Iterable[Event], known: set[str] | None = None
) -> None:
    """Chains events to the record of a locked application; a key that already stands there is skipped.

    `known`: the keys of these events that stand there, where the caller has asked under the same lock.
    """
    wanted = tuple(events)
    known = await keys_written(session, row.number, wanted) if known is None else set(known)
    lines: list[dict[str, Any]] = []
    for event in wanted:
        if event.key in known:
            continue
        known.add(event.key)
        lines.append(_chain(row, event))
    if lines:
        await session.exec(insert(EventRow), params=lines)


def without_nul(value: _Model) -> _Model:
    """The value with U+FFFD for every NUL: PostgreSQL has none in texts, and a step it refuses would stop a case."""
    plain = value.model_dump_json()
    if "\\u0000" not in plain:
        return value
    return type(value).model_validate_json(_NUL.sub(r"\1\\ufffd", plain))


def _chain(row: ApplicationRow, event: Event) -> dict[str, Any]:
    # The hash covers what will be read back: facts as JSON, not as Python values.
    plain = event.model_copy(update={"facts": event.model_dump(mode="json")["facts"]})
    previous, sequence = row.event_head, row.event_count + 1
    row.event_head = chain_hash(previous, row.number, sequence, plain)
    row.event_count = sequence
    return {
        "number": row.number,
        "sequence": sequence,
        "key": plain.key,
        "tag": plain.tag.value,
        "at": plain.at,
        "office_at": plain.office_at,
        "actor_id": plain.actor_id,
        "actor_name": plain.actor_name,
        "facts": plain.facts,
        "previous": previous,
        "hash": row.event_head,
    }
