"""What the log-in asks of the record of failures."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import LoginAttemptRow


async def failure_before(session: AsyncSession, key: str, count: int) -> datetime | None:
    """When the failure lay that is the `count`-th newest of this key; None where there were fewer."""
    query = select(LoginAttemptRow.at).where(col(LoginAttemptRow.key) == key)
    return (await session.exec(query.order_by(col(LoginAttemptRow.at).desc()).offset(count - 1).limit(1))).first()
