"""When a case will be done, as far as can be seen today; and from which moment on its promise cannot be kept any more.

The plan is the definition's own: the holder of now takes until its due date, every later stage the days it has. A
holder that is late is expected to need as long again as it is late already, so that people are told a new date seldom
and not every day. All days are working days, all instants office instants.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from permits.calendar import WorkingCalendar
from permits.definition import AnyStage, PermitDefinition
from permits.promise_check import stage_days

_MOMENT = timedelta(microseconds=1)


def days_after(stages: Sequence[AnyStage], position: int) -> int:
    """Working days of the stages that follow the one at `position`."""
    return sum(stage_days(stage) for stage in stages[position + 1 :])


def plan_fits(definition: PermitDefinition, promised: int) -> bool:
    """Whether the desks' days lie within the promise; where they do not, they are no plan to measure by."""
    return sum(stage_days(stage) for stage in definition.stages) <= promised


def first_day(now: datetime, calendar: WorkingCalendar) -> date:
    """The earliest day on whose close something can still be done."""
    today = calendar.local_date(now)
    return calendar.shift(today, 1 if now > calendar.closes_at(today) else 0)


def expected_finish(holder_due: date | None, after: int, now: datetime, calendar: WorkingCalendar) -> date:
    """The day on which the case will be done.

    Args:
        holder_due: due date of whoever holds the case; None while it is between two desks.
        after: working days of the later stages.
        now: office instant.
        calendar: the case's calendar.
    """
    earliest = first_day(now, calendar)
    base = earliest if holder_due is None else max(holder_due, earliest)
    late = calendar.working_days_between(holder_due, base) if holder_due is not None else 0
    return calendar.shift(base, late + after)


def lost_at(holder_due: date | None, after: int, told_for: date, calendar: WorkingCalendar) -> datetime | None:
    """The instant from which `told_for` cannot be kept; None where it cannot be kept already, whatever the hour."""
    latest = calendar.shift(told_for, -after)
    if holder_due is not None and holder_due > latest:
        return None
    return calendar.closes_at(latest) + _MOMENT
