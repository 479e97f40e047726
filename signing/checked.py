"""What was found of a checked file, as a report says it: facts of the verdict, and nothing of the file's content."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from signing.verdict import Report

FileKind = Literal["letter", "seal", "recommendation"]
"""What a file is by who signed it: the head (or nobody yet), the office's seal, an agency's officer."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class CheckedSignature(_Value):
    """One signature or document timestamp of a checked file."""

    kind: str
    field: str
    signer: str | None
    certificate_sha256: str | None
    signed_at: datetime | None
    time_is_trusted: bool
    level: str | None
    good: bool


class CheckedFile(_Value):
    """The facts of one check."""

    id: str  # random: names the report
    checked_at: AwareDatetime
    sha256: str  # of the file
    size: int  # bytes
    kind: FileKind
    verdict: str
    level: str | None
    reasons: tuple[tuple[str, str], ...]  # code and sentence
    signatures: tuple[CheckedSignature, ...]
    registered: tuple[tuple[str, str], ...]  # what the register said at that moment; none: it knows no such file
    policy: tuple[tuple[str, str], ...]  # what the file was judged by


MOST_SIGNATURES = 50
LONGEST_NAME = 200


def checked_signatures(report: Report) -> tuple[CheckedSignature, ...]:
    """The signatures of a verdict, with their document timestamps; a hostile file's names and numbers are bounded."""
    return tuple(
        CheckedSignature(
            kind=found.kind,
            field=found.field[:LONGEST_NAME],
            signer=found.signer[:LONGEST_NAME] if found.signer else None,
            certificate_sha256=found.certificate_sha256,
            signed_at=found.signed_at,
            time_is_trusted=found.time_is_trusted,
            level=found.level.value if found.level else None,
            good=found.good,
        )
        for found in report.signatures[:MOST_SIGNATURES]
    )
