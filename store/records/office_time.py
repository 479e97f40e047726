"""The office time of a case as its row knows it: its own pace and its own calendar."""

from __future__ import annotations

from datetime import datetime

from permits.calendar import WorkingCalendar
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
    """The case's own office time; a case that was not submitted yet has none but the real one."""
    pace, calendar = pace_of(case), None if pace_of(case).is_real else calendar_of(case)
    return real if calendar is None else pace.office_time(real, calendar)
