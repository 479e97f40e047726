"""Office time and real time: the same at real pace, an exact and orderly mapping when compressed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from permits.calendar import CalendarTooShort
from permits.calendar_loader import load_calendar
from permits.pace import Pace

CALENDAR = load_calendar()
WIB = ZoneInfo("Asia/Jakarta")
SUNDAY = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
MONDAY = date(2026, 3, 16)
PACE = Pace.compressed(10, MONDAY, SUNDAY)

seconds = st.floats(0.05, 3600)
real_offsets = st.integers(-50 * 10**6, 400 * 10**6)
office_instants = st.datetimes(datetime(2026, 1, 5), datetime(2026, 12, 1)).map(  # noqa: DTZ001
    lambda naive: naive.replace(tzinfo=WIB)
)


def after(real_seconds: float) -> datetime:
    return SUNDAY + timedelta(seconds=real_seconds)


def test_real_pace_changes_no_instant() -> None:
    night = datetime(2026, 3, 19, 23, 0, tzinfo=WIB)
    assert Pace.real().is_real
    assert Pace.real().office_time(night, CALENDAR) == night == Pace.real().real_time(night, CALENDAR)


def test_a_compressed_day_runs_from_opening_to_close_in_its_seconds() -> None:
    assert PACE.office_time(after(0), CALENDAR) == datetime(2026, 3, 16, 7, 30, tzinfo=WIB)
    assert PACE.office_time(after(5), CALENDAR) == datetime(2026, 3, 16, 11, 45, tzinfo=WIB)
    assert PACE.office_time(after(10), CALENDAR) == datetime(2026, 3, 17, 7, 30, tzinfo=WIB)


def test_holidays_take_no_real_time() -> None:
    # 16 and 17 March are followed by Nyepi, Eid and joint leave until the 24th.
    assert PACE.office_time(after(20), CALENDAR) == datetime(2026, 3, 25, 7, 30, tzinfo=WIB)
    assert PACE.real_time(datetime(2026, 3, 27, 14, 30, tzinfo=WIB), CALENDAR) == after(50)


@pytest.mark.parametrize(
    ("office", "real_seconds"),
    [
        (datetime(2026, 3, 16, 3, 0, tzinfo=WIB), 0),
        (datetime(2026, 3, 16, 7, 30, tzinfo=WIB), 0),
        (datetime(2026, 3, 16, 16, 0, tzinfo=WIB), 10),
        (datetime(2026, 3, 16, 20, 0, tzinfo=WIB), 10),
        (datetime(2026, 3, 17, 6, 0, tzinfo=WIB), 10),
        (datetime(2026, 3, 20, 12, 0, tzinfo=WIB), 20),
        (datetime(2026, 3, 13, 14, 30, tzinfo=WIB), 0),
        (datetime(2026, 3, 13, 7, 30, tzinfo=WIB), -10),
    ],
)
def test_nights_and_holidays_fall_on_the_seam_of_their_working_days(office: datetime, real_seconds: int) -> None:
    assert PACE.real_time(office, CALENDAR) == after(real_seconds)


@given(seconds, real_offsets, real_offsets)
def test_office_time_never_runs_backwards(length: float, one: int, other: int) -> None:
    pace = Pace.compressed(length + 0.5, MONDAY, SUNDAY)
    earlier, later = (SUNDAY + timedelta(microseconds=offset // 2) for offset in sorted((one, other)))
    assert pace.office_time(earlier, CALENDAR) <= pace.office_time(later, CALENDAR)


@given(seconds, office_instants, office_instants)
def test_real_time_never_runs_backwards(length: float, one: datetime, other: datetime) -> None:
    pace = Pace.compressed(length, MONDAY, SUNDAY)
    earlier, later = sorted((one, other))
    assert pace.real_time(earlier, CALENDAR) <= pace.real_time(later, CALENDAR)


@given(seconds, real_offsets)
def test_real_time_of_an_office_time_is_the_real_instant_itself(length: float, offset: int) -> None:
    pace = Pace.compressed(length + 0.5, MONDAY, SUNDAY)
    real = SUNDAY + timedelta(microseconds=offset // 2)
    office = pace.office_time(real, CALENDAR)
    assert pace.real_time(office, CALENDAR) == real
    day = CALENDAR.local_date(office)
    assert CALENDAR.is_working_day(day)
    assert CALENDAR.opens_at(day) <= office <= CALENDAR.closes_at(day)


@given(seconds, office_instants)
def test_a_wait_for_an_office_instant_never_ends_before_it(length: float, office: datetime) -> None:
    pace = Pace.compressed(length, MONDAY, SUNDAY)
    real = pace.real_time(office, CALENDAR)
    assert pace.office_time(real, CALENDAR) >= office
    assert pace.office_time(real - timedelta(microseconds=1), CALENDAR) < max(office, pace.office_time(real, CALENDAR))


def test_a_compressed_run_beyond_the_calendar_is_refused() -> None:
    for far in (timedelta(seconds=10 * 800), timedelta(days=20_000), -timedelta(seconds=10 * 400)):
        with pytest.raises(CalendarTooShort):
            PACE.office_time(SUNDAY + far, CALENDAR)


def test_an_office_date_that_is_no_working_day_is_refused() -> None:
    nyepi = Pace.compressed(10, date(2026, 3, 19), SUNDAY)
    for convert in (nyepi.office_time, nyepi.real_time):
        with pytest.raises(ValueError, match="working day"):
            convert(SUNDAY, CALENDAR)


def test_an_instant_without_zone_is_refused() -> None:
    for pace in (PACE, Pace.real()):
        for convert in (pace.office_time, pace.real_time):
            with pytest.raises(ValueError, match="zone"):
                convert(datetime(2026, 3, 16, 8, 0), CALENDAR)  # noqa: DTZ001


def test_a_pace_is_whole_or_real() -> None:
    with pytest.raises(ValidationError, match="needs seconds"):
        Pace(seconds_per_working_day=10)
    with pytest.raises(ValidationError, match="needs seconds"):
        Pace(office_date=MONDAY, started_at=SUNDAY)
    for length in (0, -1, float("inf"), float("nan"), 1e-9):
        with pytest.raises(ValidationError):
            Pace.compressed(length, MONDAY, SUNDAY)


@given(seconds)
def test_pace_survives_json_unchanged(length: float) -> None:
    for pace in (Pace.real(), Pace.compressed(length, MONDAY, SUNDAY)):
        assert Pace.model_validate_json(pace.model_dump_json()) == pace
