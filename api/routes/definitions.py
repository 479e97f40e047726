"""Permit types in the office's own hands: drafted by one person, published by another, confirmed, retired.

What a draft says is never echoed in a refusal; faults are named by field and code.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import cache
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field, ValidationError, model_validator
from starlette.responses import JSONResponse

from api.asked import Asked
from api.dependencies import Here, SignedIn, allow, may
from api.idempotency import OnlyOnce
from api.problems import Problem
from api.services import Services
from permits.authority import Act, Actor, Subject
from permits.definition import PermitDefinition
from permits.definition_life import Difference, differences
from permits.definition_loader import letter_templates
from permits.definition_rules import faults_of
from permits.errors import Code, RuleError
from permits.promise_check import PromiseArithmetic, promise_arithmetic
from store.records import DefinitionVersion

private = APIRouter(tags=["definitions"])

TypeCode = Annotated[str, Path(max_length=60)]
VersionNumber = Annotated[int, Path(ge=1, le=100_000)]
MOST_CHANGES = 40


class DefinitionDraft(Asked):
    """A draft: whole, or a copy of a version with some of its fields changed."""

    definition: PermitDefinition | None = None
    """The whole version; its number and status are given by the office's register."""
    copy_of: int | None = Field(default=None, ge=1, le=100_000)
    """The version that is copied; without it, and without `definition`, the draft itself is changed."""
    changes: dict[str, Any] | None = Field(default=None, max_length=MOST_CHANGES)
    """Fields of the copy that say something else, such as `fee` or `requirements`; each one whole."""

    @model_validator(mode="after")
    def _one_way(self) -> DefinitionDraft:
        if (self.definition is None) == (self.copy_of is None and self.changes is None):
            raise ValueError("a draft is given whole, or as a copy with changes")
        return self


class FaultView(BaseModel):
    """Why a draft cannot be published yet."""

    field: str
    code: str
    why: str


class LifeLine(BaseModel):
    """One line of the register of versions."""

    code: str
    version: int
    title: str
    status: str
    effective_from: str
    effective_until: str | None
    confirmed: bool
    source: str
    author_id: str | None
    drafted_at: datetime | None
    published_by: str | None
    published_at: datetime | None
    retired_by: str | None
    retired_at: datetime | None
    confirmed_by: str | None
    confirmed_at: datetime | None


class LifePage(LifeLine):
    """One version with all it says."""

    definition: PermitDefinition
    faults: list[FaultView]
    arithmetic: PromiseArithmetic


class LifeList(BaseModel):
    """All versions, by code and number."""

    items: list[LifeLine]


class DifferenceList(BaseModel):
    """What a version says differently from an earlier one."""

    against: int
    items: list[Difference]


Drafter = Annotated[Actor, Depends(may(Act.DRAFT_DEFINITION))]


@cache
def templates() -> frozenset[str]:
    """The letter templates of this release."""
    return letter_templates()


@private.get("/definitions")
async def list_definitions(actor: Drafter, services: Here) -> LifeList:
    """Every version of every type, drafts and retired ones too."""
    return LifeList(items=[_line(one) for one in await services.records.definition_lives()])


@private.get("/definitions/{code}/versions")
async def list_versions(code: TypeCode, actor: Drafter, services: Here) -> LifeList:
    """Every version of one type."""
    lives = await services.records.definition_lives(code) if _is_code(code) else ()
    if not lives:
        raise RuleError(Code.PERMIT_TYPE_NOT_FOUND)
    return LifeList(items=[_line(one) for one in lives])


@private.get("/definitions/{code}/versions/{version}")
async def read_version(code: TypeCode, version: VersionNumber, actor: Drafter, services: Here) -> LifePage:
    """One version: what it says, what keeps it from being published, how its promise adds up."""
    return _page(await _life(services, code, version))


@private.get("/definitions/{code}/versions/{version}/changes")
async def compare_version(
    code: TypeCode,
    version: VersionNumber,
    actor: Drafter,
    services: Here,
    against: Annotated[int | None, Query(ge=1, le=100_000)] = None,
) -> DifferenceList:
    """What this version says differently; without `against` from the version that is in force."""
    after = await _life(services, code, version)
    before = await _life(services, code, against or await _in_force(services, code, version))
    return DifferenceList(
        against=before.definition.version, items=list(differences(before.definition, after.definition))
    )


@private.post("/definitions/{code}/versions", status_code=201, response_model=LifePage)
async def draft_version(
    code: TypeCode, asked: DefinitionDraft, actor: Drafter, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """A new draft, also of a type that does not exist yet; it takes the type's next version number."""

    async def write() -> LifePage:
        definition = await _asked(services, code, asked, asked.copy_of)
        return _page(await services.records.draft_definition(definition, actor.id, services.now()))

    return await only_once.answer(asked, 201, write)


@private.put("/definitions/{code}/versions/{version}", response_model=LifePage)
async def change_draft(
    code: TypeCode,
    version: VersionNumber,
    asked: DefinitionDraft,
    actor: Drafter,
    services: Here,
    only_once: OnlyOnce,
) -> JSONResponse:
    """Other words for one's own draft, or for one that came from a file and has no author yet."""

    async def write() -> LifePage:
        definition = await _asked(services, code, asked, asked.copy_of or version)
        draft = definition.model_copy(update={"version": version})
        return _page(await services.records.redraft_definition(draft, actor.id, services.now()))

    return await only_once.answer(asked, 200, write)


@private.post("/definitions/{code}/versions/{version}/publication", response_model=LifePage)
async def publish_version(
    code: TypeCode, version: VersionNumber, login: SignedIn, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """Publishes somebody else's draft; the version before it ends on the day before."""

    async def write() -> LifePage:
        await _allow_publisher(services, code, version, login.actor)
        published = await services.records.publish_definition(
            code,
            version,
            login.actor.id,
            templates=templates(),
            today=await services.office_today(),
            at=services.now(),
        )
        return _page(published)

    return await only_once.answer({}, 200, write)


@private.post("/definitions/{code}/versions/{version}/retirement", response_model=LifePage)
async def retire_version(
    code: TypeCode, version: VersionNumber, login: SignedIn, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """No new applications under this version from tomorrow on; a draft is given up."""
    allow(login.actor, Act.PUBLISH_DEFINITION)

    async def write() -> LifePage:
        await _life(services, code, version)
        today = await services.office_today()
        retired = await services.records.retire_definition(
            code, version, login.actor.id, today=today, at=services.now()
        )
        return _page(retired)

    return await only_once.answer({}, 200, write)


@private.post("/definitions/{code}/versions/{version}/confirmation", response_model=LifePage)
async def confirm_version(
    code: TypeCode, version: VersionNumber, login: SignedIn, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """The office stands for the version's facts: real applications are taken from now on."""

    async def write() -> LifePage:
        await _allow_publisher(services, code, version, login.actor)
        return _page(
            await services.records.confirm_definition(code, version, login.actor.id, at=services.now())
        )

    return await only_once.answer({}, 200, write)


# Inside ---------------------------------------------------------------------------------------------------------------


async def _allow_publisher(services: Services, code: str, version: int, actor: Actor) -> None:
    allow(actor, Act.PUBLISH_DEFINITION)
    life = await _life(services, code, version)
    allow(actor, Act.PUBLISH_DEFINITION, Subject(author_id=life.author_id))


async def _life(services: Services, code: str, version: int) -> DefinitionVersion:
    if not _is_code(code):
        raise RuleError(Code.PERMIT_TYPE_NOT_FOUND)
    return await services.records.definition_life(code, version)


async def _in_force(services: Services, code: str, version: int) -> int:
    """The published version that a draft would follow, else the one before it."""
    lives = await services.records.definition_lives(code)
    published = [one.definition for one in lives if one.definition.status == "published"]
    others = [one.version for one in published if one.version != version]
    return max(others, default=version)


async def _asked(services: Services, code: str, asked: DefinitionDraft, source: int | None) -> PermitDefinition:
    """The version that a draft asks for. Raises Problem(definition-invalid), RuleError(permit-type-not-found)."""
    if asked.definition is not None:
        if asked.definition.code != code:
            raise Problem(Code.DEFINITION_INVALID, fields=["definition.code"], reason="code-differs")
        return asked.definition
    if source is None:
        raise Problem(Code.DEFINITION_INVALID, fields=["copy_of"], reason="copy-missing")
    known = (await _life(services, code, source)).definition
    return _changed(known, asked.changes or {})


def _changed(known: PermitDefinition, changes: dict[str, Any]) -> PermitDefinition:
    own = set(PermitDefinition.model_fields) - {"code", "version", "status"}
    if set(changes) - own:
        raise Problem(Code.DEFINITION_INVALID, fields=["changes"], reason="field-unknown")
    fresh = known.model_dump(mode="json") | {"status": "draft", "effective_until": None, "confirmed": False} | changes
    try:
        return PermitDefinition.model_validate_json(json.dumps(fresh))
    except ValidationError as wrong:
        fields = sorted({_place(error["loc"]) for error in wrong.errors(include_input=False, include_url=False)})
        raise Problem(Code.DEFINITION_INVALID, fields=fields[:50], reason="form") from None


def _place(path: tuple[int | str, ...]) -> str:
    """Where a fault lies, by our own field of the top and positions below it: other names may be the sender's."""
    known = [str(part) for part in path if isinstance(part, int) or part in PermitDefinition.model_fields]
    return ".".join(["changes", *known])


def _is_code(code: str) -> bool:
    return code.isascii() and code.replace("-", "").isalnum()


def _line(life: DefinitionVersion) -> LifeLine:
    one = life.definition
    ends = one.effective_until
    return LifeLine(
        code=one.code,
        version=one.version,
        title=one.title,
        status=one.status,
        effective_from=one.effective_from.isoformat(),
        effective_until=ends.isoformat() if ends else None,
        confirmed=one.confirmed,
        source=one.source,
        **life.model_dump(exclude={"definition"}),
    )


def _page(life: DefinitionVersion) -> LifePage:
    faults = [
        FaultView(field=".".join(str(part) for part in fault.where), code=fault.code, why=fault.why)
        for fault in faults_of(life.definition, templates())
    ]
    return LifePage(
        **_line(life).model_dump(),
        definition=life.definition,
        faults=faults,
        arithmetic=promise_arithmetic(life.definition),
    )
