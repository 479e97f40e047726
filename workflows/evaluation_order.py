"""The month-end evaluation as it is ordered: by the schedule, or by a leader. Imports permits alone.

By name, so that the door need not load what the engine runs.
"""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel, ConfigDict
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.messages import QueueNames

EVALUATION_WORKFLOW = "EvaluationWorkflow"
"""The name under which histories know it; never changed."""


class EvaluationOrder(BaseModel):
    """The input of EvaluationWorkflow."""

    model_config = ConfigDict(frozen=True)

    month: str | None = None  # such as 2026-03; None: the month before that of the scheduled start
    requested_by: str = "system"  # account id
    order_key: str | None = None  # orders under one key are one compilation; None: each run is one


def evaluation_workflow_id(month: str) -> str:
    """One compilation of a month at a time."""
    return f"evaluation-{month}"


async def order_evaluation(client: Client, order: EvaluationOrder, rpc_timeout: timedelta | None = None) -> str:
    """Starts a compilation, or finds one of that month under way; the workflow's id."""
    workflow_id = evaluation_workflow_id(order.month or "scheduled")
    await client.start_workflow(
        EVALUATION_WORKFLOW,
        order,
        id=workflow_id,
        task_queue=QueueNames.MAIN,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"Evaluasi bulan {order.month}",
        rpc_timeout=rpc_timeout,
    )
    return workflow_id
