"""From a draft to a submission, over HTTP alone."""

import asyncio
from datetime import date

from permits.definition import Variant
from tests.api.conftest import Api
from tests.api.filing import PERMIT_TYPE, a_case, a_complete_draft, a_draft, a_pdf, answers, definition, upload


async def test_a_complete_draft_is_submitted_and_its_case_is_started(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_complete_draft(client)
    answer = await client.post(f"/api/v1/applications/{number}/submission")
    assert answer.status_code == 201, answer.text
    receipt = answer.json()
    assert receipt["number"] == number
    assert receipt["promised_on"] == "2026-03-27"
    assert [line["ordinal"] for line in receipt["arithmetic"] if line["counts"]] == [1, 2, 3, 4, 5]
    assert receipt["tracking_url"] == f"http://localhost:8080/lacak/{receipt['tracking_code']}"
    assert [submission.number for submission in api.engine.started] == [number]
    assert await api.records.event_chain_is_whole(number)


async def test_the_workflow_input_holds_no_answer_of_the_form(api: Api) -> None:
    client = await api.as_("pemohon")
    await a_case(api, client)
    assert "Contoh uraian" not in api.engine.started[0].model_dump_json()
    assert "Contoh Pemohon" not in api.engine.started[0].model_dump_json()


async def test_a_submission_while_the_engine_is_away_is_kept_for_the_reconciler(api_without_engine: Api) -> None:
    client = await api_without_engine.as_("pemohon")
    number = await a_complete_draft(client)
    answer = await client.post(f"/api/v1/applications/{number}/submission")
    assert answer.status_code == 202
    assert answer.json()["started"] is False
    assert [missing.number for missing in await api_without_engine.records.starts_missing()] == [number]
    page = await client.get(f"/lacak/{answer.json()['tracking_code']}")
    assert page.status_code == 200


async def test_a_draft_without_a_required_document_is_not_submitted(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    answer = await client.post(f"/api/v1/applications/{number}/submission")
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "document-missing"
    wanted = definition().requirements_of(Variant.NEW)
    assert set(problem["documents"]) == {item.code for item in wanted if item.required}
    assert api.engine.started == []


async def test_a_second_submit_is_refused(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_case(api, client)
    answer = await client.post(f"/api/v1/applications/{number}/submission")
    assert (answer.status_code, answer.json()["code"]) == (409, "already-submitted")


async def test_the_same_submission_key_gets_the_same_answer(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_complete_draft(client)
    headers = {"Idempotency-Key": "kunci-1"}
    first = await client.post(f"/api/v1/applications/{number}/submission", headers=headers)
    second = await client.post(f"/api/v1/applications/{number}/submission", headers=headers)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()


async def test_twenty_submissions_at_once_start_one_case(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_complete_draft(client)
    asked = [client.post(f"/api/v1/applications/{number}/submission") for _ in range(20)]
    statuses = sorted(answer.status_code for answer in await asyncio.gather(*asked))
    assert statuses == [201] + [409] * 19
    assert len(api.engine.started) == 1


async def test_the_same_key_creates_one_draft_and_another_body_under_it_is_refused(api: Api) -> None:
    client = await api.as_("pemohon")
    headers = {"Idempotency-Key": "buat-1"}
    body = {"permit_type": PERMIT_TYPE, "data": answers(definition())}
    first, second = [await client.post("/api/v1/applications", json=body, headers=headers) for _ in range(2)]
    assert first.json()["number"] == second.json()["number"]
    other = await client.post("/api/v1/applications", json=body | {"delivery": "email"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    listed = (await client.get("/api/v1/applications")).json()
    assert listed["total"] == 1


async def test_a_submitted_application_takes_no_new_documents(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_case(api, client)
    code = definition().requirements[0].code
    answer = await upload(client, number, code, a_pdf(text="lain"))
    assert (answer.status_code, answer.json()["code"]) == (409, "not-a-draft")
    change = await client.patch(f"/api/v1/applications/{number}", json={"delivery": "email"})
    assert (change.status_code, change.json()["code"]) == (409, "not-a-draft")


async def test_a_draft_is_changed_left_and_resumed(api: Api) -> None:
    number = await a_draft(await api.as_("pemohon"), data={})
    client = await api.as_("pemohon")
    question = definition().form[0].code
    changed = await client.patch(f"/api/v1/applications/{number}", json={"data": {question: "Contoh isian"}})
    assert changed.json()["data"] == {question: "Contoh isian"}
    assert (await client.get(f"/api/v1/applications/{number}")).json()["data"] == {question: "Contoh isian"}


async def test_somebody_elses_draft_does_not_exist(api: Api) -> None:
    number = await a_draft(await api.as_("pemohon"))
    for other in ("tetangga", "depan", "kepala"):
        answer = await (await api.as_(other)).get(f"/api/v1/applications/{number}")
        assert (answer.status_code, answer.json()["code"]) == (404, "application-not-found")


async def test_the_pace_of_a_demonstration_travels_in_the_input(api: Api) -> None:
    pace = {"sakpore_pace_seconds": 2.0, "sakpore_pace_office_date": date(2026, 3, 2)}
    api.services.settings = api.settings.model_copy(update=pace)
    await a_case(api, await api.as_("pemohon"))
    pace = api.engine.started[0].pace
    assert pace.seconds_per_working_day == 2.0
    assert pace.started_at == api.clock.now


async def test_a_discarded_draft_is_gone_with_its_documents(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    code = definition().requirements[0].code
    sha256 = (await upload(client, number, code)).json()["sha256"]
    assert (await client.delete(f"/api/v1/applications/{number}")).status_code == 204
    assert (await client.get(f"/api/v1/applications/{number}")).status_code == 404
    assert not await api.services.documents.exists_document(sha256)
