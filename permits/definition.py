"""What a permit type is, as dated data: the published definition that a case keeps for its whole life.

A definition is a list, not a language: desks in order, documents per variant, agencies with their days, ladders, the
promise, the letter. It has no expressions, no jumps and no activity names; a new need is a new stage kind in Python.
Repair, return to a desk, rejection and withdrawal are engine law and need no line here.
"""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from permits.authority import Role
from permits.errors import Code, RuleError
from permits.escalation import Ladder


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Variant(StrEnum):
    """What the applicant asks for."""

    NEW = "new"
    RENEWAL = "renewal"
    CHANGE = "change"


class Procedure(StrEnum):
    """What a case does: issues a permit, or changes one that was issued (`permits.after_issue`)."""

    PERMIT = "permit"
    REVOCATION = "revocation"  # pencabutan, by the office
    REPLACEMENT = "replacement"  # penggantian: lost, damaged, or a mistake in it
    EXTENSION = "extension"  # perpanjangan waktu of the same permit, where the type allows it


class VariantTerms(_Value):
    """Where a variant differs from its type; what is None is as the type says."""

    variant: Variant
    fee: str | None = None
    product: str | None = None
    promise_working_days: int | None = Field(default=None, ge=1, le=120)
    note: str | None = None


class DeemedApproval(_Value):
    """The silence rule (fiktif positif, UU 30/2014 article 53): when it comes due a person gets a task, never a permit.

    Off unless a type has it; the office confirms the rule it rests on.
    """

    after_working_days: int = Field(ge=0, le=120)  # beyond the promise
    legal_basis: str


class Requirement(_Value):
    """A document that belongs to the application."""

    code: str = Field(pattern=r"^[a-z0-9-]{2,60}$")
    title: str
    formats: tuple[Literal["pdf", "jpg", "png"], ...] = ("pdf",)
    variants: tuple[Variant, ...] = (Variant.NEW, Variant.RENEWAL, Variant.CHANGE)
    required: bool = True
    condition: str | None = None  # in words, for a document that only some applicants need


class FormField(_Value):
    """A question of the form; its answer may stand in the letter."""

    code: str = Field(pattern=r"^[a-z0-9_]{2,60}$")
    label: str
    kind: Literal["text", "long_text", "date", "number"] = "text"
    required: bool = True
    in_letter: bool = True
    max_length: int = 300


class LegalBasis(_Value):
    """A rule the permit rests on, dated; unconfirmed ones are shown as waiting for the office."""

    text: str
    valid_from: date | None = None
    valid_until: date | None = None
    confirmed: bool = False


class Stage(_Value):
    """What all stages have: words for people, a desk, days, a ladder."""

    title: str  # the stage in words, as ops and applicants read it
    holder: str  # who holds it, in words
    working_days: int = Field(ge=0, le=60)  # 0: on the working day on which it arrives
    ladder: Ladder


class Verification(Stage):
    """Completeness, document by document; inside the promise."""

    kind: Literal["verification"] = "verification"
    role: Role = Role.FRONT_OFFICE


class Assessment(Stage):
    """The field's own study of the case; may end in a rejection."""

    kind: Literal["assessment"] = "assessment"
    role: Role = Role.BACK_OFFICE


class Inspection(Stage):
    """A visit with photos and position."""

    kind: Literal["inspection"] = "inspection"
    role: Role = Role.TECHNICAL_TEAM
    photos: int = Field(default=1, ge=1, le=20)


class Meeting(Stage):
    """The technical team's meeting; its minutes become a letter."""

    kind: Literal["meeting"] = "meeting"
    role: Role = Role.TECHNICAL_TEAM


class Agency(_Value):
    """An OPD that is asked, with its own clock inside the promise or beside it."""

    opd: str = Field(pattern=r"^[a-z0-9]{2,20}$")
    name: str
    asks_for: str  # what the recommendation is about, in words
    working_days: int = Field(ge=1, le=60)
    ladder: Ladder


class Recommendation(Stage):
    """All agencies at once, one child workflow each."""

    kind: Literal["recommendation"] = "recommendation"
    role: Role = Role.OPD
    agencies: tuple[Agency, ...] = Field(min_length=1, max_length=6)


class Retribution(Stage):
    """Amount keyed in, SKRD letter, proof of payment; the clock rests while the applicant pays."""

    kind: Literal["retribution"] = "retribution"
    role: Role = Role.BACK_OFFICE
    series: str = "SKRD"
    number_template: str
    legal_basis: str


class Drafting(Stage):
    """The letter is written and frozen by its sha256."""

    kind: Literal["drafting"] = "drafting"
    role: Role = Role.BACK_OFFICE


class DeskCheck(Stage):
    """A desk that reads the draft (sub-coordinator, coordinator)."""

    kind: Literal["desk_check"] = "desk_check"
    role: Role


class Paraf(Stage):
    """The division head's paraf on exactly these bytes."""

    kind: Literal["paraf"] = "paraf"
    role: Role = Role.HEAD_OF_DIVISION


class Signing(Stage):
    """The head's signature."""

    kind: Literal["signing"] = "signing"
    role: Role = Role.HEAD_OF_OFFICE


class Issuance(_Value):
    """Release and delivery; done by the engine."""

    kind: Literal["issuance"] = "issuance"
    title: str
    holder: str


DeskStage = (
    Verification
    | Assessment
    | Inspection
    | Meeting
    | Recommendation
    | Retribution
    | Drafting
    | DeskCheck
    | Paraf
    | Signing
)
AnyStage = Annotated[DeskStage | Issuance, Field(discriminator="kind")]


class FieldCard(_Value):
    """A page of its own at the end of a permit that is inspected in the field, with a code that is read offline."""

    shows: tuple[str, ...] = Field(default=(), max_length=3)
    """Codes of the questions whose answers an inspector compares with what is there, such as a plate number."""


class LetterForm(_Value):
    """How the product looks and is numbered."""

    template: str = Field(pattern=r"^[a-z0-9-]{2,40}$")
    template_version: int = 1  # of the form as the definition means it; a letter keeps its template's own number
    title: str
    series: str = Field(pattern=r"^[A-Z0-9-]{2,20}$")
    number_template: str
    validity_months: int | None = None
    considering: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    copies: tuple[str, ...] = ()
    field_card: FieldCard | None = None

    def valid_until(self, letter_date: date) -> date | None:
        """The last day of a letter of that date: the same day months later, the 28th for days not every month has."""
        if self.validity_months is None:
            return None
        year, month = divmod(letter_date.year * 12 + letter_date.month - 1 + self.validity_months, 12)
        return date(year, month + 1, min(letter_date.day, 28))


class PermitDefinition(_Value):
    """One published version of a permit type."""

    code: str = Field(pattern=r"^[a-z0-9-]{2,60}$")
    version: int = Field(ge=1)
    title: str
    field: str  # the back office's field
    product: str
    source: str  # where these facts come from, in one line
    confirmed: bool  # False: the office has yet to confirm it
    refers_to: str | None = Field(default=None, max_length=500)
    """In words, where another authority issues this permit today (OSS): the office refers, it never duplicates."""
    status: Literal["draft", "published", "retired"]
    effective_from: date
    effective_until: date | None = None
    promise_working_days: int = Field(ge=1, le=120)
    promise_note: str | None = None
    agency_working_days: int | None = Field(default=None, ge=1, le=60)
    """Working days of agencies that the office's own promise does not hold: said beside it, and added to it."""
    fee: str
    terms: tuple[VariantTerms, ...] = ()
    deemed_approval: DeemedApproval | None = None
    procedure: Procedure = Procedure.PERMIT
    legal_basis: tuple[LegalBasis, ...] = ()
    requirements: tuple[Requirement, ...] = ()
    form: tuple[FormField, ...] = ()
    stages: tuple[AnyStage, ...] = Field(min_length=3)
    letter: LetterForm
    rejection: LetterForm
    repair_ladder: Ladder
    repair_working_days: int = 14

    @model_validator(mode="after")
    def _whole(self) -> PermitDefinition:
        kinds = [stage.kind for stage in self.stages]
        if self.procedure is not Procedure.PERMIT:
            kinds = ["verification", *kinds]  # a procedure of the office's own has no documents to verify
        elif not self.requirements:
            raise ValueError("a permit type asks for one document at least")
        if kinds[0] != "verification" or kinds[-2:] != ["signing", "issuance"] or kinds.count("drafting") != 1:
            raise ValueError("stages begin with verification, draft once, and end with signing and issuance")
        codes = [requirement.code for requirement in self.requirements]
        if len(set(codes)) != len(codes):
            raise ValueError("a requirement stands twice")
        if self.effective_until and self.effective_until < self.effective_from:
            raise ValueError("a version ends before it begins")
        return self

    @property
    def variants(self) -> tuple[Variant, ...]:
        """What can be applied for: the variants that ask for documents."""
        return tuple(variant for variant in Variant if self.requirements_of(variant))

    def terms_of(self, variant: Variant) -> VariantTerms:
        """Fee, product and promise of a variant, none of them empty."""
        own = next((terms for terms in self.terms if terms.variant is variant), VariantTerms(variant=variant))
        return VariantTerms(
            variant=variant,
            fee=own.fee or self.fee,
            product=own.product or self.product,
            promise_working_days=own.promise_working_days or self.promise_working_days,
            note=own.note or self.promise_note,
        )

    def promised_days(self, variant: Variant = Variant.NEW) -> int:
        """Working days promised to the applicant: the office's own, and those of agencies that stand beside them."""
        return (self.terms_of(variant).promise_working_days or 0) + (self.agency_working_days or 0)

    def requirements_of(self, variant: Variant) -> tuple[Requirement, ...]:
        """The documents that this variant asks for, in the definition's order."""
        return tuple(requirement for requirement in self.requirements if variant in requirement.variants)

    def requirement(self, code: str) -> Requirement:
        """Raises RuleError(requirement-not-found)."""
        for requirement in self.requirements:
            if requirement.code == code:
                return requirement
        raise RuleError(Code.REQUIREMENT_NOT_FOUND, requirement=code)

    @property
    def agencies(self) -> tuple[Agency, ...]:
        """All OPDs that this type asks."""
        return tuple(a for stage in self.stages if isinstance(stage, Recommendation) for a in stage.agencies)

    @property
    def sha256(self) -> str:
        """The version's fingerprint, kept with each case."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def may_be_submitted(definition: PermitDefinition, practice: bool) -> None:
    """A type that the office has not confirmed takes practice applications alone.

    Raises RuleError(practice-only).
    """
    if not practice and not definition.confirmed:
        raise RuleError(Code.PRACTICE_ONLY, permit_type=definition.code)


def version_for(versions: tuple[PermitDefinition, ...], on: date) -> PermitDefinition:
    """The published version in force on that day.

    Raises RuleError(permit-type-not-found) where none is.
    """
    for version in versions:
        ends = version.effective_until
        if version.status == "published" and version.effective_from <= on and (ends is None or on <= ends):
            return version
    raise RuleError(Code.PERMIT_TYPE_NOT_FOUND)
