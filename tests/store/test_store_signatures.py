"""Signatures: one registered object a letter, activations spent once, envelopes that go."""

import asyncio
from datetime import date, timedelta

import pytest

from permits.authority import Role
from permits.errors import Code, RuleError
from permits.events import Tag
from store.records import Mandate, Records
from store.records.archive import Renewal
from tests.store.builders import (
    LETTER,
    NOW,
    SIGNED,
    a_case,
    a_freezing,
    a_frozen_letter,
    a_signature,
    an_account,
    an_activation,
    an_event,
    sha,
)

EVENT = an_event("signed", Tag.SIGNATURE_REGISTERED)


async def test_of_two_signatures_at_once_one_is_registered_and_both_callers_learn_which(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number)
    first, second = await asyncio.gather(
        records.register_signed(a_signature(number, sha("1")), EVENT),
        records.register_signed(a_signature(number, sha("2")), EVENT),
    )
    assert first == second
    assert await records.signed_letter(LETTER) == first
    assert [event.tag for event in await records.events_of(number)].count(Tag.SIGNATURE_REGISTERED.value) == 1


async def test_a_letter_changed_after_signing_began_is_not_registered(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number, sha("1"))
    await records.freeze_letter(a_freezing(number, sha("2"), "drafted:2"))
    with pytest.raises(RuleError) as refused:
        await records.register_signed(a_signature(number, letter_sha256=sha("1")), EVENT)
    assert refused.value.code is Code.STALE_VERSION
    assert await records.signed_letter_of(number, "permit") is None


async def test_the_newest_archive_version_is_served_and_every_version_is_known(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number)
    await records.register_signed(a_signature(number), EVENT)
    renewal = Renewal(
        letter_sha256=LETTER, of=1, sha256=sha("3"), level="B-LTA", until=NOW + timedelta(days=900), algorithms=()
    )
    assert await records.register_renewal(renewal, NOW) == (2, sha("3"))
    assert await records.register_renewal(renewal, NOW) == (2, sha("3"))
    newest = await records.newest_version(LETTER)
    assert newest is not None and (newest.n, newest.sha256) == (2, sha("3"))
    for version in (SIGNED, sha("3")):
        found = await records.signed_by_version(version)
        assert found is not None and found.number == number


async def test_a_claim_is_taken_once_and_says_how_far_it_came(records: Records) -> None:
    await an_activation(records)
    assert (await records.claim("aktivasi-1", LETTER, NOW)).state == "CLAIMED"
    await records.mark_claim("aktivasi-1", LETTER, "SENT", NOW)
    assert (await records.claim("aktivasi-1", LETTER, NOW)).state == "SENT"


async def test_a_signed_claim_stays_signed(records: Records) -> None:
    await an_activation(records)
    await records.claim("aktivasi-1", LETTER, NOW)
    await records.mark_claim("aktivasi-1", LETTER, "SIGNED", NOW)
    assert await records.mark_claim("aktivasi-1", LETTER, "FAILED", NOW, "late") == "SIGNED"


async def test_a_letter_outside_the_activation_cannot_be_claimed(records: Records) -> None:
    await an_activation(records)
    for activation, letter in (("aktivasi-1", sha("0")), ("unknown", LETTER)):
        with pytest.raises(RuleError) as refused:
            await records.claim(activation, letter, NOW)
        assert refused.value.code is Code.ACTIVATION_NOT_VALID


async def test_an_envelope_goes_when_its_last_letter_is_done(records: Records) -> None:
    await an_activation(records, "aktivasi-1", sha("1"), sha("2"))
    await records.claim("aktivasi-1", sha("1"), NOW)
    await records.mark_claim("aktivasi-1", sha("1"), "SIGNED", NOW)
    assert not await records.delete_envelope_if_spent("aktivasi-1", NOW)
    await records.claim("aktivasi-1", sha("2"), NOW)
    assert not await records.delete_envelope_if_spent("aktivasi-1", NOW)
    await records.mark_claim("aktivasi-1", sha("2"), "FAILED", NOW, "wrong-passphrase")
    assert await records.delete_envelope_if_spent("aktivasi-1", NOW)
    row = await records.activation("aktivasi-1")
    assert (row.envelope, row.deleted_at) == (None, NOW)


async def test_an_expired_envelope_goes_and_a_fresh_one_stays(records: Records) -> None:
    await an_activation(records)
    assert await records.delete_expired_envelopes(NOW + timedelta(minutes=4)) == 0
    assert await records.delete_expired_envelopes(NOW + timedelta(minutes=5)) == 1
    assert await records.delete_expired_envelopes(NOW + timedelta(minutes=6)) == 0
    assert (await records.activation("aktivasi-1")).envelope is None


async def test_a_one_time_code_is_spent_by_one_activation(records: Records) -> None:
    await an_activation(records, "aktivasi-1")
    await an_activation(records, "aktivasi-2")
    results = await asyncio.gather(
        *(records.record_totp_step(name, "kepala", 58_000_000) for name in ("aktivasi-1", "aktivasi-2"))
    )
    assert sorted(results) == [False, True]


async def test_a_one_time_code_is_good_again_for_the_activation_that_spent_it(records: Records) -> None:
    await an_activation(records)
    assert await records.record_totp_step("aktivasi-1", "kepala", 100)
    assert await records.record_totp_step("aktivasi-1", "kepala", 100)
    assert not await records.record_totp_step("aktivasi-1", "kepala", 101)


async def test_an_older_one_time_code_is_refused(records: Records) -> None:
    await an_activation(records, "aktivasi-1")
    await an_activation(records, "aktivasi-2")
    assert await records.record_totp_step("aktivasi-1", "kepala", 100)
    assert not await records.record_totp_step("aktivasi-2", "kepala", 99)


async def test_another_officer_cannot_use_the_activation(records: Records) -> None:
    await an_activation(records)
    await records.ensure_account(an_account("lain", Role.HEAD_OF_OFFICE))
    with pytest.raises(RuleError) as refused:
        await records.record_totp_step("aktivasi-1", "lain", 100)
    assert refused.value.code is Code.ACTIVATION_NOT_VALID


async def test_a_mandate_is_in_force_from_its_first_to_its_last_day(records: Records) -> None:
    await records.ensure_account(an_account("plh", Role.HEAD_OF_OFFICE))
    mandate = Mandate(
        id="mandat-1",
        account_id="plh",
        capacity="plh",
        certificate_sha256=sha("9"),
        valid_from=date(2026, 3, 10),
        valid_until=date(2026, 3, 14),
        decree="SK Contoh 1/2026",
    )
    await records.ensure_mandate(mandate)
    await records.ensure_mandate(mandate)
    in_force = [await records.mandate_for("plh", date(2026, 3, day)) is not None for day in (9, 10, 14, 15)]
    assert in_force == [False, True, True, False]
    assert await records.mandates() == [mandate]
