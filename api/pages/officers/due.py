"""When something is due, in words a person scans: how late first, then the day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from api.pages.formatting import clock_time, day_month, local_day, relative_day
from api.pages.language import gettext as _
from api.pages.language import ngettext


@dataclass(frozen=True)
class Due:
    """For the part `due`: kind is late, soon, later or none."""

    kind: str
    words: str
    date: str = ""


def due_of(due_at: datetime | None, now: datetime) -> Due:
    """The due date as of an office time."""
    if due_at is None:
        return Due("none", _("Tanpa batas waktu"))
    date = f"{day_month(due_at)}, {clock_time(due_at)}"
    days = (local_day(due_at) - local_day(now)).days
    if due_at < now:
        if days == 0:
            return Due("late", _("Terlambat hari ini"), date)
        words = ngettext("Terlambat %(num)s hari", "Terlambat %(num)s hari", -days) % {"num": -days}
        return Due("late", words, date)
    words = relative_day(due_at, now)
    return Due("soon" if days <= 1 else "later", words[:1].upper() + words[1:], date)
