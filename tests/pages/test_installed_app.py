"""The installed app: Chromium would install it, shows our page without a network, and keeps no page but that one."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter, Request
from jinja2 import Environment
from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright
from starlette.responses import HTMLResponse, Response

from api.pages.live import live_pages
from api.pages.public.field_codes import field_code_pages
from tests.browser_fixture import find_chromium
from tests.pages.samples.people import APPLICANT, framed
from tests.pages.served import Door, wait_until

private = APIRouter()


@private.get("/permohonan/{number}")
async def a_private_page(number: str, request: Request) -> Response:
    template = request.app.state.services.pages.get_template("galat.html")
    told = {"status": 404, "title": "Contoh", "detail": f"Rahasia {number}", "request_id": "-"}
    return HTMLResponse(template.render(**framed(APPLICANT), **told))


@pytest.fixture
def door(environment: Environment, web: Path) -> Iterator[Door]:
    door = Door(environment, web, (private, live_pages, field_code_pages))
    yield door
    door.shut()


@pytest.fixture
def context(tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser with a profile on disk: nothing is installed from a private window."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch_persistent_context(
            tmp_path / "profile", executable_path=find_chromium(), args=["--no-sandbox"],
            viewport={"width": 360, "height": 780},
        )  # fmt: skip
        yield opened
        opened.close()


@pytest.fixture
def page(context: BrowserContext, door: Door) -> Page:
    """A private page, with the worker at work."""
    page = context.new_page()
    page.goto(f"{door.address}/permohonan/PRM-2026-000001")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.wait_for_function("navigator.serviceWorker.controller !== null")
    return page


def kept(page: Page) -> dict[str, list[str]]:
    """Everything that is kept in the browser: path of each answer by the name of its cache."""
    found: dict[str, list[str]] = page.evaluate(
        """async () => Object.fromEntries(await Promise.all((await caches.keys()).map(async (name) =>
        [name, (await (await caches.open(name)).keys()).map((request) => new URL(request.url).pathname)])))"""
    )
    return found


def test_chromium_finds_nothing_that_keeps_it_from_installing(context: BrowserContext, page: Page) -> None:
    asking = context.new_cdp_session(page)
    assert asking.send("Page.getInstallabilityErrors")["installabilityErrors"] == []
    told = asking.send("Page.getAppManifest")
    assert told["errors"] == []
    assert json.loads(told["data"])["display"] == "standalone"


def test_the_icons_are_pictures_of_the_sizes_that_the_manifest_says(page: Page, door: Door) -> None:
    manifest = page.request.get(f"{door.address}/manifest.webmanifest")
    assert manifest.headers["content-type"] == "application/manifest+json"
    icons = manifest.json()["icons"]
    assert {icon["purpose"] for icon in icons} == {"any", "maskable"}
    for icon in icons:
        picture = Image.open(io.BytesIO(page.request.get(f"{door.address}{icon['src']}").body()))
        assert f"{picture.width}x{picture.height}" == icon["sizes"]
        # What is maskable is cut by the launcher, so its ground reaches every corner.
        alpha = picture.convert("RGBA").getpixel((0, 0))[3]  # type: ignore[index]
        assert (alpha == 255) == (icon["purpose"] == "maskable")


def test_without_a_network_our_page_says_what_can_still_be_done(page: Page, door: Door) -> None:
    door.shut()
    page.goto(f"{door.address}/permohonan/PRM-2026-000002")
    expect(page.get_by_role("heading", level=1)).to_contain_text("tidak dapat dibuka sekarang")
    expect(page.get_by_role("main")).to_contain_text("Yang masih dapat Anda lakukan")
    assert page.evaluate("document.fonts.ready.then(() => document.fonts.check('16px \"Noto Sans\"'))")
    door.open()
    page.get_by_role("link", name="Coba lagi").click()
    expect(page.get_by_role("main")).to_contain_text("Rahasia PRM-2026-000002")
    assert page.url.endswith("/permohonan/PRM-2026-000002")


def test_no_page_with_personal_data_is_kept(page: Page) -> None:
    page.reload()
    pages = [path for paths in kept(page).values() for path in paths if not path.startswith("/assets/")]
    assert pages == ["/luring"]
    assert "Contoh Pemohon" not in page.evaluate(
        "async () => (await (await caches.match('/luring')).text())"
    )


def test_a_new_edition_takes_the_place_of_the_old_one(page: Page, door: Door, environment: Environment) -> None:
    (before,) = kept(page)
    loaded = environment.globals["asset"]
    environment.globals["asset"] = lambda name: loaded(name) + ("?baru" if name == "star.svg" else "")

    def is_gone() -> bool:
        """A browser asks again at each visit; an edition that could not be fetched whole is left for the next one."""
        page.evaluate("navigator.serviceWorker.ready.then((ours) => ours.update())")
        page.wait_for_timeout(500)
        return before not in kept(page)

    try:
        wait_until(is_gone, 60)
    finally:
        environment.globals["asset"] = loaded
    (after,) = kept(page)
    assert after != before


def test_the_worker_of_the_offline_check_keeps_its_own_pages(page: Page, door: Door) -> None:
    page.goto(f"{door.address}/v/luring")
    expect(page.locator("#luring-tersimpan")).to_be_visible()
    wait_until(lambda: any(name.startswith("sakpore-luring-") for name in kept(page)))
    scopes = page.evaluate(
        "navigator.serviceWorker.getRegistrations().then((all) => all.map((each) => new URL(each.scope).pathname))"
    )
    assert sorted(scopes) == ["/", "/v/luring"]
    page.reload()
    wait_until(
        lambda: page.evaluate("navigator.serviceWorker.controller?.scriptURL.endsWith('/v/luring/pekerja.js')")
    )
    door.shut()
    page.goto(f"{door.address}/v/luring")
    expect(page.get_by_role("heading", level=1)).to_contain_text("TIDAK ADA KODE")
    page.goto(f"{door.address}/v")
    expect(page.get_by_role("heading", level=1)).to_contain_text("tidak dapat dibuka sekarang")
