"""What the pages of the catalogue show: its lists, and one permit type with its steps as a picture."""

from __future__ import annotations

from datetime import date
from itertools import accumulate

from pydantic import BaseModel, ConfigDict

from api.catalogue_words import catalogue_words
from api.pages.language import gettext as _
from api.pages.public.examples import example_of
from api.pages.public.needs import Need, answers, field_title, needs, other_need, search_words
from permits.definition import AnyStage, Issuance, LegalBasis, PermitDefinition, Recommendation, Requirement, Variant
from permits.promise_check import stage_days
from store.queries.catalogue import PermitTypeLine


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Group(_View):
    """Permit types under one heading."""

    code: str
    title: str
    words: str
    types: list[PermitTypeLine]


class CatalogueView(_View):
    """The catalogue in one of its orders, or what a search found."""

    by: str
    """need, field, title; "" for a search."""
    searched: str
    need: str
    """The one need whose types are shown; "" for all."""
    groups: list[Group]
    count: int
    """Types found, each once."""


def catalogue_view(types: list[PermitTypeLine], by: str, searched: str, need: str = "") -> CatalogueView:
    """The list of types.

    Args:
        types: all in force, by title.
        by: need, field or title.
        searched: what somebody typed; it comes before the order.
        need: code of the one need to show; one that is not known shows all.
    """
    words = search_words(searched)
    if words:
        found = [one for one in types if answers(words, one.code, one.title, one.product, *_texts(one))]
        groups = [Group(code="hasil", title="", words="", types=found)] if found else []
        return CatalogueView(by="", searched=searched.strip(), need="", groups=groups, count=len(found))
    if need and (one_need := [group for group in _by_need(types) if group.code == need]):
        return CatalogueView(by="need", searched="", need=need, groups=one_need, count=len(one_need[0].types))
    groups = {"field": _by_field, "title": _by_title}.get(by, _by_need)(types)
    order = by if by in ("field", "title") else "need"
    return CatalogueView(by=order, searched="", need="", groups=groups, count=len(types))


def _texts(line: PermitTypeLine) -> tuple[str, ...]:
    return tuple(text for need in needs() if need.holds(line.code) for text in (need.title, need.words))


def _by_need(types: list[PermitTypeLine]) -> list[Group]:
    known = needs()
    placed: list[tuple[Need, list[PermitTypeLine]]] = [
        (need, [one for one in types if need.holds(one.code)]) for need in known
    ]
    placed.append((other_need(), [one for one in types if not any(need.holds(one.code) for need in known)]))
    return [
        Group(code=need.code, title=need.title, words=need.words, types=found) for need, found in placed if found
    ]


def _by_field(types: list[PermitTypeLine]) -> list[Group]:
    fields = sorted({one.field for one in types}, key=field_title)
    return [
        Group(code=field, title=field_title(field), words="", types=[one for one in types if one.field == field])
        for field in fields
    ]


def _by_title(types: list[PermitTypeLine]) -> list[Group]:
    letters = sorted({one.title[0].upper() for one in types})
    return [
        Group(code=letter, title=letter, words="", types=[one for one in types if one.title[0].upper() == letter])
        for letter in letters
    ]


class RequirementLine(_View):
    """A document that is asked for."""

    title: str
    formats: str
    required: bool
    condition: str
    example: str


class WayStep(_View):
    """One step of the way to the permit."""

    kind: str
    title: str
    holder: str
    working_days: int
    latest: int | None
    """On which working day it is done at the latest, counted from the start; None where no days are promised."""
    of_agency: bool


class VariantView(_View):
    """What one variant asks for and promises."""

    variant: str
    title: str
    product: str
    fee: str
    promise: str
    promised_days: int
    note: str
    requirements: list[RequirementLine]


class Basis(_View):
    """A rule the permit rests on."""

    text: str
    confirmed: bool


class TypeView(_View):
    """One permit type as its pages show it."""

    code: str
    title: str
    field: str
    banner: str
    confirmed: bool
    referred: bool
    effective_from: date
    validity: str
    chosen: VariantView
    variants: list[tuple[str, str]]
    """(variant, its word), where there are several."""
    steps: list[WayStep]
    legal_basis: list[Basis]
    questions: list[str]


def type_view(definition: PermitDefinition, variant: Variant | None = None) -> TypeView:
    """A definition as its page shows it, for one of its variants; the first one where that is not offered."""
    words = catalogue_words()
    offered = definition.variants
    chosen = variant if variant in offered else offered[0]
    return TypeView(
        code=definition.code,
        title=definition.title,
        field=field_title(definition.field),
        banner=words.banner(definition) or "",
        confirmed=definition.confirmed,
        referred=definition.refers_to is not None,
        effective_from=definition.effective_from,
        validity=_validity(definition.letter.validity_months),
        chosen=_variant(definition, chosen),
        variants=[(one.value, variant_word(one)) for one in offered] if len(offered) > 1 else [],
        steps=_steps(definition),
        legal_basis=[_basis(one) for one in definition.legal_basis],
        questions=[field.label for field in definition.form],
    )


def _basis(basis: LegalBasis) -> Basis:
    # A basis that only says that it is awaited needs no second word about it.
    return Basis(text=basis.text, confirmed=basis.confirmed or "menunggu" in basis.text.lower())


def variant_word(variant: Variant) -> str:
    """What people call a variant."""
    return {Variant.NEW: _("Baru"), Variant.RENEWAL: _("Perpanjangan"), Variant.CHANGE: _("Perubahan")}[variant]


def _variant(definition: PermitDefinition, variant: Variant) -> VariantView:
    terms = definition.terms_of(variant)
    return VariantView(
        variant=variant.value,
        title=variant_word(variant),
        product=terms.product or definition.product,
        fee=terms.fee or definition.fee,
        promise=catalogue_words().promise_of(definition, variant),
        promised_days=definition.promised_days(variant),
        note=terms.note or "",
        requirements=[_requirement(one) for one in definition.requirements_of(variant)],
    )


def _requirement(requirement: Requirement) -> RequirementLine:
    return RequirementLine(
        title=requirement.title,
        formats=_formats(requirement.formats),
        required=requirement.required,
        condition=requirement.condition or "",
        example=example_of(requirement.code),
    )


def _formats(formats: tuple[str, ...]) -> str:
    names = ["PDF" if one == "pdf" else one.upper() for one in formats]
    return names[0] if len(names) == 1 else _("%(first)s atau %(last)s") % {
        "first": ", ".join(names[:-1]), "last": names[-1],
    }  # fmt: skip


def _validity(months: int | None) -> str:
    if months is None:
        return ""
    return _("%(years)s tahun") % {"years": months // 12} if months % 12 == 0 else _("%(n)s bulan") % {"n": months}


def _steps(definition: PermitDefinition) -> list[WayStep]:
    stages = definition.stages
    latest = accumulate(stage_days(stage) for stage in stages)
    return [_step(stage, last) for stage, last in zip(stages, latest, strict=True)]


def _step(stage: AnyStage, latest: int) -> WayStep:
    of_agency = isinstance(stage, Recommendation)
    holder = ", ".join(agency.name for agency in stage.agencies) if isinstance(stage, Recommendation) else stage.holder
    return WayStep(
        kind=stage.kind,
        title=stage.title,
        holder=holder,
        working_days=stage_days(stage),
        latest=None if isinstance(stage, Issuance) else max(latest, 1),
        of_agency=of_agency,
    )
