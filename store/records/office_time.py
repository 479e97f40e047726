"""The office time of a case as its row knows it: its own pace and its own calendar."""

from __future__ import annotations

from datetime import datetime

from permits.calendar import CalendarTooShort, WorkingCalendar
from permits.pace import Pace
from store.tables import ApplicationRow


def pace_of(case: ApplicationRow) -> Pace:
    """The pace of a case; real before its submission."""
    return Pace.model_validate(case.pace) if case.pace else Pace.real()


def calendar_of(case: ApplicationRow) -> WorkingCalendar | None:
    """The calendar that the case was submitted with; None before that."""
    calendar = (case.submission or {}).get("calendar")
    return WorkingCalendar.model_validate(calendar) if calendar else None


def office_time(case: ApplicationRow, real: datetime) -> datetime:
    """The case's own office time; the real one for a case that was not submitted yet.

    Also the real one beyond the case's calendar: a proof that cannot be dated by the office is still a proof, and a
    message whose proof could not be written would be sent again.
    """
    pace = pace_of(case)
    calendar = None if pace.is_real else calendar_of(case)
    if calendar is None:
        return real
    try:
        return pace.office_time(real, calendar)
    except CalendarTooShort:
        return real
