"""The agenda register, letters, activations and signatures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0005"
down_revision = "0004"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "agenda",
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("series", "year", name=op.f("pk_agenda")),
    )
    op.create_table(
        "letters",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("series", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("number_text", sa.String(), nullable=False),
        sa.Column("letter_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("input_sha256", sa.String(), nullable=True),
        sa.Column("template", sa.String(), nullable=True),
        sa.Column("template_version", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.Column("actor_id", sa.String(), nullable=True),
        sa.CheckConstraint("status in ('reserved', 'issued', 'batal')", name=op.f("ck_letters_status_known")),
        sa.ForeignKeyConstraint(["number"], ["applications.number"], name=op.f("fk_letters_number")),
        sa.PrimaryKeyConstraint("number", "purpose", name=op.f("pk_letters")),
        sa.UniqueConstraint("series", "year", "sequence", name=op.f("uq_letters_series_year_sequence")),
    )
    op.create_index("ix_letters_sha256", "letters", ["sha256"])
    op.create_table(
        "activations",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("officer_id", sa.String(), nullable=False),
        sa.Column("envelope", sa.LargeBinary(), nullable=True),
        sa.Column("letters", JSONB(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.Column("totp_step", sa.BigInteger(), nullable=True),
        sa.Column("deleted_at", INSTANT, nullable=True),
        sa.ForeignKeyConstraint(["officer_id"], ["accounts.id"], name=op.f("fk_activations_officer_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_activations")),
    )
    op.create_index("ix_activations_expires_at", "activations", ["expires_at"])
    op.create_table(
        "signature_claims",
        sa.Column("activation_id", sa.String(), nullable=False),
        sa.Column("letter_sha256", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "state in ('CLAIMED', 'SENT', 'SIGNED', 'UNKNOWN', 'FAILED')", name=op.f("ck_signature_claims_state_known")
        ),
        sa.ForeignKeyConstraint(["activation_id"], ["activations.id"], name=op.f("fk_signature_claims_activation_id")),
        sa.PrimaryKeyConstraint("activation_id", "letter_sha256", name=op.f("pk_signature_claims")),
    )
    op.create_table(
        "signed_letters",
        sa.Column("letter_sha256", sa.String(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("signed_sha256", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("signer_id", sa.String(), nullable=False),
        sa.Column("certificate_sha256", sa.String(), nullable=False),
        sa.Column("signed_at", INSTANT, nullable=False),
        sa.Column("activation_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("letter_sha256", name=op.f("pk_signed_letters")),
        sa.UniqueConstraint("number", "purpose", name=op.f("uq_signed_letters_number_purpose")),
        sa.UniqueConstraint("signed_sha256", name=op.f("uq_signed_letters_signed_sha256")),
    )
    op.create_table(
        "letter_versions",
        sa.Column("letter_sha256", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["letter_sha256"], ["signed_letters.letter_sha256"], name=op.f("fk_letter_versions_letter_sha256")
        ),
        sa.PrimaryKeyConstraint("letter_sha256", "n", name=op.f("pk_letter_versions")),
        sa.UniqueConstraint("sha256", name=op.f("uq_letter_versions_sha256")),
    )


def downgrade() -> None:
    op.drop_table("letter_versions")
    op.drop_table("signed_letters")
    op.drop_table("signature_claims")
    op.drop_table("activations")
    op.drop_table("letters")
    op.drop_table("agenda")
