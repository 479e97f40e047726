"""The clock of one promise: working days counted from receipt, stopped while the case lies with the applicant.

The promise is that of the service standard (standar pelayanan, UU 25/2009 article 21): n working days, the day of
receipt never counted. A working day on whose close the case lies with the applicant does not count, so a repair within
one day costs nothing. The clock keeps facts (when paused, when resumed, what was added) and no results: handed another
calendar, it answers by that one. It is a value; every change gives a new clock. Instants are office instants
(`permits.pace`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from permits.calendar import DayCount, WorkingCalendar

_ONE_DAY = timedelta(days=1)


class SlaError(Exception):
    """A change the clock refuses; `code` is stable: already-paused, not-paused, clock-runs-backwards."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


class Pause(BaseModel):
    """A time in which the case lies with the applicant: from `paused_at` up to, not including, `resumed_at`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    paused_at: AwareDatetime
    """When the case went to the applicant."""
    reason_code: str = Field(min_length=1)
    """Why, as a stable code such as `repair` or `retribution`."""
    resumed_at: AwareDatetime | None = None
    """When it came back; None while it is still with the applicant."""


class Extension(BaseModel):
    """Working days added to the promise by a person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    working_days: int = Field(ge=1)
    """How many."""
    reason: str = Field(min_length=1)
    """The reason given."""


class SlaClock(BaseModel):
    """A promise of working days, with the facts that move it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    received_on: date
    """City calendar day on which the clock started; never counted itself."""
    working_days: int = Field(ge=0)
    """What was promised; 0 is the close of the working day on which it arrives."""
    pauses: tuple[Pause, ...] = ()
    """Times with the applicant, in order; only the last may be open."""
    extensions: tuple[Extension, ...] = ()
    """Days added, in order."""

    @model_validator(mode="after")
    def _pauses_follow_each_other(self) -> Self:
        for pause in self.pauses:
            if pause.resumed_at is not None and pause.resumed_at < pause.paused_at:
                raise ValueError("a pause ends before it begins")
        for earlier, later in pairwise(self.pauses):
            if earlier.resumed_at is None or later.paused_at < earlier.resumed_at:
                raise ValueError("a pause begins before the one before it has ended")
        return self

    # Changes ---------------------------------------------------------------------------------------------------------

    @property
    def is_paused(self) -> bool:
        """Whether the case lies with the applicant."""
        return bool(self.pauses) and self.pauses[-1].resumed_at is None

    def pause(self, at: datetime, reason_code: str) -> SlaClock:
        """The clock stopped at `at`. Raises SlaError when it is stopped already, or was resumed after `at`."""
        if self.is_paused:
            raise SlaError("already-paused", "the clock is paused already")
        if self.pauses:
            self._check_forward(self.pauses[-1].resumed_at, at)
        return self._with(pauses=(*self.pauses, Pause(paused_at=at, reason_code=reason_code)))

    def resume(self, at: datetime) -> SlaClock:
        """The clock running again from `at`. Raises SlaError when it runs, or was paused after `at`."""
        if not self.is_paused:
            raise SlaError("not-paused", "the clock is running")
        open_pause = self.pauses[-1]
        self._check_forward(open_pause.paused_at, at)
        ended = Pause(paused_at=open_pause.paused_at, reason_code=open_pause.reason_code, resumed_at=at)
        return self._with(pauses=(*self.pauses[:-1], ended))

    def extend(self, working_days: int, reason: str) -> SlaClock:
        """The clock with `working_days` (1 or more) added to the promise."""
        return self._with(extensions=(*self.extensions, Extension(working_days=working_days, reason=reason)))

    # Reads -----------------------------------------------------------------------------------------------------------

    @property
    def promised_working_days(self) -> int:
        """The promise with its extensions, in working days."""
        return self.working_days + sum(extension.working_days for extension in self.extensions)

    def due_date(self, calendar: WorkingCalendar, now: datetime) -> date:
        """Day by which the promise is kept; an open pause counts as if it ended now.

        Raises CalendarTooShort when the calendar ends before it.
        """
        promised = self.promised_working_days
        due = calendar.shift(self.received_on, promised)
        while True:
            # Each round adds the paused days found so far; it settles on the first day that is itself counted.
            moved = calendar.shift(self.received_on, promised + self._paused_days(calendar, now, due))
            if moved == due:
                return due
            due = moved

    def due_at(self, calendar: WorkingCalendar, now: datetime) -> datetime:
        """Close of the office on the due date, in UTC."""
        return calendar.closes_at(self.due_date(calendar, now))

    def gross_working_days(self, calendar: WorkingCalendar, now: datetime) -> int:
        """Working days since receipt whose close has come, whoever held the case."""
        return max(0, calendar.working_days_between(self.received_on, _closed_by(calendar, now)))

    def paused_working_days(self, calendar: WorkingCalendar, now: datetime) -> int:
        """Those of the gross days on whose close the case lay with the applicant."""
        return self._paused_days(calendar, now, _closed_by(calendar, now))

    def net_working_days(self, calendar: WorkingCalendar, now: datetime) -> int:
        """Working days used up: gross days without the paused ones."""
        return self.gross_working_days(calendar, now) - self.paused_working_days(calendar, now)

    def remaining(self, calendar: WorkingCalendar, now: datetime) -> int:
        """Working days left of the promise; negative is the number of days it is late."""
        return self.promised_working_days - self.net_working_days(calendar, now)

    def is_overdue(self, calendar: WorkingCalendar, now: datetime) -> bool:
        """Whether the close of the due date is past."""
        return now > self.due_at(calendar, now)

    def explain(self, calendar: WorkingCalendar, now: datetime) -> tuple[DayCount, ...]:
        """Every calendar day from receipt to the due date, with the reason it counts or not."""
        due = self.due_date(calendar, now)
        lines = [DayCount(date=self.received_on, counts=False, ordinal=None, reason_code="received", name="")]
        counted = 0
        for day in _days(self.received_on, due):
            line = calendar.explain_day(day, counted + 1)
            pause = self._pause_over(calendar, now, day) if line.counts else None
            if pause is not None:
                line = DayCount(date=day, counts=False, ordinal=None, reason_code="paused", name=pause.reason_code)
            counted += line.counts
            lines.append(line)
        return tuple(lines)

    # Inside ----------------------------------------------------------------------------------------------------------

    def _paused_days(self, calendar: WorkingCalendar, now: datetime, until: date) -> int:
        """Working days after receipt and up to `until` that the pauses take."""
        total = 0
        for pause in self.pauses:
            after, through = _span(calendar, pause, now)
            after, through = max(after, self.received_on), min(through, until)
            if after < through:
                total += calendar.working_days_between(after, through)
        return total

    def _pause_over(self, calendar: WorkingCalendar, now: datetime, day: date) -> Pause | None:
        for pause in self.pauses:
            after, through = _span(calendar, pause, now)
            if after < day <= through:
                return pause
        return None

    def _with(
        self, pauses: tuple[Pause, ...] | None = None, extensions: tuple[Extension, ...] | None = None
    ) -> SlaClock:
        return SlaClock(
            received_on=self.received_on,
            working_days=self.working_days,
            pauses=self.pauses if pauses is None else pauses,
            extensions=self.extensions if extensions is None else extensions,
        )

    @staticmethod
    def _check_forward(before: datetime | None, at: datetime) -> None:
        if before is not None and at < before:
            raise SlaError("clock-runs-backwards", "a pause or its end lies before the last change of the clock")


def task_clock(opened_at: datetime, working_days: int, calendar: WorkingCalendar) -> SlaClock:
    """The clock of one task, opened at an office instant; 0 days after the close is the next working day."""
    day = calendar.local_date(opened_at)
    if working_days == 0 and opened_at >= calendar.closes_at(day):
        day = calendar.shift(day, 1)
    return SlaClock(received_on=day, working_days=working_days)


def _span(calendar: WorkingCalendar, pause: Pause, now: datetime) -> tuple[date, date]:
    """The days (after, through] on whose close the case lay with the applicant."""
    after = _closed_before(calendar, pause.paused_at)
    if pause.resumed_at is not None:
        return after, _closed_before(calendar, pause.resumed_at)
    return after, _closed_by(calendar, now)


def _closed_before(calendar: WorkingCalendar, instant: datetime) -> date:
    """The last calendar day whose close lies before `instant`."""
    day = calendar.local_date(instant)
    return day if calendar.closes_at(day) < instant else day - _ONE_DAY


def _closed_by(calendar: WorkingCalendar, instant: datetime) -> date:
    """The last calendar day whose close lies before `instant` or at it."""
    day = calendar.local_date(instant)
    return day if calendar.closes_at(day) <= instant else day - _ONE_DAY


def _days(after: date, until: date) -> Iterator[date]:
    for offset in range(1, (until - after).days + 1):
        yield after + timedelta(days=offset)
