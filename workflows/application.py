"""The life of one application, from submission to the product in its owner's hands.

`run` reads as the office's procedure: receive, carry out each stage of the definition in order, close. Going back to an
earlier desk, rejection and withdrawal are engine law and need no line in a definition.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook
    from permits.after_issue import may_be_withdrawn
    from permits.application import ApplicationStatus
    from permits.authority import Act, Subject, refusal
    from permits.decisions import Decision, FileClosed, Receipt, SignatureOrdered
    from permits.definition import AnyStage
    from permits.errors import Code, RuleError
    from permits.events import Tag
    from permits.steps import Waiting
    from workflows.case import FIELD_WORK, Case, Outcome
    from workflows.desk import REPLAN_IS_TOLD, Interrupted
    from workflows.messages import (
        APPLICATION_WORKFLOW,
        AgencyAdded,
        AgencyReport,
        Assignment,
        AssignmentReceipt,
        CalendarReplaced,
        CaseState,
        Closing,
        SearchAttributes,
        SignatureNews,
        SteeringReceipt,
        Submission,
        Withdrawal,
        WithdrawalReceipt,
    )
    from workflows.open_tasks import refuse
    from workflows.promise import PROMISE_WATCH, PromiseWatch
    from workflows.stages import (
        assessment,
        field_work,
        issuance,
        letter,
        recommendation,
        retribution,
        signing,
        verification,
    )

StageWork = Callable[[Case, Any], Awaitable[Outcome]]

CARRIED_OUT_BY: dict[str, StageWork] = {
    "verification": verification.verify,
    "assessment": assessment.assess,
    "inspection": field_work.inspect,
    "meeting": field_work.meet,
    "recommendation": recommendation.recommend,
    "retribution": retribution.collect,
    "drafting": letter.draft,
    "desk_check": letter.check,
    "paraf": letter.initial,
    "signing": signing.sign,
    "issuance": issuance.issue,
}


@workflow.defn(name=APPLICATION_WORKFLOW)
class ApplicationWorkflow:
    """A permit on its way."""

    @workflow.init
    def __init__(self, submission: Submission) -> None:
        self._case = Case(submission)

    @workflow.run
    async def run(self, submission: Submission) -> Closing:
        life = asyncio.ensure_future(self._live())
        try:
            return await asyncio.shield(life)
        except asyncio.CancelledError:
            # A click in the engine's pages must not lose a citizen's case: it ends by its own law alone. The engine
            # asks once; where it takes the case out of a worker's memory instead, `life` is cancelled too.
            workflow.logger.warning("A cancellation from outside is not heeded.")
            return await life

    async def _live(self) -> Closing:
        self._case.beside(self._case.ledger.write_news())
        if workflow.patched(PROMISE_WATCH):
            self._case.beside(PromiseWatch(self._case).run())
        try:
            await self._receive()
            await self._carry_out_all()
            closing = await self._close()
        except Interrupted:
            closing = await self._close_unfinished()
        await workflow.wait_condition(workflow.all_handlers_finished)
        await self._case.end_beside()
        return closing

    # Reads ------------------------------------------------------------------------------------------------------------

    @workflow.query
    def state(self) -> CaseState:
        """What the engine itself holds; ops compare it with the store."""
        case = self._case
        return CaseState(
            number=case.number,
            stage=case.stage_title,
            waiting_for=case.desk.waiting_for,
            open_tasks=case.desk.open_tasks,
            promise_due_at=case.promise_due(),
            withdrawn=case.desk.ended is Code.APPLICATION_WITHDRAWN,
            product=case.product,
        )

    # Writes -----------------------------------------------------------------------------------------------------------

    @workflow.update
    def decide(self, decision: Decision) -> Receipt:
        """A person decides at an open task."""
        receipt = self._case.desk.take(decision)
        # Here and not in the stage: a withdrawal may arrive before the stage runs on.
        self._case.signature_ordered |= isinstance(decision.body, SignatureOrdered)
        return receipt

    @decide.validator
    def _may_decide(self, decision: Decision) -> None:
        self._case.desk.check(decision)

    @workflow.update
    def assign(self, assignment: Assignment) -> AssignmentReceipt:
        """An open task is taken over, given to somebody, or put back on the desk."""
        return self._case.desk.assign(assignment)

    @assign.validator
    def _may_assign(self, assignment: Assignment) -> None:
        self._case.desk.check_assignment(assignment)

    @workflow.update
    def add_agency(self, added: AgencyAdded) -> SteeringReceipt:
        """One more OPD is asked, while the case waits for agencies."""
        self._case.agencies_to_add.append(added)
        return SteeringReceipt(
            workflow_id=workflow.info().workflow_id, actor_id=added.actor.id, done_at=workflow.now()
        )

    @add_agency.validator
    def _may_add_agency(self, added: AgencyAdded) -> None:
        case = self._case
        about = Subject(applicant_id=case.submission.applicant_id, field=case.definition.field)
        if refused := refusal(added.actor, Act.STEER_OPD, about):
            raise refuse(RuleError(refused))
        if case.desk.ended is not None:
            raise refuse(RuleError(case.desk.ended, number=case.number))
        if not case.asks_agencies:
            raise refuse(RuleError(Code.OPD_NOT_WAITING, number=case.number))
        if case.is_asking(added.agency.opd):
            raise refuse(RuleError(Code.OPD_ALREADY_ASKED, opd=added.agency.opd))

    @workflow.signal
    def agency_reports(self, report: AgencyReport) -> None:
        """A child says until when its agency has time, and whether it waits for the applicant."""
        self._case.agency_reports(report)

    @workflow.signal
    def signature_news(self, news: SignatureNews) -> None:
        """A batch says that the letter of this case is settled, or what it waits for."""
        self._case.signature_news[news.activation_id] = news

    @workflow.update
    def withdraw(self, withdrawal: Withdrawal) -> WithdrawalReceipt:
        """The applicant takes the application back; possible until the head has ordered the signature."""
        self._case.desk.ended = Code.APPLICATION_WITHDRAWN
        self._case.withdrawal = withdrawal
        return WithdrawalReceipt(number=self._case.number, actor_id=withdrawal.actor.id, withdrawn_at=workflow.now())

    @withdraw.validator
    def _may_withdraw(self, withdrawal: Withdrawal) -> None:
        applicant_id = self._case.submission.applicant_id
        if not may_be_withdrawn(self._case.definition.procedure):
            raise refuse(RuleError(Code.NOT_ALLOWED))
        if withdrawal.actor.id != applicant_id:
            about = Subject(applicant_id=applicant_id, field=self._case.definition.field)
            if refused := refusal(withdrawal.actor, Act.ACT_FOR_APPLICANT, about):
                raise refuse(RuleError(refused))
            if withdrawal.on_behalf is None:
                raise refuse(RuleError(Code.PROVENANCE_MISSING))
        if self._case.desk.ended is not None:
            raise refuse(RuleError(self._case.desk.ended, number=self._case.number))
        if self._case.signature_ordered:
            raise refuse(RuleError(Code.TOO_LATE_TO_WITHDRAW, number=self._case.number))

    @workflow.update
    def replan(self, replaced: CalendarReplaced) -> None:
        """A new calendar; open ladders are planned anew from the same facts, and the record says so."""
        case = self._case
        case.clock.replace(replaced.calendar)
        if workflow.patched(REPLAN_IS_TOLD):
            case.ledger.note(
                case.ledger.event(
                    Tag.CALENDAR_REPLACED,
                    calendar_version=replaced.calendar.version,
                    promise_due_at=case.promise_due().isoformat(),
                )
            )
            case.desk.due_anew()
            case.ledger.defer(
                promise_due_at=case.promise_due(),
                waiting_due_at=case.holder_due_at,
                calendar_version=replaced.calendar.version,
            )
            case.ledger.tell()

    @replan.validator
    def _may_replan(self, replaced: CalendarReplaced) -> None:
        if self._case.desk.ended is not None:
            raise refuse(RuleError(self._case.desk.ended, number=self._case.number))
        self._case.clock.check(replaced.calendar, self._case.promise.received_on)

    # Behaviour --------------------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        case = self._case
        workflow.upsert_search_attributes(
            [SearchAttributeKey.for_keyword(SearchAttributes.PERMIT_TYPE).value_set(case.definition.code)]
        )
        case.ledger.note(
            case.ledger.event(
                Tag.APPLICATION_RECEIVED,
                permit_type=case.definition.code,
                definition_version=case.definition.version,
                definition_sha256=case.definition.sha256,
                calendar_version=case.clock.calendar.version,
                dossier_sha256=case.dossier_sha256,
            )
        )
        await case.ledger.keep(
            CaseBook.receive,
            f"Terima permohonan: {case.definition.title}",
            status=ApplicationStatus.IN_PROGRESS,
            promise=case.promise,
            promise_due_at=case.promise_due(),
            calendar_version=case.clock.calendar.version,
        )

    async def _carry_out_all(self) -> None:
        case = self._case
        stages = case.definition.stages
        while case.position < len(stages):
            if case.skips(stages[case.position]):
                case.position += 1
                continue
            outcome = await self._carry_out(stages[case.position])
            if outcome.go_to is None and stages[case.position].kind in FIELD_WORK:
                case.settled.add(case.position)
            case.position = outcome.next(stages, case.position)

    async def _carry_out(self, stage: AnyStage) -> Outcome:
        if self._case.desk.ended is not None:
            raise Interrupted
        mark = self._case.enter(stage.title, stage.kind)
        outcome = await CARRIED_OUT_BY[stage.kind](self._case, stage)
        self._case.leave(mark)
        return outcome

    async def _close(self) -> Closing:
        case = self._case
        outcome = ApplicationStatus.REJECTED if case.product == "rejection" else ApplicationStatus.ISSUED
        case.desk.ended = Code.APPLICATION_CLOSED
        for task in case.desk.open_tasks:
            case.desk.cancel(task)
        await case.letters.void_unused("not-needed", issued=case.product if case.signed_sha256 else None)
        await self._record_closing(outcome, "Selesai")
        return Closing(
            number=case.number,
            outcome="rejected" if case.product == "rejection" else "issued",
            signed_sha256=case.signed_sha256,
        )

    async def _close_unfinished(self) -> Closing:
        """Withdrawn by the applicant, or closed because the applicant never answered."""
        case = self._case
        case.promise_over = True
        lapsed = case.desk.lapsed
        if case.signed_sha256 is None:
            await case.letters.void_unused("lapsed" if lapsed else "withdrawn", issued=None)
        if lapsed is not None:
            case.ledger.note(case.ledger.event(Tag.APPLICATION_FILE_CLOSED, lapsed.actor))
            case.tell_applicant("file-closed", **_why(lapsed))
            await self._record_closing(ApplicationStatus.LAPSED, "Ditutup karena pemohon tidak menanggapi")
            return Closing(number=case.number, outcome="lapsed")
        if case.withdrawal is not None:
            behalf = case.withdrawal.on_behalf
            way = {"channel": behalf.channel, "consent": behalf.consent} if behalf else {}
            withdrawn: dict[str, Any] = {"reason": case.withdrawal.reason} | way
            case.ledger.note(case.ledger.event(Tag.APPLICATION_WITHDRAWN, case.withdrawal.actor, **withdrawn))
            case.tell_applicant("withdrawal-received")
        await self._record_closing(ApplicationStatus.WITHDRAWN, "Ditarik oleh pemohon")
        return Closing(number=case.number, outcome="withdrawn")

    async def _record_closing(self, status: ApplicationStatus, words: str) -> None:
        case = self._case
        case.desk.show(words, "-", None)
        case.ledger.note(case.ledger.event(Tag.APPLICATION_CLOSED, status=status.value))
        now = case.clock.now()
        await case.ledger.keep(
            CaseBook.close_case,
            words,
            status=status,
            waiting=Waiting(kind="engine", holder="-", stage=words, since=now),
            closed_at=workflow.now(),
        )


def _why(lapsed: Decision) -> dict[str, str]:
    return {"reason": lapsed.body.reason} if isinstance(lapsed.body, FileClosed) else {}
