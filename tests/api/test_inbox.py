"""The inbox over HTTP: views, filters, pages, counts; stuck cases, and asking their holders why."""

import pytest

from permits.authority import Role
from permits.decisions import TaskKind
from permits.events import Tag
from tests.api.cases import close_task, open_task
from tests.api.conftest import Api, a_person
from tests.api.filing import a_case


async def a_silent_task(api: Api) -> tuple[str, str]:
    """At the front office, past its due date, with a rung fallen."""
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
    async with api.services.db.transaction() as session:
        row = await session.get_one(type(await api.records.task(task)), task)
        row.rungs_fallen = 2
    api.clock.advance(days=2)
    return number, task


async def test_pages_follow_each_other_by_place(api: Api) -> None:
    client, front = await api.as_("pemohon"), await api.as_("depan")
    for _ in range(3):
        number = await a_case(api, client)
        await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
    first = (await front.get("/api/v1/tasks", params={"limit": 2})).json()
    rest = (await front.get("/api/v1/tasks", params={"limit": 2, "after": first["next_after"]})).json()
    assert (len(first["items"]), first["total"], first["next_offset"]) == (2, 3, 2)
    assert (len(rest["items"]), rest["next_after"], rest["next_offset"]) == (1, None, None)
    assert len({line["id"] for line in (*first["items"], *rest["items"])}) == 3
    line = first["items"][0]
    assert (line["possible"], line["assigned_to"], line["overdue"], line["stuck"]) == (["verdicts"], None, False, False)


@pytest.mark.parametrize(
    "after", ["x", "AAAA", "MjAyNi0wMS0wMX54", "8J-YgA", "fn4", "MjAyNi0wMy0xM1QwMzowMDowMCswMDowMH4A"]
)
async def test_a_place_that_no_answer_named_is_refused(api: Api, after: str) -> None:
    answer = await (await api.as_("depan")).get("/api/v1/tasks", params={"after": after})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


@pytest.mark.parametrize(
    "asked",
    [{"view": "theirs"}, {"kind": "x"}, {"number": "1"}, {"permit_type": "%"}, {"offset": "-1"}, {"limit": "0"}],
)
async def test_filters_of_another_form_are_refused(api: Api, asked: dict[str, str]) -> None:
    assert (await (await api.as_("depan")).get("/api/v1/tasks", params=asked)).status_code == 422


async def test_the_front_office_finds_what_it_may_do_for_applicants_apart_from_its_own(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    task = await open_task(api, number, TaskKind.REPAIR, Role.APPLICANT, holder="Pemohon")
    front = await api.as_("depan")
    assert (await front.get("/api/v1/tasks")).json()["total"] == 0
    listed = (await front.get("/api/v1/tasks", params={"view": "for_applicants"})).json()
    assert [line["id"] for line in listed["items"]] == [task]
    counts = (await front.get("/api/v1/tasks/counts")).json()
    assert (counts["all"], counts["for_applicants"], counts["opd_paper"]) == (0, 1, 0)
    assert (await (await api.as_("bidang")).get("/api/v1/tasks/counts")).json()["for_applicants"] is None
    assert (await (await api.as_("pemohon")).get("/api/v1/tasks")).json()["total"] == 1


async def test_a_field_finds_its_own_agencies_paper_answers(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"), "izin-penelitian")
    await open_task(api, number, TaskKind.RECOMMENDATION, Role.OPD, opd="bappeda")
    for person, found in (("penelitian", 1), ("bidang", 0), ("depan", 1), ("koordinator", 0)):
        listed = (await (await api.as_(person)).get("/api/v1/tasks", params={"view": "opd_paper"})).json()
        assert (person, listed["total"]) == (person, found)


async def test_leaders_see_who_holds_what_is_stuck_and_since_when(api: Api) -> None:
    number, task = await a_silent_task(api)
    stuck = (await (await api.as_("koordinator")).get("/api/v1/stuck")).json()
    assert stuck["total"] == 1
    holder = stuck["items"][0]
    assert (holder["role"], holder["tasks"], holder["oldest_task"], holder["oldest_number"]) == (
        "front_office",
        1,
        task,
        number,
    )
    assert holder["oldest_due_at"] == (await api.records.task(task)).due_at.isoformat().replace("+00:00", "Z")
    for person in ("depan", "bidang", "pemohon", "dinas", "ops"):
        assert (await (await api.as_(person)).get("/api/v1/stuck")).status_code == 403


async def test_a_leader_asks_why_once_and_the_holder_is_told_and_answers(api: Api) -> None:
    number, task = await a_silent_task(api)
    leader, front = await api.as_("koordinator"), await api.as_("depan")
    asked = {"question": "Apa yang ditunggu?"}
    for _ in range(2):
        answer = await leader.post(f"/api/v1/tasks/{task}/why", json=asked, headers={"Idempotency-Key": "k-1"})
        assert answer.status_code == 200, answer.text
    for _ in range(2):
        assert (await leader.post(f"/api/v1/tasks/{task}/why", json=asked)).status_code == 200
    answer = await front.post(f"/api/v1/tasks/{task}/note", json={"note": "Menunggu berkas asli."})
    notes = [(line["kind"], line["by"], line["text"]) for line in answer.json()["items"]]
    assert notes == [
        ("asked", "Contoh Koordinator", "Apa yang ditunggu?"),
        ("asked", "Contoh Koordinator", "Apa yang ditunggu?"),
        ("answered", "Contoh Depan", "Menunggu berkas asli."),
    ], "one under the key, one without"
    assert answer.json() == (await leader.get(f"/api/v1/tasks/{task}/notes")).json()
    told = [row for row in await api.records.notices_of(number) if row.template == "holder-asked-why"]
    asked_twice = [("depan", "Apa yang ditunggu?"), ("rekan", "Apa yang ditunggu?")] * 2
    assert sorted((row.account_id or "", row.facts["reason"]) for row in told if row.facts) == sorted(asked_twice)
    tags = [event.tag for event in await api.records.events_of(number)]
    assert tags.count(Tag.HOLDER_ASKED_WHY) == 2
    assert await api.records.event_chain_is_whole(number)
    assert (await api.records.task(task)).status == "open"


async def test_why_is_asked_by_leaders_of_open_tasks_that_are_not_about_themselves(api: Api) -> None:
    await api.records.ensure_account(a_person("kabid", role=Role.HEAD_OF_DIVISION))
    number, task = await a_silent_task(api)
    for person, code in (("depan", "not-allowed"), ("tetangga", "task-not-found"), ("lain", "task-not-found")):
        refused = await (await api.as_(person)).post(f"/api/v1/tasks/{task}/why", json={})
        assert (person, refused.json()["code"]) == (person, code)
    refused = await (await api.as_("koordinator")).post(f"/api/v1/tasks/{task}/note", json={"note": "x"})
    assert refused.json()["code"] == "not-allowed"
    await close_task(api, number, task)
    refused = await (await api.as_("kabid")).post(f"/api/v1/tasks/{task}/why", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "task-closed")
