"""Days that are over, days that nobody has, and agencies where nobody works: refused before anything is written."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from permits.authority import Role
from permits.decisions import TaskKind
from tests.api.cases import open_task
from tests.api.conftest import Api
from tests.api.filing import a_case

DAYS = "/api/v1/calendar/days"


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_day_that_is_over_is_not_declared(api: Api) -> None:
    today = await api.services.office_today()
    coordinator = await api.as_("koordinator")
    for day in (today - timedelta(days=1), today.replace(year=today.year + 9)):
        asked = {"date": day.isoformat(), "name": "Cuti bersama", "kind": "joint_leave"}
        assert code_of(await coordinator.post(DAYS, json=asked)) == (422, "period-invalid")
    assert await api.records.calendar_overrides() == ()


@pytest.mark.parametrize("days", [0, -3, 31])
async def test_an_extension_is_counted_in_days_to_come(api: Api, days: int) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    asked = {"working_days": days, "reason": "Survei lapangan"}
    answer = await (await api.as_("bidang")).post(_agencies(number, "/bappeda/extension"), json=asked)
    assert code_of(answer) == (422, "invalid-request")


async def test_an_agency_where_nobody_works_is_not_added(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    await open_task(api, number, TaskKind.ASSESSMENT, Role.BACK_OFFICE, field="kesehatan")
    asked: dict[str, Any] = {
        "opd": "dinsos",
        "asks_for": "Rekomendasi",
        "working_days": 3,
        "reason": "Menyangkut jalan",
    }
    assert code_of(await (await api.as_("bidang")).post(_agencies(number), json=asked)) == (422, "opd-not-found")
    await (await api.as_("ops")).post("/api/v1/people/lain/deactivation")
    gone = await (await api.as_("bidang")).post(_agencies(number), json=asked | {"opd": "dpupr"})
    assert code_of(gone) == (422, "opd-not-found")


def _agencies(number: str, rest: str = "") -> str:
    return f"/api/v1/applications/{number}/agencies{rest}"
