"""The number is issued and the product is released; the case closes when the product has reached its owner."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook, LetterIssue
    from permits.definition import Issuance, Procedure
    from permits.events import Tag
    from permits.steps import PermitChange
    from workflows.case import Case, Outcome
    from workflows.options import OWN_STORE
    from workflows.stages.delivery import deliver

CHANGES = {
    Procedure.REVOCATION: "revoked",
    Procedure.REPLACEMENT: "replaced",
    Procedure.EXTENSION: "extended",
}


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
    _change_permit(case)
    await deliver(case)
    return Outcome.forward()


def _change_permit(case: Case) -> None:
    """What a procedure does to the permit it is about; written with what comes next, and none for a rejection."""
    about = case.submission.about_permit
    if about is None or case.product != case.purpose_product:
        return
    kind = CHANGES[case.definition.procedure]
    case.ledger.defer(permit_change=PermitChange.model_validate({"kind": kind, "permit": about}))
