"""The answer of `sakpore verify` for one file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from signing.document import MAX_FILE_BYTES
from signing.policy import Policy
from signing.verdict import Report, Verdict
from signing.verify import verify_pdf


def judge_file(path: Path, policy: Policy) -> dict[str, Any]:
    """`{"file", "verdict", "level", "reasons": [str, ...]}` for the file at `path`.

    Raises OSError when it cannot be read.
    """
    return as_line(str(path), _judge(path, policy))


def as_line(name: str, report: Report) -> dict[str, Any]:
    """A report in the form of one JSON line."""
    return {
        "file": name,
        "verdict": report.verdict.value,
        "level": report.level.value if report.level else None,
        "reasons": [reason.text for reason in report.reasons],
    }


def _judge(path: Path, policy: Policy) -> Report:
    if path.stat().st_size > MAX_FILE_BYTES:
        return Report.plain(Verdict.RUSAK, "too_large")
    return verify_pdf(path.read_bytes(), policy)
