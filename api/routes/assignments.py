"""Who holds a task: taken over, given to a colleague, put back on the desk; and decisions on many tasks at once."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import JSONResponse

from api.asked import Asked
from api.deciding import DecisionAsked, decide, why_gone
from api.dependencies import Here, SignedIn, load_work
from api.engine import CaseGone, Unknown
from api.idempotency import Key, request_sha256
from api.problems import ApiCode, Problem, problem_of
from api.routes.applications import unknown_answer
from api.services import Services
from permits.authority import Act, Actor
from permits.errors import Code, RuleError
from store.records import actor_of
from workflows.messages import Assignment

private = APIRouter(tags=["tasks"])

MOST_AT_ONCE = 200
AT_ONCE = 8


class AssignmentAsked(Asked):
    """Who holds the task from now on."""

    to: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._@-]{1,100}$")
    """Account id; one's own takes the task over, none puts it back on the desk."""
    reason: str = Field(default="", max_length=500)


class BulkDecision(Asked):
    """One of many decisions."""

    task: str = Field(max_length=200)
    decision: DecisionAsked


class BulkAsked(Asked):
    """Many decisions at once; each is judged by itself."""

    decisions: Annotated[list[BulkDecision], Field(min_length=1, max_length=MOST_AT_ONCE)]


@private.post("/tasks/{task_id}/assignment", responses={202: {"description": "Not known yet: ask again with the key"}})
async def assign_task(
    task_id: str, asked: AssignmentAsked, login: SignedIn, services: Here, key: Key = None
) -> JSONResponse:
    """Takes a task over, gives it to a colleague of its desk, or puts it back. Asked twice, the same answer."""
    act = Act.TAKE_OVER if asked.to in (None, login.actor.id) else Act.ASSIGN
    work = await load_work(services, task_id, login.actor, act)
    to = await _holder(services, asked.to, work.actor, work.subject.opd) if asked.to else None
    assignment = Assignment(task_id=work.task.id, actor=work.actor, to=to, reason=asked.reason)
    key = key or request_sha256("assignment", asked)
    try:
        receipt = await services.engine.assign(work.task.workflow_id, assignment, key)
    except CaseGone:
        raise await why_gone(services, work) from None
    except Unknown:
        return unknown_answer(key)
    return JSONResponse({"state": "accepted", **receipt.model_dump(mode="json")})


async def _holder(services: Services, account_id: str, actor: Actor, opd: str | None) -> Actor:
    """The new holder as the rules see it. Raises RuleError: person-not-found (also for people of another house)."""
    if account_id == actor.id:
        return actor
    account = await services.records.account(account_id)
    if account is None or (opd is None) is not (account.opd is None):
        raise RuleError(Code.PERSON_NOT_FOUND)
    if not account.active:
        raise RuleError(Code.PERSON_UNFIT)
    return actor_of(account)


@private.post("/tasks/decisions")
async def decide_many(
    request: Request, asked: BulkAsked, login: SignedIn, services: Here, key: Key = None
) -> JSONResponse:
    """Decides at many tasks: 200 with a result for each, in their order; one that fails holds up no other.

    A repeated request with the same key gives the same results, for each task by itself.
    """
    gate = asyncio.Semaphore(AT_ONCE)
    key = key or request_sha256("decisions", asked)
    results = await asyncio.gather(*(_decide_one(services, login.actor, one, key, gate) for one in asked.decisions))
    request_id: str = request.state.request_id
    pairs = zip(asked.decisions, results, strict=True)
    items = [_result(services, one.task, result, request_id) for one, result in pairs]
    taken = sum(1 for item in items if item["state"] == "accepted")
    return JSONResponse({"taken": taken, "failed": len(items) - taken, "items": items})


async def _decide_one(
    services: Services, actor: Actor, one: BulkDecision, key: str, gate: asyncio.Semaphore
) -> dict[str, Any] | Problem:
    async with gate:
        try:
            work = await load_work(services, one.task, actor, Act.DECIDE)
            answer = await decide(services, work, one.decision, key)
        except (RuleError, Problem) as refused:
            return problem_of(refused) or Problem(ApiCode.INTERNAL)
    return {"status": answer.status_code}


def _result(services: Services, task: str, result: dict[str, Any] | Problem, request_id: str) -> dict[str, Any]:
    if isinstance(result, Problem):
        return {"task": task, "state": "refused", "problem": services.problems.body(result, request_id)}
    return {"task": task, "state": "accepted" if result["status"] == 200 else "unknown"}
