"""The promise's clock: pauses, extensions, re-plans, and its agreement with a count by hand."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from permits.calendar import Holiday
from permits.calendar_loader import load_calendar
from permits.sla import Pause, SlaClock, SlaError

CALENDAR = load_calendar()
WIB = ZoneInfo("Asia/Jakarta")
MONDAY = date(2026, 7, 6)


def at(day: int, hour: int = 10, minute: int = 0) -> datetime:
    """An instant of July 2026 in the office's zone."""
    return datetime(2026, 7, 1, hour, minute, tzinfo=WIB) + timedelta(days=day - 1)


def clock(working_days: int = 5) -> SlaClock:
    return SlaClock(received_on=MONDAY, working_days=working_days)


@st.composite
def histories(draw: st.DrawFn) -> tuple[SlaClock, datetime]:
    """A clock with pauses at any minute, perhaps open, and a now after the last of them."""
    base = draw(st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 1))).replace(tzinfo=WIB)  # noqa: DTZ001
    built = SlaClock(received_on=CALENDAR.local_date(base), working_days=draw(st.integers(1, 30)))
    instant = base
    for step in draw(st.lists(st.integers(0, 12 * 24 * 4), max_size=7)):
        # Quarters of an hour, so that a step falls on an opening or a close now and then.
        instant = instant.replace(minute=instant.minute // 15 * 15, second=0, microsecond=0)
        instant += timedelta(minutes=15 * step)
        built = built.resume(instant) if built.is_paused else built.pause(instant, "repair")
    for added in draw(st.lists(st.integers(1, 5), max_size=2)):
        built = built.extend(added, "survei ulang")
    return built, instant + timedelta(minutes=draw(st.integers(0, 20 * 24 * 60)))


def lies_with_applicant(clock: SlaClock, instant: datetime, now: datetime) -> bool:
    """Slow reference: whether a pause covers the instant; an open one lasts until now."""
    return any(
        pause.paused_at <= instant and (instant < pause.resumed_at if pause.resumed_at else instant <= now)
        for pause in clock.pauses
    )


def slow_due_date(clock: SlaClock, now: datetime) -> date:
    day, left = clock.received_on, clock.promised_working_days
    while left:
        day += timedelta(days=1)
        if CALENDAR.is_working_day(day) and not lies_with_applicant(clock, CALENDAR.closes_at(day), now):
            left -= 1
    return day


@given(histories())
def test_due_date_equals_a_slow_count_day_by_day(history: tuple[SlaClock, datetime]) -> None:
    built, now = history
    assert built.due_date(CALENDAR, now) == slow_due_date(built, now)


@given(histories())
def test_net_days_equal_a_slow_count_and_net_plus_paused_is_gross(history: tuple[SlaClock, datetime]) -> None:
    built, now = history
    day, gross, paused = built.received_on, 0, 0
    while CALENDAR.closes_at(day + timedelta(days=1)) <= now:
        day += timedelta(days=1)
        if CALENDAR.is_working_day(day):
            gross += 1
            paused += lies_with_applicant(built, CALENDAR.closes_at(day), now)
    assert built.gross_working_days(CALENDAR, now) == gross
    assert built.paused_working_days(CALENDAR, now) == paused
    assert built.net_working_days(CALENDAR, now) == gross - paused
    assert built.remaining(CALENDAR, now) == built.promised_working_days - gross + paused


@given(histories())
def test_nothing_is_left_exactly_when_the_due_close_has_come(history: tuple[SlaClock, datetime]) -> None:
    built, now = history
    assert (built.remaining(CALENDAR, now) <= 0) == (now >= built.due_at(CALENDAR, now))


@given(histories(), st.integers(1, 5))
def test_due_date_is_later_for_every_day_promised_or_added(history: tuple[SlaClock, datetime], more: int) -> None:
    built, now = history
    longer = SlaClock(
        received_on=built.received_on,
        working_days=built.working_days + more,
        pauses=built.pauses,
        extensions=built.extensions,
    )
    assert longer.due_date(CALENDAR, now) > built.due_date(CALENDAR, now)
    assert built.extend(more, "cuaca").due_date(CALENDAR, now) == longer.due_date(CALENDAR, now)


@given(histories())
def test_a_pause_never_brings_the_due_date_forward(history: tuple[SlaClock, datetime]) -> None:
    built, now = history
    unpaused = SlaClock(received_on=built.received_on, working_days=built.working_days, extensions=built.extensions)
    assert built.due_date(CALENDAR, now) >= unpaused.due_date(CALENDAR, now)


@given(histories())
def test_explanation_counts_to_the_promise_and_shows_each_paused_day(history: tuple[SlaClock, datetime]) -> None:
    built, now = history
    lines = built.explain(CALENDAR, now)
    assert [line.ordinal for line in lines if line.counts] == list(range(1, built.promised_working_days + 1))
    assert lines[-1].date == built.due_date(CALENDAR, now)
    for line in lines[1:]:
        lost = lies_with_applicant(built, CALENDAR.closes_at(line.date), now) and CALENDAR.is_working_day(line.date)
        assert (line.reason_code == "paused") == lost


@given(histories())
def test_clock_survives_json_unchanged(history: tuple[SlaClock, datetime]) -> None:
    built, _ = history
    assert SlaClock.model_validate_json(built.model_dump_json()) == built


@given(st.integers(0, 15 * 60 + 59), st.integers(0, 15 * 60 + 59), st.integers(7, 10))
def test_a_repair_within_the_same_day_costs_nothing(one: int, other: int, day: int) -> None:
    begin, end = sorted((one, other))
    repaired = clock().pause(at(day, 0) + timedelta(minutes=begin), "repair")
    repaired = repaired.resume(at(day, 0) + timedelta(minutes=end))
    # Friday closes at 14:30: a repair over that hour is over the close, and does cost the day.
    if day != 10 or begin > 14 * 60 + 30 or end <= 14 * 60 + 30:
        assert repaired.due_date(CALENDAR, at(20)) == clock().due_date(CALENDAR, at(20))
    else:
        assert repaired.due_date(CALENDAR, at(20)) == CALENDAR.shift(clock().due_date(CALENDAR, at(20)), 1)


def test_clock_stops_while_applicant_repairs_documents() -> None:
    paused = clock().pause(at(7, 15), "repair")
    assert paused.is_paused
    resumed = paused.resume(at(9, 9))
    assert not resumed.is_paused
    # The closes of the 7th and 8th fall into the pause: 13 July becomes 15 July.
    assert clock().due_date(CALENDAR, at(9)) == date(2026, 7, 13)
    assert resumed.due_date(CALENDAR, at(9)) == date(2026, 7, 15)


def test_close_belongs_to_the_pause_that_begins_with_it_and_not_to_the_one_that_ends_with_it() -> None:
    def due(paused_at: datetime, resumed_at: datetime) -> date:
        return clock().pause(paused_at, "repair").resume(resumed_at).due_date(CALENDAR, at(20))

    assert due(at(7, 10), at(7, 16)) == date(2026, 7, 13)
    assert due(at(7, 16), at(7, 17)) == date(2026, 7, 14)
    assert due(at(7, 16, 1), at(8, 15, 59)) == date(2026, 7, 13)


def test_a_pause_over_a_weekend_costs_only_its_working_days() -> None:
    over_weekend = clock().pause(at(10, 10), "repair").resume(at(13, 8))
    assert over_weekend.due_date(CALENDAR, at(13, 8)) == date(2026, 7, 14)


def test_an_open_pause_counts_as_if_it_ended_now() -> None:
    paused = clock().pause(at(7, 10), "retribution")
    assert paused.due_date(CALENDAR, at(7, 11)) == date(2026, 7, 13)
    assert paused.due_date(CALENDAR, at(7, 15, 59)) == date(2026, 7, 13)
    assert paused.due_date(CALENDAR, at(7, 16)) == date(2026, 7, 14)
    assert paused.due_date(CALENDAR, at(9, 17)) == date(2026, 7, 16)
    assert paused.resume(at(9, 17)).due_date(CALENDAR, at(9, 17)) == date(2026, 7, 16)


def test_days_late_are_shown_as_a_negative_remainder() -> None:
    assert clock().remaining(CALENDAR, at(6)) == 5
    assert clock().remaining(CALENDAR, at(13, 15, 59)) == 1
    assert clock().remaining(CALENDAR, at(13, 16)) == 0
    assert clock().remaining(CALENDAR, at(15, 17)) == -2
    assert not clock().is_overdue(CALENDAR, at(13, 16))
    assert clock().is_overdue(CALENDAR, at(13, 16, 1))


def test_a_pause_after_the_due_date_adds_no_lateness() -> None:
    late = clock(1).pause(at(8, 10), "repair")
    assert late.due_date(CALENDAR, at(10, 17)) == date(2026, 7, 7)
    assert late.remaining(CALENDAR, at(10, 17)) == 0


def test_nothing_is_used_up_before_the_first_day_after_receipt_closes() -> None:
    assert clock().gross_working_days(CALENDAR, at(6, 23)) == 0
    assert clock().gross_working_days(CALENDAR, at(4)) == 0


def test_another_calendar_gives_another_date_from_the_same_facts() -> None:
    paused = clock().pause(at(7, 10), "repair").resume(at(8, 10))
    replanned = load_calendar(overrides=[Holiday(date=date(2026, 7, 7), name="Libur setempat", kind="office")])
    # The 7th was lost to the repair already; as a holiday it is lost once, not twice.
    assert paused.due_date(CALENDAR, at(9)) == paused.due_date(replanned, at(9)) == date(2026, 7, 14)
    assert paused.explain(replanned, at(9))[1].reason_code == "office"
    longer = load_calendar(overrides=[Holiday(date=date(2026, 7, 9), name="Libur setempat", kind="office")])
    assert paused.due_date(longer, at(9)) == date(2026, 7, 15)


def test_explanation_names_holidays_and_the_reason_of_the_pause() -> None:
    built = SlaClock(received_on=date(2026, 8, 13), working_days=2).pause(
        datetime(2026, 8, 14, 9, tzinfo=WIB), "repair"
    )
    lines = built.resume(datetime(2026, 8, 18, 9, tzinfo=WIB)).explain(CALENDAR, datetime(2026, 8, 18, 9, tzinfo=WIB))
    assert [(line.date.day, line.reason_code, line.name, line.ordinal) for line in lines] == [
        (13, "received", "", None),
        (14, "paused", "repair", None),
        (15, "weekend", "", None),
        (16, "weekend", "", None),
        (17, "national", "Hari Kemerdekaan Republik Indonesia", None),
        (18, "counted", "", 1),
        (19, "counted", "", 2),
    ]


def test_pausing_twice_and_resuming_a_running_clock_are_refused() -> None:
    paused = clock().pause(at(7), "repair")
    with pytest.raises(SlaError) as twice:
        paused.pause(at(8), "repair")
    with pytest.raises(SlaError) as running:
        clock().resume(at(8))
    assert (twice.value.code, running.value.code) == ("already-paused", "not-paused")


def test_a_clock_that_would_run_backwards_is_refused() -> None:
    paused = clock().pause(at(8), "repair")
    with pytest.raises(SlaError) as resumed:
        paused.resume(at(7))
    with pytest.raises(SlaError) as again:
        paused.resume(at(9)).pause(at(8, 12), "repair")
    assert resumed.value.code == again.value.code == "clock-runs-backwards"


def test_a_change_leaves_the_clock_it_was_made_from_as_it_was() -> None:
    before = clock()
    before.pause(at(7), "repair")
    before.extend(2, "survei ulang")
    assert before == clock()


def test_pauses_that_overlap_or_end_before_they_begin_are_refused() -> None:
    first = Pause(paused_at=at(7), reason_code="repair", resumed_at=at(9))
    with pytest.raises(ValidationError, match="before the one before it"):
        SlaClock(received_on=MONDAY, working_days=5, pauses=(first, Pause(paused_at=at(8), reason_code="repair")))
    with pytest.raises(ValidationError, match="ends before it begins"):
        SlaClock(
            received_on=MONDAY,
            working_days=5,
            pauses=(Pause(paused_at=at(9), reason_code="repair", resumed_at=at(8)),),
        )
