"""What may be decided at which task, by whom, and what each decision must say; its shapes are in `decisions.py`."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict

from permits.authority import Act, Role, Subject, refusal
from permits.decisions import (
    Acknowledged,
    Answered,
    AnswerMatched,
    Body,
    CameBack,
    Decision,
    DeemedConfirmed,
    DocumentsRepaired,
    FileClosed,
    HandedOver,
    Inspected,
    MeetingHeld,
    MinutesSigned,
    Paid,
    PaymentConfirmed,
    Provenance,
    QuestionAsked,
    Recommended,
    Refused,
    Returned,
    SentToApplicant,
    SignatureOrdered,
    TaskKind,
    VerdictsGiven,
)
from permits.errors import Code, RuleError

POSSIBLE: dict[TaskKind, frozenset[str]] = {
    TaskKind.VERIFICATION: frozenset({"verdicts"}),
    TaskKind.REPAIR: frozenset({"repaired"}),
    TaskKind.ASSESSMENT: frozenset({"forward", "reject", "return", "to_applicant"}),
    TaskKind.INSPECTION: frozenset({"inspected"}),
    TaskKind.MEETING: frozenset({"met"}),
    TaskKind.RECOMMENDATION: frozenset({"recommended", "question"}),
    TaskKind.ASSESS_RETRIBUTION: frozenset({"retribution"}),
    TaskKind.PAYMENT: frozenset({"paid"}),
    TaskKind.CONFIRM_PAYMENT: frozenset({"payment"}),
    TaskKind.DRAFTING: frozenset({"drafted", "return", "to_applicant"}),
    TaskKind.DESK_CHECK: frozenset({"forward", "return"}),
    TaskKind.PARAF: frozenset({"paraf", "return"}),
    TaskKind.SIGNING: frozenset({"sign", "return"}),
    TaskKind.OVERDUE: frozenset({"acknowledged"}),
    TaskKind.SIGN_MINUTES: frozenset({"minutes_signed"}),
    TaskKind.CLARIFICATION: frozenset({"answered"}),
    TaskKind.SIGN_RECOMMENDATION: frozenset({"sign", "return"}),
    TaskKind.MATCH_ANSWER: frozenset({"matched"}),
    TaskKind.UNANSWERED_REPAIR: frozenset({"close_file", "keep_waiting"}),
    TaskKind.DEEMED_APPROVAL: frozenset({"deemed_confirmed", "acknowledged"}),
    TaskKind.HAND_OVER: frozenset({"handed_over", "posted"}),
    TaskKind.POSTING: frozenset({"posted", "handed_over"}),
    TaskKind.POST_ARRIVAL: frozenset({"arrived", "came_back"}),
}


APPLICANTS_TASKS = frozenset({TaskKind.REPAIR, TaskKind.PAYMENT, TaskKind.CLARIFICATION})
"""Tasks that staff may do on the applicant's behalf, with the way it reached them and the consent."""


class OpenTask(BaseModel):
    """A task as the rules see it."""

    model_config = ConfigDict(frozen=True)

    id: str
    kind: TaskKind
    role: Role
    subject_sha256: str
    about: Subject
    wanted_documents: tuple[str, ...] = ()  # verification: all that need a verdict
    photos: int = 0
    people: tuple[str, ...] = ()  # minutes: those present, who sign
    return_to: tuple[str, ...] = ()  # stages of this case before this desk


def check_decision(decision: Decision, task: OpenTask) -> None:
    """Whether this decision may be taken at this open task.

    Raises RuleError: not-allowed, own-application, same-person, assigned-to-another, decision-not-possible,
    stale-version, verdict-missing, reason-missing, evidence-missing, provenance-missing, signature-missing,
    return-not-possible.
    """
    if refused := refusal(decision.actor, act_of(decision, task), task.about):
        raise RuleError(refused, task=task.id)
    if decision.body.kind not in POSSIBLE[task.kind]:
        raise RuleError(Code.DECISION_NOT_POSSIBLE, task=task.id, possible=sorted(POSSIBLE[task.kind]))
    if decision.seen != task.subject_sha256:
        raise RuleError(Code.STALE_VERSION, task=task.id, current=task.subject_sha256)
    _check_stand_in(decision, task)
    _check_body(decision.body, task)


def check_paper_dates(body: Body, today: date) -> None:
    """A letter was written before it came, and came by today. Raises RuleError(field-invalid)."""
    match body:
        case Recommended(provenance=Provenance(letter_date=written, received_on=came)):
            if not written <= came <= today:
                raise RuleError(Code.FIELD_INVALID, fields=["provenance"])
        case _:
            pass


def act_of(decision: Decision, task: OpenTask) -> Act:
    """What is asked by this decision: staff who answer for an applicant or an agency ask for another right."""
    if isinstance(decision.body, SignatureOrdered):
        return Act.SIGN_ANSWER if task.kind is TaskKind.SIGN_RECOMMENDATION else Act.SIGN
    if decision.actor.role is not task.role:
        if task.kind in APPLICANTS_TASKS:
            return Act.ACT_FOR_APPLICANT
        if task.kind is TaskKind.RECOMMENDATION and isinstance(decision.body, Recommended):
            return Act.KEY_IN_ANSWER
    return Act.DECIDE


def _check_stand_in(decision: Decision, task: OpenTask) -> None:
    """What staff do for somebody says so, and nobody else can say it."""
    stands_in = decision.actor.role is not task.role
    match decision.body:
        case DocumentsRepaired(on_behalf=said) | Paid(on_behalf=said) | Answered(on_behalf=said):
            pass
        case Recommended(provenance=said):
            pass
        case _:
            return
    if stands_in is (said is None):
        raise RuleError(Code.PROVENANCE_MISSING, task=task.id)


def _check_body(body: Body, task: OpenTask) -> None:
    match body:
        case VerdictsGiven(verdicts=verdicts):
            judged = [verdict.requirement for verdict in verdicts]
            if sorted(judged) != sorted(task.wanted_documents):
                raise RuleError(Code.VERDICT_MISSING, documents=sorted(set(task.wanted_documents) - set(judged)))
            _need_reasons(*(v.reason for v in verdicts if v.verdict == "repair"))
        case SentToApplicant(documents=documents):
            named = [verdict.requirement for verdict in documents]
            if len(set(named)) < len(named) or not set(named) <= set(task.wanted_documents):
                raise RuleError(Code.REQUIREMENT_NOT_FOUND, documents=sorted(set(named) - set(task.wanted_documents)))
            _need_reasons(*(v.reason if v.verdict == "repair" else "" for v in documents))
        case DocumentsRepaired(documents=refs):
            missing = set(task.wanted_documents) - {document.requirement for document in refs}
            if missing:
                raise RuleError(Code.DOCUMENT_MISSING, documents=sorted(missing))
        case Refused(reasons=reasons):
            _need_reasons(*(reasons or ("",)))
        case Returned(reason=reason, to=to):
            if to is not None and to not in task.return_to:
                raise RuleError(Code.RETURN_NOT_POSSIBLE, possible=list(task.return_to))
            if to is None and not task.return_to:
                raise RuleError(Code.RETURN_NOT_POSSIBLE, possible=[])
            _need_reasons(reason)
        case Acknowledged(note=reason) | FileClosed(reason=reason) | DeemedConfirmed(note=reason):
            _need_reasons(reason)
        case CameBack(reason=reason) | QuestionAsked(text=reason) | Answered(text=reason):
            _need_reasons(reason)
        case Recommended(answer="approve_with_conditions", conditions=conditions):
            _need_reasons(*(conditions or ("",)))
        case Recommended(answer="refuse", reason=reason) | PaymentConfirmed(received=False, reason=reason):
            _need_reasons(reason)
        case AnswerMatched(matches=False, reason=reason):
            _need_reasons(reason)
        case Inspected(photos=photos, present=present):
            if len(set(photos)) < task.photos or not present:
                raise RuleError(Code.EVIDENCE_MISSING, photos_wanted=task.photos)
        case MeetingHeld(conclusions=conclusions, present=present):
            if not conclusions or not present:
                raise RuleError(Code.EVIDENCE_MISSING)
        case MinutesSigned(signatures=signatures, refused=refused):
            answered = [one.name for one in signatures] + list(refused)
            if sorted(answered) != sorted(task.people):
                raise RuleError(Code.SIGNATURE_MISSING, people=sorted(set(task.people) - set(answered)))
            _need_reasons(*refused.values())
        case HandedOver(to_name=name, relation=relation, identity_seen=seen):
            _need_reasons(name, relation, seen)
        case _:
            pass


def _need_reasons(*texts: str) -> None:
    if any(not text.strip() for text in texts):
        raise RuleError(Code.REASON_MISSING)
