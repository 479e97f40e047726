"""The help thread: asked by applicants, answered by the front office, and nobody else's business."""

from typing import Any

import httpx
import pytest

from tests.api.conftest import Api
from tests.api.filing import a_case, a_draft

HELP = "/api/v1/help"
WORDS = "Rahasia: apakah berkas saya sudah lengkap?"


async def ask(client: httpx.AsyncClient, **fields: Any) -> str:
    answer = await client.post(HELP, json={"text": WORDS} | fields)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["thread"])


async def answer(client: httpx.AsyncClient, thread: str, text: str = "Sudah lengkap.", key: str = "") -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await client.post(f"{HELP}/{thread}/messages", json={"text": text}, headers=headers)


async def test_a_question_reaches_the_front_office_and_its_answer_comes_back(api: Api) -> None:
    applicant, officer = await api.as_("pemohon"), await api.as_("depan")
    number = await a_case(api, applicant)
    thread = await ask(applicant, number=number)
    [line] = (await officer.get(HELP)).json()["items"]
    assert (line["thread"], line["number"], line["waiting"], line["unread"]) == (thread, number, True, 1)
    assert line["applicant_name"] == "Contoh Pemohon"
    api.clock.advance(minutes=5)
    assert (await answer(officer, thread)).status_code == 201
    assert (await officer.get(HELP)).json()["total"] == 0
    assert (await officer.get(f"{HELP}?all=1")).json()["total"] == 1
    mine = (await applicant.get(HELP)).json()
    assert (mine["unread"], mine["items"][0]["unread"], mine["items"][0]["waiting"]) == (1, 1, False)
    told = (await applicant.get(f"{HELP}/{thread}")).json()["messages"]
    assert [(one["from_office"], one["text"]) for one in told] == [(False, WORDS), (True, "Sudah lengkap.")]
    assert told[0]["read_at"] is not None  # an answer shows that the question was read
    assert (await applicant.post(f"{HELP}/{thread}/reading")).status_code == 204
    assert (await applicant.get(HELP)).json()["unread"] == 0


async def test_the_record_and_the_notices_say_that_somebody_wrote_and_never_what(api: Api) -> None:
    applicant, officer = await api.as_("pemohon"), await api.as_("depan")
    number = await a_case(api, applicant)
    thread = await ask(applicant, number=number)
    await answer(officer, thread)
    events = await api.records.events_of(number)
    assert [(one.tag, one.actor_id) for one in events[-2:]] == [
        ("help:message:asked", "pemohon"), ("help:message:answered", "depan"),
    ]  # fmt: skip
    notices = await api.records.notices_of(number)
    assert {(one.template, one.account_id) for one in notices if (one.template or "").startswith("help")} == {
        ("help-asked", "depan"), ("help-asked", "rekan"), ("help-answered", "pemohon"),
    }  # fmt: skip
    assert "Rahasia" not in str([one.facts for one in events]) + str([one.model_dump() for one in notices])
    assert await api.records.event_chain_is_whole(number)


async def test_a_question_may_be_about_no_case_or_about_a_draft(api: Api) -> None:
    applicant, officer = await api.as_("pemohon"), await api.as_("depan")
    draft = await a_draft(applicant)
    threads = {await ask(applicant), await ask(applicant, number=draft), await ask(applicant)}
    assert len(threads) == 2  # a person's general questions are one conversation
    assert (await officer.get(HELP)).json()["total"] == 2
    assert await api.records.events_of(draft) == []
    assert (await applicant.delete(f"/api/v1/applications/{draft}")).status_code == 204
    assert (await officer.get(HELP)).json()["total"] == 2


async def test_the_same_message_sent_twice_stands_once(api: Api) -> None:
    applicant, officer = await api.as_("pemohon"), await api.as_("depan")
    thread = await ask(applicant)
    first, second = [await answer(officer, thread, key="kunci-1") for _ in range(2)]
    assert first.json() == second.json()
    assert len((await applicant.get(f"{HELP}/{thread}")).json()["messages"]) == 2
    other = await answer(officer, thread, "Lain.", key="kunci-1")
    assert other.json()["code"] == "idempotency-key-reused"


@pytest.mark.parametrize("who", ["tetangga", "bidang", "kepala", "dinas", "ops"])
async def test_a_conversation_is_nobody_elses_business(api: Api, who: str) -> None:
    applicant = await api.as_("pemohon")
    number = await a_case(api, applicant)
    thread = await ask(applicant, number=number)
    client = await api.as_(who)
    assert (await client.get(f"{HELP}/{thread}")).status_code == 404
    assert (await answer(client, thread)).status_code == 404
    assert (await client.post(f"{HELP}/{thread}/reading")).status_code == 404
    assert (await client.post(HELP, json={"text": WORDS, "number": number})).status_code in (403, 404)
    assert thread not in (await client.get(HELP)).text
