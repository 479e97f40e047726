"""Whether a definition can keep its own promise: the working days of its desks and agencies, added up.

Desks follow each other, agencies of one stage are asked at once, so their stage takes as long as its slowest one. The
days of agencies lie inside the office's promise, or stand beside it in `agency_working_days`, and then the promise says
so in words: an agency that publishes 15 working days does not fit into a permit promised in 5.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from permits.definition import AnyStage, DeskStage, Issuance, PermitDefinition, Recommendation, Retribution, Variant

OFFICE_TASKS_OF_A_RETRIBUTION = 2
"""The amount is set, and the payment is confirmed; the applicant pays between the two, while the promise rests."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class PromiseLine(_Value):
    """One stage's part of the arithmetic."""

    title: str  # the stage in words
    holder: str  # in words; of agencies, their names
    working_days: int
    whose: Literal["office", "agency"]


class PromiseArithmetic(_Value):
    """What the desks need and what is promised, in working days."""

    lines: tuple[PromiseLine, ...]
    office_days: int
    agency_days: int
    beside: bool  # the days of agencies are promised beside those of the office
    promised: int  # to the applicant, both together


def stage_days(stage: AnyStage) -> int:
    """Working days of a stage when everybody answers in the last minute: of its tasks, or of its slowest agency."""
    match stage:
        case Issuance():
            return 0
        case Recommendation(agencies=agencies):
            return max(agency.working_days for agency in agencies)
        case Retribution(working_days=days):
            return OFFICE_TASKS_OF_A_RETRIBUTION * days
        case _:
            return stage.working_days


def promise_arithmetic(definition: PermitDefinition, variant: Variant = Variant.NEW) -> PromiseArithmetic:
    """The nested promise of a variant, stage by stage."""
    lines = tuple(_line(stage) for stage in definition.stages if not isinstance(stage, Issuance))
    return PromiseArithmetic(
        lines=lines,
        office_days=sum(line.working_days for line in lines if line.whose == "office"),
        agency_days=sum(line.working_days for line in lines if line.whose == "agency"),
        beside=definition.agency_working_days is not None,
        promised=definition.promised_days(variant),
    )


def needed_days(definition: PermitDefinition) -> int:
    """Working days that pass when every desk and agency answers in the last minute."""
    sums = promise_arithmetic(definition)
    return sums.office_days + sums.agency_days


def promise_broken(definition: PermitDefinition) -> str | None:
    """Why the definition cannot keep what it promises, None where it can."""
    sums = promise_arithmetic(definition)
    if sums.beside:
        return _broken_beside(definition, sums)
    for variant in definition.variants:
        promised = definition.terms_of(variant).promise_working_days or 0
        if sums.office_days + sums.agency_days > promised:
            agencies = f" (of which {sums.agency_days} of agencies)" if sums.agency_days else ""
            return (
                f"its stages take {sums.office_days + sums.agency_days} working days{agencies}, {variant.value} is "
                f"promised in {promised}; give the desks fewer days, or say the agencies' days beside the promise "
                "(agency_working_days)"
            )
    return None


def _broken_beside(definition: PermitDefinition, sums: PromiseArithmetic) -> str | None:
    beside = definition.agency_working_days or 0
    if sums.agency_days == 0:
        return "agency_working_days is given, and no agency is asked"
    if sums.agency_days > beside:
        return f"its agencies take {sums.agency_days} working days, {beside} are said beside the promise"
    for variant in definition.variants:
        terms = definition.terms_of(variant)
        if sums.office_days > (terms.promise_working_days or 0):
            return (
                f"the office's own stages take {sums.office_days} working days, {variant.value} is promised in "
                f"{terms.promise_working_days}"
            )
        if f"{beside} hari kerja" not in (terms.note or ""):
            return f"promise_note does not tell applicants of the {beside} hari kerja of the agencies"
    return None


def _line(stage: DeskStage) -> PromiseLine:
    days = stage_days(stage)
    if isinstance(stage, Recommendation):
        names = ", ".join(agency.name for agency in stage.agencies)
        return PromiseLine(title=stage.title, holder=names, working_days=days, whose="agency")
    return PromiseLine(title=stage.title, holder=stage.holder, working_days=days, whose="office")
