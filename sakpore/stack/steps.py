"""What is done once between the starts of the parts: migrations, the public copy of the CA's certificates, the seed."""

import asyncio
import importlib
import importlib.util
import inspect
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from sakpore.stack.parts import Plan

PUBLIC_FILES = ("root.pem", "intermediates.pem", "crls.pem")


@dataclass(frozen=True)
class Step:
    """A function run once, in a thread, with every variable of the product."""

    name: str
    title: str
    depends_on: tuple[str, ...]
    run: Callable[[Mapping[str, str]], Any]


def all_steps(plan: Plan, parts: set[str]) -> list[Step]:
    """The steps of a start. The trust step belongs to the embedded CA alone."""
    steps = []
    if _exists("store.migrate"):
        steps.append(Step("migrate", "Migrations", ("postgres",), migrate))
    if _exists("sakpore.seed"):
        steps.append(Step("seed", "Definitions and officers", ("migrate", "s3", "pki"), seed))
    if "pki" in parts:
        steps.append(Step("trust", "Certificates", ("pki", "seed"), partial(_publish, plan)))
    return steps


def migrate(values: Mapping[str, str]) -> None:
    """Bring the database to the newest schema."""
    _call("store.migrate", "upgrade", values["DATABASE_URL"])


def seed(values: Mapping[str, str]) -> Any:
    """Load definitions and demonstration officers; returns what the seed says about the accounts."""
    return _call("sakpore.seed", "seed", dict(values))


def _publish(plan: Plan, values: Mapping[str, str]) -> None:
    publish_trust(plan.folders.pki, plan.folders.trust)


def publish_trust(pki: Path, trust: Path) -> None:
    """Copy what everyone may read of a CA's folder; keys and p12 files stay where they are."""
    trust.mkdir(mode=0o700, exist_ok=True)
    sources = [pki / name for name in PUBLIC_FILES]
    sources += sorted((pki / "certs").glob("*.pem")) if (pki / "certs").is_dir() else []
    for source in sources:
        if source.is_file():
            target = trust / source.relative_to(pki)
            target.parent.mkdir(mode=0o700, exist_ok=True)
            partial_copy = target.with_name(f".{target.name}.part")
            shutil.copyfile(source, partial_copy)
            partial_copy.replace(target)


def _call(module: str, function: str, argument: Any) -> Any:
    result = getattr(importlib.import_module(module), function)(argument)
    return asyncio.run(_awaited(result)) if inspect.isawaitable(result) else result


async def _awaited(result: Any) -> Any:
    return await result


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False
