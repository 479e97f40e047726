"""The application: its life in nouns, its documents, and the rules of completeness."""

from __future__ import annotations

import hashlib
import json
from datetime import date
from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from permits.definition import FormField, PermitDefinition, Variant
from permits.errors import Code, RuleError
from permits.party import Party, check_proxy, requirements_for
from permits.reasons import DocumentReason


class ApplicationStatus(StrEnum):
    """The whole life of an application on one screen."""

    DRAFT = "draft"  # the applicant is still writing
    SUBMITTED = "submitted"  # complete by form; the workflow is started or about to be
    IN_PROGRESS = "in_progress"  # at a desk or an agency
    WITH_APPLICANT = "with_applicant"  # repair or payment; the clock rests
    SIGNED = "signed"  # signed, verdict and delivery pending
    IN_DELIVERY = "in_delivery"  # released; on its way to its owner by counter or post
    ISSUED = "issued"  # permit delivered
    REJECTED = "rejected"  # rejection delivered
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"  # the applicant never answered, and a person closed the file


CLOSED = frozenset(
    {
        ApplicationStatus.ISSUED,
        ApplicationStatus.REJECTED,
        ApplicationStatus.WITHDRAWN,
        ApplicationStatus.LAPSED,
    }
)


class DocumentRef(BaseModel):
    """A document by reference: content lives in the object store under its sha256."""

    model_config = ConfigDict(frozen=True)

    requirement: str
    version: int
    sha256: str
    content_type: str
    size: int  # bytes


class Delivery(StrEnum):
    """How the product reaches its owner."""

    DOWNLOAD = "download"
    EMAIL = "email"
    PICKUP = "pickup"  # at the counter, handed over by name
    POST = "post"  # PT Pos, with its receipt number


class DocumentVerdict(BaseModel):
    """Front office's judgement of one document."""

    model_config = ConfigDict(frozen=True)

    requirement: str = Field(max_length=60)
    verdict: Literal["accept", "repair"]
    code: DocumentReason = DocumentReason.OTHER  # of a repair
    reason: str = Field(default="", max_length=500)


def missing_documents(
    definition: PermitDefinition, variant: Variant, present: set[str], party: Party | None = None
) -> tuple[str, ...]:
    """Codes of required documents that are not there yet."""
    wanted = requirements_for(definition, variant, party or Party())
    return tuple(item.code for item in wanted if item.required and item.code not in present)


def check_complete(
    definition: PermitDefinition, variant: Variant, data: dict[str, str], present: set[str], party: Party | None = None
) -> None:
    """The pure rules of a submission; the clock starts at the moment they pass.

    Raises RuleError: field-missing, field-invalid, proxy-missing, document-missing (facts name them all).
    """
    empty = [item.code for item in definition.form if item.required and not data.get(item.code, "").strip()]
    if empty:
        raise RuleError(Code.FIELD_MISSING, fields=empty)
    wrong = [item.code for item in definition.form if data.get(item.code) and not fits(item, data[item.code])]
    unknown = sorted(set(data) - {item.code for item in definition.form})
    if wrong or unknown:
        raise RuleError(Code.FIELD_INVALID, fields=wrong + unknown)
    check_proxy(party or Party(), present)
    missing = missing_documents(definition, variant, present, party)
    if missing:
        titles = [definition.requirement(code).title for code in missing]
        raise RuleError(Code.DOCUMENT_MISSING, documents=list(missing), titles=titles)


def fits(item: FormField, answer: str) -> bool:
    """Whether an answer is of the question's kind and no longer than it allows; of an empty one, nothing is said."""
    if len(answer) > item.max_length or any(ord(char) < 32 and char not in "\n\t" for char in answer):
        return False
    if item.kind == "date":
        try:
            date.fromisoformat(answer)
        except ValueError:
            return False
    if item.kind == "number":
        return answer.isascii() and answer.isdigit()
    return True


def dossier_sha256(data: dict[str, str], documents: tuple[DocumentRef, ...]) -> str:
    """What the desks before drafting judge: the data and the newest version of each document."""
    newest = {ref.requirement: ref.sha256 for ref in sorted(documents, key=lambda ref: ref.version)}
    canonical = json.dumps({"data": data, "documents": newest}, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
