"""The head's consent: one passphrase and one code for many letters, sealed here, opened by the signing worker alone.

UU ITE article 11: the signature stays in its signer's sole control. The passphrase is read here, sealed at once, and
is in no log, no error, no receipt and no history.
"""

from __future__ import annotations

import asyncio
import secrets
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field, SecretStr
from starlette.responses import JSONResponse

from api.asked import Asked
from api.deciding import order
from api.dependencies import Here, SignedIn, Work, load_work
from api.engine import Unknown
from api.idempotency import OnlyOnce, request_sha256
from api.problems import ApiCode, Problem, problem_of
from api.services import Services
from permits.authority import Act, Actor, Role
from permits.decisions import Decision, SignatureOrdered, TaskKind
from permits.errors import Code, RuleError
from signing.activation import Activation, TotpProof, load_public_key, seal
from signing.errors import SigningError
from store.records import NewActivation
from store.tables import ActivationRow

private = APIRouter(tags=["signing"])

MOST_TASKS = 200
LIFE = timedelta(minutes=5)
AT_ONCE = 8


class ActivationAsked(Asked):
    """Which letters, and the two proofs that it is the head who asks."""

    tasks: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(min_length=1, max_length=MOST_TASKS)
    passphrase: SecretStr = Field(min_length=1, max_length=1024)
    totp: SecretStr = Field(min_length=6, max_length=8)


class TaskResult(BaseModel):
    """What became of one letter: ordered, unknown (ask again with the same key), or refused with its problem."""

    task: str
    state: str
    problem: dict[str, Any] | None = None


class ActivationAnswer(BaseModel):
    """The consent as it was passed on; the signatures themselves follow."""

    activation_id: str
    expires_at: datetime
    results: list[TaskResult]


def only_the_head(login: SignedIn) -> Actor:
    """The actor, who is a head of office. Raises RuleError(not-allowed)."""
    if login.actor.role is not Role.HEAD_OF_OFFICE:
        raise RuleError(Code.NOT_ALLOWED)
    return login.actor


Head = Annotated[Actor, Depends(only_the_head)]


class Unsettled(Exception):
    """The engine did not answer for every letter: nothing is kept under the key, so that it can be asked again."""

    def __init__(self, answer: ActivationAnswer) -> None:
        super().__init__("unsettled")
        self.answer = answer


@private.post("/signing/activations", status_code=202, response_model=ActivationAnswer)
async def activate(
    asked: ActivationAsked, actor: Head, request: Request, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """Orders the signatures of up to 200 letters. A task that cannot be signed says why; the others go on."""
    tasks = list(dict.fromkeys(asked.tasks))
    # The same key is the same consent: what is asked again carries the id that the engine may know already.
    named = request_sha256("activation", [actor.id, only_once.key, sorted(tasks)])[:32] if only_once.key else None

    async def write() -> ActivationAnswer:
        request_id: str = request.state.request_id
        kept = await _kept(services, named)
        found = {task: await _look_up(services, task, actor, kept is not None) for task in tasks}
        works = [work for work in found.values() if isinstance(work, Work)]
        if not works:
            raise next(error for error in found.values() if isinstance(error, Problem))
        activation = kept or await _seal(services, actor, works, asked, named or secrets.token_hex(16))
        gate = asyncio.Semaphore(AT_ONCE)
        ordered = [_order(services, work, activation.id, gate, request_id) for work in works]
        results = {result.task: result for result in await asyncio.gather(*ordered)}
        for task, error in found.items():
            if isinstance(error, Problem):
                results[task] = _refusal(services, task, error, request_id)
        answer = ActivationAnswer(
            activation_id=activation.id,
            expires_at=activation.expires_at,
            results=[results[task] for task in tasks],
        )
        if any(result.state == "unknown" for result in answer.results):
            raise Unsettled(answer)
        return answer

    try:
        # Without the passphrase and the code: a hash of a secret is a clue to it.
        return await only_once.answer(sorted(tasks), 202, write)
    except Unsettled as unsettled:
        return JSONResponse(unsettled.answer.model_dump(mode="json"), 202, headers={"Retry-After": "2"})


async def _kept(services: Services, activation_id: str | None) -> ActivationRow | None:
    if activation_id is None:
        return None
    try:
        return await services.records.activation(activation_id)
    except RuleError:
        return None


async def _look_up(services: Services, task_id: str, actor: Actor, again: bool) -> Work | Problem:
    """The task, where it can be signed; asked again, also one that the first asking has closed."""
    try:
        work = await load_work(services, task_id, actor, Act.SIGN)
        if work.task.kind != TaskKind.SIGNING:
            raise RuleError(Code.DECISION_NOT_POSSIBLE)
        if work.task.status != "open" and not again:
            raise RuleError(Code.TASK_CLOSED, decided_by=work.task.decided_by_name)
    except RuleError as refused:
        return Problem(refused.code, **refused.facts)
    return work


async def _seal(
    services: Services, actor: Actor, works: list[Work], asked: ActivationAsked, activation_id: str
) -> ActivationRow:
    now = services.now()
    letters = tuple(dict.fromkeys(work.task.subject_sha256 for work in works))
    activation = Activation(
        officer_id=actor.id,
        letter_sha256s=letters,
        step_up=TotpProof(asked.totp.get_secret_value()),
        passphrase=asked.passphrase,
        expires_at=now + LIFE,
    )
    path = services.settings.signing_seal_public_key
    if path is None:
        raise Problem(ApiCode.SIGNING_UNAVAILABLE)
    try:
        envelope = seal(activation, load_public_key(path), activation_id)
    except SigningError:
        raise Problem(ApiCode.SIGNING_UNAVAILABLE) from None
    return await services.records.create_activation(
        NewActivation(
            id=activation_id,
            officer_id=actor.id,
            envelope=envelope,
            letters=letters,
            created_at=now,
            expires_at=activation.expires_at,
        )
    )


async def _order(
    services: Services, work: Work, activation_id: str, gate: asyncio.Semaphore, request_id: str
) -> TaskResult:
    body = SignatureOrdered(activation_id=activation_id)
    decision = Decision(task_id=work.task.id, actor=work.actor, seen=work.task.subject_sha256, body=body)
    try:
        async with gate:
            await order(services, work, decision, activation_id)
    except Unknown:
        return TaskResult(task=work.task.id, state="unknown")
    except (RuleError, Problem) as refused:
        return _refusal(services, work.task.id, refused, request_id)
    return TaskResult(task=work.task.id, state="ordered")


def _refusal(services: Services, task: str, error: Exception, request_id: str) -> TaskResult:
    problem = problem_of(error) or Problem(ApiCode.INTERNAL)
    return TaskResult(task=task, state="refused", problem=services.problems.body(problem, request_id))
