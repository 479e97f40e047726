"""The only place where a due date becomes a wait.

Everything else computes in office time; here the case's pace turns an office instant into a real one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from permits.calendar import CalendarTooShort, WorkingCalendar
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

    def check(self, calendar: WorkingCalendar, since: date) -> None:
        """Whether `calendar` may replace this one; a shorter one would stop the case at its next due date.

        Args:
            since: the first day that the case still counts from.

        Raises:
            ApplicationError: calendar-too-short.
            ValueError: a compressed pace does not fit the calendar.
        """
        unknown = since if calendar.first > since else self.calendar.last
        if calendar.first > since or calendar.last < self.calendar.last:
            short = CalendarTooShort(unknown, calendar.first, calendar.last)
            raise ApplicationError(str(short), type=short.code, non_retryable=True)
        self._pace.office_time(workflow.now(), calendar)

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

    async def wait_real(self, happened: Callable[[], bool], until: datetime, why: str) -> bool:
        """Waits until something happened, or until a real instant has come: what lives by outside clocks.

        Returns:
            True where it happened.
        """
        left = until - workflow.now()
        if left > timedelta(0):
            try:
                await workflow.wait_condition(happened, timeout=left, timeout_summary=why)
            except TimeoutError:
                return False
        return happened()
