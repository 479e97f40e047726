"""What a person can decide at a task, and the rules that each decision must meet.

Every decision names the task, the actor, and the sha256 of what was judged (`seen`): the dossier before drafting, the
letter from drafting on. A decision on anything else is stale.
"""

from __future__ import annotations

import hashlib
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from permits.application import DocumentRef, DocumentVerdict
from permits.authority import Act, Actor, Role, Subject, refusal
from permits.errors import Code, RuleError

MAX_TEXT = 4000
MOST_LINES = 20

# What a decision says ends in letters: the bounds keep the sum of all desks well within what one letter can hold.
Text = Annotated[str, StringConstraints(max_length=MAX_TEXT)]
Line = Annotated[str, StringConstraints(max_length=500)]
Name = Annotated[str, StringConstraints(max_length=200)]
Lines = Annotated[tuple[Line, ...], Field(max_length=MOST_LINES)]
Names = Annotated[tuple[Name, ...], Field(max_length=30)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TaskKind(StrEnum):
    """What is asked of the desk."""

    VERIFICATION = "verification"
    REPAIR = "repair"  # the applicant mends documents
    ASSESSMENT = "assessment"
    INSPECTION = "inspection"
    MEETING = "meeting"
    RECOMMENDATION = "recommendation"  # an OPD answers
    ASSESS_RETRIBUTION = "assess_retribution"  # back office keys in the amount
    PAYMENT = "payment"  # the applicant pays and shows the proof
    CONFIRM_PAYMENT = "confirm_payment"
    DRAFTING = "drafting"
    DESK_CHECK = "desk_check"
    PARAF = "paraf"
    SIGNING = "signing"
    OVERDUE = "overdue"  # a ladder has ended in silence: a person says what is done about it


class VerdictsGiven(_Value):
    """Verification: a verdict for every document."""

    kind: Literal["verdicts"] = "verdicts"
    verdicts: Annotated[tuple[DocumentVerdict, ...], Field(max_length=100)]


class DocumentsRepaired(_Value):
    """Repair: the applicant has uploaded again; the API fills in what lies there now."""

    kind: Literal["repaired"] = "repaired"
    documents: tuple[DocumentRef, ...] = ()
    dossier_sha256: str = ""


class Forwarded(_Value):
    """Assessment, desk check: on to the next desk."""

    kind: Literal["forward"] = "forward"
    note: Text = ""


class Refused(_Value):
    """Assessment: the product will be a rejection."""

    kind: Literal["reject"] = "reject"
    reasons: Lines = ()


class Returned(_Value):
    """A desk after drafting sends the letter back to be written again."""

    kind: Literal["return"] = "return"
    reason: Text = ""


class Position(_Value):
    """Where the inspection stood; WGS 84 degrees, accuracy in metres."""

    latitude: float = Field(ge=-90, le=90)
    longitude: float = Field(ge=-180, le=180)
    accuracy_metres: float = Field(ge=0, le=100_000)


class Inspected(_Value):
    """Inspection: what was found; photos by sha256."""

    kind: Literal["inspected"] = "inspected"
    photos: Annotated[tuple[Sha256, ...], Field(max_length=30)]
    position: Position
    findings: Text
    present: Names


class MeetingHeld(_Value):
    """Technical meeting: conclusions for the minutes."""

    kind: Literal["met"] = "met"
    conclusions: Lines
    present: Names


class Recommended(_Value):
    """An OPD's answer."""

    kind: Literal["recommended"] = "recommended"
    answer: Literal["approve", "approve_with_conditions", "refuse"]
    conditions: Lines = ()
    reason: Text = ""


class RetributionAssessed(_Value):
    """Back office keys in the amount."""

    kind: Literal["retribution"] = "retribution"
    amount_rupiah: int = Field(gt=0, le=100_000_000_000)
    calculation: Text


class Paid(_Value):
    """The applicant shows the proof of payment (sha256 of the uploaded document)."""

    kind: Literal["paid"] = "paid"
    proof: Sha256


class PaymentConfirmed(_Value):
    """Back office has found the payment in the treasury's account; or has not."""

    kind: Literal["payment"] = "payment"
    received: bool
    reason: Text = ""


class Drafted(_Value):
    """Drafting: what the letter says beyond the form's answers."""

    kind: Literal["drafted"] = "drafted"
    facts: Annotated[dict[Name, Line], Field(max_length=MOST_LINES)] = Field(default_factory=dict)
    conditions: Lines = ()


class ParafGiven(_Value):
    """Paraf on exactly the letter named in `seen`."""

    kind: Literal["paraf"] = "paraf"


class SignatureOrdered(_Value):
    """The head's consent, by the id of a sealed activation; never a passphrase."""

    kind: Literal["sign"] = "sign"
    activation_id: Name


class Acknowledged(_Value):
    """A person has taken note of the silence and says what is done; the waiting goes on."""

    kind: Literal["acknowledged"] = "acknowledged"
    note: Text


Body = Annotated[
    VerdictsGiven
    | DocumentsRepaired
    | Forwarded
    | Refused
    | Returned
    | Inspected
    | MeetingHeld
    | Recommended
    | RetributionAssessed
    | Paid
    | PaymentConfirmed
    | Drafted
    | ParafGiven
    | SignatureOrdered
    | Acknowledged,
    Field(discriminator="kind"),
]

POSSIBLE: dict[TaskKind, frozenset[str]] = {
    TaskKind.VERIFICATION: frozenset({"verdicts"}),
    TaskKind.REPAIR: frozenset({"repaired"}),
    TaskKind.ASSESSMENT: frozenset({"forward", "reject"}),
    TaskKind.INSPECTION: frozenset({"inspected"}),
    TaskKind.MEETING: frozenset({"met"}),
    TaskKind.RECOMMENDATION: frozenset({"recommended"}),
    TaskKind.ASSESS_RETRIBUTION: frozenset({"retribution"}),
    TaskKind.PAYMENT: frozenset({"paid"}),
    TaskKind.CONFIRM_PAYMENT: frozenset({"payment"}),
    TaskKind.DRAFTING: frozenset({"drafted"}),
    TaskKind.DESK_CHECK: frozenset({"forward", "return"}),
    TaskKind.PARAF: frozenset({"paraf", "return"}),
    TaskKind.SIGNING: frozenset({"sign", "return"}),
    TaskKind.OVERDUE: frozenset({"acknowledged"}),
}


class Decision(_Value):
    """One person's decision at one task: the argument of the update `decide`."""

    task_id: str
    actor: Actor
    seen: str  # sha256 of what was judged
    body: Body

    @property
    def body_sha256(self) -> str:
        """Tells a repeated decision from another one under the same key."""
        return hashlib.sha256((self.seen + self.body.model_dump_json()).encode()).hexdigest()


class Receipt(_Value):
    """The answer to a decision that was taken."""

    task_id: str
    actor_id: str
    body_sha256: str
    decided_at: str  # aware UTC, ISO 8601


class OpenTask(_Value):
    """A task as the rules see it."""

    id: str
    kind: TaskKind
    role: Role
    subject_sha256: str
    about: Subject
    wanted_documents: tuple[str, ...] = ()  # verification: all that need a verdict
    photos: int = 0


def check_decision(decision: Decision, task: OpenTask) -> None:
    """Whether this decision may be taken at this open task.

    Raises RuleError: not-allowed, own-application, same-person, decision-not-possible, stale-version,
    verdict-missing, reason-missing, evidence-missing.
    """
    act = Act.SIGN if isinstance(decision.body, SignatureOrdered) else Act.DECIDE
    if refused := refusal(decision.actor, act, task.about):
        raise RuleError(refused, task=task.id)
    if decision.body.kind not in POSSIBLE[task.kind]:
        raise RuleError(Code.DECISION_NOT_POSSIBLE, task=task.id, possible=sorted(POSSIBLE[task.kind]))
    if decision.seen != task.subject_sha256:
        raise RuleError(Code.STALE_VERSION, task=task.id, current=task.subject_sha256)
    _check_body(decision.body, task)


def _check_body(body: Body, task: OpenTask) -> None:
    match body:
        case VerdictsGiven(verdicts=verdicts):
            judged = [verdict.requirement for verdict in verdicts]
            if sorted(judged) != sorted(task.wanted_documents):
                raise RuleError(Code.VERDICT_MISSING, documents=sorted(set(task.wanted_documents) - set(judged)))
            _need_reasons(*(v.reason for v in verdicts if v.verdict == "repair"))
        case DocumentsRepaired(documents=documents):
            missing = set(task.wanted_documents) - {document.requirement for document in documents}
            if missing:
                raise RuleError(Code.DOCUMENT_MISSING, documents=sorted(missing))
        case Refused(reasons=reasons):
            _need_reasons(*(reasons or ("",)))
        case Returned(reason=reason) | Acknowledged(note=reason):
            _need_reasons(reason)
        case Recommended(answer="approve_with_conditions", conditions=conditions):
            _need_reasons(*(conditions or ("",)))
        case Recommended(answer="refuse", reason=reason) | PaymentConfirmed(received=False, reason=reason):
            _need_reasons(reason)
        case Inspected(photos=photos, present=present):
            if len(set(photos)) < task.photos or not present:
                raise RuleError(Code.EVIDENCE_MISSING, photos_wanted=task.photos)
        case MeetingHeld(conclusions=conclusions, present=present):
            if not conclusions or not present:
                raise RuleError(Code.EVIDENCE_MISSING)
        case _:
            pass


def _need_reasons(*texts: str) -> None:
    if any(not text.strip() for text in texts):
        raise RuleError(Code.REASON_MISSING)
