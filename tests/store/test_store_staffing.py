"""Registrations, tokens, mandates, lent desks, departures, and the numbers of practice letters."""

import asyncio
from datetime import date, timedelta
from typing import Any

import pytest

from permits.authority import Role
from permits.errors import Code, RuleError
from store.errors import NikTaken
from store.records import AccountToken, Mandate, NewDelegation, Records
from tests.store.builders import NOW, a_case, a_draft, a_step, a_submission, a_task, an_account, an_opening, sha

LATER = NOW + timedelta(hours=1)
TODAY = date(2026, 3, 13)


async def register(records: Records, account_id: str, **fields: Any) -> str:
    return await records.register_account(an_account(account_id, **fields))


def a_token(account_id: str, letter: str, **fields: Any) -> AccountToken:
    defaults: dict[str, Any] = {
        "purpose": "confirm",
        "email": f"{account_id}@contoh.invalid",
        "created_at": NOW,
        "expires_at": LATER,
    }
    return AccountToken(token_hash=sha(letter), account_id=account_id, **{**defaults, **fields})


async def test_a_token_is_good_once_and_for_its_time(records: Records) -> None:
    await register(records, "a")
    await records.keep_token(a_token("a", "1"))
    assert await records.confirm_by_token(sha("1"), LATER) is None
    results = await asyncio.gather(*(records.confirm_by_token(sha("1"), NOW) for _ in range(5)))
    assert sorted(result is not None for result in results) == [False] * 4 + [True]


async def test_a_newer_token_voids_the_one_before(records: Records) -> None:
    await register(records, "a")
    await records.keep_token(a_token("a", "1"))
    await records.keep_token(a_token("a", "2"))
    assert await records.confirm_by_token(sha("1"), NOW) is None
    assert await records.confirm_by_token(sha("2"), NOW) is not None


async def test_a_token_of_one_purpose_serves_no_other(records: Records) -> None:
    await register(records, "a")
    await records.keep_token(a_token("a", "1"))
    assert await records.set_password_by_token(sha("1"), "hash", NOW) is None
    await records.keep_token(a_token("a", "2", purpose="password"))
    assert await records.confirm_by_token(sha("2"), NOW) is None


async def test_an_address_that_nobody_confirmed_can_be_registered_again(records: Records) -> None:
    assert await register(records, "a", email="x@contoh.invalid", name="Contoh Satu") == "made"
    assert await register(records, "b", email="X@contoh.invalid", name="Contoh Dua") == "made"
    found = await records.account_by_email("x@contoh.invalid")
    assert found is not None and (found.id, found.name) == ("b", "Contoh Dua")
    assert await records.account("a") is None


async def test_an_address_in_use_is_left_as_it_is(records: Records) -> None:
    await register(records, "a", email_confirmed_at=NOW)
    await records.create_account(an_account("fo", Role.FRONT_OFFICE))
    assert await register(records, "b", email="a@contoh.invalid") == "email-taken"
    assert await register(records, "c", email="fo@contoh.invalid") == "email-taken"


async def test_one_nik_makes_one_account_in_use(records: Records) -> None:
    nik = {"nik_fingerprint": "f1"}
    assert await register(records, "a", **nik) == "made"  # not confirmed: it holds nobody up
    assert await register(records, "b", **nik) == "made"
    await records.keep_token(a_token("b", "1"))
    assert await records.confirm_by_token(sha("1"), NOW) is not None
    assert await register(records, "c", **nik) == "nik-taken"
    await records.keep_token(a_token("a", "2"))
    with pytest.raises(NikTaken):
        await records.confirm_by_token(sha("2"), NOW)
    found = await records.account_by_nik("f1")
    assert found is not None and found.id == "b"
    await records.deactivate("b", NOW)
    assert await register(records, "d", **nik, at_counter=True) == "made"


async def test_another_password_ends_the_other_log_ins(records: Records) -> None:
    await register(records, "a", email_confirmed_at=NOW)
    for letter in "12":
        await records.open_session(sha(letter), "a", "csrf", NOW, LATER)
    await records.change_password("a", "new", keep=sha("1"))
    assert await records.session(sha("1"), NOW) is not None
    assert await records.session(sha("2"), NOW) is None
    await records.keep_token(a_token("a", "3", purpose="password"))
    assert await records.set_password_by_token(sha("3"), "newer", NOW) is not None
    assert await records.session(sha("1"), NOW) is None


# Desks ----------------------------------------------------------------------------------------------------------------


async def an_office(records: Records) -> None:
    for person in (
        an_account("kadis", Role.HEAD_OF_OFFICE, title="Kepala Dinas"),
        an_account("kabid", Role.HEAD_OF_DIVISION),
        an_account("kabid-2", Role.HEAD_OF_DIVISION),
        an_account("bo", Role.BACK_OFFICE, field="kesehatan"),
        an_account("opd", Role.OPD, opd="dlh"),
        an_account("opd-2", Role.OPD, opd="dlh", is_head=True),
    ):
        await records.create_account(person)


def a_mandate(mandate_id: str, account_id: str = "kabid", **fields: Any) -> Mandate:
    defaults: dict[str, Any] = {
        "capacity": "plh",
        "certificate_sha256": sha("9"),
        "valid_from": TODAY,
        "valid_until": TODAY + timedelta(days=3),
        "decree": "Keputusan contoh",
    }
    return Mandate(id=mandate_id, account_id=account_id, **{**defaults, **fields})


async def test_the_acting_head_comes_before_the_head_on_its_days_alone(records: Records) -> None:
    await an_office(records)
    definitive = a_mandate("d", "kadis", capacity="definitive", valid_from=date(2020, 1, 1), valid_until=None)
    await records.give_mandate(definitive)
    await records.give_mandate(a_mandate("t", "kabid-2", capacity="plt"))
    await records.give_mandate(a_mandate("h"))
    signers = [await records.signatory_on(TODAY + timedelta(days=days)) for days in (-1, 0, 3, 4)]
    assert [one.id if one else None for one in signers] == ["d", "h", "h", "d"]
    await records.revoke_mandate("h", NOW)
    signer = await records.signatory_on(TODAY)
    assert signer is not None and signer.id == "t"
    assert await records.mandate_for("kabid", TODAY) is None
    assert len(await records.mandates()) == 3  # signatures of earlier days go on being judged


async def test_one_capacity_has_one_holder_on_any_day_also_when_given_at_once(records: Records) -> None:
    await an_office(records)
    given = (
        records.give_mandate(a_mandate(f"m{n}", "kabid" if n % 2 else "kabid-2", valid_from=TODAY + timedelta(days=n)))
        for n in range(3)
    )
    results = await asyncio.gather(*given, return_exceptions=True)
    refused = [result for result in results if isinstance(result, RuleError)]
    assert [one.code for one in refused] == [Code.MANDATE_OVERLAPS] * 2
    again = next(result for result in results if not isinstance(result, BaseException))
    assert (await records.give_mandate(a_mandate(again.id, again.account_id))).id == again.id
    await records.give_mandate(a_mandate("later", valid_from=TODAY + timedelta(days=30), valid_until=date(2026, 5, 1)))


def a_delegation(from_id: str, to_id: str, **fields: Any) -> NewDelegation:
    defaults: dict[str, Any] = {
        "id": f"{from_id}-{to_id}",
        "valid_from": TODAY,
        "valid_until": TODAY + timedelta(days=1),
        "reason": "Cuti",
        "given_by": from_id,
        "given_at": NOW,
    }
    return NewDelegation(from_id=from_id, to_id=to_id, **{**defaults, **fields})


async def test_a_lent_desk_is_a_capacity_that_names_its_owner_and_ends_with_its_days(records: Records) -> None:
    await an_office(records)
    await records.lend_desk(a_delegation("bo", "kabid"))
    own, lent = await records.capacities_of("kabid", TODAY)
    assert (own.role, own.on_behalf_of) == (Role.HEAD_OF_DIVISION, None)
    assert (lent.id, lent.name, lent.role, lent.field) == ("kabid", "Contoh kabid", Role.BACK_OFFICE, "kesehatan")
    assert lent.on_behalf_of == "Contoh bo"
    assert len(await records.capacities_of("kabid", TODAY + timedelta(days=2))) == 1
    await records.end_delegation("bo-kabid", NOW)
    assert len(await records.capacities_of("kabid", TODAY)) == 1


async def test_a_lent_desk_is_not_lent_on_and_ends_when_its_owner_leaves(records: Records) -> None:
    await an_office(records)
    await records.lend_desk(a_delegation("bo", "kabid"))
    await records.lend_desk(a_delegation("kabid", "kabid-2"))
    assert [one.on_behalf_of for one in await records.capacities_of("kabid-2", TODAY)] == [None, "Contoh kabid"]
    await records.deactivate("bo", NOW)
    assert len(await records.capacities_of("kabid", TODAY)) == 1
    assert await records.capacities_of("bo", TODAY) == ()


async def test_an_acting_head_has_the_heads_desk_and_says_for_whom(records: Records) -> None:
    await an_office(records)
    await records.give_mandate(a_mandate("h"))
    own, acting = await records.capacities_of("kabid", TODAY)
    assert (acting.id, acting.role, acting.on_behalf_of) == ("kabid", Role.HEAD_OF_OFFICE, "Contoh kadis")
    await records.revoke_mandate("h", NOW)
    assert await records.capacities_of("kabid", TODAY) == (own,)
    await records.lend_desk(a_delegation("kadis", "kabid"))  # refused at the door, and without effect here
    assert await records.capacities_of("kabid", TODAY) == (own,)


async def test_who_leaves_is_out_at_once_and_what_is_left_behind_is_said(records: Records) -> None:
    await an_office(records)
    number = await a_case(records)
    task = a_task("tugas-1", role=Role.BACK_OFFICE, field="kesehatan")
    await records.keep(a_step(number, "open", task_opened=task))
    await records.open_session(sha("1"), "bo", "csrf", NOW, LATER)
    left = await records.deactivate("bo", NOW)
    assert (left.sessions_ended, left.desk_empty, left.waiting_at_desk) == (1, True, 1)
    assert await records.session(sha("1"), NOW) is None
    assert (await records.deactivate("kabid", NOW)).desk_empty is False
    assert (await records.deactivate("opd-2", NOW)).desk_empty is True  # the agency has no head any more
    assert (await records.deactivate("bo", LATER)).sessions_ended == 0
    account = await records.account("bo")
    assert account is not None and account.deactivated_at == NOW


async def test_practice_letters_take_no_number_of_a_legal_series(records: Records) -> None:
    numbers = []
    for practice in (False, True, False, True):
        draft = await a_draft(records, practice=practice)
        await records.submit(a_submission(draft, f"kunci-{draft.number}"))
        numbers.append(await records.open_letter(an_opening(draft.number)))
    assert [(one.series, one.sequence) for one in numbers] == [
        ("SIP-FT", 1), ("LATIHAN-SIP-FT", 1), ("SIP-FT", 2), ("LATIHAN-SIP-FT", 2),
    ]  # fmt: skip
    assert numbers[1].number_text == "CONTOH 503/0001/SIP-FT/III/2026"
