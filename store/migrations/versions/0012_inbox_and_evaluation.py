"""The inbox at a hundred thousand open cases, and the month-end evaluations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

INSTANT = sa.DateTime(timezone=True)
OPEN = "status = 'open'"
INCLUDED = ["opd", "kind", "number", "permit_type", "applicant_id", "assigned_to", "rungs_fallen"]
# (index, columns, columns it carries along, which rows)
INDEXES: tuple[tuple[str, list[str], list[str], str], ...] = (
    ("ix_tasks_open_role", ["role", "due_at", "id"], ["desk_field", *INCLUDED], OPEN),
    ("ix_tasks_open_field", ["role", "desk_field", "due_at", "id"], INCLUDED, OPEN),
    ("ix_tasks_open_opd", ["opd", "due_at", "id"], [], f"{OPEN} AND opd IS NOT NULL"),
    ("ix_tasks_open_applicant", ["applicant_id", "due_at", "id"], [], f"{OPEN} AND role = 'applicant'"),
    ("ix_tasks_open_assigned", ["assigned_to", "due_at", "id"], [], f"{OPEN} AND assigned_to IS NOT NULL"),
    ("ix_tasks_open_silent", ["role", "due_at", "id"], [], f"{OPEN} AND (rungs_fallen > 0 OR kind = 'overdue')"),
)

EVALUATED = (
    "permit:case:issued", "application:case:closed", "application:case:withdrawn", "application:file:closed",
    "desk:task:warned", "desk:task:escalated", "desk:ladder:ended",
    "opd:recommendation:warned", "opd:recommendation:escalated", "opd:ladder:ended",
)  # fmt: skip


def upgrade() -> None:
    for column in ("applicant_id", "permit_type", "desk_field"):
        op.add_column("tasks", sa.Column(column, sa.String(), nullable=True))
    op.execute(
        "UPDATE tasks SET applicant_id = a.applicant_id, permit_type = a.permit_type,"
        " desk_field = coalesce(tasks.field, a.field) FROM applications a WHERE a.number = tasks.number"
    )
    for column in ("applicant_id", "permit_type", "desk_field"):
        op.alter_column("tasks", column, nullable=False)
    op.drop_index("ix_tasks_inbox", "tasks")
    op.drop_index("ix_tasks_assigned_to", "tasks")
    for name, columns, included, rows in INDEXES:
        op.create_index(name, "tasks", columns, postgresql_include=included, postgresql_where=sa.text(rows))
    named = ", ".join(f"'{tag}'" for tag in EVALUATED)
    op.create_index(
        "ix_events_evaluated",
        "events",
        ["tag", "office_at"],
        postgresql_include=["number"],
        postgresql_where=sa.text(f"tag IN ({named})"),
    )
    op.create_table(
        "evaluations",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pdf_sha256", sa.String(), nullable=False),
        sa.Column("data_sha256", sa.String(), nullable=False),
        sa.Column("as_of", INSTANT, nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("requested_by", sa.String(), nullable=False),
        sa.Column("order_key", sa.String(), nullable=False),
        sa.CheckConstraint("extract(day from month) = 1", name=op.f("ck_evaluations_month_by_its_first_day")),
        sa.PrimaryKeyConstraint("month", "version", name=op.f("pk_evaluations")),
        sa.UniqueConstraint("order_key", name=op.f("uq_evaluations_order_key")),
    )


def downgrade() -> None:
    op.drop_table("evaluations")
    op.drop_index("ix_events_evaluated", "events")
    for name, *_ in reversed(INDEXES):
        op.drop_index(name, "tasks")
    op.create_index("ix_tasks_assigned_to", "tasks", ["assigned_to"])
    op.create_index("ix_tasks_inbox", "tasks", ["status", "role", "field", "opd", "due_at"])
    for column in ("desk_field", "permit_type", "applicant_id"):
        op.drop_column("tasks", column)
