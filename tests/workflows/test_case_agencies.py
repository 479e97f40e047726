"""Agencies are asked at once, each with its own clock and ladder; silence is a task for a person, never an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import pytest
import pytest_asyncio

from permits.decisions import Forwarded, Recommended, Refused
from permits.events import Tag
from store.tables import EventRow, OutboxRow, TaskRow
from tests.workflows.builders import (
    CALENDAR,
    a_definition,
    a_ladder,
    an_agency,
    compressed,
    in_days,
    recommendation,
    verification,
)
from tests.workflows.case_file import CaseFile, Refusal
from tests.workflows.office import Office
from tests.workflows.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

A_DAY = 0.15  # seconds


async def test_agencies_are_asked_at_once_each_with_its_own_due_date(office: Office) -> None:
    case = await office.begin(a_definition(recommendation(an_agency("bappeda", 2), an_agency("dpupr", 5))))
    bappeda = await case.go_on("recommendation", opd="bappeda")
    dpupr = await case.task("recommendation", opd="dpupr")

    assert bappeda.due_at == CALENDAR.closes_at(in_days(2))
    assert dpupr.due_at == CALENDAR.closes_at(in_days(5))
    assert bappeda.workflow_id != dpupr.workflow_id
    assert (await case.row()).waiting_kind == "opd"
    for opd in ("bappeda", "dpupr"):
        assert (await case.letter(f"opd-request-{opd}")).status == "issued"

    await case.decide(dpupr)
    answers = {row.opd: row.answer for row in await office.records.opd_answers_of(case.number)}
    assert answers["bappeda"] is None, "the case still waits for the other"
    await case.decide(bappeda)
    await case.task("drafting")


async def test_conditions_of_an_agency_stand_in_the_letter(office: Office) -> None:
    case = await office.begin(a_definition(recommendation()))
    condition = "Tinggi papan paling rendah 3 meter"
    task = await case.go_on("recommendation")
    await case.decide(task, Recommended(answer="approve_with_conditions", conditions=(condition,)))
    await case.go_on("signing")

    letter = await case.letter()

    assert letter.input_sha256 is not None
    assert condition in (await office.documents.get_document(letter.input_sha256)).decode()


async def test_the_back_office_weighs_a_refusal_and_may_go_on(office: Office) -> None:
    case = await office.begin(a_definition(recommendation()))
    await case.decide(await case.go_on("recommendation"), Recommended(answer="refuse", reason="Lokasi tidak sesuai"))
    task = await case.task("assessment")
    assert (task.role, task.field) == ("back_office", "kesehatan")

    await case.decide(task, Forwarded(note="Dipertimbangkan"))

    assert (await case.finish()).status == "issued"


async def test_the_back_office_weighs_a_refusal_and_may_reject(office: Office) -> None:
    case = await office.begin(a_definition(recommendation()))
    await case.decide(await case.go_on("recommendation"), Recommended(answer="refuse", reason="Lokasi tidak sesuai"))

    await case.decide(await case.task("assessment"), Refused(reasons=("Lokasi tidak sesuai",)))

    assert (await case.finish()).status == "rejected"


@dataclass
class Silence:
    """An agency that let its whole ladder pass, was followed up, and answered at last."""

    case: CaseFile
    asked: TaskRow
    overdue: TaskRow
    open_after_follow_up: list[TaskRow]
    lines: list[EventRow]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def silence(open_office: Office) -> Silence:
    agency = an_agency("bappeda", 2, a_ladder(-1, 0, 1, 2, 3))
    case = await open_office.begin(a_definition(recommendation(agency)), pace=compressed(A_DAY))
    asked = await case.go_on("recommendation")
    overdue = await case.task("overdue")
    await case.decide(overdue)
    follow_up = await case.event(Tag.TASK_DECIDED, lambda line: line.facts["task"] == overdue.id)
    await until(lambda: _closed(open_office, overdue), "the follow-up in the book")
    still_open = await case.open_tasks()
    await case.decide(asked)
    await case.event(Tag.OPD_ANSWERED)

    async def all_proven() -> bool:
        return all(row.state == "sent" for row in await _notices(open_office, case, asked))

    await case.task("drafting")
    await until(all_proven, "proof of sending for every notice")
    assert follow_up.actor_id == "koordinator"
    return Silence(case, asked, overdue, still_open, await case.events())


async def _notices(office: Office, case: CaseFile, asked: TaskRow) -> list[OutboxRow]:
    """What the agency's own workflow made due."""
    return [row for row in await office.records.notices_of(case.number) if asked.workflow_id in row.key]


async def _closed(office: Office, task: TaskRow) -> bool:
    return (await office.records.task(task.id)).status == "decided"


async def test_a_silent_agency_is_warned_before_the_due_date_and_escalated_after_in_order(silence: Silence) -> None:
    fallen = [line for line in silence.lines if line.tag in (Tag.OPD_WARNED, Tag.OPD_ESCALATED)]

    assert [line.facts["rung"] for line in fallen] == ["ingat", "naik-1", "naik-2", "naik-3", "naik-4"]
    assert [line.facts["who"] for line in fallen[1:]] == ["holder", "holder_head", "coordinator", "head_of_office"]
    planned = [datetime.fromisoformat(line.facts["planned_at"]) for line in fallen]
    due = CALENDAR.local_date(silence.asked.due_at)
    assert planned == [
        CALENDAR.opens_at(CALENDAR.shift(due, -1)),
        *(CALENDAR.closes_at(CALENDAR.shift(due, offset)) for offset in (0, 1, 2, 3)),
    ]
    assert all(line.office_at >= at for line, at in zip(fallen, planned, strict=True))
    assert [line.office_at for line in fallen] == sorted(line.office_at for line in fallen)


async def test_every_rung_is_a_notice_with_proof_of_sending(silence: Silence, open_office: Office) -> None:
    notices = await _notices(open_office, silence.case, silence.asked)
    rungs = [row for row in notices if row.template in ("task-warning", "task-escalation")]

    assert [row.account_id for row in rungs] == ["bappeda", "bappeda", "kepala.bappeda", "koordinator", "kepala"]
    proofs = {line.facts["proof"] for line in silence.lines if line.tag == Tag.NOTICE_SENT}
    assert {row.message_id for row in rungs} <= proofs
    mails = [file.read_text(errors="replace") for file in (open_office.folder / "mail").rglob("*") if file.is_file()]
    for row in rungs:
        assert any(row.message_id in mail for mail in mails if row.message_id)


async def test_the_end_of_a_ladder_is_a_task_for_a_person(silence: Silence) -> None:
    (ended,) = [line for line in silence.lines if line.tag == Tag.OPD_LADDER_ENDED]

    assert (silence.overdue.role, silence.overdue.instructions) == ("coordinator", silence.asked.id)
    assert ended.facts["role"] == "coordinator"
    assert silence.overdue.workflow_id == silence.asked.workflow_id


async def test_acknowledging_the_silence_keeps_the_agency_asked(silence: Silence) -> None:
    assert [task.id for task in silence.open_after_follow_up] == [silence.asked.id]


async def test_an_answer_after_the_escalation_carries_the_case_on(silence: Silence, open_office: Office) -> None:
    (answer,) = await open_office.records.opd_answers_of(silence.case.number)

    assert answer.answer == "approve"
    assert answer.answered_at is not None
    assert answer.answered_at > silence.asked.due_at
    assert silence.lines[-1].sequence == len(silence.lines)
    assert await open_office.records.event_chain_is_whole(silence.case.number)


async def test_a_desk_of_the_office_has_a_ladder_too(office: Office) -> None:
    desk = verification(working_days=1, ladder=a_ladder(0, 1))
    case = await office.begin(a_definition(desk), pace=compressed(A_DAY))
    task = await case.task("verification")
    overdue = await case.task("overdue")

    fallen = [line.facts["rung"] for line in await case.events(Tag.TASK_WARNED, Tag.TASK_ESCALATED)]

    assert fallen == ["ingat", "naik-1"]
    assert len(await case.events(Tag.LADDER_ENDED)) == 1
    await case.decide(task)
    await case.task("drafting")
    assert (await office.records.task(overdue.id)).status == "cancelled"
    with pytest.raises(Refusal) as refused:
        await case.decide(overdue)
    assert refused.value.code == "task-closed"
