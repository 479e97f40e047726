"""The working-day calendar against the decree, against plain counting, and as a value that travels."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from permits.calendar import CalendarTooShort, Holiday, OfficeHours, WorkingCalendar
from permits.calendar_loader import OfficeTableInvalid, load_calendar, load_office_calendar, read_office_table

CALENDAR = load_calendar()
days_2026 = st.dates(date(2026, 1, 1), date(2026, 12, 31))

NATIONAL_2026 = {
    (1, 1), (1, 16), (2, 17), (3, 19), (3, 21), (3, 22), (4, 3), (4, 5), (5, 1), (5, 14), (5, 27), (5, 31), (6, 1),
    (6, 16), (8, 17), (8, 25), (12, 25),
}  # fmt: skip
JOINT_LEAVE_2026 = {(2, 16), (3, 18), (3, 20), (3, 23), (3, 24), (5, 15), (5, 28), (12, 24)}


def dates_of(kind: str, year: int) -> set[tuple[int, int]]:
    return {(day.date.month, day.date.day) for day in CALENDAR.days if day.kind == kind and day.date.year == year}


def test_national_holidays_of_2026_are_those_of_the_decree() -> None:
    assert dates_of("national", 2026) == NATIONAL_2026


def test_joint_leave_of_2026_is_that_of_the_decree() -> None:
    assert dates_of("joint_leave", 2026) == JOINT_LEAVE_2026


def test_2026_has_240_working_days() -> None:
    assert CALENDAR.working_days_in_year(2026) == 240


@pytest.mark.parametrize(
    ("received_on", "due"),
    [("2026-03-13", "2026-03-27"), ("2026-03-17", "2026-03-31"), ("2026-05-13", "2026-05-22"),
     ("2026-12-22", "2026-12-31")],
)  # fmt: skip
def test_five_working_days_end_on_the_day_the_office_counts(received_on: str, due: str) -> None:
    assert CALENDAR.due_date(date.fromisoformat(received_on), 5).isoformat() == due


def test_joint_leave_of_2027_stops_the_count() -> None:
    # Nyepi, Eid and its joint leave fill 8 to 15 March 2027 but for the weekend.
    assert CALENDAR.due_date(date(2027, 3, 5), 1) == date(2027, 3, 16)
    assert {(3, 9), (3, 12), (3, 15), (12, 24)} <= dates_of("joint_leave", 2027)


def test_estimated_holidays_are_provisional_and_lose_their_mark() -> None:
    eid = CALENDAR.holiday(date(2027, 3, 10))
    assert eid is not None
    assert eid.provisional
    assert "perkiraan" not in eid.name
    assert not any(day.provisional for day in CALENDAR.days if day.date.year == 2026)


def test_a_promise_over_an_estimated_holiday_is_provisional() -> None:
    assert CALENDAR.is_provisional(date(2027, 3, 9), date(2027, 3, 16))
    assert not CALENDAR.is_provisional(date(2027, 3, 11), date(2027, 3, 16))
    assert not CALENDAR.is_provisional(date(2026, 1, 1), date(2026, 12, 31))


def test_a_year_without_a_decree_is_provisional_as_a_whole() -> None:
    assert CALENDAR.decreed_until == date(2027, 12, 31)
    assert CALENDAR.is_provisional(date(2027, 12, 30), date(2028, 1, 3))


def test_day_of_receipt_is_never_counted_working_day_or_not() -> None:
    assert CALENDAR.due_date(date(2026, 7, 6), 1) == date(2026, 7, 7)
    assert CALENDAR.due_date(date(2026, 7, 4), 1) == date(2026, 7, 6)
    assert CALENDAR.due_date(date(2026, 7, 5), 1) == date(2026, 7, 6)


def test_a_promise_of_no_days_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        CALENDAR.due_date(date(2026, 7, 6), 0)


@given(days_2026, st.integers(1, 60))
def test_due_date_equals_a_slow_count(received_on: date, working_days: int) -> None:
    day, left = received_on, working_days
    while left:
        day += timedelta(days=1)
        named = {holiday.date for holiday in CALENDAR.days}
        left -= int(day.weekday() < 5 and day not in named)
    assert CALENDAR.due_date(received_on, working_days) == day


@given(days_2026, st.integers(1, 60))
def test_due_date_moves_on_with_every_working_day_promised(received_on: date, working_days: int) -> None:
    assert CALENDAR.due_date(received_on, working_days) < CALENDAR.due_date(received_on, working_days + 1)


@given(days_2026, st.integers(1, 60))
def test_counting_back_from_the_due_date_gives_the_promise(received_on: date, working_days: int) -> None:
    due = CALENDAR.due_date(received_on, working_days)
    assert CALENDAR.is_working_day(due)
    assert CALENDAR.working_days_between(received_on, due) == working_days
    assert CALENDAR.working_days_between(due, received_on) == -working_days


@given(days_2026, st.integers(1, 60))
def test_shifting_forth_and_back_returns_to_a_working_day(day: date, working_days: int) -> None:
    start = CALENDAR.shift(day, 0)
    assert start >= day
    assert CALENDAR.shift(CALENDAR.shift(start, working_days), -working_days) == start


def test_shifting_from_a_free_day_takes_the_nearest_working_days() -> None:
    sunday = date(2026, 7, 5)
    assert CALENDAR.shift(sunday, -1) == date(2026, 7, 3)
    assert CALENDAR.shift(sunday, 0) == date(2026, 7, 6)
    assert CALENDAR.shift(sunday, 1) == date(2026, 7, 6)
    assert CALENDAR.shift(sunday, 2) == date(2026, 7, 7)


@given(days_2026, st.integers(1, 30))
def test_explanation_names_every_day_and_counts_to_the_promise(received_on: date, working_days: int) -> None:
    lines = CALENDAR.explain(received_on, working_days)
    assert [line.date for line in lines] == [received_on + timedelta(days=n) for n in range(len(lines))]
    assert lines[-1].date == CALENDAR.due_date(received_on, working_days)
    assert [line.ordinal for line in lines if line.counts] == list(range(1, working_days + 1))


def test_explanation_gives_the_reason_of_each_day() -> None:
    reasons = [(line.date.day, line.reason_code) for line in CALENDAR.explain(date(2026, 3, 13), 5)]
    assert reasons == [
        (13, "received"), (14, "weekend"), (15, "weekend"), (16, "counted"), (17, "counted"), (18, "joint_leave"),
        (19, "national"), (20, "joint_leave"), (21, "national"), (22, "national"), (23, "joint_leave"),
        (24, "joint_leave"), (25, "counted"), (26, "counted"), (27, "counted"),
    ]  # fmt: skip
    named = {line.date.day: line.name for line in CALENDAR.explain(date(2026, 3, 13), 5)}
    assert named[19] == "Hari Suci Nyepi"


def test_office_closes_at_four_and_on_fridays_at_half_past_two_in_jakarta() -> None:
    assert CALENDAR.closes_at(date(2026, 7, 6)) == datetime(2026, 7, 6, 9, 0, tzinfo=UTC)
    assert CALENDAR.closes_at(date(2026, 7, 10)) == datetime(2026, 7, 10, 7, 30, tzinfo=UTC)
    assert CALENDAR.opens_at(date(2026, 7, 6)) == datetime(2026, 7, 6, 0, 30, tzinfo=UTC)
    assert CALENDAR.due_at(date(2026, 7, 6), 1) == datetime(2026, 7, 7, 9, 0, tzinfo=UTC)
    assert CALENDAR.closes_at(date(2026, 7, 6)).utcoffset() == timedelta(0)


def test_city_day_begins_at_midnight_in_jakarta() -> None:
    assert CALENDAR.local_date(datetime(2026, 7, 5, 16, 59, tzinfo=UTC)) == date(2026, 7, 5)
    assert CALENDAR.local_date(datetime(2026, 7, 5, 17, 0, tzinfo=UTC)) == date(2026, 7, 6)


def test_an_instant_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        CALENDAR.local_date(datetime(2026, 7, 5, 12, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    "ask",
    [
        lambda calendar: calendar.is_working_day(date(2029, 1, 1)),
        lambda calendar: calendar.is_working_day(date(2024, 12, 31)),
        lambda calendar: calendar.due_date(date(2028, 12, 28), 5),
        lambda calendar: calendar.shift(date(2025, 1, 2), -2),
        lambda calendar: calendar.working_days_between(date(2028, 1, 1), date(2029, 1, 1)),
        lambda calendar: calendar.working_days_in_year(2029),
    ],
)
def test_days_beyond_the_calendar_are_refused(ask) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(CalendarTooShort) as refused:
        ask(CALENDAR)
    assert refused.value.code == "calendar-too-short"
    assert "2025-01-01 to 2028-12-31" in str(refused.value)


def test_the_offices_own_day_wins_over_the_national_table() -> None:
    moved = load_calendar(
        overrides=[
            Holiday(date=date(2026, 8, 25), name="Hari kerja pengganti", kind="working"),
            Holiday(date=date(2026, 8, 26), name="Maulid Nabi Muhammad (digeser)", kind="office"),
        ]
    )
    assert moved.is_working_day(date(2026, 8, 25))
    assert not moved.is_working_day(date(2026, 8, 26))
    assert moved.due_date(date(2026, 8, 24), 2) == date(2026, 8, 27)
    assert moved.version != CALENDAR.version


def test_the_later_of_two_own_entries_wins() -> None:
    saturday = date(2026, 7, 4)
    entries = [Holiday(date=saturday, name="Tutup", kind="office"), Holiday(date=saturday, name="Buka", kind="working")]
    assert load_calendar(overrides=entries).is_working_day(saturday)
    assert not load_calendar(overrides=reversed(entries)).is_working_day(saturday)


def test_a_declared_saturday_is_counted_and_named() -> None:
    saturday = Holiday(date=date(2026, 7, 4), name="Pelayanan Sabtu", kind="working")
    line = load_calendar(overrides=[saturday]).explain(date(2026, 7, 3), 1)[-1]
    assert (line.date, line.counts, line.reason_code, line.name) == (saturday.date, True, "counted", "Pelayanan Sabtu")


def test_equal_calendars_have_equal_versions_and_other_hours_another() -> None:
    assert load_calendar().version == CALENDAR.version
    assert load_calendar(hours=OfficeHours(close=time(15, 0))).version != CALENDAR.version


def test_calendar_survives_json_unchanged() -> None:
    assert WorkingCalendar.model_validate_json(CALENDAR.model_dump_json()) == CALENDAR


def test_reading_a_calendar_does_not_change_what_it_equals() -> None:
    read, unread = load_calendar(), WorkingCalendar.model_validate_json(CALENDAR.model_dump_json())
    read.is_working_day(date(2026, 1, 2))
    assert read == unread
    assert hash(read) == hash(unread)


def test_a_copy_with_other_days_counts_by_its_own_days() -> None:
    CALENDAR.is_working_day(date(2026, 7, 7))
    closed = Holiday(date=date(2026, 7, 7), name="Libur setempat", kind="office")
    days = tuple(sorted((*CALENDAR.days, closed), key=lambda holiday: holiday.date))
    assert not CALENDAR.model_copy(update={"days": days}).is_working_day(date(2026, 7, 7))


def test_a_window_answers_as_the_whole_calendar_does() -> None:
    window = CALENDAR.window(2026, 2027)
    assert (window.first, window.last, window.version) == (date(2026, 1, 1), date(2027, 12, 31), CALENDAR.version)
    assert window.due_date(date(2026, 12, 22), 9) == CALENDAR.due_date(date(2026, 12, 22), 9)
    assert len(window.model_dump_json()) < 6_000


def test_a_calendar_out_of_order_is_refused() -> None:
    twice = (Holiday(date=date(2026, 7, 7), name="Satu", kind="office"),) * 2
    with pytest.raises(ValidationError, match="each date once"):
        WorkingCalendar(version="x", first=date(2026, 1, 1), last=date(2026, 12, 31), days=twice)
    with pytest.raises(ValidationError, match="outside"):
        WorkingCalendar(version="x", first=date(2026, 8, 1), last=date(2026, 12, 31), days=twice[:1])
    with pytest.raises(ValidationError, match="ends before"):
        WorkingCalendar(version="x", first=date(2026, 8, 1), last=date(2026, 7, 31), days=())
    with pytest.raises(ValidationError, match="time zone"):
        WorkingCalendar(version="x", zone="Asia/Pekalongan", first=date(2026, 8, 1), last=date(2026, 8, 2), days=())


def test_office_hours_open_before_they_close() -> None:
    with pytest.raises(ValidationError, match="open before"):
        OfficeHours(open=time(15, 0))


def test_the_offices_shipped_table_is_sound_and_changes_no_day() -> None:
    assert read_office_table().hours == OfficeHours()
    assert load_office_calendar() == CALENDAR


def test_the_offices_table_is_read_with_hours_written_plainly(tmp_path: Path) -> None:
    table = tmp_path / "office.yaml"
    table.write_text(
        "hours: {open: 08:00, close: 15:00, friday_close: 14:00}\n"
        "days:\n  - {date: 2026-07-07, name: Hari Jadi Kota, kind: office}\n"
    )
    calendar = load_office_calendar(table=table)
    assert not calendar.is_working_day(date(2026, 7, 7))
    assert calendar.closes_at(date(2026, 7, 6)) == datetime(2026, 7, 6, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text", ["days: [", "days: 3", "days:\n  - {date: 2026-02-30, name: X, kind: office}", "day: []", "- 1", "\x00"]
)
def test_a_table_that_cannot_be_read_is_named(tmp_path: Path, text: str) -> None:
    table = tmp_path / "office.yaml"
    table.write_text(text)
    with pytest.raises(OfficeTableInvalid, match=r"office\.yaml"):
        read_office_table(table)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(OfficeTableInvalid, match=r"lost\.yaml"):
        read_office_table(tmp_path / "lost.yaml")
