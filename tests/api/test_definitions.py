"""Permit types over HTTP: drafted by one, published by another; the public catalogue says what is in force."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from permits.authority import Role
from tests.api.conftest import Api, a_person

RESEARCH = "/api/v1/definitions/izin-penelitian/versions"
BEGINS = "2026-04-13"


async def _people(api: Api) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
    """The author (a sub-coordinator) and the publisher (the coordinator)."""
    await api.records.ensure_account(a_person("subkoordinator", role=Role.SUB_COORDINATOR))
    return await api.as_("subkoordinator"), await api.as_("koordinator")


async def _draft(author: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    body = {"copy_of": 1, "changes": {"effective_from": BEGINS, **changes}}
    answer = await author.post(RESEARCH, json=body)
    assert answer.status_code == 201, answer.text
    drafted: dict[str, Any] = answer.json()
    return drafted


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


async def test_a_version_is_drafted_compared_published_and_in_force_from_its_day(api: Api) -> None:
    author, publisher = await _people(api)
    drafted = await _draft(author, fee="Tanpa biaya", promise_note="5 hari kerja.")
    assert (drafted["version"], drafted["status"], drafted["author_id"]) == (2, "draft", "subkoordinator")
    assert drafted["faults"] == [] and drafted["arithmetic"]["promised"] == 5

    compared = (await publisher.get(f"{RESEARCH}/2/changes")).json()
    assert compared["against"] == 1
    said = {one["field"]: (one["before"], one["after"]) for one in compared["items"]}
    assert said["fee"] == ("Gratis", "Tanpa biaya")
    assert said["confirmed"] == (True, False)  # a new version is confirmed anew
    assert set(said) == {"fee", "promise_note", "effective_from", "status", "confirmed"}

    published = await publisher.post(f"{RESEARCH}/2/publication")
    assert (published.status_code, published.json()["published_by"]) == (200, "koordinator")
    versions = (await author.get(RESEARCH)).json()["items"]
    assert [(one["status"], one["effective_until"]) for one in versions] == [
        ("published", "2026-04-12"),
        ("published", None),
    ]
    for month, fee in ((3, "Gratis"), (4, "Tanpa biaya")):
        api.clock.now = datetime(2026, month, 13, 3, tzinfo=UTC)
        assert (await api.anonymous().get("/api/v1/permit-types/izin-penelitian")).json()["fee"] == fee


async def test_two_people_stand_behind_a_published_version(api: Api) -> None:
    await _people(api)
    coordinator = await api.as_("koordinator")
    await _draft(coordinator)
    assert code_of(await coordinator.post(f"{RESEARCH}/2/publication")) == (403, "same-person")
    assert (await coordinator.get(f"{RESEARCH}/2")).json()["status"] == "draft"


@pytest.mark.parametrize("person", ["pemohon", "depan", "bidang", "kepala", "dinas", "teknis", "ops"])
async def test_nobody_else_reads_writes_or_publishes_definitions(api: Api, person: str) -> None:
    author, _ = await _people(api)
    await _draft(author)
    client = await api.as_(person)
    asked = [
        await client.get("/api/v1/definitions"),
        await client.get(RESEARCH),
        await client.get(f"{RESEARCH}/2"),
        await client.get(f"{RESEARCH}/2/changes"),
        await client.post(RESEARCH, json={"copy_of": 1, "changes": {}}),
        await client.put(f"{RESEARCH}/2", json={"changes": {"fee": "Lain"}}),
        *[await client.post(f"{RESEARCH}/2/{act}") for act in ("publication", "retirement", "confirmation")],
    ]
    assert {code_of(answer) for answer in asked} == {(403, "not-allowed")}


async def test_a_sub_coordinator_drafts_and_does_not_publish_confirm_or_retire(api: Api) -> None:
    author, _ = await _people(api)
    await _draft(author)
    for act in ("publication", "retirement", "confirmation"):
        assert code_of(await author.post(f"{RESEARCH}/2/{act}")) == (403, "not-allowed")


async def test_asking_twice_with_one_key_drafts_once(api: Api) -> None:
    author, publisher = await _people(api)
    body, key = {"copy_of": 1, "changes": {"effective_from": BEGINS}}, {"Idempotency-Key": "satu"}
    first, again = [await author.post(RESEARCH, json=body, headers=key) for _ in range(2)]
    assert first.json() == again.json()
    assert len((await author.get(RESEARCH)).json()["items"]) == 2
    answers = [await publisher.post(f"{RESEARCH}/2/publication") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


async def test_a_draft_that_cannot_be_kept_names_its_fields_and_echoes_nothing(api: Api) -> None:
    author, publisher = await _people(api)
    for changes in (
        {"promise_working_days": "rahasia"},
        {"rahasia": 1},
        {"requirements": [{"code": "KTP rahasia", "rahasia": 1}]},
        {"stages": []},
    ):
        answer = await author.post(RESEARCH, json={"copy_of": 1, "changes": changes})
        assert code_of(answer) == (422, "definition-invalid") and "rahasia" not in answer.text
        assert answer.json()["fields"][0].startswith("changes")
    for body in ({}, {"copy_of": 1, "definition": {}}, {"copy_of": 0}, {"definition": {"code": "rahasia"}}):
        answer = await author.post(RESEARCH, json=body)
        assert code_of(answer) == (422, "invalid-request") and "rahasia" not in answer.text
    assert code_of(await author.post(RESEARCH, json={"copy_of": 7})) == (404, "permit-type-not-found")
    drafted = await _draft(author, promise_working_days=3)
    assert [fault["code"] for fault in drafted["faults"]] == ["promise-broken"]
    refused = await publisher.post(f"{RESEARCH}/2/publication")
    assert code_of(refused) == (422, "definition-invalid")
    assert (refused.json()["fields"], refused.json()["reason"]) == (["promise_working_days"], "promise-broken")


async def test_an_author_changes_the_draft_until_it_is_published(api: Api) -> None:
    author, publisher = await _people(api)
    await _draft(author)
    changed = await author.put(f"{RESEARCH}/2", json={"changes": {"fee": "Tanpa biaya"}})
    assert (changed.json()["version"], changed.json()["definition"]["fee"]) == (2, "Tanpa biaya")
    assert changed.json()["effective_from"] == BEGINS
    assert code_of(await publisher.put(f"{RESEARCH}/2", json={"changes": {}})) == (403, "not-allowed")
    await publisher.post(f"{RESEARCH}/2/publication")
    assert code_of(await author.put(f"{RESEARCH}/2", json={"changes": {}})) == (422, "definition-invalid")


async def test_a_whole_definition_makes_a_type_that_did_not_exist(api: Api) -> None:
    author, publisher = await _people(api)
    known = (await author.get(f"{RESEARCH}/1")).json()["definition"]
    new = known | {"code": "izin-baru", "title": "Izin Baru", "effective_from": "2026-03-13", "effective_until": None}
    address = "/api/v1/definitions/izin-baru/versions"
    drafted = await author.post(address, json={"definition": new})
    assert (drafted.status_code, drafted.json()["version"], drafted.json()["status"]) == (201, 1, "draft")
    assert (await publisher.post(f"{address}/1/publication")).status_code == 200
    public = await api.anonymous().get("/api/v1/permit-types/izin-baru")
    assert public.json()["title"] == "Izin Baru"
    elsewhere = await author.post(RESEARCH, json={"definition": new})
    assert code_of(elsewhere) == (422, "definition-invalid")


async def test_a_confirmed_type_loses_its_banner(api: Api) -> None:
    author, publisher = await _people(api)
    await _draft(author, effective_from="2026-03-14")
    await publisher.post(f"{RESEARCH}/2/publication")
    api.clock.advance(days=3)
    address = "/api/v1/permit-types/izin-penelitian"
    before = (await api.anonymous().get(address)).json()
    assert not before["confirmed"] and "mode latihan" in before["banner"]

    confirmed = await (await api.as_("koordinator")).post(f"{RESEARCH}/2/confirmation")

    assert (confirmed.status_code, confirmed.json()["confirmed_by"]) == (200, "koordinator")
    after = (await api.anonymous().get(address)).json()
    assert after["confirmed"] and after["banner"] is None


async def test_a_type_that_oss_issues_is_never_confirmed(api: Api) -> None:
    author, publisher = await _people(api)
    siup = "/api/v1/definitions/siup/versions"
    drafted = await author.post(siup, json={"copy_of": 1, "changes": {"effective_from": "2026-03-14"}})
    assert drafted.status_code == 201
    assert (await publisher.post(f"{siup}/2/publication")).status_code == 200
    assert code_of(await publisher.post(f"{siup}/2/confirmation")) == (422, "definition-invalid")


async def test_a_retired_type_is_no_longer_offered(api: Api) -> None:
    _, publisher = await _people(api)
    retired = await publisher.post(f"{RESEARCH}/1/retirement")
    assert (retired.status_code, retired.json()["status"]) == (200, "retired")
    listed = (await api.anonymous().get("/api/v1/permit-types")).json()["items"]
    assert "izin-penelitian" not in {one["code"] for one in listed}


async def test_a_page_of_the_catalogue_says_each_variant_and_the_nested_promise(api: Api) -> None:
    page = (await api.anonymous().get("/api/v1/permit-types/satuan-pendidikan-dasar")).json()
    assert [one["variant"] for one in page["variants"]] == ["new", "change"]
    new, change = page["variants"]
    assert {one["code"] for one in change["requirements"]} - {one["code"] for one in new["requirements"]} == {
        "keputusan-lama"
    }
    assert change["product"] == "Keputusan Perubahan Satuan Pendidikan Dasar"
    assert (new["arithmetic"]["office_days"], new["arithmetic"]["agency_days"], page["promised_days"]) == (5, 15, 20)
    assert page["in_words"]["new"]["promise"].startswith(
        "5 hari kerja dinas ditambah 15 hari kerja Dinas Pendidikan: seluruhnya 20 hari kerja"
    )
    assert page["legal_basis"] == [
        {"text": "Menunggu konfirmasi dinas", "valid_from": None, "valid_until": None, "confirmed": False}
    ]
    research = (await api.anonymous().get("/api/v1/permit-types/izin-penelitian")).json()
    assert "termasuk 2 hari kerja Badan Perencanaan" in research["in_words"]["new"]["promise"]
    referred = (await api.anonymous().get("/api/v1/permit-types/siup")).json()
    assert "OSS" in referred["banner"] and referred["refers_to"] == referred["banner"]


async def test_an_address_that_is_no_type_is_not_found(api: Api) -> None:
    _, publisher = await _people(api)
    for address in ("/api/v1/definitions/tidak-ada/versions", f"{RESEARCH}/9", f"{RESEARCH}/9/changes"):
        assert code_of(await publisher.get(address)) == (404, "permit-type-not-found")
    assert code_of(await publisher.post(f"{RESEARCH}/9/publication")) == (404, "permit-type-not-found")
