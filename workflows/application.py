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
    from activities.records import CaseBook, LetterVoid
    from permits.application import ApplicationStatus
    from permits.decisions import Decision, Receipt, SignatureOrdered
    from permits.definition import AnyStage
    from permits.errors import Code, RuleError
    from permits.events import Tag
    from permits.steps import Waiting
    from workflows.case import Case, Outcome
    from workflows.desk import Interrupted, refuse
    from workflows.messages import (
        APPLICATION_WORKFLOW,
        CalendarReplaced,
        CaseState,
        Closing,
        SearchAttributes,
        Submission,
        Withdrawal,
        WithdrawalReceipt,
    )
    from workflows.options import OWN_STORE
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
        try:
            await self._receive()
            await self._carry_out_all()
            closing = await self._close()
        except Interrupted:
            closing = await self._close_withdrawn()
        await workflow.wait_condition(workflow.all_handlers_finished)
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
    def withdraw(self, withdrawal: Withdrawal) -> WithdrawalReceipt:
        """The applicant takes the application back; possible until the head has ordered the signature."""
        self._case.desk.ended = Code.APPLICATION_WITHDRAWN
        self._case.withdrawal = withdrawal
        return WithdrawalReceipt(number=self._case.number, actor_id=withdrawal.actor.id, withdrawn_at=workflow.now())

    @withdraw.validator
    def _may_withdraw(self, withdrawal: Withdrawal) -> None:
        if withdrawal.actor.id != self._case.submission.applicant_id:
            raise refuse(RuleError(Code.NOT_ALLOWED))
        if self._case.desk.ended is not None:
            raise refuse(RuleError(self._case.desk.ended, number=self._case.number))
        if self._case.signature_ordered:
            raise refuse(RuleError(Code.TOO_LATE_TO_WITHDRAW, number=self._case.number))

    @workflow.update
    def replan(self, replaced: CalendarReplaced) -> None:
        """A new calendar; open ladders are planned anew from the same facts."""
        self._case.clock.replace(replaced.calendar)

    @replan.validator
    def _may_replan(self, replaced: CalendarReplaced) -> None:
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
        )

    async def _carry_out_all(self) -> None:
        stages = self._case.definition.stages
        position = 0
        while position < len(stages):
            outcome = await self._carry_out(stages[position])
            position = _next(stages, position, outcome)

    async def _carry_out(self, stage: AnyStage) -> Outcome:
        if self._case.desk.ended is not None:
            raise Interrupted
        mark = self._case.enter(stage.title, stage.kind)
        outcome = await CARRIED_OUT_BY[stage.kind](self._case, stage)
        self._case.leave(mark)
        return outcome

    async def _close(self) -> Closing:
        case = self._case
        outcome = ApplicationStatus.ISSUED if case.product == "permit" else ApplicationStatus.REJECTED
        case.desk.ended = Code.APPLICATION_CLOSED
        await self._record_closing(outcome, "Selesai")
        return Closing(
            number=case.number,
            outcome="issued" if case.product == "permit" else "rejected",
            signed_sha256=case.signed_sha256,
        )

    async def _close_withdrawn(self) -> Closing:
        case = self._case
        if case.letter is not None and case.signed_sha256 is None:
            void = LetterVoid(
                number=case.number,
                purpose=case.letter.purpose,
                reason="withdrawn",
                event=case.ledger.event(Tag.LETTER_VOIDED, number_text=case.letter.number_text, reason="withdrawn"),
            )
            await workflow.execute_activity_method(
                CaseBook.void_letter, void, summary=f"Nomor batal: {case.letter.number_text}", **OWN_STORE
            )
        if case.withdrawal is not None:
            case.ledger.note(case.ledger.event(Tag.APPLICATION_WITHDRAWN, case.withdrawal.actor))
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


def _next(stages: tuple[AnyStage, ...], position: int, outcome: Outcome) -> int:
    if outcome.go_to is None:
        return position + 1
    return next(index for index, stage in enumerate(stages) if stage.kind == outcome.go_to)
