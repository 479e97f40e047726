"""The applicant may take an application back until the head has ordered the signature; nothing is left open then."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from permits.decisions import Recommended
from permits.events import Tag
from tests.workflows.builders import a_definition, accepted, an_agency, drafting, paraf, person, recommendation
from tests.workflows.case_file import CaseFile, Refusal
from tests.workflows.office import Office
from tests.workflows.payloads import decoded_payloads
from tests.workflows.waiting import until
from workflows.messages import Closing, RecommendationRequest, WithdrawalReceipt, recommendation_workflow_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

TWO_AGENCIES = a_definition(recommendation(an_agency("bappeda"), an_agency("dpupr")))


async def test_a_withdrawn_application_is_closed_and_asks_nobody_any_more(office: Office) -> None:
    case = await office.begin()
    await case.task("verification")

    receipt = await case.withdraw()

    row = await case.closed()
    assert (row.status, row.waiting_for) == ("withdrawn", "-")
    assert receipt.number == case.number
    assert await case.open_tasks() == []
    assert [line.actor_id for line in await case.events(Tag.APPLICATION_WITHDRAWN)] == ["pemohon.satu"]
    assert Closing.model_validate(await case.handle.result()).outcome == "withdrawn"


async def test_a_withdrawal_releases_the_agencies(office: Office) -> None:
    case = await office.begin(TWO_AGENCIES)
    await case.go_on("recommendation", opd="bappeda")
    await case.go_on("recommendation", opd="dpupr")

    await case.withdraw()

    await case.closed()
    assert await case.open_tasks() == []
    released = await case.events(Tag.OPD_RELEASED)
    assert {line.facts["opd"] for line in released} == {"bappeda", "dpupr"}
    assert {answer.answer for answer in await office.records.opd_answers_of(case.number)} == {"released"}


async def test_an_agency_that_is_just_being_asked_is_released_too(office: Office) -> None:
    case = await office.begin(TWO_AGENCIES)
    child = recommendation_workflow_id(case.number, "dpupr", 1)
    await case.go_on("recommendation", opd="bappeda")
    await case.go_on("recommendation", opd="dpupr")
    await case.at_rest(child)
    await case.handle.terminate("only the agency's own life matters here")
    again = await _ask_agency_anew(case, child)

    async with office.nobody_can_write(case.number):
        await again.start()
        await until(again.is_writing, "the agency's task on its way into the book")
        await again.handle.cancel()
        await asyncio.sleep(0.5)
    result = await again.handle.result()

    assert result["answer"]["answer"] == "released"
    assert [task.id for task in await case.open_tasks() if task.workflow_id == again.id] == []


async def test_an_answer_at_the_moment_of_the_release_stands(office: Office) -> None:
    case = await office.begin(TWO_AGENCIES)
    task = await case.go_on("recommendation", opd="dpupr")
    await case.at_rest(task.workflow_id)
    child = office.client.get_workflow_handle(task.workflow_id)

    async with office.nobody_at_work():
        answering = asyncio.create_task(case.send(case.decision(task, Recommended(answer="approve"))))
        await asyncio.sleep(0.3)
        await child.cancel()
    await answering

    result = await child.result()
    assert result["answer"]["answer"] == "approve"
    assert (await office.records.task(task.id)).status == "decided"
    assert len(await case.events(Tag.OPD_ANSWERED)) == 1


async def test_a_number_that_was_taken_is_batal_after_a_withdrawal(office: Office) -> None:
    case = await office.begin(a_definition(drafting(), paraf()))
    await case.go_on("paraf")
    reserved = await case.letter()

    await case.withdraw()

    await case.closed()
    letter = await case.letter()
    assert (letter.number_text, letter.status) == (reserved.number_text, "batal")
    assert (await case.event(Tag.LETTER_VOIDED)).facts["reason"] == "withdrawn"


async def test_a_decision_after_the_withdrawal_is_refused(office: Office) -> None:
    case = await office.begin()
    task = await case.task("verification")
    await case.at_rest()

    async with office.nobody_can_write(case.number):
        await case.withdraw()
        with pytest.raises(Refusal) as refused:
            await case.send(case.decision(task, accepted("ktp")))
        with pytest.raises(Refusal) as again:
            await case.withdraw(key="lagi")

    assert (refused.value.code, again.value.code) == ("application-withdrawn", "application-withdrawn")
    assert (await case.closed()).status == "withdrawn"


async def test_a_withdrawal_while_a_desk_is_being_asked_leaves_no_task_open(office: Office) -> None:
    case = await office.begin()
    task = await case.task("verification")
    await case.at_rest()

    async with office.nobody_can_write(case.number):
        await case.decide(task)
        await case.withdraw()

    assert (await case.closed()).status == "withdrawn"
    assert (await case.letter()).status == "batal"
    assert await case.open_tasks() == []
    withdrawn = (await case.event(Tag.APPLICATION_WITHDRAWN)).sequence
    assert not [line for line in await case.events(Tag.TASK_OPENED) if line.sequence > withdrawn]


async def test_nobody_withdraws_the_application_of_another(office: Office) -> None:
    case = await office.begin()
    await case.task("verification")

    with pytest.raises(Refusal) as refused:
        await case.withdraw(by=person("pemohon.dua"))

    assert refused.value.code == "not-allowed"


async def test_a_withdrawal_after_the_signature_was_ordered_is_refused(office: Office) -> None:
    case = await office.begin()
    task = await case.go_on("signing")
    await case.at_rest()

    async with office.nobody_can_write(case.number):
        await case.decide(task)
        with pytest.raises(Refusal) as refused:
            await case.withdraw()

    assert refused.value.code == "too-late-to-withdraw"
    assert (await case.closed()).status == "issued"


async def test_a_signature_and_a_withdrawal_at_the_same_moment_never_both_win(office: Office) -> None:
    case = await office.begin()
    task = await case.go_on("signing")
    await case.at_rest()
    order = case.decision(task, await case.answer(task))

    async with office.nobody_at_work():
        ordered = asyncio.create_task(case.send(order))
        await asyncio.sleep(0.3)
        withdrawn = asyncio.create_task(case.withdraw())
        await asyncio.sleep(0.3)
    outcomes = await asyncio.gather(ordered, withdrawn, return_exceptions=True)

    row = await case.closed()
    signed = await office.records.signed_letter_of(case.number, "permit")
    if isinstance(outcomes[1], WithdrawalReceipt):
        assert isinstance(outcomes[0], Refusal)
        assert (row.status, signed) == ("withdrawn", None)
    else:
        assert row.status == "issued"
        assert signed is not None


class AskedAnew:
    """An agency's workflow, started by the test itself with what the case asked before."""

    def __init__(self, case: CaseFile, request: object) -> None:
        self._case = case
        self._request = request
        self.id = f"{case.number}-opd-dpupr-2"

    @property
    def handle(self) -> WorkflowHandle[Any, Any]:
        return self._case.office.client.get_workflow_handle(self.id)

    async def start(self) -> None:
        await self._case.office.client.start_workflow(
            "RecommendationWorkflow", self._request, id=self.id, task_queue="main"
        )

    async def is_writing(self) -> bool:
        description = await self.handle.describe()
        under_way = description.raw_description.pending_activities
        return any(pending.HasField("last_started_time") for pending in under_way)


async def _ask_agency_anew(case: CaseFile, child: str) -> AskedAnew:
    (started, *_) = await case.raw_history(child)
    (payload,) = await decoded_payloads(case.office, started["workflowExecutionStartedEventAttributes"]["input"])
    return AskedAnew(case, RecommendationRequest.model_validate_json(payload.data))


async def test_a_cancellation_in_the_engines_own_pages_does_not_lose_a_case(office: Office) -> None:
    case = await office.begin(a_definition(drafting()))
    task = await case.go_on("drafting")

    await office.client.get_workflow_handle(case.number).cancel()

    await case.decide(task)
    assert (await case.finish()).status == "issued"
