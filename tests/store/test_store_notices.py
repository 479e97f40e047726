"""The outbox by channel: who is told how, what a digest gathers, and how receipts become proof."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from permits.authority import Role
from permits.calendar_loader import load_office_calendar
from permits.errors import Code, RuleError
from permits.events import Tag
from permits.notices import COUNTER_DOMAIN
from permits.pace import Pace
from permits.steps import Notice
from store.database import Database
from store.queries.outbox import outbox_page
from store.queries.proof import proof_of_rungs
from store.records import Receipt, Records, Sending
from store.tables import AccountRow, EventRow, OutboxRow
from tests.store.builders import NOW, a_draft, a_step, a_submission, an_account, an_event

MINUTE = timedelta(minutes=1)
CALENDAR = load_office_calendar(2026, 2027)
PHONE = "0812-3456-7890"


async def a_case_of(records: Records, phone: str | None = None, pace: Pace | None = None) -> str:
    """A submitted case, with its calendar, of an applicant with this number."""
    await records.ensure_account(an_account("pemohon-1", phone=phone))
    row = await a_draft(records)
    plain = {"number": row.number, "calendar": CALENDAR.window(2026, 2027).model_dump(mode="json")}
    submitted = a_submission(row, submission=plain, **({"pace": pace} if pace else {}))
    return (await records.submit(submitted)).number


async def tell(records: Records, number: str, template: str = "applicant-asked", **more: Any) -> list[OutboxRow]:
    """Queues one notice with a step of its own."""
    given = {"key": f"w#2.{template}", "template": template, "to": "applicant"} | more
    await records.keep(a_step(number, f"w#1.{template}", notices=(Notice.model_validate(given),)))
    return await records.notices_of(number)


async def lines(records: Records, number: str, tag: Tag) -> list[EventRow]:
    return await records.events_tagged(number, tag)


def sent(message_id: str = "wamid.1") -> Sending:
    return Sending(message_id=message_id, at=NOW, subject="Hal", body="Isi")


def a_receipt(state: str, message_id: str = "wamid.1", **more: Any) -> Receipt:
    return Receipt.model_validate({"message_id": message_id, "state": state, "at": NOW + MINUTE} | more)


async def test_the_receipt_of_a_submission_goes_by_both_ways(records: Records) -> None:
    rows = await tell(records, await a_case_of(records, PHONE), "submission-received")
    assert {(row.channel, row.recipient) for row in rows} == {
        ("whatsapp", "6281234567890"),
        ("email", "pemohon-1@contoh.invalid"),
    }
    assert not any(row.by_day for row in rows)


async def test_without_a_number_a_message_by_whatsapp_is_an_email(records: Records) -> None:
    [row] = await tell(records, await a_case_of(records), channel="whatsapp")
    assert (row.channel, row.recipient, row.by_day) == ("email", "pemohon-1@contoh.invalid", True)


async def test_each_person_is_told_by_the_way_of_its_own_choice(records: Records, db: Database) -> None:
    for account_id in ("biasa", "ringkas", "wa"):
        await records.create_account(an_account(account_id, Role.BACK_OFFICE, phone=PHONE))
    async with db.transaction() as session:
        (await session.get_one(AccountRow, "ringkas")).digest = True
        (await session.get_one(AccountRow, "wa")).notice_channel = "whatsapp"
    rows = await tell(records, await a_case_of(records), "task-opened", to="holder", role=Role.BACK_OFFICE)
    assert {row.account_id: row.channel for row in rows} == {"biasa": "email", "ringkas": "digest", "wa": "whatsapp"}


async def test_a_named_person_alone_is_told_and_a_person_who_has_left_hands_it_to_the_desk(
    records: Records, db: Database
) -> None:
    for account_id in ("a", "b", "pergi"):
        await records.create_account(an_account(account_id, Role.FRONT_OFFICE))
    async with db.transaction() as session:
        (await session.get_one(AccountRow, "pergi")).active = False
    number = await a_case_of(records)
    to_desk = {"to": "holder", "role": Role.FRONT_OFFICE}
    await tell(records, number, "task-assigned", account="a", **to_desk)
    rows = await tell(records, number, "task-warning", account="pergi", **to_desk)
    assert [row.account_id for row in rows if row.template == "task-assigned"] == ["a"]
    assert {row.account_id for row in rows if row.template == "task-warning"} == {"a", "b"}


async def test_the_front_office_can_be_told_of_any_case(records: Records) -> None:
    await records.create_account(an_account("fo", Role.FRONT_OFFICE))
    [row] = await tell(records, await a_case_of(records), "help-asked", to="front_office")
    assert row.account_id == "fo"


async def test_a_compressed_case_knows_no_night(records: Records) -> None:
    pace = Pace.compressed(5, NOW.date(), NOW)
    [row] = await tell(records, await a_case_of(records, pace=pace), "repair-reminder")
    assert not row.by_day


async def test_what_may_not_disturb_waits_for_the_morning_and_the_rest_goes(records: Records) -> None:
    number = await a_case_of(records)
    await tell(records, number, "repair-reminder")
    await tell(records, number, "submission-received")
    morning = NOW + timedelta(hours=9)
    await records.hold_by_day(NOW, morning)
    [at_once] = await records.take_notices(NOW, MINUTE)
    assert at_once.template == "submission-received"
    await records.note_sent(at_once.key, sent())
    [waited] = await records.take_notices(morning, MINUTE)
    assert (waited.template, waited.attempts) == ("repair-reminder", 0)


# Digest ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def gathered(records: Records) -> str:
    """Two tasks for one officer and one for another, for the next morning's digest."""
    for account_id in ("bo-1", "bo-2"):
        await records.create_account(an_account(account_id, Role.BACK_OFFICE, field="kesehatan"))
    number = await a_case_of(records)
    desk = {"to": "holder", "role": Role.BACK_OFFICE, "channel": "digest"}
    await tell(records, number, "task-opened", account="bo-1", **desk)
    await tell(records, number, "task-warning", account="bo-1", **desk)
    await tell(records, number, "task-assigned", account="bo-2", **desk)
    return number


async def test_a_digest_holds_all_of_one_officer_and_is_due_at_the_opening(records: Records, gathered: str) -> None:
    opens = CALENDAR.opens_at(CALENDAR.shift(NOW.date(), 1))
    assert await records.take_notices(opens, MINUTE) == []
    assert await records.take_digest(opens - MINUTE, MINUTE) == []
    rounds = [await records.take_digest(opens, MINUTE) for _ in range(3)]
    assert [{(row.account_id, row.template) for row in rows} for rows in rounds] == [
        {("bo-1", "task-opened"), ("bo-1", "task-warning")},
        {("bo-2", "task-assigned")},
        set(),
    ]
    assert {row.digest_on for rows in rounds for row in rows} == {CALENDAR.local_date(opens)}


async def test_a_morning_that_was_missed_is_made_up_for(records: Records, gathered: str) -> None:
    assert len(await records.take_digest(NOW + timedelta(days=30), MINUTE)) == 2


async def test_each_gathered_notice_has_its_own_proof(records: Records, gathered: str) -> None:
    rows = await records.take_digest(NOW + timedelta(days=30), MINUTE)
    for row in rows * 2:
        await records.note_sent(row.key, sent("<ringkasan@contoh.test>"))
    proofs = await lines(records, gathered, Tag.NOTICE_SENT)
    assert [line.facts["proof"] for line in proofs] == ["<ringkasan@contoh.test>"] * 2
    assert {line.facts["channel"] for line in proofs} == {"digest"}
    assert await records.event_chain_is_whole(gathered)


async def test_an_escalation_by_digest_goes_at_once(records: Records) -> None:
    await records.create_account(an_account("bo-1", Role.BACK_OFFICE))
    number = await a_case_of(records)
    [row] = await tell(records, number, "task-escalation", to="holder", role=Role.BACK_OFFICE, channel="digest")
    assert (row.channel, row.try_at) == ("email", row.created_at)


# Proof ----------------------------------------------------------------------------------------------------------------


async def test_proof_and_row_are_written_together_and_once(records: Records) -> None:
    number = await a_case_of(records)
    [row] = await tell(records, number)
    for _ in range(2):
        await records.note_sent(row.key, sent("<1@contoh.test>"))
    [line] = await lines(records, number, Tag.NOTICE_SENT)
    assert line.facts == {
        "template": "applicant-asked",
        "account": "pemohon-1",
        "channel": "email",
        "proof": "<1@contoh.test>",
    }
    [row] = await records.notices_of(number)
    assert (row.state, row.attempts, row.message_id, row.body) == ("sent", 1, "<1@contoh.test>", "Isi")


async def test_what_whatsapp_gives_up_is_followed_by_one_email(records: Records) -> None:
    number = await a_case_of(records, PHONE)
    [row] = await tell(records, number, channel="whatsapp")
    for _ in range(2):
        await records.note_failed(row.key, "whatsapp-not-reachable", NOW)
    rows = {each.channel: each for each in await records.notices_of(number)}
    assert (rows["whatsapp"].state, rows["email"].state, rows["email"].recipient) == (
        "failed",
        "pending",
        "pemohon-1@contoh.invalid",
    )
    assert rows["email"].template == "applicant-asked" and rows["email"].by_day
    [line] = await lines(records, number, Tag.NOTICE_FAILED)
    assert line.facts["code"] == "whatsapp-not-reachable"


async def test_a_receipt_that_went_by_both_ways_needs_no_second_email(records: Records) -> None:
    number = await a_case_of(records, PHONE)
    [short] = [row for row in await tell(records, number, "submission-received") if row.channel == "whatsapp"]
    await records.note_failed(short.key, "whatsapp-not-reachable", NOW)
    assert sorted(row.channel for row in await records.notices_of(number)) == ["email", "whatsapp"]


async def test_a_delivery_receipt_is_proof_once(records: Records) -> None:
    number = await a_case_of(records, PHONE)
    [row] = await tell(records, number, channel="whatsapp")
    await records.note_sent(row.key, sent())
    for state in ("sent", "delivered", "read", "delivered"):
        assert await records.record_receipt(a_receipt(state))
    [line] = await lines(records, number, Tag.NOTICE_DELIVERED)
    assert (line.facts["proof"], line.facts["account"]) == ("wamid.1", "pemohon-1")
    [row] = await records.notices_of(number)
    assert (row.state, row.delivered_at) == ("sent", NOW + MINUTE)


async def test_a_receipt_that_overtakes_our_own_note_writes_both_proofs(records: Records) -> None:
    number = await a_case_of(records, PHONE)
    [row] = await tell(records, number, channel="whatsapp")
    assert await records.record_receipt(a_receipt("delivered", key=row.key))
    await records.note_sent(row.key, sent())
    assert len(await lines(records, number, Tag.NOTICE_SENT)) == 1
    assert len(await lines(records, number, Tag.NOTICE_DELIVERED)) == 1
    assert await records.take_notices(NOW + timedelta(days=1), MINUTE) == []


async def test_a_failure_by_receipt_queues_one_email_and_what_arrived_has_arrived(records: Records) -> None:
    number = await a_case_of(records, PHONE)
    [row] = await tell(records, number, channel="whatsapp")
    await records.note_sent(row.key, sent())
    for _ in range(3):
        assert await records.record_receipt(a_receipt("failed", code="131026"))
    rows = {each.channel: each for each in await records.notices_of(number)}
    assert (rows["whatsapp"].state, rows["whatsapp"].error) == ("failed", "whatsapp-131026")
    assert rows["email"].state == "pending"
    assert len(await lines(records, number, Tag.NOTICE_FAILED)) == 1
    await records.record_receipt(a_receipt("delivered"))
    await records.record_receipt(a_receipt("failed", code="131026"))
    rows = {each.channel: each for each in await records.notices_of(number)}
    assert (rows["whatsapp"].state, rows["whatsapp"].delivered_at) == ("sent", NOW + MINUTE)


async def test_a_receipt_of_somebody_else_s_message_changes_nothing(records: Records) -> None:
    assert not await records.record_receipt(a_receipt("delivered", "wamid.lain", key="tidak-ada"))


async def test_a_person_can_be_told_of_what_is_about_no_case_once(records: Records) -> None:
    await records.create_account(an_account("koor", Role.COORDINATOR))
    for _ in range(2):
        await records.queue_for_account("k", "evaluation-ready", "koor", {"period": "November 2026"}, NOW)
    [row] = await records.take_notices(NOW, MINUTE)
    assert (row.recipient, row.number, row.facts) == ("koor@contoh.invalid", None, {"period": "November 2026"})


async def test_a_person_of_the_counter_without_email_is_told_by_whatsapp_or_not_at_all(
    records: Records, db: Database
) -> None:
    number = await a_case_of(records, PHONE)
    async with db.transaction() as session:
        (await session.get_one(AccountRow, "pemohon-1")).email = f"x{COUNTER_DOMAIN}"
    [row] = await tell(records, number, "submission-received")
    assert (row.channel, row.state) == ("whatsapp", "pending")
    await records.note_failed(row.key, "whatsapp-not-reachable", NOW)
    assert len(await records.notices_of(number)) == 1, "no e-mail where nobody reads"


# Operators ------------------------------------------------------------------------------------------------------------


async def test_a_failed_message_is_sent_again_at_a_person_s_wish(records: Records) -> None:
    number = await a_case_of(records)
    [row] = await tell(records, number)
    await records.note_failed(row.key, "mail-refused", NOW)
    later = NOW + timedelta(days=5)
    again = await records.retry_notice(row.key, later)
    assert (again.state, again.attempts, again.error) == ("pending", 0, None)
    assert len(await records.take_notices(later, MINUTE)) == 1


async def test_what_is_out_or_replaced_or_for_nobody_is_not_sent_again(records: Records) -> None:
    number = await a_case_of(records, PHONE)
    [short] = await tell(records, number, channel="whatsapp")
    await records.note_failed(short.key, "whatsapp-not-reachable", NOW)
    [mail] = [row for row in await records.notices_of(number) if row.channel == "email"]
    await records.note_sent(mail.key, sent())
    nobody = [row for row in await tell(records, number, "task-warning", to="inspectorate") if not row.account_id]
    for key in (short.key, mail.key, nobody[0].key):
        with pytest.raises(RuleError) as refused:
            await records.retry_notice(key, NOW)
        assert refused.value.code is Code.NOTICE_NOT_REPEATABLE
    with pytest.raises(RuleError) as unknown:
        await records.retry_notice("tidak-ada", NOW)
    assert unknown.value.code is Code.NOTICE_NOT_FOUND


async def test_the_outbox_is_paged_newest_first_and_counted(records: Records, db: Database) -> None:
    for n in range(5):
        await records.queue_notice(f"k{n}", None, "email", "a@contoh.test", "Hal", "Isi", NOW + n * MINUTE)
    await records.note_failed("k3", "mail-refused", NOW)
    seen, after = [], None
    async with db.transaction() as session:
        while True:
            page = await outbox_page(session, after=after, limit=2)
            seen += [line.key for line in page.lines]
            if (after := page.next) is None:
                break
        failed = await outbox_page(session, state="failed")
    assert seen == ["k4", "k3", "k2", "k1", "k0"]
    assert [line.key for line in failed.lines] == ["k3"]
    assert failed.counts == {"pending": 4, "failed": 1}
    assert "a@contoh.test" not in failed.model_dump_json() and "Isi" not in failed.model_dump_json()


# Who was told when ----------------------------------------------------------------------------------------------------


async def a_rung(records: Records, number: str, n: int, tag: Tag, rung: str, **to: Any) -> None:
    """A rung as the engine writes it: its event, and behind it the notice."""
    writer = f"{number}-opd-bappeda-1"
    facts = {"task": f"{writer}.1", "rung": rung}
    event = an_event(f"{writer}#{n}.{tag.value}", tag, planned_at=NOW.isoformat(), **facts)
    notice = Notice.model_validate(
        {"key": f"{writer}#{n + 1}.task", "template": "task-escalation", "facts": facts} | to
    )
    step = a_step(number, f"unused-{n}", notices=(notice,))
    await records.keep(step.model_copy(update={"events": (event,)}))


async def test_every_rung_shows_who_was_told_when(records: Records, db: Database) -> None:
    await records.create_account(an_account("opd-1", Role.OPD, opd="bappeda"))
    await records.create_account(an_account("koor", Role.COORDINATOR))
    number = await a_case_of(records)
    agency = {"role": Role.OPD, "opd": "bappeda"}
    await a_rung(records, number, 1, Tag.OPD_WARNED, "warning", to="holder", **agency)
    await a_rung(records, number, 3, Tag.OPD_ESCALATED, "coordinator", to="coordinator", **agency)
    await a_rung(records, number, 5, Tag.OPD_ESCALATED, "inspectorate", to="inspectorate", **agency)
    for row in await records.take_notices(NOW, MINUTE):
        await records.note_sent(row.key, sent(f"<{row.account_id}@contoh.test>"))
    async with db.transaction() as session:
        proofs = await proof_of_rungs(session, number)
    assert [(one.rung, one.recipient_id, one.recipient_role, one.state, one.message_id) for one in proofs] == [
        ("warning", "opd-1", "opd", "sent", "<opd-1@contoh.test>"),
        ("coordinator", "koor", "coordinator", "sent", "<koor@contoh.test>"),
        ("inspectorate", None, None, "failed", None),
    ]
    assert all(one.planned_at == NOW and one.fell_at == NOW for one in proofs)
    assert proofs[0].sent_at == datetime(2026, 3, 13, 3, 0, tzinfo=UTC)


async def test_the_counter_is_asked_to_call_an_applicant_whom_no_message_reaches(records: Records) -> None:
    await records.ensure_account(an_account("loket", Role.FRONT_OFFICE))
    number = (await a_draft(records, "warga")).number
    async with records._db.transaction() as session:
        (await session.get_one(AccountRow, "warga")).email = f"warga{COUNTER_DOMAIN}"

    rows = {row.account_id: row for row in await tell(records, number, "promise-endangered")}

    assert (rows["warga"].state, rows["warga"].error) == ("failed", "no-recipient")
    call = rows["loket"]
    asked = ("pending", "contact-applicant", {"about": "promise-endangered"})
    assert (call.state, call.template, call.facts) == asked
