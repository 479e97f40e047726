"""Back office studies the case by field; it goes on, back, to the applicant, or ends in a rejection."""

from __future__ import annotations

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from permits.decisions import Refused, Returned, SentToApplicant, TaskKind
    from permits.definition import Assessment, Recommendation
    from workflows.case import Case, Outcome
    from workflows.stages.verification import mend


async def assess(case: Case, stage: Assessment | Recommendation, **more: object) -> Outcome:
    """Asks the field's back office whether the case goes on; a rejection is delivered like a permit."""
    while True:
        decision = await case.ask(
            TaskKind.ASSESSMENT,
            stage,
            case.dossier_sha256,
            wanted_documents=tuple(sorted(case.documents)),
            **more,
        )
        match decision.body:
            case SentToApplicant(documents=wrong):
                await mend(case, stage, wrong)
            case Returned():
                return case.sent_back(decision)
            case Refused(reasons=reasons):
                case.turn_into("rejection")
                case.found.rejection_reasons = reasons
                return Outcome.to("drafting")
            case _:
                case.turn_into(case.purpose_product)
                return Outcome.forward()
