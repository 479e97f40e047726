"""In a real browser: no accessibility fault that axe knows, nothing wider than a small phone, our own font."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from jinja2 import Environment
from playwright.sync_api import Browser, Page, sync_playwright

from tests.pages import samples
from tests.pages.shown import SITE, find_chromium, serve


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(params=[360, 1280], ids=["phone", "desktop"], scope="module")
def page(browser: Browser, environment: Environment, web: Path, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 800})
    serve(context, environment, web)
    opened = context.new_page()
    yield opened
    context.close()


@pytest.mark.parametrize("name", samples.pages())
def test_axe_finds_nothing_to_complain_about(page: Page, name: str) -> None:
    page.goto(f"{SITE}/{name}")
    page.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    violations = Axe().run(page).response["violations"]
    assert [(each["id"], [node["target"] for node in each["nodes"]]) for each in violations] == []


@pytest.mark.parametrize("name", samples.pages())
def test_no_page_is_wider_than_the_screen(page: Page, name: str) -> None:
    narrow = page.viewport_size is not None and page.viewport_size["width"] < 400
    if narrow:
        page.set_viewport_size({"width": 320, "height": 800})  # WCAG 2.2, 1.4.10
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
