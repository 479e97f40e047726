"""What each function of the workflows asks of the engine, in order, as a short hash: the shape that a replay relies on.

Read from the source alone. A fingerprint holds everything a function awaits and every call that can become a command
(an activity, a child, a timer, a search attribute, a signal), what such a call runs where it says so, and the
conditions under which it stands. Texts, options and time-outs are no part of it: a running case does not mind those.
"""

from __future__ import annotations

import ast
import copy
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEPT = Path(__file__).parent / "fingerprints.json"

COMMANDS = frozenset(
    {
        *("execute_activity", "execute_activity_method", "execute_local_activity", "execute_local_activity_method"),
        *("start_activity", "start_activity_method", "start_local_activity", "start_local_activity_method"),
        *("execute_child_workflow", "start_child_workflow", "continue_as_new", "upsert_search_attributes"),
        *("upsert_memo", "wait_condition", "sleep", "patched", "deprecate_patch", "signal", "cancel", "uuid4"),
        *("ensure_future", "create_task", "gather", "shield"),
        *("keep", "catch_up", "ask", "ask_applicant", "wait", "file_letter", "take_number", "number_product"),
        *("write_letter", "void_unused", "show", "beside", "tell", "write_news", "end_beside"),
    }
)
"""The last part of a call's name; whatever is awaited counts too."""

RUN_BY_ARGUMENT = ("_activity", "_activity_method", "_child_workflow")
"""Calls that say in their first argument what they run."""


@dataclass(frozen=True)
class Change:
    """A function whose fingerprint is not the one that was kept."""

    function: str  # workflows/desk.py::Desk.ask
    kind: str  # "changed", "new" or "gone"

    def sentence(self) -> str:
        """What happened and what is to be done."""
        return (
            f"{self.function} is {self.kind}: it asks other things of the engine, or in another order, than the cases "
            'that run remember. Gate the change with workflow.patched("name-of-the-change"), save a history beside the '
            "old ones (python -m tests.workflows.save_histories NAME --because name-of-the-change), then run "
            "python -m tests.workflows.save_fingerprints --because name-of-the-change. A function that no running case "
            "has entered: --new-function REASON. The same commands in other words: --no-commands REASON."
        )


def sources(root: Path = ROOT) -> dict[str, str]:
    """Source of every module that is workflow code, by path."""
    files = [*(root / "workflows").glob("*.py"), *(root / "workflows" / "stages").glob("*.py")]
    read = {file.relative_to(root).as_posix(): file.read_text() for file in sorted(files)}
    return {path: source for path, source in read.items() if "from temporalio import workflow" in source}


def fingerprints(of: Mapping[str, str]) -> dict[str, str]:
    """The hash of every function that asks anything of the engine, by path and name."""
    found = {}
    for path, source in of.items():
        for name, function in _functions(ast.parse(source)):
            asked = list(_asked(function))
            if asked:
                found[f"{path}::{name}"] = hashlib.sha256("\n".join(asked).encode()).hexdigest()[:16]
    return found


def changes(kept: Mapping[str, str], now: Mapping[str, str]) -> list[Change]:
    """What differs."""
    named = sorted(kept.keys() | now.keys())
    kinds = {name: "gone" if name not in now else "new" if name not in kept else "changed" for name in named}
    return [Change(name, kinds[name]) for name in named if kept.get(name) != now.get(name)]


def patch_ids(of: Mapping[str, str]) -> set[str]:
    """Ids of every `workflow.patched(...)`, also where a constant names it."""
    trees = [ast.parse(source) for source in of.values()]
    constants = {
        target.id: node.value.value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    ids = set()
    for call in (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)):
        if _last(call.func) == "patched" and call.args:
            named = call.args[0]
            value = named.value if isinstance(named, ast.Constant) else constants.get(_said(named))
            ids.add(str(value))
    return ids


def kept(file: Path = KEPT) -> dict[str, Any]:
    """What was kept: functions, patches and the changes with their reasons."""
    content: dict[str, Any] = json.loads(file.read_text())
    return content


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}.{inner.name}", inner
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node


def _asked(node: ast.AST) -> Iterator[str]:
    """Lines of a fingerprint: calls, and around them the statements that decide whether and how often they happen."""
    if isinstance(node, ast.Await) and isinstance(node.value, ast.Call) and _last(node.value.func) not in COMMANDS:
        yield from _inside(node.value)
        yield f"await {_said(node.value.func)}"
        return
    inner = list(_inside(node))
    if inner and (condition := _condition(node)):
        inner = [condition, *inner, "end"]
    yield from inner
    if isinstance(node, ast.Await) and not isinstance(node.value, ast.Call):
        yield f"await {_said(node.value)}"
    if isinstance(node, ast.Call) and _last(node.func) in COMMANDS:
        yield f"call {_said(node.func)} {_what(node)}"


def _inside(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.If | ast.For | ast.While | ast.Try):
        yield from _branches(node)
        return
    for child in ast.iter_child_nodes(node):
        yield from _asked(child)


def _branches(node: ast.If | ast.For | ast.While | ast.Try) -> Iterator[str]:
    """The parts of a statement, told apart."""
    for name, part in ast.iter_fields(node):
        parts = part if isinstance(part, list) else [part]
        inner = [line for one in parts if isinstance(one, ast.AST) for line in _asked(one)]
        if inner:
            yield f"{name}:"
            yield from inner


def _condition(node: ast.AST) -> str:
    match node:
        case ast.If(test=test) | ast.IfExp(test=test):
            return f"if {_said(test)}"
        case ast.While(test=test):
            return f"while {_said(test)}"
        case ast.For(target=target, iter=walked):
            return f"for {_said(target)} in {_said(walked)}"
        case ast.match_case(pattern=pattern):
            return f"case {_said(pattern)}"
        case ast.ExceptHandler(type=caught):
            return f"except {_said(caught) if caught else ''}"
        case ast.Try():
            return "try"
    return ""


def _what(call: ast.Call) -> str:
    name = _last(call.func)
    says = name in ("keep", "patched", "signal", "beside") or name.endswith(RUN_BY_ARGUMENT)
    return _said(call.args[0]) if says and call.args else ""


def _last(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""


class _WithoutTexts(ast.NodeTransformer):
    """Leaves out f-strings: they are words for people, and Python's versions write them out differently."""

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return ast.copy_location(ast.Constant("words"), node)


def _said(node: ast.AST) -> str:
    return ast.unparse(_WithoutTexts().visit(copy.deepcopy(node)))
