"""The NIK: a wrong form is refused, what does not fit is only said."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permits.errors import Code, RuleError
from permits.nik import HOME_REGION, NikWarning, nik_warnings, read_nik

BIRTH_DATES = st.dates(date(1900, 3, 1), date(2099, 12, 31)).filter(lambda day: (day.year, day.month) != (1900, 2))
REGIONS = st.integers(110000, 949999).map(str)
SEQUENCES = st.integers(0, 9999).map("{:04d}".format)


def a_nik(region: str, born: date, woman: bool, sequence: str) -> str:
    return f"{region}{born.day + 40 * woman:02d}{born.month:02d}{born.year % 100:02d}{sequence}"


@given(REGIONS, BIRTH_DATES, st.booleans(), SEQUENCES)
def test_every_nik_says_region_birth_date_and_sex(region: str, born: date, woman: bool, sequence: str) -> None:
    nik = read_nik(a_nik(region, born, woman, sequence))
    assert (nik.region, nik.woman, nik.sequence) == (region, woman, sequence)
    assert nik.is_of_birth_date(born)


@given(REGIONS, BIRTH_DATES, BIRTH_DATES, st.booleans(), SEQUENCES)
def test_a_mismatch_is_a_warning_and_never_a_refusal(
    region: str, born: date, said: date, woman: bool, sequence: str
) -> None:
    found = nik_warnings(read_nik(a_nik(region, born, woman, sequence)), said)
    same_digits = (born.day, born.month, born.year % 100) == (said.day, said.month, said.year % 100)
    assert (NikWarning.BIRTH_DATE_DIFFERS in found) is not same_digits
    assert (NikWarning.REGION_DIFFERS in found) is not region.startswith(HOME_REGION)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_its_one_code(text: str) -> None:
    try:
        nik = read_nik(text)
    except RuleError as refused:
        assert refused.code is Code.NIK_INVALID and refused.facts == {}
    else:
        assert len(nik.region + nik.sequence) == 10


@pytest.mark.parametrize(
    "text",
    [
        "",
        "337501410190000",  # fifteen digits
        "33750141019000000",
        "3375014101900O00",
        "٣٣٧٥٠١٤١٠١٩٠٠٠٠٠",  # digits of another alphabet
        "0075014101900000",  # no such province
        "3375013201900000",  # the 32nd
        "3375017201900000",  # the 32nd, of a woman
        "3375010001900000",
        "3375011513900000",  # the 13th month
        "3375013002900000",  # the 30th of February
        "3375012902010000",  # no leap year in either century
    ],
)
def test_what_is_no_nik_is_refused(text: str) -> None:
    with pytest.raises(RuleError) as refused:
        read_nik(text)
    assert refused.value.code is Code.NIK_INVALID


def test_a_nik_may_be_written_in_groups() -> None:
    assert read_nik(" 337501 410190 0000 ").woman
