"""A case: the application's row, its documents, tasks, stages, agencies, and its append-only record."""

from __future__ import annotations

from datetime import date as CalendarDate
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from store.tables.base import Table


class NumberSeriesRow(Table, table=True):
    """Application numbers given so far in a year."""

    __tablename__ = "number_series"

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last: int


class ApplicationRow(Table, table=True):
    """The case as pages read it; the lasting guard against a second start."""

    __tablename__ = "applications"
    __table_args__ = (
        CheckConstraint(
            "product in ('permit', 'rejection', 'revocation', 'replacement', 'extension')", name="product_known"
        ),
        # Open cases by the calendar they run on: the re-plan's question.
        Index(
            "ix_applications_open_calendar",
            "calendar_version",
            postgresql_where=text("started_at IS NOT NULL AND closed_at IS NULL"),
        ),
        Index("ix_applications_applicant_created", "applicant_id", "created_at"),
        # The procedures about a permit: one at a time.
        Index(
            "ix_applications_about_permit", "about_permit", postgresql_where=text("about_permit IS NOT NULL")
        ),
        # The reconciler's question, asked every few seconds, touches only cases that wait for their start.
        Index(
            "ix_applications_start_missing",
            "start_requested_at",
            postgresql_where=text("started_at IS NULL AND start_requested_at IS NOT NULL"),
        ),
    )

    number: str = Field(primary_key=True)  # PRM-2026-000123, also the workflow's id
    applicant_id: str = Field(foreign_key="accounts.id")
    permit_type: str
    variant: str
    definition_version: int | None = None  # set by the submission
    definition_sha256: str | None = None
    title: str  # of the permit type, in words
    field: str  # of the back office
    data: dict[str, str] = Field(sa_type=JSONB)  # answers of the form
    delivery: str
    delivery_address: str | None = None  # for the post
    party: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))  # permits.party.Party
    filed_by: str | None = None  # account of the officer who filed it at the counter
    channel: str = "web"  # how it was filed: web, counter
    practice: bool = False  # nothing legal comes out: every letter says CONTOH
    old_permit: str | None = None  # application number of the permit that a renewal or change continues
    old_permit_text: str | None = None  # its number as printed; alone, where the permit is older than Sakpore
    procedure: str = "permit"  # permits.after_issue.Procedure: what this case does
    about_permit: str | None = None  # application number of the issued permit it is about
    status: str = Field(index=True)  # permits.application.ApplicationStatus
    tracking_code: str | None = Field(default=None, unique=True)
    verification_id: str | None = Field(default=None, unique=True)
    created_at: datetime
    submitted_at: datetime | None = Field(default=None, index=True)
    submission: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))  # workflow input
    submission_key: str | None = None  # idempotency key of the submission
    start_requested_at: datetime | None = None
    started_at: datetime | None = None
    stage: str | None = None  # in words
    waiting_kind: str | None = None  # desk, opd, applicant, engine
    waiting_for: str | None = None  # in words
    waiting_since: datetime | None = None  # office time
    waiting_due_at: datetime | None = None  # office time
    promise: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))  # permits.sla.SlaClock
    promise_due_at: datetime | None = None  # office time
    promise_told_for: CalendarDate | None = None  # the finish that the applicant was last told of
    promised_working_days: int | None = None  # net and gross, once the product is issued
    gross_working_days: int | None = None
    net_working_days: int | None = None
    paused_working_days: int | None = None
    calendar_version: str | None = None
    product: str | None = None
    pace: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))  # permits.pace.Pace
    dossier_sha256: str | None = None
    event_count: int = 0
    event_head: str  # hash of the newest event, or of nothing
    closed_at: datetime | None = None


class DocumentRow(Table, table=True):
    """One version of one required document; the content lies in the object store."""

    __tablename__ = "documents"
    __table_args__ = (
        UniqueConstraint("number", "requirement", "version"),
        CheckConstraint("verdict in ('accept', 'repair')", name="verdict_known"),
    )

    id: str = Field(primary_key=True)
    number: str = Field(foreign_key="applications.number")
    requirement: str
    version: int
    sha256: str = Field(index=True)
    content_type: str
    size: int = Field(sa_type=BigInteger)  # bytes
    filename: str
    uploaded_by: str  # account id
    channel: str  # web, counter, whatsapp, email, telephone, letter
    consent: str | None = None  # how the applicant agreed, where staff uploaded on its behalf
    uploaded_at: datetime
    verdict: str | None = None
    reason_code: str | None = None  # permits.reasons.DocumentReason
    reason: str | None = None


class AttachmentRow(Table, table=True):
    """Evidence given with a task: photos, payment proofs, minutes."""

    __tablename__ = "attachments"

    id: str = Field(primary_key=True)
    task_id: str = Field(foreign_key="tasks.id", index=True)
    number: str = Field(foreign_key="applications.number", index=True)
    kind: str
    sha256: str = Field(index=True)
    content_type: str
    size: int = Field(sa_type=BigInteger)  # bytes
    filename: str
    uploaded_by: str  # account id
    uploaded_at: datetime


INBOX_COLUMNS = ["desk_field", "opd", "kind", "number", "permit_type", "applicant_id", "assigned_to", "rungs_fallen"]


class TaskRow(Table, table=True):
    """A task in somebody's inbox (permits.steps.TaskOpened) and how it ended; times are office times."""

    __tablename__ = "tasks"
    __table_args__ = (
        CheckConstraint("status in ('open', 'decided', 'cancelled')", name="status_known"),
        Index("ix_tasks_number_opened", "number", "opened_at"),
        # The inbox (store.queries.inbox): open tasks alone, the most urgent first, one index for each way in. What the
        # first two include is what filters and counts ask, so that neither reads the rows themselves.
        Index(
            "ix_tasks_open_role",
            "role",
            "due_at",
            "id",
            postgresql_include=INBOX_COLUMNS,
            postgresql_where=text("status = 'open'"),
        ),
        Index(
            "ix_tasks_open_field",
            "role",
            "desk_field",
            "due_at",
            "id",
            postgresql_include=[name for name in INBOX_COLUMNS if name != "desk_field"],
            postgresql_where=text("status = 'open'"),
        ),
        Index("ix_tasks_open_opd", "opd", "due_at", "id", postgresql_where=text("status = 'open' AND opd IS NOT NULL")),
        Index(
            "ix_tasks_open_applicant",
            "applicant_id",
            "due_at",
            "id",
            postgresql_where=text("status = 'open' AND role = 'applicant'"),
        ),
        Index(
            "ix_tasks_open_assigned",
            "assigned_to",
            "due_at",
            "id",
            postgresql_where=text("status = 'open' AND assigned_to IS NOT NULL"),
        ),
        Index(
            "ix_tasks_open_silent",
            "role",
            "due_at",
            "id",
            postgresql_where=text("status = 'open' AND (rungs_fallen > 0 OR kind = 'overdue')"),
        ),
    )

    id: str = Field(primary_key=True)
    number: str = Field(foreign_key="applications.number")
    applicant_id: str  # of the case, as are the next two: the inbox finds its lines without joining the case
    permit_type: str
    desk_field: str  # the task's own field, else that of the case
    workflow_id: str
    kind: str  # permits.decisions.TaskKind
    role: str
    stage: str  # in words
    holder: str  # in words
    field: str | None = None
    opd: str | None = None
    subject_sha256: str
    opened_at: datetime
    due_at: datetime
    working_days: int
    wanted_documents: list[str] = Field(sa_type=JSONB)
    photos: int = 0
    verified_by: list[str] = Field(sa_type=JSONB)
    instructions: str = ""
    people: list[str] = Field(default_factory=list, sa_type=JSONB)  # those present, who sign the minutes
    return_to: list[str] = Field(default_factory=list, sa_type=JSONB)  # desks that the case can be sent back to
    assigned_to: str | None = None  # account id; None: the whole desk
    assigned_to_name: str | None = None
    rungs_fallen: int = 0  # of its ladder
    status: str = "open"
    decision: str | None = None  # kind of the decision's body
    detail: dict[str, Any] | None = Field(default=None, sa_type=JSONB(none_as_null=True))  # the body
    decided_by: str | None = None
    decided_by_name: str | None = None
    closed_at: datetime | None = None


class StageEntryRow(Table, table=True):
    """A visit of a case to a stage; n counts the visits from 1."""

    __tablename__ = "stage_entries"

    number: str = Field(primary_key=True, foreign_key="applications.number")
    n: int = Field(primary_key=True)
    kind: str
    title: str
    entered_at: datetime
    left_at: datetime | None = None
    office_entered_at: datetime
    office_left_at: datetime | None = None


class EventRow(Table, table=True):
    """A line of the legal record, chained to the one before it; a trigger refuses to change or remove it."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("number", "key"),
        # What the month-end evaluation reads of all cases at once (store.queries.evaluation).
        Index(
            "ix_events_evaluated",
            "tag",
            "office_at",
            postgresql_include=["number"],
            postgresql_where=text(
                "tag IN ('permit:case:issued', 'application:case:closed', 'application:case:withdrawn',"
                " 'application:file:closed', 'desk:task:warned', 'desk:task:escalated', 'desk:ladder:ended',"
                " 'opd:recommendation:warned', 'opd:recommendation:escalated', 'opd:ladder:ended')"
            ),
        ),
    )

    number: str = Field(primary_key=True, foreign_key="applications.number")
    sequence: int = Field(primary_key=True)  # from 1
    key: str
    tag: str
    at: datetime
    office_at: datetime
    actor_id: str
    actor_name: str
    # json, not jsonb: jsonb rewrites numbers (1e22 becomes an integer), and the hash covers what was written.
    facts: dict[str, Any] = Field(sa_type=JSON)
    previous: str
    hash: str


class OpdRequestRow(Table, table=True):
    """One agency's recommendation (permits.steps.OpdAnswer); times are office times."""

    __tablename__ = "opd_requests"
    __table_args__ = (
        CheckConstraint(
            "answer in ('approve', 'approve_with_conditions', 'refuse', 'released', 'withdrawn')", name="answer_known"
        ),
    )

    workflow_id: str = Field(primary_key=True)
    number: str = Field(foreign_key="applications.number", index=True)
    opd: str = Field(index=True)
    name: str
    asked_at: datetime
    due_at: datetime
    answered_at: datetime | None = None
    answer: str | None = None
    conditions: list[str] = Field(sa_type=JSONB)
    reason: str = ""
    way: str | None = None  # account, keyed_in, wet_signed, signed
    letter_sha256: str | None = None
    letter_number: str | None = None
    extended_days: int = 0
    extension_reason: str = ""
    used_days: int | None = None
    late_days: int | None = None
