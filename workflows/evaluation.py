"""The month-end evaluation: compiled on the first of each month for the month before, and whenever a leader asks."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from activities.evaluation import Compiled, CompileMonth, EvaluationDesk
    from permits.evaluation import Month
    from workflows.evaluation_order import EVALUATION_WORKFLOW, EvaluationOrder
    from workflows.options import COMPILING

OFFICE_ZONE = ZoneInfo("Asia/Jakarta")
_SCHEDULED = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")


@workflow.defn(name=EVALUATION_WORKFLOW)
class EvaluationWorkflow:
    """One month."""

    @workflow.run
    async def run(self, order: EvaluationOrder) -> Compiled:
        """Compiles the month; returns what lies in the store."""
        month = order.month or str(Month.before(self._meant_for().astimezone(OFFICE_ZONE).date()))
        key = order.order_key or workflow.info().run_id
        compiling = CompileMonth(month=month, as_of=workflow.now(), requested_by=order.requested_by, order_key=key)
        return await workflow.execute_activity_method(
            EvaluationDesk.compile_month, compiling, summary=f"Evaluasi bulan {month}", **COMPILING
        )

    def _meant_for(self) -> datetime:
        """When the schedule meant it to run: a worker that was away for weeks still evaluates the right month."""
        return workflow.info().typed_search_attributes.get(_SCHEDULED) or workflow.now()
