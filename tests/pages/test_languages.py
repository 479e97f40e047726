"""No word of a page is left outside the catalogue, and every one of them is said in English."""

import re
from functools import cache
from pathlib import Path

import pytest
from jinja2 import Environment

from api.pages.language import LOCALE, catalogue, gettext, ngettext, speaking
from docs.write_locale import messages_of, used_in
from sakpore.assets import WEB

TEMPLATES = sorted((WEB / "pages").rglob("*.html"))
every_template = pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: str(path.relative_to(WEB / "pages")))

SPOKEN_ATTRIBUTE = re.compile(r"""\s(?:alt|title|placeholder|aria-label|content|data-kata[\w-]*)=["']([^"']*)["']""")
SPOKEN_PARAMETERS = {"text", "html", "visuallyHiddenText", "caption", "legend", "hint", "label"}
UNSPOKEN = re.compile(r"<!--.*?-->|<script.*?</script>|&\w+;", re.DOTALL)
LEXER = Environment(extensions=["jinja2.ext.i18n"])
NAMES = {"Sakpore", "English", "Bahasa Indonesia", "PDF", "QR", "NIK", "WIB", "NIP", "SHA-256", "CSV", "JSON", "API"}
"""What is the same in every language."""
SETTINGS = re.compile(r"width=device-width.*|#14213D|noindex|light.*")


def words_outside(text: str) -> list[str]:
    """What a template says without asking the catalogue."""
    data, parameters = said_by(text)
    data = UNSPOKEN.sub("", data)
    spoken = [found for found in SPOKEN_ATTRIBUTE.findall(data) if not SETTINGS.fullmatch(found)]
    plain = re.sub(r"<[^>]*>", "\n", data)
    lines = [line.strip(" ·.,:;()/–-→←\u00a0") for line in (*plain.splitlines(), *spoken, *parameters)]
    return [line for line in lines if re.search(r"[A-Za-z]{2}", line) and line not in NAMES]


def said_by(text: str) -> tuple[str, list[str]]:
    """The plain text outside `trans`, and the strings that are given to components as their words."""
    data, parameters, translated = "", [], False
    tokens = [token for token in LEXER.lex(text) if token[1] != "whitespace"]
    for n, (_, kind, value) in enumerate(tokens):
        if kind == "block_begin":
            name = tokens[n + 1][2]
            translated = name == "trans" or (translated and name != "endtrans")
        elif kind == "data" and not translated:
            data += value
        elif kind == "string" and n > 1 and tokens[n - 1][2] == ":" and tokens[n - 2][2][1:-1] in SPOKEN_PARAMETERS:
            parameters.append(value[1:-1])
    return data, parameters


@every_template
def test_every_word_of_a_page_can_be_translated(template: Path) -> None:
    assert words_outside(template.read_text()) == []


def test_a_word_outside_the_catalogue_is_noticed() -> None:
    assert words_outside('<p>{{ _("Masuk") }}</p><p>Keluar</p>') == ["Keluar"]
    assert words_outside('<img alt="Peta kota">') == ["Peta kota"]
    assert words_outside('{{ govuk("button", {"text": "Kirim"}) }}') == ["Kirim"]


@cache
def asked() -> frozenset[str]:
    return frozenset(messages_of())


def test_every_word_of_a_page_is_said_in_english() -> None:
    assert sorted(asked() - set(catalogue("en"))) == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(catalogue("en")) - asked()) == []


def test_one_sentence_has_one_translation() -> None:
    said: dict[str, set[tuple[str, ...]]] = {}
    for path in sorted((LOCALE / "en").glob("*.po")):
        for words, forms in used_in(path).items():
            said.setdefault(words, set()).add(forms)
    assert {words: forms for words, forms in said.items() if len(forms) > 1} == {}


def test_a_translation_keeps_the_places_of_its_sentence() -> None:
    place = re.compile(r"%\((\w+)\)")
    for words, forms in catalogue("en").items():
        for form in forms:
            assert set(place.findall(form)) <= set(place.findall(words)) | {"num"}, words


def test_indonesian_is_what_the_pages_are_written_in() -> None:
    assert gettext("Masuk") == "Masuk"
    with speaking("en"):
        assert gettext("Masuk") == "Sign in"
        assert gettext("tidak ada di katalog") == "tidak ada di katalog"
    with speaking("tlh"):
        assert gettext("Masuk") == "Masuk"
    assert ngettext("satu", "banyak", 2) == "banyak"
