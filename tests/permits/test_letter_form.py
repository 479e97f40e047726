"""Until when a letter is valid, as printed on it and as the verification page says."""

from __future__ import annotations

from datetime import date

import pytest

from permits.definition import LetterForm


@pytest.mark.parametrize(
    ("letter_date", "months", "until"),
    [
        (date(2026, 12, 10), 12, date(2027, 12, 10)),
        (date(2026, 11, 30), 60, date(2031, 11, 28)),
        (date(2026, 12, 31), 1, date(2027, 1, 28)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2026, 12, 10), None, None),
    ],
)
def test_a_letter_is_valid_for_its_months(letter_date: date, months: int | None, until: date | None) -> None:
    form = LetterForm(
        template="sip",
        title="Izin contoh",
        series="CONTOH",
        number_template="{sequence}/{year}",
        validity_months=months,
    )
    assert form.valid_until(letter_date) == until
