"""The number is issued and the product reaches its owner: a download for everyone, an e-mail for who asked for it."""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.delivery import DeliverLetter, DeliveryDesk
    from activities.records import CaseBook, LetterIssue
    from permits.application import Delivery
    from permits.definition import Issuance
    from permits.events import Tag
    from workflows.case import Case, Outcome
    from workflows.options import OUTSIDE, OWN_STORE


async def issue(case: Case, stage: Issuance) -> Outcome:
    """Only a letter that was judged SAH comes here."""
    case.desk.show(stage.title, stage.holder, None)
    assert case.letter is not None and case.signed_sha256 is not None
    await case.ledger.catch_up()
    issued = LetterIssue(
        number=case.number,
        purpose=case.product,
        event=case.ledger.event(Tag.PERMIT_ISSUED, number_text=case.letter.number_text, product=case.product),
    )
    await workflow.execute_activity_method(
        CaseBook.issue_letter, issued, summary=f"Surat terbit: {case.letter.number_text}", **OWN_STORE
    )
    await _deliver(case)
    return Outcome.forward()


async def _deliver(case: Case) -> None:
    by_email = case.submission.delivery is Delivery.EMAIL
    order = DeliverLetter(
        key=case.ledger.key("delivery"),
        number=case.number,
        purpose=case.product,
        signed_sha256=case.signed_sha256 or "",
        attach=by_email,
    )
    try:
        proof = await workflow.execute_activity_method(
            DeliveryDesk.deliver_letter, order, summary="Kirim surat kepada pemohon", **OUTSIDE
        )
    except ActivityError:
        case.ledger.note(case.ledger.event(Tag.NOTICE_FAILED, template="letter-issued"))
        return
    case.ledger.note(
        case.ledger.event(Tag.NOTICE_SENT, template="letter-issued", proof=proof.message_id, attached=by_email)
    )
