"""Applications: draft, change, submit, read, withdraw; by applicants, and by the front office at the counter.

A draft of the counter belongs to its applicant and can be gone on with by any front office. Withdrawing is the
applicant's; the front office does it with the applicant's consent, since people without e-mail cannot log in.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import JSONResponse

from api.acting import check_other_person
from api.asked import Asked
from api.continuing import Continuing, OldPermitAsked, find_old_permit
from api.dependencies import Case, Here, PageSize, SignedIn, allow, case_for, case_of_applicant_or_stand_in
from api.engine import CaseGone, Unknown
from api.idempotency import OnlyOnce, request_sha256
from api.problems import ApiCode, Problem
from api.sentences import facts_for_all
from api.services import Services
from api.submitting import SubmissionAnswer, submit_case
from permits.after_issue import may_be_withdrawn
from permits.application import CLOSED, ApplicationStatus, Delivery
from permits.authority import STAFF, Act, Actor, Role, Subject
from permits.decisions import OnBehalf
from permits.definition import PermitDefinition, Procedure, Variant
from permits.errors import Code, RuleError
from permits.party import Party, party_of, requirements_for
from store.queries.application import (
    ApplicationLine,
    ApplicationPage,
    EventLine,
    application_page,
    applications,
    events,
    requirement_titles,
)
from store.queries.catalogue import definition_in_force
from store.queries.proof import RungProof, proof_of_rungs
from store.records import DraftChanges, NewDraft
from store.tables import ApplicationRow
from workflows.messages import Withdrawal

private = APIRouter(tags=["applications"])

PostalAddress = Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=500)]
Answers = Annotated[dict[str, Annotated[str, Field(max_length=5000)]], Field(max_length=100)]


class DraftAsked(Asked):
    """A new application."""

    permit_type: str = Field(pattern=r"^[a-z0-9-]{2,60}$")
    variant: Variant = Variant.NEW
    data: Answers = Field(default_factory=dict)
    delivery: Delivery = Delivery.DOWNLOAD
    delivery_address: PostalAddress | None = None
    party: Party | None = None
    """For whom, where it is not the account itself: a company, an institution, or a principal by kuasa."""
    old_permit: OldPermitAsked | None = None
    practice: bool = False
    """Training: every letter says CONTOH, and nothing legal comes out."""
    applicant: str | None = Field(default=None, min_length=1, max_length=64)
    """The front office: the account that it files for."""


class DraftChange(Asked):
    """What changes in a draft; what is left out stays."""

    data: Answers | None = None
    delivery: Delivery | None = None
    delivery_address: PostalAddress | None = None
    party: Party | None = None
    old_permit: OldPermitAsked | None = None


class DraftAnswer(BaseModel):
    """A draft as it is kept."""

    number: str
    status: str
    permit_type: str
    variant: str
    data: dict[str, str]
    delivery: str
    delivery_address: str | None
    party: Party | None
    old_permit: str | None
    old_permit_text: str | None
    practice: bool
    channel: str
    documents_wanted: list[str]
    """Codes of the documents that it asks for, required or not; a kuasa brings one more."""


class ApplicationList(BaseModel):
    """A page of applications, the newest first."""

    items: list[ApplicationLine]
    total: int
    next_after: str | None
    """Ask again with `after` set to this for the next page."""


class EventInWords(EventLine):
    """A line of the record, and what it says to people."""

    sentence: str


class EventList(BaseModel):
    """A page of the record."""

    items: list[EventInWords]
    total: int
    next_after: int | None


class RungList(BaseModel):
    """The rungs of a case, in the order they fell."""

    items: list[RungProof]


class WithdrawalAsked(Asked):
    """A withdrawal; the reason is optional."""

    reason: str = Field(default="", max_length=2000)
    on_behalf: OnBehalf | None = None
    """The front office: by which way the applicant asked for it, and how it agreed."""


Draft = Annotated[
    Case, Depends(case_of_applicant_or_stand_in(Act.EDIT_DRAFT, for_draft=Act.APPLY_FOR, for_case=Act.APPLY_FOR))
]
Readable = Annotated[Case, Depends(case_for(Act.READ_APPLICATION))]
Withdrawable = Annotated[
    Case, Depends(case_of_applicant_or_stand_in(Act.WITHDRAW, for_draft=None, for_case=Act.ACT_FOR_APPLICANT))
]


@private.post("/applications", status_code=201, response_model=DraftAnswer)
async def create_application(asked: DraftAsked, login: SignedIn, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Opens a draft; it has its number from here on. The front office names the account that it files for."""
    applicant_id = await _files_for(services, login.actor, asked.applicant)

    async def write() -> DraftAnswer:
        today = await services.office_today()
        async with services.db.transaction() as session:
            definition = await definition_in_force(session, asked.permit_type, today)
        _check_draft(definition, asked.variant, asked.data)
        by = Continuing(applicant_id, definition.code, asked.variant, asked.practice)
        old = await find_old_permit(services, asked.old_permit, by) if asked.old_permit else None
        at_counter = asked.applicant is not None
        row = await services.records.create_draft(
            NewDraft(
                applicant_id=applicant_id,
                permit_type=definition.code,
                variant=asked.variant,
                title=definition.title,
                field=definition.field,
                data=dict(asked.data),
                delivery=asked.delivery,
                delivery_address=asked.delivery_address,
                party=asked.party.model_dump(mode="json") if asked.party else None,
                filed_by=login.actor.id if at_counter else None,
                channel="counter" if at_counter else "web",
                practice=asked.practice,
                old_permit=old.number if old else None,
                old_permit_text=old.text if old else None,
                created_at=services.now(),
                year=today.year,
            )
        )
        return _draft_answer(row, definition)

    return await only_once.answer(asked, 201, write)


@private.patch("/applications/{number}", response_model=DraftAnswer)
async def change_application(asked: DraftChange, case: Draft, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Changes answers, holder, old permit or delivery of a draft."""

    async def write() -> DraftAnswer:
        if case.row.status != ApplicationStatus.DRAFT:
            raise RuleError(Code.NOT_A_DRAFT, number=case.row.number)
        data = None
        today = await services.office_today()
        async with services.db.transaction() as session:
            definition = await definition_in_force(session, case.row.permit_type, today)
        if asked.data is not None:
            _check_draft(definition, Variant(case.row.variant), asked.data)
            # Answers to what the law no longer asks go: with them, an overtaken draft could never be submitted.
            known = {question.code for question in definition.form}
            data = {code: answer for code, answer in case.row.data.items() if code in known} | asked.data
        by = Continuing.of(case.row)
        old = await find_old_permit(services, asked.old_permit, by) if asked.old_permit else None
        changes = DraftChanges(
            data=data,
            delivery=asked.delivery,
            delivery_address=asked.delivery_address,
            party=asked.party.model_dump(mode="json") if asked.party else None,
            old_permit=old.number if old else None,
            old_permit_text=old.text if old else None,
        )
        return _draft_answer(await services.records.change_draft(case.row.number, changes), definition)

    return await only_once.answer(asked, 200, write)


@private.delete("/applications/{number}", status_code=204)
async def discard_application(case: Draft, services: Here) -> None:
    """Throws a draft away, with its documents."""
    for sha256 in await services.records.discard_draft(case.row.number):
        await services.documents.delete_document(sha256)


@private.post("/applications/{number}/submission", status_code=201, response_model=SubmissionAnswer)
async def submit_application(case: Draft, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Submits: 201 when its process runs, 202 when it is kept and will be started shortly."""
    key = request_sha256("submission", [case.actor.id, only_once.key]) if only_once.key else None
    answer = await submit_case(services, case, key)
    return JSONResponse(answer.model_dump(mode="json"), 201 if answer.started else 202)


@private.get("/applications")
async def list_applications(
    login: SignedIn,
    services: Here,
    after: Annotated[str | None, Query(pattern=r"^PRM-[0-9]{4}-[0-9]{6,9}$")] = None,
    limit: PageSize = 50,
    drafts: Annotated[bool, Query(description="Front office: the drafts of the counter instead")] = False,
) -> ApplicationList:
    """An applicant's own applications; for staff, all that were submitted, for a back office those of its field."""
    applicant_id = _whose(login.actor)
    field = login.actor.field if login.actor.role is Role.BACK_OFFICE else None
    of_counter = drafts and applicant_id is None
    if of_counter:
        allow(login.actor, Act.APPLY_FOR)
    async with services.db.transaction() as session:
        items, total = await applications(
            session, applicant_id, after, limit, field=field, drafts_of_counter=of_counter
        )
    return ApplicationList(items=items, total=total, next_after=items[-1].number if len(items) == limit else None)


@private.get("/applications/{number}")
async def read_application(case: Readable, services: Here) -> ApplicationPage:
    """The whole case; what the NIK says is no agency's business."""
    async with services.db.transaction() as session:
        page = await application_page(session, case.row.number)
    return page.model_copy(update={"identity_warnings": []}) if case.actor.role is Role.OPD else page


@private.get("/applications/{number}/events")
async def read_events(
    case: Readable, services: Here, after: Annotated[int, Query(ge=0, le=10_000_000)] = 0, limit: PageSize = 100
) -> EventList:
    """The record of the case, line by line, with its chain of hashes; raw facts are for staff alone."""
    inside = case.actor.role in STAFF
    async with services.db.transaction() as session:
        lines, total = await events(session, case.row.number, after, limit)
        titles = await requirement_titles(session, case.row)
    shown = lines if inside else [line.model_copy(update={"facts": facts_for_all(line.facts)}) for line in lines]
    items = [
        EventInWords(**line.model_dump(), sentence=services.sentences.sentence(line.tag, line.facts, titles))
        for line in shown
    ]
    last = items[-1].sequence if items else after
    return EventList(items=items, total=total, next_after=last if last < total and items else None)


@private.get("/applications/{number}/rungs")
async def read_rungs(case: Readable, services: Here) -> RungList:
    """Every warning and escalation that fell in this case, whom it reached and when: the proof of a lateness.

    Accounts and message ids are for staff; others see desks and instants.
    """
    async with services.db.transaction() as session:
        items = await proof_of_rungs(session, case.row.number)
    if case.actor.role not in STAFF:
        items = [one.model_copy(update={"recipient_id": None, "message_id": None}) for one in items]
    return RungList(items=items)


@private.post("/applications/{number}/withdrawal")
async def withdraw_application(
    asked: WithdrawalAsked, case: Withdrawable, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """Takes an application back; possible until the head has ordered the signature."""
    key = only_once.key or request_sha256("withdrawal", asked)
    if (case.actor.role is Role.APPLICANT) is (asked.on_behalf is not None):
        raise RuleError(Code.PROVENANCE_MISSING)

    async def write() -> dict[str, Any]:
        if case.row.status == ApplicationStatus.DRAFT:
            raise Problem(ApiCode.NOT_SUBMITTED)
        if case.row.status in CLOSED:
            raise RuleError(closed_code(case.row.status), number=case.row.number)
        if not may_be_withdrawn(Procedure(case.row.procedure)):
            raise RuleError(Code.NOT_ALLOWED)
        try:
            receipt = await services.engine.withdraw(
                case.row.number,
                Withdrawal(actor=case.actor, reason=asked.reason, on_behalf=asked.on_behalf),
                key,
            )
        except CaseGone:
            raise RuleError(closed_code(case.row.status), number=case.row.number) from None
        return {"state": "accepted", **receipt.model_dump(mode="json")}

    try:
        return await only_once.answer(asked, 200, write)
    except Unknown:
        return unknown_answer(key)


def closed_code(status: str) -> Code:
    """Why a case takes no more: withdrawn, or closed otherwise."""
    return Code.APPLICATION_WITHDRAWN if status == ApplicationStatus.WITHDRAWN else Code.APPLICATION_CLOSED


def unknown_answer(key: str) -> JSONResponse:
    """The engine did not answer in time; the same request with this key is safe."""
    return JSONResponse({"state": "accepted-unknown", "retry_with_key": key}, 202, headers={"Retry-After": "2"})


async def _files_for(services: Services, actor: Actor, applicant: str | None) -> str:
    """Whose application it will be. Raises RuleError: not-allowed, own-application, person-not-found."""
    if applicant is None:
        allow(actor, Act.APPLY)
        return actor.id
    allow(actor, Act.APPLY_FOR, Subject(applicant_id=applicant))
    await check_other_person(services, actor, applicant)
    account = await services.records.account(applicant)
    if account is None or not account.active or account.role != Role.APPLICANT:
        raise RuleError(Code.PERSON_NOT_FOUND)
    return account.id


def _whose(actor: Actor) -> str | None:
    if actor.role is Role.APPLICANT:
        return actor.id
    if actor.role not in STAFF:
        raise Problem(Code.NOT_ALLOWED)
    allow(actor, Act.READ_APPLICATION)
    return None


def _check_draft(definition: PermitDefinition, variant: Variant, data: dict[str, str]) -> None:
    unknown = sorted(set(data) - {question.code for question in definition.form})
    if unknown:
        # The codes were made up by the sender, so they are not said again.
        raise RuleError(Code.FIELD_INVALID, fields=["data"])
    if not definition.requirements_of(variant):
        raise RuleError(Code.FIELD_INVALID, fields=["variant"])


def _draft_answer(row: ApplicationRow, definition: PermitDefinition) -> DraftAnswer:
    wanted = requirements_for(definition, Variant(row.variant), party_of(row.party))
    shown = row.model_dump(include=set(DraftAnswer.model_fields))
    return DraftAnswer(**shown, documents_wanted=[one.code for one in wanted])
