"""Schedules are made once and kept as written; the monthly one evaluates the month before, wherever it is started."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from temporalio.client import ScheduleActionStartWorkflow, ScheduleOverlapPolicy, WorkflowHandle

from permits.evaluation import Month
from store.documents import DocumentStore
from store.queries.evaluation import newest_evaluation
from tests.workflows.office import Office
from tests.workflows.waiting import until
from worker.schedules import MONTHLY_EVALUATION, SCHEDULES, Planned, at, ensure_schedules
from workflows.evaluation import OFFICE_ZONE
from workflows.evaluation_order import EvaluationOrder, order_evaluation

pytestmark = pytest.mark.asyncio(loop_scope="session")


def of_our_own(planned: Planned) -> Planned:
    """The same schedule under another name, so that the office's own is left alone."""
    return dataclasses.replace(planned, id=f"{planned.id}-{uuid4().hex[:8]}")


def test_no_schedule_stands_twice() -> None:
    assert len({planned.id for planned in SCHEDULES}) == len(SCHEDULES)


async def test_schedules_are_made_once_by_however_many_workers(office: Office) -> None:
    mine = of_our_own(MONTHLY_EVALUATION)
    await asyncio.gather(*(ensure_schedules(office.client, (mine,)) for _ in range(3)))
    await ensure_schedules(office.client, (mine,))
    handle = office.client.get_schedule_handle(mine.id)
    described = await handle.describe()
    assert described.schedule.policy.catchup_window == timedelta(days=365)
    assert described.schedule.policy.overlap == ScheduleOverlapPolicy.BUFFER_ALL
    first = described.info.next_action_times[0].astimezone(OFFICE_ZONE)
    assert (first.day, first.hour, first.minute) == (1, 6, 0)
    await handle.delete()


async def test_a_schedule_is_brought_up_to_date_and_stays_paused_where_somebody_paused_it(office: Office) -> None:
    mine = of_our_own(MONTHLY_EVALUATION)
    await ensure_schedules(office.client, (mine,))
    handle = office.client.get_schedule_handle(mine.id)
    await handle.pause(note="uji")
    later = dataclasses.replace(mine, schedule=dataclasses.replace(mine.schedule, spec=at(9)))
    await ensure_schedules(office.client, (later,))
    described = await handle.describe()
    assert described.schedule.state.paused
    assert described.schedule.state.note == "uji"
    await handle.unpause()
    described = await handle.describe()
    assert described.info.next_action_times[0].astimezone(OFFICE_ZONE).hour == 9
    await handle.delete()


async def test_the_monthly_schedule_evaluates_the_month_before_that_of_its_time(office: Office) -> None:
    mine = of_our_own(MONTHLY_EVALUATION)
    action = mine.schedule.action
    assert isinstance(action, ScheduleActionStartWorkflow)
    await ensure_schedules(office.client, (mine,))
    handle = office.client.get_schedule_handle(mine.id)
    await handle.trigger()
    today = datetime.now(UTC).astimezone(OFFICE_ZONE).date()
    month = Month.before(today)

    async def compiled() -> bool:
        async with office.db.transaction() as session:
            return await newest_evaluation(session, month.first) is not None

    await until(compiled, f"{month} is compiled", 30)
    await handle.delete()


async def test_an_ordered_evaluation_lies_in_the_store_with_its_numbers(office: Office) -> None:
    case = await office.begin()
    await case.task("verification")
    month = str(Month(first=datetime.now(UTC).astimezone(OFFICE_ZONE).date().replace(day=1)))
    order = EvaluationOrder(month=month, requested_by="kabid", order_key=uuid4().hex)
    found = []
    for _ in range(2):
        workflow_id = await order_evaluation(office.client, order)
        assert workflow_id == f"evaluation-{month}"
        handle: WorkflowHandle[object, dict[str, object]] = office.client.get_workflow_handle(workflow_id)
        found.append(await handle.result())
    assert found[0] == found[1], "one order, one version"
    numbers = json.loads(await DocumentStore(office.settings).get_document(str(found[0]["data_sha256"])))
    assert numbers["month"] == month
    assert numbers["total"]["received"] >= 1
    assert any(desk["role"] == "front_office" and desk["open_at_end"] >= 1 for desk in numbers["desks"])
