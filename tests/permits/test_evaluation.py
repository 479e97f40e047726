"""The month-end numbers, worked out by hand across a pause and the Lebaran holidays, and kept in balance."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permits.calendar_loader import load_office_calendar
from permits.evaluation import (
    CaseFact,
    Facts,
    Flow,
    Month,
    Oldest,
    OpdFact,
    Outcome,
    ReasonFact,
    RungFact,
    TaskFact,
    evaluate,
    served_of,
)
from permits.sla import SlaClock
from permits.steps import Served

CALENDAR = load_office_calendar()
MARCH = Month.parse("2026-03")
AFTER = datetime(2026, 4, 1, 3, tzinfo=UTC)


def at(day: int, hour: int = 10, month: int = 3) -> datetime:
    """An hour of the office on a day of 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC) - timedelta(hours=7)


def a_case(number: str, received: datetime, finished: datetime | None = None, **fields: object) -> CaseFact:
    defaults: dict[str, object] = {
        "permit_type": "sip",
        "title": "Surat Izin",
        "outcome": "issued" if finished else None,
    }
    return CaseFact.model_validate(
        {**defaults, "number": number, "received_at": received, "finished_at": finished, **fields}
    )


def test_net_and_gross_are_counted_across_lebaran_and_a_repair() -> None:
    """Received Thursday 12 March; with the applicant from Monday 16 to Wednesday 25 March; issued Monday 30 March.

    Working days after the 12th: 13, 16, 17, 25, 26, 27, 30 (18 to 24 March are Nyepi, Lebaran, leave and a weekend).
    At the close of 16 and 17 the case lay with the applicant; on the 25th it came back in the morning. On the 30th the
    office has not closed yet at ten.
    """
    clock = SlaClock(received_on=date(2026, 3, 12), working_days=5).pause(at(16), "repair").resume(at(25))
    kept = served_of(a_case("a", at(12), at(30), promise=clock), CALENDAR)
    assert kept == Served(promised=5, gross=6, net=4, paused=2)
    line = evaluate(MARCH, AFTER, Facts(cases=(a_case("a", at(12), at(30), promise=clock),)), CALENDAR).total
    assert (line.served, line.in_time_net, line.in_time_gross) == (1, 1, 0)
    assert (line.net_days, line.gross_days, line.paused_days) == (4, 6, 2)


def test_what_was_recorded_at_the_issue_stands_though_the_calendar_has_changed_since() -> None:
    clock = SlaClock(received_on=date(2026, 3, 12), working_days=5)
    recorded = Served(promised=5, gross=9, net=7, paused=2)
    assert served_of(a_case("a", at(12), at(30), promise=clock, served=recorded), CALENDAR) == recorded


def test_a_month_counts_what_came_went_and_stayed() -> None:
    in_time = Served(promised=5, gross=5, net=4, paused=1)
    late = Served(promised=5, gross=8, net=6, paused=2)
    cases = (
        a_case("1", at(20, month=2), at(2), served=in_time),  # came before, went in the month
        a_case("2", at(2), at(9), served=late, outcome="rejected"),
        a_case("3", at(3), at(2, month=4), served=in_time),  # went after: still open at the end
        a_case("4", at(26), None, permit_type="reklame", title="Izin Reklame"),
        a_case("5", at(4), at(5), outcome="withdrawn"),
        a_case("6", at(4), at(6), outcome="lapsed", permit_type="reklame", title="Izin Reklame"),
        a_case("7", at(1, month=2), at(27, month=2), served=in_time),  # all before
        a_case("8", at(1, month=4), None),  # all after
    )
    found = evaluate(MARCH, AFTER, Facts(cases=cases), CALENDAR)
    total = found.total
    assert (total.open_before, total.received, total.finished, total.open_at_end) == (1, 5, 4, 2)
    assert (total.issued, total.rejected, total.withdrawn, total.lapsed) == (1, 1, 1, 1)
    assert (total.served, total.in_time_net, total.in_time_gross) == (2, 1, 1)
    # 3 March to 31 March: 4-6, 9-13, 16, 17, 25-27, 30, 31.
    assert total.oldest == Oldest(number="3", since=date(2026, 3, 3), working_days=15)
    assert [(line.permit_type, line.received, line.open_at_end) for line in found.types] == [
        ("reklame", 2, 1),
        ("sip", 3, 1),
    ]


def test_a_case_finished_in_the_last_minute_of_the_month_is_of_that_month_and_one_minute_later_of_the_next() -> None:
    last = datetime(2026, 3, 31, 16, 59, 59, tzinfo=UTC)  # 23.59.59 WIB
    inside, outside = a_case("1", at(2), last), a_case("2", at(2), last + timedelta(seconds=1))
    march = evaluate(MARCH, AFTER, Facts(cases=(inside, outside)), CALENDAR).total
    april = evaluate(Month.parse("2026-04"), at(30, 10, 4), Facts(cases=(inside, outside)), CALENDAR).total
    assert (march.finished, march.open_at_end) == (1, 1)
    assert (april.open_before, april.received, april.finished, april.open_at_end) == (1, 0, 1, 0)


def test_in_the_middle_of_a_month_what_comes_later_has_not_happened() -> None:
    cases = (a_case("1", at(2), at(20)), a_case("2", at(16), None))
    found = evaluate(MARCH, at(10), Facts(cases=cases), CALENDAR)
    assert (found.total.received, found.total.finished, found.total.open_at_end) == (1, 0, 1)
    assert found.as_of == at(10)


def test_desks_and_agencies_are_counted_apart() -> None:
    tasks = (
        TaskFact(
            id="1",
            number="1",
            role="back_office",
            field="kesehatan",
            opened_at=at(2),
            due_at=at(3, 16),
            closed_at=at(3),
            decided=True,
        ),
        TaskFact(
            id="2",
            number="2",
            role="back_office",
            field="kesehatan",
            opened_at=at(2),
            due_at=at(3, 16),
            closed_at=at(4),
            decided=True,
        ),
        TaskFact(
            id="3",
            number="3",
            role="back_office",
            field="penelitian",
            opened_at=at(2),
            due_at=at(3, 16),
            closed_at=at(4),
        ),
        TaskFact(id="4", number="4", role="front_office", opened_at=at(16), due_at=at(17, 16)),
    )
    opds = (
        # Due Monday 16, answered Wednesday 25 in the morning: 13, 16 and 17 had closed, the 17th too late.
        OpdFact(
            number="1",
            opd="bappeda",
            name="Bappeda",
            asked_at=at(12),
            due_at=at(16, 16),
            answered_at=at(25),
            answered=True,
        ),
        OpdFact(
            number="2",
            opd="bappeda",
            name="Bappeda",
            asked_at=at(12),
            due_at=at(16, 16),
            answered_at=at(13),
            answered=True,
        ),
        OpdFact(
            number="3",
            opd="bappeda",
            name="Bappeda",
            asked_at=at(12),
            due_at=at(16, 16),
            answered_at=at(13),
            answered=False,
        ),
        OpdFact(number="4", opd="dinkes", name="Dinas Kesehatan", asked_at=at(27), due_at=at(30, 16)),
    )
    rung = RungFact(
        at=at(16, 16),
        number="1",
        task="x",
        role="opd",
        opd="bappeda",
        kind="escalation",
        rung="holder",
        who="holder",
        stage="Rekomendasi",
        holder="Bappeda",
    )
    desk_rung = rung.model_copy(update={"role": "front_office", "opd": None, "task": "4"})
    found = evaluate(MARCH, AFTER, Facts(tasks=tasks, opds=opds, rungs=(rung, desk_rung)), CALENDAR)
    desks = {(one.role, one.field): one for one in found.desks}
    health = desks["back_office", "kesehatan"]
    assert (health.received, health.decided, health.in_time, health.open_at_end) == (2, 2, 1, 0)
    assert (desks["back_office", "penelitian"].cancelled, desks["back_office", "penelitian"].decided) == (1, 0)
    front = desks["front_office", None]
    assert (front.open_at_end, front.rungs, front.oldest) == (
        1,
        1,
        Oldest(number="4", since=date(2026, 3, 16), working_days=6),
    )
    bappeda, dinkes = found.opds
    assert (bappeda.received, bappeda.answered, bappeda.ended, bappeda.in_time) == (3, 2, 1, 1)
    assert (bappeda.used_days, bappeda.late_days, bappeda.rungs) == (3, 1, 1)
    assert (dinkes.open_at_end, dinkes.rungs) == (1, 0)


def test_reasons_are_counted_by_code() -> None:
    given_ = [ReasonFact(at=at(day), kind="document", code="expired") for day in (2, 3)]
    given_ += [
        ReasonFact(at=at(2), kind="return", code="other"),
        ReasonFact(at=at(2, month=4), kind="return", code="other"),
    ]
    found = evaluate(MARCH, AFTER, Facts(reasons=tuple(given_)), CALENDAR)
    assert [(one.kind, one.code, one.times) for one in found.reasons] == [
        ("document", "expired", 2),
        ("return", "other", 1),
    ]


def test_a_month_without_any_case_is_nihil() -> None:
    found = evaluate(MARCH, AFTER, Facts(cases=(a_case("1", at(1, month=2), at(2, month=2)),)), CALENDAR)
    assert found.nihil
    assert (found.types, found.desks, found.opds) == ((), (), ())
    assert not evaluate(MARCH, AFTER, Facts(cases=(a_case("1", at(1, month=2)),)), CALENDAR).nihil


@pytest.mark.parametrize(
    ("day", "before"), [(date(2026, 1, 1), "2025-12"), (date(2026, 3, 1), "2026-02"), (date(2026, 12, 31), "2026-11")]
)
def test_the_month_before(day: date, before: str) -> None:
    assert str(Month.before(day)) == before


@pytest.mark.parametrize("text", ["2026-13", "2026-3", "", "03-2026", "2026-03-01"])
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"month|isoformat|Invalid"):
        Month.parse(text)


instants = st.integers(0, 143 * 24 * 60).map(
    lambda minutes: datetime(2026, 1, 5, tzinfo=UTC) + timedelta(minutes=minutes)
)
outcomes: st.SearchStrategy[Outcome] = st.sampled_from(["issued", "rejected", "withdrawn", "lapsed"])


@st.composite
def lives(draw: st.DrawFn) -> tuple[datetime, datetime | None]:
    began = draw(instants)
    lasted = draw(st.none() | st.timedeltas(timedelta(0), timedelta(days=60)))
    return began, began + lasted if lasted is not None else None


@st.composite
def cases(draw: st.DrawFn) -> CaseFact:
    began, ended = draw(lives())
    return a_case(
        f"{draw(st.integers(0, 10**6))}",
        began,
        ended,
        permit_type=draw(st.sampled_from(["a", "b", "c"])),
        outcome=draw(outcomes) if ended else None,
        promise=SlaClock(received_on=CALENDAR.local_date(began), working_days=draw(st.integers(1, 30))),
    )


@st.composite
def tasks(draw: st.DrawFn) -> TaskFact:
    began, ended = draw(lives())
    role = draw(st.sampled_from(["front_office", "back_office"]))
    field = draw(st.sampled_from(["kesehatan", "penelitian"])) if role == "back_office" else None
    return TaskFact(
        id=f"{draw(st.integers())}",
        number="n",
        role=role,
        field=field,
        opened_at=began,
        due_at=began + timedelta(days=2),
        closed_at=ended,
        decided=draw(st.booleans()),
    )


@st.composite
def requests(draw: st.DrawFn) -> OpdFact:
    began, ended = draw(lives())
    return OpdFact(
        number="n",
        opd=draw(st.sampled_from(["x", "y"])),
        name="Dinas",
        asked_at=began,
        due_at=began + timedelta(days=2),
        answered_at=ended,
        answered=draw(st.booleans()),
    )


def balanced(line: Flow) -> bool:
    return line.open_before + line.received == line.finished + line.open_at_end


@given(st.lists(cases(), max_size=12), st.lists(tasks(), max_size=12), st.lists(requests(), max_size=12), instants)
def test_every_line_is_in_balance_and_the_lines_add_up(
    some: list[CaseFact], more: list[TaskFact], asked: list[OpdFact], as_of: datetime
) -> None:
    facts = Facts(cases=tuple(some), tasks=tuple(more), opds=tuple(asked))
    found = evaluate(MARCH, max(as_of, at(1)), facts, CALENDAR)
    for line in (found.total, *found.types, *found.desks, *found.opds):
        assert balanced(line), line
        assert (line.oldest is None) == (line.open_at_end == 0)
    summed = (
        "open_before",
        "received",
        "finished",
        "open_at_end",
        "issued",
        "rejected",
        "withdrawn",
        "lapsed",
        "served",
        "in_time_net",
        "in_time_gross",
        "net_days",
        "gross_days",
        "paused_days",
    )
    for name in summed:
        assert sum(getattr(line, name) for line in found.types) == getattr(found.total, name), name
    for line in (found.total, *found.types):
        assert line.issued + line.rejected + line.withdrawn + line.lapsed == line.finished
        assert line.in_time_gross <= line.in_time_net <= line.served == line.issued + line.rejected
        assert line.net_days + line.paused_days == line.gross_days
    assert all(line.decided + line.cancelled == line.finished and line.in_time <= line.decided for line in found.desks)
    assert all(line.answered + line.ended == line.finished and line.in_time <= line.answered for line in found.opds)


@given(st.lists(cases(), max_size=12))
def test_what_one_month_leaves_open_is_what_the_next_begins_with(some: list[CaseFact]) -> None:
    later = datetime(2026, 6, 1, tzinfo=UTC)
    march = evaluate(MARCH, later, Facts(cases=tuple(some)), CALENDAR).total
    april = evaluate(Month.parse("2026-04"), later, Facts(cases=tuple(some)), CALENDAR).total
    assert march.open_at_end == april.open_before


@given(st.lists(cases(), max_size=8))
def test_the_order_of_the_facts_changes_nothing_but_titles(some: list[CaseFact]) -> None:
    there = evaluate(MARCH, AFTER, Facts(cases=tuple(some)), CALENDAR)
    back = evaluate(MARCH, AFTER, Facts(cases=tuple(reversed(some))), CALENDAR)
    assert there == back
