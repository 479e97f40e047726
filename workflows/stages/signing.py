"""The head signs, and nothing is released before the policy says SAH of the object that was stored.

The head's consent is an activation, sealed for the signing worker alone; what comes here is its id. An activation that
expired, or a passphrase that was wrong, returns the letter to the head's task.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook
    from activities.signatures import SignatureDesk, SignedObject, SignLetter, SignResult
    from permits.application import ApplicationStatus
    from permits.authority import Actor
    from permits.decisions import Returned, SignatureOrdered, TaskKind
    from permits.definition import Signing
    from permits.events import Tag
    from workflows.case import Case, Outcome
    from workflows.messages import QueueNames
    from workflows.options import OWN_STORE, SIGNING


async def sign(case: Case, stage: Signing) -> Outcome:
    """Asks the head until a signature is registered, or the letter is returned; then waits for the verdict SAH."""
    while True:
        decision = await case.ask(TaskKind.SIGNING, stage, case.letter_sha256, instructions=_what(case))
        if isinstance(decision.body, Returned):
            return case.sent_back(decision)
        assert isinstance(decision.body, SignatureOrdered)
        activation = decision.body.activation_id
        case.ledger.note(
            case.ledger.event(
                Tag.SIGNATURE_ORDERED, decision.actor, activation=activation, letter_sha256=case.letter_sha256
            )
        )
        await case.ledger.keep(CaseBook.close_task, "Kepala dinas memerintahkan tanda tangan")
        result = await _sign(case, decision.actor, activation)
        if result.signed is not None:
            await _judge(case, result.signed)
            case.signed_sha256 = result.signed.signed_sha256
            return Outcome.forward()
        case.signature_ordered = False
        case.ledger.note(case.ledger.event(Tag.SIGNATURE_FAILED, code=result.failure, letter_sha256=case.letter_sha256))


def _what(case: Case) -> str:
    return f"{case.letter.number_text}" if case.letter else ""


async def _sign(case: Case, officer: Actor, activation: str) -> SignResult:
    order = SignLetter(
        number=case.number,
        purpose=case.product,
        letter_sha256=case.letter_sha256,
        activation_id=activation,
        officer_id=officer.id,
        office_date=case.clock.today(),
        event=case.ledger.event(Tag.SIGNATURE_REGISTERED, officer, letter_sha256=case.letter_sha256),
    )
    try:
        return await workflow.execute_activity_method(
            SignatureDesk.sign_letter,
            order,
            task_queue=QueueNames.SIGNING,
            summary="Tanda tangan elektronik kepala dinas",
            **SIGNING,
        )
    except ActivityError:
        return SignResult(failure="signing-unavailable")


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
