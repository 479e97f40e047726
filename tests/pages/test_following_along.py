"""A page that follows along in a real browser: what changed is fetched, focus and typing stay, and it is said once."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, Request
from jinja2 import Environment
from playwright.sync_api import Browser, Page, expect
from starlette.responses import HTMLResponse, Response, StreamingResponse

from tests.pages.samples.people import FRONT, framed
from tests.pages.served import Door, wait_until

PAGE = """{% extends "base.html" %}{% from "parts.html" import live %}
{% block title %}Contoh {{ state }}{% endblock %}
{% block main %}<h1>Contoh</h1><p id="luar">{{ state }}</p>
<section id="keadaan"{{ live("/aliran/contoh", mark) }}>
<p id="kalimat">{{ state }}</p><details><summary>Rincian</summary><p>isi {{ state }}</p></details>
<a id="tautan" href="/lain">Buka {{ state }}</a><form><label>Catatan <input name="catatan"></label></form>
</section>{% endblock %}"""


class Office:
    """One page with a stream; the test says what is shown and what is told."""

    def __init__(self) -> None:
        self.state = "pertama"
        self.told: list[str] = []
        self.streams: list[str] = []
        self.asked: list[dict[str, str]] = []
        self.refuses = False
        self.mark = ""
        self.router = APIRouter()
        self.router.add_api_route("/contoh", self._page)
        self.router.add_api_route("/aliran/contoh", self._stream)

    async def _page(self, request: Request) -> Response:
        self.asked.append(dict(request.headers))
        template = request.app.state.services.pages.from_string(PAGE)
        return HTMLResponse(template.render(**framed(FRONT, state=self.state, mark=self.mark)))

    async def _stream(self, request: Request) -> Response:
        begun = len(self.told)
        self.streams.append(request.url.query)
        if self.refuses:
            return Response(status_code=429)

        async def lines() -> AsyncIterator[str]:
            yield "retry: 50\nevent: mulai\nid: aa\ndata: {}\n\n"
            heard = begun
            while True:
                while heard < len(self.told):
                    yield f"event: {self.told[heard]}\nid: b{heard}\ndata: {{}}\n\n"
                    heard += 1
                await asyncio.sleep(0.02)

        return StreamingResponse(lines(), media_type="text/event-stream")

    def change(self, state: str) -> None:
        self.state = state
        self.told.append("berubah")


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def door(environment: Environment, web: Path, office: Office) -> Iterator[Door]:
    door = Door(environment, web, (office.router,))
    yield door
    door.shut()


@pytest.fixture
def page(browser: Browser, door: Door, office: Office) -> Iterator[Page]:
    page = browser.new_page(service_workers="block")
    page.goto(f"{door.address}/contoh")
    wait_until(lambda: office.streams)
    yield page
    page.close()


def test_only_what_is_marked_follows_and_the_change_is_said_politely(page: Page, office: Office) -> None:
    office.change("kedua")
    expect(page.locator("#kalimat")).to_have_text("kedua")
    expect(page.locator("#luar")).to_have_text("pertama")
    expect(page.get_by_role("status")).to_have_text("Isi halaman ini baru saja diperbarui.")
    expect(page).to_have_title("Contoh kedua · Sakpore Kota Pekalongan")
    assert "x-sakpore-hidup" not in office.asked[0] and office.asked[1]["x-sakpore-hidup"] == "1"


def test_a_page_that_knows_the_mark_of_what_it_shows_says_it(page: Page, office: Office, door: Door) -> None:
    assert office.streams[-1].startswith("umur=")
    office.mark = "c0ffee"
    page.goto(f"{door.address}/contoh")
    wait_until(lambda: office.streams[-1] == "tanda=c0ffee")


def test_focus_and_open_details_stay(page: Page, office: Office) -> None:
    page.get_by_text("Rincian").click()
    page.locator("#tautan").focus()
    office.change("kedua")
    expect(page.locator("#tautan")).to_have_text("Buka kedua")
    expect(page.locator("#tautan")).to_be_focused()
    assert page.locator("details").get_attribute("open") is not None


def test_what_is_being_typed_is_not_taken_away(page: Page, office: Office) -> None:
    page.get_by_label("Catatan").fill("setengah kalimat")
    office.change("kedua")
    expect(page.get_by_role("status")).to_contain_text("Simpan isian Anda")
    expect(page.locator("#kalimat")).to_have_text("pertama")
    expect(page.get_by_label("Catatan")).to_have_value("setengah kalimat")


def test_a_page_that_did_not_change_is_left_alone(page: Page, office: Office) -> None:
    page.evaluate("document.getElementById('kalimat').dataset.sama = 'ya'")
    page.evaluate("delete document.getElementById('kalimat').dataset.sama")
    office.told.append("berubah")
    wait_until(lambda: len(office.asked) == 2)
    office.change("kedua")
    expect(page.locator("#kalimat")).to_have_text("kedua")


def test_a_stream_that_is_over_is_not_asked_for_again(page: Page, office: Office) -> None:
    office.told.append("selesai")
    page.wait_for_timeout(500)
    office.change("kedua")
    page.wait_for_timeout(300)
    assert len(office.streams) == 1
    expect(page.locator("#kalimat")).to_have_text("pertama")


def test_a_page_nobody_sees_gives_its_stream_back_and_asks_from_its_last_mark(page: Page, office: Office) -> None:
    assert office.streams[0].startswith("umur=")
    hide = "Object.defineProperty(document, 'hidden', {{value: {0}, configurable: true}}); " \
           "document.dispatchEvent(new Event('visibilitychange'))"
    page.evaluate(hide.format("true"))
    page.evaluate(hide.format("false"))
    wait_until(lambda: len(office.streams) == 2)
    assert office.streams[1] == "tanda=aa"


def test_the_stream_comes_back_after_the_server_does(page: Page, door: Door, office: Office) -> None:
    door.shut()
    office.state = "kedua"
    door.open()
    wait_until(lambda: len(office.streams) == 2)
    office.change("ketiga")
    expect(page.locator("#kalimat")).to_have_text("ketiga")


def test_whoever_is_refused_a_stream_asks_again_later_and_not_at_once(
    browser: Browser, door: Door, office: Office
) -> None:
    office.refuses = True
    page = browser.new_page(service_workers="block")
    page.clock.install()
    page.goto(f"{door.address}/contoh")
    wait_until(lambda: office.streams)
    page.wait_for_timeout(300)
    assert len(office.streams) == 1
    page.clock.run_for(7000)
    wait_until(lambda: len(office.streams) == 2)
    page.close()


def test_without_javascript_the_page_is_simply_as_it_was(browser: Browser, door: Door, office: Office) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{door.address}/contoh")
    expect(page.locator("#kalimat")).to_have_text("pertama")
    assert office.streams == []
    context.close()
