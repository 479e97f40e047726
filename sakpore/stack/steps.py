"""What is done once between the starts of the parts: migrations, the public copy of the CA's certificates, the seed.

Migrations and seed run in a process of their own (`python -m sakpore.stack.steps NAME`, the variables of the product in
its environment): the supervisor stays small, and a stop in the middle does not wait for them. The process writes one
line of JSON, `{"result": ..., "notes": [...]}`; its standard error is its log, whose last line says what failed.
"""

import asyncio
import importlib
import importlib.util
import inspect
import json
import os
import shutil
import sys
import traceback
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sakpore.stack.installation import Folders


@dataclass(frozen=True)
class Step:
    """Something done once in a start, after the parts and steps it depends on."""

    name: str
    title: str
    depends_on: tuple[str, ...]
    run: Callable[[], None] | None = None  # None: in a process of its own, by name


def all_steps(folders: Folders, parts: set[str]) -> list[Step]:
    """The steps of a start. The trust step belongs to the embedded CA alone."""
    steps = [
        Step("migrate", "Migrations", ("postgres",)),
        Step("seed", "Definitions and officers", ("migrate", "s3", "pki")),
    ]
    if "pki" in parts:
        steps.append(Step("trust", "Certificates", ("pki", "seed"), lambda: publish_trust(folders.pki, folders.trust)))
    return steps


def migrate(values: Mapping[str, str]) -> None:
    """Bring the database to the newest schema."""
    _call("store.migrate", "upgrade", values["DATABASE_URL"])


def seed(values: Mapping[str, str]) -> Any:
    """Load definitions and demonstration officers; returns what the seed says about the accounts."""
    return _call("sakpore.seed", "seed", dict(values))


def publish_trust(pki: Path, trust: Path) -> None:
    """Copy what everyone may read of a CA's folder; keys and p12 files stay where they are."""
    trust.mkdir(mode=0o700, exist_ok=True)
    sources = [pki / name for name in ("root.pem", "intermediates.pem", "crls.pem")]
    sources += sorted((pki / "certs").glob("*.pem"))
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


def in_words(error: Exception) -> str:
    """One line: the kind of a failure and its first words; of refused settings their names, never their values."""
    from pydantic import ValidationError

    if isinstance(error, ValidationError):
        problems = error.errors(include_input=False)
        return "; ".join(f"{'.'.join(map(str, one['loc'])).upper()}: {one['msg']}" for one in problems)
    # A failure of the database comes wrapped in one that adds the statement and an address for programmers.
    cause = getattr(error, "orig", None) or error
    return " ".join(f"{type(cause).__name__}: {cause}".strip().partition("\n")[0].split())


def main() -> int:
    """Run one step and write its result; a failure goes to standard error, its words last, and is exit code 1."""
    run = {"migrate": migrate, "seed": seed}[sys.argv[1]]
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("default")
        try:
            result = run(os.environ)
        except Exception as error:
            traceback.print_tb(error.__traceback__)  # without its text, which may quote a setting
            sys.stderr.write(f"{in_words(error)}\n")
            return 1
    # A stand-in warns when it is built; that is for people, deprecations are not.
    notes = sorted({str(warning.message) for warning in said if issubclass(warning.category, UserWarning)})
    sys.stdout.write(json.dumps({"result": result, "notes": notes}, default=str) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
