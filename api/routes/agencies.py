"""What the office does with its requests to agencies: one more is asked, one is taken back, one gets more time."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import Field
from starlette.responses import JSONResponse

from api.asked import Asked
from api.dependencies import Case, Here, case_for
from api.engine import CaseGone, Unknown
from api.idempotency import Key, request_sha256
from api.routes.applications import closed_code, unknown_answer
from api.services import Services
from permits.application import CLOSED
from permits.authority import Act
from permits.definition import Agency
from permits.errors import Code, RuleError
from store.tables import OpdRequestRow
from workflows.messages import AgencyAdded, RequestExtended, RequestWithdrawn, SteeringReceipt, Submission

private = APIRouter(tags=["agencies"])

Steerable = Annotated[Case, Depends(case_for(Act.STEER_OPD))]
Reason = Annotated[str, Field(min_length=3, max_length=1000)]


class AgencyAsked(Asked):
    """One more OPD."""

    opd: str = Field(pattern=r"^[a-z0-9]{2,20}$")
    asks_for: str = Field(min_length=3, max_length=500)
    working_days: int = Field(ge=1, le=60)
    reason: Reason


class WithdrawalOfRequestAsked(Asked):
    """A request is taken back."""

    reason: Reason


class ExtensionAsked(Asked):
    """A request gets more time, once."""

    working_days: int = Field(ge=1, le=30)
    reason: Reason


@private.post("/applications/{number}/agencies", status_code=201)
async def add_agency(asked: AgencyAsked, case: Steerable, services: Here, key: Key = None) -> JSONResponse:
    """Asks one more OPD, while the case waits for agencies; its ladder is that of the type's other agencies."""
    agency = await _agency(services, case, asked)
    added = AgencyAdded(actor=case.actor, agency=agency, reason=asked.reason)
    key = key or request_sha256("agency", asked)
    try:
        receipt = await services.engine.add_agency(case.row.number, added, key)
    except CaseGone:
        raise _why_gone(case) from None
    except Unknown:
        return unknown_answer(key)
    return _answer(receipt, 201)


@private.post("/applications/{number}/agencies/{opd}/withdrawal")
async def withdraw_request(
    opd: str, asked: WithdrawalOfRequestAsked, case: Steerable, services: Here, key: Key = None
) -> JSONResponse:
    """Takes the request to an OPD back; an answer that comes later is refused."""
    request = await _open_request(services, case, opd)
    key = key or request_sha256("request-withdrawal", asked)
    try:
        receipt = await services.engine.withdraw_request(
            request.workflow_id, RequestWithdrawn(actor=case.actor, reason=asked.reason), key
        )
    except CaseGone:
        raise RuleError(Code.OPD_NOT_WAITING) from None
    except Unknown:
        return unknown_answer(key)
    return _answer(receipt, 200)


@private.post("/applications/{number}/agencies/{opd}/extension")
async def extend_request(
    opd: str, asked: ExtensionAsked, case: Steerable, services: Here, key: Key = None
) -> JSONResponse:
    """Gives an OPD more time, once and with a reason; the promise stays what it was."""
    request = await _open_request(services, case, opd)
    extended = RequestExtended(actor=case.actor, working_days=asked.working_days, reason=asked.reason)
    key = key or request_sha256("request-extension", asked)
    try:
        receipt = await services.engine.extend_request(request.workflow_id, extended, key)
    except CaseGone:
        raise RuleError(Code.OPD_NOT_WAITING) from None
    except Unknown:
        return unknown_answer(key)
    return _answer(receipt, 200)


async def _agency(services: Services, case: Case, asked: AgencyAsked) -> Agency:
    """The agency with its name and ladder. Raises RuleError: opd-not-found, opd-not-waiting."""
    officers = await services.records.accounts(opd=asked.opd)
    if not officers:
        raise RuleError(Code.OPD_NOT_FOUND)
    if case.row.submission is None:
        raise RuleError(Code.OPD_NOT_WAITING)
    known = Submission.model_validate(case.row.submission).definition.agencies
    if not known:
        raise RuleError(Code.OPD_NOT_WAITING)
    name = next((one.name for one in known if one.opd == asked.opd), None)
    return Agency(
        opd=asked.opd,
        name=name or await services.agency_name(asked.opd),
        asks_for=asked.asks_for,
        working_days=asked.working_days,
        ladder=known[0].ladder,
    )


async def _open_request(services: Services, case: Case, opd: str) -> OpdRequestRow:
    """The newest request to this OPD. Raises RuleError: opd-not-waiting, request-withdrawn, task-closed."""
    requests = [row for row in await services.records.opd_answers_of(case.row.number) if row.opd == opd]
    if not requests:
        raise RuleError(Code.OPD_NOT_WAITING)
    newest = requests[-1]
    if newest.answer == "withdrawn":
        raise RuleError(Code.REQUEST_WITHDRAWN)
    if newest.answer is not None:
        raise RuleError(Code.OPD_NOT_WAITING)
    return newest


def _why_gone(case: Case) -> RuleError:
    code = closed_code(case.row.status) if case.row.status in CLOSED else Code.OPD_NOT_WAITING
    return RuleError(code, number=case.row.number)


def _answer(receipt: SteeringReceipt, status: int) -> JSONResponse:
    return JSONResponse({"state": "accepted", **receipt.model_dump(mode="json")}, status)
