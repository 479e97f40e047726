"""After issue: revoking, replacing and extending a permit are short cases of their own with the same desks."""

from __future__ import annotations

from datetime import date

import pytest

from permits.decisions import Refused
from permits.definition import Procedure
from permits.events import Tag
from store.queries.verification import RegisteredLetter, letter_by_verification_id
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from tests.workflows.procedures import a_permit, begin

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
    for case, template in ((permit, "letter-issued"), (procedure, "permit-revoked")):
        [sent] = [line for line in await case.events(Tag.NOTICE_SENT) if "attached" in line.facts]
        assert sent.facts["template"] == template


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
