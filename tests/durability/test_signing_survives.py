"""kill -9 of the signing worker in the middle of a batch: one registered signed object a letter, none lost, none twice.

With a key of our own a letter that was cut off is signed again; what a remote provider was sent is never sent again
unless the head says so, having read that the outcome is not known.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import select

from permits.events import Tag
from store.tables import SignedLetterRow, TaskRow
from tests.stack_fixture import system_environment
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office, an_office
from tests.workflows.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="module")
Letters = list[tuple[CaseFile, TaskRow]]
REPOSITORY = Path(__file__).resolve().parents[2]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def office() -> AsyncIterator[Office]:
    """An office whose signing queue is a process of its own."""
    with tempfile.TemporaryDirectory(prefix="sakpore-office-") as folder:
        async with an_office(Path(folder)) as opened, opened.signing_elsewhere():
            yield opened


@contextmanager
def signing_worker(office: Office, *command: str, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process with the signing queue; killed at the end if it is still there."""
    environment = {**system_environment(), **office.environment, **variables}
    with (office.folder / "signing-worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], env=environment, cwd=REPOSITORY, stdout=log, stderr=log
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


OWN_KEY = ("worker.main", "--queue", "signing")


async def waiting_letters(office: Office, how_many: int) -> Letters:
    cases = [await office.begin() for _ in range(how_many)]
    return [(case, await case.go_on("signing")) for case in cases]


async def order_all(office: Office, letters: Letters, in_batch: bool, files_per_call: int = 20) -> None:
    ordered = await office.ordered(*(task.subject_sha256 for _, task in letters), in_batch=in_batch)
    for case, task in letters:
        await case.decide(task, ordered)
    if in_batch:
        named = [(case.number, task.subject_sha256) for case, task in letters]
        await office.start_batch(ordered, named, files_per_call)


async def status_at_end(case: CaseFile) -> str:
    async def closed() -> str | None:
        row = await case.row()
        return row.status if row.closed_at else None

    return await until(closed, f"the end of {case.number}", 90)


async def returned_task(case: CaseFile) -> TaskRow:
    """The head's task, once the letter is back in it."""

    async def look() -> TaskRow | None:
        return next((task for task in await case.open_tasks() if task.kind == "signing" and case.is_new(task)), None)

    return await until(look, f"the letter of {case.number} back in the head's task", 90)


async def registered(office: Office, letters: Letters) -> Counter[str]:
    """How many signed objects are registered, by letter."""
    wanted = {task.subject_sha256 for _, task in letters}
    async with office.db.transaction() as session:
        rows = list(await session.exec(select(SignedLetterRow)))
    return Counter(row.letter_sha256 for row in rows if row.letter_sha256 in wanted)


async def assert_one_signature_each(office: Office, letters: Letters) -> None:
    for case, task in letters:
        assert await status_at_end(case) == "issued"
        assert len(await case.events(Tag.SIGNATURE_REGISTERED)) == 1
        assert len(await case.events(Tag.SIGNATURE_VERIFIED)) == 1
        signed = await office.records.signed_letter(task.subject_sha256)
        assert signed is not None
        assert (await office.documents.get_signed(signed.signed_sha256)).startswith(
            await office.documents.get_document(task.subject_sha256)
        )
        assert await office.records.event_chain_is_whole(case.number)
    assert await registered(office, letters) == Counter({task.subject_sha256: 1 for _, task in letters})


@pytest.mark.seconds(300)
@pytest.mark.parametrize("in_batch", [False, True], ids=["letter by letter", "in calls of two"])
async def test_letters_signed_with_a_key_of_our_own_survive_kill_9_of_the_signing_worker(
    office: Office, in_batch: bool
) -> None:
    letters = await waiting_letters(office, 4)

    async def some_are_signed() -> bool:
        return bool(await registered(office, letters))

    with signing_worker(office, *OWN_KEY) as first:
        await order_all(office, letters, in_batch, files_per_call=2)
        await until(some_are_signed, "a registered letter", 60)
        first.kill()
        first.wait()
    assert len(await registered(office, letters)) < len(letters)
    with signing_worker(office, *OWN_KEY):
        await assert_one_signature_each(office, letters)


@pytest.mark.seconds(300)
@pytest.mark.parametrize("point", ["sign_letter:after", "sign_chunk:after"])
async def test_a_worker_that_dies_before_it_can_say_what_it_did_leaves_one_signature_each(
    office: Office, tmp_path: Path, point: str
) -> None:
    letters = await waiting_letters(office, 2)
    variables = {"SAKPORE_FAILPOINT": point, "SAKPORE_FAILPOINT_MARKS": str(tmp_path)}
    with signing_worker(office, *OWN_KEY, **variables) as first:
        await order_all(office, letters, in_batch="chunk" in point, files_per_call=2)
        await asyncio.to_thread(first.wait, 60)
    with signing_worker(office, *OWN_KEY, **variables):
        await assert_one_signature_each(office, letters)


@pytest.mark.seconds(300)
async def test_what_a_remote_provider_was_sent_is_not_sent_again_after_kill_9_until_the_head_says_so(
    office: Office, tmp_path: Path
) -> None:
    letters = await waiting_letters(office, 6)
    calls = tmp_path / "calls"
    remote = ("tests.durability.signing_process", str(calls), "2")

    async def all_were_sent() -> bool:
        return len(sent(calls)) == len(letters)

    with signing_worker(office, *remote) as first:
        await order_all(office, letters, in_batch=True, files_per_call=2)
        await asyncio.to_thread(first.wait, 60)
    assert len(sent(calls)) == 4, "it died in its second call"
    with signing_worker(office, *remote):
        doubtful = [case for case, task in letters if task.subject_sha256 in sent_in_call(calls, 2)]
        again = [(case, await returned_task(case)) for case in doubtful]
        await until(all_were_sent, "the rest of the batch", 60)
        assert sent(calls) == Counter(task.subject_sha256 for _, task in letters), "each was sent once, and no more"
        for case, task in again:
            assert "hasil di penyedia tidak diketahui" in task.instructions
            assert len(await case.events(Tag.SIGNATURE_UNKNOWN)) == 1
        await order_all(office, again, in_batch=True)
        await assert_one_signature_each(office, letters)
    assert sent(calls) == Counter(task.subject_sha256 for _, task in letters) + Counter(
        task.subject_sha256 for _, task in again
    )


@pytest.mark.seconds(300)
async def test_what_a_remote_provider_handed_back_before_kill_9_is_registered_and_not_asked_for_again(
    office: Office, tmp_path: Path
) -> None:
    letters = await waiting_letters(office, 3)
    calls = tmp_path / "calls"
    variables = {"SAKPORE_FAILPOINT": "sign_chunk:after", "SAKPORE_FAILPOINT_MARKS": str(tmp_path / "marks")}
    remote = ("tests.durability.signing_process", str(calls))
    with signing_worker(office, *remote, **variables) as first:
        await order_all(office, letters, in_batch=True)
        await asyncio.to_thread(first.wait, 60)
    assert await registered(office, letters) == Counter()
    with signing_worker(office, *remote, **variables):
        await assert_one_signature_each(office, letters)
    assert sent(calls) == Counter(task.subject_sha256 for _, task in letters)


def sent(calls: Path) -> Counter[str]:
    """How often each letter was sent to the provider, over all processes."""
    return Counter(letter for line in calls.read_text().splitlines() for letter in json.loads(line))


def sent_in_call(calls: Path, n: int) -> set[str]:
    return set(json.loads(calls.read_text().splitlines()[n - 1]))
