"""Compiled evaluations: each order once, each month in numbered versions."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, text
from sqlmodel import col, select

from permits.evaluation import Facts
from store.queries.evaluation import evaluation_facts
from store.records.base import Subject
from store.tables import EvaluationRow


class EvaluationRecords(Subject):
    """The evaluations' writes."""

    async def facts_between(self, begins: datetime, ends: datetime) -> Facts:
        """What is evaluated of the office time between two instants, as of one moment."""
        async with self._db.transaction() as session:
            return await evaluation_facts(session, begins, ends)

    async def evaluation_of_order(self, order_key: str) -> EvaluationRow | None:
        """What was compiled for this order."""
        async with self._db.transaction() as session:
            found = await session.exec(select(EvaluationRow).where(col(EvaluationRow.order_key) == order_key))
            return found.first()

    async def keep_evaluation(
        self,
        order_key: str,
        month: date,
        pdf_sha256: str,
        data_sha256: str,
        as_of: datetime,
        requested_by: str,
        created_at: datetime,
    ) -> EvaluationRow:
        """The next version of a month; asked again for the same order, the row that is there."""
        async with self._db.transaction() as session:
            # One writer a month: two orders at once would take the same version.
            await (await session.connection()).execute(
                text("SELECT pg_advisory_xact_lock(hashtext(:month))"), {"month": f"evaluation {month}"}
            )
            known = await session.exec(select(EvaluationRow).where(col(EvaluationRow.order_key) == order_key))
            if (row := known.first()) is not None:
                return row
            last = await session.exec(
                select(func.max(col(EvaluationRow.version))).where(col(EvaluationRow.month) == month)
            )
            row = EvaluationRow(
                month=month,
                version=(last.first() or 0) + 1,
                pdf_sha256=pdf_sha256,
                data_sha256=data_sha256,
                as_of=as_of,
                created_at=created_at,
                requested_by=requested_by,
                order_key=order_key,
            )
            session.add(row)
        return row
