"""What the engine starts by itself, at fixed times of the office's day; each worker that starts makes it so.

A run that was missed is caught up by what it finds in the store, so a schedule never starts two at once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
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
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from workflows.messages import EXPIRY_REMINDERS_WORKFLOW, QueueNames

log = logging.getLogger(__name__)

OFFICE_ZONE = "Asia/Jakarta"


def daily(workflow: str, schedule_id: str, hour: int, minute: int) -> tuple[str, Schedule]:
    """A workflow without arguments, once a day at that time of the office."""
    at = ScheduleCalendarSpec(hour=[ScheduleRange(hour)], minute=[ScheduleRange(minute)])
    return schedule_id, Schedule(
        action=ScheduleActionStartWorkflow(workflow, id=schedule_id, task_queue=QueueNames.MAIN),
        spec=ScheduleSpec(calendars=[at], time_zone_name=OFFICE_ZONE),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=timedelta(hours=12)),
    )


SCHEDULES: tuple[tuple[str, Schedule], ...] = (daily(EXPIRY_REMINDERS_WORKFLOW, "expiry-reminders", 7, 15),)
"""Id and schedule of each."""


async def ensure_schedules(client: Client, schedules: Sequence[tuple[str, Schedule]] = SCHEDULES) -> None:
    """Makes what is missing and brings up to date what is there; again changes nothing."""
    for schedule_id, schedule in schedules:
        try:
            await client.create_schedule(schedule_id, schedule)
        except ScheduleAlreadyRunningError:
            await client.get_schedule_handle(schedule_id).update(_to(schedule))
        log.info("A schedule stands.", extra={"schedule": schedule_id})


def _to(schedule: Schedule) -> Callable[[ScheduleUpdateInput], ScheduleUpdate]:
    def updated(found: ScheduleUpdateInput) -> ScheduleUpdate:
        # An operator's pause is left as it is.
        return ScheduleUpdate(schedule=replace(schedule, state=found.description.schedule.state))

    return updated
