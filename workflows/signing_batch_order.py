"""Letters that one call of the provider is to sign, as the door orders them. Imports permits alone.

By name, so that the door need not load what the engine runs.
"""

from __future__ import annotations

from datetime import date, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from temporalio.client import Client
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from workflows.messages import SIGNING_BATCH_WORKFLOW, QueueNames, signing_batch_workflow_id


class BatchLetter(BaseModel):
    """A letter whose case has taken the order to sign."""

    model_config = ConfigDict(frozen=True)

    number: str  # of the application, which is the id of its workflow
    letter_sha256: str


class BatchOrder(BaseModel):
    """The input of SigningBatchWorkflow."""

    model_config = ConfigDict(frozen=True)

    activation_id: str
    officer_id: str
    office_date: date
    expires_at: AwareDatetime  # of the activation; real time
    files_per_call: int = Field(ge=1)
    letters: tuple[BatchLetter, ...] = Field(min_length=1)


async def order_batch(client: Client, order: BatchOrder, rpc_timeout: timedelta | None = None) -> None:
    """Starts the batch of an activation, or finds it under way.

    Ordered again after its end, it runs once more over all letters; those that are settled are left alone.
    """
    await client.start_workflow(
        SIGNING_BATCH_WORKFLOW,
        order,
        id=signing_batch_workflow_id(order.activation_id),
        task_queue=QueueNames.MAIN,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary=f"Tanda tangan {len(order.letters)} surat",
        rpc_timeout=rpc_timeout,
    )
