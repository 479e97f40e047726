"""What went to a remote provider is never sent twice without the person, and what came back is never used unproven."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from pydantic import SecretStr
from temporalio.testing import ActivityEnvironment

from activities.signing_orders import SignLetter, SignResult
from permits.events import Event, Tag
from sakpore.people import HEAD, PASSPHRASE
from signing.errors import DocumentRefused, OutcomeUnknown, TimestampUnavailable, WrongPassphrase
from signing.port import SigningOrder
from store.tables import TaskRow
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office, settings_from
from tests.workflows.remote_provider import RemoteProvider
from worker.settings import SigningSettings
from workflows.stages import signing

pytestmark = pytest.mark.asyncio(loop_scope="session")
OPS = "ops"


def a_provider(office: Office) -> RemoteProvider:
    settings = settings_from(SigningSettings, office.environment)
    return RemoteProvider(Path(settings.signing_pki_dir), settings.signing_tsa_url)


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def remote(open_office: Office) -> AsyncIterator[RemoteProvider]:
    """The office signs with a remote provider."""
    provider = a_provider(open_office)
    async with open_office.signing_with(provider):
        yield provider


@pytest_asyncio.fixture(loop_scope="session")
async def provider(remote: RemoteProvider) -> RemoteProvider:
    """As it was before other tests told it to fail."""
    remote.calls.clear()
    remote.fails_before.clear()
    remote.fails_after.clear()
    remote.refuses.clear()
    remote.lies = remote.holds = None
    return remote


async def a_waiting_letter(office: Office) -> tuple[CaseFile, TaskRow]:
    case = await office.begin()
    return case, await case.go_on("signing")


async def signed_once(case: CaseFile) -> None:
    assert (await case.closed()).status == "issued"
    assert len(await case.events(Tag.SIGNATURE_REGISTERED)) == 1


async def told(office: Office, case: CaseFile, template: str) -> set[str | None]:
    return {row.account_id for row in await office.records.notices_of(case.number) if row.template == template}


async def test_an_unknown_outcome_returns_to_the_head_who_repeats_it_knowingly(
    office: Office, provider: RemoteProvider
) -> None:
    case, task = await a_waiting_letter(office)
    provider.fails_after.append(OutcomeUnknown("Penyedia tidak menjawab."))

    await case.decide(task, await office.ordered(task.subject_sha256))
    again = await case.task("signing")

    assert "hasil di penyedia tidak diketahui; periksa sebelum menandatangani lagi" in again.instructions
    assert len(await case.events(Tag.SIGNATURE_UNKNOWN)) == 1
    assert await told(office, case, "signing-incident") == {OPS}
    assert HEAD.id in await told(office, case, "signing-returned")
    assert provider.times_sent(task.subject_sha256) == 1
    await case.decide(again, await office.ordered(again.subject_sha256))
    await signed_once(case)
    assert provider.times_sent(task.subject_sha256) == 2


async def test_a_letter_that_was_sent_before_a_crash_is_not_sent_again(
    office: Office, provider: RemoteProvider
) -> None:
    case, task = await a_waiting_letter(office)
    order = await an_order(office, case, task)
    await was_sent(office, order)

    results = [await carried_out(office, provider, order) for _ in range(2)]

    assert [result.failure for result in results] == ["outcome_unknown"] * 2
    assert provider.calls == []
    assert len(await case.events(Tag.SIGNATURE_UNKNOWN)) == 1
    (claim,) = await office.records.claims_of(order.activation_id)
    assert claim.state == "UNKNOWN"


async def test_of_two_attempts_at_one_order_at_once_one_sends_the_letter(
    office: Office, provider: RemoteProvider
) -> None:
    case, task = await a_waiting_letter(office)
    order = await an_order(office, case, task)

    await asyncio.gather(*(carried_out(office, provider, order) for _ in range(3)))

    assert provider.times_sent(order.letter_sha256) == 1
    assert await office.records.signed_letter(order.letter_sha256) is not None
    assert len(await case.events(Tag.SIGNATURE_REGISTERED)) == 1


async def test_a_letter_that_came_back_before_a_crash_is_registered_without_being_sent_again(
    office: Office, provider: RemoteProvider
) -> None:
    case, task = await a_waiting_letter(office)
    order = await an_order(office, case, task)
    await came_back(office, provider, order)

    result = await carried_out(office, provider, order)

    assert result.signed is not None
    assert provider.times_sent(order.letter_sha256) == 1
    (claim,) = await office.records.claims_of(order.activation_id)
    assert (claim.state, claim.returned_sha256) == ("SIGNED", None)


async def test_what_came_back_late_is_used_under_the_next_consent(office: Office, provider: RemoteProvider) -> None:
    case, task = await a_waiting_letter(office)
    order = await an_order(office, case, task)
    await came_back(office, provider, order)
    await office.records.mark_claim(order.activation_id, order.letter_sha256, "UNKNOWN", datetime.now(UTC))

    await case.decide(task, await office.ordered(task.subject_sha256))

    await signed_once(case)
    assert provider.times_sent(task.subject_sha256) == 1


async def test_with_a_key_of_our_own_the_holder_of_a_claim_signs_again_after_a_crash(
    office: Office, provider: RemoteProvider
) -> None:
    case, task = await a_waiting_letter(office)
    order = await an_order(office, case, task)
    await was_sent(office, order)
    own = a_provider(office)._signs

    result: SignResult = await ActivityEnvironment().run(office.desk_of(own).sign_letter, order)

    assert result.signed is not None


def _rewritten(letter: bytes, signed: bytes) -> bytes:
    return b"%PDF-1.4\n" + signed[9:]


def _changed(letter: bytes, signed: bytes) -> bytes:
    middle = len(letter) + (len(signed) - len(letter)) // 2
    return signed[:middle] + bytes([signed[middle] ^ 1]) + signed[middle + 1 :]


def _with_a_tail(letter: bytes, signed: bytes) -> bytes:
    return signed + b"% lebih\n"


@pytest.mark.parametrize(
    ("lie", "code"), [(_rewritten, "rewritten"), (_changed, "not-valid"), (_with_a_tail, "not-valid")]
)
async def test_what_comes_back_wrong_is_put_aside_and_a_person_is_told(
    office: Office, provider: RemoteProvider, lie: object, code: str
) -> None:
    case, task = await a_waiting_letter(office)
    handed_back: list[bytes] = []

    def lying(letter: bytes, signed: bytes) -> bytes:
        handed_back.append(lie(letter, signed))  # type: ignore[operator]
        return handed_back[-1]

    provider.lies = lying
    await case.decide(task, await office.ordered(task.subject_sha256))
    again = await case.task("signing")

    (aside,) = await case.events(Tag.SIGNATURE_QUARANTINED)
    assert aside.facts["code"] == code
    assert aside.facts["object_sha256"] == hashlib.sha256(handed_back[0]).hexdigest()
    assert "disimpan terpisah" in again.instructions
    assert OPS in await told(office, case, "signing-incident")
    assert await office.records.signed_letter(task.subject_sha256) is None
    provider.lies = None
    await case.decide(again, await office.ordered(again.subject_sha256))
    await signed_once(case)


async def test_many_letters_go_in_one_call_and_each_case_registers_its_own(
    office: Office, provider: RemoteProvider
) -> None:
    letters = await asyncio.gather(*(a_waiting_letter(office) for _ in range(3)))
    await ordered_together(office, letters)

    for case, task in letters:
        await signed_once(case)
        assert provider.times_sent(task.subject_sha256) == 1
    assert len(provider.calls) == 1


async def test_one_letter_that_cannot_be_signed_does_not_fail_the_others(
    office: Office, provider: RemoteProvider
) -> None:
    letters = await asyncio.gather(*(a_waiting_letter(office) for _ in range(3)))
    (bad, bad_task), *good = letters
    provider.refuses[bad_task.subject_sha256] = DocumentRefused("Bukan PDF yang utuh.")
    await ordered_together(office, letters)

    for case, _ in good:
        await signed_once(case)
    await bad.task("signing")
    (failed,) = await bad.events(Tag.SIGNATURE_FAILED)
    assert failed.facts["code"] == "document_refused"


async def test_a_wrong_passphrase_is_shown_to_the_provider_once(
    office: Office, provider: RemoteProvider
) -> None:
    letters = await asyncio.gather(*(a_waiting_letter(office) for _ in range(3)))
    provider.fails_before.append(WrongPassphrase("Frasa sandi salah."))
    await ordered_together(office, letters, files_per_call=1)

    for case, _ in letters:
        await case.task("signing")
        (failed,) = await case.events(Tag.SIGNATURE_FAILED)
        assert failed.facts["code"] == "wrong_passphrase"
    assert len(provider.calls) == 1


async def test_a_batch_waits_for_a_service_in_sight_of_all(
    office: Office, provider: RemoteProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = await asyncio.gather(*(a_waiting_letter(office) for _ in range(2)))
    monkeypatch.setattr("workflows.signing_batch.SERVICE_PAUSES", (0.5,))
    provider.fails_before += [TimestampUnavailable("Layanan segel waktu tidak menjawab.")] * 2
    await ordered_together(office, letters)

    for case, _ in letters:
        (waits,) = [await case.event(Tag.SIGNATURE_WAITS)]
        assert waits.facts["code"] == "timestamp_unavailable"
        await signed_once(case)
    assert len(provider.calls) == 3


async def test_a_case_that_is_told_nothing_finds_its_letter_by_itself(
    office: Office, provider: RemoteProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, task = await a_waiting_letter(office)
    monkeypatch.setitem(signing.SIGNING_BATCH, "start_to_close_timeout", timedelta(seconds=1))
    ordered = await office.ordered(task.subject_sha256, in_batch=True, lives=timedelta(seconds=4))
    order = await an_order(office, case, task, ordered.activation_id)
    await case.decide(task, ordered)
    await came_back(office, provider, order)

    await signed_once(case)
    assert provider.times_sent(task.subject_sha256) == 1


async def ordered_together(
    office: Office, letters: list[tuple[CaseFile, TaskRow]], files_per_call: int = 20
) -> None:
    """As the API does: one consent, one decision a case, one batch."""
    ordered = await office.ordered(*(task.subject_sha256 for _, task in letters), in_batch=True)
    for case, task in letters:
        await case.decide(task, ordered)
    await office.start_batch(ordered, [(case.number, task.subject_sha256) for case, task in letters], files_per_call)


async def carried_out(office: Office, provider: RemoteProvider, order: SignLetter) -> SignResult:
    result: SignResult = await ActivityEnvironment().run(office.desk_of(provider).sign_letter, order)
    return result


async def was_sent(office: Office, order: SignLetter) -> None:
    """The letter left for the provider, and the worker died."""
    now = datetime.now(UTC)
    await office.records.claim(order.activation_id, order.letter_sha256, now)
    await office.records.mark_claim(order.activation_id, order.letter_sha256, "SENT", now)


async def came_back(office: Office, provider: RemoteProvider, order: SignLetter) -> None:
    """As a process leaves it that dies when the provider's answer has been kept."""
    now = datetime.now(UTC)
    await office.records.claim(order.activation_id, order.letter_sha256, now)
    await office.records.mark_claim(order.activation_id, order.letter_sha256, "SENT", now)
    letter = await office.documents.get_document(order.letter_sha256)
    signed = await provider.sign(letter, SigningOrder(signer_id=HEAD.id, secret=SecretStr(PASSPHRASE)))
    kept = await office.documents.keep_returned(signed)
    await office.records.note_returned(order.activation_id, order.letter_sha256, kept)


async def an_order(
    office: Office, case: CaseFile, task: TaskRow, activation_id: str | None = None
) -> SignLetter:
    now = datetime.now(UTC)
    return SignLetter(
        number=case.number,
        purpose="permit",
        letter_sha256=task.subject_sha256,
        activation_id=activation_id or await office.consent(task.subject_sha256),
        officer_id=HEAD.id,
        office_date=now.date(),
        event=Event(key="uji-tanda-tangan", tag=Tag.SIGNATURE_REGISTERED, at=now, office_at=now),
        may_wait=True,
    )
