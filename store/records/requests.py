"""Receipts of requests with an idempotency key: the first answer is the answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from store.records.base import Subject
from store.tables import HttpReceiptRow


class RequestRecords(Subject):
    """Writes of receipts."""

    async def remember_receipt(
        self, actor_id: str, key: str, request_sha256: str, status: int, body: dict[str, Any], created_at: datetime
    ) -> HttpReceiptRow:
        """Keeps the first answer under actor and key, and answers the one that is kept.

        The caller compares `request_sha256`: another one means the key was used for another request.
        """
        values = {"actor_id": actor_id, "key": key, "request_sha256": request_sha256, "status": status}
        async with self._db.transaction() as session:
            query = insert(HttpReceiptRow).values(**values, body=body, created_at=created_at)
            await session.exec(query.on_conflict_do_nothing())
            return await session.get_one(HttpReceiptRow, (actor_id, key))

    async def find_receipt(self, actor_id: str, key: str) -> HttpReceiptRow | None:
        """The answer that was given under actor and key, if there was one."""
        async with self._db.transaction() as session:
            return await session.get(HttpReceiptRow, (actor_id, key))

    async def delete_old_receipts(self, before: datetime) -> int:
        """Deletes receipts older than any sensible repetition; their number."""
        gone = delete(HttpReceiptRow).where(col(HttpReceiptRow.created_at) < before)
        async with self._db.transaction() as session:
            return len((await session.exec(gone.returning(col(HttpReceiptRow.key)))).all())
