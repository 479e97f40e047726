"""A decision on its way: the actor comes from the session, evidence is looked up, the engine answers.

The engine is the authority on whether a task is open; a row that trails behind gives a 409 there, never two decisions.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, ValidationError
from starlette.responses import JSONResponse

from api.asked import Asked, Sha256
from api.dependencies import Work
from api.engine import CaseGone, Unknown
from api.problems import ApiCode, Problem
from api.services import Services
from permits import decisions
from permits.application import CLOSED, ApplicationStatus, dossier_sha256
from permits.decision_rules import POSSIBLE
from permits.decisions import (
    Answered,
    Body,
    Decision,
    DocumentsRepaired,
    Inspected,
    MinutesSigned,
    Paid,
    Provenance,
    Receipt,
    Recommended,
    TaskKind,
)
from permits.errors import Code, RuleError
from store.queries.application import requirement_titles
from store.queries.inbox import attachments


class _Seen(Asked):
    seen: Sha256
    """`subject_sha256` of the task: what was judged."""


class VerdictsAsked(_Seen, decisions.VerdictsGiven):
    """Verification: a verdict for every document."""


class RepairedAsked(_Seen):
    """Repair: the applicant has uploaded again; what lies there now is filled in. Staff say on whose wish."""

    kind: Literal["repaired"] = "repaired"
    on_behalf: decisions.OnBehalf | None = None


class ForwardAsked(_Seen, decisions.Forwarded):
    """On to the next desk."""


class RefusalAsked(_Seen, decisions.Refused):
    """The product will be a rejection."""


class ReturnAsked(_Seen, decisions.Returned):
    """The letter goes back to be written again."""


class ToApplicantAsked(_Seen, decisions.SentToApplicant):
    """Documents that turn out to be wrong go back to the applicant."""


class MinutesAsked(_Seen, decisions.MinutesSigned):
    """Everyone present has signed the minutes, or refused; images by the sha256 of their attachments."""


class InspectedAsked(_Seen, decisions.Inspected):
    """What an inspection found; photos by the sha256 of their attachments."""


class MeetingAsked(_Seen, decisions.MeetingHeld):
    """What a meeting concluded."""


class RecommendedAsked(_Seen, decisions.Recommended):
    """An OPD's answer."""


class QuestionAskedOfApplicant(_Seen, decisions.QuestionAsked):
    """An OPD asks the applicant before it answers."""


class AnsweredAsked(_Seen, decisions.Answered):
    """The applicant answers; files by the sha256 of their attachments. Staff say on whose wish."""


class MatchedAsked(_Seen, decisions.AnswerMatched):
    """Whether a wet-signed letter is the answer to the request."""


class FileClosedAsked(_Seen, decisions.FileClosed):
    """The file of an applicant who never answered is closed."""


class KeptWaitingAsked(_Seen, decisions.KeptWaiting):
    """The applicant is given more time."""


class DeemedAsked(_Seen, decisions.DeemedConfirmed):
    """The silence rule of the type applies."""


class HandedOverAsked(_Seen, decisions.HandedOver):
    """The product was handed over at the counter."""


class PostedAsked(_Seen, decisions.Posted):
    """The product was given to the post."""


class ArrivedAsked(_Seen, decisions.Arrived):
    """The product has arrived."""


class CameBackAsked(_Seen, decisions.CameBack):
    """The post brought the product back."""


class RetributionAsked(_Seen, decisions.RetributionAssessed):
    """The amount of the retribution."""


class PaidAsked(_Seen, decisions.Paid):
    """The applicant has paid; the proof by the sha256 of its attachment."""


class PaymentAsked(_Seen, decisions.PaymentConfirmed):
    """Whether the payment was found."""


class DraftedAsked(_Seen, decisions.Drafted):
    """What the letter says beyond the answers of the form."""


class ParafAsked(_Seen, decisions.ParafGiven):
    """Paraf on exactly the letter that was seen."""


class AcknowledgedAsked(_Seen, decisions.Acknowledged):
    """What is done about a silence."""


DecisionAsked = Annotated[
    VerdictsAsked
    | RepairedAsked
    | ForwardAsked
    | RefusalAsked
    | ReturnAsked
    | InspectedAsked
    | MeetingAsked
    | RecommendedAsked
    | RetributionAsked
    | PaidAsked
    | PaymentAsked
    | DraftedAsked
    | ParafAsked
    | AcknowledgedAsked
    | ToApplicantAsked
    | MinutesAsked
    | QuestionAskedOfApplicant
    | AnsweredAsked
    | MatchedAsked
    | FileClosedAsked
    | KeptWaitingAsked
    | DeemedAsked
    | HandedOverAsked
    | PostedAsked
    | ArrivedAsked
    | CameBackAsked,
    Field(discriminator="kind"),
]
"""Every decision but the signature, which is asked for by `POST /api/v1/signing/activations`."""


class _Whole(BaseModel):
    body: Body


async def decide(services: Services, work: Work, asked: _Seen, key: str) -> JSONResponse:
    """Passes a decision on and answers with its receipt, or 202 where the engine has not answered yet.

    Raises RuleError and Problem with the reason of a refusal.
    """
    try:
        body = await _body(services, work, asked)
        decision = Decision(task_id=work.task.id, actor=work.actor, seen=asked.seen, body=body)
        receipt = await order(services, work, decision, key)
    except ValidationError:
        raise Problem(ApiCode.INVALID_REQUEST, fields=["body"]) from None
    except (Problem, RuleError) as refused:
        raise await _with_titles(services, work, refused) from None
    except Unknown:
        unknown = {"state": "accepted-unknown", "task_id": work.task.id, "retry_with_key": key}
        return JSONResponse(unknown, 202, headers={"Retry-After": "2"})
    return JSONResponse({"state": "accepted", **receipt.model_dump(mode="json")})


async def order(services: Services, work: Work, decision: Decision, key: str) -> Receipt:
    """Sends one decision to the workflow of its task.

    Raises Unknown, RuleError(idempotency-key-reused) where the key carried another decision, and the refusal's code.
    """
    try:
        receipt = await services.engine.decide(work.task.workflow_id, decision, key)
    except CaseGone:
        raise await why_gone(services, work) from None
    if receipt.body_sha256 != decision.body_sha256:
        raise RuleError(Code.IDEMPOTENCY_KEY_REUSED)
    return receipt


async def _with_titles(services: Services, work: Work, refused: Problem | RuleError) -> Problem | RuleError:
    """Documents by their titles, and only those that the task itself asks about: others were named by the sender."""
    if "documents" not in refused.facts:
        return refused
    async with services.db.transaction() as session:
        titles = await requirement_titles(session, work.application)
    documents = [code for code in work.task.wanted_documents if code in refused.facts["documents"]]
    facts = refused.facts | {
        "documents": documents or None,
        "titles": [titles.get(code, code) for code in documents] or None,
    }
    return Problem(refused.code, **facts)


async def why_gone(services: Services, work: Work) -> RuleError:
    """Why no workflow waits at this task any more."""
    status = work.application.status
    if status == ApplicationStatus.WITHDRAWN:
        return RuleError(Code.APPLICATION_WITHDRAWN, number=work.application.number)
    if status in CLOSED:
        return RuleError(Code.APPLICATION_CLOSED, number=work.application.number)
    requests = await services.records.opd_answers_of(work.application.number)
    if any(one.workflow_id == work.task.workflow_id and one.answer == "withdrawn" for one in requests):
        return RuleError(Code.REQUEST_WITHDRAWN)
    return RuleError(Code.TASK_CLOSED, decided_by=work.task.decided_by_name)


async def _body(services: Services, work: Work, asked: _Seen) -> Body:
    if isinstance(asked, RepairedAsked):
        repaired = await _repaired(services, work)
        return repaired.model_copy(update={"on_behalf": asked.on_behalf})
    body = _Whole.model_validate({"body": asked.model_dump(exclude={"seen"})}).body
    await _check_evidence(services, work, body)
    return body


async def _repaired(services: Services, work: Work) -> DocumentsRepaired:
    """What lies there now. Raises RuleError(document-missing) while one that was asked for is still the old one."""
    if "repaired" not in POSSIBLE[TaskKind(work.task.kind)]:
        raise RuleError(Code.DECISION_NOT_POSSIBLE, possible=sorted(POSSIBLE[TaskKind(work.task.kind)]))
    rows = {row.requirement: row for row in await services.records.documents_of(work.application.number)}
    old = [code for code in work.task.wanted_documents if code not in rows or rows[code].verdict == "repair"]
    if old and work.task.status == "open":
        raise RuleError(Code.DOCUMENT_MISSING, documents=old)
    documents = await services.records.newest_documents(work.application.number)
    return DocumentsRepaired(documents=documents, dossier_sha256=dossier_sha256(work.application.data, documents))


async def _check_evidence(services: Services, work: Work, body: Body) -> None:
    """Evidence that a decision names has to lie with its task. Raises RuleError(evidence-missing)."""
    match body:
        case Inspected(photos=photos):
            named = {"photo": set(photos)}
        case Paid(proof=proof):
            named = {"payment-proof": {proof}}
        case MinutesSigned(signatures=signatures):
            named = {"minutes-signature": {one.image for one in signatures}}
        case Answered(files=files):
            named = {"answer": set(files)}
        case Recommended(provenance=Provenance(scan=scan)):
            named = {"paper-answer": {scan}}
        case Recommended(letter=str() as letter):
            named = {"wet-signed-letter": {letter}}
        case _:
            return
    async with services.db.transaction() as session:
        kept: list[Any] = await attachments(session, work.task.id)
    for kind, wanted in named.items():
        if not wanted <= {one.sha256 for one in kept if one.kind == kind}:
            raise RuleError(Code.EVIDENCE_MISSING, photos_wanted=work.task.photos or None)
