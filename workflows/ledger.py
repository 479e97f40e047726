"""What a workflow tells the store, in order, as steps of one transaction each.

Marks that need no transaction of their own (a stage entered, a task closed) wait for the next step and travel with it,
so that a case is never seen without a holder between two desks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook
    from permits.authority import SYSTEM, Actor
    from permits.events import Event, Tag
    from permits.steps import Notice, StageMark, Step, TaskChanged, TaskClosed
    from workflows.clock import OfficeClock
    from workflows.options import OWN_STORE

RecordActivity = Callable[[CaseBook, Step], Awaitable[None]]


class Ledger:
    """One writer's part of a case's record."""

    def __init__(self, number: str, clock: OfficeClock) -> None:
        self._number = number
        self._clock = clock
        self._written = 0
        self._events: list[Event] = []
        self._closed: list[TaskClosed] = []
        self._changed: dict[str, TaskChanged] = {}
        self._notices: list[Notice] = []
        self._parts: dict[str, Any] = {}
        self._turn = asyncio.Lock()
        self.news = False  # something noted must not wait for the next step

    def key(self, what: str) -> str:
        """A key for one line of the record, the same at every replay."""
        self._written += 1
        return f"{workflow.info().workflow_id}#{self._written}.{what}"

    def event(self, tag: Tag, actor: Actor = SYSTEM, **facts: Any) -> Event:
        """An event as of now, not yet written."""
        return Event(
            key=self.key(tag.value),
            tag=tag,
            at=workflow.now(),
            office_at=self._clock.now(),
            actor_id=actor.id,
            actor_name=actor.name,
            facts=facts | ({"on_behalf_of": actor.on_behalf_of} if actor.on_behalf_of else {}),
        )

    def note(self, *events: Event) -> None:
        """Events that travel with the next step."""
        self._events.extend(events)

    def note_closed(self, closed: TaskClosed, *events: Event) -> None:
        """A closed task that travels with the next step."""
        self._closed.append(closed)
        self.note(*events)

    def note_changed(self, changed: TaskChanged) -> None:
        """What changed about an open task; later changes of the same task join it."""
        known = self._changed.get(changed.id)
        said = changed.model_dump(exclude_unset=True)
        self._changed[changed.id] = known.model_copy(update=said) if known else changed

    def tell(self) -> None:
        """What is noted is written soon, by `write_news`."""
        self.news = True

    async def write_news(self) -> None:
        """Runs beside the case: what comes from outside (an assignment, a new calendar) waits for no stage."""
        while True:
            await workflow.wait_condition(lambda: self.news)
            await self.keep(CaseBook.record_change, "Perubahan dicatat")

    @property
    def is_writing(self) -> bool:
        """Whether a step is on its way, or waits to be written."""
        return self._turn.locked() or self.news

    def note_notice(self, notice: Notice) -> None:
        """A message that becomes due with the next step."""
        self._notices.append(notice)

    def defer(self, **parts: Any) -> None:
        """Parts of a step that travel with the next one."""
        self._parts |= parts

    def note_left(self, mark: StageMark) -> None:
        """A stage left; written with the next step."""
        self.defer(stage_left=mark)
        self.note(self.event(Tag.STAGE_LEFT, stage=mark.kind, title=mark.title, n=mark.n))

    def note_entered(self, mark: StageMark) -> None:
        """A stage entered; written with the next step."""
        self.defer(stage_entered=mark)
        self.note(self.event(Tag.STAGE_ENTERED, stage=mark.kind, title=mark.title, n=mark.n))

    async def catch_up(self) -> None:
        """Writes what is noted before an activity that writes lines of its own, or that may take long."""
        if self._events:
            await self.keep(CaseBook.close_task, "Keputusan dicatat")

    async def keep(self, activity: RecordActivity, summary: str, **parts: Any) -> None:
        """Writes all that was noted, and `parts` of the step, in one transaction; steps are written in their order."""
        changed = tuple(self._changed.values())
        more = {"tasks_changed": changed} if changed else {}
        step = Step(
            number=self._number,
            events=tuple(self._events),
            tasks_closed=tuple(self._closed),
            notices=tuple(self._notices),
            **(self._parts | more | parts),
        )
        self._events, self._closed, self._notices, self._parts = [], [], [], {}
        self._changed, self.news = {}, False
        writing = asyncio.ensure_future(self._write(activity, step, summary))
        try:
            await asyncio.shield(writing)
        except asyncio.CancelledError:
            # A step on its way may still be written: what is written after it must not overtake it.
            await writing
            raise

    async def _write(self, activity: RecordActivity, step: Step, summary: str) -> None:
        async with self._turn:
            await workflow.execute_activity_method(activity, step, summary=summary, **OWN_STORE)
