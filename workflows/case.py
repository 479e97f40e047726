"""One application on its way: the state that all stages share, and the verbs they have in common.

State lives in one value from the first task on; what a stage needs from the world goes through the ledger and the
case's letters.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, get_args

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

with workflow.unsafe.imports_passed_through():
    from permits.application import ApplicationStatus, DocumentRef
    from permits.authority import Role
    from permits.decisions import Decision, Returned, ReturnTarget, TaskKind
    from permits.definition import AnyStage, DeskStage, Issuance, Procedure, Recommendation, Verification
    from permits.escalation import Ladder
    from permits.events import Tag
    from permits.sla import SlaClock
    from permits.steps import LetterRef, Notice, OpdAnswer, Served, StageMark
    from workflows.clock import OfficeClock
    from workflows.desk import Desk, Question
    from workflows.ledger import Ledger
    from workflows.letters import CaseLetters
    from workflows.messages import (
        AgencyAdded,
        AgencyReport,
        SearchAttributes,
        SignatureNews,
        Submission,
        Withdrawal,
        recommendation_workflow_id,
    )

PRODUCTS = {
    Procedure.PERMIT: "permit",
    Procedure.REVOCATION: "revocation",
    Procedure.REPLACEMENT: "replacement",
    Procedure.EXTENSION: "extension",
}
FIELD_WORK = frozenset({"inspection", "meeting", "recommendation", "retribution"})
"""Stages whose result stands when the case climbs its desks again; a rejection does not need them."""


@dataclass(frozen=True)
class Outcome:
    """How a stage ended: on to the next, to the drafting, or back to an earlier stage of a kind."""

    go_to: str | None = None
    back: bool = False

    @classmethod
    def forward(cls) -> Outcome:
        return cls()

    @classmethod
    def to(cls, kind: str) -> Outcome:
        return cls(go_to=kind)

    def next(self, stages: tuple[AnyStage, ...], position: int) -> int:
        """Where the case goes on."""
        if self.go_to is None:
            return position + 1
        places = [index for index, stage in enumerate(stages) if stage.kind == self.go_to]
        return max(index for index in places if index < position) if self.back else places[0]


@dataclass
class Findings:
    """What the desks have found so far, for the letter and its minutes."""

    accepted: set[str] = field(default_factory=set)  # requirement codes
    answers: dict[str, OpdAnswer] = field(default_factory=dict)  # by opd
    rejection_reasons: tuple[str, ...] = ()


class Case:
    """An application in the engine."""

    def __init__(self, submission: Submission) -> None:
        self.submission = submission
        self.definition = submission.definition
        self.number = submission.number
        self.clock = OfficeClock(submission.calendar, submission.pace)
        self.ledger = Ledger(self.number, self.clock)
        self.desk = Desk(self.number, submission.applicant_id, self.clock, self.ledger)
        self.letters = CaseLetters(submission, self.clock, self.ledger, self.desk)
        self.documents: dict[str, DocumentRef] = {ref.requirement: ref for ref in submission.documents}
        self.dossier_sha256 = submission.dossier_sha256
        self.purpose_product = PRODUCTS[self.definition.procedure]  # what the case is for
        self.product = self.purpose_product  # what it will end in
        self.letter: LetterRef | None = None
        self.letter_sha256 = ""
        self.signature_ordered = False
        self.signature_news: dict[str, SignatureNews] = {}  # the last word of a batch, by activation
        self.signed_sha256: str | None = None
        self.withdrawal: Withdrawal | None = None
        self.found = Findings()
        self.requests: dict[str, int] = {}  # how often each OPD was asked
        self.agencies: dict[str, AgencyReport] = {}  # requests that are open, by workflow id
        self.agencies_to_add: list[AgencyAdded] = []
        self.asks_agencies = False  # whether the stage of now waits for agencies
        self.deemed = ""  # what the person wrote who confirmed the silence rule
        self.promise_told_for: date | None = None
        self.promise_over = False
        self.position = 0
        self.settled: set[int] = set()  # places of field work that was done
        self.stage_title = ""
        self._visits = 0
        self._beside: list[asyncio.Task[None]] = []
        received = self.clock.office_time(submission.submitted_at)
        self.promise = SlaClock(
            received_on=self.clock.calendar.local_date(received),
            working_days=self.definition.promised_days(submission.variant),
        )

    # Beside the stages ------------------------------------------------------------------------------------------------

    def beside(self, work: Coroutine[Any, Any, None]) -> None:
        """Something that goes on beside the stages until the case is closed; its bugs do not stop the case."""
        self._beside.append(asyncio.ensure_future(_logged(work)))

    async def end_beside(self) -> None:
        """Ends what goes on beside, once everything that was noted is written."""
        await workflow.wait_condition(lambda: not self.ledger.is_writing)
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)

    # Where the case is ------------------------------------------------------------------------------------------------

    @property
    def desk_ladder(self) -> Ladder:
        """The ladder of an ordinary desk of this type."""
        desks = (one for one in self.definition.stages if not isinstance(one, Recommendation | Issuance))
        return next(desks).ladder

    @property
    def verification(self) -> Verification | None:
        """The front office's stage; a procedure of the office's own has none."""
        return next((stage for stage in self.definition.stages if stage.kind == "verification"), None)

    @property
    def is_before_drafting(self) -> bool:
        """Whether desks judge the dossier; from drafting on it is the letter."""
        return all(stage.kind != "drafting" for stage in self.definition.stages[: self.position])

    @property
    def holder_due_at(self) -> datetime | None:
        """When whoever holds the case is due; office time."""
        if self.agencies:
            return max(report.due_at for report in self.agencies.values())
        return self.desk.due_at

    @property
    def return_targets(self) -> tuple[str, ...]:
        """The desks before this one that the case can be sent back to, the nearest last."""
        before = [stage.kind for stage in self.definition.stages[: self.position]]
        return tuple(dict.fromkeys(kind for kind in before if kind in get_args(ReturnTarget)))

    def is_asking(self, opd: str) -> bool:
        """Whether a request to this agency is open, or about to be."""
        prefix = recommendation_workflow_id(self.number, opd, 0)[:-1]
        wanted = any(added.agency.opd == opd for added in self.agencies_to_add)
        return wanted or any(workflow_id.startswith(prefix) for workflow_id in self.agencies)

    def skips(self, stage: AnyStage) -> bool:
        """Whether a stage has nothing to do: its result stands, or the product is a rejection."""
        return stage.kind in FIELD_WORK and (self.position in self.settled or self.product == "rejection")

    def turn_into(self, product: str) -> None:
        """What the case will end in; written with what is noted next."""
        if product != self.product:
            self.product = product
            self.ledger.defer(product=product)

    def sent_back(self, decision: Decision) -> Outcome:
        """A desk sends the case back; what that desk has to look at again is open again."""
        body = decision.body
        assert isinstance(body, Returned)
        to: str = body.to or ("assessment" if self.is_before_drafting else "drafting")
        if to not in self.return_targets:
            to = self.return_targets[-1]
        self.ledger.note(
            self.ledger.event(
                Tag.APPLICATION_SENT_BACK, decision.actor, to=to, code=body.code.value, reason=body.reason
            )
        )
        outcome = Outcome(go_to=to, back=True)
        self.settled.discard(outcome.next(self.definition.stages, self.position))
        if to == "verification":
            self.found.accepted.clear()
        return outcome

    # The verbs of stages ----------------------------------------------------------------------------------------------

    def enter(self, title: str, kind: str) -> StageMark:
        """A stage begins; written with its first task."""
        self._visits += 1
        self.stage_title = title
        mark = self._mark(self._visits, kind, title)
        self.ledger.note_entered(mark)
        return mark

    def leave(self, mark: StageMark) -> None:
        """A stage ends; written with what comes next."""
        self.ledger.note_left(self._mark(mark.n, mark.kind, mark.title))

    def _mark(self, n: int, kind: str, title: str) -> StageMark:
        return StageMark(n=n, kind=kind, title=title, at=workflow.now(), office_at=self.clock.now())

    async def ask(self, kind: TaskKind, stage: DeskStage, subject_sha256: str, **more: Any) -> Decision:
        """Asks the stage's own desk; raises Interrupted where the case ends meanwhile."""
        role: Role = more.pop("role", stage.role)
        question = Question(
            kind=kind,
            role=role,
            stage=stage.title,
            holder=more.pop("holder", stage.holder),
            working_days=more.pop("working_days", stage.working_days),
            ladder=more.pop("ladder", stage.ladder),
            subject_sha256=subject_sha256,
            field=self.definition.field if role is Role.BACK_OFFICE else None,
            wanted_documents=more.pop("wanted_documents", ()),
            photos=more.pop("photos", 0),
            instructions=more.pop("instructions", ""),
            people=more.pop("people", ()),
            return_to=self.return_targets,
        )
        return await self.desk.ask(question, status=ApplicationStatus.IN_PROGRESS, **more)

    async def ask_applicant(
        self,
        kind: TaskKind,
        stage: DeskStage,
        why: str,
        wanted: tuple[str, ...] = (),
        instructions: str = "",
    ) -> Decision:
        """Asks the applicant; the promise rests until the answer."""
        self.pause_promise(why)
        question = Question(
            kind=kind,
            role=Role.APPLICANT,
            stage=stage.title,
            holder="Pemohon",
            working_days=self.definition.repair_working_days,
            ladder=self.definition.repair_ladder,
            subject_sha256=self.dossier_sha256,
            wanted_documents=wanted,
            instructions=instructions,
        )
        decision = await self.desk.ask(question, status=ApplicationStatus.WITH_APPLICANT)
        self.resume_promise(why)
        return decision

    def tell_applicant(self, template: str, **facts: str) -> None:
        """A message to the applicant; becomes due with what is written next."""
        self.ledger.note_notice(
            Notice(key=self.ledger.key(template), template=template, to="applicant", facts=facts)
        )

    def pause_promise(self, why: str) -> None:
        """The case lies with the applicant; written with what is noted next."""
        self.promise = self.promise.pause(self.clock.now(), why)
        self.ledger.note(self.ledger.event(Tag.CLOCK_PAUSED, reason=why))
        self.ledger.defer(promise=self.promise, promise_due_at=self.promise_due())

    def resume_promise(self, why: str) -> None:
        """The case is back; written with what is noted next."""
        self.promise = self.promise.resume(self.clock.now())
        self.ledger.note(self.ledger.event(Tag.CLOCK_RESUMED, reason=why))
        self.ledger.defer(promise=self.promise, promise_due_at=self.promise_due())

    def settle_promise(self) -> None:
        """The product is released: net and gross working days are kept; written with what is noted next."""
        now, calendar = self.clock.now(), self.clock.calendar
        served = Served(
            promised=self.promise.promised_working_days,
            gross=self.promise.gross_working_days(calendar, now),
            net=self.promise.net_working_days(calendar, now),
            paused=self.promise.paused_working_days(calendar, now),
        )
        self.promise_over = True
        self.ledger.note(self.ledger.event(Tag.PROMISE_SETTLED, **served.model_dump()))
        self.ledger.defer(served=served)

    def agency_reports(self, report: AgencyReport) -> None:
        """A child says until when its agency has time, and whether it waits for the applicant.

        The promise rests while nobody but the applicant is waited for; another agency's time runs on.
        """
        if report.workflow_id in self.agencies:
            self.agencies[report.workflow_id] = report
            self.look_at_agencies()

    def look_at_agencies(self) -> None:
        """Pauses or resumes the promise by whom the case waits for now."""
        waits = bool(self.agencies) and all(one.waits_for_applicant for one in self.agencies.values())
        if waits and not self.promise.is_paused:
            self.pause_promise("question")
            self.ledger.tell()
        elif not waits and self.promise.is_paused and self.promise.pauses[-1].reason_code == "question":
            self.resume_promise("question")
            self.ledger.tell()

    def promise_due(self) -> datetime:
        """The promise's due instant as of now; office time."""
        return self.promise.due_at(self.clock.calendar, self.clock.now())

    def child_search_attributes(self, stage: str, holder: str) -> TypedSearchAttributes:
        """What an agency's child shows to operators from its first second."""
        values = {
            SearchAttributes.STAGE: stage,
            SearchAttributes.PERMIT_TYPE: self.definition.code,
            SearchAttributes.WAITING_FOR: holder,
        }
        return TypedSearchAttributes(
            [SearchAttributePair(SearchAttributeKey.for_keyword(name), value) for name, value in values.items()]
        )


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        workflow.logger.exception("Something beside a case has failed; the case goes on.")
