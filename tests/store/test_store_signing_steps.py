"""A letter's signature in its transactions: what is written together is there together, or not at all."""

import asyncio

import pytest

from permits.errors import Code, RuleError
from permits.events import Tag
from permits.steps import SignedLetter
from store.records import LetterConsent, Records, TakenUp
from tests.store.builders import (
    LETTER,
    NOW,
    a_case,
    a_freezing,
    a_frozen_letter,
    a_signature,
    an_activation,
    an_event,
    sha,
)

EVENT = an_event("signed", Tag.SIGNATURE_REGISTERED)
CODES = frozenset({"wrong_passphrase"})


def a_consent(number: str, letter_sha256: str = LETTER, activation_id: str = "aktivasi-1") -> LetterConsent:
    return LetterConsent(number, letter_sha256, activation_id, "kepala")


async def taken_up(records: Records, consent: LetterConsent) -> TakenUp | SignedLetter:
    return await records.take_up(consent, NOW.date(), CODES, NOW)


async def test_a_letter_is_taken_up_with_all_that_decides_about_it(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number)
    await an_activation(records)
    begun = await taken_up(records, a_consent(number))
    assert isinstance(begun, TakenUp)
    assert (begun.claim.state, begun.mandate, begun.refused) == ("CLAIMED", None, None)
    assert begun.officer is not None and begun.officer.id == begun.activation.officer_id == "kepala"
    assert begun.letter is not None and begun.letter.sha256 == LETTER


async def test_a_letter_that_its_activation_does_not_name_is_not_claimed(records: Records) -> None:
    number = await a_case(records)
    await an_activation(records)
    with pytest.raises(RuleError) as refused:
        await taken_up(records, a_consent(number, sha("0")))
    assert refused.value.code is Code.ACTIVATION_NOT_VALID
    assert await records.claims_of("aktivasi-1") == []


async def test_what_failed_for_all_is_known_to_the_next_letter(records: Records) -> None:
    number = await a_case(records)
    await an_activation(records, "aktivasi-1", sha("1"), LETTER)
    await records.claim("aktivasi-1", sha("1"), NOW)
    await records.mark_claim("aktivasi-1", sha("1"), "FAILED", NOW, "wrong_passphrase")
    begun = await taken_up(records, a_consent(number))
    assert isinstance(begun, TakenUp) and begun.refused == "wrong_passphrase"


async def test_a_registered_letter_ends_its_claim_and_the_last_one_the_envelope(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number)
    await an_activation(records)
    await records.record_totp_step("aktivasi-1", "kepala", 100)
    await taken_up(records, a_consent(number))
    await records.mark_sent("aktivasi-1", [LETTER], NOW)

    registered = await records.settle_signed(a_signature(number), EVENT)

    assert await taken_up(records, a_consent(number)) == registered
    assert [claim.state for claim in await records.claims_of("aktivasi-1")] == ["SIGNED"]
    assert (await records.activation("aktivasi-1")).envelope is None
    (event,) = await records.events_tagged(number, Tag.SIGNATURE_REGISTERED)
    assert event.facts["step_up"] == "totp"


async def test_the_envelope_stays_while_a_letter_of_the_activation_waits(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number)
    await an_activation(records, "aktivasi-1", LETTER, sha("1"))
    await taken_up(records, a_consent(number))
    await records.settle_signed(a_signature(number), EVENT)
    assert (await records.activation("aktivasi-1")).envelope is not None


async def test_of_the_last_two_letters_at_once_one_deletes_the_envelope(records: Records) -> None:
    letters = (LETTER, sha("1"))
    numbers = [await a_case(records) for _ in letters]
    for number, letter in zip(numbers, letters, strict=True):
        await a_frozen_letter(records, number, letter)
    await an_activation(records, "aktivasi-1", *letters)
    for number, letter in zip(numbers, letters, strict=True):
        await taken_up(records, a_consent(number, letter))
    await asyncio.gather(
        *(
            records.settle_signed(a_signature(number, sha(str(n)), letter), EVENT)
            for n, (number, letter) in enumerate(zip(numbers, letters, strict=True), 2)
        )
    )
    assert (await records.activation("aktivasi-1")).envelope is None


async def test_a_letter_that_was_changed_meanwhile_leaves_its_claim_as_it_was(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number)
    await an_activation(records)
    await taken_up(records, a_consent(number))
    await records.freeze_letter(a_freezing(number, sha("2"), "drafted:2"))
    with pytest.raises(RuleError) as refused:
        await records.settle_signed(a_signature(number), EVENT)
    assert refused.value.code is Code.STALE_VERSION
    assert [claim.state for claim in await records.claims_of("aktivasi-1")] == ["CLAIMED"]
    assert (await records.activation("aktivasi-1")).envelope is not None
