"""The head's consent: one passphrase and one code for many letters, sealed here, opened by the signing worker alone.

UU ITE article 11: the signature stays in its signer's sole control. The passphrase is read here, sealed at once, and
is in no log, no error, no receipt and no history.
"""

from __future__ import annotations

import asyncio
import logging
import math
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any
from weakref import WeakValueDictionary

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
from store.queries.signing import failed_activations, untried_activations
from store.records import NewActivation
from store.tables import ActivationRow

log = logging.getLogger("sakpore.api")

private = APIRouter(tags=["signing"])

MOST_TASKS = 200
LIFE = timedelta(minutes=5)
AT_ONCE = 8
GUESSES = 5
GUESS_WINDOW = timedelta(minutes=15)
WRONG_PROOFS = ("wrong_passphrase", "step_up_refused")
"""What the signing worker notes of an activation whose passphrase or code was not the officer's."""
_turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()


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


SIGNERS = {
    Role.HEAD_OF_OFFICE: (Act.SIGN, TaskKind.SIGNING),
    Role.OPD: (Act.SIGN_ANSWER, TaskKind.SIGN_RECOMMENDATION),
}
"""Who signs, by what right and at which task: the head products, an agency's officer the agency's recommendation."""


def only_a_signer(login: SignedIn) -> Actor:
    """The actor, who is a head of office or an agency's officer. Raises RuleError(not-allowed)."""
    if login.actor.role not in SIGNERS:
        raise RuleError(Code.NOT_ALLOWED)
    return login.actor


Signer = Annotated[Actor, Depends(only_a_signer)]


Outcome = str | Work | Problem
"""Of one task: the state it has come to, or the work still to be ordered, or why it is refused."""


class Unsettled(Exception):
    """The engine did not answer for every letter: nothing is kept under the key, so that it can be asked again."""

    def __init__(self, answer: ActivationAnswer) -> None:
        super().__init__("unsettled")
        self.answer = answer


@private.post("/signing/activations", status_code=202, response_model=ActivationAnswer)
async def activate(
    asked: ActivationAsked, actor: Signer, request: Request, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """Orders the signatures of up to 200 letters. A task that cannot be signed says why; the others go on.

    Where none can be signed, the answer is the first one's problem, and the consent is not kept.
    """
    tasks = list(dict.fromkeys(asked.tasks))
    # The same key is the same consent: what is asked again carries the id that the engine may know already.
    named = request_sha256("activation", [actor.id, only_once.key, sorted(tasks)])[:32] if only_once.key else None

    async def write() -> ActivationAnswer:
        request_id: str = request.state.request_id
        kept = await _kept(services, named)
        found: dict[str, Outcome] = {task: await _look_up(services, task, actor, kept is not None) for task in tasks}
        works = [work for work in found.values() if isinstance(work, Work)]
        if not works:
            raise next(error for error in found.values() if isinstance(error, Problem))
        activation = kept or await _consent(services, actor, works, asked, named or secrets.token_hex(16))
        gate = asyncio.Semaphore(AT_ONCE)
        ordered = await asyncio.gather(*(_order(services, work, activation.id, gate) for work in works))
        outcomes = found | {work.task.id: outcome for work, outcome in zip(works, ordered, strict=True)}
        await _refuse_if_all_are(services, [outcomes[task] for task in tasks], activation if kept is None else None)
        answer = ActivationAnswer(
            activation_id=activation.id,
            expires_at=activation.expires_at,
            results=[_result(services, task, outcomes[task], request_id) for task in tasks],
        )
        if any(result.state == "unknown" for result in answer.results):
            raise Unsettled(answer)
        return answer

    try:
        # Without the passphrase and the code: a hash of a secret is a clue to it.
        return await only_once.answer(sorted(tasks), 202, write)
    except Unsettled as unsettled:
        return JSONResponse(unsettled.answer.model_dump(mode="json"), 202, headers={"Retry-After": "2"})


async def _consent(
    services: Services, actor: Actor, works: list[Work], asked: ActivationAsked, activation_id: str
) -> ActivationRow:
    """Seals a new activation, one of an officer at a time. Raises Problem(too-many-attempts) for who seems to guess."""
    async with _turns.setdefault(actor.id, asyncio.Lock()):
        await _check_guesses(services, actor)
        return await _seal(services, actor, works, asked, activation_id)


async def _check_guesses(services: Services, actor: Actor) -> None:
    now = services.now()
    async with services.db.transaction() as session:
        failed = await failed_activations(session, actor.id, WRONG_PROOFS, now - GUESS_WINDOW)
        # Proofs are tried in another process: what is on its way counts too, or all guesses would be sent at once.
        untried = await untried_activations(session, actor.id, now)
    until = [at + GUESS_WINDOW for at in failed] + [at + LIFE for at in untried]
    if len(until) >= GUESSES:
        seconds = max(1, math.ceil((sorted(until, reverse=True)[GUESSES - 1] - now).total_seconds()))
        log.warning("an officer's activations fail too often", extra={"actor_id": actor.id})
        raise Problem(ApiCode.TOO_MANY_ATTEMPTS, headers={"Retry-After": str(seconds)}, retry_after_seconds=seconds)


async def _refuse_if_all_are(
    services: Services, outcomes: Sequence[Outcome], new_activation: ActivationRow | None
) -> None:
    """Raises the first Problem where there is nothing else; a new consent that is for nothing is not kept."""
    problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    if len(problems) < len(outcomes):
        return
    # An order that was lost on its way may have arrived, and one asked for before may be in use: those end by time.
    lost = any(services.problems.table.status(problem.code) >= 500 for problem in problems)
    if new_activation is not None and not lost:
        await services.records.discard_activation(new_activation.id)
    raise problems[0]


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
        act, kind = SIGNERS[actor.role]
        work = await load_work(services, task_id, actor, act)
        if work.task.kind != kind:
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


async def _order(services: Services, work: Work, activation_id: str, gate: asyncio.Semaphore) -> str | Problem:
    body = SignatureOrdered(activation_id=activation_id)
    decision = Decision(task_id=work.task.id, actor=work.actor, seen=work.task.subject_sha256, body=body)
    try:
        async with gate:
            await order(services, work, decision, activation_id)
    except Unknown:
        return "unknown"
    except (RuleError, Problem) as refused:
        return problem_of(refused) or Problem(ApiCode.INTERNAL)
    return "ordered"


def _result(services: Services, task: str, outcome: Outcome, request_id: str) -> TaskResult:
    if isinstance(outcome, Problem):
        return TaskResult(task=task, state="refused", problem=services.problems.body(outcome, request_id))
    return TaskResult(task=task, state=str(outcome))
