"""After issue: revoking, replacing and extending a permit are short cases of their own with the same desks."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime

import pytest

from permits.after_issue import (
    Cause,
    extended_until,
    extension_answers,
    procedure_definition,
    replacement_answers,
    revocation_answers,
)
from permits.application import Delivery, dossier_sha256
from permits.decisions import Refused
from permits.definition import PermitDefinition, Procedure, Variant
from permits.events import Event, Tag
from permits.pace import Pace
from permits.sla import SlaClock
from store.queries.verification import RegisteredLetter, letter_by_verification_id
from store.records import NewProcedure
from tests.workflows.builders import CALENDAR, a_definition
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from workflows.messages import Submission
from workflows.starting import start_case

pytestmark = pytest.mark.asyncio(loop_scope="session")


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


async def verified(office: Office, case: CaseFile, today: date) -> RegisteredLetter:
    row = await case.row()
    async with office.db.transaction() as session:
        found = await letter_by_verification_id(session, row.verification_id or "", today)
    assert found is not None
    return found


async def test_a_revocation_passes_the_desks_and_ends_the_permit(office: Office) -> None:
    permit = await a_permit(office)
    procedure = await begin(office, permit, Procedure.REVOCATION)
    row = await procedure.finish()
    letter = await procedure.letter("revocation")
    assert (letter.series, letter.status, row.product) == ("CABUT", "issued", "revocation")
    kinds = [task.kind for task in await office.records.tasks_of(procedure.number)]
    assert kinds == [stage.kind for stage in procedure.submission.definition.stages if stage.kind != "issuance"]
    assert kinds[0] == "assessment"
    assert (await office.records.permit(permit.number)).status == "revoked"
    said = await verified(office, permit, letter.letter_date)
    assert (said.state, said.successor_number) == ("DICABUT", letter.number_text)
    assert (await verified(office, procedure, letter.letter_date)).state == "SAH"
    for number in (permit.number, procedure.number):
        assert await office.records.event_chain_is_whole(number)
    assert len(await permit.events(Tag.PERMIT_REVOKED)) == 1


async def test_a_replacement_becomes_the_permit_that_holds(office: Office) -> None:
    permit = await a_permit(office)
    procedure = await begin(office, permit, Procedure.REPLACEMENT)
    await procedure.finish()
    old, new = await office.records.permit(permit.number), await office.records.permit(procedure.number)
    assert (old.status, old.changed_by, new.status) == ("replaced", procedure.number, "in_force")
    assert new.valid_until == old.valid_until
    said = await verified(office, permit, new.issued_on)
    assert (said.state, said.successor_number) == ("DIGANTI", new.number_text)
    assert (await verified(office, procedure, new.issued_on)).state == "SAH"


async def test_an_extension_moves_the_last_day(office: Office) -> None:
    permit = await a_permit(office)
    before = await office.records.permit(permit.number)
    procedure = await begin(office, permit, Procedure.EXTENSION)
    await procedure.finish()
    after = await office.records.permit(permit.number)
    assert before.valid_until is not None and after.valid_until is not None
    assert (after.valid_until.year, after.status) == (before.valid_until.year + 1, "in_force")
    said = await verified(office, permit, after.issued_on)
    assert (said.state, said.extended_until) == ("SAH", after.valid_until)


async def test_a_procedure_that_is_refused_leaves_the_permit_as_it_was(office: Office) -> None:
    permit = await a_permit(office)
    procedure = await begin(office, permit, Procedure.REVOCATION)
    await procedure.decide(await procedure.task("assessment"), Refused(reasons=("Contoh alasan.",)))
    row = await procedure.finish()
    assert (row.product, row.status) == ("rejection", "rejected")
    assert (await office.records.permit(permit.number)).status == "in_force"
    assert (await verified(office, permit, date(2026, 12, 1))).state == "SAH"
