"""The outbox as operators see it: what waits, what went out and what failed; no text and no address."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, literal_column, tuple_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import OutboxRow


class OutboxLine(BaseModel):
    """One message; real times."""

    model_config = ConfigDict(frozen=True)

    key: str
    number: str | None
    account_id: str | None
    template: str | None
    channel: str
    state: str
    attempts: int
    error: str | None
    created_at: datetime
    try_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None


class OutboxPage(BaseModel):
    """Messages, newest first, and how many wait and failed."""

    model_config = ConfigDict(frozen=True)

    lines: list[OutboxLine]
    counts: dict[str, int]  # pending and failed, whatever is filtered
    next: str | None  # key to go on after; None: these are the last


async def outbox_page(
    session: AsyncSession,
    *,
    state: str | None = None,
    channel: str | None = None,
    template: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> OutboxPage:
    """Messages with these properties, those after the key `after` in the same order."""
    query = select(OutboxRow)
    for column, wanted in ((OutboxRow.state, state), (OutboxRow.channel, channel), (OutboxRow.template, template)):
        if wanted is not None:
            query = query.where(col(column) == wanted)
    last = await session.get(OutboxRow, after) if after else None
    if last is not None:
        query = query.where(tuple_(col(OutboxRow.created_at), col(OutboxRow.key)) < (last.created_at, last.key))
    query = query.order_by(col(OutboxRow.created_at).desc(), col(OutboxRow.key).desc()).limit(limit + 1)
    rows = list(await session.exec(query))
    # One count for each, so that each is answered by its own partial index; what was sent is most of the table.
    counts = {name: await _count(session, name) for name in ("pending", "failed")}
    return OutboxPage(
        lines=[outbox_line(row) for row in rows[:limit]],
        counts=counts,
        next=rows[limit - 1].key if len(rows) > limit else None,
    )


async def _count(session: AsyncSession, state: str) -> int:
    query = select(func.count()).select_from(OutboxRow).where(col(OutboxRow.state) == literal_column(f"'{state}'"))
    return (await session.exec(query)).one()


def outbox_line(row: OutboxRow) -> OutboxLine:
    """A row without its text and address."""
    return OutboxLine.model_validate(row, from_attributes=True)


async def outbox_row(session: AsyncSession, key: str) -> OutboxRow | None:
    """One message with all it holds, for its own page."""
    return await session.get(OutboxRow, key)
