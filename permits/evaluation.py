"""The month-end evaluation: what was received and finished, in time or not, where it waits, and who was told when.

Facts in, numbers out. All instants are office time and days are city calendar days. What happened after `as_of` has not
happened yet, so that a month can be evaluated again later and says the same. No name of an applicant stands in it.

A case is finished when its product is issued, or when it ends otherwise; from then on its delivery is not counted. In
every line what was open before plus what came in is what was finished plus what is still open.
"""

from __future__ import annotations

import calendar as months
from collections.abc import Callable, Hashable, Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from permits.calendar import WorkingCalendar
from permits.sla import SlaClock
from permits.steps import Served

Outcome = Literal["issued", "rejected", "withdrawn", "lapsed"]
ReasonKind = Literal["document", "return", "refusal"]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CaseFact(_Value):
    """One application."""

    number: str
    permit_type: str
    title: str
    received_at: AwareDatetime
    finished_at: AwareDatetime | None = None
    outcome: Outcome | None = None
    promise: SlaClock | None = None
    served: Served | None = None  # as kept at the issue; computed from the promise where it was not kept


class TaskFact(_Value):
    """One task of a desk of the office, or of the applicant."""

    id: str
    number: str
    role: str
    field: str | None = None  # of a back office
    opened_at: AwareDatetime
    due_at: AwareDatetime
    closed_at: AwareDatetime | None = None
    decided: bool = False  # False with `closed_at`: cancelled


class OpdFact(_Value):
    """One request to an agency."""

    number: str
    opd: str
    name: str
    asked_at: AwareDatetime
    due_at: AwareDatetime
    answered_at: AwareDatetime | None = None
    answered: bool = False  # False with `answered_at`: released or withdrawn
    used_days: int | None = None
    late_days: int | None = None


class Told(_Value):
    """A message that a rung made due, and the proof of its sending; nobody's name or address."""

    notice: str  # key in the outbox
    state: str  # pending, sent, failed
    sent_at: AwareDatetime | None = None  # real time
    message_id: str | None = None


class RungFact(_Value):
    """A rung that fell: who was to be told of which silence, when, and what was sent."""

    at: AwareDatetime
    number: str
    task: str
    role: str
    field: str | None = None
    opd: str | None = None
    kind: Literal["warning", "escalation", "last_resort"]
    rung: str
    who: str
    stage: str
    holder: str
    due_at: AwareDatetime | None = None
    told: tuple[Told, ...] = ()


class ReasonFact(_Value):
    """A coded reason that was given."""

    at: AwareDatetime
    kind: ReasonKind
    code: str


class Facts(_Value):
    """All that the store knows of a month; more than the month does no harm."""

    cases: tuple[CaseFact, ...] = ()
    tasks: tuple[TaskFact, ...] = ()
    opds: tuple[OpdFact, ...] = ()
    rungs: tuple[RungFact, ...] = ()
    reasons: tuple[ReasonFact, ...] = ()


class Oldest(_Value):
    """The longest open one."""

    number: str
    since: date
    working_days: int  # from that day, not counted itself, to the end of the evaluated time


class Flow(_Value):
    """What came, went and stayed: `open_before + received == finished + open_at_end`."""

    open_before: int = 0
    received: int = 0
    finished: int = 0
    open_at_end: int = 0
    oldest: Oldest | None = None


class TypeLine(Flow):
    """A permit type, or all of them. Days are sums over the cases counted in `served`, in working days."""

    permit_type: str
    title: str
    issued: int = 0
    rejected: int = 0
    withdrawn: int = 0
    lapsed: int = 0
    served: int = 0  # finished with a product
    in_time_net: int = 0  # without the days with the applicant
    in_time_gross: int = 0
    promised_days: int = 0
    net_days: int = 0
    gross_days: int = 0
    paused_days: int = 0  # with the applicant: repair and payment


class DeskLine(Flow):
    """A desk: a role, for the back office with its field. Finished is decided or cancelled."""

    role: str
    field: str | None
    decided: int = 0
    cancelled: int = 0
    in_time: int = 0  # of the decided
    rungs: int = 0


class OpdLine(Flow):
    """An agency. Finished is answered, released or withdrawn; days are sums over the answered."""

    opd: str
    name: str
    answered: int = 0
    ended: int = 0  # released or withdrawn
    in_time: int = 0  # of the answered
    used_days: int = 0
    late_days: int = 0
    rungs: int = 0


class ReasonLine(_Value):
    """How often a coded reason was given."""

    kind: ReasonKind
    code: str
    times: int


class Evaluation(_Value):
    """The evaluation of one month."""

    month: str = Field(pattern=r"^\d{4}-\d{2}$")
    first: date
    last: date
    as_of: AwareDatetime
    nihil: bool  # nothing was open, came or went
    total: TypeLine
    types: tuple[TypeLine, ...]
    desks: tuple[DeskLine, ...]
    opds: tuple[OpdLine, ...]
    rungs: tuple[RungFact, ...]
    reasons: tuple[ReasonLine, ...]


class Month(_Value):
    """A calendar month of the office."""

    first: date

    @classmethod
    def parse(cls, text: str) -> Month:
        """From `2026-03`. Raises ValueError."""
        if len(text) != 7:
            raise ValueError("a month is written as year and month")
        return cls(first=date.fromisoformat(f"{text}-01"))

    @classmethod
    def before(cls, day: date) -> Month:
        """The month before that of `day`."""
        year, month = divmod(day.year * 12 + day.month - 2, 12)
        return cls(first=date(year, month + 1, 1))

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first.replace(day=months.monthrange(self.first.year, self.first.month)[1])

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


def evaluate(month: Month, as_of: AwareDatetime, facts: Facts, calendar: WorkingCalendar) -> Evaluation:
    """The month as it stood at `as_of`, or at its end where that is earlier. Raises CalendarTooShort."""
    span = _Span(month, as_of, calendar)
    cases = [case for case in facts.cases if case.received_at <= span.until]
    types = [_type_line(span, group) for group in _groups(cases, lambda one: one.permit_type)]
    rungs = sorted((rung for rung in facts.rungs if span.holds(rung.at)), key=lambda one: (one.at, one.task, one.rung))
    desks = [_desk_line(span, group, rungs) for group in _groups(facts.tasks, lambda one: (one.role, one.field or ""))]
    opds = [_opd_line(span, group, rungs) for group in _groups(facts.opds, lambda one: one.opd)]
    reasons = _groups((one for one in facts.reasons if span.holds(one.at)), lambda one: (one.kind, one.code))
    total = _type_line(span, cases).model_copy(update={"permit_type": "", "title": ""})
    return Evaluation(
        month=str(month),
        first=month.first,
        last=month.last,
        as_of=span.until,
        nihil=not _moved(total),
        total=total,
        types=tuple(line for line in types if _moved(line)),
        desks=tuple(line for line in desks if _moved(line)),
        opds=tuple(line for line in opds if _moved(line)),
        rungs=tuple(rungs),
        reasons=tuple(ReasonLine(kind=one[0].kind, code=one[0].code, times=len(one)) for one in reasons),
    )


def served_of(case: CaseFact, calendar: WorkingCalendar) -> Served | None:
    """How the promise of a case with a product was kept: as it was recorded, else by the calendar of now."""
    if case.served is not None or case.promise is None or case.finished_at is None:
        return case.served
    at, promise = case.finished_at, case.promise
    return Served(
        promised=promise.promised_working_days,
        gross=promise.gross_working_days(calendar, at),
        net=promise.net_working_days(calendar, at),
        paused=promise.paused_working_days(calendar, at),
    )


class _Span:
    """The evaluated time."""

    def __init__(self, month: Month, as_of: AwareDatetime, calendar: WorkingCalendar) -> None:
        self.calendar = calendar
        self._first = month.first
        self._last = month.last
        self.until = as_of
        if calendar.local_date(as_of) > month.last:
            # The close of the office does not end a day on which somebody may still decide.
            midnight = datetime.combine(month.last + timedelta(days=1), time(), ZoneInfo(calendar.zone))
            self.until = midnight.astimezone(UTC) - timedelta(microseconds=1)

    def holds(self, at: AwareDatetime | None) -> bool:
        """Whether it happened in the evaluated time."""
        return at is not None and at <= self.until and self._first <= self.calendar.local_date(at) <= self._last

    def before(self, at: AwareDatetime) -> bool:
        """Whether it happened before the month."""
        return self.calendar.local_date(at) < self._first

    def is_open(self, began: AwareDatetime, ended: AwareDatetime | None) -> bool:
        """Whether it is open at the end."""
        return began <= self.until and (ended is None or ended > self.until)

    def was_open(self, began: AwareDatetime, ended: AwareDatetime | None) -> bool:
        """Whether it was open when the month began."""
        return self.before(began) and (ended is None or not self.before(ended))

    def flow(self, lives: Iterable[tuple[str, AwareDatetime, AwareDatetime | None]]) -> dict[str, object]:
        """What came, went and stayed of (number, began, ended)."""
        known = list(lives)
        still = sorted((began, number) for number, began, ended in known if self.is_open(began, ended))
        return {
            "open_before": sum(self.was_open(began, ended) for _, began, ended in known),
            "received": sum(self.holds(began) for _, began, _ in known),
            "finished": sum(self.holds(ended) for _, _, ended in known),
            "open_at_end": len(still),
            "oldest": self._oldest(*still[0]) if still else None,
        }

    def _oldest(self, began: AwareDatetime, number: str) -> Oldest:
        since, today = self.calendar.local_date(began), self.calendar.local_date(self.until)
        return Oldest(number=number, since=since, working_days=self.calendar.working_days_between(since, today))


_One = TypeVar("_One")


def _groups(facts: Iterable[_One], key: Callable[[_One], Hashable]) -> list[list[_One]]:
    """Facts with the same key together, in the order of the keys."""
    found: dict[Hashable, list[_One]] = {}
    for one in facts:
        found.setdefault(key(one), []).append(one)
    return [found[name] for name in sorted(found, key=str)]


def _moved(line: Flow) -> bool:
    return bool(line.open_before or line.received)


def _type_line(span: _Span, cases: list[CaseFact]) -> TypeLine:
    ended = [case for case in cases if span.holds(case.finished_at)]
    with_product = [case for case in ended if case.outcome in ("issued", "rejected")]
    served = [kept for case in with_product if (kept := served_of(case, span.calendar)) is not None]
    outcomes: tuple[Outcome, ...] = ("issued", "rejected", "withdrawn", "lapsed")
    return TypeLine.model_validate(
        {
            "permit_type": cases[0].permit_type if cases else "",
            "title": cases[-1].title if cases else "",
            **span.flow((case.number, case.received_at, case.finished_at) for case in cases),
            **{outcome: sum(case.outcome == outcome for case in ended) for outcome in outcomes},
            "served": len(served),
            "in_time_net": sum(one.net <= one.promised for one in served),
            "in_time_gross": sum(one.gross <= one.promised for one in served),
            "promised_days": sum(one.promised for one in served),
            "net_days": sum(one.net for one in served),
            "gross_days": sum(one.gross for one in served),
            "paused_days": sum(one.paused for one in served),
        }
    )


def _desk_line(span: _Span, tasks: list[TaskFact], rungs: list[RungFact]) -> DeskLine:
    first = tasks[0]
    ended = [task for task in tasks if span.holds(task.closed_at)]
    decided = [task for task in ended if task.decided]
    return DeskLine.model_validate(
        {
            "role": first.role,
            "field": first.field,
            **span.flow((task.number, task.opened_at, task.closed_at) for task in tasks),
            "decided": len(decided),
            "cancelled": len(ended) - len(decided),
            "in_time": sum(task.closed_at is not None and task.closed_at <= task.due_at for task in decided),
            "rungs": sum((rung.role, rung.field) == (first.role, first.field) for rung in rungs),
        }
    )


def _opd_line(span: _Span, requests: list[OpdFact], rungs: list[RungFact]) -> OpdLine:
    first = requests[0]
    ended = [one for one in requests if span.holds(one.answered_at)]
    answered = [one for one in ended if one.answered]
    return OpdLine.model_validate(
        {
            "opd": first.opd,
            "name": requests[-1].name,
            **span.flow((one.number, one.asked_at, one.answered_at) for one in requests),
            "answered": len(answered),
            "ended": len(ended) - len(answered),
            "in_time": sum(one.answered_at is not None and one.answered_at <= one.due_at for one in answered),
            "used_days": sum(_used_days(one, span.calendar) for one in answered),
            "late_days": sum(_late_days(one, span.calendar) for one in answered),
            "rungs": sum(rung.opd == first.opd for rung in rungs),
        }
    )


def _used_days(request: OpdFact, calendar: WorkingCalendar) -> int:
    if request.used_days is not None or request.answered_at is None:
        return request.used_days or 0
    return _closes_since(request.asked_at, request.answered_at, calendar)


def _late_days(request: OpdFact, calendar: WorkingCalendar) -> int:
    if request.late_days is not None or request.answered_at is None:
        return request.late_days or 0
    return _closes_since(request.due_at, request.answered_at, calendar)


def _closes_since(since: AwareDatetime, until: AwareDatetime, calendar: WorkingCalendar) -> int:
    """Working days after that of `since` whose close has come, as the agency's own clock counts them."""
    clock = SlaClock(received_on=calendar.local_date(since), working_days=1)
    return clock.gross_working_days(calendar, until)
