"""An errand to the signing worker: passed on to its queue, and its answer brought back."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.passkeys import PasskeyDesk
    from permits.errands import Errand, ErrandDone
    from workflows.errand_order import ERRAND_WORKFLOW
    from workflows.messages import QueueNames
    from workflows.options import ERRAND


@workflow.defn(name=ERRAND_WORKFLOW)
class SigningErrandWorkflow:
    """One errand."""

    @workflow.run
    async def run(self, errand: Errand) -> ErrandDone:
        """Has it done; an answer that never comes is a failure that says so."""
        asked = PasskeyDesk.change_passkeys if errand.kind == "passkey" else PasskeyDesk.send_code
        try:
            return await workflow.execute_activity_method(asked, errand, task_queue=QueueNames.SIGNING, **ERRAND)
        except ActivityError:
            return ErrandDone(failure="signing-unavailable")
