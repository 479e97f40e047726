"""A submitted case whose start was lost is started, once, however often the reconciler looks."""

from __future__ import annotations

import asyncio

import pytest
from temporalio.service import RPCError, RPCStatusCode

from permits.events import Tag
from tests.workflows.builders import a_definition
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from worker.reconcile import Reconciler
from workflows.starting import start_case

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_submitted_case_whose_start_was_lost_is_started(office: Office) -> None:
    case = CaseFile(office, await office.submit(a_definition()))
    with pytest.raises(RPCError) as unknown:
        await case.handle.describe()
    assert unknown.value.status is RPCStatusCode.NOT_FOUND

    await Reconciler(office.records, office.client).start_missing()

    await case.task("verification")
    assert (await case.row()).started_at is not None


async def test_reconciling_again_or_at_the_same_time_changes_nothing(office: Office) -> None:
    case = CaseFile(office, await office.submit(a_definition()))
    reconcilers = [Reconciler(office.records, office.client) for _ in range(3)]

    await asyncio.gather(*(reconciler.start_missing() for reconciler in reconcilers))
    run = (await case.handle.describe()).run_id
    assert await reconcilers[0].start_missing() == 0

    await case.task("verification")
    assert (await case.handle.describe()).run_id == run
    assert len(await case.events(Tag.APPLICATION_RECEIVED)) == 1


async def test_a_case_that_is_closed_is_never_started_again(office: Office) -> None:
    case = await office.begin()
    await case.task("verification")
    await case.withdraw()
    await case.handle.result()

    run = (await case.handle.describe()).run_id

    await start_case(office.client, case.submission)

    assert (await case.handle.describe()).run_id == run
    assert (await case.row()).status == "withdrawn"
