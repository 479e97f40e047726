"""Rules of one folder of pages stay there, though all pages share one sheet."""

from pathlib import Path

import pytest
from jinja2 import Environment

from sakpore.assets import build
from sakpore.scoping import scoped
from tests.pages.samples.people import OPS, framed


def test_each_selector_is_put_under_its_folders_class() -> None:
    sheet = ".a, .b > c { color: red }@media print { .d:is(.e, .f) { margin: 0 } }@font-face { src: url(x) }"
    assert scoped(sheet, "head").split("\n") == [
        ".area-head .a,.area-head .b > c{ color: red }",
        "@media print{.area-head .d:is(.e, .f){ margin: 0 }}",
        "@font-face{ src: url(x) }",
    ]


def test_rules_that_two_folders_share_hold_in_both() -> None:
    assert scoped(".a{}", "agencies") == ".area-agencies .a,.area-fieldwork .a{}"
    assert scoped(".a{}", "live") == ".a{}"


def test_braces_that_do_not_match_stop_the_build() -> None:
    with pytest.raises(ValueError, match="braces"):
        scoped(".a { .b { }", "head")


def test_a_page_says_which_folder_it_lies_in(environment: Environment) -> None:
    sections: list[object] = []
    inside = environment.get_template("administration/overview.html").render(
        framed(OPS, parts=[], sections=sections, engine_ui=None)
    )
    outside = environment.get_template("galat.html").render(status=404, request_id="contoh")
    assert '<body class="govuk-template__body area-administration">' in inside
    assert '<body class="govuk-template__body">' in outside


def test_no_rule_of_a_folder_stands_free_in_the_sheet(web: Path) -> None:
    sheet = (web / "dist" / build(web)["sakpore.css"]).read_text()
    free = sheet.replace(".area-administration .bagian__satu", "")
    assert free != sheet and ".bagian__satu" not in free
