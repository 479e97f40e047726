"""The NIK as it is written on the KTP: sixteen digits that say where and when somebody was registered.

Six digits region of first registration, DDMMYY with 40 added to the day for women, four digits sequence. A wrong form
is an error. A region or birth date that does not fit is a warning alone: people move, and registers hold mistakes.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from permits.errors import Code, RuleError

HOME_REGION = "3375"
"""Kota Pekalongan."""
_FORM = re.compile(r"[0-9]{16}", re.ASCII)
_FIRST_PROVINCE = "11"
_WOMEN = 40


class NikWarning(StrEnum):
    """What a person should look at again; never a reason to refuse."""

    REGION_DIFFERS = "region-differs"  # first registered outside the city
    BIRTH_DATE_DIFFERS = "birth-date-differs"
    NOT_CONFIRMED = "not-confirmed"  # the population register does not know this person so, or was not asked


class Nik(BaseModel):
    """A NIK of good form, taken apart."""

    model_config = ConfigDict(frozen=True)

    region: str  # six digits
    day: int
    month: int
    year: int  # the last two digits of the year
    woman: bool
    sequence: str  # four digits

    def is_of_birth_date(self, born: date) -> bool:
        """Whether the digits say this day; the century is not in them."""
        return (self.day, self.month, self.year) == (born.day, born.month, born.year % 100)


def read_nik(text: str) -> Nik:
    """Reads sixteen digits; spaces around and between them do not matter. Raises RuleError(nik-invalid)."""
    digits = clean_nik(text)
    day, month, year = int(digits[6:8]), int(digits[8:10]), int(digits[10:12])
    woman = day > _WOMEN
    day -= _WOMEN if woman else 0
    if digits[:2] < _FIRST_PROVINCE or not _is_day(day, month, year):
        raise RuleError(Code.NIK_INVALID)
    return Nik(region=digits[:6], day=day, month=month, year=year, woman=woman, sequence=digits[12:])


def clean_nik(text: str) -> str:
    """The sixteen digits alone. Raises RuleError(nik-invalid)."""
    digits = text.replace(" ", "")
    if not _FORM.fullmatch(digits):
        raise RuleError(Code.NIK_INVALID)
    return digits


def nik_warnings(nik: Nik, birth_date: date) -> tuple[NikWarning, ...]:
    """What does not fit with the person's own words and with this city."""
    found = []
    if not nik.region.startswith(HOME_REGION):
        found.append(NikWarning.REGION_DIFFERS)
    if not nik.is_of_birth_date(birth_date):
        found.append(NikWarning.BIRTH_DATE_DIFFERS)
    return tuple(found)


def _is_day(day: int, month: int, year: int) -> bool:
    """Whether a year that ends in these digits has such a day; 2000 was a leap year, 1900 was none."""
    try:
        date(2000 + year, month, day)
    except ValueError:
        return False
    return True
