"""The head's consent: one passphrase and one proof for many letters, sealed here, opened by the signing worker alone.

UU ITE article 11: the signature stays in its signer's sole control. The passphrase is read here, sealed at once, and
is in no log, no error, no receipt and no history.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel
from starlette.responses import JSONResponse

from api import consent
from api.consent import ActivationAsked, ChallengeAnswer, ChallengeAsked, Consent, TaskResult, TaskSeen
from api.deciding import order
from api.dependencies import Here, SignedIn, Work, load_work
from api.engine import Unknown
from api.idempotency import OnlyOnce, request_sha256
from api.problems import ApiCode, Problem, problem_of
from api.proofs import TURNS, check_guesses, problem_of_failure
from api.services import Services
from api.signing_readiness import Readiness, check_certificate, readiness
from permits.authority import Act, Actor, Role
from permits.decisions import Decision, SignatureOrdered, TaskKind
from permits.errands import Errand
from permits.errors import Code, RuleError
from store.tables import ActivationRow
from workflows.signing_batch_order import BatchLetter, BatchOrder

private = APIRouter(tags=["signing"])

AT_ONCE = 8
CODE_SECONDS = 15.0
ORDERED = "ordered"


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


async def only_a_signer(login: SignedIn, services: Here) -> Actor:
    """The person who asks: head of office, acting as one, or an agency's officer. Raises RuleError(not-allowed)."""
    capacities = await services.capacities(login.actor)
    if all(one.role not in SIGNERS for one in capacities):
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


@private.get("/signing/readiness")
async def ready(actor: Signer, services: Here) -> Readiness:
    """Whether the asker's certificate and mandate can sign today; asked before the passphrase is typed."""
    return await readiness(services, actor)


@private.post("/signing/challenges", status_code=201)
async def challenge(asked: ChallengeAsked, actor: Signer, request: Request, services: Here) -> ChallengeAnswer:
    """What a passkey signs to consent to these letters, good for five minutes and once.

    A task that cannot be signed, or whose letter is not the one that was shown, says why and is left out.
    """
    found = {one.task: await look_up(services, one, actor, False) for one in asked.tasks}
    works = [work for work in found.values() if isinstance(work, Work)]
    if not works:
        raise next(error for error in found.values() if isinstance(error, Problem))
    await check_certificate(services, actor)
    refused = [
        _result(services, task, outcome, request.state.request_id)
        for task, outcome in found.items()
        if isinstance(outcome, Problem)
    ]
    return await consent.challenge(services, actor, works, refused)


@private.post("/signing/provider-codes", status_code=202)
async def send_code(actor: Signer, services: Here) -> Response:
    """Has the signing provider send the head its one-time code. Raises Problem(code-not-offered)."""
    now = services.now()
    await services.attempts.ask(f"provider-code:{actor.id}", now)
    errand = Errand(kind="provider-code", subject_id=actor.id, order_key=str(int(now.timestamp())))
    try:
        done = await services.engine.errand(errand, CODE_SECONDS)
    except Unknown:
        return Response(status_code=202)
    if done.failure is not None:
        raise problem_of_failure(done.failure)
    return Response(status_code=202)


@private.post("/signing/activations", status_code=202, response_model=ActivationAnswer)
async def activate(
    asked: ActivationAsked, actor: Signer, request: Request, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """Orders the signatures of up to 200 letters. A task that cannot be signed says why; the others go on.

    Where none can be signed, the answer is the first one's problem, and the consent is not kept.
    """
    # Without the passphrase and the proof: a hash of a secret is a clue to it.
    plain = [asked.challenge, sorted([one.task, one.seen] for one in asked.tasks or ())]
    # The same key is the same consent: what is asked again carries the id that the engine may know already.
    named = request_sha256("activation", [actor.id, only_once.key, plain])[:32] if only_once.key else None

    async def write() -> ActivationAnswer:
        return await _activate(services, actor, asked, named, request.state.request_id)

    try:
        return await only_once.answer(plain, 202, write)
    except Unsettled as unsettled:
        return JSONResponse(unsettled.answer.model_dump(mode="json"), 202, headers={"Retry-After": "2"})


async def _activate(
    services: Services, actor: Actor, asked: ActivationAsked, named: str | None, request_id: str
) -> ActivationAnswer:
    given = await _given(services, actor, asked, named)
    activation_id = given.activation_id or named or secrets.token_hex(16)
    kept = await _kept(services, activation_id)
    found: dict[str, Outcome] = {
        one.task: await look_up(services, one, actor, kept is not None) for one in given.tasks
    }
    works = [work for work in found.values() if isinstance(work, Work)]
    if not works:
        raise next(error for error in found.values() if isinstance(error, Problem))
    if kept is None:
        await check_certificate(services, actor)
    activation = kept or await _consent(services, actor, given, works, asked, activation_id)
    gate = asyncio.Semaphore(AT_ONCE)
    ordered = await asyncio.gather(*(_order(services, work, activation, gate) for work in works))
    ordered = await _send_batch(services, activation, works, ordered)
    outcomes = found | {work.task.id: outcome for work, outcome in zip(works, ordered, strict=True)}
    await _refuse_if_all_are(services, list(outcomes.values()), activation if kept is None else None)
    answer = ActivationAnswer(
        activation_id=activation.id,
        expires_at=activation.expires_at,
        results=[_result(services, task, outcome, request_id) for task, outcome in outcomes.items()],
    )
    if any(result.state == "unknown" for result in answer.results):
        raise Unsettled(answer)
    return answer


async def order_again(services: Services, actor: Actor, activation_id: str, tasks: Sequence[TaskSeen]) -> None:
    """Orders once more the letters of a consent for which no answer came; one that has arrived is ordered once.

    Raises RuleError(activation-not-valid) where the consent is not the actor's, or has run out.
    """
    activation = await services.records.activation(activation_id)
    if activation.officer_id != actor.id or activation.expires_at <= services.now():
        raise RuleError(Code.ACTIVATION_NOT_VALID, activation=activation_id)
    found = [await look_up(services, one, actor, False) for one in tasks if one.seen in activation.letters]
    works = [work for work in found if isinstance(work, Work)]
    gate = asyncio.Semaphore(AT_ONCE)
    ordered = await asyncio.gather(*(_order(services, work, activation, gate) for work in works))
    await _send_batch(services, activation, works, ordered)


async def _given(services: Services, actor: Actor, asked: ActivationAsked, named: str | None) -> Consent:
    """What is consented to; a challenge is answered once. Raises Problem as `consent_of` does, too-many-attempts."""
    if asked.challenge is None:
        return await consent.consent_of(services, actor, asked)
    async with TURNS.setdefault(actor.id, asyncio.Lock()):
        if await _kept(services, asked.challenge) is None:
            await check_guesses(services, actor)
        given = await consent.consent_of(services, actor, asked)
        if not await services.records.answer_challenge(asked.challenge, named or secrets.token_hex(16)):
            raise Problem(ApiCode.CHALLENGE_EXPIRED)
        return given


async def _consent(
    services: Services, actor: Actor, given: Consent, works: list[Work], asked: ActivationAsked, activation_id: str
) -> ActivationRow:
    """Seals a new activation, one of an officer at a time. Raises Problem(too-many-attempts) for who seems to guess."""
    async with TURNS.setdefault(actor.id, asyncio.Lock()):
        await check_guesses(services, actor)
        return await consent.seal_consent(services, actor, given, works, asked, activation_id)


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


async def look_up(services: Services, asked: TaskSeen, actor: Actor, again: bool) -> Work | Problem:
    """The task, where its letter is the one that was shown and can be signed; asked again, also one closed since."""
    try:
        act, kind = SIGNERS[Role.OPD if actor.role is Role.OPD else Role.HEAD_OF_OFFICE]
        work = await load_work(services, asked.task, actor, act)
        if work.task.kind != kind:
            raise RuleError(Code.DECISION_NOT_POSSIBLE)
        if work.task.status != "open" and not again:
            raise RuleError(Code.TASK_CLOSED, decided_by=work.task.decided_by_name)
        if work.task.subject_sha256 != asked.seen:
            raise RuleError(Code.STALE_VERSION, current=work.task.subject_sha256)
        if work.task.status == "open":
            await _check_unchanged(services, work)
    except RuleError as refused:
        return Problem(refused.code, **refused.facts)
    return work


async def _check_unchanged(services: Services, work: Work) -> None:
    """The letter is still what the desks gave their paraf to. Raises RuleError(stale-version)."""
    try:
        letter = await services.records.letter_by_sha256(work.task.subject_sha256)
    except RuleError:
        raise RuleError(Code.STALE_VERSION, number=work.application.number) from None
    if letter.number != work.application.number or letter.status == "batal":
        raise RuleError(Code.STALE_VERSION, number=work.application.number)


async def _order(services: Services, work: Work, activation: ActivationRow, gate: asyncio.Semaphore) -> str | Problem:
    body = SignatureOrdered(
        activation_id=activation.id,
        in_batch=services.settings.letters_per_call > 1,
        expires_at=activation.expires_at,
    )
    decision = Decision(task_id=work.task.id, actor=work.actor, seen=work.task.subject_sha256, body=body)
    try:
        async with gate:
            await order(services, work, decision, activation.id)
    except Unknown:
        return "unknown"
    except (RuleError, Problem) as refused:
        return problem_of(refused) or Problem(ApiCode.INTERNAL)
    return ORDERED


async def _send_batch(
    services: Services, activation: ActivationRow, works: list[Work], ordered: list[str | Problem]
) -> list[str | Problem]:
    """Letters whose cases have taken the order go to a provider that takes many by as few calls as it can.

    Answers what has become of each; where the batch could not be ordered, they are unknown: asked again, it is ordered.
    """
    taken = [work for work, outcome in zip(works, ordered, strict=True) if outcome == ORDERED]
    if services.settings.letters_per_call == 1 or not taken:
        return ordered
    batch = BatchOrder(
        activation_id=activation.id,
        officer_id=activation.officer_id,
        office_date=await services.office_today(),
        expires_at=activation.expires_at,
        files_per_call=services.settings.letters_per_call,
        letters=tuple(
            BatchLetter(number=work.application.number, letter_sha256=work.task.subject_sha256) for work in taken
        ),
    )
    if await services.engine.order_batch(batch):
        return ordered
    return ["unknown" if outcome == ORDERED else outcome for outcome in ordered]


def _result(services: Services, task: str, outcome: Outcome, request_id: str) -> TaskResult:
    if isinstance(outcome, Problem):
        return TaskResult(task=task, state="refused", problem=services.problems.body(outcome, request_id))
    return TaskResult(task=task, state=str(outcome))
