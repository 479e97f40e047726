"""Drafts, uploads, and the one transaction that submits."""

import asyncio

import pytest

from permits.application import ApplicationStatus, Delivery, DocumentVerdict, dossier_sha256
from permits.errors import Code, RuleError
from permits.steps import TaskClosed
from store.records import DraftChanges, NewAttachment, Records
from tests.store.builders import NOW, a_case, a_document, a_draft, a_step, a_submission, a_task, sha


def an_attachment(task_id: str = "tugas-1", sha256: str = "c" * 64) -> NewAttachment:
    return NewAttachment(
        task_id=task_id,
        kind="photo",
        sha256=sha256,
        content_type="image/jpeg",
        size=99,
        filename="lokasi-contoh.jpg",
        uploaded_by="tim-1",
        uploaded_at=NOW,
    )


async def test_drafts_are_numbered_within_the_year(records: Records) -> None:
    await a_draft(records)
    rows = await asyncio.gather(*(a_draft(records) for _ in range(5)), a_draft(records, year=2027))
    assert sorted(row.number for row in rows) == [*(f"PRM-2026-{n:06d}" for n in range(2, 7)), "PRM-2027-000001"]


async def test_a_draft_can_be_left_and_taken_up_again(records: Records) -> None:
    draft = await a_draft(records)
    await records.change_draft(draft.number, DraftChanges(data={"str_number": "STR-CONTOH-2"}))
    await records.change_draft(draft.number, DraftChanges(delivery=Delivery.EMAIL))
    row = await records.application(draft.number)
    assert (row.data, row.delivery, row.status) == ({"str_number": "STR-CONTOH-2"}, "email", "draft")


async def test_a_submitted_application_is_no_draft_any_more(records: Records) -> None:
    number = await a_case(records)
    for change in (records.change_draft(number, DraftChanges(data={})), records.discard_draft(number)):
        with pytest.raises(RuleError) as refused:
            await change
        assert refused.value.code is Code.NOT_A_DRAFT
    with pytest.raises(RuleError) as refused:
        await records.add_document(a_document(number))
    assert refused.value.code is Code.NOT_A_DRAFT


async def test_a_document_uploaded_again_is_the_next_version(records: Records) -> None:
    draft = await a_draft(records)
    first = await records.add_document(a_document(draft.number, sha256=sha("1")))
    same = await records.add_document(a_document(draft.number, sha256=sha("1")))
    second = await records.add_document(a_document(draft.number, sha256=sha("2")))
    assert (first.version, same, second.version) == (1, first, 2)
    assert await records.newest_documents(draft.number) == (second,)


async def test_uploads_at_once_get_different_versions(records: Records) -> None:
    draft = await a_draft(records)
    uploads = (records.add_document(a_document(draft.number, sha256=sha(letter))) for letter in "12345678")
    assert sorted(ref.version for ref in await asyncio.gather(*uploads)) == list(range(1, 9))


async def test_a_repair_adds_a_version_beside_the_judged_one(records: Records) -> None:
    draft = await a_draft(records)
    document = await records.add_document(a_document(draft.number))
    await records.submit(a_submission(draft, dossier_sha256=dossier_sha256(draft.data, (document,))))
    verdict = DocumentVerdict(requirement="ktp", verdict="repair", reason="Buram")
    await records.keep(a_step(draft.number, "repair", status=ApplicationStatus.WITH_APPLICANT, verdicts=(verdict,)))
    again = await records.add_document(a_document(draft.number))
    assert again.version == 2


async def test_a_submission_commits_everything_the_start_needs(records: Records) -> None:
    draft = await a_draft(records)
    await records.submit(a_submission(draft))
    row = await records.application(draft.number)
    assert (row.status, row.submitted_at, row.start_requested_at, row.started_at) == ("submitted", NOW, NOW, None)
    assert row.promise == {"received_on": "2026-03-13", "working_days": 5, "pauses": [], "extensions": []}
    [missing] = await records.starts_missing()
    assert (missing.number, missing.submission) == (draft.number, {"number": draft.number})


async def test_submitting_again_with_the_same_key_changes_nothing(records: Records) -> None:
    draft = await a_draft(records)
    first = await records.submit(a_submission(draft))
    again = await records.submit(a_submission(draft, tracking_code="OTHER"))
    assert again == first


async def test_submitting_again_with_another_key_is_refused(records: Records) -> None:
    draft = await a_draft(records)
    results = await asyncio.gather(
        *(records.submit(a_submission(draft, key)) for key in ("kunci-1", "kunci-2")), return_exceptions=True
    )
    [refused] = [result for result in results if isinstance(result, RuleError)]
    assert refused.code is Code.ALREADY_SUBMITTED


async def test_a_draft_changed_since_it_was_checked_is_not_submitted(records: Records) -> None:
    draft = await a_draft(records)
    checked = a_submission(draft)
    await records.add_document(a_document(draft.number))
    with pytest.raises(RuleError) as refused:
        await records.submit(checked)
    assert refused.value.code is Code.STALE_VERSION
    assert (await records.application(draft.number)).status == "draft"


async def test_a_started_case_is_not_started_again(records: Records) -> None:
    number = await a_case(records)
    await a_draft(records)
    await records.mark_started(number, NOW)
    await records.mark_started(number, NOW.replace(year=2030))
    assert await records.starts_missing() == []
    assert (await records.application(number)).started_at == NOW


async def test_a_discarded_draft_names_the_documents_nobody_else_has(records: Records) -> None:
    mine, other = await a_draft(records), await a_draft(records)
    for number, content in ((mine.number, sha("1")), (mine.number, sha("2")), (other.number, sha("2"))):
        await records.add_document(a_document(number, sha256=content))
    assert await records.discard_draft(mine.number) == (sha("1"),)
    with pytest.raises(RuleError) as refused:
        await records.application(mine.number)
    assert refused.value.code is Code.APPLICATION_NOT_FOUND


async def test_evidence_is_added_to_an_open_task_once(records: Records) -> None:
    number = await a_case(records)
    await records.keep(a_step(number, "open", task_opened=a_task("tugas-1")))
    first = await records.add_attachment(an_attachment())
    again = await records.add_attachment(an_attachment())
    assert first.id == again.id
    assert [row.number for row in await records.attachments_of(number)] == [number]


async def test_evidence_for_a_closed_or_unknown_task_is_refused(records: Records) -> None:
    number = await a_case(records)
    await records.keep(a_step(number, "open", task_opened=a_task("tugas-1")))
    closed = TaskClosed(id="tugas-1", status="cancelled", closed_at=NOW)
    await records.keep(a_step(number, "close", tasks_closed=(closed,)))
    for task_id, code in (("tugas-1", Code.TASK_CLOSED), ("unknown", Code.TASK_NOT_FOUND)):
        with pytest.raises(RuleError) as refused:
            await records.add_attachment(an_attachment(task_id))
        assert refused.value.code is code
