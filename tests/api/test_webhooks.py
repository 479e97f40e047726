"""Meta's webhook: who may speak there, and how a status becomes proof in the case's record."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest
from pydantic import SecretStr, ValidationError

from api.settings import ApiSettings
from permits.events import Tag
from permits.steps import Notice, Step
from store.records import Sending
from tests.api.cases import an_event
from tests.api.conftest import Api, a_person
from tests.api.filing import a_case

HOOK = "/api/v1/webhooks/whatsapp"
SECRET, TOKEN = "rahasia-aplikasi-contoh", "kata-kunci-contoh-webhook"
WAMID = "wamid.HBgMNjI4MTIzNDU2Nzg5MBUCABEYEjQ"


@pytest.fixture
def meta(api: Api) -> httpx.AsyncClient:
    """Somebody out there; our app's secrets are installed."""
    secrets = {"whatsapp_app_secret": SecretStr(SECRET), "whatsapp_verify_token": SecretStr(TOKEN)}
    api.services.settings = api.settings.model_copy(update=secrets)
    return api.anonymous()


def a_status(state: str, **more: Any) -> dict[str, Any]:
    """A notification as Meta documents it."""
    status = {
        "id": WAMID,
        "status": state,
        "timestamp": "1765162800",
        "recipient_id": "6281234567890",
        "pricing": {"billable": True, "pricing_model": "PMP", "category": "utility"},
    }
    metadata = {"display_phone_number": "62285000000", "phone_number_id": "106540352242922"}
    value = {"messaging_product": "whatsapp", "metadata": metadata, "statuses": [status | more]}
    entry = {"id": "102290129340398", "changes": [{"value": value, "field": "messages"}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


async def send(client: httpx.AsyncClient, body: Any, secret: str = SECRET) -> httpx.Response:
    """Posts as Meta does: the signature is over the bytes that are sent."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
    headers = {"X-Hub-Signature-256": f"sha256={signature}", "Content-Type": "application/json"}
    return await client.post(HOOK, content=raw, headers=headers)


async def a_message(api: Api, sent: bool = True) -> tuple[str, str]:
    """A message by WhatsApp that went out: its case and key."""
    await api.records.create_account(a_person("rani", role="applicant", phone="0812-3456-7890"))
    number = await a_case(api, await api.as_("rani"))
    notice = Notice(key="w#2.x", template="applicant-asked", to="applicant", channel="whatsapp")
    await api.records.keep(Step(number=number, events=(an_event(api, "w#1.x", Tag.STAGE_ENTERED),), notices=(notice,)))
    [row] = [one for one in await api.records.notices_of(number) if one.template == "applicant-asked"]
    assert row.channel == "whatsapp"
    if sent:
        await api.records.note_sent(row.key, Sending(message_id=WAMID, at=api.clock.now))
    return number, row.key


async def test_meta_is_answered_its_challenge_when_it_knows_our_word(meta: httpx.AsyncClient) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": TOKEN}
    answer = await meta.get(HOOK, params=asked)
    assert (answer.status_code, answer.text) == (200, "1158201444")
    assert answer.headers["content-type"].startswith("text/plain")
    for wrong in ({"hub.verify_token": "tebakan"}, {"hub.mode": "unsubscribe"}):
        refused = await meta.get(HOOK, params=asked | wrong)
        assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
        assert "1158201444" not in refused.text
    assert (await meta.get(HOOK, params=asked | {"hub.challenge": "<script>"})).status_code == 422


async def test_a_webhook_that_is_not_installed_is_not_there(api: Api) -> None:
    client = api.anonymous()
    asked = {"hub.mode": "subscribe", "hub.challenge": "1", "hub.verify_token": ""}
    assert (await client.get(HOOK, params=asked)).status_code == 404
    assert (await send(client, a_status("delivered"), "")).status_code == 404


@pytest.mark.parametrize("signature", [None, "", "sha256=", "sha256=" + "0" * 64, "md5=abc", "sha256=\u00e9"])
async def test_a_status_without_our_signature_changes_nothing(
    api: Api, meta: httpx.AsyncClient, signature: str | None
) -> None:
    number, _ = await a_message(api)
    headers = {} if signature is None else {"X-Hub-Signature-256": signature.encode("latin-1")}
    answer = await meta.post(HOOK, content=json.dumps(a_status("delivered")).encode(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    assert await api.records.events_tagged(number, Tag.NOTICE_DELIVERED) == []


async def test_a_body_that_was_changed_on_its_way_is_refused(api: Api, meta: httpx.AsyncClient) -> None:
    raw = json.dumps(a_status("delivered")).encode()
    signature = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
    changed = raw.replace(b"delivered", b"failed")
    answer = await meta.post(HOOK, content=changed, headers={"X-Hub-Signature-256": signature})
    assert answer.status_code == 403


async def test_delivered_is_proof_in_the_record_once(api: Api, meta: httpx.AsyncClient) -> None:
    number, _ = await a_message(api)
    for state in ("sent", "delivered", "delivered", "read"):
        assert (await send(meta, a_status(state))).status_code == 200
    [line] = await api.records.events_tagged(number, Tag.NOTICE_DELIVERED)
    assert (line.facts["proof"], line.facts["channel"]) == (WAMID, "whatsapp")
    assert await api.records.event_chain_is_whole(number)


async def test_failed_is_followed_by_one_email(api: Api, meta: httpx.AsyncClient) -> None:
    number, _ = await a_message(api)
    failed = a_status("failed", errors=[{"code": 131026, "title": "Message undeliverable"}])
    for _ in range(2):
        assert (await send(meta, failed)).status_code == 200
    [line] = await api.records.events_tagged(number, Tag.NOTICE_FAILED)
    assert line.facts["code"] == "whatsapp-131026"
    notices = await api.records.notices_of(number)
    [mail] = [row for row in notices if (row.channel, row.template) == ("email", "applicant-asked")]
    assert (mail.state, mail.recipient) == ("pending", "rani@contoh.invalid")


async def test_a_status_that_overtakes_our_note_is_found_by_what_we_gave_along(
    api: Api, meta: httpx.AsyncClient
) -> None:
    number, key = await a_message(api, sent=False)
    assert (await send(meta, a_status("delivered", biz_opaque_callback_data=key))).status_code == 200
    assert len(await api.records.events_tagged(number, Tag.NOTICE_SENT)) == 1
    assert len(await api.records.events_tagged(number, Tag.NOTICE_DELIVERED)) == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        {"entry": "x"},
        {"entry": [1, {"changes": [{"value": None}, {"value": {"messages": [{"text": {"body": "Halo"}}]}}]}]},
        a_status("delivered"),
        a_status("warned"),
        a_status("delivered", timestamp="x"),
        a_status("delivered", timestamp=10**30),
        a_status("delivered", id={"a": 1}),
        a_status("failed", errors=[]),
    ],
)
async def test_what_is_no_receipt_of_ours_is_taken_and_left(meta: httpx.AsyncClient, body: Any) -> None:
    assert (await send(meta, body)).status_code == 200


def test_production_refuses_half_a_webhook_and_short_secrets(api_settings: ApiSettings) -> None:
    given = api_settings.model_dump(mode="python") | {"sakpore_env": "production"}
    given |= {"public_base_url": "https://izin.contoh.test", "qr_key": api_settings.qr_key.get_secret_value()}
    for wrong in (
        {"whatsapp_app_secret": SECRET},
        {"whatsapp_verify_token": TOKEN},
        {"whatsapp_app_secret": "pendek", "whatsapp_verify_token": TOKEN},
    ):
        with pytest.raises(ValidationError):
            ApiSettings.model_validate(given | wrong)
    good = ApiSettings.model_validate(given | {"whatsapp_app_secret": SECRET, "whatsapp_verify_token": TOKEN})
    assert SECRET not in repr(good) and TOKEN not in repr(good)


async def test_a_receipt_of_long_ago_is_dated_as_the_carrier_dates_it(api: Api, meta: httpx.AsyncClient) -> None:
    number, _ = await a_message(api)
    await send(meta, a_status("delivered"))
    [row] = [one for one in await api.records.notices_of(number) if one.template == "applicant-asked"]
    assert row.delivered_at is not None and row.delivered_at.timestamp() == 1765162800
    assert row.delivered_at - api.clock.now < timedelta(0)
