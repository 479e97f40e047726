"""Reminds holders of permits that end soon: 90, 30 and 7 days before the last day, each once.

What is due is read from the register each time, so a day on which nothing ran is caught up on the next, by the nearest
reminder alone. Sending is left to the outbox.
"""

from __future__ import annotations

from datetime import UTC, date, datetime

from pydantic import BaseModel, ConfigDict
from temporalio import activity

from store.records import Records

BATCH = 300
"""Permits of one transaction: it has to end well within the time-out of our own store."""


class RemindExpiring(BaseModel):
    """Whom to remind."""

    model_config = ConfigDict(frozen=True)

    today: date  # the real office date: the registers of a compressed pace do not wait for it


class Reminded(BaseModel):
    """How many were reminded, and whether more are waiting."""

    model_config = ConfigDict(frozen=True)

    permits: int
    more: bool


class ReminderDesk:
    """Puts reminders into the outbox.

    Args:
        public_base_url: where a holder asks for a renewal.
    """

    def __init__(self, records: Records, public_base_url: str) -> None:
        self._records = records
        self._base = public_base_url.rstrip("/")

    @activity.defn
    async def remind_expiring(self, order: RemindExpiring) -> Reminded:
        """Queues the reminders that are due and were not told yet, a batch of them."""
        count = await self._records.queue_expiry_reminders(order.today, datetime.now(UTC), self._base, BATCH)
        return Reminded(permits=count, more=count == BATCH)
