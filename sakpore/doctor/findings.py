"""What the doctor has found: one sentence a check, and how bad it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sakpore.stack.record import RunRecord


class Level(StrEnum):
    """How bad."""

    OK = "ok"
    WARNING = "warning"  # it works, and something should be known
    FAULT = "fault"  # it does not work, or must not go on like this
    UNKNOWN = "unknown"  # it cannot be seen from here


@dataclass(frozen=True)
class Finding:
    """One check's result."""

    check: str
    level: Level
    sentence: str


@dataclass(frozen=True)
class Patient:
    """The installation that is looked at."""

    data: Path
    values: Mapping[str, str] = field(repr=False)  # every variable of the product that is known
    record: RunRecord | None  # of `sakpore up`; None where the environment alone says what there is
    is_production: bool

    @property
    def is_local(self) -> bool:
        """Started by `sakpore up` on this folder."""
        return self.record is not None


def ok(check: str, sentence: str) -> Finding:
    """All well."""
    return Finding(check, Level.OK, sentence)


def warning(check: str, sentence: str) -> Finding:
    """Works, and should be known."""
    return Finding(check, Level.WARNING, sentence)


def fault(check: str, sentence: str) -> Finding:
    """Does not work, or must not go on."""
    return Finding(check, Level.FAULT, sentence)


def unknown(check: str, sentence: str) -> Finding:
    """Not to be seen from here."""
    return Finding(check, Level.UNKNOWN, sentence)
