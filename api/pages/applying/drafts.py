"""A draft against the law of today: its questions and documents in order, what is there, and what is missing.

The wizard's pages have a name each: a question's own code, or one of the steps below, whose names no question can have.
"""

from __future__ import annotations

from dataclasses import dataclass

from api.dependencies import Case
from api.pages.formatting import local_day
from api.pages.language import gettext as _
from api.services import Services
from permits.application import Delivery, fits
from permits.definition import FormField, PermitDefinition, Requirement, Variant
from permits.old_permit import CONTINUED
from permits.party import Party, party_of, requirements_for
from store.queries.application import DocumentView
from store.queries.application import documents as documents_of
from store.queries.catalogue import definition_in_force
from store.tables import ApplicationRow

FOR_WHOM = "untuk-siapa"
OLD_PERMIT = "izin-lama"
DELIVERY = "cara-ambil"
OLD_PERMIT_QUESTION = "old_permit_number"
"""Many forms ask for the old permit's number; its own step answers that, and a new application has none."""


@dataclass(frozen=True)
class Gap:
    """Something that is missing, and where it is given."""

    words: str
    address: str


@dataclass(frozen=True)
class Plan:
    """A draft with what its type asks today."""

    row: ApplicationRow
    definition: PermitDefinition
    documents: dict[str, DocumentView]  # the newest of each requirement

    @property
    def address(self) -> str:
        """Of the draft's own page."""
        return f"/permohonan/{self.row.number}"

    @property
    def variant(self) -> Variant:
        """What is asked for."""
        return Variant(self.row.variant)

    @property
    def party(self) -> Party:
        """For whom it is."""
        return party_of(self.row.party)

    @property
    def questions(self) -> tuple[FormField, ...]:
        """The questions that the wizard asks, in the order of the form."""
        return tuple(one for one in self.definition.form if one.required or one.code != OLD_PERMIT_QUESTION)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """The documents that are asked for."""
        return requirements_for(self.definition, self.variant, self.party)

    @property
    def steps(self) -> tuple[str, ...]:
        """The wizard's pages before the documents."""
        continues = (OLD_PERMIT,) if self.variant in CONTINUED else ()
        return (FOR_WHOM, *continues, *(one.code for one in self.questions))

    def step_address(self, step: str) -> str:
        """Of one of the wizard's pages."""
        return f"{self.address}/isian/{step}"

    def document_address(self, requirement: str) -> str:
        """Of the page of one document."""
        return f"{self.address}/berkas/{requirement}"

    def is_done(self, step: str) -> bool:
        """Whether a page of the wizard has its answer; an optional question, once it was passed."""
        if step == FOR_WHOM:
            return self.row.party is not None
        if step == OLD_PERMIT:
            return bool(self.row.old_permit_text)
        question = next((one for one in self.questions if one.code == step), None)
        answer = self.row.data.get(step)
        if question is None or answer is None:
            return False
        return bool(answer.strip() or not question.required) and (not answer or fits(question, answer))

    @property
    def next_step(self) -> str | None:
        """The first page that has no answer yet."""
        return next((step for step in self.steps if not self.is_done(step)), None)

    @property
    def next_document(self) -> Requirement | None:
        """The first required document that is not there yet."""
        return next((one for one in self.requirements if one.required and one.code not in self.documents), None)

    @property
    def is_without_address(self) -> bool:
        """Whether the letter is to be posted, and nobody said where to."""
        return self.row.delivery == Delivery.POST and not self.row.delivery_address

    @property
    def gaps(self) -> list[Gap]:
        """All that a submission would be refused for, in the order of the wizard."""
        labels = {one.code: one.label for one in self.questions} | {
            FOR_WHOM: _("Untuk siapa izin ini"),
            OLD_PERMIT: _("Izin lama"),
        }
        optional = {one.code for one in self.questions if not one.required and not self.row.data.get(one.code)}
        found = [
            Gap(_("Belum diisi: %(what)s") % {"what": labels[step]}, self.step_address(step))
            for step in self.steps
            if not self.is_done(step) and step not in optional
        ]
        found += [
            Gap(_("Belum diunggah: %(what)s") % {"what": one.title}, self.document_address(one.code))
            for one in self.requirements
            if one.required and one.code not in self.documents
        ]
        if self.is_without_address:
            found.append(Gap(_("Belum diisi: alamat pengiriman"), self.step_address(DELIVERY)))
        return found

    @property
    def left_over(self) -> list[str]:
        """Answers to what the law of today no longer asks."""
        known = {one.code for one in self.definition.form}
        return [answer for code, answer in self.row.data.items() if code not in known and answer]

    @property
    def is_overtaken(self) -> bool:
        """Whether another version of the law came into force since the draft was begun."""
        return self.definition.effective_from > local_day(self.row.created_at) or bool(self.left_over)

    def where_to_go_on(self) -> str:
        """The address of the first thing that is left to do."""
        if self.next_step is not None:
            return self.step_address(self.next_step)
        if self.next_document is not None:
            return self.document_address(self.next_document.code)
        return self.step_address(DELIVERY) if self.is_without_address else f"{self.address}/periksa"


async def plan_of(services: Services, case: Case) -> Plan:
    """The draft's plan by the law of today. Raises RuleError(permit-type-not-found) for a type not in force."""
    today = await services.office_today()
    async with services.db.transaction() as session:
        definition = await definition_in_force(session, case.row.permit_type, today)
        documents = {one.requirement: one for one in await documents_of(session, case.row)}
    return Plan(case.row, definition, documents)
