"""Accounts, log-ins and throttling; notices reach who holds the desk; receipts answer once."""

import asyncio
from datetime import timedelta

import pytest

from permits.authority import Role
from permits.errors import Code, RuleError
from permits.steps import Notice
from store.errors import EmailTaken
from store.records import Records, Sending
from tests.store.builders import NOW, a_case, a_step, an_account, sha

LATER, MINUTE = NOW + timedelta(days=1), timedelta(minutes=1)

LATER = NOW + timedelta(hours=1)


async def test_an_address_belongs_to_one_account_however_it_is_written(records: Records) -> None:
    await records.create_account(an_account("a", email="Contoh@Contoh.invalid"))
    with pytest.raises(EmailTaken):
        await records.create_account(an_account("b", email="contoh@contoh.INVALID"))
    found = await records.account_by_email(" CONTOH@contoh.invalid ")
    assert found is not None and (found.id, found.email) == ("a", "contoh@contoh.invalid")


async def test_seeding_twice_leaves_an_account_as_it_is(records: Records) -> None:
    await records.ensure_account(an_account("a"))
    await records.change_password("a", "changed", None)
    assert (await records.ensure_account(an_account("a"))).password_hash == "changed"


async def test_a_session_is_in_force_until_it_ends(records: Records) -> None:
    await records.ensure_account(an_account("fo-1", Role.FRONT_OFFICE))
    await records.open_session(sha("1"), "fo-1", "csrf", NOW, LATER)
    session = await records.session(sha("1"), NOW)
    assert session is not None and (session.actor.role, session.csrf_token) == (Role.FRONT_OFFICE, "csrf")
    assert await records.session(sha("1"), LATER) is None
    assert await records.session_expired(sha("1"), LATER)
    await records.extend_session(sha("1"), LATER + timedelta(hours=1))
    assert await records.session(sha("1"), LATER) is not None
    await records.close_session(sha("1"))
    assert await records.session(sha("1"), NOW) is None
    assert not await records.session_expired(sha("1"), LATER)


async def test_old_sessions_are_swept(records: Records) -> None:
    await records.ensure_account(an_account("a"))
    await records.open_session(sha("1"), "a", "csrf", NOW, LATER)
    assert await records.delete_old_sessions(NOW) == 0
    assert await records.delete_old_sessions(LATER + timedelta(days=1)) == 1


async def test_failed_logins_count_by_key_and_age_and_a_good_one_forgets_them(records: Records) -> None:
    for minute in range(3):
        await records.record_failed_login(("account:a", "address:::1"), NOW + timedelta(minutes=minute))
    assert await records.failed_logins("account:a", NOW) == 3
    assert await records.failed_logins("account:a", NOW + timedelta(minutes=1)) == 2
    await records.forget_failed_logins("account:a")
    assert await records.failed_logins("account:a", NOW) == 0
    assert await records.failed_logins("address:::1", NOW) == 3


# Notices --------------------------------------------------------------------------------------------------------------


@pytest.fixture
async def office(records: Records) -> None:
    """One of each desk, two fields, two agencies."""
    people = [
        an_account("bo-kes", Role.BACK_OFFICE, field="kesehatan"),
        an_account("bo-eko", Role.BACK_OFFICE, field="ekonomi"),
        an_account("bo-all", Role.BACK_OFFICE),
        an_account("sub", Role.SUB_COORDINATOR),
        an_account("koor", Role.COORDINATOR),
        an_account("kadis", Role.HEAD_OF_OFFICE),
        an_account("opd-1", Role.OPD, opd="bappeda"),
        an_account("opd-kepala", Role.OPD, opd="bappeda", is_head=True),
        an_account("opd-lain", Role.OPD, opd="dpupr"),
        an_account("inspektorat", Role.INSPECTORATE),
    ]
    for person in people:
        await records.create_account(person)


@pytest.mark.parametrize(
    ("to", "role", "field", "opd", "reached"),
    [
        ("applicant", None, None, None, {"pemohon-1"}),
        ("holder", Role.APPLICANT, None, None, {"pemohon-1"}),
        ("holder", Role.BACK_OFFICE, "kesehatan", None, {"bo-kes", "bo-all"}),
        ("holder_head", Role.BACK_OFFICE, "kesehatan", None, {"sub"}),
        ("holder", Role.OPD, None, "bappeda", {"opd-1"}),
        ("holder_head", Role.OPD, None, "bappeda", {"opd-kepala"}),
        ("coordinator", Role.OPD, None, "bappeda", {"koor"}),
        ("head_of_office", Role.OPD, None, "bappeda", {"kadis"}),
        ("inspectorate", Role.OPD, None, "bappeda", {"inspektorat"}),
    ],
)
async def test_a_notice_reaches_who_holds_the_desk(
    records: Records, office: None, to: str, role: Role | None, field: str | None, opd: str | None, reached: set[str]
) -> None:
    number = await a_case(records)
    notice = Notice.model_validate({"key": "n", "template": "t", "to": to, "role": role, "field": field, "opd": opd})
    await records.keep(a_step(number, "a", notices=(notice,)))
    assert {row.account_id for row in await records.take_notices(LATER, MINUTE)} == reached


async def test_a_notice_that_nobody_can_get_is_seen_as_failed(records: Records) -> None:
    number = await a_case(records)
    await records.keep(a_step(number, "a", notices=(Notice(key="n", template="t", to="inspectorate"),)))
    [row] = await records.notices_of(number)
    assert (row.state, row.error, row.recipient) == ("failed", "no-recipient", "")
    assert await records.take_notices(LATER, MINUTE) == []


async def test_a_step_kept_twice_tells_people_once(records: Records) -> None:
    number = await a_case(records)
    step = a_step(number, "a", notices=(Notice(key="n", template="t", to="applicant", facts={"stage": "x"}),))
    await records.keep(step)
    await records.keep(step)
    [row] = await records.notices_of(number)
    assert (row.recipient, row.template, row.facts) == ("pemohon-1@contoh.invalid", "t", {"stage": "x"})


async def test_a_sent_notice_stays_sent(records: Records) -> None:
    async def queue() -> str:
        row = await records.queue_notice("k", None, "email", "a@contoh.invalid", "Hal", "Isi", NOW)
        return row.state

    assert [await queue(), await queue()] == ["pending", "pending"]
    await records.put_off("k", "smtp-451", LATER)
    await records.note_sent("k", Sending(message_id="<1@contoh.invalid>", at=NOW))
    await records.note_failed("k", "late", LATER)
    await records.put_off("k", "late", LATER)
    assert await queue() == "sent"
    assert await records.take_notices(LATER, MINUTE) == []


async def test_a_notice_is_given_to_one_taker_until_the_lease_ends(records: Records) -> None:
    await records.queue_notice("k", None, "email", "a@contoh.invalid", "Hal", "Isi", NOW)
    [taken] = await records.take_notices(LATER, MINUTE)
    assert taken.key == "k"
    assert await records.take_notices(LATER, MINUTE) == []
    assert [row.key for row in await records.take_notices(LATER + MINUTE, MINUTE)] == ["k"]


async def test_takers_side_by_side_never_get_the_same_notice(records: Records) -> None:
    for n in range(40):
        await records.queue_notice(f"k{n}", None, "email", "a@contoh.invalid", "Hal", "Isi", NOW)
    rounds = await asyncio.gather(*(records.take_notices(LATER, MINUTE, limit=10) for _ in range(8)))
    keys = [row.key for taken in rounds for row in taken]
    assert len(keys) == len(set(keys))


async def test_a_notice_that_was_put_off_is_not_due_before_its_time(records: Records) -> None:
    await records.queue_notice("k", None, "email", "a@contoh.invalid", "Hal", "Isi", NOW)
    await records.put_off("k", "smtp-451", LATER)
    assert await records.take_notices(LATER - MINUTE, MINUTE) == []
    assert len(await records.take_notices(LATER, MINUTE)) == 1


# Receipts -------------------------------------------------------------------------------------------------------------


async def test_the_first_answer_is_the_answer(records: Records) -> None:
    first = await records.remember_receipt("a", "k", sha("1"), 201, {"number": "x"}, NOW)
    second = await records.remember_receipt("a", "k", sha("2"), 409, {}, NOW)
    assert first == second == await records.find_receipt("a", "k")
    assert await records.find_receipt("b", "k") is None
    assert await records.delete_old_receipts(LATER) == 1


async def test_an_unknown_case_or_task_is_said_to_be_unknown(records: Records) -> None:
    for reading, code in (
        (records.application("PRM-2026-000001"), Code.APPLICATION_NOT_FOUND),
        (records.task("x"), Code.TASK_NOT_FOUND),
    ):
        with pytest.raises(RuleError) as refused:
            await reading
        assert refused.value.code is code
