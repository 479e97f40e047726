"""What pages weigh: the style sheet holds what they show and no more, and a first visit stays under 60 kB."""

import gzip
import re
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment

from sakpore.assets import build
from sakpore.thinning import names_in_selector, thinned, used_names
from tests.pages import samples

MOST_BYTES = 60_000
every_page = pytest.mark.parametrize("name", samples.pages())
FONTS = ("noto-sans-latin-400-normal.woff2", "noto-sans-latin-700-normal.woff2")
FROM_THE_SHEET = ("jlamprang.svg",)


def shown(environment: Environment, name: str) -> str:
    template, context = samples.pages()[name]
    return environment.get_template(template).render(**context)


def bytes_on_the_wire(web: Path, name: str) -> int:
    """A built file as the server sends it."""
    file = web / "dist" / build(web)[name]
    pressed = file.with_name(f"{file.name}.br")
    return (pressed if pressed.is_file() else file).stat().st_size


def weight(environment: Environment, web: Path, name: str) -> int:
    """All bytes of a first visit: the page, what it names, and what the style sheet needs for Indonesian."""
    html = shown(environment, name)
    # What else is named, as the map's program, comes when it is asked for.
    loaded = set(re.findall(r"""\s(?:src|href)=["']/assets/([^"'#]+)""", html))
    names = {plain: built for plain, built in build(web).items() if built in loaded}
    parts = {*names, *FONTS, *FROM_THE_SHEET} - {"ikon-192.png"}  # an icon for the home screen is not fetched to read
    return len(gzip.compress(html.encode(), 6)) + sum(bytes_on_the_wire(web, part) for part in parts)


@every_page
def test_every_page_is_under_60_kb_on_the_wire(environment: Environment, web: Path, name: str) -> None:
    assert weight(environment, web, name) <= MOST_BYTES


@cache
def full_names(sheet: Path) -> frozenset[str]:
    return frozenset(name for part in re.findall(r"\.govuk-[\w\\!-]+", sheet.read_text()) for name in
                     names_in_selector(part))


@every_page
def test_no_page_shows_a_component_whose_rules_were_taken_out(environment: Environment, web: Path, name: str) -> None:
    whole = full_names(web / "node_modules" / "govuk-frontend" / "dist" / "govuk" / "govuk-frontend.min.css")
    ours = full_names(web / "dist" / build(web)["sakpore.css"])
    classes = {one for each in re.findall(r'class="([^"]*)"', shown(environment, name)) for one in each.split()}
    needed = {found for one in classes for found in names_in_selector(f".{one.replace('!', chr(92) + '!')}")}
    assert needed & whole <= ours


def test_what_is_not_drawn_is_taken_out_and_what_is_drawn_stays(web: Path) -> None:
    sheet = (web / "dist" / build(web)["sakpore.css"]).read_text()
    assert ".govuk-button" in sheet and ".govuk-error-message" in sheet
    assert ".govuk-cookie-banner" not in sheet and ".govuk-header" not in sheet


@pytest.mark.parametrize(
    ("sheet", "left"),
    [
        (".govuk-tag{a:b}.govuk-button{c:d}", ".govuk-button{c:d}"),
        (".govuk-tag,.govuk-button:not(.govuk-tag){a:b}", ".govuk-button:not(.govuk-tag){a:b}"),
        ("@media print{.govuk-tag{a:b}}p{c:d}", "p{c:d}"),
        ("@supports (a:b){@media print{.govuk-button--x .govuk-button__y{a:b}}}",
         "@supports (a:b){@media print{.govuk-button--x .govuk-button__y{a:b}}}"),
        (".govuk-button .govuk-tag{a:b}", ""),
        (r".govuk-\!-margin-1{a:b}.govuk-\!-margin-2{a:b}", r".govuk-\!-margin-2{a:b}"),
        ("@charset \"x\";/* { */:root{--a:b}@font-face{c:d}", "@charset \"x\";:root{--a:b}@font-face{c:d}"),
    ],
)  # fmt: skip
def test_rules_go_with_their_components(sheet: str, left: str) -> None:
    used = used_names(['<b class="govuk-button govuk-!-margin-2">'])
    assert thinned(sheet, used) == left


def test_a_component_brings_what_it_draws_itself() -> None:
    used = used_names(['{{ govuk("radios", {}) }}'])
    assert {"govuk-radios", "govuk-fieldset", "govuk-hint", "govuk-error-message", "govuk-form-group"} <= used
    with pytest.raises(ValueError, match="radio"):
        used_names(['{{ govuk("radio", {}) }}'])


@pytest.mark.parametrize("broken", ["p{a:b", "p{a:b}}"])
def test_a_sheet_that_is_not_whole_is_not_thinned(broken: str) -> None:
    with pytest.raises(ValueError, match="braces"):
        thinned(broken, frozenset())
