"""Where a parcel is, by its PT Pos receipt number: the port, a stand-in, and an installation without tracking.

PT Pos publishes no protocol for this; a client for the contract that the city makes is to obey the same port. Failures
are ApplicationError: `post-unavailable` (try again), `post-unknown-receipt` (never again: the number is wrong).
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Literal, Protocol

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.exceptions import ApplicationError

from permits.calendar import WorkingCalendar

log = logging.getLogger(__name__)

UNAVAILABLE = "post-unavailable"
UNKNOWN_RECEIPT = "post-unknown-receipt"


class Parcel(BaseModel):
    """What is asked after; office times."""

    model_config = ConfigDict(frozen=True)

    receipt_number: str
    posted_at: AwareDatetime  # when the office noted that it was posted
    asked_at: AwareDatetime


class PostState(BaseModel):
    """What the post says of a parcel."""

    model_config = ConfigDict(frozen=True)

    state: Literal["accepted", "in_transit", "delivered", "returned", "unknown"]
    """`unknown`: nobody can say, so a person notes the arrival."""
    received_by: str = ""  # who took it, where it was delivered
    at: AwareDatetime | None = None  # office time of the delivery or the return
    reason: str = ""  # why it came back


class PostClient(Protocol):
    """The port."""

    async def track(self, parcel: Parcel, calendar: WorkingCalendar) -> PostState:
        """Where the parcel is. Raises ApplicationError: post-unavailable, post-unknown-receipt."""
        ...


class StandInPost:
    """A stand-in for PT Pos: every parcel arrives at the close of the n-th working day after it was posted.

    A receipt number that begins with `RETUR` comes back instead, one with `TIDAKADA` is not known, and one with `TUTUP`
    finds the service away. It asks nobody, and refuses to be chosen in production.

    Args:
        working_days: until the parcel arrives.
    """

    BANNER = "A stand-in for PT Pos: parcels arrive by the calendar alone."

    def __init__(self, working_days: int = 2) -> None:
        self._days = working_days
        log.warning(self.BANNER)

    async def track(self, parcel: Parcel, calendar: WorkingCalendar) -> PostState:
        """The parcel's state by the office time that is given."""
        number = parcel.receipt_number.upper()
        if number.startswith("TUTUP"):
            raise ApplicationError("The stand-in for the post is away.", type=UNAVAILABLE)
        if number.startswith("TIDAKADA"):
            raise ApplicationError("No such receipt number.", type=UNKNOWN_RECEIPT, non_retryable=True)
        posted_on = calendar.local_date(parcel.posted_at)
        arrives_at = calendar.closes_at(calendar.shift(posted_on, self._days))
        if parcel.asked_at >= arrives_at:
            return _ended(number, arrives_at)
        moved = calendar.local_date(parcel.asked_at) > posted_on
        return PostState(state="in_transit" if moved else "accepted")


class NoPost:
    """An installation without tracking: a person notes the arrival."""

    async def track(self, parcel: Parcel, calendar: WorkingCalendar) -> PostState:
        """Always unknown."""
        return PostState(state="unknown")


def _ended(number: str, at: datetime) -> PostState:
    if number.startswith("RETUR"):
        return PostState(state="returned", at=at, reason="Penerima tidak ditemukan (contoh)")
    return PostState(state="delivered", at=at, received_by="Penerima (contoh)")
