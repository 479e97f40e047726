"""A sealing as it is ordered: by a case whose agency's letter was matched, or at the door for a report.

By name, so that the door need not load what the engine runs. Imports permits alone.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict
from temporalio.client import Client, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from permits.events import Event
from permits.sealing import Purpose, sealing_id
from workflows.messages import QueueNames

SEALING_WORKFLOW = "SealingWorkflow"
"""The name under which histories know it; never changed."""


class SealingOrder(BaseModel):
    """The input of SealingWorkflow."""

    model_config = ConfigDict(frozen=True)

    purpose: Purpose
    original_sha256: str  # of an agency's letter, or of what a report says
    number: str | None = None  # a letter's case
    opd: str | None = None
    agency: str = ""  # by name
    matched_by: str = ""  # by name
    matched_at: AwareDatetime | None = None
    expires_at: AwareDatetime | None = None  # when a report is deleted
    event: Event | None = None  # what the case's record says of a sealed letter

    @property
    def id(self) -> str:
        """One name for one sealing."""
        return sealing_id(self.purpose, self.number, self.original_sha256)

    @property
    def workflow_id(self) -> str:
        """A letter's begins with its case, so that operators find it there."""
        return f"{self.number}-segel-{self.id[:32]}" if self.number else f"segel-{self.id}"


class SealingDone(BaseModel):
    """The result: what was sealed, or the code of why nothing was."""

    model_config = ConfigDict(frozen=True)

    sealed_sha256: str | None = None
    failure: str | None = None


async def order_sealing(
    client: Client, order: SealingOrder, rpc_timeout: timedelta | None = None
) -> WorkflowHandle[Any, SealingDone]:
    """Starts a sealing, or finds it under way; done again, it answers the same. Raises RPCError."""
    return await client.start_workflow(
        SEALING_WORKFLOW,
        order,
        id=order.workflow_id,
        task_queue=QueueNames.MAIN,
        result_type=SealingDone,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        static_summary="Segel elektronik kantor",
        rpc_timeout=rpc_timeout,
    )
