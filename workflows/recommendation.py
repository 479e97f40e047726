"""One agency's recommendation: its own clock and ladder, one answer, and an end even when the case no longer needs it.

The agency is asked by the parent case; its answer comes here directly as an update. Silence past the last rung is a
task for a person, never an error and never a permit.
"""

from __future__ import annotations

import asyncio

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook
    from permits.authority import Role
    from permits.decisions import Decision, Receipt, Recommended, TaskKind
    from permits.errors import Code
    from permits.events import Tag
    from permits.steps import OpdAnswer
    from workflows.clock import OfficeClock
    from workflows.desk import Desk, Interrupted, Question, Tags
    from workflows.ledger import Ledger
    from workflows.messages import CalendarReplaced, RecommendationRequest, RecommendationResult

OPD_TAGS = Tags(
    opened=Tag.OPD_ASKED,
    warned=Tag.OPD_WARNED,
    escalated=Tag.OPD_ESCALATED,
    ladder_ended=Tag.OPD_LADDER_ENDED,
    decided=Tag.OPD_ANSWERED,
)


@workflow.defn
class RecommendationWorkflow:
    """Waits for one agency."""

    @workflow.init
    def __init__(self, request: RecommendationRequest) -> None:
        self._request = request
        self._clock = OfficeClock(request.calendar, request.pace)
        self._ledger = Ledger(request.number, self._clock)
        self._desk = Desk(request.number, request.applicant_id, self._clock, self._ledger, OPD_TAGS)
        self._asked_at = self._clock.now()
        self._given: OpdAnswer | None = None  # stands, even when the case is withdrawn while it is written

    @workflow.run
    async def run(self, request: RecommendationRequest) -> RecommendationResult:
        try:
            answer = await self._ask()
        except (Interrupted, asyncio.CancelledError):
            answer = await asyncio.shield(asyncio.ensure_future(self._given_or_released()))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return RecommendationResult(answer=answer)

    # Reads

    @workflow.query
    def open_tasks(self) -> tuple[str, ...]:
        """Ids of the tasks that can be decided now."""
        return self._desk.open_tasks

    # Writes

    @workflow.update
    def decide(self, decision: Decision) -> Receipt:
        """The agency's answer, or a person's note on its silence."""
        return self._desk.take(decision)

    @decide.validator
    def _may_decide(self, decision: Decision) -> None:
        self._desk.check(decision)

    @workflow.update
    def replan(self, replaced: CalendarReplaced) -> None:
        """A new calendar; the ladder is planned anew from the same facts."""
        self._clock.replace(replaced.calendar)

    @replan.validator
    def _may_replan(self, replaced: CalendarReplaced) -> None:
        self._clock.check(replaced.calendar, self._clock.calendar.local_date(self._asked_at))

    # Behaviour

    async def _ask(self) -> OpdAnswer:
        agency = self._request.agency
        question = Question(
            kind=TaskKind.RECOMMENDATION,
            role=Role.OPD,
            stage=self._request.stage,
            holder=agency.name,
            working_days=agency.working_days,
            ladder=agency.ladder,
            subject_sha256=self._request.subject_sha256,
            opd=agency.opd,
            instructions=agency.asks_for,
        )
        decision = await self._desk.ask(question, opd_answer=self._answer())
        body = decision.body
        assert isinstance(body, Recommended)
        answer = self._answer(answer=body.answer, conditions=body.conditions, reason=body.reason)
        self._given = answer
        await self._ledger.keep(CaseBook.record_answer, f"Jawaban {agency.name}", opd_answer=answer)
        return answer

    async def _given_or_released(self) -> OpdAnswer:
        return self._given or await self._release()

    async def _release(self) -> OpdAnswer:
        self._desk.ended = Code.TASK_CLOSED
        for task in self._desk.open_tasks:
            self._desk.cancel(task)
        answer = self._answer(answer="released")
        self._ledger.note(self._ledger.event(Tag.OPD_RELEASED, opd=self._request.agency.opd))
        name = self._request.agency.name
        await self._ledger.keep(CaseBook.record_answer, f"{name} tidak perlu menjawab lagi", opd_answer=answer)
        return answer

    def _answer(self, **answered: object) -> OpdAnswer:
        agency = self._request.agency
        calendar = self._clock.calendar
        return OpdAnswer(
            workflow_id=workflow.info().workflow_id,
            opd=agency.opd,
            name=agency.name,
            asked_at=self._asked_at,
            due_at=calendar.due_at(calendar.local_date(self._asked_at), agency.working_days),
            answered_at=self._clock.now() if answered else None,
            **answered,
        )
