"""The working-day calendar of the office, as a plain value.

Working days follow the yearly joint decree of three ministers (SKB 3 Menteri) on national holidays and joint leave
(cuti bersama), with the office's own table over it, for an office that works Monday to Friday. The value carries every
day it knows and its version, so that a running case keeps the calendar it was given until it is handed another one.
Where the days come from is left to `permits.calendar_loader`; pauses and extensions are left to `permits.sla`.

Days are city calendar days, instants are aware and answered in UTC. Nothing here reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

HolidayKind = Literal["national", "joint_leave", "office", "working"]
DayReason = Literal["received", "counted", "weekend", "national", "joint_leave", "office", "paused"]

_FRIDAY = 4
_SATURDAY = 5


class CalendarTooShort(Exception):
    """A day outside the calendar was asked for; a longer calendar has to be loaded."""

    code = "calendar-too-short"

    def __init__(self, asked: date | None, first: date, last: date) -> None:
        self.asked, self.first, self.last = asked, first, last
        what = f"{asked.isoformat()} lies" if asked else "the day asked for lies"
        super().__init__(f"{what} outside the calendar, which knows {first.isoformat()} to {last.isoformat()}")


class Holiday(BaseModel):
    """One day that differs from the ordinary week."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date
    """The city calendar day."""
    name: str = Field(min_length=1)
    """What people call the day, in Indonesian."""
    kind: HolidayKind
    """Who set it; `working` is the office declaring a working day, even on a Saturday or over a holiday."""
    provisional: bool = False
    """True while the day is computed and not yet announced."""


class OfficeHours(BaseModel):
    """When the office opens and closes, in local time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    open: time = time(7, 30)
    """Opening on every working day."""
    close: time = time(16, 0)
    """Closing, except on Fridays."""
    friday_close: time = time(14, 30)
    """Closing on Fridays."""

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if any(hour.tzinfo is not None for hour in (self.open, self.close, self.friday_close)):
            raise ValueError("office hours are local times without a zone")
        if not self.open < min(self.close, self.friday_close):
            raise ValueError("the office has to open before it closes")
        return self


class DayCount(BaseModel):
    """One line of the arithmetic behind a due date."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    date: date
    """The city calendar day of this line."""
    counts: bool
    """Whether the day is one of the promised working days."""
    ordinal: int | None
    """Which of the promised days it is, from 1; None when it does not count."""
    reason_code: DayReason
    """Why it counts or not."""
    name: str
    """Name of the holiday or of the declared working day, reason code of a pause, otherwise empty."""
    provisional: bool = False
    """True when the line rests on a day that is not yet announced."""


class WorkingCalendar(BaseModel):
    """Which days are working days, between two days inclusive, and when the office opens and closes on them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(min_length=1)
    """Names the content, so that a re-plan can be seen and told."""
    zone: str = "Asia/Jakarta"
    """IANA name of the office's time zone."""
    first: date
    """First day the calendar knows."""
    last: date
    """Last day the calendar knows."""
    days: tuple[Holiday, ...]
    """Every day that differs from the ordinary week, by date, each date once."""
    hours: OfficeHours = OfficeHours()
    """Office hours of every working day."""
    decreed_until: date | None = None
    """Last day covered by a published decree; later days are provisional, because their joint leave is unknown."""

    @field_validator("zone")
    @classmethod
    def _zone_is_known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (OSError, ValueError, KeyError) as unknown:
            raise ValueError(f"unknown time zone {zone!r}") from unknown
        return zone

    @model_validator(mode="after")
    def _days_are_ordered_and_inside(self) -> Self:
        if self.first > self.last:
            raise ValueError("the calendar ends before it begins")
        dates = [holiday.date for holiday in self.days]
        if any(earlier >= later for earlier, later in pairwise(dates)):
            raise ValueError("the days of a calendar are in order, each date once")
        if dates and not self.first <= dates[0] <= dates[-1] <= self.last:
            raise ValueError("a day lies outside the calendar")
        return self

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy, validated again: a plain copy would keep the index of the old days."""
        return type(self).model_validate({**dict(self), **(update or {})})

    # Reads -----------------------------------------------------------------------------------------------------------

    def is_working_day(self, day: date) -> bool:
        """Whether the office works on `day`. Raises CalendarTooShort outside the calendar."""
        position = self._position(day)
        through = self._index.through
        return through[position] > (through[position - 1] if position else 0)

    def holds(self, day: date) -> bool:
        """Whether the calendar knows this day."""
        return self.first <= day <= self.last

    def holiday(self, day: date) -> Holiday | None:
        """What the calendar says about `day`, None for an ordinary day of the week."""
        return self._index.named.get(day)

    def is_provisional(self, after: date, until: date) -> bool:
        """Whether counting the days `after < day <= until` rests on a day that is not yet announced."""
        if self.decreed_until is not None and until > self.decreed_until:
            return True
        return any(after < day <= until for day in self._index.provisional)

    def local_date(self, instant: datetime) -> date:
        """The city calendar day of an aware instant. Raises ValueError for a naive one."""
        if instant.tzinfo is None:
            raise ValueError("an instant without a zone says no day")
        return instant.astimezone(ZoneInfo(self.zone)).date()

    def opens_at(self, day: date) -> datetime:
        """Opening of the office on `day`, in UTC, as if it were a working day."""
        return self._instant(day, self.hours.open)

    def closes_at(self, day: date) -> datetime:
        """Close of the office on `day`, in UTC, as if it were a working day."""
        return self._instant(day, self.hours.friday_close if day.weekday() == _FRIDAY else self.hours.close)

    # Counting --------------------------------------------------------------------------------------------------------

    def working_days_between(self, after: date, until: date) -> int:
        """Number of working days d with `after < d <= until`; negative when `until` comes first."""
        through = self._index.through
        return through[self._position(until)] - through[self._position(after)]

    def working_days_in_year(self, year: int) -> int:
        """Number of working days of a whole year. Raises CalendarTooShort when the calendar does not hold it."""
        begin, end = date(year, 1, 1), date(year, 12, 31)
        return self.working_days_between(begin, end) + int(self.is_working_day(begin))

    def shift(self, day: date, working_days: int) -> date:
        """The n-th working day strictly after `day`, or strictly before it for a negative n.

        Zero answers `day` itself when it is a working day, otherwise the next one.
        """
        position = self._position(day)
        through = self._index.through[position]
        if working_days > 0:
            return self._nth(through + working_days)
        if self.is_working_day(day):
            return self._nth(through + working_days)
        return self._nth(through + 1 + working_days)

    def due_date(self, received_on: date, working_days: int) -> date:
        """Day by which `working_days` (1 or more) are over; the day of receipt is never counted."""
        if working_days < 1:
            raise ValueError("a promise is at least one working day")
        return self.shift(received_on, working_days)

    def due_at(self, received_on: date, working_days: int) -> datetime:
        """Close of the office on the due date, in UTC."""
        return self.closes_at(self.due_date(received_on, working_days))

    def explain(self, received_on: date, working_days: int) -> tuple[DayCount, ...]:
        """Every calendar day from receipt to the due date, with the reason it counts or not."""
        due = self.due_date(received_on, working_days)
        lines = [DayCount(date=received_on, counts=False, ordinal=None, reason_code="received", name="")]
        for offset in range(1, (due - received_on).days + 1):
            day = received_on + timedelta(days=offset)
            lines.append(self.explain_day(day, self.working_days_between(received_on, day)))
        return tuple(lines)

    def explain_day(self, day: date, ordinal: int) -> DayCount:
        """The line of one day; `ordinal` is its place among the counted days and dropped when it does not count."""
        counts = self.is_working_day(day)
        named = self.holiday(day)
        reason: DayReason = "counted" if counts else "weekend"
        if named is not None and named.kind != "working":
            reason = named.kind
        return DayCount(
            date=day,
            counts=counts,
            ordinal=ordinal if counts else None,
            reason_code=reason,
            name=named.name if named else "",
            provisional=self.is_provisional(day - timedelta(days=1), day),
        )

    def window(self, first_year: int, last_year: int) -> Self:
        """The same edition cut to whole years, for a payload that carries no more days than a case can reach.

        Years the calendar does not know are left out; the version stays, because the edition is the same.
        """
        first, last = max(self.first, date(first_year, 1, 1)), min(self.last, date(last_year, 12, 31))
        days = tuple(holiday for holiday in self.days if first <= holiday.date <= last)
        return self.model_copy(update={"first": first, "last": last, "days": days})

    # Index -----------------------------------------------------------------------------------------------------------

    @cached_property
    def _index(self) -> _Index:
        return _build_index(self.first, self.last, self.days)

    def _position(self, day: date) -> int:
        if not self.first <= day <= self.last:
            raise CalendarTooShort(day, self.first, self.last)
        return day.toordinal() - self.first.toordinal()

    def _nth(self, ordinal: int) -> date:
        """The working day that is the `ordinal`-th of the calendar, from 1."""
        if not 1 <= ordinal <= len(self._index.working):
            raise CalendarTooShort(None, self.first, self.last)
        return self._index.working[ordinal - 1]

    def _instant(self, day: date, hour: time) -> datetime:
        return datetime.combine(day, hour, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)


class _Index:
    """Counts of a calendar, made once: every question above is then a look-up."""

    __slots__ = ("named", "provisional", "through", "working")

    def __init__(self, first: date, last: date, days: tuple[Holiday, ...]) -> None:
        self.named = {holiday.date: holiday for holiday in days}
        self.provisional = tuple(holiday.date for holiday in days if holiday.provisional)
        every_day = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
        works = [self._works(day) for day in every_day]
        self.working = tuple(day for day, working in zip(every_day, works, strict=True) if working)
        self.through = tuple(accumulate(int(working) for working in works))

    def _works(self, day: date) -> bool:
        named = self.named.get(day)
        return named.kind == "working" if named else day.weekday() < _SATURDAY


@lru_cache(maxsize=32)
def _build_index(first: date, last: date, days: tuple[Holiday, ...]) -> _Index:
    """Shared by all calendars of the same content: a worker holds many cases and few calendars."""
    return _Index(first, last, days)
