"""How an errand to the signing worker is ordered. Imports permits alone.

By name, so that the door need not load what the engine runs.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client, WorkflowFailureError
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

from permits.errands import Errand, ErrandDone
from workflows.messages import QueueNames

ERRAND_WORKFLOW = "SigningErrandWorkflow"
"""The name under which histories know it; never changed."""


def errand_workflow_id(errand: Errand) -> str:
    """One workflow a wish, and one a sending."""
    return f"{errand.kind}-{errand.subject_id}-{errand.order_key}".rstrip("-")


async def run_errand(client: Client, errand: Errand, patience: timedelta) -> ErrandDone:
    """Starts it, or finds it started, and waits for what came of it.

    Raises RPCError when the engine does not answer in time; the errand may still be done.
    """
    handle = await client.start_workflow(
        ERRAND_WORKFLOW,
        errand,
        id=errand_workflow_id(errand),
        task_queue=QueueNames.MAIN,
        id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        result_type=ErrandDone,
        execution_timeout=timedelta(minutes=5),
        rpc_timeout=patience,
    )
    try:
        done: ErrandDone = await handle.result(rpc_timeout=patience)
    except WorkflowFailureError:
        return ErrandDone(failure="signing-unavailable")
    return done
