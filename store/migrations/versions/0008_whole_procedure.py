"""Every path a permit can take: parties, assignments, agencies' paper answers, delivery, net and gross time, the
register of permits, delegated desks."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0008"
down_revision = "0007"

INSTANT = sa.DateTime(timezone=True)
EMPTY_LIST = sa.text("'[]'::jsonb")

# (table, column, type, value for rows that are there; None: the column may be empty)
COLUMNS: tuple[tuple[str, str, Any, str | None], ...] = (
    ("applications", "party", JSONB(), None),
    ("applications", "filed_by", sa.String(), None),
    ("applications", "channel", sa.String(), "'web'"),
    ("applications", "practice", sa.Boolean(), "false"),
    ("applications", "old_permit", sa.String(), None),
    ("applications", "procedure", sa.String(), "'permit'"),
    ("applications", "about_permit", sa.String(), None),
    ("applications", "promise_told_for", sa.Date(), None),
    ("applications", "promised_working_days", sa.Integer(), None),
    ("applications", "gross_working_days", sa.Integer(), None),
    ("applications", "net_working_days", sa.Integer(), None),
    ("applications", "paused_working_days", sa.Integer(), None),
    ("applications", "calendar_version", sa.String(), None),
    ("documents", "consent", sa.String(), None),
    ("documents", "reason_code", sa.String(), None),
    ("tasks", "people", JSONB(), "'[]'"),
    ("tasks", "return_to", JSONB(), "'[]'"),
    ("tasks", "assigned_to", sa.String(), None),
    ("tasks", "assigned_to_name", sa.String(), None),
    ("tasks", "rungs_fallen", sa.Integer(), "0"),
    ("opd_requests", "way", sa.String(), None),
    ("opd_requests", "letter_sha256", sa.String(), None),
    ("opd_requests", "letter_number", sa.String(), None),
    ("opd_requests", "extended_days", sa.Integer(), "0"),
    ("opd_requests", "extension_reason", sa.String(), "''"),
    ("opd_requests", "used_days", sa.Integer(), None),
    ("opd_requests", "late_days", sa.Integer(), None),
    ("mandates", "given_by", sa.String(), None),
    ("mandates", "revoked_at", INSTANT, None),
)
PRODUCTS = ("'permit', 'rejection'", "'permit', 'rejection', 'revocation', 'replacement', 'extension'")
ANSWERS = (
    "'approve', 'approve_with_conditions', 'refuse', 'released'",
    "'approve', 'approve_with_conditions', 'refuse', 'released', 'withdrawn'",
)


def upgrade() -> None:
    for table, column, kind, filled in COLUMNS:
        op.add_column(table, sa.Column(column, kind, nullable=True))
        if filled is not None:
            op.execute(f"UPDATE {table} SET {column} = {filled}")  # noqa: S608 - names and values stand above
            op.alter_column(table, column, nullable=False)
    op.create_index("ix_tasks_assigned_to", "tasks", ["assigned_to"])
    op.create_index(
        "ix_applications_open_calendar",
        "applications",
        ["calendar_version"],
        postgresql_where=sa.text("started_at IS NOT NULL AND closed_at IS NULL"),
    )
    _allow(PRODUCTS[1], ANSWERS[1])
    op.create_table(
        "permits",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("number_text", sa.String(), nullable=False),
        sa.Column("permit_type", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("holder_id", sa.String(), nullable=False),
        sa.Column("holder_name", sa.String(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("status_since", INSTANT, nullable=True),
        sa.Column("status_reason", sa.String(), nullable=True),
        sa.Column("changed_by", sa.String(), nullable=True),
        sa.Column("continues", sa.String(), nullable=True),
        sa.Column("practice", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "status in ('in_force', 'revoked', 'replaced', 'renewed')", name=op.f("ck_permits_status_known")
        ),
        sa.ForeignKeyConstraint(["number"], ["applications.number"], name=op.f("fk_permits_number")),
        sa.ForeignKeyConstraint(["holder_id"], ["accounts.id"], name=op.f("fk_permits_holder_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_permits")),
    )
    op.create_index("ix_permits_number_text", "permits", ["number_text"])
    op.create_index("ix_permits_valid_until", "permits", ["valid_until"])
    op.create_index("ix_permits_holder", "permits", ["holder_id"])
    op.create_table(
        "delegations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("from_id", sa.String(), nullable=False),
        sa.Column("to_id", sa.String(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("given_by", sa.String(), nullable=False),
        sa.Column("given_at", INSTANT, nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["from_id"], ["accounts.id"], name=op.f("fk_delegations_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["accounts.id"], name=op.f("fk_delegations_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    op.create_index("ix_delegations_from_id", "delegations", ["from_id"])
    op.create_index("ix_delegations_to_id", "delegations", ["to_id"])


def downgrade() -> None:
    op.drop_table("delegations")
    op.drop_table("permits")
    _allow(PRODUCTS[0], ANSWERS[0])
    op.drop_index("ix_applications_open_calendar", "applications")
    op.drop_index("ix_tasks_assigned_to", "tasks")
    for table, column, _, _ in reversed(COLUMNS):
        op.drop_column(table, column)


def _allow(products: str, answers: str) -> None:
    op.drop_constraint(op.f("ck_applications_product_known"), "applications", type_="check")
    op.create_check_constraint(op.f("ck_applications_product_known"), "applications", f"product in ({products})")
    op.drop_constraint(op.f("ck_opd_requests_answer_known"), "opd_requests", type_="check")
    op.create_check_constraint(op.f("ck_opd_requests_answer_known"), "opd_requests", f"answer in ({answers})")
