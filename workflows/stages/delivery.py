"""How the product reaches its owner: a download or an e-mail, over the counter by name, or by post until it arrives.

A message that cannot be delivered is no end: the front office then hands the product over. The promise ends with the
release; how long its owner takes to fetch it is not the office's time.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError

with workflow.unsafe.imports_passed_through():
    from activities.clients.post import PostState
    from activities.delivery import TEMPLATES, DeliverLetter, DeliveryDesk, TrackPost
    from activities.records import CaseBook
    from permits.application import ApplicationStatus, Delivery
    from permits.authority import SYSTEM, Actor, Role
    from permits.decisions import Arrived, CameBack, Decision, HandedOver, Posted, TaskKind
    from permits.events import Tag
    from permits.steps import Waiting
    from workflows.case import Case
    from workflows.desk import Question
    from workflows.options import OUTSIDE

FAILED_MAIL_IS_FOLLOWED = "failed-mail-is-followed"
"""Patch of version 0.2: a message that never reached its owner becomes a task at the counter."""

POSTED_IS_FOLLOWED = "posted-is-followed"
"""Patch of version 0.2: what the counter posts instead of handing it over is tracked like any other parcel."""

STAGE = "Penyerahan surat"
TRACKED_WORKING_DAYS = 15
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
            case.tell_applicant("product-ready", queue_number=_queue_number(case))
            await _fetched(case)
        case _:
            if not told and workflow.patched(FAILED_MAIL_IS_FOLLOWED):
                await _fetched(case)


async def _tell_owner(case: Case) -> bool:
    by_email, template = case.submission.delivery is Delivery.EMAIL, TEMPLATES[case.product]
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
        case.ledger.note(case.ledger.event(Tag.NOTICE_FAILED, template=template))
        return False
    sent = case.ledger.event(Tag.NOTICE_SENT, template=template, proof=proof.message_id, attached=by_email)
    case.ledger.note(sent)
    return True


async def _by_post(case: Case) -> None:
    """Posted, tracked, arrived; what comes back is fetched at the counter or posted again."""
    await _until_it_arrives(case, await _at_the_counter(case, TaskKind.POSTING, POSTING_WORKING_DAYS))


async def _fetched(case: Case) -> None:
    """Handed over at the counter; or posted from there, and then followed as well."""
    decision = await _at_the_counter(case, TaskKind.HAND_OVER, PICKUP_WORKING_DAYS)
    if isinstance(decision.body, Posted) and workflow.patched(POSTED_IS_FOLLOWED):
        await _until_it_arrives(case, decision)


async def _until_it_arrives(case: Case, decision: Decision) -> None:
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
            case.tell_applicant("product-posted", receipt_number=receipt)
    return decision


async def _arrives(case: Case, posted: Posted) -> bool:
    """Whether the parcel reached its owner: as the post's tracking says, else as a person finds out."""
    await _record_on_its_way(case)
    for _ in range(TRACKED_WORKING_DAYS):
        match await _tracked(case, posted):
            case PostState(state="delivered", received_by=name):
                case.ledger.note(case.ledger.event(Tag.PRODUCT_ARRIVED, received_by=name, way="tracking"))
                case.tell_applicant("product-arrived")
                return True
            case PostState(state="returned", reason=reason):
                return _came_back(case, reason, SYSTEM)
            case PostState(state="unknown") | None:
                break
        tomorrow = case.clock.calendar.shift(case.clock.today(), 1)
        await case.clock.wait(lambda: False, case.clock.calendar.opens_at(tomorrow), "pos")
    return await _asked_after(case, posted)


async def _record_on_its_way(case: Case) -> None:
    carried = Waiting(kind="engine", holder="PT Pos Indonesia", stage=STAGE, since=case.clock.now())
    case.desk.show(STAGE, carried.holder, None)
    await case.ledger.keep(
        CaseBook.record_change, "Surat dikirim lewat pos", waiting=carried, status=ApplicationStatus.IN_DELIVERY
    )


async def _tracked(case: Case, posted: Posted) -> PostState | None:
    """What the post says today; None where it does not know the number or cannot be asked for days."""
    order = TrackPost(number=case.number, receipt_number=posted.receipt_number)
    try:
        return await workflow.execute_activity_method(
            DeliveryDesk.track_post, order, summary="Tanyakan kiriman kepada PT Pos", **OUTSIDE
        )
    except ActivityError:
        return None


async def _asked_after(case: Case, posted: Posted) -> bool:
    decision = await _ask(case, TaskKind.POST_ARRIVAL, ARRIVAL_WORKING_DAYS, posted.receipt_number)
    match decision.body:
        case Arrived(received_by=name, on=day):
            facts = {"received_by": name, "arrived_on": day.isoformat()}
            case.ledger.note(case.ledger.event(Tag.PRODUCT_ARRIVED, decision.actor, **facts))
            case.tell_applicant("product-arrived")
            return True
        case CameBack(reason=reason):
            return _came_back(case, reason, decision.actor)
    return False


def _came_back(case: Case, reason: str, actor: Actor) -> bool:
    case.ledger.note(case.ledger.event(Tag.PRODUCT_CAME_BACK, actor, reason=reason))
    case.tell_applicant("product-came-back", reason=reason)
    return False


async def _ask(case: Case, kind: TaskKind, working_days: int, instructions: str = "") -> Decision:
    question = Question(
        kind=kind,
        role=Role.FRONT_OFFICE,
        stage=STAGE,
        holder="Front Office",
        working_days=working_days,
        ladder=case.desk_ladder,
        subject_sha256=case.signed_sha256 or "",
        instructions=instructions or _queue_number(case),
    )
    return await case.desk.ask(question, status=ApplicationStatus.IN_DELIVERY)


def _queue_number(case: Case) -> str:
    """What the counter calls out: the letter's place in its register."""
    assert case.letter is not None
    return f"{case.letter.series}-{case.letter.sequence:04d}"
