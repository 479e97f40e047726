"""Rules of one folder of pages stay there, though all pages share one sheet."""

import re
from pathlib import Path

import pytest
from jinja2 import Environment

from sakpore.assets import build
from sakpore.scoping import scoped
from tests.pages import samples


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


@pytest.mark.parametrize("name", samples.pages())
def test_a_page_says_which_folder_it_lies_in(environment: Environment, name: str) -> None:
    template, context = samples.pages()[name]
    html = environment.get_template(template).render(**context)
    classes = " ".join(re.findall(r'<(?:html|body)[^>]*class="([^"]*)"', html)).split()
    folder, slash, _ = template.partition("/")
    assert [one for one in classes if one.startswith("area-")] == ([f"area-{folder}"] if slash else [])


def test_no_rule_of_a_folder_stands_free_in_the_sheet(web: Path) -> None:
    sheet = (web / "dist" / build(web)["sakpore.css"]).read_text()
    free = sheet.replace(".area-administration .bagian__satu", "")
    assert free != sheet and ".bagian__satu" not in free
