"""How long the archive of each signed letter lasts, and what stands in the way of renewing it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("letter_versions", sa.Column("timestamp_until", INSTANT, nullable=True))
    op.add_column("letter_versions", sa.Column("timestamp_algorithms", sa.String(), nullable=True))
    op.add_column("letter_versions", sa.Column("superseded_at", INSTANT, nullable=True))
    op.execute(
        "UPDATE letter_versions AS old SET superseded_at = newer.created_at FROM letter_versions AS newer "
        "WHERE newer.letter_sha256 = old.letter_sha256 AND newer.n = old.n + 1"
    )
    op.create_index(
        "ix_letter_versions_timestamp_until",
        "letter_versions",
        ["timestamp_until"],
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.create_table(
        "archive_failures",
        sa.Column("letter_sha256", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_at", INSTANT, nullable=False),
        sa.Column("last_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("letter_sha256", name=op.f("pk_archive_failures")),
    )


def downgrade() -> None:
    op.drop_table("archive_failures")
    op.drop_index("ix_letter_versions_timestamp_until", "letter_versions")
    op.drop_column("letter_versions", "superseded_at")
    op.drop_column("letter_versions", "timestamp_algorithms")
    op.drop_column("letter_versions", "timestamp_until")
