"""What an applicant answered, beside its question, as people read it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from api.pages.formatting import full_date
from permits.definition import PermitDefinition


def answer_words(kind: str, answer: str) -> str:
    """An answer to a question of that kind: a date in words; what is no date stays as it was typed."""
    if kind != "date" or not answer:
        return answer
    try:
        return full_date(date.fromisoformat(answer))
    except ValueError:
        return answer


def answers_of(definition: PermitDefinition | None, data: Mapping[str, str]) -> list[tuple[str, str]]:
    """(question, answer) in the order of the form; what the version does not ask stands last, under its code."""
    form = definition.form if definition else ()
    known = {one.code for one in form}
    asked = [(one.label, answer_words(one.kind, data.get(one.code, ""))) for one in form]
    others = [(code.replace("_", " ").capitalize(), answer) for code, answer in data.items() if code not in known]
    return [(label, answer) for label, answer in (*asked, *others) if answer]
