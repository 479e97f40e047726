"""All agencies are asked at once, one child workflow each; the back office weighs a refusal, never the engine.

While the case waits, the office may add an agency, withdraw a request or extend one; the children tell the case until
when they have time, and whether they wait for the applicant.
"""

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
    from workflows.messages import (
        AgencyReport,
        RecommendationRequest,
        RecommendationResult,
        recommendation_workflow_id,
    )
    from workflows.recommendation import RecommendationWorkflow
    from workflows.stages.assessment import assess

REQUEST_NUMBER = "{sequence:04d}/REK/{month_roman}/{year}"
WHO_IS_WAITED_FOR = "who-is-waited-for"
"""Patch of version 0.2: when one agency has answered, the case says which ones it still waits for."""

Child = ChildWorkflowHandle[RecommendationWorkflow, RecommendationResult]


async def recommend(case: Case, stage: Recommendation) -> Outcome:
    """Asks every agency of the stage and waits for all of them."""
    await _record_waiting(case, stage, stage.agencies)
    children: dict[str, Child] = {}
    asked: dict[str, Agency] = {}
    case.asks_agencies = True
    try:
        for agency in stage.agencies:
            await _file_request(case, agency)
        for agency in stage.agencies:
            await _ask(case, stage, agency, children, asked)
        while await _something_happened(case, children):
            await _take_answers(case, stage, children, asked)
            while case.agencies_to_add:
                await _add(case, stage, children, asked)
    finally:
        case.asks_agencies = False
        case.agencies.clear()
    if any(answer.answer == "refuse" for answer in case.found.answers.values()):
        return await assess(case, stage, role=Role.BACK_OFFICE, holder="Petugas back office")
    if not case.is_before_drafting and _has_conditions(case):
        case.settled.add(case.position)
        return Outcome.to("drafting")  # what the agencies set as a condition has to stand in the letter
    return Outcome.forward()


async def _something_happened(case: Case, children: dict[str, Child]) -> bool:
    """Waits for an answer or one more agency; False when every agency has answered."""
    if not children and not case.agencies_to_add:
        return False
    await workflow.wait_condition(
        lambda: case.desk.ended is not None
        or bool(case.agencies_to_add)
        or any(child.done() for child in children.values())
    )
    if case.desk.ended is not None:
        await _release(list(children.values()))
        raise Interrupted
    return True


async def _take_answers(
    case: Case, stage: Recommendation, children: dict[str, Child], asked: dict[str, Agency]
) -> None:
    done = [workflow_id for workflow_id, child in children.items() if child.done()]
    for workflow_id in done:
        result = await children.pop(workflow_id)
        case.agencies.pop(workflow_id, None)
        asked.pop(workflow_id)
        case.found.answers[result.answer.opd] = result.answer
        case.desk.verified_by += result.verified_by
    if done:
        case.look_at_agencies()
    if done and asked and workflow.patched(WHO_IS_WAITED_FOR):
        await _record_waiting(case, stage, tuple(asked.values()), asked_anew=False)


async def _add(case: Case, stage: Recommendation, children: dict[str, Child], asked: dict[str, Agency]) -> None:
    added = case.agencies_to_add[0]
    agency = added.agency
    case.ledger.note(
        case.ledger.event(
            Tag.OPD_ADDED,
            added.actor,
            opd=agency.opd,
            holder=agency.name,
            reason=added.reason,
            working_days=agency.working_days,
        )
    )
    await _file_request(case, agency)
    await _ask(case, stage, agency, children, asked)
    case.agencies_to_add.pop(0)
    await _record_waiting(case, stage, tuple(asked.values()), asked_anew=False)


async def _ask(
    case: Case, stage: Recommendation, agency: Agency, children: dict[str, Child], asked: dict[str, Agency]
) -> None:
    workflow_id = _next_id(case, agency)
    due_at = case.clock.calendar.due_at(case.clock.today(), agency.working_days)
    case.agencies[workflow_id] = AgencyReport(workflow_id=workflow_id, due_at=due_at, waits_for_applicant=False)
    asked[workflow_id] = agency
    children[workflow_id] = await _start(case, stage, agency, workflow_id)


def _next_id(case: Case, agency: Agency) -> str:
    n = case.requests.get(agency.opd, 0) + 1
    case.requests[agency.opd] = n
    return recommendation_workflow_id(case.number, agency.opd, n)


async def _start(case: Case, stage: Recommendation, agency: Agency, workflow_id: str) -> Child:
    request = RecommendationRequest(
        number=case.number,
        n=case.requests[agency.opd],
        agency=agency,
        stage=stage.title,
        permit_type=case.definition.code,
        applicant_id=case.submission.applicant_id,
        subject_sha256=case.dossier_sha256,
        calendar=case.clock.calendar,
        pace=case.submission.pace,
        field=case.definition.field,
        match_ladder=case.desk_ladder,
        applicant_ladder=case.definition.repair_ladder,
        applicant_working_days=case.definition.repair_working_days,
    )
    return await workflow.start_child_workflow(
        RecommendationWorkflow.run,
        request,
        id=workflow_id,
        parent_close_policy=ParentClosePolicy.REQUEST_CANCEL,
        search_attributes=case.child_search_attributes(stage.title, agency.name),
        static_summary=f"Rekomendasi {agency.name}",
    )


async def _release(children: list[Child]) -> None:
    for child in children:
        if not child.done():
            child.cancel()
    await asyncio.gather(*children, return_exceptions=True)


async def _record_waiting(
    case: Case, stage: Recommendation, agencies: tuple[Agency, ...], asked_anew: bool = True
) -> None:
    names = " dan ".join(agency.name for agency in agencies)
    longest = max(agency.working_days for agency in agencies)
    due_at = case.clock.calendar.due_at(case.clock.today(), longest)
    if not asked_anew and case.agencies:
        due_at = max(report.due_at for report in case.agencies.values())
    case.desk.show(stage.title, names, due_at)
    waiting = Waiting(kind="opd", holder=names, stage=stage.title, since=case.clock.now(), due_at=due_at)
    if asked_anew:
        case.ledger.note(case.ledger.event(Tag.OPD_ASKED, agencies=[agency.opd for agency in agencies]))
    else:
        waited = [agency.opd for agency in agencies]
        case.ledger.note(case.ledger.event(Tag.OPD_WAITED_FOR, agencies=waited, holder=names))
    await case.ledger.keep(
        CaseBook.enter_stage, f"{stage.title}: {names}", waiting=waiting, status=ApplicationStatus.IN_PROGRESS
    )


async def _file_request(case: Case, agency: Agency) -> None:
    await case.letters.file_letter(
        f"opd-request-{agency.opd}",
        _request_form(agency),
        paragraphs=(agency.asks_for,),
        recipient=agency.name,
    )


def _has_conditions(case: Case) -> bool:
    return any(answer.answer == "approve_with_conditions" for answer in case.found.answers.values())


def _request_form(agency: Agency) -> LetterForm:
    return LetterForm(
        template="permintaan-rekomendasi",
        title="Permintaan Rekomendasi",
        series="REK",
        number_template=REQUEST_NUMBER,
        copies=(agency.name,),
    )
