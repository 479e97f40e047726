"""How a case is started: the same call for the API at submission and for the reconciler afterwards.

By name, so that the door need not load what the engine runs.
"""

from __future__ import annotations

from datetime import timedelta

from temporalio.client import Client
from temporalio.common import (
    SearchAttributeKey,
    SearchAttributePair,
    TypedSearchAttributes,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError

from workflows.messages import (
    APPLICATION_WORKFLOW,
    QueueNames,
    SearchAttributes,
    Submission,
    application_workflow_id,
)


async def start_case(client: Client, submission: Submission, rpc_timeout: timedelta | None = None) -> None:
    """Starts a case, or finds it started."""
    try:
        await client.start_workflow(
            APPLICATION_WORKFLOW,
            submission,
            id=application_workflow_id(submission.number),
            task_queue=QueueNames.MAIN,
            id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=first_search_attributes(submission),
            static_summary=submission.definition.title,
            rpc_timeout=rpc_timeout,
        )
    except WorkflowAlreadyStartedError:
        return


def first_search_attributes(submission: Submission) -> TypedSearchAttributes:
    """What a case shows to operators from its first second."""
    stage = SearchAttributeKey.for_keyword(SearchAttributes.STAGE)
    kind = SearchAttributeKey.for_keyword(SearchAttributes.PERMIT_TYPE)
    return TypedSearchAttributes(
        [SearchAttributePair(stage, "Diterima"), SearchAttributePair(kind, submission.definition.code)]
    )
