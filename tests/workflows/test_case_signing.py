"""The head signs once; what goes wrong returns the letter to the head's task, and nothing is released unless SAH."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from temporalio.testing import ActivityEnvironment

from activities.signatures import SignatureDesk, SignLetter, SignResult
from permits.decisions import Returned, SignatureOrdered
from permits.events import Event, Tag
from sakpore.people import HEAD
from store.tables import AccountRow, TaskRow
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office, settings_from
from worker.main import signing_activities
from worker.settings import SigningSettings
from workflows.options import SIGNING

pytestmark = pytest.mark.asyncio(loop_scope="session")

async def _wrong_passphrase(office: Office, task: TaskRow) -> str:
    return await office.consent(task.subject_sha256, passphrase="frasa-sandi-keliru")


async def _expired(office: Office, task: TaskRow) -> str:
    return await office.consent(task.subject_sha256, lives=timedelta(seconds=-1))


async def _code_used_before(office: Office, task: TaskRow) -> str:
    await office.half_a_minute_passes()
    code = office.code()
    other = await office.begin()
    letter = (await other.go_on("signing")).subject_sha256
    activation = await office.consent(letter, code=code)
    await other.decide(await other.task("signing"), SignatureOrdered(activation_id=activation))
    assert (await other.closed()).status == "issued"
    return await office.consent(task.subject_sha256, code=code)


async def _wrong_code(office: Office, task: TaskRow) -> str:
    right = int(office.code())
    return await office.consent(task.subject_sha256, code=f"{(right + 500_000) % 1_000_000:06d}")


async def _for_another_letter(office: Office, task: TaskRow) -> str:
    return await office.consent("e" * 64)


FAILURES = {
    "wrong passphrase": (_wrong_passphrase, "wrong_passphrase"),
    "expired activation": (_expired, "activation_expired"),
    "code used before": (_code_used_before, "step_up_refused"),
    "wrong code": (_wrong_code, "step_up_refused"),
    "activation for another letter": (_for_another_letter, "activation-not-valid"),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_a_consent_that_does_not_hold_returns_the_letter_and_the_next_one_signs_once(
    office: Office, failure: str
) -> None:
    consent, code = FAILURES[failure]
    case = await office.begin()
    task = await case.go_on("signing")

    await case.decide(task, SignatureOrdered(activation_id=await consent(office, task)))
    again = await case.task("signing")

    (failed,) = await case.events(Tag.SIGNATURE_FAILED)
    assert failed.facts["code"] == code
    assert again.subject_sha256 == task.subject_sha256
    await case.decide(again)
    assert (await case.closed()).status == "issued"
    assert len(await case.events(Tag.SIGNATURE_REGISTERED)) == 1
    assert len(await case.events(Tag.LETTER_NUMBERED)) == 1


async def test_a_letter_that_names_another_signatory_is_drafted_anew_before_it_is_signed(office: Office) -> None:
    case = await office.begin()
    task = await case.go_on("signing")
    activation = await office.consent(task.subject_sha256)
    async with _head_named(office, "Contoh Kepala Pengganti"):
        await case.decide(task, SignatureOrdered(activation_id=activation))
        again = await case.task("signing")
        (failed,) = await case.events(Tag.SIGNATURE_FAILED)
        await case.decide(again, Returned(reason="Surat menyebut pejabat lain"))
        await case.decide(await case.go_on("signing"))
        row = await case.closed()

    assert failed.facts["code"] == "signatory-changed"
    assert row.status == "issued"
    assert len(await case.events(Tag.LETTER_NUMBERED)) == 1, "the new draft keeps its number"


@asynccontextmanager
async def _head_named(office: Office, name: str) -> AsyncIterator[None]:
    """Somebody else's name stands at the head's desk meanwhile."""
    before = await office.records.account(HEAD.id)
    assert before is not None
    await _name_head(office, name)
    try:
        yield
    finally:
        await _name_head(office, before.name)


async def _name_head(office: Office, name: str) -> None:
    async with office.db.transaction() as session:
        (await session.get_one(AccountRow, HEAD.id)).name = name


async def test_without_anybody_mandated_the_draft_waits_as_a_task_for_a_person(office: Office) -> None:
    case = await office.begin()
    first = await case.go_on("drafting")
    async with _nobody_mandated(office):
        await case.decide(first)
        waiting = await case.task("drafting")
    assert "belum ada pejabat yang berwenang" in waiting.instructions

    await case.decide(waiting)

    assert (await case.finish()).status == "issued"


@asynccontextmanager
async def _nobody_mandated(office: Office) -> AsyncIterator[None]:
    """All mandates are taken back meanwhile."""
    await _take_back(office, datetime.now(UTC))
    try:
        yield
    finally:
        await _take_back(office, None)


async def _take_back(office: Office, at: datetime | None) -> None:
    async with office.db.engine.begin() as connection:
        await connection.execute(text("update mandates set revoked_at = :at"), {"at": at})


async def test_a_spent_consent_leaves_no_envelope(office: Office) -> None:
    case = await office.begin()
    task = await case.go_on("signing")
    activation = await office.consent(task.subject_sha256)

    await case.decide(task, SignatureOrdered(activation_id=activation))
    await case.closed()

    assert (await office.records.activation(activation)).envelope is None


async def test_one_consent_over_two_letters_signs_both(office: Office) -> None:
    cases = [await office.begin() for _ in range(2)]
    tasks = [await case.go_on("signing") for case in cases]
    activation = await office.consent(*(task.subject_sha256 for task in tasks))

    for case, task in zip(cases, tasks, strict=True):
        await case.decide(task, SignatureOrdered(activation_id=activation))

    assert [(await case.closed()).status for case in cases] == ["issued", "issued"]
    assert (await office.records.activation(activation)).envelope is None


async def test_without_a_timestamp_authority_signing_is_tried_again_and_then_returns_to_the_head(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = await office.begin()
    task = await case.go_on("signing")
    await case.at_rest()
    monkeypatch.setitem(SIGNING, "schedule_to_close_timeout", timedelta(seconds=4))

    await asyncio.to_thread(office.stack.hold, "pki")
    try:
        await case.decide(task)
        again = await case.task("signing")
    finally:
        await asyncio.to_thread(office.stack.resume, "pki")

    (failed,) = await case.events(Tag.SIGNATURE_FAILED)
    assert failed.facts["code"] == "signing-unavailable"
    assert await _attempts(case) >= 2
    await asyncio.to_thread(office.stack.wait_ready, "pki")
    monkeypatch.undo()
    await case.decide(again)
    assert (await case.closed()).status == "issued"
    assert len(await case.events(Tag.SIGNATURE_REGISTERED)) == 1


async def _attempts(case: CaseFile) -> int:
    """How often the order to sign was tried before it was given up."""
    started = [
        event["activityTaskStartedEventAttributes"]
        for event in await case.raw_history()
        if event["eventType"].endswith("ACTIVITY_TASK_STARTED")
    ]
    return max(int(attributes.get("attempt", 1)) for attributes in started)


async def test_the_same_order_carried_out_twice_at_once_registers_one_object(office: Office) -> None:
    case = await office.begin()
    task = await case.go_on("signing")
    await case.at_rest()
    activation = await office.consent(task.subject_sha256)
    order = _order(case, task, activation)
    desks = [_desk(office) for _ in range(2)]

    results = await asyncio.gather(*(ActivityEnvironment().run(desk.sign_letter, order) for desk in desks))
    later = await ActivityEnvironment().run(desks[0].sign_letter, order)
    await case.decide(task, SignatureOrdered(activation_id=activation))
    await case.closed()

    objects = {result.signed.signed_sha256 for result in (*results, later) if result.signed}
    registered = await office.records.signed_letter_of(case.number, "permit")
    assert registered is not None
    assert objects == {registered.signed_sha256}
    assert all(isinstance(result, SignResult) and result.failure is None for result in results)
    assert len(await case.events(Tag.SIGNATURE_REGISTERED)) == 1


def _desk(office: Office) -> SignatureDesk:
    settings = settings_from(SigningSettings, office.environment)
    sign_letter, *_ = signing_activities(settings, office.records, office.documents)
    desk: SignatureDesk = sign_letter.__self__  # type: ignore[attr-defined]
    return desk


def _order(case: CaseFile, task: TaskRow, activation: str) -> SignLetter:
    now = datetime.now(UTC)
    return SignLetter(
        number=case.number,
        purpose="permit",
        letter_sha256=task.subject_sha256,
        activation_id=activation,
        officer_id=HEAD.id,
        office_date=now.date(),
        event=Event(key="uji-tanda-tangan", tag=Tag.SIGNATURE_REGISTERED, at=now, office_at=now),
    )
