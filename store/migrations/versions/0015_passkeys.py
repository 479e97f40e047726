"""Passkeys, the wishes to change them, and challenges over lists of letters."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    _passkeys()
    _requests()
    _challenges()
    op.add_column("activations", sa.Column("passkey_id", sa.String(), nullable=True))
    op.add_column("activations", sa.Column("sign_count", sa.BigInteger(), nullable=True))
    op.create_foreign_key(op.f("fk_activations_passkey_id_passkeys"), "activations", "passkeys", ["passkey_id"], ["id"])


def _passkeys() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("officer_id", sa.String(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("rp_id", sa.String(), nullable=False),
        sa.Column("usable_from", INSTANT, nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("transports", postgresql.JSONB(), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("backed_up", sa.Boolean(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("admitted_by", sa.String(), nullable=False),
        sa.Column("admitted_at", INSTANT, nullable=False),
        sa.Column("last_used_at", INSTANT, nullable=True),
        sa.Column("removed_at", INSTANT, nullable=True),
        sa.CheckConstraint(
            "admitted_by in ('ticket', 'totp', 'webauthn')", name=op.f("ck_passkeys_admitted_by_known")
        ),
        sa.ForeignKeyConstraint(["officer_id"], ["accounts.id"], name=op.f("fk_passkeys_officer_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    op.create_index(op.f("ix_passkeys_officer_id"), "passkeys", ["officer_id"])


def _requests() -> None:
    op.create_table(
        "passkey_requests",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("officer_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("passkey_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("transports", postgresql.JSONB(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("proof", sa.String(), nullable=True),
        sa.Column("ticket", sa.String(), nullable=True),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("settled_at", INSTANT, nullable=True),
        sa.CheckConstraint("kind in ('admit', 'remove')", name=op.f("ck_passkey_requests_kind_known")),
        sa.CheckConstraint(
            "state in ('asked', 'sent', 'done', 'refused')", name=op.f("ck_passkey_requests_state_known")
        ),
        sa.ForeignKeyConstraint(["officer_id"], ["accounts.id"], name=op.f("fk_passkey_requests_officer_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkey_requests")),
    )
    op.create_index("ix_passkey_requests_officer", "passkey_requests", ["officer_id", "created_at"])
    op.create_index(op.f("ix_passkey_requests_expires_at"), "passkey_requests", ["expires_at"])
    op.create_index(
        "uq_passkey_requests_ticket",
        "passkey_requests",
        ["ticket"],
        unique=True,
        postgresql_where=sa.text("ticket IS NOT NULL"),
    )


def _challenges() -> None:
    op.create_table(
        "signing_challenges",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("officer_id", sa.String(), nullable=False),
        sa.Column("tasks", postgresql.JSONB(), nullable=False),
        sa.Column("letters", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(
            ["officer_id"],
            ["accounts.id"],
            name=op.f("fk_signing_challenges_officer_id_accounts"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_challenges")),
    )
    op.create_index(op.f("ix_signing_challenges_expires_at"), "signing_challenges", ["expires_at"])


def downgrade() -> None:
    op.drop_constraint(op.f("fk_activations_passkey_id_passkeys"), "activations", type_="foreignkey")
    op.drop_column("activations", "sign_count")
    op.drop_column("activations", "passkey_id")
    for table in ("signing_challenges", "passkey_requests", "passkeys"):
        op.drop_table(table)
