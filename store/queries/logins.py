"""What the log-in asks of the record of failures."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import LoginAttemptRow


async def failures_since(session: AsyncSession, key: str, since: datetime) -> tuple[int, datetime | None]:
    """How many failures count against a key since then, and when the newest of them was."""
    query = select(func.count(), func.max(LoginAttemptRow.at)).select_from(LoginAttemptRow)
    query = query.where(col(LoginAttemptRow.key) == key, col(LoginAttemptRow.at) > since)
    count, newest = (await session.exec(query)).one()
    return count, newest


async def failures_of(session: AsyncSession, key: str, since: datetime) -> list[datetime]:
    """When failures have counted against a key since then, the newest first."""
    query = select(col(LoginAttemptRow.at)).where(col(LoginAttemptRow.key) == key, col(LoginAttemptRow.at) > since)
    return list(await session.exec(query.order_by(col(LoginAttemptRow.at).desc())))
