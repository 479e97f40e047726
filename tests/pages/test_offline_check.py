"""The offline check in a real browser: verified by WebCrypto, honest about what it cannot know, without a network."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from axe_playwright_python.sync_playwright import Axe
from jinja2 import Environment
from playwright.sync_api import Browser, Page, expect

from api.field_codes import FieldCodes
from api.layers import _HEADERS
from api.pages.public import field_codes as offline
from api.services import Services
from signing.field_code import FieldClaims, field_code
from signing.field_keys import FieldKeys
from tests.pages.shown import TYPES

NOW = datetime.now(UTC)
CLAIMS = FieldClaims(
    verification_code="7Q2MZK4XWB3FJ5T8.3fj5t2hr6vnc4d7a",
    number="503/0012/KPT/XII/2026",
    title="Kartu Pengawas Trayek",
    holder="CV Contoh <b>Angkutan</b> é",
    letter_date=date(2026, 12, 4),
    valid_until=(NOW + timedelta(days=300)).date(),
    lines=(("Nomor kendaraan", "G 0000 XX"), ("Trayek", "Terminal Contoh - Pasar Contoh " * 3)),
    practice=False,
    made_at=NOW,
)


class Office:
    """The pages of the offline check, served with the headers of the API; it can be shut."""

    def __init__(self, environment: Environment, web: Path, keys: FieldKeys) -> None:
        self.keys = keys
        self.asked: list[str] = []
        self._services = cast(
            Services, SimpleNamespace(pages=environment, field_codes=FieldCodes(keys.public_path))
        )
        self._assets = web / "dist"
        office = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                office._answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("localhost", 0), Door)
        self.address = f"http://localhost:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _answer(self, door: BaseHTTPRequestHandler) -> None:
        self.asked.append(door.path)
        body, kind, extra = self._found(door.path)
        door.send_response(200 if body else 404)
        for name, value in {**_HEADERS, "Content-Type": kind, **extra}.items():
            door.send_header(name, value)
        door.end_headers()
        door.wfile.write(body)

    def _found(self, path: str) -> tuple[bytes, str, dict[str, str]]:
        import asyncio

        if path.startswith("/assets/"):
            asset = self._assets / path.removeprefix("/assets/")
            return asset.read_bytes(), TYPES[asset.suffix], {}
        route = {
            offline.PAGE: offline.offline_check,
            f"{offline.PAGE}/pekerja.js": offline.service_worker,
            offline.KEYS: offline.published_keys,
        }.get(path)
        if route is None:
            return b"", "text/plain", {}
        answer = asyncio.run(route(self._services))  # type: ignore[operator]
        allowed = {name: answer.headers[name] for name in ("service-worker-allowed",) if name in answer.headers}
        return bytes(answer.body), answer.headers["content-type"], allowed

    def shut(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def code(self, **changes: Any) -> str:
        return field_code(replace(CLAIMS, **changes), self.keys.signing_key())


@pytest.fixture
def office(environment: Environment, web: Path, tmp_path: Path) -> Iterator[Office]:
    keys = FieldKeys.create(tmp_path / "f.pem", tmp_path / "f.json", NOW - timedelta(days=1))
    opened = Office(environment, web, keys)
    yield opened
    opened.shut()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 360, "height": 800})
    yield context.new_page()
    context.close()


def word(page: Page) -> str:
    expect(page.locator("#luring-kata")).not_to_have_text("BELUM DIPERIKSA")
    return page.locator("h1").inner_text()


def test_a_genuine_code_is_shown_with_what_to_compare_and_what_was_not_checked(office: Office, page: Page) -> None:
    page.goto(f"{office.address}/v/luring#{office.code()}")
    assert word(page) == "KODE ASLI"
    expect(page.locator("#luring-peringatan")).to_contain_text("Pencabutan tidak diperiksa.")
    shown = page.locator("#luring-fakta").inner_text()
    for fact in (CLAIMS.number, CLAIMS.title, CLAIMS.holder, "G 0000 XX", "Jumat 4 Desember 2026"):
        assert fact in shown
    assert page.locator("#luring-sekarang").get_attribute("href") == f"/v/{CLAIMS.verification_code}"
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    assert [each["id"] for each in Axe().run(page).response["violations"]] == []


def test_the_code_never_reaches_the_office(office: Office, page: Page) -> None:
    code = office.code()
    page.goto(f"{office.address}/v/luring#{code}")
    assert word(page) == "KODE ASLI"
    assert set(office.asked) >= {"/v/luring", offline.KEYS} and not any("SKP1" in path for path in office.asked)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"valid_until": date(2025, 1, 1)}, "KEDALUWARSA"), ({"practice": True}, "CONTOH"),
        ({"valid_until": None, "lines": ()}, "KODE ASLI"),
        ({"made_at": NOW - timedelta(days=9)}, "KODE PALSU"),  # before its key's time
    ],
)  # fmt: skip
def test_each_code_has_its_word(office: Office, page: Page, changes: dict[str, Any], expected: str) -> None:
    page.goto(f"{office.address}/v/luring#{office.code(**changes)}")
    assert word(page) == expected


def test_a_changed_code_or_anothers_is_false_and_shows_nothing(office: Office, page: Page, tmp_path: Path) -> None:
    other = FieldKeys.create(tmp_path / "o.pem", tmp_path / "o.json", NOW - timedelta(days=1))
    code = office.code()
    for text in (code[:-9] + "AAAAAAAAA", field_code(CLAIMS, other.signing_key()), "SKP1:AAAA", "<b>x</b>", "%zz"):
        page.goto("about:blank")
        page.goto(f"{office.address}/v/luring#{text}")
        assert word(page) == "KODE PALSU"
        expect(page.locator("#luring-isi")).to_be_hidden()


def test_a_code_of_a_retired_key_is_read_and_of_a_revoked_one_is_not(office: Office, page: Page) -> None:
    code = office.code()
    office.keys.rotate(datetime.now(UTC))
    page.goto(f"{office.address}/v/luring#{code}")
    assert word(page) == "KODE ASLI"
    published = json.loads(office.keys.public_path.read_text())
    published["keys"][0]["revoked"] = {"revoked_at": int(NOW.timestamp())}
    office.keys.public_path.write_text(json.dumps(published))
    page.reload()
    assert word(page) == "KODE PALSU"


def test_without_a_code_the_page_says_how_to_get_one(office: Office, page: Page) -> None:
    page.goto(f"{office.address}/v/luring")
    assert word(page) == "TIDAK ADA KODE"


def test_once_opened_it_works_without_a_network(office: Office, page: Page) -> None:
    page.goto(f"{office.address}/v/luring")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    office.shut()
    page.goto("about:blank")
    page.goto(f"{office.address}/v/luring#{office.code()}")
    assert word(page) == "KODE ASLI"
    assert page.evaluate("document.fonts.ready.then(all => [...all].some(each => each.status == 'loaded'))")
    page.goto("about:blank")
    page.goto(f"{office.address}/v/luring#{office.code()[:-9]}AAAAAAAAA")
    assert word(page) == "KODE PALSU"


def test_a_page_kept_by_a_phone_names_nobody(environment: Environment) -> None:
    services = cast(Services, SimpleNamespace(pages=environment, field_codes=FieldCodes(None)))
    assert "Keluar" not in offline._page(services)
