"""From drafting on the letter is what is judged: returned, rewritten, refused, and rendered the same however often."""

from __future__ import annotations

import pytest
from temporalio.testing import ActivityEnvironment

from activities.drafting import ComposeLetter, LetterDesk, RenderLetter
from permits.decisions import Drafted, ParafGiven, Refused, Returned
from permits.events import Tag
from tests.workflows.builders import a_definition, assessment, coordinator, drafting, paraf, sub_coordinator
from tests.workflows.case_file import Refusal
from tests.workflows.office import Office, settings_from
from tests.workflows.payloads import decoded_payloads
from worker.settings import MainSettings

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("desk", ["desk_check", "paraf", "signing"])
async def test_a_returned_letter_keeps_its_number_and_climbs_all_desks_again(office: Office, desk: str) -> None:
    case = await office.begin(a_definition(drafting(), sub_coordinator(), paraf()))
    returned = await case.go_on(desk)
    first = await case.letter()

    await case.decide(returned, Returned(reason="Alamat keliru"))
    await case.decide(await case.task("drafting"), Drafted(facts={"Catatan": "Alamat diperbaiki"}))
    asked_again = await case.task("desk_check")

    second = await case.letter()
    assert second.number_text == first.number_text
    assert second.sha256 != first.sha256
    assert asked_again.subject_sha256 == second.sha256
    await case.decide(asked_again)
    assert (await case.task("paraf")).subject_sha256 == second.sha256
    assert (await case.finish()).status == "issued"
    assert len(await case.events(Tag.LETTER_NUMBERED)) == 1
    assert (await case.events(Tag.PARAF_GIVEN))[-1].facts["letter_sha256"] == second.sha256
    signed = await office.records.signed_letter_of(case.number, "permit")
    assert signed is not None
    assert signed.letter_sha256 == second.sha256


async def test_a_paraf_on_the_letter_as_it_was_is_stale(office: Office) -> None:
    case = await office.begin(a_definition(drafting(), paraf()))
    await case.decide(old := await case.go_on("paraf"), Returned(reason="Keliru"))
    await case.decide(await case.task("drafting"), Drafted(facts={"Catatan": "Diperbaiki"}))
    task = await case.task("paraf")

    with pytest.raises(Refusal) as refused:
        await case.send(case.decision(task, ParafGiven(), seen=old.subject_sha256))

    assert (refused.value.code, refused.value.facts["current"]) == ("stale-version", task.subject_sha256)


async def test_a_return_needs_a_reason(office: Office) -> None:
    case = await office.begin(a_definition(drafting(), paraf()))
    task = await case.go_on("paraf")

    with pytest.raises(Refusal) as refused:
        await case.decide(task, Returned(reason="  "))

    assert refused.value.code == "reason-missing"


async def test_a_rejection_passes_all_desks_and_is_signed_and_delivered_under_its_own_series(office: Office) -> None:
    case = await office.begin(a_definition(assessment(), drafting(), sub_coordinator(), coordinator(), paraf()))
    await case.decide(await case.go_on("assessment"), Refused(reasons=("Lokasi tidak sesuai",)))

    row = await case.finish()

    assert (row.status, row.product) == ("rejected", "rejection")
    (letter,) = await office.records.letters_of(case.number)
    assert (letter.purpose, letter.series, letter.status) == ("rejection", "TOLAK", "issued")
    kinds = [task.kind for task in await office.records.tasks_of(case.number)]
    assert kinds == ["verification", "assessment", "drafting", "desk_check", "desk_check", "paraf", "signing"]
    assert (await office.records.signed_letter_of(case.number, "rejection")) is not None
    sent = await _mail_about(office, case.number, "Permohonan Anda ditolak")
    assert sent == 1


async def test_composing_and_rendering_a_letter_again_gives_the_same_bytes(office: Office) -> None:
    case = await office.begin(a_definition())
    task = await case.go_on("signing")
    composing, rendering = [
        payload.data
        for event in await case.raw_history()
        for name in ("compose_letter", "render_letter")
        if event.get("activityTaskScheduledEventAttributes", {}).get("activityType", {}).get("name") == name
        for payload in await decoded_payloads(office, event["activityTaskScheduledEventAttributes"]["input"])
    ]
    compose, render = ComposeLetter.model_validate_json(composing), RenderLetter.model_validate_json(rendering)
    settings = settings_from(MainSettings, office.environment)
    base = settings.public_base_url
    desk = LetterDesk(
        office.records, office.documents, base, settings.qr_key_bytes, settings.demo_authority, settings.mark
    )

    composed = await ActivityEnvironment().run(desk.compose_letter, compose)
    rendered = await ActivityEnvironment().run(desk.render_letter, render)

    assert composed.input_sha256 == render.input_sha256
    assert rendered.sha256 == task.subject_sha256
    assert len(await case.events(Tag.LETTER_DRAFTED)) == 1


async def _mail_about(office: Office, number: str, subject: str) -> int:
    texts = [file.read_text(errors="replace") for file in (office.folder / "mail").rglob("*") if file.is_file()]
    return sum(1 for text in texts if f"Subject: {subject} ({number})" in text)


async def test_a_draft_that_no_letter_can_hold_comes_back_to_be_written_again(office: Office) -> None:
    full = a_definition(drafting())
    full = full.model_copy(update={"letter": full.letter.model_copy(update={"conditions": ("syarat",) * 200})})
    case = await office.begin(full)
    too_much = await case.go_on("drafting")
    await case.decide(too_much, Drafted(conditions=("satu lagi",)))

    again = await case.task("drafting")

    assert again.id != too_much.id
    assert "susun ulang" in again.instructions
    await case.decide(again, Drafted())
    assert (await case.finish()).status == "issued"
    assert len(await case.events(Tag.LETTER_NUMBERED)) == 1


async def test_a_withdrawal_ends_a_case_whose_letter_cannot_be_written(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(self: LetterDesk, order: ComposeLetter) -> None:
        raise RuntimeError("the store of templates is away")

    monkeypatch.setattr(LetterDesk, "_compose", broken)
    case = await office.begin(a_definition(drafting()))
    await case.decide(await case.go_on("drafting"), Drafted())

    await case.withdraw()

    assert (await case.closed()).status == "withdrawn"
    assert (await case.letter()).status == "batal"
