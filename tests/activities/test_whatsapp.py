"""WhatsApp's client on a fake that is true to Meta's protocol: what is sent, and how failures are sorted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.exceptions import ApplicationError

from activities.clients.whatsapp import CloudApi, FileWhatsApp, NoWhatsApp, WhatsAppMessage
from tests.activities.whatsapp_server import BASE, PHONE_NUMBER_ID, TOKEN, CloudApiServer

TO = "6281234567890"


@pytest.fixture
def server() -> CloudApiServer:
    return CloudApiServer()


def client(server: CloudApiServer, token: str = TOKEN) -> CloudApi:
    return CloudApi(BASE, PHONE_NUMBER_ID, token, transport=server.transport)


def a_message(**more: Any) -> WhatsAppMessage:
    given = {"key": "PRM-2026-000001:w#2.x:rani:whatsapp", "to": TO, "template": "sakpore_contoh"}
    return WhatsAppMessage.model_validate(given | {"parameters": ("PRM-2026-000001", "dua\n baris\t  lagi", "")} | more)


async def failure(server: CloudApiServer, **client_of: str) -> ApplicationError:
    with pytest.raises(ApplicationError) as failed:
        await client(server, **client_of).send(a_message())
    return failed.value


async def test_a_template_message_is_taken_and_its_id_returned(server: CloudApiServer) -> None:
    assert await client(server).send(a_message()) == "wamid.1"
    [body] = server.taken
    assert body["template"]["language"] == {"code": "id"}
    assert [one["text"] for one in body["template"]["components"][0]["parameters"]] == [
        "PRM-2026-000001",
        "dua baris lagi",
        "-",
    ]
    assert body["biz_opaque_callback_data"] == "PRM-2026-000001:w#2.x:rani:whatsapp"


async def test_a_template_without_places_has_no_components(server: CloudApiServer) -> None:
    await client(server).send(a_message(parameters=()))
    assert "components" not in server.taken[0]["template"]


@pytest.mark.parametrize(
    ("status", "code", "kind", "never_again"),
    [
        (429, 130429, "whatsapp-slow-down", False),
        (400, 131056, "whatsapp-slow-down", False),
        (400, 80007, "whatsapp-slow-down", False),
        (429, 4, "whatsapp-slow-down", False),
        (500, 131000, "whatsapp-unavailable", False),
        (503, 131016, "whatsapp-unavailable", False),
        (503, 2, "whatsapp-unavailable", False),
        (401, 190, "whatsapp-no-access", False),
        (401, 0, "whatsapp-no-access", False),
        (403, 10, "whatsapp-no-access", False),
        (403, 200, "whatsapp-no-access", False),
        (403, 131031, "whatsapp-no-access", False),
        (400, 131026, "whatsapp-not-reachable", True),
        (400, 131030, "whatsapp-not-reachable", True),
        (400, 131050, "whatsapp-not-reachable", True),
        (400, 132000, "whatsapp-refused", True),
        (404, 132001, "whatsapp-refused", True),
        (400, 132015, "whatsapp-refused", True),
        (400, 100, "whatsapp-refused", True),
        (400, 999999, "whatsapp-refused", True),
    ],
)
async def test_failures_are_sorted_by_meta_s_code(
    server: CloudApiServer, status: int, code: int, kind: str, never_again: bool
) -> None:
    server.errors[TO] = (status, code)
    failed = await failure(server)
    assert (failed.type, failed.non_retryable, failed.details) == (kind, never_again, (code,))
    assert TO not in str(failed)


async def test_a_token_that_is_over_is_said_loudly_and_tried_again(
    server: CloudApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    failed = await failure(server, token="kedaluwarsa")
    assert (failed.type, failed.non_retryable) == ("whatsapp-no-access", False)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "kedaluwarsa" not in caplog.text and TO not in caplog.text


async def test_a_service_that_does_not_answer_is_tried_again(server: CloudApiServer) -> None:
    server.away = True
    failed = await failure(server)
    assert (failed.type, failed.non_retryable) == ("whatsapp-unavailable", False)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (httpx.Response(502, text="<html>Bad gateway</html>"), "whatsapp-unavailable"),
        (httpx.Response(429, text=""), "whatsapp-slow-down"),
        (httpx.Response(403, json=[]), "whatsapp-no-access"),
        (httpx.Response(400, json={"error": "teks"}), "whatsapp-refused"),
        (httpx.Response(200, json={"messages": []}), "whatsapp-unavailable"),
        (httpx.Response(200, text="ok"), "whatsapp-unavailable"),
    ],
)
async def test_an_answer_that_is_not_meta_s_goes_by_its_status(
    server: CloudApiServer, answer: httpx.Response, kind: str
) -> None:
    server.plain = answer
    assert (await failure(server)).type == kind


async def test_the_stand_in_writes_files_says_what_it_is_and_keeps_the_id(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stand_in = FileWhatsApp(tmp_path / "whatsapp")
    assert "stand-in" in caplog.text
    ids = {await stand_in.send(a_message(text="Halo")) for _ in range(2)}
    [path] = (tmp_path / "whatsapp").iterdir()
    kept = json.loads(path.read_text())
    assert ids == {kept["id"]} and kept["id"].startswith("wamid.contoh.")
    assert "stand-in" in kept["stand_in"] and (kept["to"], kept["text"]) == (TO, "Halo")
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_stand_in_that_cannot_write_asks_to_try_again(tmp_path: Path) -> None:
    stand_in = FileWhatsApp(tmp_path / "whatsapp")
    (tmp_path / "whatsapp").rmdir()
    with pytest.raises(ApplicationError) as failed:
        await stand_in.send(a_message())
    assert (failed.value.type, failed.value.non_retryable) == ("whatsapp-unavailable", False)


async def test_an_installation_without_whatsapp_refuses_at_once() -> None:
    with pytest.raises(ApplicationError) as failed:
        await NoWhatsApp().send(a_message())
    assert (failed.value.type, failed.value.non_retryable) == ("whatsapp-not-connected", True)
