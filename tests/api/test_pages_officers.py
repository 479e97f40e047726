"""The desks' pages over HTTP: what each role sees, decides and is told, on real stores and a stand-in engine."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import httpx
import pytest

from permits.authority import Role
from permits.decisions import Decision, TaskKind, VerdictsGiven
from tests.api.cases import SEEN, close_task, open_task
from tests.api.conftest import PEOPLE, Api
from tests.api.filing import a_case, definition

CODES = [one.code for one in definition().requirements]


async def on_pages(api: Api, person: str) -> httpx.AsyncClient:
    """A browser of that person: it carries a cookie, and forms have to bring their secret."""
    token = (await api.as_(person)).headers["Authorization"].removeprefix("Bearer ")
    client = api.anonymous()
    client.cookies.set("sakpore_session", token)
    return client


def words(html: str) -> str:
    """What a page says, without its markup."""
    main = html.partition("<main")[2].partition("</main>")[0] or html
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", main)).split())


def hidden(html: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', html)
    assert found, f"no field {name}"
    return unescape(found[1])


async def send(
    client: httpx.AsyncClient, address: str, fields: dict[str, Any], form_from: str | None = None, **more: Any
) -> httpx.Response:
    """Sends a form as the page drew it: with its secret and its key."""
    page = await client.get(form_from or address)
    assert page.status_code == 200, page.text
    data = {"csrf_token": hidden(page.text, "csrf_token"), "kunci": hidden(page.text, "kunci"), **fields}
    return await client.post(address, data=data, **more)


def decisions(api: Api) -> list[Decision]:
    return [decision for _, decision, _ in api.engine.decisions]


async def a_verification(api: Api) -> tuple[str, str]:
    number = await a_case(api, await api.as_("pemohon"))
    wanted = tuple(CODES[:2])
    return number, await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE, wanted_documents=wanted)


@pytest.mark.parametrize("person", [name for name in PEOPLE if name not in ("pemohon", "tetangga", "ops", "kepala")])
async def test_the_page_that_a_desk_begins_at_is_there(api: Api, person: str) -> None:
    client = await on_pages(api, person)
    answer = await client.get("/tugas")
    assert answer.status_code == 200
    assert "Tidak ada tugas" in words(answer.text)


async def test_the_inbox_says_what_waits_and_how_long(api: Api) -> None:
    number, task = await a_verification(api)
    client = await on_pages(api, "depan")
    page = await client.get("/tugas")
    assert f'href="/tugas/{task}"' in page.text
    assert "Besok" in words(page.text) and number in words(page.text)
    api.clock.advance(days=3)
    client = await on_pages(api, "depan")
    assert "Terlambat 2 hari" in words((await client.get("/tugas?daftar=overdue")).text)


async def test_an_officer_judges_documents_and_goes_on(api: Api) -> None:
    _, task = await a_verification(api)
    client = await on_pages(api, "depan")
    fields = {
        "putusan": "verdicts",
        "seen": SEEN,
        f"nilai.{CODES[0]}": "accept",
        f"nilai.{CODES[1]}": "repair",
        f"kode.{CODES[1]}": "unreadable",
    }
    answer = await send(client, f"/tugas/{task}", fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tugas/{task}/selesai")
    body = decisions(api)[-1].body
    assert isinstance(body, VerdictsGiven)
    assert [(one.requirement, one.verdict, one.reason) for one in body.verdicts] == [
        (CODES[0], "accept", ""),
        (CODES[1], "repair", "Tidak terbaca"),
    ]
    assert "Putusan Anda tercatat" in words((await client.get(f"/tugas/{task}/selesai")).text)


async def test_a_document_without_a_verdict_is_named_and_what_was_typed_stays(api: Api) -> None:
    _, task = await a_verification(api)
    client = await on_pages(api, "depan")
    fields = {"putusan": "verdicts", "seen": SEEN, f"nilai.{CODES[0]}": "accept"}
    answer = await send(client, f"/tugas/{task}", fields)
    assert answer.status_code == 422
    assert f'href="#nilai-{CODES[1]}"' in answer.text
    assert re.search(rf'id="nilai-{CODES[0]}"[^>]* checked', answer.text)
    assert decisions(api) == []


async def test_who_comes_second_is_told_who_decided_and_what(api: Api) -> None:
    number, task = await a_verification(api)
    client = await on_pages(api, "rekan")
    page = await client.get(f"/tugas/{task}")
    await close_task(api, number, task)
    data = {"csrf_token": hidden(page.text, "csrf_token"), "kunci": "kedua", "putusan": "verdicts", "seen": SEEN}
    answer = await client.post(f"/tugas/{task}", data=data | {"sisanya": "terima"})
    assert answer.status_code == 409
    assert "Contoh Rekan : Meneruskan" in words(answer.text) or "Contoh Rekan: Meneruskan" in words(answer.text)
    assert "Putusan Anda tidak dicatat" in words(answer.text)
