"""Holders hear of their permit's end 90, 30 and 7 days before it, once each, whatever days were missed."""

import asyncio
from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from permits.after_issue import REMINDER_DAYS
from permits.definition import Procedure
from store.database import Database
from store.records import Records
from store.tables import OutboxRow, PermitRow
from tests.store.builders import NOW
from tests.store.test_store_permits import a_permit, an_issued_procedure

LAST_DAY = date(2027, 3, 27)
BASE = "http://localhost:8800"


async def remind(records: Records, days_before: int, last_day: date = LAST_DAY, limit: int = 100) -> int:
    before = timedelta(days=days_before)
    return await records.queue_expiry_reminders(last_day - before, NOW - before, BASE, limit)


async def told(records: Records, number: str) -> list[str]:
    """The thresholds that were told, in order of their due."""
    rows: list[OutboxRow] = await records.notices_of(number)
    found = [row.facts or {} for row in rows if row.template == "permit-expires"]
    return sorted((facts["threshold"] for facts in found), key=int, reverse=True)


async def test_each_reminder_is_told_once_on_its_day(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    for days in range(95, -5, -1):
        await remind(records, days)
        assert await told(records, number) == [str(one) for one in REMINDER_DAYS if days <= one], days
    [first, *_] = await records.notices_of(number)
    assert first.facts == {
        "number_text": "503/1/REK/2026",
        "letter_number": "503/1/REK/2026",
        "valid_until": "2027-03-27",
        "days": "90",
        "threshold": "90",
        "renewal_url": f"{BASE}/?perpanjang={number}",
    }
    assert (first.recipient, first.state) == ("pemohon-1@contoh.invalid", "pending")


async def test_a_missed_day_is_caught_up_by_the_nearest_reminder_alone(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    assert await remind(records, 25) == 1
    assert await told(records, number) == ["30"]
    [row] = await records.notices_of(number)
    assert (row.facts or {})["days"] == "25"
    assert await remind(records, 3) == 1
    assert await told(records, number) == ["30", "7"]


async def test_two_at_once_and_batches_tell_nobody_twice(records: Records, db: Database) -> None:
    numbers = [await a_permit(records, db) for _ in range(5)]
    assert [await remind(records, 90, limit=2) for _ in range(3)] == [2, 2, 1]
    await asyncio.gather(*(remind(records, 90) for _ in range(4)))
    assert [await told(records, number) for number in numbers] == [["90"]] * 5


async def test_the_last_day_is_reminded_of_and_the_day_after_is_not(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    assert await remind(records, -1) == 0
    assert await remind(records, 0) == 1
    assert await told(records, number) == ["7"]


async def test_an_extended_permit_is_reminded_of_its_new_end(records: Records, db: Database) -> None:
    number = await a_permit(records, db)
    await remind(records, 90)
    await an_issued_procedure(records, number, Procedure.EXTENSION)
    assert await remind(records, 30) == 0
    assert await remind(records, 90, date(2028, 3, 27)) == 1
    assert await told(records, number) == ["90", "90"]


@pytest.mark.parametrize("procedure", [Procedure.REVOCATION, Procedure.REPLACEMENT])
async def test_a_permit_that_ended_is_not_reminded_of(records: Records, db: Database, procedure: Procedure) -> None:
    number = await a_permit(records, db)
    case = await an_issued_procedure(records, number, procedure)
    await remind(records, 30)
    assert await told(records, number) == []
    assert await told(records, case) == (["30"] if procedure is Procedure.REPLACEMENT else [])


@pytest.mark.parametrize("columns", [{"practice": True}, {"old_permit": "self"}])
async def test_practice_permits_and_renewed_ones_are_not_reminded_of(
    records: Records, db: Database, columns: dict[str, Any]
) -> None:
    if columns == {"practice": True}:
        old = await a_permit(records, db, practice=True)
    else:
        old = await a_permit(records, db)
        await a_permit(records, db, old_permit=old, variant="renewal")
    await remind(records, 7)
    assert await told(records, old) == []


async def test_the_question_is_answered_from_an_index(records: Records, db: Database, settings: Any) -> None:
    number = await a_permit(records, db)
    url = settings.database_url.get_secret_value().replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute("SET enable_seqscan = off")
        plan = connection.execute(
            "EXPLAIN SELECT number FROM permits WHERE valid_until BETWEEN '2027-01-01' AND '2027-03-27'"
        ).fetchall()
    assert any("ix_permits_valid_until" in line for (line,) in plan)
    assert await told(records, number) == []


def due_reminder(left: int) -> int | None:
    """The reminder that is due so many days before the last day, said in the slowest way."""
    return None if left < 0 else next((one for one in sorted(REMINDER_DAYS) if left <= one), None)


async def test_rule_and_store_agree_on_every_day(records: Records, db: Database) -> None:
    for left in (-1, 0, 6, 7, 8, 29, 30, 31, 89, 90, 91):
        number = await a_permit(records, db)
        due = due_reminder(left)
        await remind(records, left)
        assert await told(records, number) == ([str(due)] if due is not None else []), left
        async with db.transaction() as session:
            (await session.get_one(PermitRow, number)).status = "revoked"
