"""The life of a permit type's versions: draft, published, retired; on every day one published version at most.

A version begins on a day from today on, and ends the one before it on the day before. Cases that run keep the version
they were submitted under.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from pydantic import BaseModel, ConfigDict

from permits.definition import PermitDefinition
from permits.errors import Code, RuleError

_ONE_DAY = timedelta(days=1)


def publish(
    versions: Iterable[PermitDefinition], draft: PermitDefinition, today: date
) -> tuple[PermitDefinition, ...]:
    """The versions that change when `draft` is published: those it ends, and itself at last.

    Args:
        versions: all versions of the type.
        draft: one of them, or a new one.
        today: the office's date.

    Raises RuleError: period-invalid (begins before today), definition-invalid (`why`: versions-overlap).
    """
    if draft.effective_from < today:
        raise RuleError(Code.PERIOD_INVALID, permit_type=draft.code)
    last_day = draft.effective_from - _ONE_DAY
    others = {one.version: one for one in versions if one.version != draft.version}
    ended = [
        one.model_copy(update={"effective_until": last_day})
        for one in others.values()
        if one.status == "published"
        and one.effective_from < draft.effective_from
        and (one.effective_until is None or one.effective_until > last_day)
    ]
    published = draft.model_copy(update={"status": "published"})
    others |= {one.version: one for one in ended}
    check_no_overlap((*others.values(), published))
    return (*ended, published)


def retire(definition: PermitDefinition, today: date) -> PermitDefinition:
    """The version without new applications from today on; what it said stays readable."""
    ends = definition.effective_until
    if definition.status == "published" and definition.effective_from <= today:
        ends = min(ends or today, today)
    return definition.model_copy(update={"status": "retired", "effective_until": ends})


class Difference(BaseModel):
    """One field that two versions say differently; None where a version does not have it."""

    model_config = ConfigDict(frozen=True)

    field: str  # such as `requirements.ktp.title`: items that have a code stand under it
    before: Any = None
    after: Any = None


def differences(before: PermitDefinition, after: PermitDefinition) -> tuple[Difference, ...]:
    """What the later version says differently, field by field; the number of the version itself is left out."""
    old, new = dict(_fields(before.model_dump(mode="json"), "")), dict(_fields(after.model_dump(mode="json"), ""))
    return tuple(
        Difference(field=name, before=old.get(name), after=new.get(name))
        for name in dict.fromkeys([*old, *new])
        if name != "version" and old.get(name) != new.get(name)
    )


def _fields(value: Any, at: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _fields(inner, f"{at}.{name}" if at else name)
    elif isinstance(value, list) and any(isinstance(item, dict) for item in value):
        for n, item in enumerate(value, start=1):
            yield from _fields(item, f"{at}.{item.get('code', n)}")
    else:
        yield at, value


def check_no_overlap(versions: Iterable[PermitDefinition]) -> None:
    """Raises RuleError(definition-invalid), `why`: versions-overlap, where two published versions share a day."""
    in_force = sorted((one for one in versions if one.status == "published"), key=lambda one: one.effective_from)
    for earlier, later in pairwise(in_force):
        if earlier.effective_until is None or earlier.effective_until >= later.effective_from:
            raise RuleError(
                Code.DEFINITION_INVALID,
                permit_type=later.code,
                version=later.version,
                why="versions-overlap",
                reason="versions-overlap",
                fields=["effective_from"],
            )
