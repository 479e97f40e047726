"""Applications: draft, change, submit, read, withdraw."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from api.asked import Asked
from api.dependencies import Case, Here, PageSize, SignedIn, allow, case_for, may
from api.engine import CaseGone, Unknown
from api.idempotency import OnlyOnce, request_sha256
from api.problems import ApiCode, Problem
from api.sentences import facts_for_all
from api.submitting import SubmissionAnswer, submit_case
from permits.after_issue import may_be_withdrawn
from permits.application import CLOSED, ApplicationStatus, Delivery
from permits.authority import STAFF, Act, Actor, Role
from permits.definition import PermitDefinition, Procedure, Variant
from permits.errors import Code, RuleError
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
from store.records import NewDraft
from workflows.messages import Withdrawal

private = APIRouter(tags=["applications"])

Answers = Annotated[dict[str, Annotated[str, Field(max_length=5000)]], Field(max_length=100)]


class DraftAsked(Asked):
    """A new application."""

    permit_type: str = Field(pattern=r"^[a-z0-9-]{2,60}$")
    variant: Variant = Variant.NEW
    data: Answers = Field(default_factory=dict)
    delivery: Delivery = Delivery.DOWNLOAD


class DraftChange(Asked):
    """What changes in a draft; what is left out stays."""

    data: Answers | None = None
    delivery: Delivery | None = None


class DraftAnswer(BaseModel):
    """A draft as it is kept."""

    number: str
    status: str
    permit_type: str
    variant: str
    data: dict[str, str]
    delivery: str


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


class WithdrawalAsked(Asked):
    """A withdrawal; the reason is optional."""

    reason: str = Field(default="", max_length=2000)


Applicant = Annotated[Actor, Depends(may(Act.APPLY))]
Draft = Annotated[Case, Depends(case_for(Act.EDIT_DRAFT))]
Readable = Annotated[Case, Depends(case_for(Act.READ_APPLICATION))]
Withdrawable = Annotated[Case, Depends(case_for(Act.WITHDRAW))]


@private.post("/applications", status_code=201, response_model=DraftAnswer)
async def create_application(asked: DraftAsked, actor: Applicant, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Opens a draft; it has its number from here on."""

    async def write() -> DraftAnswer:
        today = await services.office_today()
        async with services.db.transaction() as session:
            definition = await definition_in_force(session, asked.permit_type, today)
        _check_draft(definition, asked.variant, asked.data)
        row = await services.records.create_draft(
            NewDraft(
                applicant_id=actor.id,
                permit_type=definition.code,
                variant=asked.variant,
                title=definition.title,
                field=definition.field,
                data=dict(asked.data),
                delivery=asked.delivery,
                created_at=services.now(),
                year=today.year,
            )
        )
        return _draft_answer(row)

    return await only_once.answer(asked, 201, write)


@private.patch("/applications/{number}", response_model=DraftAnswer)
async def change_application(asked: DraftChange, case: Draft, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Changes answers or delivery of a draft."""

    async def write() -> DraftAnswer:
        if case.row.status != ApplicationStatus.DRAFT:
            raise RuleError(Code.NOT_A_DRAFT, number=case.row.number)
        data = None
        if asked.data is not None:
            today = await services.office_today()
            async with services.db.transaction() as session:
                definition = await definition_in_force(session, case.row.permit_type, today)
            _check_draft(definition, Variant(case.row.variant), asked.data)
            data = case.row.data | asked.data
        return _draft_answer(await services.records.update_draft(case.row.number, data, asked.delivery))

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
) -> ApplicationList:
    """An applicant's own applications; for staff, all that were submitted, for a back office those of its field."""
    applicant_id = _whose(login.actor)
    field = login.actor.field if login.actor.role is Role.BACK_OFFICE else None
    async with services.db.transaction() as session:
        items, total = await applications(session, applicant_id, after, limit, field)
    return ApplicationList(items=items, total=total, next_after=items[-1].number if len(items) == limit else None)


@private.get("/applications/{number}")
async def read_application(case: Readable, services: Here) -> ApplicationPage:
    """The whole case."""
    async with services.db.transaction() as session:
        return await application_page(session, case.row.number)


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


@private.post("/applications/{number}/withdrawal")
async def withdraw_application(
    asked: WithdrawalAsked, case: Withdrawable, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """Takes an application back; possible until the head has ordered the signature."""
    key = only_once.key or request_sha256("withdrawal", asked)

    async def write() -> dict[str, Any]:
        if case.row.status == ApplicationStatus.DRAFT:
            raise Problem(ApiCode.NOT_SUBMITTED)
        if case.row.status in CLOSED:
            raise RuleError(closed_code(case.row.status), number=case.row.number)
        if not may_be_withdrawn(Procedure(case.row.procedure)):
            raise RuleError(Code.NOT_ALLOWED)
        try:
            receipt = await services.engine.withdraw(
                case.row.number, Withdrawal(actor=case.actor, reason=asked.reason), key
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


def _draft_answer(row: Any) -> DraftAnswer:
    return DraftAnswer(
        number=row.number,
        status=row.status,
        permit_type=row.permit_type,
        variant=row.variant,
        data=row.data,
        delivery=row.delivery,
    )
