"""Steps of a case: written once, in one transaction, on a chain that shows tampering."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from permits.application import ApplicationStatus, DocumentVerdict
from permits.authority import Role
from permits.decisions import TaskKind
from permits.errors import Code, RuleError
from permits.events import Tag
from permits.steps import OpdAnswer, StageMark, Step, TaskClosed, Waiting
from store.database import Database
from store.records import Records
from tests.store.builders import NOW, a_case, a_document, a_draft, a_step, a_submission, a_task, an_event

STAGE = StageMark(n=1, kind="verification", title="Pemeriksaan kelengkapan berkas", at=NOW, office_at=NOW)
WAITING = Waiting(kind="desk", holder="Front Office", stage="Pemeriksaan kelengkapan berkas", since=NOW)


async def tamper(db: Database, statement: str) -> None:
    """What somebody with the database's password could do."""
    async with db.transaction() as session:
        connection = await session.connection()
        await connection.execute(text("ALTER TABLE events DISABLE TRIGGER USER"))
        await connection.execute(text(statement))
        await connection.execute(text("ALTER TABLE events ENABLE TRIGGER USER"))


async def test_a_step_is_seen_in_all_its_parts(records: Records) -> None:
    number = await a_case(records)
    await records.keep(
        a_step(
            number,
            "stage:1",
            "task:1",
            status=ApplicationStatus.IN_PROGRESS,
            waiting=WAITING,
            stage_entered=STAGE,
            task_opened=a_task("tugas-1"),
            promise_due_at=NOW + timedelta(days=20),
            product="permit",
        )
    )
    row = await records.application(number)
    assert (row.status, row.stage, row.waiting_for) == ("in_progress", WAITING.stage, "Front Office")
    assert (row.product, row.promise_due_at, row.event_count) == ("permit", NOW + timedelta(days=20), 2)
    [task] = await records.tasks_of(number)
    assert (task.id, task.status, task.role, task.wanted_documents) == ("tugas-1", "open", "front_office", ["ktp"])
    [stage] = await records.stages_of(number)
    assert (stage.entered_at, stage.left_at) == (NOW, None)
    assert [event.key for event in await records.events_of(number)] == ["stage:1", "task:1"]


async def test_what_a_step_leaves_out_stays_as_it_is(records: Records) -> None:
    number = await a_case(records)
    await records.keep(a_step(number, "stage:1", waiting=WAITING, product="permit"))
    before = await records.application(number)
    await records.keep(a_step(number, "note:1"))
    after = await records.application(number)
    left_out = {"event_count", "event_head"}
    assert after.model_dump(exclude=left_out) == before.model_dump(exclude=left_out)
    assert after.event_count == before.event_count + 1


async def test_a_step_kept_twice_is_written_once(records: Records) -> None:
    number = await a_case(records)
    status = ApplicationStatus.IN_PROGRESS
    step = a_step(number, "stage:1", status=status, stage_entered=STAGE, task_opened=a_task("tugas-1"))
    await records.keep(step)
    closed = TaskClosed(id="tugas-1", status="decided", closed_at=NOW)
    await records.keep(a_step(number, "closed", status=ApplicationStatus.WITH_APPLICANT, tasks_closed=(closed,)))
    await records.keep(step)
    assert [event.key for event in await records.events_of(number)] == ["stage:1", "closed"]
    assert (await records.task("tugas-1")).status == "decided"
    assert (await records.application(number)).status == "with_applicant"


async def test_a_step_whose_later_event_is_known_writes_only_the_new_ones(records: Records) -> None:
    number = await a_case(records)
    await records.keep(a_step(number, "b"))
    await records.keep(a_step(number, "a", "b", "c"))
    assert [event.key for event in await records.events_of(number)] == ["b", "a", "c"]
    assert await records.event_chain_is_whole(number)


async def test_a_closed_task_says_who_decided_what(records: Records) -> None:
    number = await a_case(records)
    await records.keep(a_step(number, "open", task_opened=a_task("tugas-1", kind=TaskKind.ASSESS_RETRIBUTION)))
    closed = TaskClosed(
        id="tugas-1",
        status="decided",
        decision="retribution",
        detail={"amount_rupiah": 150_000},
        actor_id="bo-1",
        actor_name="Contoh Back Office",
        closed_at=NOW,
    )
    await records.keep(a_step(number, "close", tasks_closed=(closed,)))
    task = await records.task("tugas-1")
    assert (task.decision, task.detail, task.decided_by_name) == (
        "retribution",
        {"amount_rupiah": 150_000},
        "Contoh Back Office",
    )


async def test_leaving_a_stage_keeps_when_it_was_entered(records: Records) -> None:
    number = await a_case(records)
    await records.keep(a_step(number, "enter", stage_entered=STAGE))
    left = STAGE.model_copy(update={"at": NOW + timedelta(hours=2), "office_at": NOW + timedelta(hours=3)})
    await records.keep(a_step(number, "leave", stage_left=left))
    [stage] = await records.stages_of(number)
    assert (stage.entered_at, stage.left_at) == (NOW, NOW + timedelta(hours=2))
    assert (stage.office_entered_at, stage.office_left_at) == (NOW, NOW + timedelta(hours=3))


async def test_a_verdict_is_for_the_newest_version_of_a_document(records: Records) -> None:
    draft = await a_draft(records)
    await records.add_document(a_document(draft.number, sha256="1" * 64))
    await records.add_document(a_document(draft.number, sha256="2" * 64))
    verdict = DocumentVerdict(requirement="ktp", verdict="repair", reason="Foto KTP buram")
    await records.keep(a_step(draft.number, "verdicts", verdicts=(verdict,)))
    judged = {row.version: (row.verdict, row.reason) for row in await records.documents_of(draft.number)}
    assert judged == {1: (None, None), 2: ("repair", "Foto KTP buram")}


async def test_an_agency_that_answers_is_one_row(records: Records) -> None:
    number = await a_case(records)
    asked = OpdAnswer(workflow_id=f"{number}-opd-bappeda-1", opd="bappeda", name="Bappeda", asked_at=NOW, due_at=NOW)
    await records.keep(a_step(number, "asked", opd_answer=asked))
    answered = asked.model_copy(
        update={"answered_at": NOW, "answer": "approve_with_conditions", "conditions": ("Satu",)}
    )
    await records.keep(a_step(number, "answered", opd_answer=answered))
    [row] = await records.opd_answers_of(number)
    assert (row.answer, row.conditions, row.answered_at) == ("approve_with_conditions", ["Satu"], NOW)


async def test_a_closed_case_waits_for_nobody(records: Records) -> None:
    number = await a_case(records)
    await records.keep(a_step(number, "wait", waiting=WAITING))
    await records.keep(a_step(number, "close", status=ApplicationStatus.ISSUED, closed_at=NOW))
    row = await records.application(number)
    assert (row.status, row.closed_at, row.waiting_kind, row.waiting_for) == ("issued", NOW, None, None)


async def test_a_step_of_an_unknown_case_is_refused(records: Records) -> None:
    with pytest.raises(RuleError) as refused:
        await records.keep(a_step("PRM-2026-999999", "a"))
    assert refused.value.code is Code.APPLICATION_NOT_FOUND


async def test_a_step_that_fails_leaves_nothing(records: Records) -> None:
    number = await a_case(records)
    with pytest.raises(DBAPIError):
        await records.keep(a_step(number, "a", task_opened=a_task("tugas-1", photos=2**40)))
    assert await records.events_of(number) == []
    assert (await records.application(number)).event_count == 0


async def test_a_nul_in_a_text_stops_no_case(records: Records) -> None:
    number = await a_case(records)
    task = a_task("tugas-1", instructions="satu\x00dua, \\u0000 tetap")
    await records.keep(a_step(number, "a", task_opened=task))
    assert (await records.task("tugas-1")).instructions == "satu\ufffddua, \\u0000 tetap"


# The record -----------------------------------------------------------------------------------------------------------


async def test_two_writers_at_once_keep_one_valid_chain(records: Records) -> None:
    number = await a_case(records)
    writers = [f"{writer}:{n}" for n in range(10) for writer in ("parent", "child")]
    await asyncio.gather(*(records.keep(a_step(number, key)) for key in writers))
    events = await records.events_of(number)
    assert sorted(event.key for event in events) == sorted(writers)
    assert [event.sequence for event in events] == list(range(1, 21))
    assert await records.event_chain_is_whole(number)


async def test_the_same_step_kept_at_once_is_written_once(records: Records) -> None:
    number = await a_case(records)
    await asyncio.gather(*(records.keep(a_step(number, "stage:1")) for _ in range(8)))
    assert [event.key for event in await records.events_of(number)] == ["stage:1"]


@pytest.mark.parametrize(
    "statement",
    [
        'UPDATE events SET facts = \'{"reason": "other"}\' WHERE sequence = 2',
        "UPDATE events SET actor_name = 'Orang Lain' WHERE sequence = 2",
        "UPDATE events SET at = at - interval '1 day' WHERE sequence = 3",
        "UPDATE events SET tag = 'no:such:tag' WHERE sequence = 1",
        "DELETE FROM events WHERE sequence = 2",
        "DELETE FROM events WHERE sequence = 3",
        "UPDATE events SET key = 'other' WHERE sequence = 1",
    ],
)
async def test_tampering_with_the_record_is_seen(records: Records, db: Database, statement: str) -> None:
    number = await a_case(records)
    await records.keep(Step(number=number, events=tuple(an_event(key, reason="kabur") for key in "abc")))
    assert await records.event_chain_is_whole(number)
    await tamper(db, statement)
    assert not await records.event_chain_is_whole(number)


@pytest.mark.parametrize("statement", ["UPDATE events SET key = 'x'", "DELETE FROM events", "TRUNCATE events"])
async def test_the_database_itself_refuses_to_change_the_record(records: Records, db: Database, statement: str) -> None:
    number = await a_case(records)
    await records.keep(a_step(number, "a"))
    with pytest.raises(IntegrityError, match="append-only"):
        async with db.transaction() as session:
            await (await session.connection()).execute(text(statement))
    assert await records.event_chain_is_whole(number)


async def test_facts_of_every_json_kind_keep_their_hash(records: Records) -> None:
    number = await a_case(records)
    facts = {"big": 1e22, "small": 1e-9, "minus": -0.0, "text": "Kepala “Contoh” \x00 ꦗ", "list": (1, [None, True])}
    event = an_event("a", Tag.TASK_DECIDED, **facts, when=NOW)
    await records.keep(Step(number=number, events=(event,)))
    assert await records.event_chain_is_whole(number)


async def test_an_instant_from_another_zone_keeps_its_hash(records: Records) -> None:
    from zoneinfo import ZoneInfo

    number = await a_case(records)
    local = an_event("a").model_copy(update={"at": NOW.astimezone(ZoneInfo("Asia/Jakarta"))})
    await records.keep(Step(number=number, events=(local,)))
    assert await records.event_chain_is_whole(number)


async def test_the_submission_opens_the_record(records: Records) -> None:
    draft = await a_draft(records)
    event = an_event("submitted", Tag.APPLICATION_SUBMITTED)
    await records.submit(a_submission(draft, event=event))
    assert [row.tag for row in await records.events_of(draft.number)] == [Tag.APPLICATION_SUBMITTED.value]
    assert await records.event_chain_is_whole(draft.number)


async def test_a_role_is_kept_by_its_stable_name(records: Records) -> None:
    number = await a_case(records)
    await records.keep(a_step(number, "a", task_opened=a_task("t", role=Role.HEAD_OF_DIVISION, kind=TaskKind.PARAF)))
    task = await records.task("t")
    assert (task.role, task.kind) == ("head_of_division", "paraf")
