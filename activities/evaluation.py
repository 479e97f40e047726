"""Compiles the month-end evaluation: reads the month, counts it, typesets it, and keeps numbers and PDF."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio import activity

from activities.evaluation_report import ReportInput, render_evaluation
from permits.authority import ALLOWED_ROLES, Act, Role
from permits.calendar_loader import load_office_calendar
from permits.evaluation import Evaluation, Month, evaluate
from store.documents import DocumentStore
from store.records import Records
from store.tables import EvaluationRow


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True)


class CompileMonth(_Message):
    """What is to be compiled: everything in which two tries could differ is said here."""

    month: str  # such as 2026-03
    as_of: AwareDatetime  # what happened later has not happened yet
    requested_by: str  # account id, or `system`
    order_key: str


class Compiled(_Message):
    """An evaluation that lies in the store."""

    month: str
    version: int
    pdf_sha256: str
    data_sha256: str


class EvaluationDesk:
    """Evaluates months."""

    def __init__(self, records: Records, documents: DocumentStore) -> None:
        self._records = records
        self._documents = documents

    @activity.defn
    async def compile_month(self, order: CompileMonth) -> Compiled:
        """One order, once: asked again, the version that was compiled for it."""
        known = await self._records.evaluation_of_order(order.order_key)
        if known is not None:
            await self._tell_leaders(known)
            return _compiled(known)
        evaluation = await self.evaluation(Month.parse(order.month), order.as_of)
        # Typesetting takes a moment, in which the worker's other tasks go on.
        pdf = await asyncio.to_thread(render_evaluation, ReportInput(evaluation=evaluation))
        row = await self._records.keep_evaluation(
            order_key=order.order_key,
            month=evaluation.first,
            pdf_sha256=await self._documents.put_document(pdf),
            data_sha256=await self._documents.put_document(canonical(evaluation)),
            as_of=evaluation.as_of,
            requested_by=order.requested_by,
            created_at=datetime.now(UTC),
        )
        await self._tell_leaders(row)
        return _compiled(row)

    async def _tell_leaders(self, row: EvaluationRow) -> None:
        """Everyone who may read it is told once."""
        month = str(Month(first=row.month))
        for account in await self._records.accounts():
            if Role(account.role) in ALLOWED_ROLES[Act.READ_EVALUATION]:
                key = f"evaluation-ready:{month}:{row.version}:{account.id}"
                await self._records.queue_for_account(
                    key, "evaluation-ready", account.id, {"period": month}, datetime.now(UTC)
                )

    async def evaluation(self, month: Month, as_of: datetime) -> Evaluation:
        """The numbers of a month as they stood at `as_of`."""
        overrides = await self._records.calendar_overrides()
        calendar = load_office_calendar(min(2025, month.first.year - 1), month.first.year + 1, overrides=overrides)
        zone = ZoneInfo(calendar.zone)
        begins = datetime.combine(month.first, time(), zone)
        ends = datetime.combine(month.last + timedelta(days=1), time(), zone)
        facts = await self._records.facts_between(begins, ends)
        return evaluate(month, as_of, facts, calendar)


def canonical(evaluation: Evaluation) -> bytes:
    """The numbers as JSON, the same bytes for the same numbers."""
    return json.dumps(evaluation.model_dump(mode="json"), sort_keys=True, ensure_ascii=False).encode()


def _compiled(row: EvaluationRow) -> Compiled:
    month: date = row.month
    return Compiled(
        month=str(Month(first=month)), version=row.version, pdf_sha256=row.pdf_sha256, data_sha256=row.data_sha256
    )
