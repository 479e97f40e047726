"""Builds the working-day calendar: national holidays and joint leave, then the office's own table over them.

National holidays and joint leave (cuti bersama) come from the library `holidays` (country ID, categories public and
government), which follows the yearly SKB 3 Menteri; the days it estimates are provisional until they are announced.
The office's table (`holidays/office.yaml`, or entries the caller brings) wins over the library. Workflows never import
this module: a library upgrade would change a replay. They receive the calendar as a value.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import holidays
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from permits.calendar import Holiday, HolidayKind, OfficeHours, WorkingCalendar

OFFICE_TABLE = Path(__file__).parent / "holidays" / "office.yaml"

_ESTIMATED = " (perkiraan)"


class OfficeTableInvalid(Exception):
    """The office's table cannot be read; the message says where and why."""

    code = "office-table-invalid"


class OfficeTable(BaseModel):
    """What the office itself sets: its hours, and the days on which it differs from the national table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: OfficeHours = OfficeHours()
    """Office hours."""
    days: tuple[Holiday, ...] = ()
    """Own days; on the same date the later entry wins."""


def load_office_calendar(
    first_year: int = 2025, last_year: int = 2028, table: Path = OFFICE_TABLE, overrides: Iterable[Holiday] = ()
) -> WorkingCalendar:
    """The office's calendar of whole years: library, then the table in the file, then `overrides`.

    Raises OfficeTableInvalid when the file cannot be read, ValueError when the years are out of order.
    """
    office = read_office_table(table)
    return load_calendar(first_year, last_year, (*office.days, *overrides), office.hours)


def current_calendar(today: date, overrides: Iterable[Holiday] = ()) -> WorkingCalendar:
    """The calendar of all years that a case of today can reach; the same edition in every process of an office."""
    return load_office_calendar(min(2025, today.year - 1), max(2028, today.year + 2), overrides=overrides)


def load_calendar(
    first_year: int = 2025,
    last_year: int = 2028,
    overrides: Iterable[Holiday] = (),
    hours: OfficeHours | None = None,
) -> WorkingCalendar:
    """A calendar of whole years from the library, with `overrides` over it (the later entry of a date wins).

    The version is a short sha256 of the content, so equal calendars have equal versions. Overrides outside the years
    are left out. Raises ValueError when the years are out of order.
    """
    if first_year > last_year:
        raise ValueError("the first year of a calendar comes before its last")
    by_date = {holiday.date: holiday for holiday in _library_days(first_year, last_year)}
    joint_leave_years = [day.year for day, holiday in by_date.items() if holiday.kind == "joint_leave"]
    by_date |= {holiday.date: holiday for holiday in overrides if first_year <= holiday.date.year <= last_year}
    calendar = WorkingCalendar(
        version="unversioned",
        first=date(first_year, 1, 1),
        last=date(last_year, 12, 31),
        days=tuple(by_date[day] for day in sorted(by_date)),
        hours=hours or OfficeHours(),
        # A decree always grants joint leave, so a year without any has not been decreed yet.
        decreed_until=date(max(joint_leave_years, default=first_year - 1), 12, 31),
    )
    return calendar.model_copy(update={"version": _version(calendar)})


def read_office_table(table: Path = OFFICE_TABLE) -> OfficeTable:
    """The office's table from a YAML file. Raises OfficeTableInvalid, naming the file and the reason."""
    try:
        # BaseLoader leaves every value a text; YAML's own types would read 16:00 as the number 960.
        content = yaml.load(table.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506
        return OfficeTable.model_validate(content or {})
    except (OSError, UnicodeDecodeError, yaml.YAMLError, ValidationError) as cause:
        raise OfficeTableInvalid(f"the office's table {table.name} cannot be read: {cause}") from cause


def _library_days(first_year: int, last_year: int) -> Iterable[Holiday]:
    years = range(first_year, last_year + 1)
    kinds: tuple[tuple[str, HolidayKind], ...] = (("government", "joint_leave"), ("public", "national"))
    for category, kind in kinds:
        found = holidays.country_holidays("ID", years=years, categories=category, language="id")
        for day, name in found.items():
            yield Holiday(date=day, name=name.replace(_ESTIMATED, ""), kind=kind, provisional=_ESTIMATED in name)


def _version(calendar: WorkingCalendar) -> str:
    content = json.dumps(calendar.model_dump(mode="json", exclude={"version"}), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()[:12]
