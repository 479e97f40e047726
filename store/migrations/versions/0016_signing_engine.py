"""What came back for a claim, how officers' certificates stand, and officers' ids with the signing provider."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"

INSTANT = sa.DateTime(timezone=True)
STANDINGS = "'usable', 'expiring', 'expired', 'revoked', 'not_registered', 'unknown'"


def upgrade() -> None:
    op.add_column("signature_claims", sa.Column("returned_sha256", sa.String(), nullable=True))
    op.create_index("ix_signature_claims_letter", "signature_claims", ["letter_sha256"])
    op.add_column("accounts", sa.Column("signer_id_sealed", sa.LargeBinary(), nullable=True))
    op.create_table(
        "certificate_standings",
        sa.Column("account_id", sa.String(), nullable=False),
        sa.Column("standing", sa.String(), nullable=False),
        sa.Column("certificate_sha256", sa.String(), nullable=True),
        sa.Column("valid_until", INSTANT, nullable=True),
        sa.Column("known_at", INSTANT, nullable=True),
        sa.Column("asked_at", INSTANT, nullable=False),
        sa.CheckConstraint(f"standing in ({STANDINGS})", name=op.f("ck_certificate_standings_standing_known")),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_certificate_standings_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name=op.f("pk_certificate_standings")),
    )


def downgrade() -> None:
    op.drop_table("certificate_standings")
    op.drop_column("accounts", "signer_id_sealed")
    op.drop_index("ix_signature_claims_letter", "signature_claims")
    op.drop_column("signature_claims", "returned_sha256")
