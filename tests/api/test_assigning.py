"""Who holds a task, and decisions on many tasks at once: each judged by itself, each safe to ask for twice."""

from typing import Any

import httpx
import pytest

from api.engine import CaseGone, Unknown
from api.problems import Problem
from permits.authority import Act, Role
from permits.decisions import TaskKind
from permits.errors import Code
from tests.api.cases import SEEN, close_task, open_task
from tests.api.conftest import Api, a_person
from tests.api.filing import a_case

FORWARD = {"seen": SEEN, "kind": "forward"}


async def at_front_office(api: Api) -> str:
    number = await a_case(api, await api.as_("pemohon"))
    return await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)


async def assessments(api: Api, many: int) -> list[str]:
    applicant = await api.as_("pemohon")
    numbers = [await a_case(api, applicant) for _ in range(many)]
    return [await open_task(api, one, TaskKind.ASSESSMENT, Role.BACK_OFFICE, field="kesehatan") for one in numbers]


async def assign(client: httpx.AsyncClient, task: str, to: str | None, **headers: str) -> httpx.Response:
    return await client.post(f"/api/v1/tasks/{task}/assignment", json={"to": to, "reason": "Cuti"}, headers=headers)


# Assignments ----------------------------------------------------------------------------------------------------------


async def test_a_colleague_takes_a_task_over_puts_it_back_and_a_superior_gives_it_to_somebody(api: Api) -> None:
    task = await at_front_office(api)
    clerk, coordinator = await api.as_("rekan"), await api.as_("koordinator")
    answers = [await assign(clerk, task, "rekan"), await assign(clerk, task, None)]
    answers.append(await assign(coordinator, task, "depan"))

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert [answer.json()["assigned_to"] for answer in answers] == ["rekan", None, "depan"]
    assert {answer.json()["state"] for answer in answers} == {"accepted"}
    passed_on = [(one.actor.id, one.to.id if one.to else None, one.act) for _, one, _ in api.engine.assignments]
    assert passed_on == [
        ("rekan", "rekan", Act.TAKE_OVER),
        ("rekan", None, Act.TAKE_OVER),
        ("koordinator", "depan", Act.ASSIGN),
    ]


async def test_the_same_request_goes_to_the_engine_under_the_same_key(api: Api) -> None:
    task, client = await at_front_office(api), await api.as_("rekan")
    for headers in ({}, {}, {"Idempotency-Key": "k1"}, {"Idempotency-Key": "k1"}):
        assert (await assign(client, task, "rekan", **headers)).status_code == 200
    keys = [key for _, _, key in api.engine.assignments]
    assert keys[0] == keys[1] != keys[2] == keys[3] == "k1"


@pytest.mark.parametrize(
    ("by", "to", "status", "code"),
    [
        ("koordinator", "pergi", 422, Code.PERSON_UNFIT),
        ("koordinator", "nobody", 404, Code.PERSON_NOT_FOUND),
        ("koordinator", "dinas", 404, Code.PERSON_NOT_FOUND),  # an agency's officer: people of another house
        ("bidang", "depan", 403, Code.NOT_ALLOWED),
        ("bidang", "bidang", 403, Code.NOT_ALLOWED),
        ("ops", "ops", 403, Code.NOT_ALLOWED),
        ("pemohon", "pemohon", 403, Code.NOT_ALLOWED),
        ("tetangga", "tetangga", 404, Code.TASK_NOT_FOUND),
        ("dinas", "dinas", 404, Code.TASK_NOT_FOUND),
    ],
)
async def test_a_task_is_held_by_nobody_unfit_and_given_by_nobody_else(
    api: Api, by: str, to: str, status: int, code: Code
) -> None:
    await api.records.ensure_account(a_person("pergi", role=Role.FRONT_OFFICE))
    await api.records.deactivate("pergi", api.clock.now)
    task = await at_front_office(api)
    answer = await assign(await api.as_(by), task, to)
    assert (answer.status_code, answer.json()["code"]) == (status, code.value)
    assert api.engine.assignments == []


async def test_what_the_engine_says_of_an_assignment_is_passed_on(api: Api) -> None:
    task, client = await at_front_office(api), await api.as_("rekan")
    raised: list[tuple[Exception, int, str]] = [
        (Problem(Code.PERSON_UNFIT, task=task), 422, "person-unfit"),
        (Problem(Code.TASK_CLOSED, task=task), 409, "task-closed"),
    ]
    for lost, status, code in raised:
        api.engine.raises = lost
        answer = await assign(client, task, "rekan")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    api.engine.raises = Unknown()
    unknown = await assign(client, task, "rekan")
    assert (unknown.status_code, unknown.json()["state"]) == (202, "accepted-unknown")


async def test_a_task_that_was_decided_meanwhile_is_held_by_nobody(api: Api) -> None:
    task, client = await at_front_office(api), await api.as_("rekan")
    await close_task(api, task.partition(".")[0], task)
    api.engine.raises = CaseGone()
    answer = await assign(client, task, "rekan")
    assert (answer.status_code, answer.json()["code"]) == (409, "task-closed")


async def test_an_id_of_another_form_is_refused_and_not_repeated(api: Api) -> None:
    answer = await assign(await api.as_("rekan"), await at_front_office(api), "<script>")
    assert answer.status_code == 422 and "script" not in answer.text


# Many at once ---------------------------------------------------------------------------------------------------------


def bulk(*tasks: str, decision: dict[str, Any] = FORWARD) -> dict[str, Any]:
    return {"decisions": [{"task": task, "decision": decision} for task in tasks]}


async def test_of_three_decisions_the_one_that_fails_holds_up_no_other(api: Api) -> None:
    first, taken, last = await assessments(api, 3)
    api.engine.failing[taken] = Problem(Code.TASK_CLOSED, task=taken, decided_by="Contoh Rekan")
    client = await api.as_("bidang")
    answer = await client.post("/api/v1/tasks/decisions", json=bulk(first, taken, last))

    assert answer.status_code == 200
    said = answer.json()
    assert (said["taken"], said["failed"]) == (2, 1)
    assert [(item["task"], item["state"]) for item in said["items"]] == [
        (first, "accepted"),
        (taken, "refused"),
        (last, "accepted"),
    ]
    problem = said["items"][1]["problem"]
    assert (problem["code"], problem["status"]) == ("task-closed", 409)
    assert {decision.task_id for _, decision, _ in api.engine.decisions} == {first, last}
    assert {decision.actor.id for _, decision, _ in api.engine.decisions} == {"bidang"}


async def test_repeated_with_the_same_key_many_decisions_give_the_same_results(api: Api) -> None:
    tasks = await assessments(api, 2)
    client = await api.as_("bidang")
    asked = bulk(*tasks, "PRM-2026-999999.assessment.1")
    headers = {"Idempotency-Key": "serempak-1"}
    answers = [await client.post("/api/v1/tasks/decisions", json=asked, headers=headers) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    bodies = [answer.json() for answer in answers]
    for body in bodies:
        body["items"][2]["problem"].pop("instance")
    assert bodies[0] == bodies[1]
    assert bodies[0]["items"][2]["problem"]["code"] == "task-not-found"
    assert len(api.engine.receipts) == 2, "one receipt for each task, however often it was asked for"


async def test_each_of_many_is_asked_for_its_permission(api: Api) -> None:
    [mine] = await assessments(api, 1)
    theirs = await at_front_office(api)
    answer = await (await api.as_("bidang")).post("/api/v1/tasks/decisions", json=bulk(mine, theirs))
    codes = [item.get("problem", {}).get("code") for item in answer.json()["items"]]
    assert codes == [None, "not-allowed"]


async def test_one_whose_answer_is_not_known_is_told_apart(api: Api) -> None:
    first, slow = await assessments(api, 2)
    api.engine.failing[slow] = Unknown()
    answer = await (await api.as_("bidang")).post("/api/v1/tasks/decisions", json=bulk(first, slow))
    assert [item["state"] for item in answer.json()["items"]] == ["accepted", "unknown"]


@pytest.mark.parametrize("many", [0, 201])
async def test_no_decision_and_more_than_two_hundred_are_refused(api: Api, many: int) -> None:
    tasks = [f"PRM-2026-{n:06d}.assessment.1" for n in range(many)]
    answer = await (await api.as_("bidang")).post("/api/v1/tasks/decisions", json=bulk(*tasks))
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert api.engine.decisions == []
