"""Texts of notices: templates in plain Indonesian under web/notices, the first line being the subject."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

NOTICES = Path(__file__).resolve().parent.parent / "web" / "notices"
JAKARTA = ZoneInfo("Asia/Jakarta")
DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS = (
    "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split()  # noqa: SIM905
)


class Texts:
    """Renders notices."""

    def __init__(self, folder: Path = NOTICES) -> None:
        loader = FileSystemLoader(folder)
        # Notices are plain text and sent as such: there is no markup to escape from.
        self._jinja = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True)  # noqa: S701
        self._jinja.filters["waktu"] = when

    def notice(self, template: str, **facts: Any) -> tuple[str, str]:
        """Subject and body of a notice."""
        text = self._jinja.get_template(f"{template}.txt").render(**facts)
        subject, _, body = text.partition("\n")
        return subject.strip(), body.lstrip("\n")


def when(instant: datetime | str) -> str:
    """An instant as people read it: Selasa 8 Desember 2026 pukul 16.00 WIB."""
    moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    local = moment.astimezone(JAKARTA)
    return f"{DAYS[local.weekday()]} {long_date(local)} pukul {local:%H.%M} WIB"


def long_date(day: date) -> str:
    """A day as letters print it: 8 Desember 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"
