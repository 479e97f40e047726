"""One application on its way: the state that all stages share, and the verbs they have in common.

State lives in one value from the first task on; what a stage needs from the world goes through the ledger and the
letter desk.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeVar

from temporalio import workflow
from temporalio.common import SearchAttributeKey, SearchAttributePair, TypedSearchAttributes

with workflow.unsafe.imports_passed_through():
    from activities.drafting import ComposeLetter, LetterDesk, RenderLetter
    from activities.records import CaseBook, LetterIssue
    from permits.application import ApplicationStatus, DocumentRef
    from permits.authority import Role
    from permits.decisions import Decision, TaskKind
    from permits.definition import DeskStage, LetterForm
    from permits.events import Tag
    from permits.sla import SlaClock
    from permits.steps import LetterOpening, LetterRef, OpdAnswer, StageMark
    from workflows.clock import OfficeClock
    from workflows.desk import Desk, Interrupted, Question
    from workflows.ledger import Ledger
    from workflows.messages import SearchAttributes, Submission, Withdrawal
    from workflows.options import OWN_STORE, RENDERING

Result = TypeVar("Result")


@dataclass(frozen=True)
class Outcome:
    """How a stage ended: on to the next, or to the first later or earlier stage of a kind."""

    go_to: str | None = None

    @classmethod
    def forward(cls) -> Outcome:
        return cls()

    @classmethod
    def to(cls, kind: str) -> Outcome:
        return cls(go_to=kind)


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
        self.product: Literal["permit", "rejection"] = "permit"
        self.letter: LetterRef | None = None
        self.letter_sha256 = ""
        self.signature_ordered = False
        self.signed_sha256: str | None = None
        self.withdrawal: Withdrawal | None = None
        self.found = Findings()
        self.requests: dict[str, int] = {}  # how often each OPD was asked
        self.stage_title = ""
        self._visits = 0
        received = self.clock.office_time(submission.submitted_at)
        self.promise = SlaClock(
            received_on=self.clock.calendar.local_date(received),
            working_days=self.definition.promise_working_days,
        )

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
        self.promise = self.promise.pause(self.clock.now(), why)
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
        paused = self.ledger.event(Tag.CLOCK_PAUSED, reason=why)
        decision = await self.desk.ask(
            question,
            paused,
            status=ApplicationStatus.WITH_APPLICANT,
            promise=self.promise,
            promise_due_at=self.promise_due(),
        )
        self.promise = self.promise.resume(self.clock.now())
        self.ledger.note(self.ledger.event(Tag.CLOCK_RESUMED, reason=why))
        self.ledger.defer(promise=self.promise, promise_due_at=self.promise_due())
        return decision

    def promise_due(self) -> datetime:
        """The promise's due instant as of now; office time."""
        return self.promise.due_at(self.clock.calendar, self.clock.now())

    # Letters ----------------------------------------------------------------------------------------------------------

    @property
    def product_form(self) -> LetterForm:
        """The letter that this case will end in."""
        return self.definition.letter if self.product == "permit" else self.definition.rejection

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
            permit_type=self.definition.code,
            form=form,
            fields=self.definition.form,
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
