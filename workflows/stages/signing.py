"""The head signs, and nothing is released before the policy says SAH of the object that was stored.

The head's consent is an activation, sealed for the signing worker alone; what comes here is its id. An activation that
expired, or a passphrase that was wrong, returns the letter to the head's task. While an outside service is away the
letter waits, no longer than the consent lives, and everybody sees for what; it is never signed at a lower level.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ActivityError, FailureError

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook
    from activities.signatures import SignatureDesk
    from activities.signing_orders import OUTAGES, SignedObject, SignLetter, SignResult
    from permits.application import ApplicationStatus
    from permits.decisions import Decision, Returned, SignatureOrdered, TaskKind
    from permits.definition import Signing
    from permits.events import Tag
    from permits.steps import Notice, Waiting
    from workflows.case import Case, Outcome
    from workflows.messages import QueueNames
    from workflows.options import OWN_STORE, SERVICE_PAUSES, SIGNING, SIGNING_BATCH
    from workflows.stages.signing_words import NEEDS_ATTENTION, SYSTEM, service, why

SIGNING_WAITS_VISIBLY = "signing-waits-visibly"
"""Patch of version 0.3: a letter waits for an outside service, or for its batch, in the case and not in an activity."""

UNAVAILABLE = "signing-unavailable"
LONGEST_CONSENT = timedelta(minutes=10)


async def sign(case: Case, stage: Signing) -> Outcome:
    """Asks the head until a signature is registered, or the letter is returned; then waits for the verdict SAH."""
    failure: str | None = None
    while True:
        decision = await case.ask(TaskKind.SIGNING, stage, case.letter_sha256, instructions=_what(case, failure))
        if isinstance(decision.body, Returned):
            return case.sent_back(decision)
        assert isinstance(decision.body, SignatureOrdered)
        case.ledger.note(
            case.ledger.event(
                Tag.SIGNATURE_ORDERED,
                decision.actor,
                activation=decision.body.activation_id,
                letter_sha256=case.letter_sha256,
            )
        )
        under_way = Waiting(kind="engine", holder=SYSTEM, stage=stage.title, since=case.clock.now())
        await case.ledger.keep(CaseBook.close_task, "Kepala dinas memerintahkan tanda tangan", waiting=under_way)
        result = await _carried_out(case, stage, decision, decision.body)
        if result.signed is not None:
            await _judge(case, result.signed)
            case.signed_sha256 = result.signed.signed_sha256
            return Outcome.forward()
        case.signature_ordered = False
        failure = result.failure or result.waits_for or UNAVAILABLE
        case.ledger.note(case.ledger.event(Tag.SIGNATURE_FAILED, code=failure, letter_sha256=case.letter_sha256))
        _tell(case, failure)


def _what(case: Case, failure: str | None) -> str:
    number = f"{case.letter.number_text}" if case.letter else ""
    return f"{number}: {why(failure)}" if failure else number


def _tell(case: Case, failure: str) -> None:
    """What no new click alone will mend is told to the head and to operators; written with the task that follows."""
    if failure not in NEEDS_ATTENTION:
        return
    facts = {"code": failure, "sentence": why(failure), "letter_number": _what(case, None)}
    for to in ("head_of_office", "ops"):
        key = case.ledger.key(f"signing-returned.{to}")
        case.ledger.note_notice(Notice(key=key, template="signing-returned", to=to, facts=facts))


async def _carried_out(case: Case, stage: Signing, decision: Decision, ordered: SignatureOrdered) -> SignResult:
    """The order, until it is signed, refused, or the consent has run out over an outside service."""
    if not workflow.patched(SIGNING_WAITS_VISIBLY):
        return await _sign(case, decision, ordered, may_wait=False)
    until = ordered.expires_at or workflow.now() + LONGEST_CONSENT
    if ordered.in_batch:
        await _settled_by_batch(case, stage, ordered.activation_id, until)
    told: str | None = None
    tries = 0
    while True:
        result = await _sign(case, decision, ordered, may_wait=True)
        if result.waits_for is None or workflow.now() >= until:
            return result
        if result.waits_for != told:
            told = result.waits_for
            await _show_waiting(case, stage, told)
        pause = timedelta(seconds=SERVICE_PAUSES[min(tries, len(SERVICE_PAUSES) - 1)])
        tries += 1
        await case.clock.wait_real(lambda: False, min(workflow.now() + pause, until), service(told))


async def _settled_by_batch(case: Case, stage: Signing, activation: str, until: datetime) -> None:
    """Waits for the batch's word; where none comes, until no call of it can be under way any more."""
    longest_call = SIGNING_BATCH["start_to_close_timeout"]
    until += longest_call
    told: str | None = None

    def news() -> bool:
        said = case.signature_news.get(activation)
        return said is not None and (said.waits_for is None or said.waits_for != told)

    while await case.clock.wait_real(news, until, "tanda tangan bersama surat lain"):
        told = case.signature_news[activation].waits_for
        if told is None:
            return
        await _show_waiting(case, stage, told)


async def _show_waiting(case: Case, stage: Signing, code: str) -> None:
    """Everybody sees for what the letter waits."""
    case.desk.show(stage.title, service(code), None)
    case.ledger.note(case.ledger.event(Tag.SIGNATURE_WAITS, code=code, letter_sha256=case.letter_sha256))
    waiting = Waiting(kind="engine", holder=service(code), stage=stage.title, since=case.clock.now())
    await case.ledger.keep(CaseBook.record_change, f"Menunggu {service(code)}", waiting=waiting)


async def _sign(case: Case, decision: Decision, ordered: SignatureOrdered, may_wait: bool) -> SignResult:
    order = SignLetter(
        number=case.number,
        purpose=case.product,
        letter_sha256=case.letter_sha256,
        activation_id=ordered.activation_id,
        officer_id=decision.actor.id,
        office_date=case.clock.today(),
        event=case.ledger.event(Tag.SIGNATURE_REGISTERED, decision.actor, letter_sha256=case.letter_sha256),
        may_wait=may_wait,
        in_batch=ordered.in_batch,
    )
    try:
        return await workflow.execute_activity_method(
            SignatureDesk.sign_letter,
            order,
            task_queue=QueueNames.SIGNING,
            summary="Tanda tangan elektronik kepala dinas",
            **SIGNING,
        )
    except ActivityError as given_up:
        return SignResult(failure=_outage(given_up) or UNAVAILABLE)


def _outage(given_up: ActivityError) -> str | None:
    """The outside service over which an order was given up, where one is named."""
    cause: BaseException | None = given_up.cause
    while cause is not None:
        code: str | None = getattr(cause, "type", None)
        if code in OUTAGES:
            return code
        cause = cause.cause if isinstance(cause, FailureError) else None
    return None


async def _judge(case: Case, signed: SignedObject) -> None:
    verdict = await workflow.execute_activity_method(
        SignatureDesk.judge_letter,
        signed,
        task_queue=QueueNames.SIGNING,
        summary="Periksa surat yang sudah ditandatangani",
        **OWN_STORE,
    )
    case.ledger.note(
        case.ledger.event(
            Tag.SIGNATURE_VERIFIED, verdict=verdict.verdict, level=verdict.level, signed_sha256=signed.signed_sha256
        )
    )
    case.ledger.defer(status=ApplicationStatus.SIGNED)
