"""The catalogue: permit types in force, and the versions behind them."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.definition import PermitDefinition, Requirement, Variant, version_for
from permits.errors import Code, RuleError
from permits.promise_check import PromiseArithmetic, promise_arithmetic
from store.records.law import definition_of
from store.tables import DefinitionRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class PermitTypeLine(_View):
    """One line of the list."""

    code: str
    title: str
    field: str
    product: str
    promise_working_days: int  # the office's own
    promised_days: int  # with the days of agencies that stand beside the office's own
    fee: str
    version: int
    confirmed: bool  # False: the office has yet to confirm these facts
    refers_to: str | None  # in words, where another authority issues it today


class RequirementView(_View):
    """A document that is asked for."""

    code: str
    title: str
    formats: list[str]
    variants: list[str]
    required: bool
    condition: str | None


class FormFieldView(_View):
    """A question of the form."""

    code: str
    label: str
    kind: str
    required: bool
    max_length: int


class StepView(_View):
    """A stage as the public reads it."""

    title: str
    holder: str
    working_days: int | None


class LegalBasisView(_View):
    """A rule the permit rests on."""

    text: str
    valid_from: date | None
    valid_until: date | None
    confirmed: bool


class VariantView(_View):
    """What one variant asks for and promises."""

    variant: str
    requirements: list[RequirementView]
    fee: str
    product: str
    promise_working_days: int
    note: str | None
    arithmetic: PromiseArithmetic


class PermitTypePage(PermitTypeLine):
    """Everything the public may know of a type."""

    effective_from: date
    effective_until: date | None
    promise_note: str | None
    source: str
    requirements: list[RequirementView]
    variants: list[VariantView]
    form: list[FormFieldView]
    steps: list[StepView]
    legal_basis: list[LegalBasisView]
    validity_months: int | None


async def permit_types(session: AsyncSession, on: date) -> list[PermitTypeLine]:
    """All types in force on that day, by title."""
    versions = await _versions(session, None)
    codes = sorted({version.code for version in versions})
    lines = []
    for code in codes:
        try:
            lines.append(_line(version_for(tuple(one for one in versions if one.code == code), on)))
        except RuleError:
            continue
    return sorted(lines, key=lambda line: line.title)


async def definition_in_force(session: AsyncSession, code: str, on: date) -> PermitDefinition:
    """The version in force on that day. Raises RuleError(permit-type-not-found)."""
    return version_for(tuple(await _versions(session, code)), on)


async def definition_version(session: AsyncSession, code: str, version: int) -> PermitDefinition:
    """One version, in force or not. Raises RuleError(permit-type-not-found)."""
    row = await session.get(DefinitionRow, (code, version))
    if row is None:
        raise RuleError(Code.PERMIT_TYPE_NOT_FOUND)
    return definition_of(row)


def permit_type_page(definition: PermitDefinition) -> PermitTypePage:
    """A version as the public reads it."""
    return PermitTypePage(
        **_line(definition).model_dump(),
        effective_from=definition.effective_from,
        effective_until=definition.effective_until,
        promise_note=definition.promise_note,
        source=definition.source,
        requirements=[_requirement(one) for one in definition.requirements],
        variants=[_variant(definition, variant) for variant in definition.variants],
        form=[FormFieldView.model_validate(one.model_dump(mode="json")) for one in definition.form],
        steps=[
            StepView(title=stage.title, holder=stage.holder, working_days=getattr(stage, "working_days", None))
            for stage in definition.stages
        ],
        legal_basis=[LegalBasisView.model_validate(one.model_dump()) for one in definition.legal_basis],
        validity_months=definition.letter.validity_months,
    )


def _variant(definition: PermitDefinition, variant: Variant) -> VariantView:
    terms = definition.terms_of(variant)
    return VariantView(
        variant=variant.value,
        requirements=[_requirement(one) for one in definition.requirements_of(variant)],
        fee=terms.fee or definition.fee,
        product=terms.product or definition.product,
        promise_working_days=terms.promise_working_days or definition.promise_working_days,
        note=terms.note,
        arithmetic=promise_arithmetic(definition, variant),
    )


def _requirement(requirement: Requirement) -> RequirementView:
    return RequirementView.model_validate(requirement.model_dump(mode="json"))


def _line(definition: PermitDefinition) -> PermitTypeLine:
    return PermitTypeLine(
        code=definition.code,
        title=definition.title,
        field=definition.field,
        product=definition.product,
        promise_working_days=definition.promise_working_days,
        promised_days=definition.promised_days(),
        fee=definition.fee,
        refers_to=definition.refers_to,
        version=definition.version,
        confirmed=definition.confirmed,
    )


async def _versions(session: AsyncSession, code: str | None) -> list[PermitDefinition]:
    query = select(DefinitionRow).where(col(DefinitionRow.status) == "published")
    if code is not None:
        query = query.where(col(DefinitionRow.code) == code)
    rows = await session.exec(query.order_by(col(DefinitionRow.version).desc()))
    return [definition_of(row) for row in rows]


async def agency_name(session: AsyncSession, opd: str) -> str | None:
    """The name of an agency in the newest definition that asks it."""
    for body in await session.exec(select(col(DefinitionRow.body)).order_by(col(DefinitionRow.effective_from).desc())):
        for agency in PermitDefinition.model_validate(body).agencies:
            if agency.opd == opd:
                return agency.name
    return None
