"""Front office checks completeness document by document; what is wrong goes back, the rest stays accepted."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from permits.application import DocumentVerdict
    from permits.decisions import DocumentsRepaired, TaskKind, VerdictsGiven
    from permits.definition import DeskStage, Verification
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


async def mend(case: Case, stage: DeskStage, wrong: tuple[DocumentVerdict, ...]) -> None:
    """A later desk found documents wrong: the applicant repairs them, and the front office looks at those again."""
    case.ledger.defer(verdicts=wrong)
    case.found.accepted -= {verdict.requirement for verdict in wrong}
    await _repair(case, stage, wrong)
    if case.verification is not None:
        await verify(case, case.verification)


async def _repair(case: Case, stage: DeskStage, wrong: tuple[DocumentVerdict, ...]) -> None:
    for verdict in wrong:
        case.ledger.note(
            case.ledger.event(
                Tag.DOCUMENT_RETURNED,
                requirement=verdict.requirement,
                reason=verdict.reason,
                reason_code=verdict.code.value,
            )
        )
    wanted = tuple(verdict.requirement for verdict in wrong)
    decision = await case.ask_applicant(TaskKind.REPAIR, stage, "repair", wanted)
    body = decision.body
    assert isinstance(body, DocumentsRepaired)
    way = {"channel": body.on_behalf.channel, "consent": body.on_behalf.consent} if body.on_behalf else {}
    for document in body.documents:
        if document.requirement in wanted:
            facts = {"requirement": document.requirement, "version": document.version, "sha256": document.sha256}
            case.ledger.note(case.ledger.event(Tag.DOCUMENT_REPAIRED, decision.actor, **facts, **way))
    case.tell_applicant("repair-received")
    case.documents |= {document.requirement: document for document in body.documents}
    case.dossier_sha256 = body.dossier_sha256
    case.ledger.defer(dossier_sha256=case.dossier_sha256)
