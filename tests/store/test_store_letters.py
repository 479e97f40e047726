"""The agenda register: one number a letter, no gap whatever fails, BATAL for ever."""

import asyncio

import pytest

from permits.errors import Code, RuleError
from permits.events import Tag
from permits.numbering import NumberingError, audit_agenda, is_gapless
from store.records import Records
from tests.store.builders import (
    a_case,
    a_draft,
    a_freezing,
    a_frozen_letter,
    a_signature,
    a_submission,
    an_event,
    an_opening,
    sha,
)

ISSUED = an_event("issued", Tag.PERMIT_ISSUED)
VOIDED = an_event("voided", Tag.LETTER_VOIDED)


async def cases(records: Records, count: int) -> list[str]:
    return [(await records.submit(a_submission(await a_draft(records)))).number for _ in range(count)]


async def test_twenty_letters_at_once_get_twenty_numbers_without_gap(records: Records) -> None:
    numbers = await cases(records, 20)
    letters = await asyncio.gather(*(records.open_letter(an_opening(number)) for number in numbers))
    assert sorted(letter.sequence for letter in letters) == list(range(1, 21))
    assert {letter.number_text for letter in letters} == {f"503/{n:04d}/SIP-FT/III/2026" for n in range(1, 21)}


async def test_a_transaction_that_fails_takes_no_number(records: Records) -> None:
    good, bad, *more = await cases(records, 6)
    openings = [an_opening(number) for number in (good, *more)]
    broken = an_opening(bad, number_template="503/{unknown}")
    results = await asyncio.gather(
        *(records.open_letter(one) for one in (openings[0], broken, *openings[1:])), return_exceptions=True
    )
    assert [type(result) for result in results].count(NumberingError) == 1
    audit = audit_agenda(await records.agenda_entries("SIP-FT", 2026))
    assert (audit.missing, audit.repeated, audit.under_way) == ((), (), (1, 2, 3, 4, 5))


async def test_the_same_letter_opened_at_once_has_one_number(records: Records) -> None:
    number = await a_case(records)
    letters = await asyncio.gather(*(records.open_letter(an_opening(number)) for _ in range(8)))
    assert {letter.number_text for letter in letters} == {"503/0001/SIP-FT/III/2026"}
    [event] = await records.events_of(number)
    assert event.facts["number_text"] == "503/0001/SIP-FT/III/2026"


async def test_series_and_years_count_for_themselves(records: Records) -> None:
    number = await a_case(records)
    skrd = an_opening(number, "skrd", series="SKRD", number_template="974/{sequence}/SKRD/{year}")
    next_year = an_opening(number, "rejection", letter_date=skrd.letter_date.replace(year=2027))
    opened = [await records.open_letter(one) for one in (an_opening(number), skrd, next_year)]
    assert [(letter.series, letter.year, letter.sequence) for letter in opened] == [
        ("SIP-FT", 2026, 1),
        ("SKRD", 2026, 1),
        ("SIP-FT", 2027, 1),
    ]


async def test_a_redraft_keeps_its_number(records: Records) -> None:
    number = await a_case(records)
    opened = await records.open_letter(an_opening(number))
    await records.freeze_letter(a_freezing(number, sha("1"), "drafted:1"))
    redrafted = await records.freeze_letter(a_freezing(number, sha("2"), "drafted:2"))
    assert (redrafted.sha256, redrafted.number_text) == (sha("2"), opened.number_text)


async def test_a_late_repetition_of_an_old_draft_does_not_undo_the_new_one(records: Records) -> None:
    number = await a_case(records)
    await records.open_letter(an_opening(number))
    await records.freeze_letter(a_freezing(number, sha("1"), "drafted:1"))
    await records.freeze_letter(a_freezing(number, sha("2"), "drafted:2"))
    assert (await records.freeze_letter(a_freezing(number, sha("1"), "drafted:1"))).sha256 == sha("2")


async def test_a_redraft_takes_an_unreleased_signature_out_of_the_register(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number)
    signed = await records.register_signed(a_signature(number), an_event("signed", Tag.SIGNATURE_REGISTERED))
    await records.freeze_letter(a_freezing(number, sha("2"), "drafted:2"))
    assert await records.signed_letter(signed.letter_sha256) is None
    assert (await records.events_of(number))[-1].facts["superseded"] == signed.signed_sha256


async def test_an_issued_letter_cannot_be_drafted_again(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number)
    await records.register_signed(a_signature(number), an_event("signed", Tag.SIGNATURE_REGISTERED))
    await records.issue_letter(number, "permit", an_event("issued", Tag.PERMIT_ISSUED))
    with pytest.raises(RuleError) as refused:
        await records.freeze_letter(a_freezing(number, sha("2"), "drafted:2"))
    assert refused.value.code is Code.LETTER_NOT_FOUND


async def test_a_dead_letter_leaves_its_number_as_batal_with_reason_and_actor(records: Records) -> None:
    number = await a_case(records)
    await records.open_letter(an_opening(number))
    first = await records.void_letter(number, "permit", "Ditarik pemohon", "kepala", VOIDED)
    again = await records.void_letter(number, "permit", "Lain", "lain", an_event("voided:2", Tag.LETTER_VOIDED))
    assert first.status == again.status == "batal"
    assert [event.tag for event in await records.events_of(number)] == [
        "permit:letter:numbered",
        "permit:letter:voided",
    ]
    assert is_gapless(await records.agenda_entries("SIP-FT", 2026))


async def test_a_batal_number_is_never_given_again(records: Records) -> None:
    first, second = await cases(records, 2)
    await records.open_letter(an_opening(first))
    await records.void_letter(first, "permit", "Ditarik", "kepala", VOIDED)
    with pytest.raises(RuleError) as refused:
        await records.open_letter(an_opening(first))
    assert (refused.value.code, refused.value.facts["status"]) == (Code.LETTER_NOT_FOUND, "batal")
    assert (await records.open_letter(an_opening(second))).sequence == 2


async def test_an_issued_letter_is_gapless_and_cannot_be_voided(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number)
    await records.issue_letter(number, "permit", ISSUED)
    assert (await records.issue_letter(number, "permit", ISSUED)).status == "issued"
    assert is_gapless(await records.agenda_entries("SIP-FT", 2026))
    with pytest.raises(RuleError):
        await records.void_letter(number, "permit", "Terlambat", "kepala", VOIDED)
    assert (await records.letter(number, "permit")).status == "issued"


async def test_a_letter_that_was_never_opened_is_not_found(records: Records) -> None:
    number = await a_case(records)
    with pytest.raises(RuleError) as refused:
        await records.freeze_letter(a_freezing(number))
    assert refused.value.code is Code.LETTER_NOT_FOUND
    with pytest.raises(RuleError):
        await records.letter_by_sha256(sha("0"))


async def test_a_letter_is_found_by_its_bytes(records: Records) -> None:
    number = await a_case(records)
    await a_frozen_letter(records, number, sha("7"))
    assert (await records.letter_by_sha256(sha("7"))).number == number
