"""Writes `docs/permissions.md`: who may do what, asked of the one permission function cell by cell.

Run as `.venv/bin/python -m docs.write_permissions` after `permits/authority.py` has changed; a test compares. A cell is
a person, an act, and what the act is about; `tests/permits/permissions.txt` says by hand what each has to answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from permits.authority import Act, Actor, Role, Subject, refusal
from permits.errors import Code

PAGE = Path(__file__).resolve().parent / "permissions.md"
SELF, SOMEBODY = "orang-1", "orang-2"
FIELD, OTHER_FIELD = "kesehatan", "penelitian"
AGENCY, OTHER_AGENCY = "bappeda", "dpupr"

HEAD = """# Permissions

Who may do what. Every cell was asked of [`refusal`](../permits/authority.py), the one permission function, which the
door and the workflow both ask. **yes**: allowed. A code: refused with that code. -: refused as `not-allowed`. Whoever
and whatever is not listed is refused as `not-allowed`.

A back office has a field and an agency officer an agency; "other field" and "other agency" are those they do not have.
A person can hold a second desk by delegation; each desk is asked for itself, and one's own application stays one's own.

This page is written by `docs/write_permissions.py`; do not edit it. `tests/permits/permissions.txt` says the same by
hand, and a test compares every cell.
"""


@dataclass(frozen=True)
class About:
    """What an act is about: nothing, a case, a definition, or a task of a desk; and how the asker stands to it."""

    what: str  # nothing, case, definition, or the desk's role
    how: str

    def subject(self, actor: Actor) -> Subject:
        """As the permission function sees it."""
        base: dict[str, object] = {}
        if self.what == "definition":
            base["author_id"] = SELF if self.how == "own" else SOMEBODY
        elif self.what != "nothing":
            base |= {"applicant_id": SELF if self.how in ("own", "own case") else SOMEBODY}
            base |= {"field": OTHER_FIELD if self.how == "other field" else FIELD}
        if self.what == "case":
            base["opds"] = (AGENCY,) if self.how == "agency asked" else (OTHER_AGENCY,)
        if self.is_task:
            base |= {"role": Role(self.what), "opd": OTHER_AGENCY if self.how == "other agency" else AGENCY}
            base |= {"assigned_to": {"mine": SELF, "colleague's": SOMEBODY}.get(self.how)}
            base |= {"verified_by": (SELF,) if self.how == "judged before" else (SOMEBODY,)}
        return Subject.model_validate(base)

    @property
    def is_task(self) -> bool:
        """Whether it is about a task."""
        return self.what not in ("nothing", "case", "definition")


CASES = ("other", "own", "other field", "agency asked")
DEFINITIONS = ("other", "own")
TASKS = ("free", "mine", "colleague's", "other field", "other agency", "own case", "judged before")
ABOUTS: tuple[About, ...] = (
    About("nothing", "-"),
    *(About("case", how) for how in CASES),
    *(About("definition", how) for how in DEFINITIONS),
    *(About(role.value, how) for role in Role for how in TASKS),
)


def people() -> dict[str, Actor]:
    """Everybody who can ask, one for each desk."""
    found = {}
    for role in Role:
        field = FIELD if role is Role.BACK_OFFICE else None
        opd = AGENCY if role is Role.OPD else None
        found[role.value] = Actor(id=SELF, name="Contoh", role=role, field=field, opd=opd)
        if role is Role.OPD:
            found["opd_head"] = found[role.value].model_copy(update={"is_head": True})
    return found


def cells() -> Iterator[tuple[Act, str, About, Code | None]]:
    """Every act of everybody about everything, with its answer."""
    for act in Act:
        for who, actor in people().items():
            for about in ABOUTS:
                yield act, who, about, refusal(actor, act, about.subject(actor))


def page() -> str:
    """The whole page."""
    answers = {(act, who, about): answer for act, who, about, answer in cells()}
    parts = [HEAD]
    for act in Act:
        parts += [f"## `{act.value}`\n", *_tables(act, answers)]
    return "\n".join(parts)


Answers = dict[tuple[Act, str, About], Code | None]


def _tables(act: Act, answers: Answers) -> Iterator[str]:
    plain = [about for about in ABOUTS if not about.is_task]
    yielded = False
    if _anybody(act, answers, plain):
        heads, columns = _merged(act, answers, plain)
        lines = [(who, [answers[act, who, about] for about in columns]) for who in people()]
        yield _table(["who", *heads], [line for line in lines if None in line[1]])
        yielded = True
    at_desks = []
    for who in people():
        for desk in Role:
            row = [answers[act, who, About(desk.value, how)] for how in TASKS]
            if None in row:
                at_desks.append((f"{who} | {desk.value}", row))
    # An act that does not ask about tasks answers the same at every desk: the first table has said it.
    if at_desks and not _same_everywhere(act, answers):
        yield _table(["who", "task of", *TASKS], at_desks)
        yielded = True
    if not yielded:
        yield "Nobody.\n"


def _anybody(act: Act, answers: Answers, abouts: list[About]) -> bool:
    return any(answers[act, who, about] is None for who in people() for about in abouts)


def _same_everywhere(act: Act, answers: Answers) -> bool:
    return all(len({answers[act, who, About(desk.value, "free")] for desk in Role}) == 1 for who in people()) and all(
        answers[act, who, About(Role.FRONT_OFFICE.value, "free")] == answers[act, who, About("case", "other")]
        for who in people()
    )


def _merged(act: Act, answers: Answers, abouts: list[About]) -> tuple[list[str], list[About]]:
    """Columns that say the same stand once, under all their names; those that allow nobody are left out."""
    groups: dict[tuple[Code | None, ...], list[About]] = {}
    for about in abouts:
        groups.setdefault(tuple(answers[act, who, about] for who in people()), []).append(about)
    kept = [group for said, group in groups.items() if set(said) != {Code.NOT_ALLOWED}]
    if len(kept) == 1 and len(kept[0]) == len(abouts):
        return ["about anything"], [kept[0][0]]
    return ["; ".join(map(_in_words, group)) for group in kept], [group[0] for group in kept]


def _in_words(about: About) -> str:
    if about.what == "nothing":
        return "no case"
    return {"own": f"own {about.what}", "other": f"another's {about.what}"}.get(about.how) or f"case, {about.how}"


def _table(heads: list[str], lines: list[tuple[str, list[Code | None]]]) -> str:
    rows = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    rows += [f"| {who} | {' | '.join(_cell(answer) for answer in row)} |" for who, row in lines]
    return "\n".join(rows) + "\n"


def _cell(answer: Code | None) -> str:
    if answer is None:
        return "**yes**"
    return "-" if answer is Code.NOT_ALLOWED else f"`{answer.value}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
