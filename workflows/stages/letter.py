"""From drafting on, what is judged is the letter itself: written, read by the desks, given its paraf.

A desk that returns the letter sends it back to drafting; a changed letter climbs the whole ladder of desks again.
"""

from __future__ import annotations

from temporalio import workflow
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.drafting import LETTER_INVALID, NO_MANDATE
    from permits.decisions import Drafted, Returned, SentToApplicant, TaskKind
    from permits.definition import DeskCheck, Drafting, Paraf
    from permits.events import Tag
    from permits.steps import LetterRef
    from workflows.case import Case, Outcome
    from workflows.stages.verification import mend


async def draft(case: Case, stage: Drafting) -> Outcome:
    """Takes the letter's number, asks for its content, freezes its bytes."""
    case.letter = await case.letters.number_product(case.product)
    instructions = case.letter.number_text
    while True:
        decision = await case.ask(
            TaskKind.DRAFTING,
            stage,
            case.dossier_sha256,
            instructions=instructions,
            wanted_documents=tuple(sorted(case.documents)),
        )
        match decision.body:
            case SentToApplicant(documents=wrong):
                await mend(case, stage, wrong)
                continue
            case Returned():
                return case.sent_back(decision)
        assert isinstance(decision.body, Drafted)
        try:
            case.letter_sha256 = await _write(case, case.letter, decision.body)
        except ActivityError as failed:
            instructions = f"{case.letter.number_text}: {_what_is_wrong(failed)}"
        else:
            return Outcome.forward()


async def _write(case: Case, letter: LetterRef, drafted: Drafted) -> str:
    form = case.letters.form_of(case.product)
    return await case.letters.write_letter(
        letter,
        form,
        facts=tuple(drafted.facts.items()),
        conditions=form.conditions + agency_conditions(case) + drafted.conditions,
        paragraphs=(case.deemed,) if case.deemed else (),
        reasons=case.found.rejection_reasons,
        head_signs=True,
    )


def _what_is_wrong(failed: ActivityError) -> str:
    """What a person has to mend, in words. Raises the failure where nobody can."""
    kind = failed.cause.type if isinstance(failed.cause, ApplicationError) else None
    if kind == LETTER_INVALID:
        return "isi surat terlalu panjang atau keliru, susun ulang"
    if kind == NO_MANDATE:
        return "belum ada pejabat yang berwenang menandatangani hari ini, susun ulang setelah mandatnya dicatat"
    raise failed


def agency_conditions(case: Case) -> tuple[str, ...]:
    """What the agencies approved only under conditions stands in the permit."""
    return tuple(
        condition
        for answer in case.found.answers.values()
        if answer.answer == "approve_with_conditions"
        for condition in answer.conditions
    )


async def check(case: Case, stage: DeskCheck) -> Outcome:
    """A desk reads the letter; one that stands before the drafting judges the dossier."""
    judged = case.dossier_sha256 if case.is_before_drafting else case.letter_sha256
    decision = await case.ask(TaskKind.DESK_CHECK, stage, judged)
    return case.sent_back(decision) if isinstance(decision.body, Returned) else Outcome.forward()


async def initial(case: Case, stage: Paraf) -> Outcome:
    """The division head's paraf names exactly these bytes."""
    decision = await case.ask(TaskKind.PARAF, stage, case.letter_sha256)
    if isinstance(decision.body, Returned):
        return case.sent_back(decision)
    case.ledger.note(case.ledger.event(Tag.PARAF_GIVEN, decision.actor, letter_sha256=case.letter_sha256))
    return Outcome.forward()
