"""What may not be is refused with its code, before anything enters history; what was decided stays decided."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from temporalio.client import WorkflowUpdateFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError, RPCStatusCode

from permits.authority import Actor, Role
from permits.decisions import Decision, Forwarded, Receipt, Recommended, Refused
from permits.events import Tag
from tests.workflows.builders import a_definition, accepted, an_agency, assessment, person, recommendation, to_repair
from tests.workflows.case_file import CaseFile, Refusal
from tests.workflows.office import Office
from tests.workflows.waiting import until
from workflows.connection import ArgumentTooLarge
from workflows.desk import Desk
from workflows.messages import decision_update_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

OWN_APPLICANT_AT_A_DESK = Actor(id="pemohon.satu", name="Contoh Pemohon Satu", role=Role.FRONT_OFFICE)
OTHER_FIELD = person("ekonomi")
SECOND_FRONT_OFFICER = Actor(id="depan.dua", name="Petugas Depan Contoh Dua", role=Role.FRONT_OFFICE)


async def test_a_refused_decision_leaves_no_trace_in_the_history(office: Office) -> None:
    case = await office.begin(a_definition(assessment()))
    task = await case.task("verification")
    before = await case.at_rest()

    for actor, body, code in (
        (person("koordinator"), accepted("ktp"), "not-allowed"),
        (person("ops"), accepted("ktp"), "not-allowed"),
        (OWN_APPLICANT_AT_A_DESK, accepted("ktp"), "own-application"),
        (person("depan"), Forwarded(), "decision-not-possible"),
        (person("depan"), accepted(), "verdict-missing"),
    ):
        assert await _refused(case, case.decision(task, body, actor)) == code
    stale = case.decision(task, accepted("ktp"), seen="0" * 64)
    assert await _refused(case, stale) == "stale-version"
    unknown = case.decision(task, accepted("ktp")).model_copy(update={"task_id": f"{case.number}.verification.99"})
    assert await _refused(case, unknown) == "task-closed"

    assert await case.at_rest() == before
    assert (await office.records.task(task.id)).status == "open"


async def test_back_office_of_another_field_cannot_decide(office: Office) -> None:
    case = await office.begin(a_definition(assessment()))
    task = await case.go_on("assessment")
    before = await case.at_rest()

    assert await _refused(case, case.decision(task, Forwarded(), OTHER_FIELD)) == "not-allowed"

    assert await case.at_rest() == before


async def test_an_agency_cannot_answer_for_another(office: Office) -> None:
    case = await office.begin(a_definition(recommendation(an_agency("bappeda"), an_agency("dpupr"))))
    task = await case.go_on("recommendation", opd="bappeda")
    before = await case.at_rest(task.workflow_id)

    refused = await _refused(case, case.decision(task, Recommended(answer="approve"), person("dpupr")))

    assert refused == "not-allowed"
    assert await case.at_rest(task.workflow_id) == before


async def test_an_agency_needs_a_reason_to_refuse_and_conditions_to_set_some(office: Office) -> None:
    case = await office.begin(a_definition(recommendation()))
    task = await case.go_on("recommendation")

    for answer in (Recommended(answer="refuse"), Recommended(answer="approve_with_conditions")):
        assert await _refused(case, case.decision(task, answer)) == "reason-missing"


async def test_who_judged_a_case_at_an_earlier_desk_does_not_sign_it(office: Office) -> None:
    case = await office.begin(a_definition())
    both = Actor(id="rangkap", name="Rangkap Contoh", role=Role.FRONT_OFFICE)
    await case.decide(await case.task("verification"), by=both)
    task = await case.go_on("signing")

    as_head = both.model_copy(update={"role": Role.HEAD_OF_OFFICE})
    assert await _refused(case, case.decision(task, await case.answer(task), as_head)) == "same-person"


async def test_a_closed_task_names_who_decided_it(office: Office) -> None:
    case = await office.begin()
    task = await case.task("verification")
    await case.decide(task)

    with pytest.raises(Refusal) as refused:
        await case.decide(task, by=SECOND_FRONT_OFFICER)

    assert refused.value.code == "task-closed"
    assert refused.value.facts["decided_by"] == person("depan").name
    assert refused.value.facts["decided_at"]


async def test_of_two_contrary_decisions_at_the_same_moment_exactly_one_wins(office: Office) -> None:
    cases = [await office.begin(a_definition(assessment())) for _ in range(8)]
    pairs = await asyncio.gather(*(_contrary_pair(case) for case in cases))

    for case, outcomes in zip(cases, pairs, strict=True):
        (won,) = [outcome for outcome in outcomes if isinstance(outcome, Receipt)]
        (lost,) = [outcome for outcome in outcomes if isinstance(outcome, Refusal)]
        assert lost.code == "task-closed"
        await until(partial(_opened, case, 2), "the task after the decision")
        (_, after) = await case.events(Tag.TASK_OPENED)
        task = await office.records.task(won.task_id)
        assert task.decided_by == won.actor_id
        assert lost.facts["decided_by"] == task.decided_by_name
        assert after.facts["kind"] == {"depan": "assessment", "depan.dua": "repair"}[won.actor_id]
        assert len(await case.events(Tag.TASK_DECIDED)) == 1


async def _opened(case: CaseFile, tasks: int) -> bool:
    return len(await case.events(Tag.TASK_OPENED)) >= tasks


async def _contrary_pair(case: CaseFile) -> tuple[Receipt | BaseException, ...]:
    task = await case.task("verification")
    fine = case.decision(task, accepted("ktp"))
    wrong = case.decision(task, to_repair("ktp"), SECOND_FRONT_OFFICER)
    return await asyncio.gather(case.send(fine), case.send(wrong), return_exceptions=True)


async def test_decisions_that_pile_up_while_nobody_is_at_work_are_taken_once(office: Office) -> None:
    case = await office.begin()
    task = await case.task("verification")
    await case.at_rest()

    async with office.nobody_at_work():
        decisions = (case.decision(task, accepted("ktp")), case.decision(task, to_repair("ktp"), SECOND_FRONT_OFFICER))
        sent = [asyncio.create_task(case.send(decision)) for decision in decisions]
        await asyncio.sleep(0.3)
    outcomes = await asyncio.gather(*sent, return_exceptions=True)

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Receipt", "Refusal"]
    await case.event(Tag.TASK_DECIDED)


async def test_the_same_decision_sent_again_gets_the_same_receipt(office: Office) -> None:
    case = await office.begin()
    decision = case.decision(await case.task("verification"), accepted("ktp"))

    receipts = await asyncio.gather(*(case.send(decision) for _ in range(4)))
    much_later = await case.send(decision)

    assert {receipt.decided_at for receipt in (*receipts, much_later)} == {receipts[0].decided_at}
    assert receipts[0].body_sha256 == decision.body_sha256
    await case.task("drafting")
    assert len(await case.events(Tag.TASK_DECIDED)) == 1


async def test_another_body_under_the_same_key_is_told_by_its_receipt(office: Office) -> None:
    case = await office.begin()
    task = await case.task("verification")
    await case.send(case.decision(task, accepted("ktp")))
    another = case.decision(task, to_repair("ktp"))

    receipt = await case.send(another)

    assert receipt.body_sha256 != another.body_sha256


async def test_the_same_key_of_another_actor_is_another_decision(office: Office) -> None:
    case = await office.begin()
    task = await case.task("verification")
    await case.send(case.decision(task, accepted("ktp")), key="sama")

    with pytest.raises(Refusal) as refused:
        await case.send(case.decision(task, accepted("ktp"), SECOND_FRONT_OFFICER), key="sama")

    assert refused.value.code == "task-closed"


async def test_the_engine_does_not_find_a_case_that_is_closed(office: Office) -> None:
    case = await office.begin()
    task = await case.task("verification")
    await case.withdraw()
    await case.handle.result()

    with pytest.raises(RPCError) as unknown:
        await case.send(case.decision(task, accepted("ktp")))

    assert unknown.value.status is RPCStatusCode.NOT_FOUND


async def test_a_bug_in_a_handler_is_an_answer_and_the_case_lives_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await office.begin()
    task = await case.task("verification")

    def with_a_bug(desk: Desk, decision: Decision) -> Receipt:
        raise KeyError("pemohon")

    with monkeypatch.context() as broken:
        broken.setattr(Desk, "take", with_a_bug)
        with pytest.raises(Refusal) as failed:
            await case.decide(task, key="pertama")
    await case.decide(task, key="kedua")

    assert failed.value.code == "handler-failed"
    await case.task("drafting")


async def test_an_argument_of_more_than_64_kb_never_leaves_the_client(office: Office) -> None:
    case = await office.begin(a_definition(assessment()))
    task = await case.go_on("assessment")
    before = await case.at_rest()

    with pytest.raises(ArgumentTooLarge):
        # Past the bounds that a decision has by itself: the last guard is the client.
        await case.decide(task, Refused.model_construct(reasons=tuple("x" * 3000 for _ in range(30))))

    assert await case.at_rest() == before


async def test_a_malformed_argument_does_not_poison_the_case(office: Office) -> None:
    case = await office.begin()
    task = await case.task("verification")
    nonsense: list[Any] = [{"task_id": task.id}, "bukan keputusan", None]

    for number, argument in enumerate(nonsense):
        with pytest.raises((WorkflowUpdateFailedError, ApplicationError)):
            await case.handle.execute_update(
                "decide", argument, id=decision_update_id(task.id, "depan", f"rusak-{number}"),
                rpc_timeout=timedelta(seconds=10),
            )  # fmt: skip
    await case.decide(task)

    await case.task("drafting")


async def _refused(case: CaseFile, decision: Decision) -> str | None:
    with pytest.raises(Refusal) as refused:
        await case.send(decision, key=f"{decision.actor.role}-{decision.body.kind}-{decision.seen[:4]}")
    return refused.value.code


