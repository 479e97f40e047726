"""Front office checks completeness document by document; what is wrong goes back, the rest stays accepted."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from permits.application import DocumentVerdict
    from permits.decisions import DocumentsRepaired, TaskKind, VerdictsGiven
    from permits.definition import Verification
    from permits.events import Tag
    from workflows.case import Case, Outcome


async def verify(case: Case, stage: Verification) -> Outcome:
    """Asks for verdicts until every document is accepted."""
    while wanted := tuple(sorted(set(case.documents) - case.found.accepted)):
        decision = await case.ask(TaskKind.VERIFICATION, stage, case.dossier_sha256, wanted_documents=wanted)
        assert isinstance(decision.body, VerdictsGiven)
        verdicts = decision.body.verdicts
        case.ledger.defer(verdicts=verdicts)
        case.found.accepted |= {verdict.requirement for verdict in verdicts if verdict.verdict == "accept"}
        wrong = tuple(verdict for verdict in verdicts if verdict.verdict == "repair")
        if wrong:
            await _repair(case, stage, wrong)
    return Outcome.forward()


async def _repair(case: Case, stage: Verification, wrong: tuple[DocumentVerdict, ...]) -> None:
    for verdict in wrong:
        case.ledger.note(
            case.ledger.event(Tag.DOCUMENT_RETURNED, requirement=verdict.requirement, reason=verdict.reason)
        )
    wanted = tuple(verdict.requirement for verdict in wrong)
    decision = await case.ask_applicant(TaskKind.REPAIR, stage, "repair", wanted)
    assert isinstance(decision.body, DocumentsRepaired)
    case.documents |= {document.requirement: document for document in decision.body.documents}
    case.dossier_sha256 = decision.body.dossier_sha256
    case.ledger.defer(dossier_sha256=case.dossier_sha256)
