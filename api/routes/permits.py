"""Issued permits: read, and the procedures that revoke, replace or extend one."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse

from api.asked import Asked
from api.dependencies import Case, Here, PageSize, SignedIn, allow, case_for
from api.idempotency import Once, OnlyOnce, request_sha256
from api.problems import Problem
from api.procedures import Answers, open_procedure, replacement, revocation
from api.services import Services
from api.submitting import SubmissionAnswer
from api.views import verification_url
from permits.after_issue import CHANGE_BY, OPENED_BY, Cause, PermitStatus
from permits.application import Delivery
from permits.authority import STAFF, Act, Actor, Role, refusal
from permits.definition import Procedure
from permits.errors import Code
from store.queries.permits import PermitFilter, PermitLine, permit_line, permits

private = APIRouter(tags=["permits"])

Answer = Annotated[str, Field(max_length=5000)]


class RevocationAsked(Asked):
    """The office takes a permit back."""

    reason: str = Field(max_length=2000)
    legal_ground: str = Field(max_length=1000)
    """The rule that the revocation rests on, in words."""


class ReplacementAsked(Asked):
    """The holder asks for a new letter in place of the old one."""

    cause: Cause
    note: str = Field(default="", max_length=2000)
    corrections: dict[str, Answer] = Field(default_factory=dict, max_length=100)
    """Of a mistake: the right answers, by the codes of the type's form."""
    delivery: Delivery = Delivery.DOWNLOAD


class ExtensionAsked(Asked):
    """The holder asks for another period of the same permit."""

    delivery: Delivery = Delivery.DOWNLOAD


class PermitPage(PermitLine):
    """One permit."""

    verification_url: str | None
    procedures: list[str]
    """What the reader may ask for: revocation, replacement, extension."""


class PermitList(BaseModel):
    """A page of permits, the newest first."""

    items: list[PermitLine]
    total: int
    next_after: str | None
    """Ask again with `after` set to this for the next page."""


Readable = Annotated[Case, Depends(case_for(Act.READ_APPLICATION))]
Revocable = Annotated[Case, Depends(case_for(Act.OPEN_REVOCATION))]
Own = Annotated[Case, Depends(case_for(Act.ASK_FOR_CHANGE))]


@private.get("/permits")
async def list_permits(
    login: SignedIn,
    services: Here,
    status: Annotated[PermitStatus | None, Query()] = None,
    permit_type: Annotated[str | None, Query(pattern=r"^[a-z0-9-]{2,60}$")] = None,
    valid_until_from: Annotated[date | None, Query(description="Last day on or after this day")] = None,
    valid_until_to: Annotated[date | None, Query(description="Last day on or before this day")] = None,
    number_text: Annotated[str | None, Query(max_length=200, description="Number as printed, whole")] = None,
    practice: Annotated[bool, Query(description="Those of practice cases instead")] = False,
    after: Annotated[str | None, Query(pattern=r"^PRM-[0-9]{4}-[0-9]{6,9}$")] = None,
    limit: PageSize = 50,
) -> PermitList:
    """An applicant's own permits; for staff, all of them, for a back office those of its field."""
    wanted = PermitFilter(
        holder_id=_whose(login.actor),
        status=status,
        permit_type=permit_type,
        valid_until_from=valid_until_from,
        valid_until_to=valid_until_to,
        number_text=number_text,
        field=login.actor.field if login.actor.role is Role.BACK_OFFICE else None,
        practice=practice,
    )
    today = await services.office_today()
    async with services.db.transaction() as session:
        items, total = await permits(session, wanted, today, after, limit)
    return PermitList(items=items, total=total, next_after=items[-1].number if len(items) == limit else None)


@private.get("/permits/{number}")
async def read_permit(case: Readable, services: Here) -> PermitPage:
    """The permit that came of this application."""
    today = await services.office_today()
    async with services.db.transaction() as session:
        line = await permit_line(session, case.row.number, today)
    return PermitPage(
        **line.model_dump(),
        verification_url=verification_url(services, case.row.verification_id),
        procedures=_possible(case, line),
    )


@private.post("/permits/{number}/revocation", status_code=201, response_model=SubmissionAnswer)
async def revoke_permit(
    asked: RevocationAsked, case: Revocable, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """The back office of the field, or a coordinator, opens the revocation of somebody else's permit."""
    answers = revocation(asked.reason, asked.legal_ground)
    delivery = Delivery(case.row.delivery)
    return await _opened(services, case, Procedure.REVOCATION, asked, answers, only_once, delivery)


@private.post("/permits/{number}/replacement", status_code=201, response_model=SubmissionAnswer)
async def replace_permit(asked: ReplacementAsked, case: Own, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """The holder asks for a new letter: the old one is lost, damaged, or wrong."""
    answers = replacement(case.row.data, asked.cause, asked.note, asked.corrections)
    return await _opened(services, case, Procedure.REPLACEMENT, asked, answers, only_once, asked.delivery)


@private.post("/permits/{number}/extension", status_code=201, response_model=SubmissionAnswer)
async def extend_permit(asked: ExtensionAsked, case: Own, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """The holder asks for another period before the permit ends, where its type has one."""
    return await _opened(services, case, Procedure.EXTENSION, asked, None, only_once, asked.delivery)


async def _opened(
    services: Services,
    case: Case,
    procedure: Procedure,
    asked: Asked,
    answers: Answers | None,
    only_once: Once,
    delivery: Delivery,
) -> JSONResponse:
    """201 when its process runs, 202 when it is kept and will be started shortly."""
    key = request_sha256(procedure.value, [case.actor.id, only_once.key]) if only_once.key else None
    started = True

    async def write() -> SubmissionAnswer:
        nonlocal started
        answer = await open_procedure(services, case, procedure, answers, key, delivery)
        started = answer.started
        return answer

    answer = await only_once.answer(asked, 201, write)
    if not started:
        answer.status_code = 202
    return answer


def _possible(case: Case, line: PermitLine) -> list[str]:
    if line.status != "in_force":
        return []
    return [one.value for one in CHANGE_BY if refusal(case.actor, OPENED_BY[one], case.subject) is None]


def _whose(actor: Actor) -> str | None:
    if actor.role is Role.APPLICANT:
        return actor.id
    if actor.role not in STAFF:
        raise Problem(Code.NOT_ALLOWED)
    allow(actor, Act.READ_APPLICATION)
    return None
