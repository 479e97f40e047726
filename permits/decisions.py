"""What a person can decide at a task, and the rules that each decision must meet.

Every decision names the task, the actor, and the sha256 of what was judged (`seen`): the dossier before drafting, the
letter from drafting on. A decision on anything else is stale.
"""

from __future__ import annotations

import hashlib
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from permits.application import DocumentRef, DocumentVerdict
from permits.authority import Actor
from permits.reasons import RefusalReason, ReturnReason

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
    SIGN_MINUTES = "sign_minutes"  # those present sign the minutes
    CLARIFICATION = "clarification"  # the applicant answers an agency's question
    SIGN_RECOMMENDATION = "sign_recommendation"  # the agency's officer signs its answer as a letter
    MATCH_ANSWER = "match_answer"  # back office compares a wet-signed letter with the request
    UNANSWERED_REPAIR = "unanswered_repair"  # the applicant stayed silent: a person closes the file, or waits
    DEEMED_APPROVAL = "deemed_approval"  # the type's silence rule has come due: a person confirms, or not
    HAND_OVER = "hand_over"  # the product is fetched at the counter
    POSTING = "posting"  # the product is given to the post
    POST_ARRIVAL = "post_arrival"  # where the post's own tracking says nothing, a person asks


class VerdictsGiven(_Value):
    """Verification: a verdict for every document."""

    kind: Literal["verdicts"] = "verdicts"
    verdicts: Annotated[tuple[DocumentVerdict, ...], Field(max_length=100)]


Channel = Literal["web", "counter", "whatsapp", "email", "telephone", "letter"]
"""How something reached the office."""


class OnBehalf(_Value):
    """Staff did for the applicant what the applicant asked for: by which way, and how the consent was given."""

    channel: Channel
    consent: Annotated[str, StringConstraints(min_length=3, max_length=500)]


class DocumentsRepaired(_Value):
    """Repair: the applicant has uploaded again; the API fills in what lies there now."""

    kind: Literal["repaired"] = "repaired"
    documents: tuple[DocumentRef, ...] = ()
    dossier_sha256: str = ""
    on_behalf: OnBehalf | None = None  # filled in where staff repaired for the applicant


class Forwarded(_Value):
    """Assessment, desk check: on to the next desk."""

    kind: Literal["forward"] = "forward"
    note: Text = ""


class Refused(_Value):
    """Assessment: the product will be a rejection."""

    kind: Literal["reject"] = "reject"
    code: RefusalReason = RefusalReason.OTHER
    reasons: Lines = ()


class SentToApplicant(_Value):
    """Assessment, drafting: documents that turn out to be wrong go back to the applicant; the others stay accepted."""

    kind: Literal["to_applicant"] = "to_applicant"
    documents: Annotated[tuple[DocumentVerdict, ...], Field(min_length=1, max_length=100)]


ReturnTarget = Literal["verification", "assessment", "inspection", "meeting", "recommendation", "drafting"]
"""The desks a case can be sent back to."""


class Returned(_Value):
    """A desk sends the case back to an earlier desk; from there it climbs all desks again."""

    kind: Literal["return"] = "return"
    code: ReturnReason = ReturnReason.OTHER
    reason: Text = ""
    to: ReturnTarget | None = None  # None: the letter is written again; before drafting, the desk before this one


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


class PresentSigned(_Value):
    """One of those present signed the minutes, on paper (the scanned page) or on the screen (the drawn image)."""

    name: Name
    way: Literal["paper", "screen"]
    image: Sha256


class MinutesSigned(_Value):
    """Minutes: everyone present has signed, or refused with a reason."""

    kind: Literal["minutes_signed"] = "minutes_signed"
    signatures: Annotated[tuple[PresentSigned, ...], Field(max_length=30)] = ()
    refused: Annotated[dict[Name, Line], Field(max_length=30)] = Field(default_factory=dict)  # name: reason


class MeetingHeld(_Value):
    """Technical meeting: conclusions for the minutes."""

    kind: Literal["met"] = "met"
    conclusions: Lines
    present: Names


class Provenance(_Value):
    """Where an answer on paper came from, when staff key it in."""

    channel: Channel
    letter_number: Line  # of the agency's letter
    letter_date: date
    received_on: date
    scan: Sha256  # attachment `paper-answer` of the task


class Recommended(_Value):
    """An OPD's answer."""

    kind: Literal["recommended"] = "recommended"
    answer: Literal["approve", "approve_with_conditions", "refuse"]
    conditions: Lines = ()
    reason: Text = ""
    letter: Sha256 | None = None  # a wet-signed letter (attachment `wet-signed-letter`), to be matched by the BO
    provenance: Provenance | None = None  # the answer was keyed in by staff


class QuestionAsked(_Value):
    """An OPD asks the applicant before it answers; its own clock rests meanwhile, and is never reset."""

    kind: Literal["question"] = "question"
    text: Text


class Answered(_Value):
    """The applicant answers an agency's question, with files (attachments `answer`) where needed."""

    kind: Literal["answered"] = "answered"
    text: Text
    files: Annotated[tuple[Sha256, ...], Field(max_length=10)] = ()
    on_behalf: OnBehalf | None = None


class AnswerMatched(_Value):
    """Back office has compared a wet-signed letter with the request; one that does not match goes back to the OPD."""

    kind: Literal["matched"] = "matched"
    matches: bool
    reason: Text = ""


class FileClosed(_Value):
    """The applicant stayed silent: the file is closed."""

    kind: Literal["close_file"] = "close_file"
    reason: Text


class KeptWaiting(_Value):
    """The applicant stayed silent and is given more time; the reminders begin again."""

    kind: Literal["keep_waiting"] = "keep_waiting"
    working_days: int = Field(ge=1, le=60)
    note: Text = ""


class DeemedConfirmed(_Value):
    """A person confirms that the silence rule of the type applies; the letter still climbs every desk."""

    kind: Literal["deemed_confirmed"] = "deemed_confirmed"
    note: Text


class HandedOver(_Value):
    """The product was handed over at the counter."""

    kind: Literal["handed_over"] = "handed_over"
    to_name: Name
    relation: Line  # the applicant, a kuasa, a courier of the company
    identity_seen: Line  # which proof of identity was shown; never its number


class Posted(_Value):
    """The product was given to the post."""

    kind: Literal["posted"] = "posted"
    receipt_number: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{6,30}$")]


class Arrived(_Value):
    """The post, or the recipient, says that the product has arrived."""

    kind: Literal["arrived"] = "arrived"
    received_by: Name
    on: date


class CameBack(_Value):
    """The post brought the product back; it is handed over at the counter or posted again."""

    kind: Literal["came_back"] = "came_back"
    reason: Text


class RetributionAssessed(_Value):
    """Back office keys in the amount."""

    kind: Literal["retribution"] = "retribution"
    amount_rupiah: int = Field(gt=0, le=100_000_000_000)
    calculation: Text


class Paid(_Value):
    """The applicant shows the proof of payment (sha256 of the uploaded document)."""

    kind: Literal["paid"] = "paid"
    proof: Sha256
    on_behalf: OnBehalf | None = None


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
    in_batch: bool = False  # one call of the provider signs many letters; the case waits for its own
    expires_at: AwareDatetime | None = None  # end of the activation, real time; None: an order of an older release


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
    | Acknowledged
    | SentToApplicant
    | MinutesSigned
    | QuestionAsked
    | Answered
    | AnswerMatched
    | FileClosed
    | KeptWaiting
    | DeemedConfirmed
    | HandedOver
    | Posted
    | Arrived
    | CameBack,
    Field(discriminator="kind"),
]


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


def consent_of(body: Body) -> dict[str, str]:
    """How staff came to act for the applicant, as the event says it; empty where they did not."""
    match body:
        case DocumentsRepaired(on_behalf=OnBehalf() as said) | Paid(on_behalf=OnBehalf() as said):
            return said.model_dump()
        case Answered(on_behalf=OnBehalf() as said):
            return said.model_dump()
        case _:
            return {}
