"""Every input, update and query shape of the workflows, their ids and queue names. Imports permits alone.

Histories hold references and hashes: no file, no passphrase, no NIK. Who decided is named, and encrypted with the rest.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from permits.application import Delivery, DocumentRef
from permits.authority import Act, Actor
from permits.calendar import WorkingCalendar
from permits.decisions import OnBehalf, TaskKind
from permits.definition import Agency, PermitDefinition, Variant
from permits.escalation import Ladder
from permits.pace import Pace
from permits.steps import OpdAnswer


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class QueueNames:
    """Task queues; each is polled by a process of its own."""

    MAIN = "main"
    SIGNING = "signing"


APPLICATION_WORKFLOW = "ApplicationWorkflow"
"""The name under which histories know the case's workflow; never changed."""
SIGNING_BATCH_WORKFLOW = "SigningBatchWorkflow"
EXPIRY_REMINDERS_WORKFLOW = "ExpiryRemindersWorkflow"


class SearchAttributes:
    """What operators can search and see in clear; never personal data."""

    STAGE = "Tahap"
    PERMIT_TYPE = "JenisIzin"
    WAITING_FOR = "Menunggu"
    DUE = "JatuhTempo"


def application_workflow_id(number: str) -> str:
    """The case's workflow bears the application's number."""
    return number


def recommendation_workflow_id(number: str, opd: str, n: int) -> str:
    """One child a request; n counts the requests to this OPD in this case, from 1."""
    return f"{number}-opd-{opd}-{n}"


def task_id(workflow_id: str, kind: TaskKind, n: int) -> str:
    """n counts the tasks of this workflow, from 1."""
    return f"{workflow_id}.{kind.value}.{n}"


def decision_update_id(task: str, actor_id: str, key: str) -> str:
    """Temporal answers a repeated id with the stored result, whoever asks: the actor belongs in it."""
    return f"{task}:{actor_id}:{key}"


def withdrawal_update_id(number: str, actor_id: str, key: str) -> str:
    """As for a decision; the case stands for the task."""
    return f"{number}.withdrawal:{actor_id}:{key}"


def assignment_update_id(task: str, actor_id: str, key: str) -> str:
    """As for a decision."""
    return f"{task}.assignment:{actor_id}:{key}"


def steering_update_id(workflow_id: str, what: str, actor_id: str, key: str) -> str:
    """What the office does with its requests to agencies: add, withdraw, extend."""
    return f"{workflow_id}.{what}:{actor_id}:{key}"


def signing_batch_workflow_id(activation_id: str) -> str:
    """One batch an activation."""
    return f"signing-batch-{activation_id}"


def replan_update_id(workflow_id: str, calendar_version: str) -> str:
    """One re-plan of a workflow for each edition of the calendar, however often it is sent."""
    return f"{workflow_id}.replan:{calendar_version}"


class Submission(_Message):
    """The input of ApplicationWorkflow: what was submitted, and the law and calendar it was submitted under."""

    number: str
    definition: PermitDefinition  # by value: a running case keeps it
    variant: Variant
    applicant_id: str  # opaque account id
    submitted_at: AwareDatetime  # real time, UTC
    documents: tuple[DocumentRef, ...]
    dossier_sha256: str
    delivery: Delivery
    calendar: WorkingCalendar
    pace: Pace
    practice: bool = False  # nothing legal comes out: letters say CONTOH and take numbers of their own series
    about_permit: str | None = None  # application number of the issued permit that a procedure is about


class Withdrawal(_Message):
    """The argument of the update `withdraw`."""

    actor: Actor
    reason: str = ""
    on_behalf: OnBehalf | None = None  # the front office at the counter, with the applicant's consent


class WithdrawalReceipt(_Message):
    """The answer to a withdrawal."""

    number: str
    actor_id: str
    withdrawn_at: AwareDatetime


class Assignment(_Message):
    """The argument of the update `assign`: who holds an open task from now on."""

    task_id: str
    actor: Actor
    to: Actor | None = None  # None: the whole desk again
    reason: str = ""

    @property
    def act(self) -> Act:
        """Taking a task for oneself, or putting back one's own, is every colleague's right; giving it away is not."""
        return Act.TAKE_OVER if self.to is None or self.to.id == self.actor.id else Act.ASSIGN


class AssignmentReceipt(_Message):
    """The answer to an assignment."""

    task_id: str
    assigned_to: str | None
    assigned_at: AwareDatetime


class AgencyAdded(_Message):
    """The argument of the update `add_agency`: one more OPD is asked, while the case waits for agencies."""

    actor: Actor
    agency: Agency
    reason: str


class RequestWithdrawn(_Message):
    """The argument of a child's update `withdraw_request`: the office needs no answer any more."""

    actor: Actor
    reason: str


class RequestExtended(_Message):
    """The argument of a child's update `extend`: more time for the agency, once."""

    actor: Actor
    working_days: int = Field(ge=1, le=30)
    reason: str


class SteeringReceipt(_Message):
    """The answer to what the office does with its requests."""

    workflow_id: str
    actor_id: str
    done_at: AwareDatetime
    due_at: AwareDatetime | None = None  # office time


class AgencyReport(_Message):
    """A child's signal to its case: until when the agency has time, and whether it waits for the applicant."""

    workflow_id: str
    due_at: AwareDatetime  # office time
    waits_for_applicant: bool


class CalendarReplaced(_Message):
    """The argument of the update `replan`: a new calendar for a running case."""

    calendar: WorkingCalendar


class SignatureNews(_Message):
    """A batch's signal to a case: its letter is settled, or waits for an outside service."""

    activation_id: str
    waits_for: str | None = None  # a stable code; None: settled, the claim says how


class CaseState(_Message):
    """The answer to the query `state`: what the engine itself holds."""

    number: str
    stage: str
    waiting_for: str
    open_tasks: tuple[str, ...]
    promise_due_at: AwareDatetime | None
    withdrawn: bool
    product: str


class Closing(_Message):
    """The result of ApplicationWorkflow."""

    number: str
    outcome: Literal["issued", "rejected", "withdrawn", "lapsed"]
    signed_sha256: str | None = None


class RecommendationRequest(_Message):
    """The input of RecommendationWorkflow."""

    number: str
    n: int
    agency: Agency
    stage: str  # in words
    permit_type: str
    applicant_id: str
    subject_sha256: str  # of the dossier the agency judges
    verified_by: tuple[str, ...] = ()
    calendar: WorkingCalendar
    pace: Pace
    field: str | None = None  # of the back office that matches wet-signed letters
    match_ladder: Ladder | None = None
    applicant_ladder: Ladder | None = None  # of a question to the applicant
    applicant_working_days: int = 14


class RecommendationResult(_Message):
    """The result of RecommendationWorkflow; its answer is None where it was released."""

    answer: OpdAnswer
    verified_by: tuple[str, ...] = ()  # who judged the agency's letter; none of them signs
