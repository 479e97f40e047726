"""Methods, addresses and kinds of bodies, as RFC 9110 has them."""

import json
from collections.abc import AsyncIterator

import pytest

from tests.api.conftest import Api
from tests.api.filing import a_draft, a_pdf

SESSIONS = "/api/v1/sessions"


@pytest.mark.parametrize("address", ["/masuk/", "/api/v1/permit-types/", "/v/", "/api/v1/sessions/"])
async def test_no_redirect_leads_to_the_host_that_a_request_names(api: Api, address: str) -> None:
    answer = await api.anonymous(Host="jahat.invalid").get(address)
    assert answer.status_code == 404
    assert "location" not in answer.headers and "jahat" not in answer.text


@pytest.mark.parametrize("address", ["/", "/masuk", "/api/health", "/api/v1/permit-types", "/api/v1/tidak-ada"])
async def test_head_answers_as_get_without_content(api: Api, address: str) -> None:
    client = api.anonymous(**{"X-Request-Id": "permintaan-1"})
    head, get = await client.head(address), await client.get(address)
    assert head.status_code == get.status_code
    assert head.content == b""
    for name in ("content-type", "content-length", "content-security-policy"):
        assert head.headers[name] == get.headers[name]


async def test_head_of_a_document_is_for_its_owner(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    assert (await client.head(f"/api/v1/applications/{number}")).status_code == 200
    assert (await (await api.as_("tetangga")).head(f"/api/v1/applications/{number}")).status_code == 404
    assert (await api.anonymous().head(f"/api/v1/applications/{number}")).status_code == 401


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("/api/v1/applications/PRM-2026-000001", "DELETE, GET, HEAD, PATCH"),
        ("/api/v1/applications/PRM-2026-000001/documents/ktp", "DELETE, GET, HEAD, PUT"),
        ("/api/v1/applications", "GET, HEAD, POST"),
        ("/api/v1/sessions/current", "DELETE, GET, HEAD"),
        ("/api/v1/codec/decode", "OPTIONS, POST"),
        ("/masuk", "GET, HEAD, POST"),
        ("/assets/x.css", "GET, HEAD"),
    ],
)
async def test_a_wrong_method_is_told_all_right_ones(api: Api, address: str, allowed: str) -> None:
    answer = await api.anonymous(Accept="application/json").request("TRACE", address)
    assert (answer.status_code, answer.json()["code"]) == (405, "method-not-allowed")
    assert answer.headers["allow"] == allowed


@pytest.mark.parametrize(
    "headers", [{"Content-Type": "text/plain"}, {"Content-Type": "application/xml"}, {}], ids=["text", "xml", "none"]
)
async def test_a_body_that_does_not_say_it_is_json_is_not_read(api: Api, headers: dict[str, str]) -> None:
    content = json.dumps({"email": "pemohon@contoh.invalid", "password": "kata-sandi-contoh"}).encode()
    answer = await api.anonymous().post(SESSIONS, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")
    assert answer.json()["allowed"] == ["application/json"]


async def test_a_form_is_not_read_as_json(api: Api) -> None:
    form = {"email": "pemohon@contoh.invalid", "password": "kata-sandi-contoh"}
    answer = await api.anonymous().post(SESSIONS, data=form)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le"])
async def test_json_in_another_encoding_than_utf8_is_no_json(api: Api, encoding: str) -> None:
    content = json.dumps({"email": "pemohon@contoh.invalid", "password": "kata-sandi-contoh"}).encode(encoding)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    answer = await api.anonymous().post(SESSIONS, content=content, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid-json")


@pytest.mark.parametrize("broken", [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xc0\xaf"])
async def test_a_text_that_is_no_utf8_is_no_json(api: Api, broken: bytes) -> None:
    content = b'{"email": "a@contoh.invalid", "password": "' + broken + b'"}'
    for sent in (content, content[: content.index(broken) + len(broken)]):
        answer = await api.anonymous().post(SESSIONS, content=sent, headers={"Content-Type": "application/json"})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid-json")


async def test_a_letter_of_several_bytes_may_come_in_pieces(api: Api) -> None:
    content = json.dumps({"email": "pemohon@contoh.invalid", "password": "é€😀"}, ensure_ascii=False).encode()

    async def pieces() -> AsyncIterator[bytes]:
        for byte in content:
            yield bytes([byte])

    answer = await api.anonymous().post(SESSIONS, content=pieces(), headers={"Content-Type": "application/json"})
    assert answer.json()["code"] == "login-failed"


@pytest.mark.parametrize("kind", ["application/json", "text/html", "application/x-www-form-urlencoded", None])
async def test_what_is_sent_as_no_pdf_is_not_judged(api: Api, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = await api.anonymous().post("/api/v1/verifications", content=a_pdf(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported-media-type")


async def test_a_pdf_is_read_whatever_follows_its_kind(api: Api) -> None:
    headers = {"Content-Type": "Application/PDF; version=1.7"}
    answer = await api.anonymous().post("/api/v1/verifications", content=a_pdf(), headers=headers)
    assert answer.json()["code"] == "verification-unavailable"  # no trust anchors here


async def test_a_line_break_behind_an_address_makes_it_another_one(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client)
    assert (await client.get(f"/api/v1/applications/{number}")).status_code == 200
    other_ways = (f"{number}%0a", f"%0a{number}", f"{number}%20", f"{number}%0d", number.lower(), f"{number}/events%0a")
    for address in other_ways:
        assert (await client.get(f"/api/v1/applications/{address}")).status_code == 404, address
    for address in ("/api/v1/permit-types%0a", "/masuk%0a", f"/api/v1/applications/{number}/documents/ktp%0a"):
        assert (await client.get(address)).status_code == 404, address
