"""The ladder of a deadline: whom to warn before it and whom to tell after it, as data, and when each rung falls.

Every task of every desk and every agency has one. Silence never loses a case and never issues a permit: past the last
rung a person gets a task (`last_resort`). Sending is left to others; this module only says what falls when, in office
time.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from permits.calendar import WorkingCalendar

RungKind = Literal["warning", "escalation"]
HolderCode = Literal[
    "holder", "holder_head", "front_office", "coordinator", "head_of_office", "inspectorate", "applicant"
]
Channel = Literal["email", "whatsapp", "inbox", "digest"]
"""By which way a rung is told: at once, in the inbox alone, or with the officer's daily digest."""


class Rung(BaseModel):
    """One message of a ladder."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str = Field(min_length=1)
    """Names the rung within its ladder; fired rungs are remembered by it."""
    kind: RungKind
    """A warning comes before the close of the due date, an escalation at it or after."""
    working_days: int
    """Place relative to the due date: negative before, 0 on it (a warning at its opening), positive after."""
    who: HolderCode
    """Who is told."""
    channel: Channel
    """By which way."""

    @model_validator(mode="after")
    def _warns_before_and_escalates_after(self) -> Self:
        if self.kind == "warning" and self.working_days > 0:
            raise ValueError(f"warning {self.code!r} cannot lie after the due date")
        if self.kind == "escalation" and self.working_days < 0:
            raise ValueError(f"escalation {self.code!r} cannot lie before the due date")
        return self


class Ladder(BaseModel):
    """The rungs of one deadline, in the order they fall."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rungs: tuple[Rung, ...] = Field(min_length=1)
    """From the earliest to the latest."""
    last_resort: str = Field(min_length=1)
    """Role that gets a task once every rung is passed."""

    @model_validator(mode="after")
    def _rungs_are_distinct_and_in_order(self) -> Self:
        codes = [rung.code for rung in self.rungs]
        if len(set(codes)) != len(codes):
            raise ValueError("two rungs of a ladder have the same code")
        offsets = [rung.working_days for rung in self.rungs]
        if offsets != sorted(offsets):
            raise ValueError("the rungs of a ladder are not in order")
        return self


class PlannedRung(BaseModel):
    """A rung with its office instant."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rung: Rung
    """What to do."""
    at: AwareDatetime
    """When, in office time."""


def plan(ladder: Ladder, due_date: date, calendar: WorkingCalendar, opened_at: datetime) -> tuple[PlannedRung, ...]:
    """When each rung falls, in order of time and, at the same time, of the ladder.

    A warning falls at the opening of its day, so that people can still act on it; an escalation at the close. A rung
    that would lie before the task was opened falls at `opened_at`. Raises CalendarTooShort when a rung lies beyond it.
    """
    planned = [PlannedRung(rung=rung, at=max(_falls_at(rung, due_date, calendar), opened_at)) for rung in ladder.rungs]
    return tuple(sorted(planned, key=lambda one: one.at))


def without_warnings(ladder: Ladder) -> Ladder:
    """The same ladder with its escalations alone; one that only warns stays as it is."""
    rungs = tuple(rung for rung in ladder.rungs if rung.kind == "escalation")
    return ladder.model_copy(update={"rungs": rungs}) if rungs else ladder


def next_rung(planned: tuple[PlannedRung, ...], fired: frozenset[str]) -> PlannedRung | None:
    """The first rung that has not fired, by code; None when the ladder is spent and the last resort is due."""
    return next((one for one in planned if one.rung.code not in fired), None)


def _falls_at(rung: Rung, due_date: date, calendar: WorkingCalendar) -> datetime:
    day = calendar.shift(due_date, rung.working_days)
    return calendar.opens_at(day) if rung.kind == "warning" else calendar.closes_at(day)
