"""Procedures after issue, begun as the API begins them, with the engine at hand."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime

from permits.after_issue import (
    Cause,
    extended_until,
    extension_answers,
    procedure_definition,
    replacement_answers,
    revocation_answers,
)
from permits.application import Delivery, dossier_sha256
from permits.definition import PermitDefinition, Procedure, Variant
from permits.events import Event, Tag
from permits.pace import Pace
from permits.sla import SlaClock
from store.records import NewProcedure
from tests.workflows.builders import CALENDAR, a_definition
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from workflows.messages import Submission
from workflows.starting import start_case


def a_type() -> PermitDefinition:
    """A type whose permits are valid for twelve months."""
    definition = a_definition()
    return definition.model_copy(update={"letter": definition.letter.model_copy(update={"validity_months": 12})})


async def a_permit(office: Office) -> CaseFile:
    case = await office.begin(a_type())
    await case.finish()
    return case


async def begin(office: Office, permit_case: CaseFile, procedure: Procedure) -> CaseFile:
    """What the API does, with the engine at hand."""
    permit, law = await office.records.permit(permit_case.number), permit_case.submission.definition
    definition, now = procedure_definition(law, procedure), datetime.now(UTC)
    match procedure:
        case Procedure.REVOCATION:
            data = revocation_answers(permit, "Contoh alasan", "Contoh dasar hukum")
        case Procedure.REPLACEMENT:
            printed = (await office.records.application(permit.number)).data
            data = replacement_answers(permit, law, printed, Cause.LOST)
        case _:
            data = extension_answers(permit, extended_until(permit, law.letter, permit.issued_on))
    submission = Submission(
        number="",
        definition=definition,
        variant=Variant.CHANGE,
        applicant_id=permit.holder_id,
        submitted_at=now,
        documents=(),
        dossier_sha256=dossier_sha256(data, ()),
        delivery=Delivery.DOWNLOAD,
        calendar=CALENDAR,
        pace=Pace.real(),
        about_permit=permit.number,
    )
    promise = SlaClock(received_on=CALENDAR.local_date(now), working_days=definition.promise_working_days)
    row = await office.records.open_procedure(
        NewProcedure(
            about=permit.number,
            procedure=procedure,
            definition=definition,
            data=data,
            delivery=Delivery.DOWNLOAD,
            submission_key=secrets.token_hex(8),
            submitted_at=now,
            year=2026,
            dossier_sha256=submission.dossier_sha256,
            tracking_code=secrets.token_hex(8),
            verification_id=secrets.token_hex(8),
            submission=submission.model_dump(mode="json", exclude={"number"}),
            promise=promise,
            promise_due_at=promise.due_at(CALENDAR, now),
            pace=Pace.real(),
            event=Event(key="submitted", tag=Tag.APPLICATION_SUBMITTED, at=now, office_at=now),
        )
    )
    started = Submission.model_validate(row.submission)
    await start_case(office.client, started)
    await office.records.mark_started(row.number, now)
    return CaseFile(office, started)
