"""The pages about bad input and about changing workflows say what the code does, and name tests that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from docs.write_decisions import SAMPLES, cells, kinds_of_bodies
from docs.write_decisions import page as decisions_page
from permits.decision_rules import POSSIBLE
from permits.errors import Code

ROOT = Path(__file__).resolve().parents[2]
BAD_INPUT = ROOT / "docs" / "bad-input.md"
CHANGING = ROOT / "docs" / "changing-workflows.md"
NAMED_TEST = re.compile(r"\[`(test_\w+)`\]\(([^)]+\.py)\)")


def rows() -> list[str]:
    """The table's rows, without their heads."""
    lines = [line for line in BAD_INPUT.read_text().splitlines() if line.startswith("| ")]
    return [line for line in lines if not line.startswith("| what |")]


def names_of_tests(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_test_that_a_row_names_exists() -> None:
    named = NAMED_TEST.findall(BAD_INPUT.read_text())
    missing = [name for name, file in named if name not in names_of_tests((BAD_INPUT.parent / file).resolve())]
    assert len(named) > 60
    assert missing == []


def test_every_row_says_by_which_test_it_is_shown() -> None:
    bare = [line for line in rows() if not NAMED_TEST.search(line.split(" | ")[-1])]
    assert bare == []


def test_every_code_that_a_row_names_is_on_the_page_of_problems() -> None:
    problems = (ROOT / "docs" / "problems.md").read_text()
    named = re.findall(r"\[`([a-z-]+)`\]\(problems\.md\)", BAD_INPUT.read_text())
    assert [code for code in named if f"| `{code}` |" not in problems] == []


def test_decisions_page_is_what_the_code_says_today() -> None:
    written = (ROOT / "docs" / "decisions.md").read_text()
    assert written == decisions_page(), "run: .venv/bin/python -m docs.write_decisions"


def test_every_decision_at_every_task_is_taken_or_refused_as_the_page_says() -> None:
    assert {body.kind for body in SAMPLES} == kinds_of_bodies()
    asked = list(cells())
    assert len(asked) == len(POSSIBLE) * len(SAMPLES)
    for kind, decision, answer in asked:
        if decision in POSSIBLE[kind]:
            assert answer is None, (kind, decision, answer)
        else:
            assert answer in (Code.DECISION_NOT_POSSIBLE, Code.NOT_ALLOWED), (kind, decision, answer)
            assert answer is Code.DECISION_NOT_POSSIBLE or decision == "sign"


def patches_in_the_code() -> set[tuple[str, str]]:
    """Id of each patch that a workflow asks for, with the file that asks."""
    files = sorted((ROOT / "workflows").rglob("*.py"))
    trees = {path: ast.parse(path.read_text()) for path in files}
    ids = {
        node.targets[0].id: node.value.value
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
    }
    return {
        (_patch_id(node.args[0], ids), path.relative_to(ROOT).as_posix())
        for path, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("workflow.patched", "workflow.deprecate_patch")
    }


def _patch_id(asked: ast.expr, ids: dict[str, object]) -> str:
    return str(ids[asked.id] if isinstance(asked, ast.Name) else ast.literal_eval(asked))


def test_every_patch_of_the_code_is_listed_and_no_other() -> None:
    table = CHANGING.read_text().split("## The patches there are")[1].split("\n## ")[0]
    listed = set()
    for line in table.splitlines():
        if found := re.match(r"\| `([a-z-]+)` \|", line):
            listed |= {(found[1], file) for file in re.findall(r"\]\(\.\./(workflows/[\w/]+\.py)\)", line)}
    assert listed == patches_in_the_code()
