"""Whatever people do in whatever order, a case has one number and at most one signature."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permits.application import CLOSED
from permits.decisions import Body, Drafted, Refused, Returned, SignatureOrdered
from permits.events import Tag
from store.tables import TaskRow
from tests.workflows.builders import a_definition, assessment, drafting, paraf, to_repair
from tests.workflows.case_file import CaseFile, Refusal
from tests.workflows.office import Office
from tests.workflows.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

Move = Callable[[CaseFile, TaskRow], Awaitable[object]]


async def _well(case: CaseFile, task: TaskRow) -> object:
    return await case.decide(task)


async def _twice_at_once(case: CaseFile, task: TaskRow) -> object:
    decision = case.decision(task, await case.answer(task))
    return await asyncio.gather(case.send(decision, "satu"), case.send(decision, "dua"), return_exceptions=True)


async def _back(case: CaseFile, task: TaskRow) -> object:
    backwards: dict[str, Body] = {
        "verification": to_repair("ktp"),
        "assessment": Refused(reasons=("Tidak sesuai",)),
        "drafting": Drafted(facts={"Catatan": task.id}),
        "paraf": Returned(reason="Keliru"),
        "signing": Returned(reason="Keliru"),
    }
    return await case.decide(task, backwards.get(task.kind))


async def _sign_badly(case: CaseFile, task: TaskRow) -> object:
    if task.kind != "signing":
        return await case.decide(task)
    activation = await case.office.consent(task.subject_sha256, passphrase="keliru")
    return await case.decide(task, SignatureOrdered(activation_id=activation))


async def _withdraw_and_decide(case: CaseFile, task: TaskRow) -> object:
    decision = case.decision(task, await case.answer(task))
    return await asyncio.gather(case.withdraw(), case.send(decision), return_exceptions=True)


MOVES: dict[str, Move] = {
    "well": _well,
    "twice at once": _twice_at_once,
    "back": _back,
    "sign badly": _sign_badly,
    "withdraw and decide": _withdraw_and_decide,
}


@given(
    moves=st.lists(st.sampled_from(sorted(set(MOVES) - {"withdraw and decide"})), max_size=9),
    withdraws=st.booleans(),
)
@settings(
    max_examples=4,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_no_order_of_decisions_gives_two_numbers_or_two_signatures(
    office: Office, moves: list[str], withdraws: bool
) -> None:
    case = await office.begin(a_definition(assessment(), drafting(), paraf()))

    for move in [*moves, *(["withdraw and decide"] if withdraws else [])]:
        if (task := await _next_task(case)) is None:
            break
        try:
            await MOVES[move](case, task)
        except Refusal as refused:
            assert refused.code in ("task-closed", "application-withdrawn", "application-closed")
    row = await case.finish()

    letters = await office.records.letters_of(case.number)
    signed = await case.events(Tag.SIGNATURE_REGISTERED)
    assert row.status in CLOSED
    assert len(letters) == len(await case.events(Tag.LETTER_NUMBERED)) <= 1
    assert len(signed) == (0 if row.status == "withdrawn" else 1)
    assert {letter.status for letter in letters} <= {"batal" if row.status == "withdrawn" else "issued"}
    assert len(await case.events(Tag.APPLICATION_CLOSED)) == 1
    assert await office.records.event_chain_is_whole(case.number)
    assert await case.open_tasks() == []


async def _next_task(case: CaseFile) -> TaskRow | None:
    """The next open task that is not decided yet in the engine, or None where the case has closed."""
    decided = {line.facts["task"] for line in await case.events(Tag.TASK_DECIDED)}

    async def look() -> Sequence[TaskRow | None]:
        if (await case.row()).closed_at:
            return [None]
        return [task for task in await case.open_tasks() if task.id not in decided and case.is_new(task)][:1]

    return (await until(look, "the next task or the end"))[0]
