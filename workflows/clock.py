"""The only place where a due date becomes a wait.

Everything else computes in office time; here the case's pace turns an office instant into a real one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from permits.calendar import WorkingCalendar
    from permits.pace import Pace


class OfficeClock:
    """The case's own sense of time: its calendar, which a re-plan may replace, and its pace."""

    def __init__(self, calendar: WorkingCalendar, pace: Pace) -> None:
        self.calendar = calendar
        self._pace = pace

    def now(self) -> datetime:
        """Office time, aware UTC."""
        return self.office_time(workflow.now())

    def office_time(self, real: datetime) -> datetime:
        """The office instant of a real one."""
        return self._pace.office_time(real, self.calendar)

    def today(self) -> date:
        """The office's day."""
        return self.calendar.local_date(self.now())

    def replace(self, calendar: WorkingCalendar) -> None:
        """Takes a new calendar; waits under way notice and are planned anew."""
        self.calendar = calendar

    async def wait(self, happened: Callable[[], bool], until: datetime | None, why: str) -> bool:
        """Waits until something happened, or until an office instant has come.

        Args:
            until: office time; None waits for ever.
            why: shown beside the timer in the engine's own pages.

        Returns:
            True where it happened; False where the time has come or the calendar was replaced.
        """
        calendar = self.calendar
        moved = lambda: happened() or self.calendar is not calendar  # noqa: E731
        if until is None:
            await workflow.wait_condition(moved)
            return happened()
        left = self._pace.real_time(until, calendar) - workflow.now()
        if left <= timedelta(0):
            return happened()
        try:
            await workflow.wait_condition(moved, timeout=left, timeout_summary=why)
        except TimeoutError:
            return False
        return happened()
