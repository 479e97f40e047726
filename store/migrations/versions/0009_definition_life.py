"""The life of a definition: who drafted, published, retired and confirmed it, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

STEPS = ("drafted", "published", "retired", "confirmed")


def upgrade() -> None:
    for step in STEPS:
        by = "author_id" if step == "drafted" else f"{step}_by"
        op.add_column("definitions", sa.Column(by, sa.String(), nullable=True))
        op.add_column("definitions", sa.Column(f"{step}_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    for step in reversed(STEPS):
        op.drop_column("definitions", f"{step}_at")
        op.drop_column("definitions", "author_id" if step == "drafted" else f"{step}_by")
