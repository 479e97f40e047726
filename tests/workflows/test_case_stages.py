"""A case goes forward through every kind of stage; operators can follow it, and only with the codec read its words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
import pytest_asyncio

from permits.events import Tag
from sakpore.people import APPLICANTS, PASSPHRASE
from store.tables import TaskRow
from tests.workflows.builders import every_stage
from tests.workflows.case_file import CaseFile
from tests.workflows.office import Office
from tests.workflows.payloads import decoded_payloads, raw_payloads
from tests.workflows.waiting import until
from workflows.messages import recommendation_workflow_id

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANSWER = "Klinik Contoh Nomor 7781"
FINDINGS = "Sesuai gambar."


@dataclass
class Travel:
    """A case that went through every stage, and what operators saw at each task."""

    case: CaseFile
    seen: list[tuple[TaskRow, dict[str, Any]]] = field(default_factory=list)

    async def unseen(self) -> list[TaskRow]:
        """Open tasks that were not decided yet."""
        decided = {task.id for task, _ in self.seen}
        return [task for task in await self.case.open_tasks() if task.id not in decided]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def travel(open_office: Office) -> Travel:
    case = await open_office.begin(every_stage(), data={"practice_name": ANSWER})
    travel = Travel(case)
    while not (await case.row()).closed_at:
        # The inbox trails the engine by a step: what was decided may lie there until the next desk is asked.
        for task in await travel.unseen():
            travel.seen.append((task, await _shown(case, task)))
            await case.decide(task)

        async def something() -> bool:
            return bool(await travel.unseen()) or bool((await case.row()).closed_at)

        await until(something, "the next task or the end")
    return travel


async def _shown(case: CaseFile, task: TaskRow) -> dict[str, Any]:
    """The engine shows a task right after it is written."""

    async def look() -> dict[str, Any] | None:
        shown = await case.searched_by(task.workflow_id)
        return shown if shown.get("JatuhTempo") == task.due_at and shown["Tahap"] == task.stage else None

    return await until(look, f"{task.id} in the search attributes")


async def test_a_case_with_every_kind_of_stage_ends_in_an_issued_permit(travel: Travel, office: Office) -> None:
    case = travel.case
    assert (await case.row()).status == "issued"
    stages = await office.records.stages_of(case.number)
    assert [stage.kind for stage in stages] == [stage.kind for stage in case.submission.definition.stages]
    assert all(stage.left_at for stage in stages)
    assert await office.records.event_chain_is_whole(case.number)
    assert len(await case.events(Tag.SIGNATURE_REGISTERED)) == 1
    verified = (await case.event(Tag.SIGNATURE_VERIFIED)).facts
    assert (verified["verdict"], verified["level"]) == ("SAH", "B-LTA")


async def test_every_letter_of_the_case_has_an_issued_number(travel: Travel, office: Office) -> None:
    letters = await office.records.letters_of(travel.case.number)

    purposes = {letter.purpose for letter in letters}
    assert purposes == {
        *("minutes-inspection", "minutes-meeting", "opd-request-bappeda", "opd-request-dpupr", "skrd", "permit")
    }
    assert {letter.status for letter in letters} == {"issued"}


async def test_every_task_is_opened_and_decided_once_in_the_record(travel: Travel) -> None:
    opened = await travel.case.events(Tag.TASK_OPENED, Tag.OPD_ASKED)
    decided = await travel.case.events(Tag.TASK_DECIDED, Tag.OPD_ANSWERED)

    tasks = {task.id for task, _ in travel.seen}
    assert {line.facts["task"] for line in opened if "task" in line.facts} == tasks
    assert sorted(line.facts["task"] for line in decided) == sorted(tasks)


async def test_operators_see_stage_holder_and_due_date_of_every_task_in_clear(travel: Travel) -> None:
    for task, shown in travel.seen:
        assert shown == {
            "Tahap": task.stage,
            "Menunggu": task.holder,
            "JatuhTempo": task.due_at,
            "JenisIzin": "izin-contoh",
        }


async def test_a_closed_case_shows_that_nobody_holds_it(travel: Travel) -> None:
    assert await travel.case.searched_by() == {"Tahap": "Selesai", "Menunggu": "-", "JenisIzin": "izin-contoh"}


async def test_no_raw_history_tells_who_asks_or_what_was_answered(travel: Travel) -> None:
    applicant = APPLICANTS[0]
    secrets = [applicant.name, applicant.nik or "", ANSWER, PASSPHRASE, applicant.email, FINDINGS]
    for workflow_id in _workflows(travel):
        events = await travel.case.raw_history(workflow_id)
        raw = str(events).encode() + b"".join(payload.data for payload in raw_payloads(events))
        assert not [secret for secret in secrets if secret.encode() in raw]


async def test_even_a_decoded_history_holds_no_nik_no_answer_no_address_and_no_passphrase(
    travel: Travel, office: Office
) -> None:
    applicant = APPLICANTS[0]
    histories = [await travel.case.raw_history(workflow_id) for workflow_id in _workflows(travel)]
    words = b"".join(payload.data for payload in await decoded_payloads(office, histories))

    assert FINDINGS.encode() in words, "the words can be read at all"
    secrets = [applicant.nik or "", ANSWER, PASSPHRASE, applicant.address or "", applicant.email]
    assert not [secret for secret in secrets if secret.encode() in words]


async def test_summaries_are_words_that_only_the_codec_gives(travel: Travel, office: Office) -> None:
    events = await travel.case.raw_history()
    summaries = [event["userMetadata"]["summary"] for event in events if "userMetadata" in event]
    sealed = raw_payloads(summaries)
    opened = await decoded_payloads(office, summaries)

    assert all(payload.metadata["encoding"] == b"binary/sakpore-aes-gcm" for payload in sealed)
    words = [payload.data.decode() for payload in opened]
    assert '"Tanda tangan elektronik kepala dinas"' in words
    assert '"Paraf Kepala Bidang: menunggu Kepala Bidang"' in words


async def test_no_id_or_memo_names_a_person(travel: Travel, office: Office) -> None:
    for workflow_id in _workflows(travel):
        description = await office.client.get_workflow_handle(workflow_id).describe()
        assert dict(description.raw_description.workflow_execution_info.memo.fields) == {}
        assert workflow_id.startswith(travel.case.number)
    assert travel.case.number.startswith("PRM-")


def _workflows(travel: Travel) -> tuple[str, ...]:
    number = travel.case.number
    children = [recommendation_workflow_id(number, opd, 1) for opd in ("bappeda", "dpupr")]
    return (number, *children)
