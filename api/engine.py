"""The door's way to Temporal: starts a case, passes decisions on as updates, asks a case about itself.

Connects with the first need, so that pages are served while the engine is down. A time-out means *unknown*: the update
may still be applied, and asking again with the same id is safe. Workflows are called by name, since this room does not
import what they run.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from pydantic import SecretStr
from temporalio.api.enums.v1 import TaskQueueType
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import DescribeTaskQueueRequest
from temporalio.client import (
    Client,
    WorkflowFailureError,
    WorkflowQueryFailedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from api.problems import ApiCode, Problem
from permits.calendar import WorkingCalendar
from permits.decisions import Decision, Receipt
from permits.errands import Errand, ErrandDone
from permits.errors import Code
from workflows.connection import ArgumentTooLarge, connect
from workflows.errand_order import run_errand
from workflows.evaluation_order import EvaluationOrder, order_evaluation
from workflows.messages import (
    AgencyAdded,
    Assignment,
    AssignmentReceipt,
    CaseState,
    RequestExtended,
    RequestWithdrawn,
    SteeringReceipt,
    Submission,
    Withdrawal,
    WithdrawalReceipt,
    application_workflow_id,
    assignment_update_id,
    decision_update_id,
    steering_update_id,
    withdrawal_update_id,
)
from workflows.replanning import Replanned, replan_all
from workflows.sealing_order import SealingDone, SealingOrder, order_sealing
from workflows.signing_batch_order import BatchOrder, order_batch
from workflows.starting import start_case

log = logging.getLogger("sakpore.api")

START_SECONDS = 3.0
QUERY_SECONDS = 3.0
_AnswerT = TypeVar("_AnswerT")


class Unknown(Exception):
    """The engine did not answer in time; whether it acted is not known, and the same request may be sent again."""


class CaseGone(Exception):
    """The engine knows no running workflow of that id; the store says why."""


class Engine:
    """A client that connects when it is first needed.

    Args:
        address: host:port of the engine.
        namespace: its namespace.
        payload_keys: keys that seal payloads; the same as the worker's.
        update_seconds: how long an update is waited for.
    """

    def __init__(self, address: str, namespace: str, payload_keys: SecretStr, update_seconds: float = 5.0) -> None:
        self._address = address
        self._namespace = namespace
        self._payload_keys = payload_keys
        self._update_seconds = update_seconds
        self._client: Client | None = None

    async def start(self, submission: Submission) -> bool:
        """Starts the case's workflow; True where it runs or has run, False where the reconciler will start it."""
        try:
            client = await self._connected()
            await start_case(client, submission, timedelta(seconds=START_SECONDS))
        except (RPCError, RuntimeError, OSError, ArgumentTooLarge) as lost:
            fields = {"application_number": submission.number, "error": type(lost).__name__}
            log.warning("a case is left for the reconciler to start", extra=fields)
            return False
        return True

    async def decide(self, workflow_id: str, decision: Decision, key: str) -> Receipt:
        """Passes a decision to the workflow that holds the task.

        Raises Problem with the refusal's code, Problem(engine-unavailable), Unknown, CaseGone.
        """
        return await self._update(
            workflow_id, "decide", decision, decision_update_id(decision.task_id, decision.actor.id, key), Receipt
        )

    async def withdraw(self, number: str, withdrawal: Withdrawal, key: str) -> WithdrawalReceipt:
        """Passes a withdrawal to the case. Raises as `decide` does."""
        update_id = withdrawal_update_id(number, withdrawal.actor.id, key)
        return await self._update(application_workflow_id(number), "withdraw", withdrawal, update_id, WithdrawalReceipt)

    async def order_evaluation(self, order: EvaluationOrder) -> str:
        """Has a month evaluated; the id of the workflow that does it. Raises Problem(engine-unavailable)."""
        try:
            return await order_evaluation(await self._connected(), order, timedelta(seconds=START_SECONDS))
        except (RPCError, RuntimeError, OSError):
            raise Problem(ApiCode.ENGINE_UNAVAILABLE) from None

    async def order_batch(self, order: BatchOrder) -> bool:
        """Has the letters of an activation signed by few calls; False where the engine does not answer."""
        try:
            await order_batch(await self._connected(), order, timedelta(seconds=START_SECONDS))
        except (RPCError, RuntimeError, OSError):
            log.warning("a batch of signatures could not be started", extra={"letters": len(order.letters)})
            return False
        return True

    async def errand(self, errand: Errand, seconds: float) -> ErrandDone:
        """Has the signing worker do something, and waits for it.

        Raises Problem(engine-unavailable), Unknown.
        """
        try:
            done = run_errand(await self._connected(), errand, timedelta(seconds=seconds))
            return await asyncio.wait_for(done, seconds + 1)
        except TimeoutError:
            raise Unknown from None
        except RPCError as error:
            raise _lost(error) from None
        except (RuntimeError, OSError):
            raise Problem(ApiCode.ENGINE_UNAVAILABLE) from None

    async def seal(self, order: SealingOrder, seconds: float) -> SealingDone | None:
        """Has a PDF sealed by the office and waits; None where it takes longer. Raises Problem(engine-unavailable)."""
        try:
            handle = await order_sealing(await self._connected(), order, timedelta(seconds=START_SECONDS))
            return await asyncio.wait_for(handle.result(), seconds)
        except TimeoutError:
            return None
        except WorkflowFailureError:
            return SealingDone(failure="sealing-failed")
        except (RPCError, RuntimeError, OSError):
            raise Problem(ApiCode.ENGINE_UNAVAILABLE) from None

    async def assign(self, workflow_id: str, assignment: Assignment, key: str) -> AssignmentReceipt:
        """Says who holds a task. Raises as `decide` does."""
        update_id = assignment_update_id(assignment.task_id, assignment.actor.id, key)
        return await self._update(workflow_id, "assign", assignment, update_id, AssignmentReceipt)

    async def add_agency(self, number: str, added: AgencyAdded, key: str) -> SteeringReceipt:
        """Asks one more OPD. Raises as `decide` does."""
        workflow_id = application_workflow_id(number)
        update_id = steering_update_id(workflow_id, "agency", added.actor.id, key)
        return await self._update(workflow_id, "add_agency", added, update_id, SteeringReceipt)

    async def withdraw_request(self, workflow_id: str, withdrawn: RequestWithdrawn, key: str) -> SteeringReceipt:
        """Takes a request to an OPD back. Raises as `decide` does."""
        update_id = steering_update_id(workflow_id, "withdrawal", withdrawn.actor.id, key)
        return await self._update(workflow_id, "withdraw_request", withdrawn, update_id, SteeringReceipt)

    async def extend_request(self, workflow_id: str, extended: RequestExtended, key: str) -> SteeringReceipt:
        """Gives an OPD more time, once. Raises as `decide` does."""
        update_id = steering_update_id(workflow_id, "extension", extended.actor.id, key)
        return await self._update(workflow_id, "extend", extended, update_id, SteeringReceipt)

    async def replan(self, cases: Mapping[str, Sequence[str]], calendar: WorkingCalendar) -> Replanned:
        """Hands running cases, with the children of their open requests, a new calendar.

        Raises Problem(engine-unavailable); the worker goes on with what is left.
        """
        client = await self._connected()
        try:
            return await replan_all(client, cases, calendar)
        except (RPCError, RuntimeError, OSError):
            raise Problem(ApiCode.ENGINE_UNAVAILABLE) from None

    async def state(self, number: str) -> CaseState:
        """What the engine itself holds of a case. Raises Problem(engine-unavailable), CaseGone."""
        client = await self._connected()
        handle = client.get_workflow_handle(application_workflow_id(number))
        asked = handle.query("state", result_type=CaseState, rpc_timeout=timedelta(seconds=QUERY_SECONDS))
        try:
            state: CaseState = await asked
        except WorkflowQueryFailedError:
            raise Problem(ApiCode.ENGINE_UNAVAILABLE) from None
        except RPCError as error:
            raise _lost(error) from None
        except (RuntimeError, OSError):
            raise Problem(ApiCode.ENGINE_UNAVAILABLE) from None
        return state

    async def pollers(self, queue: str) -> int:
        """How many workers have asked for work on a queue of late. Raises Problem(engine-unavailable)."""
        client = await self._connected()
        asked = DescribeTaskQueueRequest(
            namespace=self._namespace,
            task_queue=TaskQueue(name=queue),
            task_queue_type=TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
        )
        try:
            found = await client.workflow_service.describe_task_queue(asked, timeout=timedelta(seconds=QUERY_SECONDS))
        except (RPCError, RuntimeError, OSError):
            raise Problem(ApiCode.ENGINE_UNAVAILABLE) from None
        return len(found.pollers)

    async def _update(
        self, workflow_id: str, name: str, argument: Any, update_id: str, answer_type: type[_AnswerT]
    ) -> _AnswerT:
        client = await self._connected()
        handle = client.get_workflow_handle(workflow_id)
        seconds = self._update_seconds
        asked: Awaitable[_AnswerT] = handle.execute_update(
            name, argument, id=update_id, result_type=answer_type, rpc_timeout=timedelta(seconds=seconds)
        )
        try:
            return await asyncio.wait_for(asked, seconds + 1)
        except WorkflowUpdateFailedError as failed:
            raise _refusal(failed.cause) from None
        except (WorkflowUpdateRPCTimeoutOrCancelledError, TimeoutError):
            raise Unknown from None
        except RPCError as error:
            raise _lost(error) from None
        except ArgumentTooLarge:
            raise Problem(ApiCode.TOO_LARGE) from None
        except (RuntimeError, OSError):
            raise Problem(ApiCode.ENGINE_UNAVAILABLE) from None

    async def _connected(self) -> Client:
        if self._client is None:
            keys = self._payload_keys.get_secret_value()
            self._client = await connect(self._address, self._namespace, keys, lazy=True)
        return self._client


def _refusal(cause: BaseException) -> Exception:
    if isinstance(cause, ApplicationError) and cause.type in set(Code):
        facts = cause.details[0] if cause.details and isinstance(cause.details[0], dict) else {}
        return Problem(Code(cause.type), **facts)
    log.error("an update failed without a known code", extra={"error": type(cause).__name__})
    return Problem(ApiCode.INTERNAL)


def _lost(error: RPCError) -> Exception:
    match error.status:
        case RPCStatusCode.NOT_FOUND:
            return CaseGone()
        case RPCStatusCode.DEADLINE_EXCEEDED | RPCStatusCode.CANCELLED:
            return Unknown()
        case _:
            return Problem(ApiCode.ENGINE_UNAVAILABLE)
