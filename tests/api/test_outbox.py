"""Operators see what could not be sent, without anybody's words or address, and have it sent again."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from permits.events import Tag
from permits.steps import Notice, Step
from tests.api.cases import an_event
from tests.api.conftest import Api
from tests.api.filing import a_case

OUTBOX = "/api/v1/outbox"


async def a_failed_notice(api: Api) -> tuple[str, str]:
    """A case whose applicant could not be told; its number and the notice's key."""
    number = await a_case(api, await api.as_("pemohon"))
    notice = Notice(key="w#2.applicant-asked.holder", template="applicant-asked", to="applicant")
    await api.records.keep(Step(number=number, events=(an_event(api, "w#1.x", Tag.STAGE_ENTERED),), notices=(notice,)))
    [row] = [one for one in await api.records.notices_of(number) if one.template == "applicant-asked"]
    await api.records.note_failed(row.key, "mail-refused", api.clock.now)
    return number, row.key


async def test_the_outbox_shows_what_failed_without_words_and_addresses(api: Api) -> None:
    number, key = await a_failed_notice(api)
    ops = await api.as_("ops")
    answer = await ops.get(OUTBOX, params={"state": "failed", "channel": "email", "template": "applicant-asked"})
    [line] = answer.json()["lines"]
    assert (line["key"], line["number"], line["error"], line["attempts"]) == (key, number, "mail-refused", 1)
    assert answer.json()["counts"]["failed"] == 1
    assert "contoh.invalid" not in answer.text
    assert not {"subject", "body", "recipient", "facts"} & set(line)
    assert (await ops.get(OUTBOX, params={"state": "sent"})).json()["lines"] == []


@pytest.mark.parametrize("account", ["pemohon", "depan", "koordinator", "kepala", "dinas"])
async def test_nobody_but_operators_sees_the_outbox(api: Api, account: str) -> None:
    client = await api.as_(account)
    assert (await client.get(OUTBOX)).status_code == 403
    assert (await client.post(f"{OUTBOX}/x/retry")).status_code == 403


async def test_a_failed_message_is_due_again_and_asking_twice_is_harmless(api: Api) -> None:
    number, key = await a_failed_notice(api)
    ops = await api.as_("ops")
    address = f"{OUTBOX}/{quote(key, safe='')}/retry"
    answers = [await ops.post(address, headers={"Idempotency-Key": "ulang-1"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()
    [row] = [one for one in await api.records.notices_of(number) if one.template == "applicant-asked"]
    assert (row.state, row.attempts, row.try_at) == ("pending", 0, api.clock.now)


async def test_an_unknown_message_and_wrong_filters_are_refused(api: Api) -> None:
    ops = await api.as_("ops")
    unknown = await ops.post(f"{OUTBOX}/tidak-ada/retry")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "notice-not-found")
    for wrong in ({"state": "lost"}, {"channel": "fax"}, {"template": "../x"}, {"limit": 0}):
        assert (await ops.get(OUTBOX, params=wrong)).status_code == 422
