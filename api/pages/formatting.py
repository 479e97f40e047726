"""How pages say dates, times, counts and long codes, in the language of the request.

Instants are aware and stored in UTC; people read them in Asia/Jakarta (WIB), with the weekday and with a point between
hours and minutes, as Indonesian office writing does. Nothing here asks what time it is: `now` is always given.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from api.pages.language import gettext as _
from api.pages.language import language, ngettext

JAKARTA: Final = ZoneInfo("Asia/Jakarta")
WEEKDAYS: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS: Final = (
    "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November",
    "Desember",
)  # fmt: skip
ENGLISH_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
ENGLISH_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def _weekday(day: date) -> str:
    return (ENGLISH_WEEKDAYS if language() == "en" else WEEKDAYS)[day.weekday()]


def _month(day: date) -> str:
    return (ENGLISH_MONTHS if language() == "en" else MONTHS)[day.month - 1]


def local_day(value: date | datetime) -> date:
    """Return the day in Pekalongan of an aware instant, or the day itself.

    Raises:
        ValueError: the instant is naive.
    """
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        raise ValueError("an instant without zone has no day")
    return value.astimezone(JAKARTA).date()


def full_date(value: date | datetime) -> str:
    """"Selasa 8 Desember 2026"."""
    day = local_day(value)
    return f"{_weekday(day)} {day.day} {_month(day)} {day.year}"


def plain_date(value: date | datetime) -> str:
    """"8 Desember 2026", as on the letter."""
    day = local_day(value)
    return f"{day.day} {_month(day)} {day.year}"


def day_month(value: date | datetime) -> str:
    """"Kamis 3 Desember", where the year is clear from beside it."""
    day = local_day(value)
    return f"{_weekday(day)} {day.day} {_month(day)}"


def day_month_short(value: date | datetime) -> str:
    """"Kamis 3 Des", for narrow tables."""
    day = local_day(value)
    return f"{_weekday(day)} {day.day} {_month(day)[:3]}"


def clock_time(value: datetime) -> str:
    """"16.00 WIB"."""
    if value.tzinfo is None:
        raise ValueError("an instant without zone has no local time")
    return f"{value.astimezone(JAKARTA):%H.%M} WIB"


def moment(value: datetime) -> str:
    """"Selasa 8 Desember 2026 pukul 16.00 WIB"."""
    return _("%(date)s pukul %(time)s") % {"date": full_date(value), "time": clock_time(value)}


def short_moment(value: datetime) -> str:
    """"Selasa 8 Desember, 16.00 WIB", for a list of events."""
    return f"{day_month(value)}, {clock_time(value)}"


def machine_time(value: date | datetime) -> str:
    """The `datetime` attribute of a `<time>` element."""
    return value.isoformat()


def working_days(count: int) -> str:
    """"3 hari kerja"."""
    return ngettext("%(num)s hari kerja", "%(num)s hari kerja", count) % {"num": count}


def relative_day(value: date | datetime, now: datetime) -> str:
    """"hari ini", "besok", "3 hari lagi", "kemarin", "5 hari yang lalu": calendar days in Pekalongan."""
    days = (local_day(value) - local_day(now)).days
    near = {0: _("hari ini"), 1: _("besok"), 2: _("lusa"), -1: _("kemarin")}
    if days in near:
        return near[days]
    words = _("%(num)s hari lagi") if days > 0 else _("%(num)s hari yang lalu")
    return words % {"num": abs(days)}


def day_reason(code: str, name: str = "") -> str:
    """Why a day counts or not, in words; the holiday's own name where there is one."""
    words = {
        "received": _("hari berkas diterima, tidak dihitung"),
        "counted": _("hari kerja"),
        "weekend": _("akhir pekan"),
        "national": _("libur nasional"),
        "joint_leave": _("cuti bersama"),
        "office": _("kantor libur"),
        "paused": _("menunggu Anda, waktu layanan berhenti"),
    }.get(code, code)
    return f"{words}: {name}" if name and code in ("national", "joint_leave", "office", "counted") else words


def rupiah(amount: int) -> str:
    """"Rp1.995.000"."""
    return "Rp" + f"{amount:,}".replace(",", ".")


def grouped(code: str, size: int = 4) -> str:
    """A long code in groups that can be read aloud: "7Q2M ZK4X WB3F"."""
    plain = code.replace(" ", "")
    return " ".join(plain[start : start + size] for start in range(0, len(plain), size))


def file_size(size_bytes: int) -> str:
    """"320 kB", "4,2 MB", "25 MB": decimal units, with the decimal comma."""
    if size_bytes < 1_000_000:
        return f"{max(1, round(size_bytes / 1000))} kB"
    return f"{size_bytes / 1_000_000:.1f}".removesuffix(".0").replace(".", ",") + " MB"


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    each.__name__: each
    for each in (
        full_date, plain_date, day_month, day_month_short, clock_time, moment, short_moment, machine_time,
        working_days, relative_day, day_reason, rupiah, grouped, file_size,
    )
}
