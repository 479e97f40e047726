"""The way to PostgreSQL: one engine a process, one transaction at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Self

from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from store.settings import StoreSettings

CONNECT_SECONDS = 5
STATEMENT_MILLISECONDS = 15_000
# A writer waits at most this long for the lock of a case; the caller repeats, which is harmless.
LOCK_MILLISECONDS = 10_000


def create_engine(settings: StoreSettings) -> AsyncEngine:
    """An engine with a bounded pool and bounded waits; nothing is connected yet."""
    return create_async_engine(
        settings.database_url.get_secret_value(),
        pool_size=settings.database_pool_size,
        max_overflow=settings.database_pool_size // 2,
        pool_timeout=10,  # seconds
        pool_pre_ping=True,  # a restarted server costs one question, not one failed write
        hide_parameters=True,  # an error text never carries personal data
        connect_args={
            "connect_timeout": CONNECT_SECONDS,
            "application_name": "sakpore",
            "options": f"-c timezone=UTC -c statement_timeout={STATEMENT_MILLISECONDS}"
            f" -c lock_timeout={LOCK_MILLISECONDS} -c idle_in_transaction_session_timeout=60000",
        },
    )


class Database:
    """Gives transactions. Close it when the process ends."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._sessions = async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)

    @classmethod
    def from_settings(cls, settings: StoreSettings) -> Self:
        """A database on its own new engine."""
        return cls(create_engine(settings))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session whose work is committed at the end of the block, or undone when the block raises.

        Rows stay readable after the block.
        """
        async with self._sessions.begin() as session:
            yield session

    async def close(self) -> None:
        """Gives all connections back."""
        await self.engine.dispose()
