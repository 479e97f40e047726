"""The applicant's side and the people: registration, tokens of mails, preferences, counter accounts, the old permit of
a renewal, the address for the post, the help thread."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0010"
down_revision = "0009"

INSTANT = sa.DateTime(timezone=True)

# (table, column, type, value for rows that are there; None: the column may be empty)
COLUMNS: tuple[tuple[str, str, Any, str | None], ...] = (
    ("accounts", "nik_warnings", JSONB(), "'[]'"),
    ("accounts", "notice_channel", sa.String(), "'email'"),
    ("accounts", "digest", sa.Boolean(), "false"),
    ("accounts", "locale", sa.String(), "'id'"),
    ("accounts", "at_counter", sa.Boolean(), "false"),
    ("accounts", "made_by", sa.String(), None),
    ("accounts", "deactivated_at", INSTANT, None),
    ("applications", "old_permit_text", sa.String(), None),
    ("applications", "delivery_address", sa.String(), None),
)
ONE_NIK = "active AND role = 'applicant' AND (email_confirmed_at IS NOT NULL OR at_counter)"


def upgrade() -> None:
    for table, column, kind, filled in COLUMNS:
        op.add_column(table, sa.Column(column, kind, nullable=True))
        if filled is not None:
            op.execute(f"UPDATE {table} SET {column} = {filled}")  # noqa: S608 - names and values stand above
            op.alter_column(table, column, nullable=False)
    op.create_check_constraint(
        op.f("ck_accounts_notice_channel_known"), "accounts", "notice_channel in ('email', 'whatsapp')"
    )
    op.create_index(
        "uq_accounts_nik_in_use", "accounts", ["nik_fingerprint"], unique=True, postgresql_where=sa.text(ONE_NIK)
    )
    op.create_table(
        "account_tokens",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "purpose in ('confirm', 'email', 'password')", name=op.f("ck_account_tokens_purpose_known")
        ),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_account_tokens_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_account_tokens")),
    )
    op.create_index("ix_account_tokens_account_id", "account_tokens", ["account_id"])
    op.create_table(
        "help_messages",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("author_id", sa.String(), nullable=False),
        sa.Column("from_office", sa.Boolean(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("sent_at", INSTANT, nullable=False),
        sa.Column("read_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_help_messages_account_id")),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], name=op.f("fk_help_messages_author_id")),
        sa.ForeignKeyConstraint(
            ["number"], ["applications.number"], name=op.f("fk_help_messages_number"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_help_messages")),
    )
    op.create_index("ix_help_messages_thread_sent", "help_messages", ["thread", "sent_at"])
    op.create_index("ix_help_messages_account_id", "help_messages", ["account_id"])
    op.create_index("ix_help_messages_number", "help_messages", ["number"])


def downgrade() -> None:
    op.drop_table("help_messages")
    op.drop_table("account_tokens")
    op.drop_index("uq_accounts_nik_in_use", "accounts")
    op.drop_constraint(op.f("ck_accounts_notice_channel_known"), "accounts", type_="check")
    for table, column, _, _ in reversed(COLUMNS):
        op.drop_column(table, column)
