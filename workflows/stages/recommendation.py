"""All agencies are asked at once, one child workflow each; the back office weighs a refusal, never the engine."""

from __future__ import annotations

import asyncio

from temporalio import workflow
from temporalio.workflow import ChildWorkflowHandle, ParentClosePolicy

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook
    from permits.application import ApplicationStatus
    from permits.authority import Role
    from permits.definition import Agency, LetterForm, Recommendation
    from permits.events import Tag
    from permits.steps import Waiting
    from workflows.case import Case, Outcome
    from workflows.desk import Interrupted
    from workflows.messages import RecommendationRequest, RecommendationResult, recommendation_workflow_id
    from workflows.recommendation import RecommendationWorkflow
    from workflows.stages.assessment import assess

REQUEST_NUMBER = "{sequence:04d}/REK/{month_roman}/{year}"

Child = ChildWorkflowHandle[RecommendationWorkflow, RecommendationResult]


async def recommend(case: Case, stage: Recommendation) -> Outcome:
    """Asks every agency of the stage and waits for all of them."""
    names = " dan ".join(agency.name for agency in stage.agencies)
    await _record_waiting(case, stage, names)
    for agency in stage.agencies:
        await case.file_letter(f"opd-request-{agency.opd}", _request_form(agency), paragraphs=(agency.asks_for,),
                               recipient=agency.name)  # fmt: skip
    children = [await _start(case, stage, agency) for agency in stage.agencies]
    await workflow.wait_condition(lambda: case.desk.ended is not None or all(child.done() for child in children))
    if case.desk.ended is not None:
        await _release(children)
        raise Interrupted
    for child in children:
        result = await child
        case.found.answers[result.answer.opd] = result.answer
    if any(answer.answer == "refuse" for answer in case.found.answers.values()):
        return await assess(case, stage, role=Role.BACK_OFFICE, holder="Petugas back office")
    return Outcome.forward()


async def _start(case: Case, stage: Recommendation, agency: Agency) -> Child:
    n = case.requests.get(agency.opd, 0) + 1
    case.requests[agency.opd] = n
    request = RecommendationRequest(
        number=case.number,
        n=n,
        agency=agency,
        stage=stage.title,
        permit_type=case.definition.code,
        applicant_id=case.submission.applicant_id,
        subject_sha256=case.dossier_sha256,
        calendar=case.clock.calendar,
        pace=case.submission.pace,
    )
    return await workflow.start_child_workflow(
        RecommendationWorkflow.run,
        request,
        id=recommendation_workflow_id(case.number, agency.opd, n),
        parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
        search_attributes=case.child_search_attributes(stage.title, agency.name),
        static_summary=f"Rekomendasi {agency.name}",
    )


async def _release(children: list[Child]) -> None:
    for child in children:
        if not child.done():
            child.cancel()
    await asyncio.gather(*children, return_exceptions=True)


async def _record_waiting(case: Case, stage: Recommendation, names: str) -> None:
    longest = max(agency.working_days for agency in stage.agencies)
    due_at = case.clock.calendar.due_at(case.clock.today(), longest)
    case.desk.show(stage.title, names, due_at)
    waiting = Waiting(
        kind="opd",
        holder=names,
        stage=stage.title,
        since=case.clock.now(),
        due_at=due_at,
    )
    case.ledger.note(case.ledger.event(Tag.OPD_ASKED, agencies=[agency.opd for agency in stage.agencies]))
    await case.ledger.keep(
        CaseBook.enter_stage, f"{stage.title}: {names}", waiting=waiting, status=ApplicationStatus.IN_PROGRESS
    )


def _request_form(agency: Agency) -> LetterForm:
    return LetterForm(
        template="permintaan-rekomendasi",
        title="Permintaan Rekomendasi",
        series="REK",
        number_template=REQUEST_NUMBER,
        copies=(agency.name,),
    )
