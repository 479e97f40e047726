"""What the engine tells the store: each step of a case as one value, written in one transaction, safe to write twice.

The first event's key is the guard: a step whose first event is already in the record changes nothing.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from permits.application import ApplicationStatus, DocumentVerdict
from permits.authority import Role
from permits.decisions import TaskKind
from permits.escalation import Channel, HolderCode
from permits.events import Event
from permits.sla import SlaClock


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Waiting(_Value):
    """Who holds the case, since when and until when; office times."""

    kind: Literal["desk", "opd", "applicant", "engine"]
    holder: str  # in words
    stage: str  # in words
    since: AwareDatetime
    due_at: AwareDatetime | None = None


class TaskOpened(_Value):
    """A row for somebody's inbox."""

    id: str
    workflow_id: str  # which workflow decides it
    kind: TaskKind
    role: Role
    stage: str  # in words
    holder: str  # in words
    field: str | None = None
    opd: str | None = None
    subject_sha256: str
    opened_at: AwareDatetime  # office time
    due_at: AwareDatetime  # office time
    working_days: int
    wanted_documents: tuple[str, ...] = ()
    photos: int = 0
    verified_by: tuple[str, ...] = ()
    instructions: str = ""
    people: tuple[str, ...] = ()  # minutes: those present, who sign
    return_to: tuple[str, ...] = ()  # stages that this desk can send the case back to


class TaskChanged(_Value):
    """What changed about an open task: whom it is assigned to, when it is due, how many rungs have fallen."""

    id: str
    due_at: AwareDatetime | None = None  # office time
    assigned: bool = False  # whether the two fields below say anything
    assigned_to: str | None = None
    assigned_to_name: str | None = None
    rungs_fallen: int | None = None


class Served(_Value):
    """How the promise was kept, in working days; gross = net + paused."""

    promised: int
    gross: int
    net: int
    paused: int


class TaskClosed(_Value):
    """How a task ended."""

    id: str
    status: Literal["decided", "cancelled"]
    decision: str | None = None  # kind of the decision's body
    detail: dict[str, object] = Field(default_factory=dict)  # the body, as JSON: minutes, amounts, conditions
    actor_id: str | None = None
    actor_name: str | None = None
    closed_at: AwareDatetime  # office time


class StageMark(_Value):
    """Entering or leaving a stage; n counts the visits of this case, from 1."""

    n: int
    kind: str
    title: str
    at: AwareDatetime  # real time
    office_at: AwareDatetime


class OpdAnswer(_Value):
    """The state of one agency's recommendation."""

    workflow_id: str
    opd: str
    name: str
    asked_at: AwareDatetime  # office time
    due_at: AwareDatetime
    answered_at: AwareDatetime | None = None
    answer: Literal["approve", "approve_with_conditions", "refuse", "released", "withdrawn"] | None = None
    conditions: tuple[str, ...] = ()
    reason: str = ""
    way: Literal["account", "keyed_in", "wet_signed", "signed"] | None = None  # how the answer came
    letter_sha256: str | None = None  # the wet-signed or signed letter, or the scan of the answer on paper
    letter_number: str | None = None  # of the agency's own letter
    extended_days: int = 0
    extension_reason: str = ""
    used_days: int | None = None  # working days until the answer, without those with the applicant
    late_days: int | None = None  # working days beyond the due date


class Notice(_Value):
    """A message to people, kept in the outbox by the transaction that made it due; sent by the dispatcher."""

    key: str  # unique within the case
    template: str  # web/notices/<template>.txt
    to: HolderCode | Literal["ops"]  # resolved to accounts when kept
    channel: Channel = "email"  # the person's own preference may choose another one
    account: str | None = None  # this person alone, such as whom a task was assigned to
    role: Role | None = None  # of the task it is about
    field: str | None = None
    opd: str | None = None
    facts: dict[str, str] = Field(default_factory=dict)  # for the text; no personal data beyond need


class Step(_Value):
    """One transaction's worth of change to a case; what is None stays as it is."""

    number: str
    events: tuple[Event, ...] = Field(min_length=1)
    status: ApplicationStatus | None = None
    waiting: Waiting | None = None
    stage_entered: StageMark | None = None
    stage_left: StageMark | None = None
    task_opened: TaskOpened | None = None
    tasks_changed: tuple[TaskChanged, ...] = ()
    tasks_closed: tuple[TaskClosed, ...] = ()
    verdicts: tuple[DocumentVerdict, ...] = ()
    opd_answer: OpdAnswer | None = None
    promise: SlaClock | None = None
    promise_due_at: AwareDatetime | None = None  # office time
    notices: tuple[Notice, ...] = ()
    promise_told_for: date | None = None  # the finish that the applicant was last told of
    waiting_due_at: AwareDatetime | None = None  # office time; moved by a new calendar or an extension
    served: Served | None = None
    calendar_version: str | None = None
    product: str | None = None
    dossier_sha256: str | None = None
    closed_at: AwareDatetime | None = None  # real time


class LetterOpening(_Value):
    """Takes a number in the agenda register for one letter of a case, once per (number, purpose)."""

    number: str
    purpose: str  # permit, rejection, skrd, minutes, opd-request-<opd>
    series: str
    number_template: str
    letter_date: date  # office date; its year is the register's year
    event: Event


class LetterRef(_Value):
    """A letter in the register."""

    number: str
    purpose: str
    series: str
    year: int
    sequence: int
    number_text: str
    letter_date: date
    status: Literal["reserved", "issued", "batal"]
    sha256: str | None = None  # of the frozen PDF
    input_sha256: str | None = None
    template_sha256: str | None = None  # of the sources it was rendered from; letters of before have none


class LetterFrozen(_Value):
    """A rendered letter: its bytes lie in the object store under sha256, its input under input_sha256."""

    number: str
    purpose: str
    sha256: str
    input_sha256: str
    template: str
    template_version: int
    template_sha256: str | None = None
    event: Event


class SignedLetter(_Value):
    """The commit point of a signature: at most one row a letter."""

    letter_sha256: str
    number: str
    purpose: str
    signed_sha256: str
    level: str
    signer_id: str
    field_name: str = "Kepala"  # of the PDF: the head's, or an agency's officer's
    certificate_sha256: str
    signed_at: AwareDatetime
    activation_id: str
