"""Numbers of applications and letters, and the codes people type.

Letter numbers follow the office's agenda register: one row of integers for each series and year, without gaps
(Permendagri 1/2023 on official letters, tata naskah dinas, of local governments). A number that was taken is issued or
stays as BATAL; it is never given to another letter. Taking a number safely among many is left to `store`; this module
holds the rule.
Tracking and verification codes are Crockford base32, which has no letter that looks like a digit.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from string import Formatter
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

NumberState = Literal["taken", "issued", "batal"]

CODE_LENGTH = 16
CODE_BYTES = 10
"""Random bytes of one code: 80 bits, 16 letters of 5 bits."""

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_FIELD_FORMS = {
    "series": re.compile(r""),
    "sequence": re.compile(r"(0?[1-9]d?)?"),
    "year": re.compile(r""),
    "month": re.compile(r"(02d?)?"),
    "month_roman": re.compile(r""),
}
_REQUIRED_FIELDS = {"sequence", "year"}
_APPLICATION_NUMBER = re.compile(r"PRM-(?P<year>[0-9]{4})-(?P<sequence>[0-9]{6,9})", re.ASCII)


class NumberingError(ValueError):
    """A number or code that cannot be read; `code` is stable."""

    def __init__(self, code: str, sentence: str) -> None:
        self.code = code
        super().__init__(sentence)


# Letters -------------------------------------------------------------------------------------------------------------


def check_template(template: str) -> str:
    """The template itself when it is sound: known fields, plain forms, with sequence and year.

    Fields: series, sequence (e.g. `{sequence:04d}`), year, month (`{month:02d}`), month_roman. Raises NumberingError
    (number-template-invalid).
    """
    try:
        parts = list(Formatter().parse(template))
    except ValueError as cause:
        raise NumberingError("number-template-invalid", f"a number template's braces do not match: {cause}") from cause
    named = set()
    for _, name, form, conversion in parts:
        if name is None:
            continue
        allowed = _FIELD_FORMS.get(name)
        if allowed is None or conversion or not allowed.fullmatch(form or ""):
            raise NumberingError("number-template-invalid", f"a number template cannot hold {name!r} in this form")
        named.add(name)
    missing = sorted(_REQUIRED_FIELDS - named)
    if missing:
        raise NumberingError("number-template-invalid", f"a number template needs {' and '.join(missing)}")
    return template


NumberTemplate = Annotated[str, AfterValidator(check_template)]
"""Form of a letter number, as a definition holds it."""


class LetterNumber(BaseModel):
    """A place in the agenda register."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    series: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")
    """Series of the register, one for each kind of letter."""
    year: int = Field(ge=2000, le=2999)
    """Year of the register."""
    sequence: int = Field(ge=1)
    """Place within series and year, from 1."""

    def render(self, template: str, month: int) -> str:
        """The number as the letter shows it; `month` (1 to 12) is that of the letter's date.

        Raises NumberingError for an unsound template or month.
        """
        return check_template(template).format(
            series=self.series, sequence=self.sequence, year=self.year, month=month, month_roman=roman(month)
        )


def roman(month: int) -> str:
    """The month, 1 to 12, in Roman numerals, as letters of the government write it."""
    if not 1 <= month <= len(_ROMAN):
        raise NumberingError("month-invalid", "a month is 1 to 12")
    return _ROMAN[month - 1]


def next_sequence(taken: Iterable[int]) -> int:
    """The number to take next in a series and year: the one after the highest ever taken, BATAL ones included.

    A gap, should one have arisen, is left for the audit to show: filling it would date a letter before its neighbours.
    """
    return max(taken, default=0) + 1


class AgendaEntry(BaseModel):
    """What the register says about one integer of a series and year."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence: int = Field(ge=1)
    """The integer."""
    state: NumberState
    """taken while the letter is under way, then issued or batal."""


class AgendaAudit(BaseModel):
    """What an audit of one series and year finds; all empty when every integer is issued or BATAL."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    missing: tuple[int, ...]
    """Integers up to the last one taken that no letter has."""
    repeated: tuple[int, ...]
    """Integers that stand more than once."""
    under_way: tuple[int, ...]
    """Integers whose letter is neither issued nor batal yet."""

    @property
    def is_gapless(self) -> bool:
        """Whether every integer is there once and is issued or BATAL."""
        return not (self.missing or self.repeated or self.under_way)


def audit_agenda(entries: Iterable[AgendaEntry], last: int = 0) -> AgendaAudit:
    """Compares one series and year with the rule: every integer from 1 to the highest, once, issued or BATAL.

    Args:
        entries: what the register holds.
        last: the last integer that was taken, where it is known: no letter may be missing at the end either.
    """
    held = tuple(entries)
    times = Counter(entry.sequence for entry in held)
    highest = max(last, *times) if times else last
    return AgendaAudit(
        missing=tuple(number for number in range(1, highest + 1) if number not in times),
        repeated=tuple(sorted(number for number, count in times.items() if count > 1)),
        under_way=tuple(sorted({entry.sequence for entry in held if entry.state == "taken"})),
    )


def is_gapless(entries: Iterable[AgendaEntry]) -> bool:
    """Whether every integer of the series and year is there once and is issued or BATAL."""
    return audit_agenda(entries).is_gapless


# Applications --------------------------------------------------------------------------------------------------------


class ApplicationNumber(BaseModel):
    """The number an application is called by, `PRM-2026-000123`; it holds nothing about the person."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    year: int = Field(ge=2000, le=2999)
    """Year of submission."""
    sequence: int = Field(ge=1, le=999_999_999)
    """Place within the year, from 1; six digits, more when a year needs them."""

    def __str__(self) -> str:
        return f"PRM-{self.year}-{self.sequence:06d}"

    @classmethod
    def parse(cls, text: str) -> ApplicationNumber:
        """Reads a number as a person types it: case and outer spaces do not matter.

        Raises NumberingError (application-number-invalid).
        """
        found = _APPLICATION_NUMBER.fullmatch(text.strip().upper())
        if found is not None:
            year, sequence = int(found["year"]), int(found["sequence"])
            number = f"PRM-{year}-{sequence:06d}"
            if 2000 <= year <= 2999 and sequence >= 1 and number == found.group():
                return cls(year=year, sequence=sequence)
        raise NumberingError("application-number-invalid", "an application number looks like PRM-2026-000123")


# Codes ---------------------------------------------------------------------------------------------------------------


def tracking_code(random_bytes: bytes) -> str:
    """Sixteen letters and digits from exactly ten random bytes. Raises ValueError for any other length."""
    if len(random_bytes) != CODE_BYTES:
        raise ValueError(f"a tracking code is made of {CODE_BYTES} random bytes")
    number = int.from_bytes(random_bytes, "big")
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (CODE_LENGTH - 1), -1, -5))


def read_tracking_code(text: str) -> str:
    """The code a person meant: case, spaces and hyphens do not matter, O is 0, I and L are 1.

    Raises NumberingError (tracking-code-invalid) for anything that is no code.
    """
    meant = re.sub(r"[\s-]", "", text).upper().translate(str.maketrans("OIL", "011"))
    # Upper-casing turns some foreign letters into ours, so the typed text itself has to be ASCII.
    if not text.isascii() or len(meant) != CODE_LENGTH or any(letter not in _ALPHABET for letter in meant):
        raise NumberingError("tracking-code-invalid", "a tracking code has sixteen letters and digits")
    return meant


def show_tracking_code(code: str) -> str:
    """The code in groups of four, as it is printed and read aloud."""
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))
