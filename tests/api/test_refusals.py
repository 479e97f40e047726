"""Every refusal has its words, and nothing that was sent comes back in one."""

import json
from pathlib import Path

import pytest
import yaml
from google.protobuf import json_format
from sqlalchemy.exc import OperationalError
from temporalio.api.common.v1 import Payload, Payloads

from activities.delivery import TEMPLATES
from api.layers import CONTENT_POLICY
from api.problems import TABLE, ApiCode, ProblemTable
from api.sentences import SENTENCES, Sentences
from api.settings import ApiSettings
from permits.decision_rules import POSSIBLE
from permits.errors import Code
from permits.events import Tag
from tests.api.conftest import Api
from tests.api.filing import a_case, a_draft
from workflows.codec import EncryptedPayloads, PayloadKeys

EXAMPLES = {
    "holder": "Front Office",
    "who": "coordinator",
    "due_at": "2026-12-08T09:00:00+00:00",
    "decision": "forward",
    "reason": "repair",
    "title": "Contoh",
    "requirement": "ktp",
    "role": "coordinator",
    "amount_rupiah": 1995000,
    "number_text": "503/0001",
    "code": "wrong_passphrase",
    "verdict": "SAH",
    "product": "permit",
    "status": "issued",
}


def test_every_code_has_its_words() -> None:
    assert ProblemTable().missing == frozenset()


def test_no_words_are_left_of_a_code_that_is_gone() -> None:
    assert set(yaml.safe_load(TABLE.read_text())) == {code.value for code in (*Code, *ApiCode)}


@pytest.mark.parametrize("code", [code.value for code in (*Code, *ApiCode)])
def test_every_sentence_reads_without_its_facts(code: str) -> None:
    body = ProblemTable().body(code, {}, "http://localhost:8080", "r")
    assert body["detail"].endswith(".") and "{" not in body["detail"]
    assert body["title"] and body["status"] == ProblemTable().status(code)


def test_every_tag_has_its_sentence() -> None:
    assert Sentences().missing == frozenset()
    assert set(yaml.safe_load(SENTENCES.read_text())) - {"_words"} == {tag.value for tag in Tag}


@pytest.mark.parametrize("tag", list(Tag))
def test_every_event_reads_with_and_without_its_facts(tag: Tag) -> None:
    for facts in ({}, EXAMPLES):
        sentence = Sentences().sentence(tag, facts, {"ktp": "Kartu tanda penduduk"})
        assert sentence.endswith(".") and "{" not in sentence
        assert sentence[0].isupper() and "2026-12" not in sentence


def test_a_sentence_speaks_of_people_and_not_of_codes() -> None:
    sentence = Sentences().sentence(Tag.OPD_ESCALATED, EXAMPLES | {"holder": "Dinas Kesehatan"})
    assert sentence == "Dinas Kesehatan belum menjawab sampai batas waktunya; kami memberi tahu koordinator."
    returned = Sentences().sentence(
        Tag.DOCUMENT_RETURNED, {"requirement": "ktp", "reason": "Buram."}, {"ktp": "Kartu tanda penduduk"}
    )
    assert returned == "Satu berkas perlu diperbaiki: Kartu tanda penduduk. Alasannya: Buram."


async def test_broken_json_is_told_apart_from_wrong_json(api: Api) -> None:
    client = await api.as_("pemohon")
    headers = {"Content-Type": "application/json"}
    for content in (b'{"permit_type":', b"", b"\xff\xfe", b"[" * 100_000):
        answer = await client.post("/api/v1/applications", content=content, headers=headers)
        assert answer.json()["code"] in ("invalid-json", "invalid-request"), content[:20]
        assert answer.status_code in (400, 422)
    assert (await client.post("/api/v1/applications", content=b"{", headers=headers)).json()["code"] == "invalid-json"


async def test_a_wrong_field_is_named_and_its_value_is_not(api: Api) -> None:
    client = await api.as_("pemohon")
    body = {"permit_type": "RAHASIA-3375", "variant": "RAHASIA-3375", "RAHASIA-3375": 1}
    answer = await client.post("/api/v1/applications", json=body)
    assert answer.status_code == 422
    assert answer.json()["fields"] == ["body", "body.permit_type", "body.variant"]
    assert "RAHASIA" not in answer.text


async def test_a_name_that_the_sender_made_up_is_not_said_again(api: Api) -> None:
    client = await api.as_("pemohon")
    made_up = {"nik3375": 1, "data": {"nik3375": 7, "x": ["y"]}, "permit_type": "sip-fisioterapis"}
    answer = await client.post("/api/v1/applications", json=made_up)
    assert (answer.status_code, answer.json()["fields"]) == (422, ["body", "body.data"])
    assert "nik3375" not in answer.text
    number = await a_draft(client)
    for address in ("documents/nik-3375", "letters/nik-3375"):
        missing = await client.get(f"/api/v1/applications/{number}/{address}")
        assert missing.status_code == 404 and "3375" not in missing.text
    upload = await client.put(f"/api/v1/applications/{number}/documents/nik-3375", files={"file": ("a.pdf", b"x")})
    assert upload.status_code == 404 and "3375" not in upload.text


async def test_a_page_of_a_list_is_named_where_it_is_wrong(api: Api) -> None:
    client = await api.as_("pemohon")
    answer = await client.get("/api/v1/applications", params={"limit": 0, "after": "PRM-2026-000001\n"})
    assert answer.json()["fields"] == ["query.after", "query.limit"]
    keyed = await client.post("/api/v1/applications", json={}, headers={"Idempotency-Key": "a b"})
    assert "header.Idempotency-Key" in keyed.json()["fields"]


async def test_a_json_body_of_many_megabytes_is_refused(api: Api) -> None:
    answer = await api.anonymous().post("/api/v1/sessions", json={"email": "a" * 3_000_000, "password": "x"})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


async def test_an_unknown_address_and_a_wrong_method_are_problems(api: Api) -> None:
    client = api.anonymous()
    missing = await client.get("/api/v1/tidak-ada")
    assert (missing.status_code, missing.json()["code"]) == (404, "not-found")
    wrong = await client.delete("/api/v1/permit-types")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method-not-allowed")
    assert wrong.headers["allow"] == "GET, HEAD"
    page = await api.anonymous(Accept="text/html").get("/tidak-ada")
    assert page.status_code == 404 and page.headers["content-type"].startswith("text/html")


async def test_an_unknown_number_is_not_found(api: Api) -> None:
    client = await api.as_("depan")
    for number in ("PRM-2026-999999", "1", "%00", "PRM-2026-0000001"):
        answer = await client.get(f"/api/v1/applications/{number}")
        assert (answer.status_code, answer.json()["code"]) == (404, "application-not-found")


async def test_a_bug_is_told_by_its_request_id_and_nothing_else(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken() -> None:
        raise KeyError("rahasia")

    monkeypatch.setattr(api.services.calendar, "current", broken)
    answer = await api.anonymous(**{"X-Request-Id": "permintaan-1"}).get("/api/v1/permit-types")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert answer.json()["instance"] == "urn:sakpore:request:permintaan-1"
    assert "rahasia" not in answer.text
    assert answer.headers["x-request-id"] == "permintaan-1"
    assert any(getattr(record, "request_id", "") == "permintaan-1" for record in caplog.records)


async def test_a_store_that_is_away_is_503(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away() -> None:
        raise OperationalError("select", {}, Exception("connection refused"))

    monkeypatch.setattr(api.services.calendar, "current", away)
    answer = await api.anonymous().get("/api/v1/permit-types")
    assert (answer.status_code, answer.json()["code"]) == (503, "store-unavailable")


async def test_every_answer_carries_the_security_headers(api: Api) -> None:
    for address in ("/", "/api/health", "/api/v1/tidak-ada", "/v", "/masuk"):
        headers = (await api.anonymous().get(address)).headers
        assert headers["content-security-policy"] == CONTENT_POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert headers["x-request-id"]


async def test_assets_are_kept_by_the_browser(api: Api) -> None:
    names = json.loads((Path(__file__).parents[2] / "web" / "dist" / "manifest.json").read_text())
    answer = await api.anonymous().get(f"/assets/{names['sakpore.css']}")
    assert answer.status_code == 200
    assert "immutable" in answer.headers["cache-control"]
    assert (await api.anonymous().get("/assets/../main.py")).status_code == 404


async def test_the_type_of_a_problem_leads_to_a_page_about_it(api: Api) -> None:
    client = api.anonymous()
    page = await client.get("/masalah/stale-version")
    assert page.status_code == 200 and "Isinya sudah berubah" in page.text
    assert (await client.get("/masalah/tidak-ada")).status_code == 404


async def test_the_description_is_openapi_31_and_names_problems(api: Api) -> None:
    described = (await api.anonymous().get("/api/openapi.json")).json()
    assert described["openapi"].startswith("3.1")
    answers = described["paths"]["/api/v1/tasks/{task_id}/decision"]["post"]["responses"]
    assert "application/problem+json" in answers["default"]["content"]


async def test_an_operator_reads_payloads_from_the_engines_own_pages(api: Api) -> None:
    keys = PayloadKeys.parse(api.settings.payload_keys.get_secret_value())
    plain = Payload(metadata={"encoding": b"json/plain"}, data=b'"Contoh"')
    sealed = await EncryptedPayloads(keys).encode([plain])
    damaged = Payload(metadata=sealed[0].metadata, data=b"rusak")
    body = json_format.MessageToJson(Payloads(payloads=[*sealed, damaged]))
    client = api.anonymous(Origin="http://localhost:8233")
    await client.post("/api/v1/sessions", json={"email": "ops@contoh.invalid", "password": "kata-sandi-contoh"})
    answer = await client.post("/api/v1/codec/decode", content=body)
    assert answer.status_code == 200
    opened = json_format.Parse(answer.text, Payloads())
    assert list(opened.payloads) == [plain, damaged]
    assert answer.headers["access-control-allow-origin"] == "http://localhost:8233"
    assert answer.headers["access-control-allow-credentials"] == "true"
    stranger = await client.post("/api/v1/codec/decode", content=body, headers={"Origin": "http://jahat.invalid"})
    assert (stranger.status_code, stranger.json()["code"]) == (403, "csrf-failed")
    assert "access-control-allow-origin" not in stranger.headers


async def test_nobody_but_an_operator_reads_payloads(api: Api) -> None:
    for person in ("kepala", "pemohon", "depan"):
        answer = await (await api.as_(person)).post("/api/v1/codec/decode", json={"payloads": []})
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")
    preflight = await api.anonymous(Origin="http://localhost:8233").options("/api/v1/codec/decode")
    assert preflight.headers["access-control-allow-origin"] == "http://localhost:8233"


async def test_a_citizen_is_told_nothing_of_the_engine(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_case(api, client)
    for person in ("pemohon", "kepala"):
        answer = await (await api.as_(person)).get(f"/api/v1/applications/{number}/engine")
        assert (answer.status_code, answer.json()["code"]) == (403, "not-allowed")


@pytest.mark.parametrize(
    "unsafe",
    [
        {"public_base_url": "http://izin.contoh.invalid"},
        {"public_base_url": "https://a.invalid", "sakpore_pace_seconds": 1, "sakpore_pace_office_date": "2026-03-02"},
        {"public_base_url": "https://a.invalid", "qr_key": "cGVuZGVr"},
        {"public_base_url": "javascript:alert(1)"},
    ],
)
def test_unsafe_settings_do_not_start_in_production(unsafe: dict[str, object], api_settings: ApiSettings) -> None:
    good = {"qr_key": api_settings.qr_key.get_secret_value(), "sakpore_env": "production"}
    ApiSettings.model_validate(good | {"public_base_url": "https://a.invalid"})
    with pytest.raises(ValueError):
        ApiSettings.model_validate(good | unsafe)


def test_a_problem_shows_only_the_facts_that_may_be_shown() -> None:
    body = ProblemTable().body("task-closed", {"decided_by": "Contoh", "task": "x", "nik": "1"}, "http://a", "r")
    assert body["decided_by"] == "Contoh" and "nik" not in body and "task" not in body


def test_what_an_officer_is_told_by_mail_is_not_on_the_tracking_page() -> None:
    sentences = Sentences()
    assert all(sentences.is_public(Tag.NOTICE_SENT, {"template": product}) for product in TEMPLATES.values())
    assert not sentences.is_public(Tag.NOTICE_SENT, {"template": "task-warning"})
    assert not sentences.is_public(Tag.TASK_DECIDED, {"decision": "paraf"})
    assert sentences.is_public(Tag.TASK_DECIDED, {"decision": "forward"})
    assert not sentences.is_public(Tag.OPD_ASKED, {"agencies": ["bappeda"]})
    assert sentences.is_public(Tag.OPD_ASKED, {"holder": "Dinas Kesehatan"})


def test_a_decision_kind_has_its_words() -> None:
    for kinds in POSSIBLE.values():
        for kind in kinds:
            sentence = Sentences().sentence(Tag.TASK_DECIDED, {"decision": kind})
            assert sentence.lower() != f"{kind}."
