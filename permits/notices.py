"""By which way and when people are told: rules without any sending.

A citizen is not disturbed by night, unless the message answers what that person has just done. An officer who wishes it
gets the day's tasks in one message each working morning; an escalation never waits for that. WhatsApp falls back to
e-mail, and nobody is told twice, but for the receipt of a submission, which carries the tracking link (mission A5).

Instants are aware. Nothing here reads a clock.
"""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from permits.calendar import WorkingCalendar
from permits.escalation import Channel

AT_ONCE = frozenset({"submission-received", "help-received", "withdrawal-received", "repair-received"})
"""Messages that answer the person's own act of this moment: they go by night as well."""

BOTH_WAYS = frozenset({"submission-received"})
"""Messages that go by WhatsApp and e-mail, since the tracking link is in them."""

GATHERED = frozenset({"task-opened", "task-warning", "task-assigned", "evaluation-ready"})
"""What an officer's digest may hold; anything else, an escalation above all, goes at once."""

COUNTER_DOMAIN = "@loket.invalid"
"""Ends the address of a person without e-mail, served at the counter: no mail system delivers there (RFC 6761)."""

_COUNTRY = "62"
_NUMBER = re.compile(r"^[1-9][0-9]{8,14}$")


class Addressee(BaseModel):
    """A person as far as sending needs to know."""

    model_config = ConfigDict(frozen=True)

    email: str = ""
    """Empty where the person has none."""
    phone: str | None = None
    """As the person wrote it."""
    prefers: Literal["email", "whatsapp"] = "email"
    """The person's own choice."""
    digest: bool = False
    """Whether an officer wants tasks gathered into one message a day."""
    citizen: bool = False
    """An applicant: quiet hours hold, and there is no digest."""


def ways(template: str, asked: Channel, person: Addressee) -> tuple[Channel, ...]:
    """By which channels this person is told; empty when there is no address at all."""
    if asked == "inbox":
        return ("inbox",)
    if (asked == "digest" or person.digest) and template in GATHERED and not person.citizen and person.email:
        return ("digest",)
    reachable = whatsapp_number(person.phone) is not None
    if template in BOTH_WAYS and reachable and person.email:
        return ("whatsapp", "email")
    if reachable and ("whatsapp" in (asked, person.prefers) or not person.email):
        return ("whatsapp",)
    return ("email",) if person.email else ()


def waits_by_night(template: str, person: Addressee) -> bool:
    """Whether quiet hours hold for this message."""
    return person.citizen and template not in AT_ONCE


def whatsapp_number(phone: str | None) -> str | None:
    """The number as WhatsApp knows it, digits with the country's code (E.164 without `+`); None for no number."""
    digits = re.sub(r"[\s().-]", "", phone or "").removeprefix("+")
    if digits.startswith("0"):
        digits = _COUNTRY + digits[1:]
    return digits if _NUMBER.match(digits) else None


def digest_at(office_at: datetime, calendar: WorkingCalendar) -> datetime:
    """The opening of the next working day whose morning has not begun yet, in office time.

    Raises CalendarTooShort beyond the calendar.
    """
    today = calendar.local_date(office_at)
    morning = calendar.opens_at(calendar.shift(today, 0))
    return morning if morning > office_at else calendar.opens_at(calendar.shift(today, 1))


class QuietHours(BaseModel):
    """When citizens are left in peace, every day; over midnight where it ends before it begins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: time
    """Local time, without a zone."""
    ends: time
    """Local time, without a zone."""
    zone: str = "Asia/Jakarta"
    """IANA name of the people's time zone."""

    @classmethod
    def parse(cls, text: str, zone: str = "Asia/Jakarta") -> Self | None:
        """Reads `20:00-07:00`; None for an empty text: there are none. Raises ValueError for any other form."""
        if not text.strip():
            return None
        begins, dash, ends = text.partition("-")
        if not dash:
            raise ValueError("quiet hours are two times with a dash between them, such as 20:00-07:00")
        return cls(begins=time.fromisoformat(begins.strip()), ends=time.fromisoformat(ends.strip()), zone=zone)

    def end_of(self, now: datetime) -> datetime | None:
        """The end of the quiet hours that `now` lies in; None by day."""
        local = now.astimezone(ZoneInfo(self.zone))
        clock = local.time()
        if self.begins <= self.ends:
            is_quiet, ends_on = self.begins <= clock < self.ends, local.date()
        else:
            is_quiet = clock >= self.begins or clock < self.ends
            ends_on = local.date() + timedelta(days=1 if clock >= self.begins else 0)
        if not is_quiet:
            return None
        return datetime.combine(ends_on, self.ends, tzinfo=ZoneInfo(self.zone)).astimezone(now.tzinfo)
