"""The letters of one case: numbered in the register, composed, rendered, frozen; the unused numbers are voided."""

from __future__ import annotations

from typing import Any, TypeVar

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.drafting import ComposeLetter, LetterDesk, RenderLetter
    from activities.records import CaseBook, LetterIssue, LetterVoid
    from permits.definition import LetterForm
    from permits.events import Tag
    from permits.steps import LetterOpening, LetterRef
    from workflows.clock import OfficeClock
    from workflows.desk import Desk, Interrupted
    from workflows.ledger import Ledger
    from workflows.messages import Submission
    from workflows.options import OWN_STORE, RENDERING

Result = TypeVar("Result")


class CaseLetters:
    """What a case writes; a withdrawal at its desk interrupts the writing."""

    def __init__(self, submission: Submission, clock: OfficeClock, ledger: Ledger, desk: Desk) -> None:
        self.submission = submission
        self.definition = submission.definition
        self.number = submission.number
        self.clock = clock
        self.ledger = ledger
        self.desk = desk
        self._products: dict[str, LetterRef] = {}  # every product that took a number, by purpose
        self._filed: dict[str, int] = {}  # how often a letter of a purpose was filed

    def form_of(self, product: str) -> LetterForm:
        """The letter that a product of this case is."""
        if product == "rejection":
            return self.definition.rejection
        form, title = self.definition.letter, self.definition.terms_of(self.submission.variant).product
        # A variant with a product of its own, such as a change or a closure, bears its name.
        return form.model_copy(update={"title": title}) if title not in (None, self.definition.product) else form

    async def number_product(self, product: str) -> LetterRef:
        """A product's number; a case that turns from permit to rejection and back finds the number it had."""
        if product not in self._products:
            form = self.form_of(product)
            self._products[product] = await self.take_number(product, form.series, form.number_template, form.title)
        return self._products[product]

    async def void_unused(self, reason: str, issued: str | None) -> None:
        """Numbers of products other than the issued one stay in the register as BATAL."""
        for purpose, letter in self._products.items():
            if purpose == issued:
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

    async def _unless_ended(self, work: workflow.ActivityHandle[Result]) -> Result:
        """What the work gives; raises Interrupted where the case is withdrawn before it is done."""
        await workflow.wait_condition(lambda: work.done() or self.desk.ended is not None)
        if not work.done():
            work.cancel()
            raise Interrupted
        return await work

    def _legal_basis(self) -> tuple[str, ...]:
        today = self.clock.today()
        return tuple(
            basis.text
            for basis in self.definition.legal_basis
            if (basis.valid_from is None or basis.valid_from <= today)
            and (basis.valid_until is None or today <= basis.valid_until)
        )
