"""Who holds a task: taken over, given to a colleague, put back; and nobody else decides meanwhile."""

from __future__ import annotations

import pytest

from permits.authority import Actor, Role
from permits.events import Tag
from tests.workflows.builders import a_definition, drafting, paraf, person, recommendation
from tests.workflows.case_file import Refusal
from tests.workflows.office import Office
from tests.workflows.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

COLLEAGUE = Actor(id="depan.dua", name="Petugas Depan Contoh Dua", role=Role.FRONT_OFFICE)


async def test_a_colleague_takes_a_task_over_and_then_nobody_else_decides_it(office: Office) -> None:
    case = await office.begin(a_definition())
    task = await case.task("verification")
    await case.assign(task, COLLEAGUE, COLLEAGUE)

    async def held() -> bool:
        return (await office.records.task(task.id)).assigned_to == COLLEAGUE.id

    await until(held, "the holder in the book")
    with pytest.raises(Refusal) as refused:
        await case.decide(task)
    await case.decide(task, by=COLLEAGUE)

    assert refused.value.code == "assigned-to-another"
    event = await case.event(Tag.TASK_ASSIGNED)
    assert (event.actor_id, event.facts["assigned_to_name"]) == (COLLEAGUE.id, COLLEAGUE.name)


async def test_a_superior_gives_a_task_to_somebody_of_the_desk_and_to_nobody_else(office: Office) -> None:
    case = await office.begin(a_definition())
    task = await case.task("verification")
    coordinator = person("koordinator")
    with pytest.raises(Refusal) as unfit:
        await case.assign(task, coordinator, person("kesehatan"))
    with pytest.raises(Refusal) as not_theirs:
        await case.assign(task, person("kesehatan"), COLLEAGUE)
    await case.assign(task, coordinator, COLLEAGUE)

    assert (unfit.value.code, not_theirs.value.code) == ("person-unfit", "not-allowed")

    async def told() -> bool:
        notices = await office.records.notices_of(case.number)
        return any(one.template == "task-assigned" for one in notices)

    await until(told, "a notice about the assignment")


async def test_a_task_that_is_put_back_is_the_whole_desks_again(office: Office) -> None:
    case = await office.begin(a_definition())
    task = await case.task("verification")
    await case.assign(task, COLLEAGUE, COLLEAGUE)
    with pytest.raises(Refusal) as while_held:
        await case.decide(task)
    await case.assign(task, person("depan"), None)
    receipt = await case.decide(task)

    assert (while_held.value.code, receipt.actor_id) == ("assigned-to-another", "depan")


async def test_the_head_of_an_agency_gives_a_request_to_one_of_its_officers(office: Office) -> None:
    case = await office.begin(a_definition(recommendation()))
    task = await case.go_on("recommendation")
    head = person("kepala.bappeda").model_copy(update={"is_head": True})
    officer = Actor(id="bappeda.dua", name="Petugas Bappeda Contoh Dua", role=Role.OPD, opd="bappeda")
    with pytest.raises(Refusal) as stranger:
        await case.assign(task, person("kepala.dpupr").model_copy(update={"is_head": True}), officer)
    await case.assign(task, head, officer)
    with pytest.raises(Refusal) as other:
        await case.decide(task)
    await case.decide(task, by=officer)

    assert (stranger.value.code, other.value.code) == ("not-allowed", "assigned-to-another")


async def test_who_gave_the_paraf_does_not_sign_as_acting_head(office: Office) -> None:
    case = await office.begin(a_definition(drafting(), paraf()))
    task = await case.go_on("signing")
    acting = person("kabid").model_copy(update={"role": Role.HEAD_OF_OFFICE, "on_behalf_of": "Kepala Dinas Contoh"})

    with pytest.raises(Refusal) as refused:
        await case.decide(task, by=acting)

    assert refused.value.code == "same-person"
