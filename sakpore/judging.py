"""`sakpore verify`: judges PDF files by a policy and says the verdicts, one line a file.

Files come from anywhere, so they are judged in a bounded process of its own (`signing.limited`): one that loops, or
allocates without end, costs its own verdict and no other.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from signing.document import MAX_FILE_BYTES
from signing.errors import PolicyUnreadable, SigningError
from signing.limited import LimitedVerifier
from signing.policy import Policy
from signing.report import as_line
from signing.verdict import Report, Verdict

DEFAULT_POLICY = Path("var/demo/policy.json")
CPU_SECONDS, WALL_SECONDS = 30, 120.0
"""For one file: a person waits for the answer, and the machine may be busy."""


def judge_files(files: Sequence[Path], policy: Path | None, as_json: bool) -> int:
    """0 when every file is SAH, 1 when one is not, 2 when the policy cannot be read or nothing can be judged here."""
    chosen = (policy or DEFAULT_POLICY).absolute()
    try:
        Policy.from_file(chosen)
        with _silence():
            return asyncio.run(_judge_all(files, chosen, as_json))
    except PolicyUnreadable as unreadable:
        typer.echo(f"{unreadable} Name a policy file with --policy.", err=True)
    except SigningError as impossible:
        typer.echo(str(impossible), err=True)
    return 2


async def _judge_all(files: Sequence[Path], policy: Path, as_json: bool) -> int:
    all_valid = True
    async for found in _verdicts(files, policy):
        all_valid &= found["verdict"] == Verdict.SAH
        typer.echo(json.dumps(found, ensure_ascii=False) if as_json else _line(found))
    return 0 if all_valid else 1


async def _verdicts(files: Sequence[Path], policy: Path) -> AsyncIterator[dict[str, Any]]:
    verifier = LimitedVerifier(policy, wall_seconds=WALL_SECONDS, cpu_seconds=CPU_SECONDS)
    try:
        for file in files:
            yield await _judge(file, verifier)
    finally:
        await verifier.aclose()


async def _judge(file: Path, verifier: LimitedVerifier) -> dict[str, Any]:
    name = str(file).encode(errors="backslashreplace").decode()
    try:
        pdf = _content(file)
    except (OSError, ValueError) as unreadable:
        why = getattr(unreadable, "strerror", None) or str(unreadable)
        return {
            "file": name,
            "verdict": Verdict.RUSAK.value,
            "level": None,
            "reasons": [f"Berkas tidak dapat dibaca: {why}."],
        }
    if pdf is None:
        return as_line(name, Report.plain(Verdict.RUSAK, "too_large"))
    return as_line(name, await verifier.verify(pdf))


def _content(file: Path) -> bytes | None:
    """The bytes of a file; None for one that is too large. Raises OSError, and ValueError for what is no file."""
    if file.exists() and not file.is_file():
        raise ValueError("bukan berkas biasa")
    if file.stat().st_size > MAX_FILE_BYTES:
        return None
    return file.read_bytes()


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps from stderr what is remarked on a bad file: the verdict and its reasons are the answer."""
    logger = logging.getLogger("signing")
    nowhere, before = logging.NullHandler(), logger.propagate
    logger.addHandler(nowhere)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(nowhere)
        logger.propagate = before


def _line(found: dict[str, Any]) -> str:
    reasons = "; ".join(found["reasons"])
    return f"{found['verdict']:22} {found['level'] or '-':6} {found['file']}  {reasons}".rstrip()
