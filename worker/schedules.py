"""What happens by the calendar and not by a case: one list, made or brought up to date whenever a worker boots.

A schedule that was paused by hand stays paused. The engine remembers what fell due while everything was down.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleCalendarSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleRange,
    ScheduleSpec,
    ScheduleState,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from workflows.archive_order import ARCHIVE_REFRESH_WORKFLOW, ArchiveRefreshOrder
from workflows.evaluation_order import EVALUATION_WORKFLOW, EvaluationOrder, evaluation_workflow_id
from workflows.messages import EXPIRY_REMINDERS_WORKFLOW, QueueNames

log = logging.getLogger(__name__)

OFFICE_ZONE = "Asia/Jakarta"
CATCH_UP = timedelta(days=365)
RETRY_SECONDS = 10.0


@dataclass(frozen=True)
class Planned:
    """A schedule by its id."""

    id: str
    schedule: Schedule


def at(hour: int, minute: int = 0, *, day_of_month: int | None = None) -> ScheduleSpec:
    """Every day at that time of the office, or on one day of each month."""
    days = (ScheduleRange(day_of_month),) if day_of_month else (ScheduleRange(1, 31),)
    calendar = ScheduleCalendarSpec(hour=(ScheduleRange(hour),), minute=(ScheduleRange(minute),), day_of_month=days)
    return ScheduleSpec(calendars=[calendar], time_zone_name=OFFICE_ZONE)


EXPIRY_REMINDERS = Planned(
    "expiry-reminders",
    Schedule(
        action=ScheduleActionStartWorkflow(
            EXPIRY_REMINDERS_WORKFLOW, id="expiry-reminders", task_queue=QueueNames.MAIN
        ),
        spec=at(7, 15),
        # A missed day is caught up by what the next run finds in the register.
        policy=SchedulePolicy(catchup_window=timedelta(hours=12), overlap=ScheduleOverlapPolicy.SKIP),
        state=ScheduleState(note="Pengingat masa berlaku izin, setiap hari pukul 07.15 WIB"),
    ),
)

MONTHLY_EVALUATION = Planned(
    "evaluation-monthly",
    Schedule(
        action=ScheduleActionStartWorkflow(
            EVALUATION_WORKFLOW,
            EvaluationOrder(),
            id=evaluation_workflow_id("scheduled"),
            task_queue=QueueNames.MAIN,
        ),
        spec=at(6, day_of_month=1),
        # Months that were missed are all made up for, one after the other.
        policy=SchedulePolicy(catchup_window=CATCH_UP, overlap=ScheduleOverlapPolicy.BUFFER_ALL),
        state=ScheduleState(note="Evaluasi bulan sebelumnya, setiap tanggal 1 pukul 06.00 WIB"),
    ),
)

ARCHIVE_REFRESH = Planned(
    "archive-refresh",
    Schedule(
        action=ScheduleActionStartWorkflow(
            ARCHIVE_REFRESH_WORKFLOW, ArchiveRefreshOrder(), id="archive-refresh", task_queue=QueueNames.MAIN
        ),
        # By night: it shares a process with the head's signatures.
        spec=at(1, 30),
        # What a missed night would have found is found by the next.
        policy=SchedulePolicy(catchup_window=timedelta(hours=12), overlap=ScheduleOverlapPolicy.SKIP),
        state=ScheduleState(note="Pembaruan arsip surat bertanda tangan, setiap hari pukul 01.30 WIB"),
    ),
)

SCHEDULES: tuple[Planned, ...] = (EXPIRY_REMINDERS, MONTHLY_EVALUATION, ARCHIVE_REFRESH)


async def ensure_schedules(client: Client, schedules: tuple[Planned, ...] = SCHEDULES) -> None:
    """Makes every schedule as it is written here; safe to run by several workers at once."""
    for planned in schedules:
        try:
            await client.create_schedule(planned.id, planned.schedule)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(planned.id).update(_as_written(planned.schedule))


async def keep_schedules(client: Client) -> None:
    """Ensures them once; where the engine is away it is tried again."""
    while True:
        try:
            await ensure_schedules(client)
            return
        except Exception:  # the engine may be away; the next round comes
            log.exception("Schedules could not be made.")
        await asyncio.sleep(RETRY_SECONDS)


def _as_written(written: Schedule) -> Callable[[ScheduleUpdateInput], ScheduleUpdate]:
    def updated(there: ScheduleUpdateInput) -> ScheduleUpdate:
        return ScheduleUpdate(
            Schedule(
                action=written.action,
                spec=written.spec,
                policy=written.policy,
                state=there.description.schedule.state,
            )
        )

    return updated
