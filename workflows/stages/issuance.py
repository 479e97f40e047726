"""The number is issued and the product is released; the case closes when the product has reached its owner."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook, LetterIssue
    from permits.definition import Issuance
    from permits.events import Tag
    from workflows.case import Case, Outcome
    from workflows.options import OWN_STORE
    from workflows.stages.delivery import deliver


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
    case.settle_promise()
    await deliver(case)
    return Outcome.forward()
