"""The pace of office time: real, or a working day in a few seconds for a demo, training or a simulated year.

Everything in the product computes in office time and is the same code at any pace; only a wait is converted to real
time. A compressed pace has its own office date, so that a demo on a Sunday starts on a working day. In it a working day
takes exactly N real seconds from opening to close, and nights, weekends and holidays take none.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from permits.calendar import CalendarTooShort, WorkingCalendar

_MICROSECOND = timedelta(microseconds=1)


class Pace(BaseModel):
    """How real time becomes office time. All three fields are set (compressed) or none (real)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds_per_working_day: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    """Real seconds that one working day takes."""
    office_date: date | None = None
    """The working day that begins at `started_at`."""
    started_at: AwareDatetime | None = None
    """The real instant at which the office opens on `office_date`."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        given = [value is not None for value in (self.seconds_per_working_day, self.office_date, self.started_at)]
        if any(given) and not all(given):
            raise ValueError("a compressed pace needs seconds, an office date and a start")
        if self.seconds_per_working_day is not None and self._day_length < _MICROSECOND:
            raise ValueError("a working day takes at least a microsecond")
        return self

    @classmethod
    def real(cls) -> Pace:
        """Office time is real time."""
        return cls()

    @classmethod
    def compressed(cls, seconds: float, office_date: date, started_at: datetime) -> Pace:
        """A working day in `seconds` real seconds; `office_date` opens at the real instant `started_at`."""
        return cls(seconds_per_working_day=seconds, office_date=office_date, started_at=started_at)

    @property
    def is_real(self) -> bool:
        """Whether office time is real time."""
        return self.seconds_per_working_day is None

    def office_time(self, real: datetime, calendar: WorkingCalendar) -> datetime:
        """The office instant of a real one, in UTC.

        At the seam of two working days it is the opening of the later. Raises CalendarTooShort beyond the calendar, and
        ValueError for a naive instant or an office date that is no working day.
        """
        _check_aware(real)
        if self.office_date is None or self.started_at is None:
            return real.astimezone(UTC)
        self._check_office_date(calendar)
        elapsed = real - self.started_at
        days = elapsed // self._day_length
        day = _working_day(calendar, self.office_date, days)
        opens, closes = calendar.opens_at(day), calendar.closes_at(day)
        # Whole microseconds, rounded down here and up in real_time: a wait for an office instant never ends before it.
        into_day = (elapsed - days * self._day_length) // _MICROSECOND
        span, length = (closes - opens) // _MICROSECOND, self._day_length // _MICROSECOND
        return opens + timedelta(microseconds=into_day * span // length)

    def shown_time(self, real: datetime, calendar: WorkingCalendar | None) -> datetime:
        """The office instant of a real one, for people to read: the real one without a calendar, and its last close
        beyond it, since a compressed case that lies open outruns every calendar within the hour.
        """
        if calendar is None:
            return real
        try:
            return self.office_time(real, calendar)
        except CalendarTooShort:
            return calendar.closes_at(calendar.last)

    def real_time(self, office: datetime, calendar: WorkingCalendar) -> datetime:
        """The real instant of an office one, in UTC; nights and holidays fall on the seam of their working days.

        `office_time(real_time(x)) >= x` always, and `real_time(office_time(r)) == r` while a compressed day is shorter
        than an office day. Raises as `office_time` does.
        """
        _check_aware(office)
        if self.office_date is None or self.started_at is None:
            return office.astimezone(UTC)
        self._check_office_date(calendar)
        day = calendar.local_date(office)
        days = calendar.working_days_between(self.office_date, day) + 1
        into_day = 0
        if calendar.is_working_day(day):
            days -= 1
            opens, closes = calendar.opens_at(day), calendar.closes_at(day)
            span, length = (closes - opens) // _MICROSECOND, self._day_length // _MICROSECOND
            worked = (min(max(office, opens), closes) - opens) // _MICROSECOND
            into_day = -(-worked * length // span)
        real = self.started_at + days * self._day_length + timedelta(microseconds=into_day)
        return real.astimezone(UTC)

    @property
    def _day_length(self) -> timedelta:
        return timedelta(seconds=self.seconds_per_working_day or 0)

    def _check_office_date(self, calendar: WorkingCalendar) -> None:
        if self.office_date is not None and not calendar.is_working_day(self.office_date):
            raise ValueError("the office date of a compressed pace has to be a working day")


def _working_day(calendar: WorkingCalendar, day: date, offset: int) -> date:
    try:
        return calendar.shift(day, offset)
    except OverflowError as far:
        raise CalendarTooShort(None, calendar.first, calendar.last) from far


def _check_aware(instant: datetime) -> None:
    if instant.tzinfo is None:
        raise ValueError("an instant needs its zone")
