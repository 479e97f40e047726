"""Keeps the case's book: every step of a case is one transaction in our own store.

One method a business step, so that operators read the case's life in the engine's own pages; each hands its step to the
same idempotent write. Letters' numbers are taken, issued and voided here too.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict
from temporalio import activity

from permits.events import Event
from permits.steps import LetterOpening, LetterRef, Step
from store.records import Records


class LetterIssue(BaseModel):
    """A reserved number becomes an issued one."""

    model_config = ConfigDict(frozen=True)

    number: str
    purpose: str
    event: Event


class LetterVoid(BaseModel):
    """A letter dies; its number stays in the register as BATAL, with the reason."""

    model_config = ConfigDict(frozen=True)

    number: str
    purpose: str
    reason: str
    event: Event


class CaseBook:
    """Writes a case's steps."""

    def __init__(self, records: Records) -> None:
        self._records = records

    @activity.defn
    async def receive(self, step: Step) -> None:
        """The engine has the case."""
        await self._records.keep(step)

    @activity.defn
    async def enter_stage(self, step: Step) -> None:
        """A stage begins that has no task of this workflow's own."""
        await self._records.keep(step)

    @activity.defn
    async def open_task(self, step: Step) -> None:
        """A task for somebody's inbox."""
        await self._records.keep(step)

    @activity.defn
    async def close_task(self, step: Step) -> None:
        """A decision is written before something slow follows."""
        await self._records.keep(step)

    @activity.defn
    async def record_rung(self, step: Step) -> None:
        """A warning or a rung of the ladder, with the notice it makes due."""
        await self._records.keep(step)

    @activity.defn
    async def record_change(self, step: Step) -> None:
        """Something came from outside a stage: an assignment, a new calendar, an extension, a promise in danger."""
        await self._records.keep(step)

    @activity.defn
    async def record_answer(self, step: Step) -> None:
        """An agency has answered, or need not any more."""
        await self._records.keep(step)

    @activity.defn
    async def close_case(self, step: Step) -> None:
        """The case is closed."""
        await self._records.keep(step)

    @activity.defn
    async def number_letter(self, opening: LetterOpening) -> LetterRef:
        """The next number of the series and year; the same one when asked again."""
        return await self._records.open_letter(opening)

    @activity.defn
    async def issue_letter(self, issue: LetterIssue) -> LetterRef:
        """The number is issued."""
        return await self._records.issue_letter(issue.number, issue.purpose, issue.event)

    @activity.defn
    async def void_letter(self, void: LetterVoid) -> LetterRef:
        """The number is BATAL."""
        actor = void.event.actor_id
        return await self._records.void_letter(void.number, void.purpose, void.reason, actor, void.event)
