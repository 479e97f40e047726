"""From drafting on, what is judged is the letter itself: written, read by the desks, given its paraf.

A desk that returns the letter sends it back to drafting; a changed letter climbs the whole ladder of desks again.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.drafting import LETTER_INVALID
    from permits.decisions import Drafted, Returned, TaskKind
    from permits.definition import DeskCheck, Drafting, Paraf
    from permits.events import Tag
    from permits.steps import LetterRef
    from workflows.case import Case, Outcome


async def draft(case: Case, stage: Drafting) -> Outcome:
    """Takes the letter's number, asks for its content, freezes its bytes."""
    form = case.product_form
    if case.letter is None or case.letter.purpose != case.product:
        case.letter = await case.take_number(case.product, form.series, form.number_template, form.title)
    instructions = case.letter.number_text
    while True:
        decision = await case.ask(TaskKind.DRAFTING, stage, case.dossier_sha256, instructions=instructions)
        assert isinstance(decision.body, Drafted)
        try:
            case.letter_sha256 = await _write(case, case.letter, decision.body)
        except ActivityError as failed:
            if not _is_the_drafts_fault(failed):
                raise
            instructions = f"{case.letter.number_text}: isi surat terlalu panjang atau keliru, susun ulang"
        else:
            return Outcome.forward()


async def _write(case: Case, letter: LetterRef, drafted: Drafted) -> str:
    form = case.product_form
    return await case.write_letter(
        letter,
        form,
        facts=tuple(drafted.facts.items()),
        conditions=form.conditions + agency_conditions(case) + drafted.conditions,
        reasons=case.found.rejection_reasons,
        head_signs=True,
    )


def _is_the_drafts_fault(failed: ActivityError) -> bool:
    return isinstance(failed.cause, ApplicationError) and failed.cause.type == LETTER_INVALID


def agency_conditions(case: Case) -> tuple[str, ...]:
    """What the agencies approved only under conditions stands in the permit."""
    return tuple(
        condition
        for answer in case.found.answers.values()
        if answer.answer == "approve_with_conditions"
        for condition in answer.conditions
    )


async def check(case: Case, stage: DeskCheck) -> Outcome:
    """A desk reads the letter."""
    decision = await case.ask(TaskKind.DESK_CHECK, stage, case.letter_sha256)
    return Outcome.to("drafting") if isinstance(decision.body, Returned) else Outcome.forward()


async def initial(case: Case, stage: Paraf) -> Outcome:
    """The division head's paraf names exactly these bytes."""
    decision = await case.ask(TaskKind.PARAF, stage, case.letter_sha256)
    if isinstance(decision.body, Returned):
        return Outcome.to("drafting")
    case.ledger.note(case.ledger.event(Tag.PARAF_GIVEN, decision.actor, letter_sha256=case.letter_sha256))
    return Outcome.forward()
