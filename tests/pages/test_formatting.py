"""Dates, times and codes as people in Pekalongan read them."""

from datetime import UTC, date, datetime

import pytest

from api.pages import formatting

EVENING_UTC = datetime(2026, 12, 7, 18, 5, tzinfo=UTC)


def test_an_instant_is_read_in_western_indonesia() -> None:
    assert formatting.moment(EVENING_UTC) == "Selasa 8 Desember 2026 pukul 01.05 WIB"
    assert formatting.short_moment(EVENING_UTC) == "Selasa 8 Desember, 01.05 WIB"
    assert formatting.full_date(EVENING_UTC) == "Selasa 8 Desember 2026"


def test_a_day_needs_no_zone() -> None:
    assert formatting.full_date(date(2026, 5, 22)) == "Jumat 22 Mei 2026"
    assert formatting.plain_date(date(2026, 5, 22)) == "22 Mei 2026"
    assert formatting.day_month(date(2026, 8, 17)) == "Senin 17 Agustus"
    assert formatting.day_month_short(date(2026, 8, 17)) == "Senin 17 Agu"


@pytest.mark.parametrize("say", [formatting.moment, formatting.full_date, formatting.clock_time])
def test_an_instant_without_zone_is_refused(say: object) -> None:
    assert callable(say)
    with pytest.raises(ValueError, match="without zone"):
        say(datetime(2026, 1, 1, 8, 0))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("day", "words"),
    [(8, "hari ini"), (9, "besok"), (10, "lusa"), (12, "4 hari lagi"), (7, "kemarin"), (3, "5 hari yang lalu")],
)
def test_a_near_day_is_said_from_now(day: int, words: str) -> None:
    assert formatting.relative_day(date(2026, 12, day), EVENING_UTC) == words


def test_counts_money_and_codes_have_one_form() -> None:
    assert formatting.working_days(3) == "3 hari kerja"
    assert formatting.rupiah(1_995_000) == "Rp1.995.000"
    assert formatting.grouped("7Q2MZK4XWB3FJ5T8") == "7Q2M ZK4X WB3F J5T8"
    assert formatting.file_size(4_200_000) == "4,2 MB"
    assert formatting.file_size(12) == "1 kB"


def test_a_holiday_is_named() -> None:
    assert formatting.day_reason("national", "Hari Buruh Internasional") == "libur nasional: Hari Buruh Internasional"
    assert formatting.day_reason("weekend") == "akhir pekan"
