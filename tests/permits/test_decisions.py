"""What a decision may say is bounded, so that the letters that all desks together fill can always be written."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from permits.authority import Actor, Role, Subject
from permits.decision_rules import OpenTask, check_decision
from permits.decisions import (
    MOST_LINES,
    Decision,
    DocumentsRepaired,
    Drafted,
    Inspected,
    MeetingHeld,
    Recommended,
    Refused,
    TaskKind,
    VerdictsGiven,
)
from permits.errors import Code, RuleError

LONG, MANY = "x" * 501, ("syarat",) * (MOST_LINES + 1)
SEEN = "a" * 64


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (Drafted, {"conditions": MANY}),
        (Drafted, {"conditions": (LONG,)}),
        (Drafted, {"facts": {f"f{n}": "x" for n in range(MOST_LINES + 1)}}),
        (Drafted, {"facts": {LONG: "x"}}),
        (Drafted, {"facts": {"f": LONG}}),
        (Recommended, {"answer": "approve_with_conditions", "conditions": MANY}),
        (Recommended, {"answer": "refuse", "reason": "x" * 4001}),
        (Refused, {"reasons": MANY}),
        (MeetingHeld, {"conclusions": MANY, "present": ("a",)}),
        (MeetingHeld, {"conclusions": ("a",), "present": ("a" * 201,)}),
        (Inspected, {"photos": ("bukan-sha",), "findings": "", "present": (), "position": {}}),
    ],
)
def test_a_decision_that_says_too_much_is_refused(kind: type[Any], said: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        kind.model_validate(said)


def test_a_refused_decision_does_not_repeat_what_was_said() -> None:
    with pytest.raises(ValidationError) as refused:
        Drafted.model_validate({"facts": {"f": "RAHASIA" * 100}})
    assert "RAHASIA" not in str(refused.value)


def verification(**more: Any) -> OpenTask:
    """An open task of the front office with two documents to judge."""
    about = Subject(applicant_id="pemohon", role=Role.FRONT_OFFICE)
    given = {"kind": TaskKind.VERIFICATION, "role": Role.FRONT_OFFICE, "wanted_documents": ("ktp", "ijazah")}
    return OpenTask.model_validate({"id": "t", "subject_sha256": SEEN, "about": about, **given, **more})


def decided(body: Any, role: Role = Role.FRONT_OFFICE, actor: str = "depan") -> Decision:
    """A decision by an officer."""
    return Decision(task_id="t", actor=Actor(id=actor, name="Contoh", role=role), seen=SEEN, body=body)


def verdicts(*codes: str) -> VerdictsGiven:
    """All of these accepted."""
    return VerdictsGiven.model_validate({"verdicts": [{"requirement": c, "verdict": "accept"} for c in codes]})


@pytest.mark.parametrize("judged", [(), ("ktp",), ("ktp", "ijazah", "palsu"), ("ktp", "ktp")])
def test_every_document_needs_one_verdict(judged: tuple[str, ...]) -> None:
    with pytest.raises(RuleError) as refused:
        check_decision(decided(verdicts(*judged)), verification())
    assert refused.value.code is Code.VERDICT_MISSING
    assert "palsu" not in str(refused.value.facts)


def test_all_documents_judged_is_a_decision() -> None:
    assert check_decision(decided(verdicts("ijazah", "ktp")), verification()) is None  # type: ignore[func-returns-value]


def test_a_repair_that_leaves_a_document_out_is_refused() -> None:
    about = Subject(applicant_id="pemohon", role=Role.APPLICANT)
    task = verification(kind=TaskKind.REPAIR, role=Role.APPLICANT, about=about)
    with pytest.raises(RuleError) as refused:
        check_decision(decided(DocumentsRepaired(), Role.APPLICANT, "pemohon"), task)
    assert refused.value.code is Code.DOCUMENT_MISSING


def test_nobody_decides_on_their_own_application() -> None:
    with pytest.raises(RuleError) as refused:
        check_decision(decided(verdicts("ijazah", "ktp"), actor="pemohon"), verification())
    assert refused.value.code is Code.OWN_APPLICATION
