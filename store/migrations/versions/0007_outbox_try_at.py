"""When a notice is to be tried next."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("try_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE outbox SET try_at = created_at")
    op.alter_column("outbox", "try_at", nullable=False)
    op.drop_index("ix_outbox_pending", "outbox")
    op.create_index("ix_outbox_pending", "outbox", ["try_at"], postgresql_where=sa.text("state = 'pending'"))


def downgrade() -> None:
    op.drop_index("ix_outbox_pending", "outbox")
    op.create_index("ix_outbox_pending", "outbox", ["created_at"], postgresql_where=sa.text("state = 'pending'"))
    op.drop_column("outbox", "try_at")
