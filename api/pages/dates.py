"""Dates as people type them: day, month and year in boxes of their own."""

from __future__ import annotations

from datetime import date


def date_of(day: str, month: str, year: str) -> date | None:
    """The date of three boxes; None where there is no such day. A year has four digits."""
    try:
        if not all(one.isascii() and one.isdecimal() for one in (day, month, year)) or len(year) != 4:
            return None
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
