"""Requests to agencies in the office's hands: one more is asked, one is taken back, one gets more time."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.engine import CaseGone, Unknown
from api.problems import Problem
from permits.errors import Code
from permits.events import Tag
from permits.steps import OpdAnswer, Step
from tests.api.cases import a_letter, an_event, issue_letter
from tests.api.conftest import Api
from tests.api.filing import a_case, definition
from workflows.messages import AgencyAdded, RequestExtended, RequestWithdrawn

TYPE = "izin-penelitian"
MORE: dict[str, Any] = {"opd": "dpupr", "asks_for": "Tata ruang", "working_days": 3, "reason": "Menyangkut jalan"}
BACK = {"reason": "Tidak perlu lagi"}
LONGER: dict[str, Any] = {"working_days": 3, "reason": "Survei lapangan"}


async def a_request(api: Api, number: str, **answered: Any) -> str:
    """Bappeda is asked, and has answered where `answered` says so; the child's id."""
    now, child = api.clock.now, f"{number}-opd-bappeda-1"
    answer = OpdAnswer(
        workflow_id=child, opd="bappeda", name="Bappeda", asked_at=now, due_at=now + timedelta(days=3), **answered
    )
    event = an_event(api, f"{child}-{answered.get('answer', 'asked')}", Tag.OPD_ASKED, opd="bappeda")
    await api.records.keep(Step(number=number, events=(event,), opd_answer=answer))
    return child


async def a_waiting_case(api: Api) -> tuple[str, str]:
    number = await a_case(api, await api.as_("pemohon"), TYPE)
    return number, await a_request(api, number)


async def ask(client: httpx.AsyncClient, number: str, way: str, body: dict[str, Any], **headers: str) -> httpx.Response:
    address = f"/api/v1/applications/{number}/agencies"
    return await client.post(f"{address}/{way}" if way else address, json=body, headers=headers)


async def test_the_field_adds_an_agency_with_the_ladder_of_the_types_own(api: Api) -> None:
    number, _ = await a_waiting_case(api)
    answer = await ask(await api.as_("penelitian"), number, "", MORE)

    assert (answer.status_code, answer.json()["state"]) == (201, "accepted")
    [(workflow_id, added, _)] = api.engine.steered
    assert isinstance(added, AgencyAdded)
    assert (workflow_id, added.actor.id, added.reason) == (number, "penelitian", MORE["reason"])
    assert (added.agency.opd, added.agency.working_days) == ("dpupr", 3)
    assert added.agency.ladder == definition(TYPE).agencies[0].ladder
    assert added.agency.name


async def test_a_request_is_taken_back_and_another_gets_more_time(api: Api) -> None:
    number, child = await a_waiting_case(api)
    client = await api.as_("koordinator")
    assert (await ask(client, number, "bappeda/extension", LONGER)).status_code == 200
    assert (await ask(client, number, "bappeda/withdrawal", BACK)).status_code == 200

    (first, extended, _), (second, withdrawn, _) = api.engine.steered
    assert first == second == child
    assert isinstance(extended, RequestExtended) and extended.working_days == 3
    assert isinstance(withdrawn, RequestWithdrawn) and withdrawn.actor.id == "koordinator"


async def test_asked_twice_the_engine_hears_the_same_key(api: Api) -> None:
    number, _ = await a_waiting_case(api)
    client = await api.as_("penelitian")
    for way, body in (("", MORE), ("bappeda/withdrawal", BACK), ("bappeda/extension", LONGER)):
        answers = [await ask(client, number, way, body) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        keys = {key for _, _, key in api.engine.steered[-2:]}
        assert len(keys) == 1
    await ask(client, number, "bappeda/extension", LONGER, **{"Idempotency-Key": "k9"})
    assert api.engine.steered[-1][2] == "k9"


@pytest.mark.parametrize(
    ("by", "status", "code"),
    [
        ("bidang", 403, "not-allowed"),  # another field
        ("depan", 403, "not-allowed"),
        ("kepala", 403, "not-allowed"),
        ("pemohon", 403, "not-allowed"),
        ("dinas", 403, "not-allowed"),  # the agency that was asked steers nothing
        ("lain", 404, "application-not-found"),
        ("tetangga", 404, "application-not-found"),
    ],
)
async def test_nobody_else_steers(api: Api, by: str, status: int, code: str) -> None:
    number, _ = await a_waiting_case(api)
    client = await api.as_(by)
    for way, body in (("", MORE), ("bappeda/withdrawal", BACK), ("bappeda/extension", LONGER)):
        answer = await ask(client, number, way, body)
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert api.engine.steered == []


async def test_an_agency_in_which_nobody_works_cannot_be_asked(api: Api) -> None:
    number, _ = await a_waiting_case(api)
    answer = await ask(await api.as_("penelitian"), number, "", MORE | {"opd": "tidakada"})
    assert (answer.status_code, answer.json()["code"]) == (422, "opd-not-found")


async def test_a_type_that_asks_no_agency_gets_none(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    client = await api.as_("bidang")
    added = await ask(client, number, "", MORE)
    taken_back = await ask(client, number, "bappeda/withdrawal", BACK)
    assert {added.json()["code"], taken_back.json()["code"]} == {"opd-not-waiting"}
    assert api.engine.steered == []


async def test_a_request_that_is_over_is_not_steered(api: Api) -> None:
    number, _ = await a_waiting_case(api)
    client, codes = await api.as_("penelitian"), []
    for answer in ("withdrawn", "approve"):
        await a_request(api, number, answer=answer, answered_at=api.clock.now)
        for way, body in (("bappeda/withdrawal", BACK), ("bappeda/extension", LONGER)):
            refused = await ask(client, number, way, body)
            codes.append((refused.status_code, refused.json()["code"]))
    assert codes == [(409, "request-withdrawn")] * 2 + [(409, "opd-not-waiting")] * 2
    assert api.engine.steered == []


async def test_what_the_engine_says_of_steering_is_passed_on(api: Api) -> None:
    number, _ = await a_waiting_case(api)
    client = await api.as_("penelitian")
    said: list[tuple[Exception, str, dict[str, Any], str]] = [
        (Problem(Code.OPD_ALREADY_ASKED, opd="bappeda"), "", MORE | {"opd": "bappeda"}, "opd-already-asked"),
        (Problem(Code.ALREADY_EXTENDED, opd="bappeda"), "bappeda/extension", LONGER, "already-extended"),
        (CaseGone(), "bappeda/withdrawal", BACK, "opd-not-waiting"),
        (CaseGone(), "", MORE, "opd-not-waiting"),
    ]
    for lost, way, body, code in said:
        api.engine.raises = lost
        answer = await ask(client, number, way, body)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    api.engine.raises = Unknown()
    for way, body in (("", MORE), ("bappeda/withdrawal", BACK), ("bappeda/extension", LONGER)):
        assert (await ask(client, number, way, body)).status_code == 202


async def test_a_closed_case_says_that_it_is_closed(api: Api) -> None:
    number, _ = await a_waiting_case(api)
    await a_letter(api, number, TYPE)
    await issue_letter(api, number)
    api.engine.raises = CaseGone()
    answer = await ask(await api.as_("penelitian"), number, "", MORE)
    assert (answer.status_code, answer.json()["code"]) == (409, "application-closed")


@pytest.mark.parametrize(
    ("way", "body"),
    [
        ("", MORE | {"working_days": 0}),
        ("", MORE | {"opd": "DPUPR<>"}),
        ("bappeda/withdrawal", {"reason": ""}),
        ("bappeda/extension", LONGER | {"working_days": 31}),
        ("bappeda/extension", {"working_days": 3}),
    ],
)
async def test_steering_without_reason_or_measure_is_refused(api: Api, way: str, body: dict[str, Any]) -> None:
    number, _ = await a_waiting_case(api)
    answer = await ask(await api.as_("penelitian"), number, way, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
