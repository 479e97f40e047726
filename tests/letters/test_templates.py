"""A template that changes gets a new number, and what a letter was rendered from is kept whole."""

import json
import shutil
from pathlib import Path
from typing import get_args

import pytest

from activities.letters import LETTERS_DIR, Template, render_letter
from activities.templates import (
    VERSIONS,
    TemplateError,
    bundle,
    renderer,
    sources_sha256,
    template_sources,
    template_version,
    unpack,
)
from tests.letters import samples


@pytest.mark.parametrize("template", get_args(Template))
def test_a_changed_template_has_a_new_number(template: str) -> None:
    saved = json.loads((LETTERS_DIR / VERSIONS).read_text())[template]
    assert saved["sources"] == sources_sha256(template), (
        f"{template} is no longer what its number says: run python -m tests.letters.save_versions"
    )


def test_every_number_belongs_to_a_template_that_is_there() -> None:
    assert set(json.loads((LETTERS_DIR / VERSIONS).read_text())) == set(get_args(Template))


def test_a_templates_sources_are_itself_what_it_imports_and_the_drawings() -> None:
    assert set(template_sources("sip")) == {"sip.typ", "base.typ", "star.svg"}


@pytest.mark.parametrize("file", ["base.typ", "sip.typ", "star.svg"])
def test_any_changed_source_changes_what_names_them(file: str, tmp_path: Path) -> None:
    copy = shutil.copytree(LETTERS_DIR, tmp_path / "letters")
    (copy / file).write_text((copy / file).read_text() + "\n")
    assert sources_sha256("sip", copy) != sources_sha256("sip")
    assert (sources_sha256("umum", copy) == sources_sha256("umum")) == (file == "sip.typ")


def test_a_bundle_alone_makes_the_same_letter(tmp_path: Path) -> None:
    letter = samples.kartu_pengawas()
    template, made_with = unpack(bundle("umum"), tmp_path)
    assert (template, made_with) == ("umum", renderer())
    assert render_letter(template, letter, letters_dir=tmp_path) == render_letter("umum", letter)


def test_a_letter_carries_the_number_of_its_template(tmp_path: Path) -> None:
    assert template_version("sip") >= 2
    with pytest.raises(TemplateError):
        template_version("tidak-ada")


@pytest.mark.parametrize("name", ["../jahat.typ", "/etc/x.typ", "a/b.typ", "x.py"])
def test_a_bundle_writes_nothing_outside_its_folder(name: str, tmp_path: Path) -> None:
    held = {**json.loads(bundle("sip")), "sources": {name: "x"}}
    with pytest.raises(TemplateError):
        unpack(json.dumps(held).encode(), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"form": 9, "sources": {}}', b"\xff"])
def test_a_damaged_bundle_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(TemplateError):
        unpack(content, tmp_path)
