"""Writes `docs/decisions.md`: every kind of decision at every kind of task, asked of the rule that workflows ask.

Run as `.venv/bin/python -m docs.write_decisions` after a decision or its rule has changed; a test compares.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import get_args

from permits.application import DocumentVerdict
from permits.authority import Actor, Role, Subject
from permits.decision_rules import POSSIBLE, OpenTask, check_decision
from permits.decisions import (
    Acknowledged,
    Answered,
    AnswerMatched,
    Arrived,
    Body,
    CameBack,
    Decision,
    DeemedConfirmed,
    DocumentsRepaired,
    Drafted,
    FileClosed,
    Forwarded,
    HandedOver,
    Inspected,
    KeptWaiting,
    MeetingHeld,
    MinutesSigned,
    Paid,
    ParafGiven,
    PaymentConfirmed,
    Position,
    Posted,
    QuestionAsked,
    Recommended,
    Refused,
    RetributionAssessed,
    Returned,
    SentToApplicant,
    SignatureOrdered,
    TaskKind,
    VerdictsGiven,
)
from permits.errors import Code, RuleError

PAGE = Path(__file__).resolve().parent / "decisions.md"
SHA256 = "0" * 64
MEMBER = re.compile(r'^\s+\w+ = "(?P<value>\w+)"(?:\s+# (?P<comment>.+))?$', re.MULTILINE)

HEAD = """# Decisions

What can be decided at which task. Every pair of a task and a decision was asked of
[`check_decision`](../permits/decision_rules.py), the rule that every workflow asks before a decision enters its
history. What is not listed is refused as `decision-not-possible`, with the kinds that are possible; a signature that
anybody but the head orders is `not-allowed` before that. A task that the case never had is `task-not-found`, one that
is over is `task-closed`, with the name of who decided it.

This page is written by `docs/write_decisions.py`; do not edit it. What else is refused: [bad input](bad-input.md).
"""

_WRONG = DocumentVerdict(requirement="ktp", verdict="repair", reason="Tidak terbaca")

SAMPLES: tuple[Body, ...] = (
    VerdictsGiven(verdicts=()),
    DocumentsRepaired(),
    Forwarded(),
    Refused(reasons=("Syarat tidak terpenuhi",)),
    SentToApplicant(documents=(_WRONG,)),
    Returned(reason="Keliru", to="verification"),
    Inspected(
        photos=(SHA256,),
        position=Position(latitude=-6.9, longitude=109.7, accuracy_metres=5),
        findings="Sesuai",
        present=("Contoh",),
    ),
    MinutesSigned(),
    MeetingHeld(conclusions=("Setuju",), present=("Contoh",)),
    Recommended(answer="approve"),
    QuestionAsked(text="Di mana?"),
    Answered(text="Di sini"),
    AnswerMatched(matches=True),
    FileClosed(reason="Tidak dapat dihubungi"),
    KeptWaiting(working_days=3),
    DeemedConfirmed(note="Berlaku"),
    HandedOver(to_name="Contoh", relation="pemohon", identity_seen="KTP"),
    Posted(receipt_number="PCONTOH001"),
    Arrived(received_by="Contoh", on=date(2026, 12, 1)),
    CameBack(reason="Alamat tidak ditemukan"),
    RetributionAssessed(amount_rupiah=1000, calculation="1 x 1.000"),
    Paid(proof=SHA256),
    PaymentConfirmed(received=True),
    Drafted(),
    ParafGiven(),
    SignatureOrdered(activation_id="contoh"),
    Acknowledged(note="Sudah ditanyakan"),
)
"""One whole decision of every kind."""

_ROLES = {
    TaskKind.REPAIR: Role.APPLICANT,
    TaskKind.PAYMENT: Role.APPLICANT,
    TaskKind.CLARIFICATION: Role.APPLICANT,
    TaskKind.RECOMMENDATION: Role.OPD,
    TaskKind.SIGN_RECOMMENDATION: Role.OPD,
}
"""Whom a kind of task asks, where that bears on the rule; any other task is asked of the head, who may also sign."""


def cells() -> Iterator[tuple[TaskKind, str, Code | None]]:
    """Every decision at every task, by the person whom the task asks, with its answer."""
    for kind in TaskKind:
        role = _ROLES.get(kind, Role.HEAD_OF_OFFICE)
        actor = Actor(id="orang-1", name="Contoh", role=role, opd="bappeda" if role is Role.OPD else None)
        about = Subject(applicant_id="orang-1" if role is Role.APPLICANT else "orang-2", role=role, opd="bappeda")
        for body in SAMPLES:
            task = OpenTask(
                id="contoh",
                kind=kind,
                role=role,
                subject_sha256=SHA256,
                about=about,
                wanted_documents=("ktp",) if isinstance(body, SentToApplicant) else (),
                return_to=("verification",),
            )
            yield kind, body.kind, _answer(Decision(task_id="contoh", actor=actor, seen=SHA256, body=body), task)


def _answer(decision: Decision, task: OpenTask) -> Code | None:
    try:
        check_decision(decision, task)
    except RuleError as refused:
        return refused.code
    return None


def page() -> str:
    """The whole page."""
    taken: dict[TaskKind, list[str]] = {kind: [] for kind in TaskKind}
    refused: dict[TaskKind, int] = dict.fromkeys(TaskKind, 0)
    for kind, decision, answer in cells():
        if answer is None:
            taken[kind].append(decision)
        else:
            refused[kind] += 1
    asked = _comments(TaskKind)
    lines = [HEAD, "## By task", "", "| task | asks | taken | refused |", "|---|---|---|---|"]
    for kind in TaskKind:
        said = ", ".join(f"`{decision}`" for decision in taken[kind])
        lines.append(f"| `{kind.value}` | {asked[kind.value] or '-'} | {said} | {refused[kind]} others |")
    lines += ["", "## By decision", "", "| decision | what it says | at |", "|---|---|---|"]
    for body in SAMPLES:
        at = ", ".join(f"`{kind.value}`" for kind in TaskKind if body.kind in POSSIBLE[kind])
        lines.append(f"| `{body.kind}` | {_first_line(type(body))} | {at} |")
    return "\n".join(lines) + "\n"


def kinds_of_bodies() -> set[str]:
    """Every kind of decision there is, from the union itself."""
    union = get_args(Body)[0]
    return {one.model_fields["kind"].default for one in get_args(union)}


def _comments(codes: type[TaskKind]) -> dict[str, str]:
    return {found["value"]: found["comment"] or "" for found in MEMBER.finditer(inspect.getsource(codes))}


def _first_line(kind: type) -> str:
    return " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
