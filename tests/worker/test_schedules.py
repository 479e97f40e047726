"""What the engine starts by itself: the schedules stand, once, and a run reminds holders through the outbox."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from temporalio.client import Client

from store.tables import PermitRow
from tests.workflows.builders import APPLICANT, a_definition
from tests.workflows.office import Office
from worker.schedules import SCHEDULES, ensure_schedules
from workflows.messages import EXPIRY_REMINDERS_WORKFLOW, QueueNames

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def ids(client: Client) -> list[str]:
    return sorted([found.id async for found in await client.list_schedules()])


async def test_schedules_stand_once_at_their_hour_of_the_office(office: Office) -> None:
    await ensure_schedules(office.client)
    for schedule_id, schedule in SCHEDULES:
        described = await office.client.get_schedule_handle(schedule_id).describe()
        assert described.schedule.spec.time_zone_name == "Asia/Jakarta"
        assert described.schedule.policy == schedule.policy
    # The reminders go out at 07.15 WIB, which is 00.15 UTC.
    reminders = await office.client.get_schedule_handle("expiry-reminders").describe()
    assert (reminders.info.next_action_times[0].astimezone(UTC).strftime("%H:%M")) == "00:15"


async def test_a_pause_of_an_operator_outlives_a_new_worker(office: Office) -> None:
    handle = office.client.get_schedule_handle("expiry-reminders")
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
