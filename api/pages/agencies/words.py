"""What the pages of agencies call things, in the language of the request."""

from __future__ import annotations

from datetime import datetime
from typing import Literal, NamedTuple

from api.pages.language import gettext as _
from api.pages.language import ngettext
from permits.calendar import WorkingCalendar

DueKind = Literal["late", "soon", "later", "none"]


class Countdown(NamedTuple):
    """How much time is left, as the part `due` shows it."""

    kind: DueKind
    words: str


def countdown(due_at: datetime, now: datetime, calendar: WorkingCalendar | None) -> Countdown:
    """The time left in working days; both instants are office times. Without a calendar, in words alone."""
    passed = Countdown("late", _("Batasnya sudah lewat"))
    if calendar is None:
        return passed if now > due_at else Countdown("later", _("Belum lewat batasnya"))
    today, due = calendar.local_date(now), calendar.local_date(due_at)
    if not (calendar.holds(today) and calendar.holds(due)):
        return passed if now > due_at else Countdown("later", _("Belum lewat batasnya"))
    if now > due_at:
        late = calendar.working_days_between(due, today) if today > due else 0
        if late == 0:
            return passed
        words = ngettext("Terlambat %(num)s hari kerja", "Terlambat %(num)s hari kerja", late) % {"num": late}
        return Countdown("late", words)
    left = calendar.working_days_between(today, due) if due > today else 0
    if left == 0:
        return Countdown("soon", _("Hari ini hari terakhir"))
    words = ngettext("Sisa %(num)s hari kerja", "Sisa %(num)s hari kerja", left) % {"num": left}
    return Countdown("soon" if left == 1 else "later", words)


def answer_words(answer: str) -> str:
    """An agency's answer as a verb."""
    return {
        "approve": _("Menyetujui"),
        "approve_with_conditions": _("Menyetujui dengan syarat"),
        "refuse": _("Tidak menyetujui"),
        "question": _("Bertanya kepada pemohon"),
        "withdrawn": _("Permintaan ditarik kantor kami"),
        "released": _("Tidak diperlukan lagi"),
    }.get(answer, answer)


def told_words(who: str, agency: str) -> str:
    """Whom a rung of the ladder tells."""
    return {
        "holder": _("petugas %(agency)s") % {"agency": agency},
        "holder_head": _("pimpinan %(agency)s") % {"agency": agency},
        "front_office": _("petugas loket kantor kami"),
        "coordinator": _("Koordinator kantor kami"),
        "head_of_office": _("Kepala kantor kami"),
        "inspectorate": _("Inspektorat"),
        "applicant": _("pemohon"),
    }.get(who, who)


def way_words(way: str | None) -> str:
    """By which way an answer came."""
    return {
        "account": _("dijawab di halaman ini"),
        "keyed_in": _("dijawab dengan surat, diketikkan petugas kami"),
        "wet_signed": _("dijawab dengan surat bertanda tangan basah"),
        "signed": _("ditandatangani secara elektronik"),
    }.get(way or "", "")
