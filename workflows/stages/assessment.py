"""Back office studies the case by field; it goes on, or ends in a rejection, delivered like a permit."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from permits.decisions import Refused, TaskKind
    from permits.definition import Assessment, Recommendation
    from workflows.case import Case, Outcome


async def assess(case: Case, stage: Assessment | Recommendation, **more: object) -> Outcome:
    """Asks the field's back office whether the case goes on."""
    decision = await case.ask(TaskKind.ASSESSMENT, stage, case.dossier_sha256, **more)
    if isinstance(decision.body, Refused):
        case.product = "rejection"
        case.ledger.defer(product="rejection")
        case.found.rejection_reasons = decision.body.reasons
        return Outcome.to("drafting")
    return Outcome.forward()
