"""The help thread: messages of applicants and of the front office."""

from __future__ import annotations

import uuid
from datetime import datetime

from sqlalchemy import Update, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from permits.events import Event
from permits.steps import Notice
from store.records.base import Subject, append, lock_application
from store.records.notices import queue_for_people
from store.records.values import NewHelpMessage
from store.tables import HelpMessageRow

_NAMESPACE = uuid.UUID("8a0b6a52-4f0a-5c52-9a2f-5a1a3a7f0c11")


def thread_of(account_id: str, number: str | None) -> str:
    """The thread of a person about one case, or about none; always the same."""
    return str(uuid.uuid5(_NAMESPACE, f"{account_id}\n{number or ''}"))


class HelpRecords(Subject):
    """Writes of the help thread."""

    async def add_help_message(
        self, message: NewHelpMessage, event: Event | None = None, notice: Notice | None = None
    ) -> HelpMessageRow:
        """Adds a message, with its line in the case's record and its notice in one transaction; once per id.

        A message is an answer, so what the other side wrote before it counts as read.
        """
        async with self._db.transaction() as session:
            lock = None
            if message.number is not None and event is not None:
                lock = await lock_application(session, message.number)
            made = insert(HelpMessageRow).values(**message.model_dump()).on_conflict_do_nothing()
            new = (await session.exec(made.returning(col(HelpMessageRow.id)))).first() is not None
            if new and lock is not None and event is not None:
                await append(session, lock, (event,))
                if notice is not None:
                    await queue_for_people(session, lock, notice, event.at)
            if new:
                await session.exec(_read(message.thread, not message.from_office, message.sent_at))
            return await session.get_one(HelpMessageRow, message.id)

    async def mark_help_read(self, thread: str, by_office: bool, at: datetime) -> int:
        """What the other side wrote counts as read; how many messages that were."""
        async with self._db.transaction() as session:
            done = await session.exec(_read(thread, not by_office, at).returning(col(HelpMessageRow.id)))
            return len(done.all())


def _read(thread: str, written_by_office: bool, at: datetime) -> Update:
    return (
        update(HelpMessageRow)
        .where(
            col(HelpMessageRow.thread) == thread,
            col(HelpMessageRow.from_office) == written_by_office,
            col(HelpMessageRow.read_at).is_(None),
        )
        .values(read_at=at)
    )
