"""`sakpore verify`: judges PDF files by a policy and says the verdicts, one line a file."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from signing.errors import PolicyUnreadable
from signing.policy import Policy
from signing.report import judge_file
from signing.verdict import Verdict

DEFAULT_POLICY = Path("var/demo/policy.json")
TALKATIVE = ("pyhanko", "pyhanko_certvalidator", "signing")


def judge_files(files: Sequence[Path], policy: Path | None, as_json: bool) -> int:
    """0 when every file is SAH, 1 when one is not, 2 when the policy cannot be read."""
    try:
        chosen = Policy.from_file(policy or DEFAULT_POLICY)
    except PolicyUnreadable as unreadable:
        typer.echo(f"{unreadable} Name a policy file with --policy.", err=True)
        return 2
    all_valid = True
    for file in files:
        with _silence():
            found = _judge(file, chosen)
        all_valid &= found["verdict"] == "SAH"
        if as_json:
            typer.echo(json.dumps(found, ensure_ascii=False))
        else:
            reasons = "; ".join(found["reasons"])
            typer.echo(f"{found['verdict']:22} {found['level'] or '-':6} {found['file']}  {reasons}".rstrip())
    return 0 if all_valid else 1


def _judge(file: Path, policy: Policy) -> dict[str, Any]:
    try:
        return judge_file(file, policy)
    except OSError as unreadable:
        why = f"Berkas tidak dapat dibaca: {unreadable.strerror}."
        return {"file": str(file), "verdict": Verdict.RUSAK.value, "level": None, "reasons": [why]}


@contextmanager
def _silence() -> Iterator[None]:
    """Keeps from stderr what the libraries remark on a bad file: the verdict and its reasons are the answer."""
    loggers = [logging.getLogger(name) for name in TALKATIVE]
    before = [logger.propagate for logger in loggers]
    nowhere = logging.NullHandler()
    for logger in loggers:
        logger.addHandler(nowhere)
        logger.propagate = False
    try:
        yield
    finally:
        for logger, propagate in zip(loggers, before, strict=True):
            logger.removeHandler(nowhere)
            logger.propagate = propagate
