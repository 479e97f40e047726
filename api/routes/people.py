"""People administration: officers (ops), mandates of acting heads (head and ops), lent desks (everybody one's own)."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel
from starlette.responses import JSONResponse

from api import staffing
from api.accounts import MailSentState
from api.dependencies import Here, may
from api.idempotency import Once, OnlyOnce
from api.staffing import (
    DelegationAsked,
    DelegationView,
    MandateAsked,
    MandateView,
    OfficerAsked,
    OfficerChange,
    OfficerView,
)
from permits.authority import Act, Actor
from permits.errors import Code, RuleError
from store.records import Departure

private = APIRouter(tags=["people"])

Manager = Annotated[Actor, Depends(may(Act.MANAGE_PEOPLE))]
MandateGiver = Annotated[Actor, Depends(may(Act.GIVE_MANDATE))]
Lender = Annotated[Actor, Depends(may(Act.DELEGATE))]
PersonId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class OfficerList(BaseModel):
    """All officers, by role and name."""

    items: list[OfficerView]


class MandateList(BaseModel):
    """All mandates, the newest first."""

    items: list[MandateView]


class DelegationList(BaseModel):
    """Desks that the asker has lent or borrowed, the newest first."""

    items: list[DelegationView]


@private.get("/people")
async def list_people(actor: Manager, services: Here) -> OfficerList:
    """All officers, active or not."""
    return OfficerList(items=[staffing.officer_view(row) for row in await services.records.officers()])


@private.post("/people", status_code=201, response_model=OfficerView)
async def add_person(asked: OfficerAsked, actor: Manager, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Makes an officer's account; the first log-in sets the password by the token of a mail."""

    async def write() -> OfficerView:
        return await staffing.add_officer(services, asked, actor)

    nik = services.keyring.fingerprint(asked.nik.get_secret_value()) if asked.nik else None
    return await only_once.answer(asked.model_dump(mode="json") | {"nik": nik}, 201, write)


@private.patch("/people/{account_id}", response_model=OfficerView)
async def change_person(
    account_id: PersonId, asked: OfficerChange, actor: Manager, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """Changes an officer's desk or data; it counts from the next request on."""

    async def write() -> OfficerView:
        return await staffing.change_officer(services, account_id, asked, actor)

    return await only_once.answer(asked, 200, write)


@private.post("/people/{account_id}/deactivation")
async def deactivate_person(account_id: PersonId, actor: Manager, services: Here) -> Departure:
    """Ends an officer's log-ins at once; answers what is left behind."""
    return await staffing.deactivate_officer(services, account_id, actor)


@private.post("/people/{account_id}/activation")
async def activate_person(account_id: PersonId, actor: Manager, services: Here) -> OfficerView:
    """The officer is back."""
    await staffing.officer(services, account_id)
    return staffing.officer_view(await services.records.reactivate(account_id))


@private.post("/people/{account_id}/invitation", status_code=202)
async def invite_person(account_id: PersonId, actor: Manager, services: Here) -> MailSentState:
    """Mails a new link to set the password; the one before is void."""
    row = await staffing.officer(services, account_id)
    if not row.active:
        raise RuleError(Code.PERSON_UNFIT)
    await services.mailing.send_token(row, "password", "account-invited", services.now())
    return MailSentState()


@private.get("/mandates")
async def list_mandates(actor: MandateGiver, services: Here) -> MandateList:
    """All mandates there have been."""
    return MandateList(items=[staffing.mandate_view(row) for row in await services.records.mandate_rows()])


@private.post("/mandates", status_code=201, response_model=MandateView)
async def give_mandate(asked: MandateAsked, actor: MandateGiver, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Gives a mandate to sign, by a decree with its number and period."""

    async def write() -> MandateView:
        return await staffing.give_mandate(services, asked, _id_of(only_once, actor), actor)

    return await only_once.answer(asked, 201, write)


@private.post("/mandates/{mandate_id}/revocation")
async def revoke_mandate(
    mandate_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")], actor: MandateGiver, services: Here
) -> MandateView:
    """Ends a mandate at once; letters that were signed under it stay good."""
    return await staffing.revoke_mandate(services, mandate_id, actor)


@private.get("/delegations")
async def list_delegations(actor: Lender, services: Here) -> DelegationList:
    """Desks that the asker has lent or borrowed."""
    rows = await services.records.delegations_of(actor.id)
    return DelegationList(items=[staffing.delegation_view(row) for row in rows])


@private.post("/delegations", status_code=201, response_model=DelegationView)
async def lend_desk(asked: DelegationAsked, actor: Lender, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Lends the own desk to a colleague for a time; every event there says for whom."""

    async def write() -> DelegationView:
        return await staffing.lend_desk(services, asked, _id_of(only_once, actor), actor)

    return await only_once.answer(asked, 201, write)


@private.post("/delegations/{delegation_id}/revocation", status_code=204)
async def end_delegation(
    delegation_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")], actor: Lender, services: Here
) -> None:
    """The desk is its owner's alone again."""
    await staffing.end_delegation(services, delegation_id, actor)


def _id_of(only_once: Once, actor: Actor) -> str:
    """The same request makes the same row, also where its answer was lost."""
    if only_once.key is None:
        return str(uuid.uuid4())
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"sakpore:{actor.id}:{only_once.key}"))
