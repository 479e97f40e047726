"""What leaves a page by its title, its addresses and its policy: no personal data, and nothing but our own files."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from jinja2 import Environment
from playwright.sync_api import Browser, Page

from api.layers import CONTENT_POLICY
from permits.authority import Actor
from tests.pages import samples
from tests.pages.samples import people
from tests.pages.shown import SITE, policy_of, serve

every_page = pytest.mark.parametrize("name", samples.pages())

NIK = re.compile(r"(?<!\d)\d{16}(?!\d)")
MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
SECRET_FIELDS = re.compile(r"""name=["'](email|surel|nik|password|sandi\w*|telepon|phone|alamat|nama)["']""")
NAMES = sorted({one.name for one in vars(people).values() if isinstance(one, Actor)})


def shown(environment: Environment, name: str) -> str:
    template, context = samples.pages()[name]
    return environment.get_template(template).render(**context)


def names_of(environment: Environment, name: str) -> set[str]:
    """People of this sample, and those of all samples."""
    person = samples.pages()[name][1].get("person")
    own = getattr(person, "name", None) or (person or {}).get("name") if person else None
    return {*NAMES, *([own] if own else [])}


@every_page
def test_no_title_says_whose_page_it_is(environment: Environment, name: str) -> None:
    found = re.search(r"<title>(.*?)</title>", shown(environment, name), re.DOTALL)
    title = found.group(1) if found else ""
    assert not NIK.search(title) and not MAIL.search(title)
    assert not [one for one in names_of(environment, name) if one in title]


@every_page
def test_no_address_carries_personal_data(environment: Environment, name: str) -> None:
    html = shown(environment, name)
    for address in re.findall(r"""\s(?:href|src|action|data-hidup)=["']([^"']*)["']""", html):
        plain = unquote(address.replace("&amp;", "&")).replace("+", " ")
        if plain.startswith(("mailto:", "tel:")):
            continue  # whom to reach, said on purpose
        assert not NIK.search(plain) and not MAIL.search(plain), address
        assert not [one for one in names_of(environment, name) if one in plain], address


@every_page
def test_no_form_puts_personal_data_into_an_address(environment: Environment, name: str) -> None:
    for form in re.findall(r"<form\b[^>]*>.*?</form>", shown(environment, name), re.DOTALL):
        if not re.match(r"""<form\b[^>]*method=["']post["']""", form):
            assert not SECRET_FIELDS.search(form), "such a field is sent by post"


@every_page
def test_nothing_is_carried_in_the_page_itself(environment: Environment, name: str) -> None:
    """No script, style or handler within the page: the policy would refuse it, and the page would be half of itself."""
    html = shown(environment, name)
    assert not re.search(r"<style\b|\sstyle=|<script(?![^>]*\bsrc=)|\son[a-z]+\s*=\s*[\"']|javascript:", html)


@pytest.fixture(scope="module")
def page(browser: Browser, environment: Environment, web: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    serve(context, environment, web)
    opened = context.new_page()
    yield opened
    context.close()


@every_page
def test_no_page_asks_for_what_the_content_policy_forbids(page: Page, name: str) -> None:
    refused: list[str] = []
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    answer = page.goto(f"{SITE}/{name}")
    assert answer is not None and answer.headers["content-security-policy"] == policy_of(name)
    assert refused == []


def test_the_policy_allows_our_own_files_alone() -> None:
    rules = dict(rule.strip().partition(" ")[::2] for rule in CONTENT_POLICY.split(";"))
    assert rules["default-src"] == "'self'"
    assert rules["img-src"] == "'self' data:"
    assert {rules[name] for name in ("object-src", "base-uri", "frame-ancestors")} == {"'none'"}
    assert "unsafe" not in CONTENT_POLICY and "*" not in CONTENT_POLICY and "http" not in CONTENT_POLICY
