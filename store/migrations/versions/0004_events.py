"""The legal record of a case, append-only: a trigger refuses to change, remove or truncate its lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

INSTANT = sa.DateTime(timezone=True)

REFUSE = """
CREATE FUNCTION refuse_change_of_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the record of a case is append-only' USING ERRCODE = 'integrity_constraint_violation';
END
$$
"""


def upgrade() -> None:
    op.create_table(
        "events",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("office_at", INSTANT, nullable=False),
        sa.Column("actor_id", sa.String(), nullable=False),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["number"], ["applications.number"], name=op.f("fk_events_number")),
        sa.PrimaryKeyConstraint("number", "sequence", name=op.f("pk_events")),
        sa.UniqueConstraint("number", "key", name=op.f("uq_events_number_key")),
    )
    op.execute(REFUSE)
    op.execute(
        "CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE ON events"
        " FOR EACH ROW EXECUTE FUNCTION refuse_change_of_events()"
    )
    op.execute(
        "CREATE TRIGGER events_are_never_truncated BEFORE TRUNCATE ON events"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_events()"
    )


def downgrade() -> None:
    op.drop_table("events")
    op.execute("DROP FUNCTION refuse_change_of_events()")
