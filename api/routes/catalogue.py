"""The public catalogue of permit types."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from api.catalogue_words import catalogue_words
from api.dependencies import Here
from permits.definition import PermitDefinition
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


class VariantWords(BaseModel):
    """A variant in words."""

    title: str
    promise: str


class PermitTypeAnswer(PermitTypePage):
    """One type, with the words that its page says."""

    banner: str | None
    """Stands above everything else: the type waits for the office's confirmation, or another authority issues it."""
    in_words: dict[str, VariantWords]
    """By variant."""


@public.get("/permit-types")
async def list_permit_types(services: Here) -> PermitTypeList:
    """All types in force today."""
    today = await services.office_today()
    async with services.db.transaction() as session:
        return PermitTypeList(items=await permit_types(session, today))


@public.get("/permit-types/{code}")
async def read_permit_type(code: str, services: Here) -> PermitTypeAnswer:
    """One type: requirements by variant, questions, steps, days and their arithmetic, fee, dated legal basis."""
    if not code.replace("-", "").isalnum() or not code.isascii():
        raise RuleError(Code.PERMIT_TYPE_NOT_FOUND)
    today = await services.office_today()
    async with services.db.transaction() as session:
        return _answer(await definition_in_force(session, code, today))


def _answer(definition: PermitDefinition) -> PermitTypeAnswer:
    words = catalogue_words()
    return PermitTypeAnswer(
        **permit_type_page(definition).model_dump(),
        banner=words.banner(definition),
        in_words={
            variant.value: VariantWords(title=words.variants[variant], promise=words.promise_of(definition, variant))
            for variant in definition.variants
        },
    )
