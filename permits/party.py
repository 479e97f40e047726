"""Who an application is for: a person, a company or an institution, in person or by kuasa (power of attorney).

The account is always the person who acts. Where that person acts for somebody else, every event names whom, the letter
names the holder, and a kuasa brings the power of attorney as a document: engine law beside the definition's own list.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

from permits.definition import PermitDefinition, Requirement, Variant
from permits.errors import Code, RuleError

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)]
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]

POWER_OF_ATTORNEY = Requirement(code="surat-kuasa", title="Surat kuasa bermeterai", formats=("pdf", "jpg", "png"))
"""The document that a kuasa brings, whatever the permit type."""


class PartyKind(StrEnum):
    """What the holder of the permit will be."""

    PERSON = "person"
    COMPANY = "company"
    INSTITUTION = "institution"


class Proxy(BaseModel):
    """The power of attorney under which the account acts."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    principal_name: Name  # who gave it: the person itself, or who may sign for the body
    principal_position: Line = ""  # of that person in the body
    relation: Name  # of the one who acts to the principal, in words: child, employee, advocate
    letter_number: Line = ""  # of the power of attorney, where it has one
    letter_date: date | None = None


class Party(BaseModel):
    """The holder of the permit, and in which capacity the account acts for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: PartyKind = PartyKind.PERSON
    name: Line = ""  # of the body; of a person it is the principal's or the account's own
    address: Line = ""
    registration: Line = ""  # NIB of a company, registration of an institution
    npwp: Annotated[str, StringConstraints(pattern=r"^([0-9]{15,16})?$")] = ""
    position: Line = ""  # of who acts, in the body: Direktur, Ketua Yayasan
    proxy: Proxy | None = None

    @model_validator(mode="after")
    def _says_who(self) -> Party:
        if self.kind is PartyKind.PERSON:
            if self.position or self.registration:
                raise ValueError("a person has no position and no registration")
            return self
        if len(self.name) < 2:
            raise ValueError("a company or an institution has a name")
        if not self.position and self.proxy is None:
            raise ValueError("who acts for a body says in which position, or by which power of attorney")
        return self

    @property
    def principal(self) -> str | None:
        """For whom the account acts, by name; None where it acts for itself."""
        if self.kind is not PartyKind.PERSON:
            return self.name
        return self.proxy.principal_name if self.proxy is not None else None

    def holder(self, account_name: str) -> str:
        """Who will hold the permit."""
        return self.principal or account_name


def party_of(kept: dict[str, object] | None) -> Party:
    """A party as it is kept with a case; without one, the account acts for itself."""
    return Party() if kept is None else Party.model_validate(kept)


def requirements_for(definition: PermitDefinition, variant: Variant, party: Party) -> tuple[Requirement, ...]:
    """The documents that this application asks for: the definition's, and what engine law adds."""
    own = definition.requirements_of(variant)
    if party.proxy is None or any(one.code == POWER_OF_ATTORNEY.code for one in own):
        return own
    return (*own, POWER_OF_ATTORNEY)


def requirement_for(definition: PermitDefinition, variant: Variant, party: Party, code: str) -> Requirement:
    """One of them. Raises RuleError(requirement-not-found)."""
    for requirement in requirements_for(definition, variant, party):
        if requirement.code == code:
            return requirement
    raise RuleError(Code.REQUIREMENT_NOT_FOUND, requirement=code)


def check_proxy(party: Party, present: set[str]) -> None:
    """A kuasa shows the power of attorney. Raises RuleError(proxy-missing)."""
    if party.proxy is not None and POWER_OF_ATTORNEY.code not in present:
        raise RuleError(
            Code.PROXY_MISSING, documents=[POWER_OF_ATTORNEY.code], titles=[POWER_OF_ATTORNEY.title]
        )
