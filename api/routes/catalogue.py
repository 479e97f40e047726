"""The public catalogue of permit types."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from api.dependencies import Here
from permits.errors import Code, RuleError
from store.queries.catalogue import (
    PermitTypeLine,
    PermitTypePage,
    definition_in_force,
    permit_type_page,
    permit_types,
)

public = APIRouter(tags=["catalogue"])


class PermitTypeList(BaseModel):
    """All types in force."""

    items: list[PermitTypeLine]


@public.get("/permit-types")
async def list_permit_types(services: Here) -> PermitTypeList:
    """All types in force today."""
    today = await services.office_today()
    async with services.db.transaction() as session:
        return PermitTypeList(items=await permit_types(session, today))


@public.get("/permit-types/{code}")
async def read_permit_type(code: str, services: Here) -> PermitTypePage:
    """One type: requirements, questions, steps, days, fee, legal basis."""
    if not code.replace("-", "").isalnum() or not code.isascii():
        raise RuleError(Code.PERMIT_TYPE_NOT_FOUND)
    today = await services.office_today()
    async with services.db.transaction() as session:
        return permit_type_page(await definition_in_force(session, code, today))
