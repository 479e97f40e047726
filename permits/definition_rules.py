"""What a definition must be beyond its form, asked alike by the loader of files, by `check` and by whoever publishes.

The form (fields, types, bounds) is the model's own; here stand the rules that need more than one field, or the office's
other lists: the letter templates that exist, the promise, the ladders.
"""

from __future__ import annotations

from dataclasses import dataclass

from permits.authority import STAFF
from permits.definition import Issuance, PermitDefinition, Recommendation, Retribution
from permits.escalation import Ladder, Rung
from permits.numbering import NumberingError, check_template
from permits.promise_check import promise_broken

MOST_DAYS_FROM_DUE = 60
MOST_CHARACTERS = 40_000
"""A definition travels in the input of every case, which may hold 64 kB with its calendar."""
_BEFORE_THE_LETTER = frozenset({"verification", "assessment", "inspection", "meeting", "retribution"})

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault:
    """Something a definition may not be."""

    where: Place  # field by field, positions from 0
    code: str  # stable, for programs
    why: str  # one clause, for the people who write definitions


def faults_of(definition: PermitDefinition, templates: frozenset[str]) -> tuple[Fault, ...]:
    """Every fault; none for a definition that may be published.

    Args:
        templates: names of the letter templates that exist.
    """
    return (
        *_letter_faults(definition, templates),
        *_field_card_faults(definition),
        *_order_faults(definition),
        *_agency_faults(definition),
        *_ladder_faults(definition),
        *_terms_faults(definition),
        *_promise_faults(definition),
        *_size_faults(definition),
    )


# Letters --------------------------------------------------------------------------------------------------------------


def _letter_faults(definition: PermitDefinition, templates: frozenset[str]) -> tuple[Fault, ...]:
    found = []
    for name, form in (("letter", definition.letter), ("rejection", definition.rejection)):
        if form.template not in templates:
            known = ", ".join(sorted(templates))
            found.append(Fault((name, "template"), "template-missing", f"no letter template has this name; {known}"))
        found += _number_faults((name, "number_template"), form.number_template)
    for n, stage in enumerate(definition.stages):
        if isinstance(stage, Retribution):
            found += _number_faults(("stages", n, "number_template"), stage.number_template)
    return tuple(found)


def _field_card_faults(definition: PermitDefinition) -> tuple[Fault, ...]:
    if definition.rejection.field_card is not None:
        return (Fault(("rejection", "field_card"), "field-card-misplaced", "a rejection is no permit to be inspected"),)
    card = definition.letter.field_card
    known = {question.code for question in definition.form if question.in_letter}
    return tuple(
        Fault(("letter", "field_card", "shows", n), "field-missing", f"the form has no question {code!r} in the letter")
        for n, code in enumerate(card.shows if card else ())
        if code not in known
    )


def _number_faults(where: Place, template: str) -> list[Fault]:
    try:
        check_template(template)
    except NumberingError as cause:
        return [Fault(where, cause.code, str(cause))]
    return []


# Stages ---------------------------------------------------------------------------------------------------------------


def _order_faults(definition: PermitDefinition) -> tuple[Fault, ...]:
    kinds = [stage.kind for stage in definition.stages]
    written = kinds.index("drafting")
    late = [n for n, kind in enumerate(kinds) if n > written and kind in _BEFORE_THE_LETTER]
    early = [n for n, kind in enumerate(kinds) if n < written and kind == "paraf"]
    return (
        *(Fault(("stages", n, "kind"), "stage-too-late", "comes before the letter is drafted") for n in late),
        *(Fault(("stages", n, "kind"), "stage-too-early", "a paraf is given on a drafted letter") for n in early),
    )


def _agency_faults(definition: PermitDefinition) -> tuple[Fault, ...]:
    found = []
    asked: set[str] = set()
    for n, stage in enumerate(definition.stages):
        if not isinstance(stage, Recommendation):
            continue
        slowest = max(agency.working_days for agency in stage.agencies)
        if stage.working_days != slowest:
            why = f"the stage says {stage.working_days} working days, its slowest agency {slowest}"
            found.append(Fault(("stages", n, "working_days"), "agency-days", why))
        for m, agency in enumerate(stage.agencies):
            if agency.opd in asked:
                found.append(Fault(("stages", n, "agencies", m, "opd"), "agency-twice", "this agency is asked twice"))
            asked.add(agency.opd)
    return tuple(found)


# Ladders --------------------------------------------------------------------------------------------------------------


def _ladder_faults(definition: PermitDefinition) -> tuple[Fault, ...]:
    found = _faults_of_ladder(
        ("repair_ladder",), definition.repair_ladder, definition.repair_working_days, of_applicant=True
    )
    for n, stage in enumerate(definition.stages):
        if isinstance(stage, Issuance):
            continue
        found += _faults_of_ladder(("stages", n, "ladder"), stage.ladder, stage.working_days)
        if isinstance(stage, Recommendation):
            for m, agency in enumerate(stage.agencies):
                where = ("stages", n, "agencies", m, "ladder")
                found += _faults_of_ladder(where, agency.ladder, agency.working_days)
    return tuple(found)


def _faults_of_ladder(where: Place, ladder: Ladder, working_days: int, of_applicant: bool = False) -> list[Fault]:
    """A ladder of a desk that has so many working days."""
    why = [sentence for rung in ladder.rungs if (sentence := _senseless(rung, working_days, of_applicant))]
    if ladder.last_resort not in {role.value for role in STAFF}:
        desks = ", ".join(sorted(role.value for role in STAFF))
        why.append(f"its last resort is no desk of the office; {desks}")
    kinds = {rung.kind for rung in ladder.rungs}
    if "escalation" not in kinds:
        why.append("tells nobody after the due date")
    if "warning" not in kinds and working_days > 0:
        why.append("warns nobody before the due date")
    return [Fault(where, "ladder-senseless", sentence) for sentence in why]


def _senseless(rung: Rung, working_days: int, of_applicant: bool) -> str | None:
    if rung.kind == "warning" and rung.working_days <= -working_days:
        return f"rung {rung.code} warns when the task is opened: {working_days} working days leave no time for it"
    if abs(rung.working_days) > MOST_DAYS_FROM_DUE:
        return f"rung {rung.code} lies more than {MOST_DAYS_FROM_DUE} working days from the due date"
    if of_applicant and rung.who == "holder_head":
        return f"rung {rung.code} tells an applicant's superior, and applicants have none"
    if not of_applicant and rung.who == "applicant":
        return f"rung {rung.code} tells the applicant of a desk's own delay"
    if rung.who == "applicant" and rung.channel in ("inbox", "digest"):
        return f"rung {rung.code} tells an applicant by a way that applicants do not have"
    return None


# Promise and terms ----------------------------------------------------------------------------------------------------


def _terms_faults(definition: PermitDefinition) -> tuple[Fault, ...]:
    found = []
    told = [terms.variant for terms in definition.terms]
    for n, variant in enumerate(told):
        if variant not in definition.variants:
            found.append(Fault(("terms", n, "variant"), "terms-unused", "nobody can apply for this variant"))
        if variant in told[:n]:
            found.append(Fault(("terms", n, "variant"), "terms-twice", "a variant's terms stand twice"))
    if definition.refers_to and definition.confirmed:
        why = "a type that another authority issues is not confirmed as the office's own"
        found.append(Fault(("confirmed",), "refers-elsewhere", why))
    if definition.deemed_approval and not definition.deemed_approval.legal_basis.strip():
        found.append(Fault(("deemed_approval", "legal_basis"), "basis-missing", "the silence rule names no rule"))
    return tuple(found)


def _size_faults(definition: PermitDefinition) -> tuple[Fault, ...]:
    if len(definition.model_dump_json()) <= MOST_CHARACTERS:
        return ()
    return (Fault((), "too-large", f"a definition has {MOST_CHARACTERS} characters at most"),)


def _promise_faults(definition: PermitDefinition) -> tuple[Fault, ...]:
    broken = promise_broken(definition)
    return (Fault(("promise_working_days",), "promise-broken", broken),) if broken else ()
