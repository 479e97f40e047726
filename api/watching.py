"""Who follows along on a page: one reader of the store a process looks for changes while somebody listens.

A listener is told only that its case or desk changed, and asks for the page again by itself. Everything is bounded: how
many listen, in all and from one address; what waits for one of them (one change, the newest); and what looking costs,
since the reader rests ten times as long as its last look took.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from store.database import Database
from store.queries.changes import Desk, case_marks, desk_mark, logins_in_force

log = logging.getLogger("sakpore.api")

Topic = str | tuple[Desk, ...]
"""The number of a case, or the desks of an inbox."""


class TooManyListen(Exception):
    """No place is left; who asks can do so again later."""


@dataclass(frozen=True)
class Limits:
    """How many listen and how often is looked."""

    in_all: int = 1000
    per_address: int = 64  # a mobile carrier or an office shows one address for many
    per_login: int = 8
    look_seconds: float = 1.0
    longest_pause_seconds: float = 30.0
    most_cases_a_look: int = 2000


@dataclass(frozen=True)
class Change:
    """What a listener is told: the mark after the change; None: the log-in is over."""

    mark: str | None


@dataclass(eq=False)
class Listener:
    """One open stream."""

    topic: Topic
    address: str
    login: str | None = None
    _waiting: asyncio.Queue[Change | None] = field(default_factory=lambda: asyncio.Queue(maxsize=1), repr=False)

    async def next(self, seconds: float) -> Change | None:
        """The next change; None: the process stops. Raises TimeoutError after that long without one."""
        return await asyncio.wait_for(self._waiting.get(), seconds)

    def offer(self, change: Change | None) -> None:
        """Takes the place of a change that still waits: whoever asks again sees both."""
        with suppress(asyncio.QueueEmpty):
            self._waiting.get_nowait()
        self._waiting.put_nowait(change)


class Watching:
    """Gives out changes. Close it when the process is asked to stop, before it waits for requests to end."""

    def __init__(self, db: Database, now: Callable[[], datetime], limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._db = db
        self._now = now
        self._listeners: set[Listener] = set()
        self._marks: dict[Topic, str] = {}
        self._reader: asyncio.Task[None] | None = None
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._listeners)

    def join(self, listener: Listener) -> None:
        """Begins to listen. Raises TooManyListen."""
        limits = self.limits
        addresses = Counter(one.address for one in self._listeners)
        logins = Counter(one.login for one in self._listeners)
        if (
            self._is_closed
            or len(self._listeners) >= limits.in_all
            or addresses[listener.address] >= limits.per_address
            or (listener.login is not None and logins[listener.login] >= limits.per_login)
        ):
            raise TooManyListen
        self._listeners.add(listener)
        if self._reader is None or self._reader.done():
            self._reader = asyncio.create_task(self._read())

    def leave(self, listener: Listener) -> None:
        """Ends listening; the last one ends the reader."""
        self._listeners.discard(listener)
        if all(one.topic != listener.topic for one in self._listeners):
            self._marks.pop(listener.topic, None)
        if not self._listeners and self._reader is not None:
            self._reader.cancel()
            self._reader = None

    def close(self) -> None:
        """Ends every stream; nobody listens from here on."""
        self._is_closed = True
        for listener in self._listeners:
            listener.offer(None)

    async def mark(self, topic: Topic) -> str | None:
        """The mark of a topic as of now, from which its listener goes on."""
        found = await self.mark_of_page(topic)
        return self._marks.setdefault(topic, found) if found else None

    async def mark_of_page(self, topic: Topic) -> str:
        """The mark that a page is answered with; nobody listens yet, so nothing is kept. "" where nothing is there."""
        async with self._db.transaction() as session:
            return (await self._marks_of(session, {topic})).get(topic, "")

    async def _read(self) -> None:
        pause = self.limits.look_seconds
        while True:
            await asyncio.sleep(pause)
            began = time.monotonic()
            try:
                await self._look()
            except (SQLAlchemyError, OSError) as away:
                pause = min(pause * 2, self.limits.longest_pause_seconds)
                log.warning("changes could not be looked for", extra={"error": type(away).__name__})
                continue
            pause = max(self.limits.look_seconds, 10 * (time.monotonic() - began))

    async def _look(self) -> None:
        topics = {one.topic for one in self._listeners}
        logins = {one.login for one in self._listeners if one.login is not None}
        async with self._db.transaction() as session:
            found = await self._marks_of(session, topics)
            in_force = await logins_in_force(session, logins, self._now()) if logins else set()
        changed = {topic for topic, mark in found.items() if self._marks.get(topic, mark) != mark}
        for listener in tuple(self._listeners):
            if listener.login is not None and listener.login not in in_force and listener.login in logins:
                listener.offer(Change(None))
            elif listener.topic in changed:
                listener.offer(Change(found[listener.topic]))
        listened = {one.topic for one in self._listeners}
        self._marks |= {topic: mark for topic, mark in found.items() if topic in listened}

    async def _marks_of(self, session: AsyncSession, topics: set[Topic]) -> Mapping[Topic, str]:
        numbers = sorted(topic for topic in topics if isinstance(topic, str))
        found: dict[Topic, str] = {}
        for start in range(0, len(numbers), self.limits.most_cases_a_look):
            part = numbers[start : start + self.limits.most_cases_a_look]
            found.update({number: mark for number, mark in (await case_marks(session, part)).items()})
        inboxes = [topic for topic in topics if not isinstance(topic, str)]
        now = self._now()
        desks = {desk: await desk_mark(session, desk, now) for desk in {desk for inbox in inboxes for desk in inbox}}
        return found | {inbox: "".join(desks[desk][:8] for desk in inbox) for inbox in inboxes}
