"""Applications, their documents, tasks, stages and agencies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0003"
down_revision = "0002"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "number_series",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_number_series")),
    )
    op.create_table(
        "applications",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("applicant_id", sa.String(), nullable=False),
        sa.Column("permit_type", sa.String(), nullable=False),
        sa.Column("variant", sa.String(), nullable=False),
        sa.Column("definition_version", sa.Integer(), nullable=True),
        sa.Column("definition_sha256", sa.String(), nullable=True),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=False),
        sa.Column("data", JSONB(), nullable=False),
        sa.Column("delivery", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("tracking_code", sa.String(), nullable=True),
        sa.Column("verification_id", sa.String(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("submitted_at", INSTANT, nullable=True),
        sa.Column("submission", JSONB(), nullable=True),
        sa.Column("submission_key", sa.String(), nullable=True),
        sa.Column("start_requested_at", INSTANT, nullable=True),
        sa.Column("started_at", INSTANT, nullable=True),
        sa.Column("stage", sa.String(), nullable=True),
        sa.Column("waiting_kind", sa.String(), nullable=True),
        sa.Column("waiting_for", sa.String(), nullable=True),
        sa.Column("waiting_since", INSTANT, nullable=True),
        sa.Column("waiting_due_at", INSTANT, nullable=True),
        sa.Column("promise", JSONB(), nullable=True),
        sa.Column("promise_due_at", INSTANT, nullable=True),
        sa.Column("product", sa.String(), nullable=True),
        sa.Column("pace", JSONB(), nullable=True),
        sa.Column("dossier_sha256", sa.String(), nullable=True),
        sa.Column("event_count", sa.Integer(), nullable=False),
        sa.Column("event_head", sa.String(), nullable=False),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.CheckConstraint("product in ('permit', 'rejection')", name=op.f("ck_applications_product_known")),
        sa.ForeignKeyConstraint(["applicant_id"], ["accounts.id"], name=op.f("fk_applications_applicant_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_applications")),
        sa.UniqueConstraint("tracking_code", name=op.f("uq_applications_tracking_code")),
        sa.UniqueConstraint("verification_id", name=op.f("uq_applications_verification_id")),
    )
    op.create_index("ix_applications_applicant_created", "applications", ["applicant_id", "created_at"])
    op.create_index(
        "ix_applications_start_missing",
        "applications",
        ["start_requested_at"],
        postgresql_where=sa.text("started_at IS NULL AND start_requested_at IS NOT NULL"),
    )
    op.create_index("ix_applications_status", "applications", ["status"])
    op.create_index("ix_applications_submitted_at", "applications", ["submitted_at"])
    op.create_table(
        "documents",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("requirement", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.Column("verdict", sa.String(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint("verdict in ('accept', 'repair')", name=op.f("ck_documents_verdict_known")),
        sa.ForeignKeyConstraint(["number"], ["applications.number"], name=op.f("fk_documents_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_documents")),
        sa.UniqueConstraint("number", "requirement", "version", name=op.f("uq_documents_number_requirement_version")),
    )
    op.create_index("ix_documents_sha256", "documents", ["sha256"])
    op.create_table(
        "tasks",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("workflow_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("field", sa.String(), nullable=True),
        sa.Column("opd", sa.String(), nullable=True),
        sa.Column("subject_sha256", sa.String(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("working_days", sa.Integer(), nullable=False),
        sa.Column("wanted_documents", JSONB(), nullable=False),
        sa.Column("photos", sa.Integer(), nullable=False),
        sa.Column("verified_by", JSONB(), nullable=False),
        sa.Column("instructions", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("decision", sa.String(), nullable=True),
        sa.Column("detail", JSONB(), nullable=True),
        sa.Column("decided_by", sa.String(), nullable=True),
        sa.Column("decided_by_name", sa.String(), nullable=True),
        sa.Column("closed_at", INSTANT, nullable=True),
        sa.CheckConstraint("status in ('open', 'decided', 'cancelled')", name=op.f("ck_tasks_status_known")),
        sa.ForeignKeyConstraint(["number"], ["applications.number"], name=op.f("fk_tasks_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tasks")),
    )
    op.create_index("ix_tasks_inbox", "tasks", ["status", "role", "field", "opd", "due_at"])
    op.create_index("ix_tasks_number_opened", "tasks", ["number", "opened_at"])
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("filename", sa.String(), nullable=False),
        sa.Column("uploaded_by", sa.String(), nullable=False),
        sa.Column("uploaded_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["number"], ["applications.number"], name=op.f("fk_attachments_number")),
        sa.ForeignKeyConstraint(["task_id"], ["tasks.id"], name=op.f("fk_attachments_task_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index("ix_attachments_number", "attachments", ["number"])
    op.create_index("ix_attachments_sha256", "attachments", ["sha256"])
    op.create_index("ix_attachments_task_id", "attachments", ["task_id"])
    op.create_table(
        "stage_entries",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("entered_at", INSTANT, nullable=False),
        sa.Column("left_at", INSTANT, nullable=True),
        sa.Column("office_entered_at", INSTANT, nullable=False),
        sa.Column("office_left_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["number"], ["applications.number"], name=op.f("fk_stage_entries_number")),
        sa.PrimaryKeyConstraint("number", "n", name=op.f("pk_stage_entries")),
    )
    op.create_table(
        "opd_requests",
        sa.Column("workflow_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("opd", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("answered_at", INSTANT, nullable=True),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("conditions", JSONB(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint(
            "answer in ('approve', 'approve_with_conditions', 'refuse', 'released')",
            name=op.f("ck_opd_requests_answer_known"),
        ),
        sa.ForeignKeyConstraint(["number"], ["applications.number"], name=op.f("fk_opd_requests_number")),
        sa.PrimaryKeyConstraint("workflow_id", name=op.f("pk_opd_requests")),
    )
    op.create_index("ix_opd_requests_number", "opd_requests", ["number"])
    op.create_index("ix_opd_requests_opd", "opd_requests", ["opd"])


def downgrade() -> None:
    op.drop_table("opd_requests")
    op.drop_table("stage_entries")
    op.drop_table("attachments")
    op.drop_table("tasks")
    op.drop_table("documents")
    op.drop_table("applications")
    op.drop_table("number_series")
