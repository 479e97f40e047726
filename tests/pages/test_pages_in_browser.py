"""In a real browser: no accessibility fault that axe knows, nothing wider than a small phone, our own font."""

from collections.abc import Iterator
from pathlib import Path

import axe_playwright_python
import pytest
from jinja2 import Environment
from playwright.sync_api import Browser, Page

from tests.pages import samples
from tests.pages.shown import SITE, serve

PHONE, DESK = {"width": 360, "height": 800}, {"width": 1280, "height": 800}
NARROWEST = {"width": 320, "height": 800}  # WCAG 2.2, 1.4.10
AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
VIOLATIONS = """async () => (await axe.run({resultTypes: ["violations"]})).violations.map(
    each => [each.id, each.nodes.map(node => node.target.join(" "))])"""
TOO_WIDE = "document.documentElement.scrollWidth - window.innerWidth"


@pytest.fixture(scope="module")
def page(browser: Browser, environment: Environment, web: Path) -> Iterator[Page]:
    context = browser.new_context(viewport=PHONE)
    context.add_init_script(AXE)
    serve(context, environment, web)
    opened = context.new_page()
    yield opened
    context.close()


@pytest.mark.parametrize("name", samples.pages())
def test_axe_finds_nothing_and_nothing_is_wider_than_the_screen(page: Page, name: str) -> None:
    page.set_viewport_size(PHONE)
    page.goto(f"{SITE}/{name}")
    page.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    assert page.evaluate(VIOLATIONS) == []
    page.set_viewport_size(NARROWEST)
    assert page.evaluate(TOO_WIDE) <= 0
    page.set_viewport_size(DESK)
    assert page.evaluate(TOO_WIDE) <= 0
    assert page.evaluate(VIOLATIONS) == []


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
