"""One agency's recommendation: its own clock and ladder, one answer, and an end even when the case no longer needs it.

The agency is asked by the parent case; its answer comes here directly as an update. It may ask the applicant first, or
answer by a wet-signed letter that the back office matches to the request; its clock rests meanwhile and is never reset.
Silence past the last rung is a task for a person, never an error and never a permit.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable
from dataclasses import replace
from datetime import datetime
from typing import Any

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    WorkflowAlreadyStartedError,
    is_cancelled_exception,
)
from temporalio.workflow import ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook
    from permits.authority import Act, Actor, Role, Subject, refusal
    from permits.decisions import (
        Answered,
        AnswerMatched,
        Decision,
        QuestionAsked,
        Receipt,
        Recommended,
        TaskKind,
    )
    from permits.errors import Code, RuleError
    from permits.events import Tag
    from permits.sla import task_clock
    from permits.steps import LetterRef, Notice, OpdAnswer
    from workflows.agency_letter import AnswerLetter
    from workflows.clock import OfficeClock
    from workflows.desk import REPLAN_IS_TOLD, Desk, Interrupted, Question, Tags
    from workflows.ledger import Ledger
    from workflows.messages import (
        AgencyReport,
        Assignment,
        AssignmentReceipt,
        CalendarReplaced,
        RecommendationRequest,
        RecommendationResult,
        RequestExtended,
        RequestWithdrawn,
        SteeringReceipt,
    )
    from workflows.open_tasks import Silence, refuse
    from workflows.sealing_order import SEALING_WORKFLOW, SealingOrder

OPD_TAGS = Tags(
    opened=Tag.OPD_ASKED,
    warned=Tag.OPD_WARNED,
    escalated=Tag.OPD_ESCALATED,
    ladder_ended=Tag.OPD_LADDER_ENDED,
    decided=Tag.OPD_ANSWERED,
)
UNSIGNED_TAGS = replace(OPD_TAGS, decided=Tag.OPD_ANSWER_DECIDED)
"""An answer that may have to be signed is given when it is kept, not when it is decided."""
MATCHING_WORKING_DAYS = 1
AGENCIES_SIGN_THEIR_ANSWERS = "agencies-sign-their-answers"
"""Patch of version 0.3: an officer with a certificate signs the agency's answer as a letter of its own."""
WET_LETTERS_ARE_SEALED = "wet-letters-are-sealed"
"""Patch of version 0.3: a wet-signed letter that was matched gets the office's seal."""


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
        self._silence = Silence(task_clock(self._asked_at, request.agency.working_days, request.calendar))
        self._given: OpdAnswer | None = None  # stands, even when the case is withdrawn while it is written
        self._taken: Decision | None = None  # an answer of which it is not known yet whether it has to be signed
        self._withdrawn: RequestWithdrawn | None = None
        self._extended: RequestExtended | None = None
        self._waits_for_applicant = False
        self._reports: list[asyncio.Task[None]] = []
        self._letters_are_signed = False
        self._own_letter = AnswerLetter(request, self._clock, self._ledger, self._desk, self._silence)

    @workflow.run
    async def run(self, request: RecommendationRequest) -> RecommendationResult:
        news = asyncio.ensure_future(self._ledger.write_news())
        try:
            answer = await self._ask()
        except (Interrupted, asyncio.CancelledError, ActivityError) as stopped:
            if isinstance(stopped, ActivityError) and not is_cancelled_exception(stopped):
                raise
            answer = await asyncio.shield(asyncio.ensure_future(self._given_or_released()))
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and not self._ledger.is_writing)
        await asyncio.gather(*self._reports)
        news.cancel()
        return RecommendationResult(answer=answer, verified_by=self._desk.verified_by)

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
    def assign(self, assignment: Assignment) -> AssignmentReceipt:
        """The request is held by one of the agency's officers, or by all of them again."""
        return self._desk.assign(assignment)

    @assign.validator
    def _may_assign(self, assignment: Assignment) -> None:
        self._desk.check_assignment(assignment)

    @workflow.update
    def withdraw_request(self, withdrawn: RequestWithdrawn) -> SteeringReceipt:
        """The office needs no answer any more; one that comes later is refused."""
        self._withdrawn = withdrawn
        self._desk.ended = Code.REQUEST_WITHDRAWN
        return self._done(withdrawn.actor)

    @withdraw_request.validator
    def _may_withdraw(self, withdrawn: RequestWithdrawn) -> None:
        self._check_steering(withdrawn.actor)

    @workflow.update
    def extend(self, extended: RequestExtended) -> SteeringReceipt:
        """More time for the agency, once and with a reason."""
        self._extended = extended
        due_at = self._give_time(extended)
        return self._done(extended.actor, due_at)

    @extend.validator
    def _may_extend(self, extended: RequestExtended) -> None:
        self._check_steering(extended.actor)
        if self._extended is not None:
            raise refuse(RuleError(Code.ALREADY_EXTENDED, opd=self._request.agency.opd))

    @workflow.update
    def replan(self, replaced: CalendarReplaced) -> None:
        """A new calendar; the ladder is planned anew from the same facts, and the record says so."""
        self._clock.replace(replaced.calendar)
        if workflow.patched(REPLAN_IS_TOLD):
            self._desk.due_anew()
            due_at = self._due_at()
            told = self._ledger.event(
                Tag.CALENDAR_REPLACED,
                opd=self._request.agency.opd,
                calendar_version=replaced.calendar.version,
                due_at=due_at.isoformat(),
            )
            self._ledger.note(told)
            self._ledger.defer(opd_answer=self._answer(), waiting_due_at=due_at)
            self._ledger.tell()
            self._report()

    @replan.validator
    def _may_replan(self, replaced: CalendarReplaced) -> None:
        self._clock.check(replaced.calendar, self._clock.calendar.local_date(self._asked_at))

    # Behaviour

    async def _ask(self) -> OpdAnswer:
        instructions = self._request.agency.asks_for
        self._letters_are_signed = workflow.patched(AGENCIES_SIGN_THEIR_ANSWERS)
        # The case has just said whom it waits for, by the names of all its agencies.
        parts: dict[str, object] = {"waiting": None}
        while True:
            decision = await self._desk.ask(self._question(instructions), opd_answer=self._answer(), **parts)
            parts = {}
            match decision.body:
                case QuestionAsked():
                    instructions = await self._ask_applicant(decision)
                case Recommended(letter=str()) if decision.body.provenance is None:
                    mismatch = await self._match(decision)
                    if mismatch is None:
                        return await self._keep_answer(decision)
                    instructions = mismatch
                case _:
                    if not await self._is_to_be_signed(decision):
                        return await self._keep_answer(decision)
                    letter = await self._own_letter.write(decision)
                    returned = await self._own_letter.have_signed(letter, decision.actor)
                    if returned is None:
                        return await self._keep_answer(decision, letter)
                    instructions = returned

    async def _is_to_be_signed(self, decision: Decision) -> bool:
        if not self._letters_are_signed:
            return False
        self._taken = decision
        wanted = await self._own_letter.is_wanted(decision)
        self._taken = None
        return wanted

    def _question(self, instructions: str) -> Question:
        agency = self._request.agency
        return Question(
            kind=TaskKind.RECOMMENDATION,
            role=Role.OPD,
            stage=self._request.stage,
            holder=agency.name,
            working_days=agency.working_days,
            ladder=agency.ladder,
            subject_sha256=self._request.subject_sha256,
            opd=agency.opd,
            field=self._request.field,
            instructions=instructions,
            goes_on=self._silence,
            tags=UNSIGNED_TAGS if self._letters_are_signed else None,
        )

    async def _keep_answer(self, decision: Decision, signed: LetterRef | None = None) -> OpdAnswer:
        body = decision.body
        assert isinstance(body, Recommended)
        paper = body.provenance
        answer = self._answer(
            answer=body.answer,
            conditions=body.conditions,
            reason=body.reason,
            way="keyed_in" if paper else "wet_signed" if body.letter else "signed" if signed else "account",
            letter_sha256=paper.scan if paper else signed.sha256 if signed else body.letter,
            letter_number=paper.letter_number if paper else signed.number_text if signed else None,
        )
        self._given = answer
        if self._letters_are_signed or answer.way == "wet_signed":
            facts: dict[str, Any] = {
                "task": decision.task_id,
                "opd": answer.opd,
                "holder": answer.name,
                "letter_sha256": answer.letter_sha256,
            }
            self._ledger.note(self._ledger.event(Tag.OPD_ANSWERED, decision.actor, answer=answer.answer, **facts))
        await self._ledger.keep(CaseBook.record_answer, f"Jawaban {self._request.agency.name}", opd_answer=answer)
        return answer

    async def _ask_applicant(self, asked: Decision) -> str:
        """The applicant answers while the agency's clock rests; gives what the agency reads then."""
        assert isinstance(asked.body, QuestionAsked)
        agency = self._request.agency
        self._rest("question")
        self._waits_for_applicant = True
        self._report()
        question = Question(
            kind=TaskKind.CLARIFICATION,
            role=Role.APPLICANT,
            stage=self._request.stage,
            holder="Pemohon",
            working_days=self._request.applicant_working_days,
            ladder=self._request.applicant_ladder or agency.ladder,
            subject_sha256=self._request.subject_sha256,
            instructions=f"{agency.name}: {asked.body.text}",
            tags=Tags(),
        )
        put = self._ledger.event(Tag.OPD_QUESTION_ASKED, asked.actor, opd=agency.opd, holder=agency.name)
        answered = await self._desk.ask(question, put)
        self._go_on()
        self._waits_for_applicant = False
        self._report()
        body = answered.body
        assert isinstance(body, Answered)
        self._ledger.note(
            self._ledger.event(Tag.OPD_QUESTION_ANSWERED, answered.actor, opd=agency.opd, files=list(body.files))
        )
        return f"{agency.asks_for}\nPertanyaan Anda: {asked.body.text}\nJawaban pemohon: {body.text}"[:4000]

    async def _match(self, decision: Decision) -> str | None:
        """Back office compares a wet-signed letter with the request; None where it matches, else what is wrong."""
        assert isinstance(decision.body, Recommended)
        agency = self._request.agency
        facts = {"opd": agency.opd, "holder": agency.name, "letter_sha256": decision.body.letter}
        self._rest("matching")
        question = Question(
            kind=TaskKind.MATCH_ANSWER,
            role=Role.BACK_OFFICE,
            stage=self._request.stage,
            holder="Petugas back office",
            working_days=MATCHING_WORKING_DAYS,
            ladder=self._request.match_ladder or agency.ladder,
            subject_sha256=self._request.subject_sha256,
            field=self._request.field,
            instructions=f"{decision.task_id} surat {decision.body.letter}",
            tags=Tags(),
        )
        received = self._ledger.event(Tag.OPD_LETTER_RECEIVED, decision.actor, **facts)
        matched = await self._desk.ask(question, received)
        self._go_on()
        assert isinstance(matched.body, AnswerMatched)
        if matched.body.matches:
            self._ledger.note(self._ledger.event(Tag.OPD_LETTER_MATCHED, matched.actor, **facts))
            await self._have_sealed(decision.body.letter, matched)
            return None
        self._ledger.note(
            self._ledger.event(Tag.OPD_LETTER_MISMATCHED, matched.actor, reason=matched.body.reason, **facts)
        )
        return f"{agency.asks_for}\nSurat Anda belum cocok dengan permintaan: {matched.body.reason}"[:4000]

    async def _have_sealed(self, letter: str | None, matched: Decision) -> None:
        """The matched letter gets the office's seal, in a workflow of its own that outlives this one."""
        if not workflow.patched(WET_LETTERS_ARE_SEALED):
            return
        assert letter is not None, "only a letter is matched"
        agency = self._request.agency
        order = SealingOrder(
            purpose="wet_letter",
            original_sha256=letter,
            number=self._request.number,
            opd=agency.opd,
            agency=agency.name,
            matched_by=matched.actor.name,
            matched_at=workflow.now(),
            event=self._ledger.event(
                Tag.OPD_LETTER_SEALED, opd=agency.opd, holder=agency.name, letter_sha256=letter
            ),
        )
        with contextlib.suppress(WorkflowAlreadyStartedError):  # the agency sent the same letter once more
            await workflow.start_child_workflow(
                SEALING_WORKFLOW,
                order,
                id=order.workflow_id,
                parent_close_policy=ParentClosePolicy.ABANDON,
                static_summary=f"Segel surat {agency.name}",
            )

    async def _given_or_released(self) -> OpdAnswer:
        if self._taken is not None:
            return await self._keep_answer(self._taken)
        return self._given or await self._release()

    async def _release(self) -> OpdAnswer:
        """The case needs no answer any more, or the office took its request back."""
        agency = self._request.agency
        self._desk.ended = self._desk.ended or Code.TASK_CLOSED
        for task in self._desk.open_tasks:
            self._desk.cancel(task)
        if self._withdrawn is not None:
            answer = self._answer(answer="withdrawn", reason=self._withdrawn.reason)
            withdrawn = self._ledger.event(
                Tag.OPD_WITHDRAWN,
                self._withdrawn.actor,
                opd=agency.opd,
                holder=agency.name,
                reason=self._withdrawn.reason,
            )
            self._ledger.note(withdrawn)
            self._ledger.note_notice(self._notice("opd-withdrawn", reason=self._withdrawn.reason))
        else:
            answer = self._answer(answer="released")
            self._ledger.note(self._ledger.event(Tag.OPD_RELEASED, opd=agency.opd))
        await self._ledger.keep(
            CaseBook.record_answer, f"{agency.name} tidak perlu menjawab lagi", opd_answer=answer
        )
        await self._own_letter.void()
        return answer

    # Inside

    def _check_steering(self, actor: Actor) -> None:
        about = Subject(applicant_id=self._request.applicant_id, field=self._request.field)
        if refused := refusal(actor, Act.STEER_OPD, about):
            raise refuse(RuleError(refused))
        if self._desk.ended is not None or self._given is not None:
            raise refuse(RuleError(self._desk.ended or Code.TASK_CLOSED, opd=self._request.agency.opd))

    def _done(self, actor: Actor, due_at: datetime | None = None) -> SteeringReceipt:
        return SteeringReceipt(
            workflow_id=workflow.info().workflow_id, actor_id=actor.id, done_at=workflow.now(), due_at=due_at
        )

    def _give_time(self, extended: RequestExtended) -> datetime:
        silence = self._silence
        silence.sla = silence.sla.extend(extended.working_days, extended.reason)
        due_at = self._due_at()
        self._desk.due_anew()
        facts = {"opd": self._request.agency.opd, "holder": self._request.agency.name, "due_at": due_at.isoformat()}
        self._ledger.note(
            self._ledger.event(
                Tag.OPD_EXTENDED,
                extended.actor,
                extended_days=extended.working_days,
                reason=extended.reason,
                **facts,
            )
        )
        self._ledger.note_notice(self._notice("opd-extended", reason=extended.reason, due_at=due_at.isoformat()))
        self._ledger.defer(opd_answer=self._answer(), waiting_due_at=due_at)
        self._ledger.tell()
        self._report()
        return due_at

    def _notice(self, template: str, **facts: str) -> Notice:
        agency = self._request.agency
        return Notice(
            key=self._ledger.key(template),
            template=template,
            to="holder",
            role=Role.OPD,
            opd=agency.opd,
            facts={"holder": agency.name, "stage": self._request.stage, **facts},
        )

    def _rest(self, why: str) -> None:
        """The agency's clock rests: the request lies with somebody else."""
        self._silence.sla = self._silence.sla.pause(self._clock.now(), why)

    def _go_on(self) -> None:
        self._silence.sla = self._silence.sla.resume(self._clock.now())

    def _due_at(self) -> datetime:
        return self._silence.sla.due_at(self._clock.calendar, self._clock.now())

    def _report(self) -> None:
        """Tells the case, whose promise and outlook rest on it."""
        parent = workflow.info().parent
        if parent is None:
            return
        report = AgencyReport(
            workflow_id=workflow.info().workflow_id,
            due_at=self._due_at(),
            waits_for_applicant=self._waits_for_applicant,
        )
        handle = workflow.get_external_workflow_handle(parent.workflow_id)
        self._reports.append(asyncio.ensure_future(_unless_gone(handle.signal("agency_reports", report))))

    def _answer(self, **answered: object) -> OpdAnswer:
        agency = self._request.agency
        calendar, now, sla = self._clock.calendar, self._clock.now(), self._silence.sla
        spent: dict[str, object] = {}
        if answered:
            spent = {
                "answered_at": now,
                "used_days": sla.net_working_days(calendar, now),
                "late_days": max(0, -sla.remaining(calendar, now)),
            }
        return OpdAnswer(
            workflow_id=workflow.info().workflow_id,
            opd=agency.opd,
            name=agency.name,
            asked_at=self._asked_at,
            due_at=self._due_at(),
            extended_days=self._extended.working_days if self._extended else 0,
            extension_reason=self._extended.reason if self._extended else "",
            **(spent | answered),
        )


async def _unless_gone(signal: Awaitable[None]) -> None:
    """A case that has ended meanwhile needs no report."""
    with contextlib.suppress(ApplicationError):
        await signal
