"""What each letter was rendered from: the sha256 of its template's bundle in the object store."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("letters", sa.Column("template_sha256", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("letters", "template_sha256")
