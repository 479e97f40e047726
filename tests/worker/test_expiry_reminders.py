"""The daily run stands at its hour, and reminds holders of permits that end soon, once, through the outbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from store.tables import PermitRow
from tests.workflows.builders import APPLICANT, a_definition
from tests.workflows.office import Office
from worker.schedules import EXPIRY_REMINDERS, ensure_schedules
from workflows.messages import EXPIRY_REMINDERS_WORKFLOW, QueueNames

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_reminders_go_out_each_day_at_a_quarter_past_seven(office: Office) -> None:
    await ensure_schedules(office.client)
    described = await office.client.get_schedule_handle(EXPIRY_REMINDERS.id).describe()
    assert described.schedule.spec.time_zone_name == "Asia/Jakarta"
    first, second = described.info.next_action_times[:2]
    assert first.astimezone(UTC).strftime("%H:%M") == "00:15"
    assert second - first == timedelta(days=1)


async def test_a_pause_of_an_operator_outlives_a_new_worker(office: Office) -> None:
    await ensure_schedules(office.client)
    handle = office.client.get_schedule_handle(EXPIRY_REMINDERS.id)
    await handle.pause(note="Contoh")
    try:
        await ensure_schedules(office.client)
        assert (await handle.describe()).schedule.state.paused
    finally:
        await handle.unpause()


async def test_a_run_reminds_holders_once_and_says_how_many(office: Office) -> None:
    submission = await office.submit(a_definition())
    today = datetime.now(timezone(timedelta(hours=7))).date()
    async with office.db.transaction() as session:
        session.add(
            PermitRow(
                number=submission.number,
                number_text="503/0001/CONTOH/2026",
                permit_type=submission.definition.code,
                title="Izin Contoh",
                holder_id=APPLICANT.id,
                holder_name="Contoh",
                issued_on=today,
                valid_until=today + timedelta(days=20),
            )
        )
    counts = [
        await office.client.execute_workflow(
            EXPIRY_REMINDERS_WORKFLOW, id=f"uji-pengingat-{n}", task_queue=QueueNames.MAIN
        )
        for n in range(2)
    ]
    assert counts == [1, 0]
    [row] = [one for one in await office.records.notices_of(submission.number) if one.template == "permit-expires"]
    assert (row.facts or {})["days"] == "20"
