"""How the product reaches its owner: a download or an e-mail, over the counter by name, or by post until it arrives.

A message that cannot be delivered is no end: the front office then hands the product over. The promise ends with the
release; how long its owner takes to fetch it is not the office's time.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.delivery import DeliverLetter, DeliveryDesk
    from permits.application import ApplicationStatus, Delivery
    from permits.authority import Role
    from permits.decisions import Arrived, CameBack, Decision, HandedOver, Posted, TaskKind
    from permits.events import Tag
    from permits.steps import Notice
    from workflows.case import Case
    from workflows.desk import Question
    from workflows.options import OUTSIDE

FAILED_MAIL_IS_FOLLOWED = "failed-mail-is-followed"
"""Patch of version 0.2: a message that never reached its owner becomes a task at the counter."""

PICKUP_WORKING_DAYS = 10
POSTING_WORKING_DAYS = 1
ARRIVAL_WORKING_DAYS = 10


async def deliver(case: Case) -> None:
    """Tells the owner, and goes on until the product is in the owner's hands."""
    told = await _tell_owner(case)
    match case.submission.delivery:
        case Delivery.POST:
            await _by_post(case)
        case Delivery.PICKUP:
            await _at_the_counter(case, TaskKind.HAND_OVER, PICKUP_WORKING_DAYS)
        case _:
            if not told and workflow.patched(FAILED_MAIL_IS_FOLLOWED):
                await _at_the_counter(case, TaskKind.HAND_OVER, PICKUP_WORKING_DAYS)


async def _tell_owner(case: Case) -> bool:
    by_email = case.submission.delivery is Delivery.EMAIL
    order = DeliverLetter(
        key=case.ledger.key("delivery"),
        number=case.number,
        purpose=case.product,
        signed_sha256=case.signed_sha256 or "",
        attach=by_email,
    )
    try:
        proof = await workflow.execute_activity_method(
            DeliveryDesk.deliver_letter, order, summary="Kirim surat kepada pemohon", **OUTSIDE
        )
    except ActivityError:
        case.ledger.note(case.ledger.event(Tag.NOTICE_FAILED, template="letter-issued"))
        return False
    case.ledger.note(
        case.ledger.event(Tag.NOTICE_SENT, template="letter-issued", proof=proof.message_id, attached=by_email)
    )
    return True


async def _by_post(case: Case) -> None:
    """Posted, tracked, arrived; what comes back is fetched at the counter or posted again."""
    decision = await _at_the_counter(case, TaskKind.POSTING, POSTING_WORKING_DAYS)
    while isinstance(decision.body, Posted):
        if await _arrives(case, decision.body):
            return
        decision = await _at_the_counter(case, TaskKind.HAND_OVER, PICKUP_WORKING_DAYS)


async def _at_the_counter(case: Case, kind: TaskKind, working_days: int) -> Decision:
    decision = await _ask(case, kind, working_days)
    body = decision.body
    match body:
        case HandedOver(to_name=name, relation=relation, identity_seen=seen):
            facts = {"to_name": name, "relation": relation, "identity_seen": seen}
            case.ledger.note(case.ledger.event(Tag.PRODUCT_HANDED_OVER, decision.actor, **facts))
        case Posted(receipt_number=receipt):
            case.ledger.note(case.ledger.event(Tag.PRODUCT_POSTED, decision.actor, receipt_number=receipt))
            case.ledger.note_notice(_to_owner(case, "product-posted", receipt_number=receipt))
    return decision


async def _arrives(case: Case, posted: Posted) -> bool:
    """Whether the parcel reached its owner."""
    decision = await _ask(case, TaskKind.POST_ARRIVAL, ARRIVAL_WORKING_DAYS, posted.receipt_number)
    match decision.body:
        case Arrived(received_by=name, on=day):
            facts = {"received_by": name, "arrived_on": day.isoformat()}
            case.ledger.note(case.ledger.event(Tag.PRODUCT_ARRIVED, decision.actor, **facts))
            case.ledger.note_notice(_to_owner(case, "product-arrived"))
            return True
        case CameBack(reason=reason):
            case.ledger.note(case.ledger.event(Tag.PRODUCT_CAME_BACK, decision.actor, reason=reason))
    return False


async def _ask(case: Case, kind: TaskKind, working_days: int, instructions: str = "") -> Decision:
    question = Question(
        kind=kind,
        role=Role.FRONT_OFFICE,
        stage="Penyerahan surat",
        holder="Front Office",
        working_days=working_days,
        ladder=case.desk_ladder,
        subject_sha256=case.signed_sha256 or "",
        instructions=instructions or (case.letter.number_text if case.letter else ""),
    )
    return await case.desk.ask(question, status=ApplicationStatus.IN_DELIVERY)


def _to_owner(case: Case, template: str, **facts: str) -> Notice:
    return Notice(key=case.ledger.key(template), template=template, to="applicant", facts=facts)
