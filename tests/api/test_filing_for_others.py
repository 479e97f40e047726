"""At the counter, by kuasa, for a body, by renewal, in practice; and repairs that staff hand in for the applicant."""

from datetime import date
from typing import Any

import httpx
import pytest

from permits.authority import Role
from permits.decisions import TaskKind
from signing.qr import verification_code
from store.tables import PermitRow
from tests.api.cases import SEEN, a_letter, a_repair, issue_letter, open_task, sign_letter
from tests.api.conftest import PASSWORD_HASH, UNCONFIRMED_TYPE, Api, a_person
from tests.api.filing import (
    PERMIT_TYPE,
    a_case,
    a_complete_draft,
    a_draft,
    a_pdf,
    a_picture,
    answers,
    definition,
    upload,
)
from tests.api.test_accounts import NEW_PASSWORD, log_in, mails, token_to

COMPANY = {"kind": "company", "name": "PT Contoh Sejahtera", "position": "Direktur", "registration": "0" * 13}
KUASA = {"kind": "person", "proxy": {"principal_name": "Contoh Pemberi Kuasa", "relation": "anak"}}
COUNTER_PERSON = {
    "name": "Contoh Tanpa Surel",
    "nik": "3375011401500000",
    "birth_place": "Kota Contoh",
    "birth_date": "1950-01-14",
    "address": "Jalan Contoh Nomor 3, Kota Pekalongan",
}


async def submit(client: httpx.AsyncClient, number: str) -> httpx.Response:
    return await client.post(f"/api/v1/applications/{number}/submission")


async def fill(client: httpx.AsyncClient, number: str, variant: str = "new", code: str = PERMIT_TYPE) -> None:
    for requirement in definition(code).requirements:
        if variant in requirement.variants and requirement.required:
            content = a_pdf(text=requirement.code) if "pdf" in requirement.formats else a_picture()
            assert (await upload(client, number, requirement.code, content)).status_code == 200


async def first_event(api: Api, number: str) -> Any:
    return (await api.records.events_of(number))[0]


async def a_counter_person(officer: httpx.AsyncClient) -> str:
    answer = await officer.post("/api/v1/accounts/counter", json=COUNTER_PERSON)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


# At the counter -------------------------------------------------------------------------------------------------------


async def test_the_front_office_files_for_a_person_without_email_and_a_colleague_goes_on(api: Api) -> None:
    officer, colleague = await api.as_("depan"), await api.as_("rekan")
    person = await a_counter_person(officer)
    found = await colleague.post("/api/v1/accounts/look-up", json={"nik": COUNTER_PERSON["nik"]})
    assert found.json() == {"id": person, "name": "Contoh Tanpa Surel", "at_counter": True}
    number = await a_draft(officer, applicant=person)
    assert [one["number"] for one in (await colleague.get("/api/v1/applications?drafts=1")).json()["items"]] == [number]
    changed = await colleague.patch(f"/api/v1/applications/{number}", json={"delivery": "pickup"})
    assert (changed.json()["delivery"], changed.json()["channel"]) == ("pickup", "counter")
    await fill(colleague, number)
    assert (await submit(colleague, number)).status_code == 201
    event = await first_event(api, number)
    assert (event.actor_id, event.facts["channel"]) == ("rekan", "counter")
    assert event.facts["on_behalf_of"] == "Contoh Tanpa Surel"
    assert api.engine.started[0].applicant_id == person
    page = (await officer.get(f"/api/v1/applications/{number}")).json()
    assert (page["channel"], page["filed_by_name"], page["holder_name"]) == (
        "counter", "Contoh Depan", "Contoh Tanpa Surel",
    )  # fmt: skip
    assert {one["channel"] for one in page["documents"]} == {"counter"}


async def test_a_person_has_one_account_also_at_the_counter(api: Api) -> None:
    officer = await api.as_("depan")
    await a_counter_person(officer)
    again = await officer.post("/api/v1/accounts/counter", json=COUNTER_PERSON)
    assert (again.status_code, again.json()["code"]) == (409, "nik-taken")
    taken = COUNTER_PERSON | {"nik": "3375011401510000", "email": "pemohon@contoh.invalid"}
    assert (await officer.post("/api/v1/accounts/counter", json=taken)).json()["code"] == "email-taken"


async def test_a_person_of_the_counter_gets_a_log_in_once_it_has_an_address(api: Api) -> None:
    officer = await api.as_("depan")
    person = await a_counter_person(officer)
    address = f"/api/v1/accounts/{person}"
    taken = await officer.patch(address, json={"email": "pemohon@contoh.invalid"})
    assert (taken.status_code, taken.json()["code"]) == (409, "email-taken")
    assert (await officer.patch(address, json={"email": "punya@contoh.invalid"})).status_code == 200
    body = {"token": await token_to(api, "punya@contoh.invalid"), "password": NEW_PASSWORD}
    assert (await api.anonymous().post("/api/v1/accounts/password", json=body)).status_code == 204
    assert (await log_in(api, "punya@contoh.invalid", NEW_PASSWORD)).status_code == 201
    later = await officer.patch(address, json={"email": "lain.lagi@contoh.invalid"})
    assert (later.status_code, later.json()["code"]) == (403, "not-allowed")  # now it is that person's own
    assert (await officer.patch(address, json={"name": "Contoh Nama Baru"})).json()["name"] == "Contoh Nama Baru"
    assert "diubah di loket" in str(await mails(api, "punya@contoh.invalid"))
    for other in ("kepala", "ops", "tidak.ada"):
        assert (await officer.patch(f"/api/v1/accounts/{other}", json={"name": "Contoh"})).status_code == 404


async def test_an_officer_decides_nothing_of_its_own_under_another_account(api: Api) -> None:
    ops = await api.as_("ops")
    nik = "3375011401800000"
    officer = {"name": "Contoh Petugas", "email": "petugas@contoh.invalid", "role": "front_office", "nik": nik}
    made = (await ops.post("/api/v1/people", json=officer)).json()
    assert nik not in str(made)
    usable = {"password_hash": PASSWORD_HASH, "email_confirmed_at": api.clock.now}
    await api.records.change_account(made["id"], **usable)
    own = {"nik_fingerprint": api.services.keyring.fingerprint(nik)}
    await api.records.ensure_account(a_person("petugas.pribadi", role=Role.APPLICANT, **own))
    number = await a_case(api, await api.as_("petugas.pribadi"))
    task = await open_task(api, number, TaskKind.VERIFICATION, Role.FRONT_OFFICE)
    asked = {"kind": "verdicts", "seen": SEEN, "verdicts": []}
    refused = await (await api.as_("petugas")).post(f"/api/v1/tasks/{task}/decision", json=asked)
    assert (refused.status_code, refused.json()["code"]) == (403, "own-application")
    assert (await (await api.as_("depan")).post(f"/api/v1/tasks/{task}/decision", json=asked)).status_code == 200


@pytest.mark.parametrize("who", ["pemohon", "bidang", "koordinator", "kepala", "dinas", "ops"])
async def test_nobody_but_the_front_office_files_for_others(api: Api, who: str) -> None:
    client = await api.as_(who)
    body = {"permit_type": PERMIT_TYPE, "applicant": "tetangga"}
    refused = await client.post("/api/v1/applications", json=body)
    assert (refused.status_code, refused.json()["code"]) == (403, "not-allowed")
    for path, asked in (("counter", COUNTER_PERSON), ("look-up", {"nik": COUNTER_PERSON["nik"]})):
        assert (await client.post(f"/api/v1/accounts/{path}", json=asked)).status_code == 403


async def test_an_officer_files_nothing_of_its_own_under_another_account(api: Api) -> None:
    nik = {"nik_fingerprint": api.services.keyring.fingerprint("3375011401800000")}
    await api.records.ensure_account(a_person("petugas", role=Role.FRONT_OFFICE, **nik))
    await api.records.ensure_account(a_person("petugas.pribadi", role=Role.APPLICANT, **nik))
    officer = await api.as_("petugas")
    for applicant in ("petugas", "petugas.pribadi"):
        refused = await officer.post(
            "/api/v1/applications", json={"permit_type": PERMIT_TYPE, "applicant": applicant}
        )
        assert (refused.status_code, refused.json()["code"]) == (403, "own-application"), applicant
    unknown = await officer.post("/api/v1/applications", json={"permit_type": PERMIT_TYPE, "applicant": "kepala"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "person-not-found")


async def test_a_draft_from_the_web_stays_its_applicants_alone(api: Api) -> None:
    number = await a_draft(await api.as_("pemohon"))
    officer = await api.as_("depan")
    assert (await upload(officer, number, "ktp")).status_code == 404
    assert (await submit(officer, number)).status_code == 404
    mine = await a_draft(officer, applicant="pemohon")
    assert (await (await api.as_("kepala")).get(f"/api/v1/applications/{mine}")).status_code == 404
    assert (await (await api.as_("pemohon")).get(f"/api/v1/applications/{mine}")).status_code == 200


# For whom -------------------------------------------------------------------------------------------------------------


async def test_a_kuasa_shows_the_power_of_attorney_and_every_event_says_for_whom(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_complete_draft(client)
    plain = await upload(client, number, "surat-kuasa")
    assert (plain.status_code, plain.json()["code"]) == (404, "requirement-not-found")
    changed = await client.patch(f"/api/v1/applications/{number}", json={"party": KUASA})
    assert changed.json()["documents_wanted"][-1] == "surat-kuasa"
    missing = await submit(client, number)
    assert (missing.status_code, missing.json()["code"]) == (422, "proxy-missing")
    assert (await upload(client, number, "surat-kuasa")).status_code == 200
    assert (await submit(client, number)).status_code == 201
    event = await first_event(api, number)
    assert (event.actor_name, event.facts["on_behalf_of"]) == ("Contoh Pemohon", "Contoh Pemberi Kuasa")
    page = (await client.get(f"/api/v1/applications/{number}")).json()
    assert page["holder_name"] == "Contoh Pemberi Kuasa"
    assert "Surat kuasa bermeterai" in [one["title"] for one in page["documents"]]
    await client.post(f"/api/v1/applications/{number}/withdrawal", json={})
    assert api.engine.withdrawals[0].actor.on_behalf_of == "Contoh Pemberi Kuasa"
    assert "Pemberi Kuasa" not in api.engine.started[0].model_dump_json()


async def test_a_company_holds_its_permit(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client, party=COMPANY)
    await fill(client, number)
    await submit(client, number)
    assert (await first_event(api, number)).facts["on_behalf_of"] == "PT Contoh Sejahtera"
    for wrong in ({"kind": "company", "name": "PT Contoh"}, {"kind": "lain"}, COMPANY | {"nik": "1"}):
        refused = await client.post("/api/v1/applications", json={"permit_type": PERMIT_TYPE, "party": wrong})
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")


# Delivery, practice, renewal ------------------------------------------------------------------------------------------


async def test_the_post_needs_an_address(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client, delivery="post")
    await fill(client, number)
    refused = await submit(client, number)
    assert (refused.json()["code"], refused.json()["titles"]) == ("field-missing", ["Alamat pengiriman"])
    address = {"delivery_address": "Jalan Contoh Nomor 1, Kota Pekalongan"}
    await client.patch(f"/api/v1/applications/{number}", json=address)
    assert (await submit(client, number)).status_code == 201


async def test_an_unconfirmed_type_is_for_practice_alone(api: Api) -> None:
    client = await api.as_("pemohon")
    for practice in (False, True):
        body = {"permit_type": UNCONFIRMED_TYPE, "data": answers(definition("izin-penelitian")), "practice": practice}
        number = (await client.post("/api/v1/applications", json=body)).json()["number"]
        await fill(client, number, code="izin-penelitian")
        answer = await submit(client, number)
        if practice:
            assert answer.status_code == 201
            assert api.engine.started[0].practice is True
            assert (await first_event(api, number)).facts["practice"] is True
            assert (await client.get(f"/api/v1/applications/{number}")).json()["practice"] is True
            tracked = await api.anonymous().get(f"/api/v1/tracking/{answer.json()['tracking_code']}")
            assert tracked.json()["practice"] is True
        else:
            assert (answer.status_code, answer.json()["code"]) == (409, "practice-only")


async def an_issued_permit(api: Api, client: httpx.AsyncClient, holder: str, **fields: Any) -> str:
    number = await a_case(api, client)
    defaults: dict[str, Any] = {
        "number_text": f"503/{number[-4:]}/SIP-FT/III/2026",
        "permit_type": PERMIT_TYPE,
        "title": "Izin contoh",
        "holder_name": "Contoh Pemohon",
        "issued_on": date(2025, 3, 13),
        "valid_until": date(2026, 6, 30),
    }
    async with api.services.db.transaction() as session:
        session.add(PermitRow(number=number, holder_id=holder, **{**defaults, **fields}))
    return number


async def test_a_renewal_names_the_permit_it_continues(api: Api) -> None:
    client = await api.as_("pemohon")
    old = await an_issued_permit(api, client, "pemohon")
    printed = f"503/{old[-4:]}/SIP-FT/III/2026"
    number = await a_draft(client, variant="renewal")
    await fill(client, number, "renewal")
    missing = await submit(client, number)
    assert (missing.status_code, missing.json()["code"]) == (422, "old-permit-missing")
    for name in (printed, old, old.lower()):
        named = await client.patch(f"/api/v1/applications/{number}", json={"old_permit": {"number": name}})
        assert (named.json()["old_permit"], named.json()["old_permit_text"]) == (old, printed)
    assert (await submit(client, number)).status_code == 201
    assert (await first_event(api, number)).facts["old_permit"] == old


async def test_a_permit_of_others_or_one_that_ended_is_not_continued(api: Api) -> None:
    client, other = await api.as_("pemohon"), await api.as_("tetangga")
    theirs = await an_issued_permit(api, other, "tetangga")
    ended = await an_issued_permit(api, client, "pemohon", status="revoked")
    number = await a_draft(client, variant="renewal")
    for name, code in ((theirs, "permit-not-found"), (ended, "permit-not-in-force"), ("503/9999", "permit-not-found")):
        answer = await client.patch(f"/api/v1/applications/{number}", json={"old_permit": {"number": name}})
        assert answer.json()["code"] == code
    new = await a_draft(client)
    refused = await client.patch(f"/api/v1/applications/{new}", json={"old_permit": {"number": theirs}})
    assert refused.json()["code"] == "field-invalid"


async def test_a_permit_that_ended_while_the_draft_lay_is_not_continued(api: Api) -> None:
    client = await api.as_("pemohon")
    old = await an_issued_permit(api, client, "pemohon")
    number = await a_draft(client, variant="renewal", old_permit={"number": old})
    await fill(client, number, "renewal")
    async with api.services.db.transaction() as session:
        (await session.get_one(PermitRow, old)).status = "revoked"
    assert (await submit(client, number)).json()["code"] == "permit-not-in-force"


async def test_a_permit_on_paper_is_named_by_its_number_alone(api: Api) -> None:
    client = await api.as_("pemohon")
    named = {"number": "503/0012/LAMA/2015", "on_paper": True}
    number = await a_draft(client, variant="renewal", old_permit=named)
    await fill(client, number, "renewal")
    assert (await submit(client, number)).status_code == 201
    row = await api.records.application(number)
    assert (row.old_permit, row.old_permit_text) == (None, "503/0012/LAMA/2015")
    own = {"number": number, "on_paper": True}
    refused = await client.post(
        "/api/v1/applications", json={"permit_type": PERMIT_TYPE, "variant": "renewal", "old_permit": own}
    )
    assert refused.json()["code"] == "permit-not-found"  # our own numbers are never on paper alone


# Repair and withdrawal on the applicant's behalf ----------------------------------------------------------------------


async def put(client: httpx.AsyncClient, number: str, code: str, **fields: str) -> httpx.Response:
    files = {"file": ("berkas.pdf", a_pdf(text="perbaikan"), "application/pdf")}
    return await client.put(f"/api/v1/applications/{number}/documents/{code}", files=files, data=fields)


async def test_staff_hand_in_a_repair_with_channel_and_consent(api: Api) -> None:
    applicant, officer = await api.as_("pemohon"), await api.as_("depan")
    number, _, code = await a_repair(api, applicant)
    consent = "Disetujui pemohon lewat WhatsApp"
    for fields in ({}, {"channel": "whatsapp"}, {"consent": consent}, {"channel": "web", "consent": consent}):
        refused = await put(officer, number, code, **fields)
        assert (refused.status_code, refused.json()["code"]) == (422, "provenance-missing"), fields
    assert (await put(applicant, number, code, channel="whatsapp", consent=consent)).status_code == 422
    taken = await put(officer, number, code, channel="whatsapp", consent=consent)
    assert (taken.status_code, taken.json()["version"]) == (200, 2)
    page = (await applicant.get(f"/api/v1/applications/{number}")).json()
    versions = [one for one in page["documents"] if one["requirement"] == code]
    assert [(one["version"], one["channel"], one["uploaded_by_name"]) for one in versions] == [
        (1, "web", "Contoh Pemohon"), (2, "whatsapp", "Contoh Depan"),
    ]  # fmt: skip
    assert (versions[0]["verdict"], versions[1]["consent"]) == ("repair", consent)
    for who, status in (("bidang", 403), ("tetangga", 404), ("dinas", 404)):
        assert (await put(await api.as_(who), number, code, channel="letter", consent=consent)).status_code == status


async def test_a_document_that_nobody_asked_for_again_is_not_changed_by_staff_either(api: Api) -> None:
    number = await a_case(api, await api.as_("pemohon"))
    officer = await api.as_("depan")
    refused = await put(officer, number, "ktp", channel="counter", consent="Disetujui di loket")
    assert (refused.status_code, refused.json()["code"]) == (409, "not-a-draft")


async def test_the_front_office_withdraws_only_with_the_applicants_consent(api: Api) -> None:
    applicant, officer = await api.as_("pemohon"), await api.as_("depan")
    number = await a_case(api, applicant)
    address, consent = f"/api/v1/applications/{number}/withdrawal", {"channel": "counter", "consent": "Datang sendiri"}
    assert (await officer.post(address, json={})).json()["code"] == "provenance-missing"
    assert (await applicant.post(address, json={"on_behalf": consent})).json()["code"] == "provenance-missing"
    assert (await officer.post(address, json={"on_behalf": consent})).status_code == 200
    [withdrawal] = api.engine.withdrawals
    assert (withdrawal.actor.id, withdrawal.actor.on_behalf_of) == ("depan", "Contoh Pemohon")
    assert withdrawal.on_behalf is not None and withdrawal.on_behalf.consent == "Datang sendiri"


async def test_the_office_sees_what_does_not_fit_with_a_nik_and_an_agency_does_not(api: Api) -> None:
    await api.records.change_account("pemohon", nik_warnings=["region-differs"])
    number = await a_case(api, await api.as_("pemohon"))
    await open_task(api, number, TaskKind.RECOMMENDATION, Role.OPD, opd="bappeda")
    seen = {}
    for who in ("depan", "pemohon", "dinas"):
        page = await (await api.as_(who)).get(f"/api/v1/applications/{number}")
        seen[who] = page.json()["identity_warnings"]
    assert seen == {"depan": ["region-differs"], "pemohon": ["region-differs"], "dinas": []}


async def test_the_verification_page_names_the_holder_and_not_who_acted(api: Api) -> None:
    client = await api.as_("pemohon")
    number = await a_draft(client, party=COMPANY)
    await fill(client, number)
    await submit(client, number)
    sha256, pdf = await a_letter(api, number)
    await sign_letter(api, number, sha256, pdf)
    await issue_letter(api, number)
    row = await api.records.application(number)
    code = verification_code(row.verification_id or "", api.settings.qr_key_bytes)
    assert (await api.anonymous().get(f"/api/v1/verifications/{code}")).json()["holder_name"] == "PT Contoh Sejahtera"
