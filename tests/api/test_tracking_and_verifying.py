"""What the public sees: where a case stands, and whether a letter is ours."""

from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from permits.authority import Role
from permits.decisions import TaskKind
from permits.events import Tag
from permits.steps import Step
from signing.qr import verification_code
from tests.api.cases import a_letter, a_repair, an_event, issue_letter, open_task, sign_letter
from tests.api.conftest import Api
from tests.api.filing import PERMIT_TYPE, a_case, a_pdf


async def code_of(client: httpx.AsyncClient, number: str) -> str:
    return str((await client.get(f"/api/v1/applications/{number}")).json()["tracking_code"])


async def test_a_tracking_code_opens_its_case_without_a_log_in_and_without_names(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_case(api, client)
    await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
    code = await code_of(client, number)
    typed = f" {code[:4].lower()} {code[4:8]}-{code[8:]}"
    view = (await api.anonymous().get(f"/api/v1/tracking/{typed}")).json()
    assert view["number"] == number
    assert (view["waiting_kind"], view["waiting_for"]) == ("desk", "Front Office")
    assert view["promised_on"] == "2026-03-27"
    assert (view["late"], view["paused"], view["compressed_pace"]) == (False, False, False)
    page = await api.anonymous(Accept="text/html").get(f"/lacak/{code}")
    assert page.status_code == 200
    assert "Sedang dikerjakan Front Office" in page.text
    for text in (page.text, str(view)):
        assert "Contoh Pemohon" not in text and "Contoh uraian" not in text


async def test_the_steps_are_told_in_sentences_newest_first(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_case(api, client)
    await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
    view = (await api.anonymous().get(f"/api/v1/tracking/{await code_of(client, number)}")).json()
    assert [step["title"] for step in view["steps"]] == ["Pemeriksaan kelengkapan berkas", "Permohonan diterima"]
    assert view["steps"][0]["holder"] == "Front Office"
    sentences = [event["sentence"] for step in view["steps"] for event in step["events"]]
    assert sentences[-1] == "Permohonan diajukan dengan berkas lengkap."
    assert any(
        sentence.startswith("Menunggu Front Office; batasnya Sabtu 14 Maret 2026 pukul") for sentence in sentences
    )


async def test_a_repair_says_which_document_and_why(api: Api) -> None:
    client = await api.as_("pemohon")
    number, _, _ = await a_repair(api, client)
    view = (await api.anonymous().get(f"/api/v1/tracking/{await code_of(client, number)}")).json()
    assert view["waiting_kind"] == "applicant"
    assert [repair["reason"] for repair in view["repairs"]] == ["Halaman kedua tidak terbaca."]
    page = (await api.anonymous().get(f"/lacak/{await code_of(client, number)}")).text
    assert "Satu berkas" in page and "Halaman kedua tidak terbaca." in page


async def test_a_case_past_its_due_time_is_late(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_case(api, client)
    await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
    code = await code_of(client, number)
    api.clock.advance(days=2)
    assert (await api.anonymous().get(f"/api/v1/tracking/{code}")).json()["late"] is True


async def test_a_demonstration_that_lies_open_for_a_day_still_has_its_page(api: Api) -> None:
    pace = {"sakpore_pace_seconds": 1.0, "sakpore_pace_office_date": date(2026, 3, 2)}
    api.services.settings = api.settings.model_copy(update=pace)
    client = await api.as_("pemohon")
    number = await a_case(api, client)
    code = await code_of(client, number)
    api.clock.advance(days=1)
    page = await api.anonymous().get(f"/lacak/{code}")
    assert page.status_code == 200
    assert "waktu dipercepat" in page.text


@pytest.mark.parametrize("code", ["0000000000000000", "pendek", "x" * 500, "%00", "'; drop table", "../../etc"])
async def test_an_unknown_code_is_not_found(api: Api, code: str) -> None:
    answer = await api.anonymous().get(f"/api/v1/tracking/{code}")
    assert (answer.status_code, answer.json()["code"]) in ((404, "code-not-found"), (404, "not-found"))
    page = await api.anonymous(Accept="text/html").get(f"/lacak/{code}")
    assert page.status_code == 404
    assert page.headers["content-type"].startswith("text/html")


async def test_the_form_of_the_home_page_leads_to_the_case(api: Api) -> None:
    client = api.anonymous(Accept="text/html")
    assert (await client.get("/")).status_code == 200
    found = await client.get("/lacak", params={"kode": "7q2m zk4x wb3f j5t8"})
    assert (found.status_code, found.headers["location"]) == (303, "/lacak/7Q2MZK4XWB3FJ5T8")
    wrong = await client.get("/lacak", params={"kode": "<script>"})
    assert wrong.status_code == 422
    assert "<script>" not in wrong.text


async def released(api: Api, permit_type: str = PERMIT_TYPE) -> tuple[str, str, bytes]:
    client = await api.as_("pemohon")
    number = await a_case(api, client, permit_type)
    sha256, pdf = await a_letter(api, number, permit_type)
    await api.records.keep(Step(number=number, events=(an_event(api, "p", Tag.PARAF_GIVEN),), product="permit"))
    signed = await sign_letter(api, number, sha256, pdf)
    row = await api.records.application(number)
    return number, verification_code(row.verification_id or "", api.settings.qr_key_bytes), signed


async def test_a_letter_is_not_shown_before_it_is_issued_and_then_it_is_valid(api: Api) -> None:
    number, code, _ = await released(api)
    client = api.anonymous()
    before = (await client.get(f"/api/v1/verifications/{code}")).json()
    assert before["state"] == "BELUM_TERBIT"
    assert before["holder_name"] is None and before["signed_at"] is None
    await issue_letter(api, number)
    after = (await client.get(f"/api/v1/verifications/{code}")).json()
    assert after["state"] == "SAH"
    assert after["holder_name"] == "Contoh Pemohon"
    assert (after["signer_name"], after["signer_title"], after["level"]) == ("Contoh Kepala", "Kepala Dinas", "B-LTA")
    page = await client.get(f"/v/{code}")
    assert page.status_code == 200 and "Surat ini asli dan masih berlaku." in page.text
    applicant = await api.as_("pemohon")
    view = (await client.get(f"/api/v1/tracking/{await code_of(applicant, number)}")).json()
    assert view["verification_url"] == f"http://localhost:8080/v/{code}"
    assert view["download_url"] == f"/permohonan/{number}/surat"


async def test_a_letter_past_its_time_has_expired(api: Api) -> None:
    number, code, _ = await released(api, "izin-reklame-tetap")
    await issue_letter(api, number)
    address = f"/api/v1/verifications/{code}"
    api.clock.now = datetime(2027, 3, 16, 3, 0, tzinfo=UTC)
    on_its_last_day = (await api.anonymous().get(address)).json()
    assert (on_its_last_day["state"], on_its_last_day["valid_until"]) == ("SAH", "2027-03-16")
    api.clock.advance(days=1)
    assert (await api.anonymous().get(address)).json()["state"] == "KEDALUWARSA"


async def test_the_page_of_a_code_answers_from_the_register_and_judges_no_file(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def judged(*_: object) -> None:
        raise AssertionError("a file was judged")

    monkeypatch.setattr(api.services.verifying, "judge", judged)
    number, code, _ = await released(api)
    await issue_letter(api, number)
    for address in (f"/v/{code}", f"/api/v1/verifications/{code}"):
        answer = await api.anonymous().get(address)
        assert answer.status_code == 200 and "Contoh Pemohon" in answer.text


async def test_a_code_that_we_did_not_make_is_unknown(api: Api) -> None:
    _, code, _ = await released(api)
    foreign = f"{code.partition('.')[0]}.aaaaaaaaaaaaaaaa"
    for invented in (foreign, "x", "a.b", "%00", "é.é"):
        answer = await api.anonymous().get(f"/api/v1/verifications/{invented}")
        assert answer.json()["state"] == "TIDAK_DIKENAL"
        page = await api.anonymous().get(f"/v/{invented}")
        assert page.status_code == 404 and "TIDAK DIKENAL" in page.text


async def test_without_trust_anchors_no_file_can_be_judged(api: Api) -> None:
    answer = await api.anonymous().post("/api/v1/verifications", files={"file": ("a.pdf", a_pdf())})
    assert (answer.status_code, answer.json()["code"]) == (503, "verification-unavailable")


@pytest.mark.parametrize(
    "sent",
    [
        {"content": b"", "headers": {"Content-Type": "application/pdf"}},
        {"files": {"file": ("a.pdf", b"")}},
        {"files": {"lain": ("a.pdf", b"x")}},
    ],
)
async def test_nothing_is_no_file(api: Api, sent: dict[str, Any]) -> None:
    answer = await api.anonymous().post("/api/v1/verifications", **sent)
    assert (answer.status_code, answer.json()["code"]) in ((422, "file-empty"), (422, "file-missing"))


async def test_a_file_over_the_limit_is_refused(api: Api) -> None:
    api.services.settings = api.settings.model_copy(update={"verification_limit_bytes": 1000})
    sent = {"content": b"%PDF" + bytes(2000), "headers": {"Content-Type": "application/pdf"}}
    answer = await api.anonymous().post("/api/v1/verifications", **sent)
    assert (answer.status_code, answer.json()["code"]) == (413, "file-too-large")


async def test_the_upload_form_needs_its_own_token(api: Api) -> None:
    client = api.anonymous(Accept="text/html")
    assert (await client.post("/v", files={"pdf": ("a.pdf", a_pdf())})).status_code == 403
    await client.get("/v")
    token = client.cookies["sakpore_form"]
    empty = await client.post("/v", files={"pdf": ("a.pdf", b"")}, data={"csrf_token": token})
    assert empty.status_code == 422 and "kosong" in empty.text


async def test_the_catalogue_is_open_to_everybody(api: Api) -> None:
    client = api.anonymous()
    listed = (await client.get("/api/v1/permit-types")).json()["items"]
    assert {"sip-fisioterapis", "izin-penelitian", "izin-reklame-tetap"} <= {item["code"] for item in listed}
    page = (await client.get("/api/v1/permit-types/sip-fisioterapis")).json()
    assert page["promise_working_days"] == 5
    assert len([item for item in page["requirements"]]) >= 12
    missing = await client.get("/api/v1/permit-types/tidak-ada")
    assert (missing.status_code, missing.json()["code"]) == (404, "permit-type-not-found")
