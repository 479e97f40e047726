"""Notices by several channels: the night of citizens, the digest of officers, and the carrier's receipt."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("by_day", sa.Boolean(), nullable=True))
    op.execute("UPDATE outbox SET by_day = false")
    op.alter_column("outbox", "by_day", nullable=False)
    op.add_column("outbox", sa.Column("digest_on", sa.Date(), nullable=True))
    op.add_column("outbox", sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_outbox_message_id", "outbox", ["message_id"])
    op.create_index("ix_outbox_created", "outbox", ["created_at", "key"])
    op.create_index("ix_outbox_failed", "outbox", ["created_at", "key"], postgresql_where=sa.text("state = 'failed'"))


def downgrade() -> None:
    op.drop_index("ix_outbox_failed", "outbox")
    op.drop_index("ix_outbox_created", "outbox")
    op.drop_index("ix_outbox_message_id", "outbox")
    op.drop_column("outbox", "delivered_at")
    op.drop_column("outbox", "digest_on")
    op.drop_column("outbox", "by_day")
