"""The evaluation's facts come from what cases, tasks, agencies, events and the outbox say; versions are numbered."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from permits.application import ApplicationStatus
from permits.authority import Role
from permits.calendar_loader import load_office_calendar
from permits.decisions import TaskKind
from permits.evaluation import Evaluation, Month, evaluate
from permits.events import Event, Tag
from permits.sla import SlaClock
from permits.steps import Notice, OpdAnswer, Step, TaskClosed
from store.database import Database
from store.queries.evaluation import evaluations, newest_evaluation
from store.records import Records, Sending
from store.tables import ApplicationRow
from tests.store.builders import a_draft, a_submission, a_task, an_account

MARCH = Month.parse("2026-03")
AS_OF = datetime(2026, 4, 1, 3, tzinfo=UTC)
CALENDAR = load_office_calendar()


def at(day: int, hour: int = 10, month: int = 3) -> datetime:
    """An hour of the office on a day of 2026."""
    return datetime(2026, month, day, hour, tzinfo=UTC) - timedelta(hours=7)


def happened(key: str, tag: Tag, when: datetime, **facts: Any) -> Event:
    return Event(key=key, tag=tag, at=when, office_at=when, facts=facts)


async def received(records: Records, when: datetime, permit_type: str = "sip", field: str = "kesehatan") -> str:
    row = await a_draft(records, "pemohon-1", permit_type=permit_type, title=f"Izin {permit_type}", field=field)
    clock = SlaClock(received_on=CALENDAR.local_date(when), working_days=5)
    event = happened("submitted", Tag.APPLICATION_SUBMITTED, when)
    await records.submit(a_submission(row, key=row.number, submitted_at=when, promise=clock, event=event))
    return row.number


async def finished(records: Records, number: str, when: datetime, **parts: Any) -> None:
    tag = Tag.PERMIT_ISSUED if parts.get("status") in (None, ApplicationStatus.REJECTED) else Tag.APPLICATION_WITHDRAWN
    await records.keep(Step(number=number, events=(happened("finished", tag, when),), **parts))


async def worked(
    records: Records, number: str, name: str, opened: datetime, closed: datetime | None, **fields: Any
) -> None:
    decision, detail = fields.pop("decision", "forward"), fields.pop("detail", {})
    task = a_task(f"{number}.{name}", opened_at=opened, due_at=opened + timedelta(hours=6), **fields)
    opening = happened(f"{name}-opened", Tag.TASK_OPENED, opened)
    await records.keep(Step(number=number, events=(opening,), task_opened=task))
    if closed is not None:
        ended = TaskClosed(
            id=task.id, status="decided", decision=decision, detail=detail, actor_id="x", closed_at=closed
        )
        event = happened(f"{name}-decided", Tag.TASK_DECIDED, closed)
        await records.keep(Step(number=number, events=(event,), tasks_closed=(ended,)))


async def march(records: Records) -> Evaluation:
    begins, ends = at(1, 0), at(1, 0, 4)
    return evaluate(MARCH, AS_OF, await records.facts_between(begins, ends), CALENDAR)


async def recorded(db: Database, number: str, promised: int, gross: int, net: int, paused: int) -> None:
    """Net and gross as the issue keeps them with the case."""
    async with db.transaction() as session:
        row = await session.get_one(ApplicationRow, number)
        row.promised_working_days, row.gross_working_days = promised, gross
        row.net_working_days, row.paused_working_days = net, paused


async def test_cases_are_counted_by_their_office_dates_and_their_recorded_days(records: Records, db: Database) -> None:
    done = await received(records, at(27, month=2))
    await finished(records, done, at(10), product="permit")
    await recorded(db, done, promised=5, gross=7, net=4, paused=3)
    refused = await received(records, at(12))
    await finished(records, refused, at(30), product="rejection")
    withdrawn = await received(records, at(3), "izin-penelitian")
    await finished(records, withdrawn, at(4), status=ApplicationStatus.WITHDRAWN)
    still = await received(records, at(25))
    gone = await received(records, at(2, month=2))
    await finished(records, gone, at(9, month=2))
    await received(records, at(2, month=4))

    total = (await march(records)).total
    assert (total.open_before, total.received, total.finished, total.open_at_end) == (1, 3, 3, 1)
    assert (total.issued, total.rejected, total.withdrawn) == (1, 1, 1)
    # The rejection's days were not recorded: 13, 16, 17, 25, 26, 27, without a pause.
    assert (total.served, total.in_time_net, total.net_days, total.gross_days, total.paused_days) == (2, 1, 10, 13, 3)
    assert total.oldest is not None
    assert (total.oldest.number, total.oldest.working_days) == (still, 4)


async def test_practice_is_no_service(records: Records, db: Database) -> None:
    number = await received(records, at(2))
    async with db.transaction() as session:
        row = await session.get_one(ApplicationRow, number)
        row.practice = True
    assert (await march(records)).nihil


async def test_desks_fields_and_coded_reasons_come_from_the_tasks(records: Records) -> None:
    health, study = await received(records, at(2)), await received(records, at(2), "izin-penelitian", "penelitian")
    repair = {"verdicts": [{"verdict": "repair", "code": "expired"}, {"verdict": "accept", "code": "other"}]}
    await worked(records, health, "v", at(2), at(2, 12), decision="verdicts", detail=repair)
    refusal = {"code": "location-unsuitable"}
    desk = {"role": Role.BACK_OFFICE, "kind": TaskKind.ASSESSMENT}
    await worked(records, health, "a", at(3), at(5), decision="reject", detail=refusal, **desk)
    await worked(records, study, "a", at(3), None, **desk)
    found = await march(records)
    assert [(one.role, one.field, one.received, one.decided, one.in_time, one.open_at_end) for one in found.desks] == [
        ("back_office", "kesehatan", 1, 1, 0, 0),
        ("back_office", "penelitian", 1, 0, 0, 1),
        ("front_office", None, 1, 1, 1, 0),
    ]
    reasons = [(one.kind, one.code, one.times) for one in found.reasons]
    assert reasons == [("document", "expired", 1), ("refusal", "location-unsuitable", 1)]


async def test_each_rung_stands_with_the_proof_of_its_sending(records: Records) -> None:
    await records.ensure_account(an_account("dinas", Role.OPD, opd="bappeda"))
    number = await received(records, at(2))
    kind = {"role": Role.OPD, "kind": TaskKind.RECOMMENDATION, "opd": "bappeda"}
    await worked(records, number, "r", at(2), None, **kind)
    answer = OpdAnswer(
        workflow_id=f"{number}-opd", opd="bappeda", name="Bappeda", asked_at=at(2), due_at=at(4, 16),
        answered_at=at(9), answer="approve", used_days=5, late_days=3,
    )  # fmt: skip
    facts = {"task": f"{number}.r", "rung": "holder", "who": "holder", "stage": "Rekomendasi", "holder": "Bappeda"}
    event = happened("rung", Tag.OPD_ESCALATED, at(4, 16), opd="bappeda", due_at=at(4, 16).isoformat(), **facts)
    notice = Notice(key="n1", template="task-escalation", to="holder", role=Role.OPD, opd="bappeda", facts=facts)
    await records.keep(Step(number=number, events=(event,), notices=(notice,), opd_answer=answer))
    key = f"{number}:n1:dinas"
    await records.note_sent(key, Sending(message_id="<1@contoh.invalid>", at=at(4, 17)))

    found = await march(records)
    (rung,) = found.rungs
    assert (rung.at, rung.kind, rung.who, rung.opd, rung.number) == (
        at(4, 16),
        "escalation",
        "holder",
        "bappeda",
        number,
    )
    assert [(told.notice, told.state, told.sent_at, told.message_id) for told in rung.told] == [
        (key, "sent", at(4, 17), "<1@contoh.invalid>")
    ]
    (agency,) = found.opds
    assert (agency.answered, agency.in_time, agency.used_days, agency.late_days, agency.rungs) == (1, 0, 5, 3, 1)
    assert found.desks == (), "an agency is no desk of the office"
    assert "Contoh pemohon-1" not in found.model_dump_json(), "no name of an applicant"


async def test_each_order_is_one_version_also_when_asked_at_the_same_moment(records: Records, db: Database) -> None:
    def keep(key: str) -> Any:
        return records.keep_evaluation(key, MARCH.first, "a" * 64, "b" * 64, AS_OF, "kabid", AS_OF)

    rows = await asyncio.gather(*(keep(key) for key in ("x", "y", "x", "z", "y")))
    assert len({row.version for row in rows}) == 3
    assert {row.version for row in rows} == {1, 2, 3}
    assert rows[0].version == rows[2].version
    async with db.transaction() as session:
        newest = await newest_evaluation(session, MARCH.first)
        assert newest is not None and newest.version == 3
        assert [(line.month, line.version) for line in await evaluations(session, 10)] == [(date(2026, 3, 1), 3)]
        assert await newest_evaluation(session, date(2026, 2, 1)) is None


async def test_only_first_days_name_a_month(records: Records) -> None:
    with pytest.raises(IntegrityError):
        await records.keep_evaluation("k", date(2026, 3, 2), "a" * 64, "b" * 64, AS_OF, "kabid", AS_OF)
