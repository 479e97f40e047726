"""Letter numbers, application numbers and the codes people type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from permits.numbering import (
    AgendaEntry,
    ApplicationNumber,
    LetterNumber,
    NumberingError,
    NumberTemplate,
    audit_agenda,
    check_template,
    is_gapless,
    next_sequence,
    read_tracking_code,
    roman,
    show_tracking_code,
    tracking_code,
)

NUMBER = LetterNumber(series="SIPF", year=2026, sequence=7)


def entries(*states: str) -> list[AgendaEntry]:
    return [AgendaEntry.model_validate({"sequence": n, "state": state}) for n, state in enumerate(states, start=1)]


def test_a_letter_number_is_rendered_by_its_template() -> None:
    assert NUMBER.render("503.{series}/{sequence:04d}/{month_roman}/{year}", month=11) == "503.SIPF/0007/XI/2026"
    assert NUMBER.render("{sequence}/{month:02d}/{year}", month=3) == "7/03/2026"


def test_a_sequence_wider_than_its_form_is_written_in_full() -> None:
    wide = LetterNumber(series="SIPF", year=2026, sequence=12345)
    assert wide.render("{sequence:04d}/{year}", month=1) == "12345/2026"


@pytest.mark.parametrize(
    "template",
    [
        "503/{year}",
        "503/{sequence}",
        "{sequence}/{year}/{nik}",
        "{sequence.__class__}/{year}",
        "{sequence[0]}/{year}",
        "{sequence!r}/{year}",
        "{sequence:{year}}/{year}",
        "{sequence:0999999999d}/{year}",
        "{year:>9999}/{sequence}",
        "{sequence}/{year",
        "{}/{sequence}/{year}",
        "",
    ],
)
def test_an_unsound_template_is_refused(template: str) -> None:
    with pytest.raises(NumberingError) as refused:
        NUMBER.render(template, month=1)
    assert refused.value.code == "number-template-invalid"


def test_a_definition_refuses_an_unsound_template_when_it_is_read() -> None:
    class Form(BaseModel):
        number: NumberTemplate

    assert Form(number="{sequence}/{year}").number == check_template("{sequence}/{year}")
    with pytest.raises(ValidationError, match="needs sequence"):
        Form(number="503/{year}")


def test_months_are_written_in_roman_numerals() -> None:
    assert [roman(month) for month in (1, 4, 5, 9, 10, 12)] == ["I", "IV", "V", "IX", "X", "XII"]
    for month in (0, 13, -1):
        with pytest.raises(NumberingError):
            roman(month)


def test_the_next_number_follows_the_highest_ever_taken() -> None:
    assert next_sequence([]) == 1
    assert next_sequence([3, 1, 2]) == 4
    assert next_sequence([1, 2, 5]) == 6


@given(st.integers(0, 40))
def test_numbers_taken_one_after_another_leave_no_gap(count: int) -> None:
    taken: list[int] = []
    for _ in range(count):
        taken.append(next_sequence(taken))
    assert is_gapless(AgendaEntry(sequence=number, state="issued") for number in taken)


def test_a_register_is_gapless_when_every_number_is_issued_or_batal() -> None:
    assert is_gapless([])
    assert is_gapless(entries("issued", "batal", "issued"))
    assert is_gapless(reversed(entries("issued", "batal", "issued")))


def test_an_audit_names_what_is_missing_repeated_and_under_way() -> None:
    held = entries("issued", "issued", "batal", "taken", "issued")
    audit = audit_agenda([held[0], held[2], held[3], held[4], held[4]])
    assert (audit.missing, audit.repeated, audit.under_way) == ((2,), (5,), (4,))
    assert not audit.is_gapless
    for broken in ([held[1]], [held[0], held[0]], [*held[:3], held[3]]):
        assert not is_gapless(broken)


def test_an_application_number_is_written_and_read_back() -> None:
    number = ApplicationNumber(year=2026, sequence=123)
    assert str(number) == "PRM-2026-000123"
    assert ApplicationNumber.parse(" prm-2026-000123 ") == number


@given(st.integers(2000, 2999), st.integers(1, 999_999_999))
def test_every_application_number_survives_writing(year: int, sequence: int) -> None:
    number = ApplicationNumber(year=year, sequence=sequence)
    assert ApplicationNumber.parse(str(number)) == number


@pytest.mark.parametrize(
    "text",
    ["", "PRM-2026-123", "PRM-2026-000000", "PRM-1999-000001", "PRM-2026-0000123", "PRM-2026-000123\nx",
     "PRM-2026-٠٠٠١٢٣", "PRM-2026-000123-opd", "XXX-2026-000123"],
)  # fmt: skip
def test_what_is_no_application_number_is_refused(text: str) -> None:
    with pytest.raises(NumberingError) as refused:
        ApplicationNumber.parse(text)
    assert refused.value.code == "application-number-invalid"


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=10, max_size=10))
def test_different_random_bytes_give_different_codes(one: bytes, other: bytes) -> None:
    assert (tracking_code(one) == tracking_code(other)) == (one == other)


def test_a_code_has_sixteen_letters_and_none_that_looks_like_a_digit() -> None:
    assert tracking_code(bytes(10)) == "0" * 16
    assert tracking_code(b"\xff" * 10) == "Z" * 16
    assert tracking_code(bytes.fromhex("00443214c74254b635cf")) == "0123456789ABCDEF"
    with pytest.raises(ValueError, match="10 random bytes"):
        tracking_code(bytes(9))


@given(st.binary(min_size=10, max_size=10))
def test_a_code_is_read_as_people_type_it(random_bytes: bytes) -> None:
    code = tracking_code(random_bytes)
    assert not set(code) & set("OILU")
    assert read_tracking_code(f" {show_tracking_code(code).lower()} ") == code
    assert read_tracking_code(code.replace("0", "O").replace("1", "l")) == code


@pytest.mark.parametrize("text", ["", "0" * 15, "0" * 17, "U" * 16, "ı" * 16, "0" * 15 + "é", "0" * 15 + "/"])
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(NumberingError) as refused:
        read_tracking_code(text)
    assert refused.value.code == "tracking-code-invalid"


def test_numbers_survive_json_unchanged() -> None:
    application = ApplicationNumber(year=2026, sequence=1)
    assert LetterNumber.model_validate_json(NUMBER.model_dump_json()) == NUMBER
    assert ApplicationNumber.model_validate_json(application.model_dump_json()) == application
