"""The documents name real things: files, functions, targets, settings, codes. A rename that forgets them fails here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
import typer.main
from pydantic_settings import BaseSettings

from api.problems import ApiCode, ProblemTable
from api.settings import ApiSettings
from docs.write_problems import page as problems_page
from permits.application import ApplicationStatus
from permits.authority import Role
from permits.errors import Code
from permits.events import Tag
from sakpore.cli import app
from sakpore.stack.installation import REPLACED_BY
from signing.verdict import REASONS, Verdict
from store.settings import StoreSettings
from worker.settings import MainSettings, SigningSettings
from workflows.application import CARRIED_OUT_BY

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
OPERATIONS = ROOT / "docs" / "operations.md"
DOCUMENTS = (README, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
ADRS = sorted((ROOT / "docs" / "adr").glob("*.md"))
ROOMS = ("permits", "store", "signing", "activities", "workflows", "worker", "api", "sakpore", "benchmarks", "docs")
SETTINGS: tuple[type[BaseSettings], ...] = (StoreSettings, ApiSettings, MainSettings, SigningSettings)
GENERATED = ("var/", ".venv/", "keys/")  # made by a run, so not there in a fresh clone

CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\[(?P<text>[^\]]+)\]\((?P<target>[^)#\s]+)\)")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?")
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())


def links(document: Path) -> Iterator[tuple[str, Path]]:
    """Text and target of every relative link."""
    for found in LINK.finditer(document.read_text()):
        if "://" not in found["target"]:
            yield found["text"], (document.parent / found["target"]).resolve()


def spans(document: Path) -> list[str]:
    """Everything in code quotes."""
    return CODE.findall(document.read_text())


def names_in(tree: ast.AST, prefix: str = "") -> Iterator[str]:
    """Functions, classes, their members and assigned names; members also as `Class.member`."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
            yield f"{prefix}{node.name}"
            yield from names_in(node, f"{node.name}." if isinstance(node, ast.ClassDef) else "")
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if isinstance(target, ast.Name):
                    yield target.id
                    yield f"{prefix}{target.id}"


@cache
def names_of(path: Path) -> frozenset[str]:
    """Names that a file defines."""
    return frozenset(names_in(ast.parse(path.read_text())))


@cache
def words_of_the_code() -> frozenset[str]:
    """Every name the code defines and every text it holds: what a word in code quotes may be."""
    words: set[str] = set()
    for path in (path for room in (*ROOMS, "tests") for path in (ROOT / room).rglob("*.py")):
        words |= names_of(path)
        tree = ast.parse(path.read_text())
        words |= {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    for path in (ROOT / "permits").rglob("*.yaml"):
        words |= set(re.findall(r"[\w-]+", path.read_text()))
    return frozenset(words)


def variables() -> set[str]:
    """Environment variables that the settings classes read."""
    names = {name.upper() for settings in SETTINGS for name in settings.model_fields}
    return names | {"SIGNING_TRUST_DIR"}


@every_document
def test_every_link_leads_to_a_file(document: Path) -> None:
    assert [text for text, target in links(document) if not target.exists()] == []


@every_document
def test_every_linked_name_is_defined_in_the_file_it_links_to(document: Path) -> None:
    wrong = []
    for text, target in links(document):
        name = text.strip("`")
        is_name = text.startswith("`") and target.suffix == ".py" and not name.endswith(".py")
        if is_name and name not in names_of(target):
            wrong.append(f"{name} in {target.relative_to(ROOT)}")
    assert wrong == []


@every_document
def test_every_path_in_code_quotes_exists(document: Path) -> None:
    rooms = tuple(f"{entry.name}/" for entry in ROOT.iterdir() if entry.is_dir())
    named = [span for span in spans(document) if span.startswith(rooms) and " " not in span]
    missing = [span for span in named if not span.startswith(GENERATED) and not list(ROOT.glob(span.rstrip("/")))]
    assert missing == []


@every_document
def test_every_name_in_code_quotes_is_one_of_the_code(document: Path) -> None:
    known = words_of_the_code() | variables() | {"make"}
    named = [span for span in spans(document) if IDENTIFIER.fullmatch(span) and not span.endswith(".py")]
    assert [span for span in named if span not in known and not (ROOT / span).exists()] == []


@every_document
def test_every_event_tag_is_one_that_is_written(document: Path) -> None:
    tags = [span for span in spans(document) if re.fullmatch(r"\w+:\w+:\w+", span)]
    assert [tag for tag in tags if tag not in set(Tag)] == []


@every_document
def test_every_make_target_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    text = document.read_text()
    named = set(re.findall(r"(?:`| {4})make ([a-z-]+)", text))
    assert named - targets == set()


@every_document
def test_every_command_of_sakpore_exists(document: Path) -> None:
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    named = set(re.findall(r"(?:`|bin/)sakpore ([a-z]+)", document.read_text()))
    assert named - commands == set()


def test_readme_is_short_and_names_the_two_commands() -> None:
    text = README.read_text()
    assert len(text.splitlines()) < 130
    assert "make run" in text
    assert "make test" in text


def test_readme_lists_every_room() -> None:
    listed = set(re.findall(r"^\| `(\w+)/` \|", README.read_text(), re.MULTILINE))
    rooms = {entry.name for entry in ROOT.iterdir() if entry.is_dir() and entry.name[0] != "." and entry.name != "var"}
    assert listed == rooms - {"requirements", "__pycache__", "build", "node_modules"}


def test_readme_says_by_which_variable_each_embedded_part_is_replaced() -> None:
    table = README.read_text().split("## Replace the embedded parts")[1].split("\n## ")[0]
    named = {span for span in CODE.findall(table) if re.fullmatch(r"[A-Z][A-Z0-9]*_[A-Z0-9_]+", span)}
    assert set(REPLACED_BY.values()) <= named
    assert named <= variables()


def settings_table() -> str:
    return OPERATIONS.read_text().split("## Settings")[1].split("\n## ")[0]


def test_operations_lists_every_setting_and_no_other() -> None:
    listed = set(re.findall(r"`([A-Z][A-Z0-9_]*_[A-Z0-9_]+)`", settings_table()))
    assert listed == variables()


def test_operations_says_which_settings_have_no_default() -> None:
    bold = {name for name in re.findall(r"\*\*`([A-Z0-9_]+)`\*\*", settings_table())}
    always = {
        name.upper()
        for name in set().union(*(settings.model_fields for settings in SETTINGS))
        if all(s.model_fields[name].is_required() for s in SETTINGS if name in s.model_fields)
    }
    # The API starts without payload keys, and can then reach no case.
    assert bold == always | {"PAYLOAD_KEYS"}


def test_the_stack_hands_on_every_setting() -> None:
    tree = ast.parse((ROOT / "sakpore" / "stack" / "parts.py").read_text())
    handed_on = {n.value for n in ast.walk(tree) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    assert variables() <= handed_on


def test_tour_names_the_function_of_every_stage_kind() -> None:
    rows = re.findall(r"^\| `(\w+)` \| \[`(\w+)`\]", (ROOT / "docs" / "tour.md").read_text(), re.MULTILINE)
    assert dict(rows) == {kind: work.__name__ for kind, work in CARRIED_OUT_BY.items()}


def test_glossary_covers_every_role_status_and_verdict() -> None:
    listed = set(spans(ROOT / "docs" / "glossary.md"))
    wanted = {*(role.value for role in Role), *(s.value for s in ApplicationStatus), *(v.value for v in Verdict)}
    assert wanted - listed == set()


def test_glossary_explains_no_word_twice() -> None:
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| [^|]+ \|$", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    words = [row.strip() for row in rows if row.strip() not in ("our word", "---")]
    assert sorted(words) == sorted(set(words))


def test_problems_page_is_what_the_code_says_today() -> None:
    written = (ROOT / "docs" / "problems.md").read_text()
    assert written == problems_page(), "run: .venv/bin/python -m docs.write_problems"


def test_problems_page_has_a_sentence_for_every_code() -> None:
    written = (ROOT / "docs" / "problems.md").read_text()
    table = ProblemTable()
    for code in (*Code, *ApiCode):
        words = table.words(code.value)
        assert words is not None
        assert f"| `{code.value}` | {words.status} | **{words.title}.** {words.detail}" in written


def test_decisions_are_numbered_without_gaps() -> None:
    assert [path.name[:4] for path in ADRS] == [f"{n:04d}" for n in range(1, len(ADRS) + 1)]


@pytest.mark.parametrize("adr", ADRS, ids=lambda path: path.stem)
def test_each_decision_has_its_date_its_parts_and_its_cost(adr: Path) -> None:
    text = adr.read_text()
    assert text.startswith(f"# {adr.name[:4]} ")
    assert re.search(r"^Date: \d{4}-\d{2}-\d{2}\. Status: \w+", text, re.MULTILINE)
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Consequences"]
    assert "**Cost:**" in text
    assert len(text.split()) < 400, "a decision is one page"


def test_verification_page_has_a_line_for_every_code_of_a_verdict() -> None:
    table = (ROOT / "docs/verification.md").read_text().partition("## Codes")[2].partition("\n## ")[0]
    lines = re.findall(r"^\| ([a-z_]+) \|", table, re.MULTILINE)
    assert sorted(lines) == sorted(["code", *REASONS])
