"""What workflow code may touch: nothing but the pure rooms, and no clock, chance or world of its own."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner

from worker.main import sandbox

ROOT = Path(__file__).resolve().parents[2]
MAY_IMPORT = {"temporalio", "pydantic", "permits", "workflows", "activities"}
# Of the standard library: what would answer differently at a replay, or reach the world.
NEVER = {
    *("os", "random", "secrets", "uuid", "socket", "subprocess", "threading", "time", "tempfile", "urllib", "http"),
    *("logging", "sqlite3", "shutil", "multiprocessing", "concurrent"),
}
NEVER_CALLED = {"datetime.now", "datetime.utcnow", "date.today", "asyncio.sleep", "asyncio.wait_for", "asyncio.run"}


def workflow_modules() -> list[str]:
    """Every module of workflows/ that the two workflows import, by their source."""
    found: set[str] = set()
    waiting = ["workflows.application", "workflows.recommendation"]
    while waiting:
        name = waiting.pop()
        if name in found or not _file(name).exists():
            continue
        found.add(name)
        waiting += [module for module in _imports(_tree(name)) if module.startswith("workflows")]
    return sorted(found)


def _file(module: str) -> Path:
    path = ROOT / Path(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text())


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, "imports say where from"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("module", workflow_modules())
def test_a_workflow_module_imports_pure_rooms_alone(module: str) -> None:
    packages = {name.partition(".")[0] for name in _imports(_tree(module))}

    assert packages - MAY_IMPORT - set(sys.stdlib_module_names) == set()
    assert packages & NEVER == set()


@pytest.mark.parametrize("module", workflow_modules())
def test_a_workflow_module_has_no_clock_of_its_own(module: str) -> None:
    called = {ast.unparse(node.func) for node in ast.walk(_tree(module)) if isinstance(node, ast.Call)}

    assert called & NEVER_CALLED == set()


def test_the_walk_over_workflow_modules_reaches_the_stages() -> None:
    assert {"workflows.desk", "workflows.clock", "workflows.stages.signing"} <= set(workflow_modules())
    assert "workflows.codec" not in workflow_modules()


def test_workers_run_workflows_in_the_sandbox() -> None:
    runner = sandbox()

    assert isinstance(runner, SandboxedWorkflowRunner)
    passed_through = runner.restrictions.passthrough_modules
    assert not {"sqlmodel", "sqlalchemy", "psycopg", "boto3", "pyhanko", "typst"} & passed_through
