"""Once a day: holders of permits that end soon are reminded. Started by a schedule (`worker.schedules`)."""

from __future__ import annotations

from datetime import timedelta, timezone

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.reminders import ReminderDesk, RemindExpiring
    from workflows.messages import EXPIRY_REMINDERS_WORKFLOW
    from workflows.options import OWN_STORE

WIB = timezone(timedelta(hours=7), "WIB")
"""Asia/Jakarta, which has no summer time."""


@workflow.defn(name=EXPIRY_REMINDERS_WORKFLOW)
class ExpiryRemindersWorkflow:
    """One day's reminders; what was told before is not told again."""

    @workflow.run
    async def run(self) -> int:
        """Returns how many permits' holders were reminded."""
        order = RemindExpiring(today=workflow.now().astimezone(WIB).date())
        reminded = 0
        while True:
            batch = await workflow.execute_activity_method(
                ReminderDesk.remind_expiring, order, summary=f"Ingatkan masa berlaku: {order.today}", **OWN_STORE
            )
            reminded += batch.permits
            if not batch.more:
                return reminded
