"""Opens a case about an issued permit: the rules, one commit, then the engine at once, or the reconciler soon."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from api.dependencies import Case
from api.services import Services
from api.submitting import SubmissionAnswer, submission_answer, within_reach
from permits.after_issue import (
    OPENED_BY,
    Cause,
    IssuedPermit,
    check_procedure,
    extended_until,
    extension_answers,
    procedure_definition,
    replacement_answers,
    revocation_answers,
)
from permits.application import Delivery, check_complete, dossier_sha256
from permits.authority import Act, Actor
from permits.definition import PermitDefinition, Procedure, Variant
from permits.errors import Code, RuleError
from permits.events import Event, Tag
from permits.numbering import CODE_BYTES, tracking_code
from permits.sla import SlaClock
from store.queries.catalogue import definition_in_force, definition_version
from store.records import NewProcedure
from workflows.messages import Submission

Answers = Callable[[IssuedPermit, PermitDefinition], dict[str, str]]
"""Makes the answers of a procedure from the permit and the definition of its type."""


def revocation(reason: str, legal_ground: str) -> Answers:
    """The answers of a revocation."""
    return lambda permit, _: revocation_answers(permit, reason, legal_ground)


def replacement(printed: dict[str, str], cause: Cause, note: str, corrections: dict[str, str]) -> Answers:
    """The answers of a replacement; `printed` are those of the letter that is replaced."""
    return lambda permit, definition: replacement_answers(permit, definition, printed, cause, note, corrections)


async def open_procedure(
    services: Services, case: Case, procedure: Procedure, answers: Answers | None, key: str | None, delivery: Delivery
) -> SubmissionAnswer:
    """Opens and submits a procedure about the permit of a case; again with the same key, the same answer.

    Args:
        services: of the application.
        case: the permit's own case, which the actor may open this procedure on.
        procedure: revocation, replacement or extension.
        answers: of its form; None where the office's own arithmetic makes them (an extension).
        key: the same for a repeated request.
        delivery: how the letter reaches the holder.

    Raises RuleError: permit-not-found, permit-not-in-force, procedure-open, not-extendable, permit-type-not-found, and
    what the answers refuse.
    """
    own_key = key or secrets.token_urlsafe(24)
    row = await services.records.procedure_under(case.row.number, own_key)
    if row is None:
        new = await _new(services, case, procedure, answers, own_key, delivery)
        row = await services.records.open_procedure(new)
    submission = Submission.model_validate(row.submission)
    started = row.started_at is not None or await services.engine.start(submission)
    if started and row.started_at is None:
        await services.records.mark_started(row.number, services.now())
    return submission_answer(services, row, submission, started)


async def _new(
    services: Services, case: Case, procedure: Procedure, answers: Answers | None, key: str, delivery: Delivery
) -> NewProcedure:
    permit = await services.records.permit(case.row.number)
    now = services.now()
    calendar = await services.calendar.current()
    pace = services.settings.pace_from(now)
    office_now = pace.office_time(now, calendar)
    today = calendar.local_date(office_now)
    law = await _law(services, case, permit)
    check_procedure(permit, procedure, today, law.letter)
    definition = procedure_definition(law, procedure)
    if answers is not None:
        data = answers(permit, law)
    else:
        data = extension_answers(permit, extended_until(permit, law.letter, today))
    check_complete(definition, Variant.CHANGE, data, set())
    promise = SlaClock(received_on=today, working_days=definition.promise_working_days)
    dossier = dossier_sha256(data, ())
    submission = Submission(
        number="",
        definition=definition,
        variant=Variant.CHANGE,
        applicant_id=permit.holder_id,
        submitted_at=now,
        documents=(),
        dossier_sha256=dossier,
        delivery=delivery,
        calendar=within_reach(calendar, today),
        pace=pace,
        practice=permit.practice,
        about_permit=permit.number,
    )
    by_office = OPENED_BY[procedure] is Act.OPEN_REVOCATION
    return NewProcedure(
        about=permit.number,
        procedure=procedure,
        definition=definition,
        data=data,
        delivery=delivery,
        filed_by=case.actor.id if by_office else None,
        channel="office" if by_office else "web",
        submission_key=key,
        submitted_at=now,
        year=today.year,
        dossier_sha256=dossier,
        tracking_code=tracking_code(secrets.token_bytes(CODE_BYTES)),
        verification_id=tracking_code(secrets.token_bytes(CODE_BYTES)),
        submission=submission.model_dump(mode="json", exclude={"number"}),
        promise=promise,
        promise_due_at=promise.due_at(calendar, office_now),
        pace=pace,
        event=Event(
            key="submitted",
            tag=Tag.APPLICATION_SUBMITTED,
            at=now,
            office_at=office_now,
            actor_id=case.actor.id,
            actor_name=case.actor.name,
            facts=_facts(case.actor, definition, permit, dossier),
        ),
    )


async def _law(services: Services, case: Case, permit: IssuedPermit) -> PermitDefinition:
    """The type's version of today; for a type that is no longer issued, the one that the permit was issued under."""
    async with services.db.transaction() as session:
        try:
            return await definition_in_force(session, permit.permit_type, await services.office_today())
        except RuleError as gone:
            if gone.code is not Code.PERMIT_TYPE_NOT_FOUND or case.row.definition_version is None:
                raise
            return await definition_version(session, permit.permit_type, case.row.definition_version)


def _facts(actor: Actor, definition: PermitDefinition, permit: IssuedPermit, dossier: str) -> dict[str, object]:
    facts: dict[str, object] = {
        "definition_version": definition.version,
        "dossier_sha256": dossier,
        "procedure": definition.procedure.value,
        "about_permit": permit.number,
        "number_text": permit.number_text,
    }
    return facts | ({"on_behalf_of": actor.on_behalf_of} if actor.on_behalf_of else {})
