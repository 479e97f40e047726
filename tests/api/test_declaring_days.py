"""The office's calendar over HTTP, and a day declared anew."""

from typing import Any

import httpx
import pytest

from api.problems import ApiCode, Problem
from permits.events import Tag
from permits.steps import OpdAnswer, Step
from tests.api.cases import an_event
from tests.api.conftest import Api
from tests.api.filing import a_case

DAY: dict[str, Any] = {"date": "2026-03-25", "name": "Cuti bersama contoh", "kind": "joint_leave"}
ADDRESS = "/api/v1/calendar/days"


async def declare(api: Api, by: str = "koordinator", **fields: Any) -> httpx.Response:
    return await (await api.as_(by)).post(ADDRESS, json=DAY | fields)


async def a_case_with_a_request(api: Api) -> tuple[str, str]:
    number = await a_case(api, await api.as_("pemohon"), "izin-penelitian")
    child, now = f"{number}-opd-bappeda-1", api.clock.now
    asked = OpdAnswer(workflow_id=child, opd="bappeda", name="Bappeda", asked_at=now, due_at=now)
    event = an_event(api, f"{child}-asked", Tag.OPD_ASKED, opd="bappeda")
    await api.records.keep(Step(number=number, events=(event,), opd_answer=asked))
    return number, child


async def test_a_declared_day_is_carried_to_every_open_case_and_its_requests(api: Api) -> None:
    number, child = await a_case_with_a_request(api)
    answer = await declare(api)

    assert answer.status_code == 200
    [(cases, calendar)] = api.engine.replanned
    assert cases == {number: [child]}
    said = answer.json()
    assert (said["calendar_version"], said["replanned"], said["pending"]) == (calendar.version, 2, 0)
    assert {day.name for day in calendar.days if str(day.date) == DAY["date"]} == {DAY["name"]}
    shown = (await api.anonymous().get("/api/v1/calendar/2026")).json()
    assert shown["version"] == calendar.version
    assert DAY in [{name: day[name] for name in DAY} for day in shown["days"]]
    assert await api.records.unfinished_calendar_edition() == calendar.version


async def test_the_same_day_declared_twice_is_one_edition(api: Api) -> None:
    await a_case_with_a_request(api)
    answers = [(await declare(api)).json() for _ in range(2)]
    assert answers[0]["calendar_version"] == answers[1]["calendar_version"]
    assert len(await api.records.calendar_overrides()) == 1


@pytest.mark.parametrize("day", ["2026-03-12", "2025-01-01", "2099-01-05"])
async def test_a_day_in_the_past_or_beyond_the_calendar_is_refused(api: Api, day: str) -> None:
    answer = await declare(api, date=day)
    assert (answer.status_code, answer.json()["code"]) == (422, "period-invalid")
    assert await api.records.calendar_overrides() == ()
    assert api.engine.replanned == []


async def test_today_can_still_be_declared(api: Api) -> None:
    assert (await declare(api, date="2026-03-13")).status_code == 200


@pytest.mark.parametrize("by", ["depan", "bidang", "kepala", "ops", "dinas", "pemohon"])
async def test_the_coordinator_alone_declares_a_day(api: Api, by: str) -> None:
    answer = await declare(api, by)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    assert await api.records.calendar_overrides() == ()


async def test_a_stranger_declares_nothing(api: Api) -> None:
    assert (await api.anonymous().post(ADDRESS, json=DAY)).status_code == 401


@pytest.mark.parametrize("fields", [{"kind": "libur"}, {"name": ""}, {"date": "besok"}, {"extra": 1}])
async def test_a_day_of_another_form_is_refused(api: Api, fields: dict[str, Any]) -> None:
    answer = await declare(api, **fields)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


async def test_while_the_engine_is_away_the_day_stands_and_the_worker_carries_it_on(api: Api) -> None:
    await a_case_with_a_request(api)
    api.engine.raises = Problem(ApiCode.ENGINE_UNAVAILABLE)
    answer = await declare(api)
    assert (answer.status_code, answer.json()["code"]) == (503, "engine-unavailable")
    assert len(await api.records.calendar_overrides()) == 1
    assert await api.records.unfinished_calendar_edition() is not None


async def test_a_year_without_calendar_is_refused(api: Api) -> None:
    answer = await api.anonymous().get("/api/v1/calendar/1999")
    assert (answer.status_code, answer.json()["code"]) == (422, "period-invalid")
