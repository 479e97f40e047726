"""One application on its way: the state that all stages share, and the verbs they have in common.

State lives in one value from the first task on; what a stage needs from the world goes through the ledger and the
letter desk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, TypeVar, get_args

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

with workflow.unsafe.imports_passed_through():
    from activities.drafting import ComposeLetter, LetterDesk, RenderLetter
    from activities.records import CaseBook, LetterIssue, LetterVoid
    from permits.application import ApplicationStatus, DocumentRef
    from permits.authority import Role
    from permits.decisions import Decision, Returned, ReturnTarget, TaskKind
    from permits.definition import AnyStage, DeskStage, Issuance, LetterForm, Procedure, Recommendation, Verification
    from permits.escalation import Ladder
    from permits.events import Tag
    from permits.sla import SlaClock
    from permits.steps import LetterOpening, LetterRef, Notice, OpdAnswer, Served, StageMark
    from workflows.clock import OfficeClock
    from workflows.desk import Desk, Interrupted, Question
    from workflows.ledger import Ledger
    from workflows.messages import (
        AgencyAdded,
        AgencyReport,
        SearchAttributes,
        Submission,
        Withdrawal,
        recommendation_workflow_id,
    )
    from workflows.options import OWN_STORE, RENDERING

Result = TypeVar("Result")

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
        self.documents: dict[str, DocumentRef] = {ref.requirement: ref for ref in submission.documents}
        self.dossier_sha256 = submission.dossier_sha256
        self.purpose_product = PRODUCTS[self.definition.procedure]  # what the case is for
        self.product = self.purpose_product  # what it will end in
        self.letter: LetterRef | None = None
        self._products: dict[str, LetterRef] = {}  # every product that took a number, by purpose
        self.letter_sha256 = ""
        self.signature_ordered = False
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
        self._filed: dict[str, int] = {}  # how often a letter of a purpose was filed
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

    # Letters ----------------------------------------------------------------------------------------------------------

    @property
    def product_form(self) -> LetterForm:
        """The letter that this case will end in."""
        if self.product == "rejection":
            return self.definition.rejection
        form, product = self.definition.letter, self.definition.terms_of(self.submission.variant).product
        # A variant with a product of its own, such as a change or a closure, bears its name.
        return form.model_copy(update={"title": product}) if product not in (None, self.definition.product) else form

    async def number_product(self) -> LetterRef:
        """The product's number; a case that turns from permit to rejection and back finds the number it had."""
        form = self.product_form
        if self.product not in self._products:
            self._products[self.product] = await self.take_number(
                self.product, form.series, form.number_template, form.title
            )
        return self._products[self.product]

    async def void_unused(self, reason: str) -> None:
        """Numbers of products that never left the house stay in the register as BATAL."""
        for purpose, letter in self._products.items():
            if purpose == self.product and self.signed_sha256 is not None:
                continue
            void = LetterVoid(
                number=self.number,
                purpose=purpose,
                reason=reason,
                event=self.ledger.event(Tag.LETTER_VOIDED, number_text=letter.number_text, reason=reason),
            )
            await workflow.execute_activity_method(
                CaseBook.void_letter, void, summary=f"Nomor batal: {letter.number_text}", **OWN_STORE
            )

    async def take_number(self, purpose: str, series: str, number_template: str, title: str) -> LetterRef:
        """A number from the agenda register, once per letter, kept through redrafts."""
        await self.ledger.catch_up()
        opening = LetterOpening(
            number=self.number,
            purpose=purpose,
            series=series,
            number_template=number_template,
            letter_date=self.clock.today(),
            event=self.ledger.event(Tag.LETTER_NUMBERED, purpose=purpose, title=title),
        )
        return await workflow.execute_activity_method(
            CaseBook.number_letter, opening, summary=f"Nomor surat: {title}", **OWN_STORE
        )

    async def write_letter(self, letter: LetterRef, form: LetterForm, **content: Any) -> str:
        """Composes, renders and freezes a letter; returns the sha256 of its bytes."""
        await self.ledger.catch_up()
        order = ComposeLetter(
            number=self.number,
            letter=letter,
            letter_date=letter.letter_date,
            drafted_on=self.clock.today(),
            permit_type=self.definition.code,
            form=form,
            fields=self.definition.form,
            unconfirmed=not self.definition.confirmed,
            legal_basis=tuple(content.pop("legal_basis", self._legal_basis())),
            **content,
        )
        composed = await self._unless_ended(
            workflow.start_activity_method(
                LetterDesk.compose_letter, order, summary=f"Susun surat: {form.title}", **OWN_STORE
            )
        )
        frozen = self.ledger.event(
            Tag.LETTER_DRAFTED, purpose=letter.purpose, title=form.title, input_sha256=composed.input_sha256
        )
        rendering = RenderLetter(
            number=self.number,
            purpose=letter.purpose,
            template=form.template,
            template_version=form.template_version,
            input_sha256=composed.input_sha256,
            event=frozen,
        )
        rendered = await self._unless_ended(
            workflow.start_activity_method(
                LetterDesk.render_letter, rendering, summary=f"Cetak surat: {form.title}", **RENDERING
            )
        )
        return rendered.sha256

    async def _unless_ended(self, work: workflow.ActivityHandle[Result]) -> Result:
        """What the work gives; raises Interrupted where the case is withdrawn before it is done."""
        await workflow.wait_condition(lambda: work.done() or self.desk.ended is not None)
        if not work.done():
            work.cancel()
            raise Interrupted
        return await work

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

    async def file_letter(self, purpose: str, form: LetterForm, **content: Any) -> str:
        """A letter that needs no signature of the head (SKRD, minutes, request): numbered, written, issued at once."""
        self._filed[purpose] = self._filed.get(purpose, 0) + 1
        if self._filed[purpose] > 1:
            purpose = f"{purpose}-{self._filed[purpose]}"
        letter = await self.take_number(purpose, form.series, form.number_template, form.title)
        sha256 = await self.write_letter(letter, form, **content)
        issued = self.ledger.event(Tag.LETTER_ISSUED, purpose=purpose, number_text=letter.number_text)
        issue = LetterIssue(number=self.number, purpose=purpose, event=issued)
        await workflow.execute_activity_method(
            CaseBook.issue_letter, issue, summary=f"Surat terbit: {form.title}", **OWN_STORE
        )
        return sha256

    def _legal_basis(self) -> tuple[str, ...]:
        today = self.clock.today()
        return tuple(
            basis.text
            for basis in self.definition.legal_basis
            if (basis.valid_from is None or basis.valid_from <= today)
            and (basis.valid_until is None or today <= basis.valid_until)
        )


async def _logged(work: Coroutine[Any, Any, None]) -> None:
    try:
        await work
    except Exception:
        workflow.logger.exception("Something beside a case has failed; the case goes on.")
