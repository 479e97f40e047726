"""Watches over the promise beside the case: nobody's permit is late without its applicant having been told, in words.

Told once it can be seen that the promise will be missed, and again whenever the date that was told cannot be kept
either; once more when the promise has passed. Where a type has a silence rule (fiktif positif), a person gets a task
when it comes due; the rule itself issues nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from permits.authority import Role
    from permits.calendar import CalendarTooShort
    from permits.decisions import DeemedConfirmed, TaskKind
    from permits.events import Tag
    from permits.outlook import days_after, expected_finish, lost_at, plan_fits
    from workflows.case import Case
    from workflows.desk import Interrupted, Question

PROMISE_WATCH = "promise-watch"
"""Patch of version 0.2: before it, nothing watched over the promise as a whole."""

DEEMED_WORKING_DAYS = 2
_MOMENT = timedelta(microseconds=1)


class PromiseWatch:
    """The watch over one case's promise."""

    def __init__(self, case: Case) -> None:
        self._case = case
        self._fits = plan_fits(case.definition, case.promise.promised_working_days)
        self._missed = False
        self._deemed = False

    async def run(self) -> None:
        """Watches until the promise is kept or the case ends."""
        case = self._case
        while not case.promise_over:
            look = self._next_look()
            await case.clock.wait(self._woken(look), look, "janji layanan")
            if not case.promise_over and not case.promise.is_paused:
                self._look()

    def _next_look(self) -> datetime | None:
        """When something can have changed by itself; None while the clock rests."""
        if self._case.promise.is_paused:
            return None
        due = self._promise_due()
        looks = [self._lost_at() or self._case.clock.now()]
        if not self._missed:
            looks.append(self._closes(due) + _MOMENT)
        if (deemed_at := self._deemed_at(due)) is not None:
            looks.append(deemed_at)
        return min(looks)

    def _woken(self, planned: datetime | None) -> Callable[[], bool]:
        """Whether something moved, so that a look is needed before the one that was planned."""

        def woken() -> bool:
            if self._case.promise_over:
                return True
            look = self._next_look()
            return look is not None and (planned is None or look < planned)

        return woken

    def _look(self) -> None:
        due, now = self._promise_due(), self._case.clock.now()
        lost = self._lost_at()
        if lost is None or now >= lost:
            self._tell_endangered(due)
        if not self._missed and now > self._closes(due):
            self._missed = True
            self._tell(Tag.PROMISE_MISSED, "promise-missed", due)
        deemed_at = self._deemed_at(due)
        if deemed_at is not None and now >= deemed_at:
            self._deemed = True
            self._case.beside(self._ask_about_silence())

    def _tell_endangered(self, due: date) -> None:
        case = self._case
        expected = expected_finish(self._holder_due(), self._after(), case.clock.now(), case.clock.calendar)
        case.promise_told_for = expected
        case.ledger.defer(promise_told_for=expected)
        self._tell(Tag.PROMISE_ENDANGERED, "promise-endangered", due, expected_on=expected.isoformat())

    def _tell(self, tag: Tag, template: str, due: date, **facts: str) -> None:
        case = self._case
        said: dict[str, Any] = {
            "holder": case.desk.waiting_for,
            "stage": case.stage_title,
            "due_at": self._closes(due).isoformat(),
            "expected_on": case.promise_told_for.isoformat() if case.promise_told_for else "",
            **facts,
        }
        case.ledger.note(case.ledger.event(tag, **said))
        case.tell_applicant(template, **said, **self._next_step())
        case.ledger.tell()

    def _next_step(self) -> dict[str, str]:
        """Whom we tell next about the holder's silence, and when."""
        planned = self._case.desk.next_rung
        return {"next_step": planned.rung.who, "next_at": planned.at.isoformat()} if planned else {}

    def _lost_at(self) -> datetime | None:
        told_for = max(self._promise_due(), self._case.promise_told_for or date.min)
        return lost_at(self._holder_due(), self._after(), told_for, self._case.clock.calendar)

    def _holder_due(self) -> date | None:
        due_at = self._case.holder_due_at
        return self._case.clock.calendar.local_date(due_at) if due_at else None

    def _after(self) -> int:
        return days_after(self._case.definition.stages, self._case.position) if self._fits else 0

    def _promise_due(self) -> date:
        return self._case.promise.due_date(self._case.clock.calendar, self._case.clock.now())

    def _closes(self, day: date) -> datetime:
        return self._case.clock.calendar.closes_at(day)

    # The silence rule -------------------------------------------------------------------------------------------------

    def _deemed_at(self, due: date) -> datetime | None:
        rule = self._case.definition.deemed_approval
        if rule is None or self._deemed:
            return None
        try:
            return self._closes(self._case.clock.calendar.shift(due, rule.after_working_days)) + _MOMENT
        except CalendarTooShort:
            return None

    async def _ask_about_silence(self) -> None:
        case, rule = self._case, self._case.definition.deemed_approval
        assert rule is not None
        question = Question(
            kind=TaskKind.DEEMED_APPROVAL,
            role=Role.COORDINATOR,
            stage="Aturan persetujuan karena lewat waktu",
            holder="Koordinator",
            working_days=DEEMED_WORKING_DAYS,
            ladder=case.desk_ladder,
            subject_sha256=case.dossier_sha256,
            instructions=rule.legal_basis,
        )
        try:
            decision = await case.desk.ask(question, case.ledger.event(Tag.DEEMED_DUE), waiting=None)
        except Interrupted:
            return
        if isinstance(decision.body, DeemedConfirmed):
            confirmed = case.ledger.event(Tag.DEEMED_CONFIRMED, decision.actor, legal_basis=rule.legal_basis)
            case.ledger.note(confirmed)
            case.deemed = decision.body.note
        case.ledger.tell()
