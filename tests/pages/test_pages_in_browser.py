"""In a real browser: no accessibility fault that axe knows, nothing wider than a small phone, our own font."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from jinja2 import Environment
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.pages import samples

SITE = "http://pages.test"
TYPES = {
    ".html": "text/html", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2",
    ".js": "text/javascript",
}  # fmt: skip
AXE_PAGES = (
    "beranda-salah", "lacak-terlambat", "lacak-perbaikan", "lacak-terbit", "verifikasi-sah", "verifikasi-dicabut",
    "verifikasi-diperpanjang-sampai", "unggah", "unggah-dicabut", "unggah-tidak-terdaftar", "unggah-semua-alasan",
    "verifikasi-tidak-dikenal", "unggah-salah-pdf", "unggah-salah-foto", "verifikasi-kode-asing", "luring",
    "unggah-berubah", "masuk-salah", "galat-404",
)  # fmt: skip


def find_chromium() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(params=[360, 1280], ids=["phone", "desktop"], scope="module")
def page(browser: Browser, environment: Environment, web: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 800})
    opened = context.new_page()

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(SITE)
        if path.startswith("/assets/"):
            asset = web / "dist" / path.removeprefix("/assets/")
            route.fulfill(body=asset.read_bytes(), content_type=TYPES[asset.suffix])
        else:
            template, given = samples.pages()[path.strip("/")]
            route.fulfill(body=environment.get_template(template).render(**given), content_type="text/html")

    context.route("**/*", answer)
    yield opened
    context.close()


@pytest.mark.parametrize("name", AXE_PAGES)
def test_axe_finds_nothing_to_complain_about(page: Page, name: str) -> None:
    page.goto(f"{SITE}/{name}")
    page.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    violations = Axe().run(page).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in violations] == []


@pytest.mark.parametrize("name", samples.pages())
def test_no_page_is_wider_than_the_screen(page: Page, name: str) -> None:
    page.goto(f"{SITE}/{name}")
    page.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_pages_are_set_in_noto_sans_of_our_own(page: Page) -> None:
    page.goto(f"{SITE}/beranda")
    loaded = page.evaluate(
        "document.fonts.ready.then(all => [...all].filter(each => each.status == 'loaded').map(each => each.family))"
    )
    assert {family.strip('"') for family in loaded} == {"Noto Sans"}


def test_keyboard_reaches_the_content_first(page: Page) -> None:
    page.goto(f"{SITE}/beranda")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#isi"
