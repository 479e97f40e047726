"""Ladders: what is refused, and when each rung falls."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from permits.calendar import CalendarTooShort, Holiday
from permits.calendar_loader import load_calendar
from permits.escalation import Ladder, PlannedRung, Rung, next_rung, plan

CALENDAR = load_calendar()
WIB = ZoneInfo("Asia/Jakarta")
DUE = date(2026, 3, 27)
OPENED = datetime(2026, 3, 13, 9, 0, tzinfo=WIB)


def warning(code: str, working_days: int) -> Rung:
    return Rung(code=code, kind="warning", working_days=working_days, who="holder", channel="email")


def escalation(code: str, working_days: int) -> Rung:
    return Rung(code=code, kind="escalation", working_days=working_days, who="holder_head", channel="email")


LADDER = Ladder(
    rungs=(warning("ingat", -1), escalation("lewat", 0), escalation("koordinator", 1), escalation("kepala", 3)),
    last_resort="coordinator",
)

ladders = st.builds(
    lambda before, after: Ladder(
        rungs=tuple(warning(f"w{n}", offset) for n, offset in enumerate(sorted(before)))
        + tuple(escalation(f"e{n}", offset) for n, offset in enumerate(sorted(after))),
        last_resort="coordinator",
    ),
    st.lists(st.integers(-10, -1), min_size=1, max_size=4),
    st.lists(st.integers(0, 20), max_size=5),
)


def test_a_warning_falls_at_opening_and_an_escalation_at_close() -> None:
    planned = plan(LADDER, DUE, CALENDAR, OPENED)
    assert [(one.rung.code, one.at.astimezone(WIB).isoformat()) for one in planned] == [
        ("ingat", "2026-03-26T07:30:00+07:00"),
        ("lewat", "2026-03-27T14:30:00+07:00"),
        ("koordinator", "2026-03-30T16:00:00+07:00"),
        ("kepala", "2026-04-01T16:00:00+07:00"),
    ]


def test_a_rung_step_skips_holidays() -> None:
    far = Ladder(rungs=(warning("ingat", -3),), last_resort="coordinator")
    # Two working days before Friday the 27th lie Eid and its joint leave.
    assert plan(far, DUE, CALENDAR, OPENED)[0].at == datetime(2026, 3, 17, 7, 30, tzinfo=WIB)


def test_a_rung_before_the_task_was_opened_falls_at_its_opening() -> None:
    opened = datetime(2026, 3, 26, 11, 0, tzinfo=WIB)
    planned = plan(LADDER, DUE, CALENDAR, opened)
    assert [one.rung.code for one in planned] == ["ingat", "lewat", "koordinator", "kepala"]
    assert planned[0].at == opened


def test_rungs_that_fall_together_keep_the_order_of_the_ladder() -> None:
    long_after = datetime(2026, 4, 20, 9, 0, tzinfo=WIB)
    planned = plan(LADDER, DUE, CALENDAR, long_after)
    assert [one.rung.code for one in planned] == ["ingat", "lewat", "koordinator", "kepala"]
    assert {one.at for one in planned} == {long_after}


def test_a_changed_calendar_moves_the_rungs() -> None:
    changed = load_calendar(overrides=[Holiday(date=date(2026, 3, 30), name="Libur setempat", kind="office")])
    assert plan(LADDER, DUE, changed, OPENED)[2].at == datetime(2026, 3, 31, 16, 0, tzinfo=WIB)


def test_a_rung_beyond_the_calendar_is_refused() -> None:
    with pytest.raises(CalendarTooShort):
        plan(LADDER, date(2028, 12, 29), CALENDAR, OPENED)


@given(ladders, st.dates(date(2026, 2, 1), date(2026, 12, 31)), st.integers(-20, 20))
def test_every_rung_is_planned_once_in_order_and_never_before_opening(ladder: Ladder, day: date, lead: int) -> None:
    due = CALENDAR.shift(day, 0)
    opened = CALENDAR.opens_at(CALENDAR.shift(due, lead))
    planned = plan(ladder, due, CALENDAR, opened)
    assert [one.rung for one in planned] == list(ladder.rungs)
    assert [one.at for one in planned] == sorted(one.at for one in planned)
    assert all(one.at >= opened for one in planned)


def test_rungs_are_climbed_one_by_one_until_none_is_left() -> None:
    planned, fired, climbed = plan(LADDER, DUE, CALENDAR, OPENED), frozenset[str](), []
    while (rung := next_rung(planned, fired)) is not None:
        climbed.append(rung.rung.code)
        fired |= {rung.rung.code}
    assert climbed == ["ingat", "lewat", "koordinator", "kepala"]


def test_a_rung_that_was_fired_is_not_fired_again_after_a_replan() -> None:
    later = plan(LADDER, date(2026, 4, 7), CALENDAR, OPENED)
    upcoming = next_rung(later, frozenset({"ingat"}))
    assert upcoming is not None
    assert upcoming.rung.code == "lewat"


def test_plan_and_ladder_survive_json_unchanged() -> None:
    assert Ladder.model_validate_json(LADDER.model_dump_json()) == LADDER
    for one in plan(LADDER, DUE, CALENDAR, OPENED):
        assert PlannedRung.model_validate_json(one.model_dump_json()) == one


@pytest.mark.parametrize(
    ("rungs", "why"),
    [
        (lambda: (warning("a", 1),), "after the due date"),
        (lambda: (escalation("a", -1),), "cannot lie before"),
        (lambda: (escalation("a", 0), escalation("a", 1)), "same code"),
        (lambda: (escalation("a", 2), escalation("b", 1)), "not in order"),
        (lambda: (), "at least 1"),
    ],
)
def test_an_unsound_ladder_is_refused(rungs, why: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValidationError, match=why):
        Ladder(rungs=rungs(), last_resort="coordinator")
