"""Registration, confirmation, passwords and own data, over HTTP alone; every person is fictional."""

import io
import re
import zipfile
from typing import Any

import httpx

from tests.api.conftest import PASSWORD, Api
from tests.api.filing import a_case, a_draft, upload

ACCOUNTS = "/api/v1/accounts"
NEW_PASSWORD = "jeruk-bali-manis"
PERSON = {
    "name": "Contoh Pendaftar",
    "nik": "3375011401900000",
    "birth_place": "Kota Contoh",
    "birth_date": "1990-01-14",
    "address": "Jalan Contoh Nomor 9, Kota Pekalongan",
    "phone": "0800 0000 0000",
}
REGISTRATION = PERSON | {"email": "baru@contoh.invalid", "password": NEW_PASSWORD}


async def mails(api: Api, to: str) -> list[tuple[str, str]]:
    """Subject and body of each mail to that address, in order."""
    async with api.services.db.transaction() as session:
        connection = await session.connection()
        found = await connection.exec_driver_sql(
            "SELECT subject, body FROM outbox WHERE recipient = %s ORDER BY created_at, key", (to,)
        )
        return [(subject or "", body or "") for subject, body in found]


async def token_to(api: Api, address: str) -> str:
    """The token of the newest mail to that address."""
    found = [re.search(r"kode=([A-Za-z0-9_-]+)", body) for _, body in await mails(api, address)]
    return [one.group(1) for one in found if one][-1]


async def log_in(api: Api, email: str, password: str) -> httpx.Response:
    return await api.anonymous().post("/api/v1/sessions", json={"email": email, "password": password})


async def register(api: Api, **fields: Any) -> httpx.Response:
    return await api.anonymous().post(ACCOUNTS, json=REGISTRATION | fields)


async def test_who_registers_confirms_the_address_and_then_logs_in_and_files(api: Api) -> None:
    answer = await register(api)
    assert answer.status_code == 202 and answer.json()["warnings"] == []
    assert "Tiruan" in answer.json()["population_register"]
    assert REGISTRATION["nik"] not in answer.text and NEW_PASSWORD not in answer.text
    early = await log_in(api, "baru@contoh.invalid", NEW_PASSWORD)
    assert (early.status_code, early.json()["code"]) == (403, "email-unconfirmed")
    token = await token_to(api, "baru@contoh.invalid")
    assert (await api.anonymous().post(f"{ACCOUNTS}/confirmation", json={"token": token})).status_code == 204
    again = await api.anonymous().post(f"{ACCOUNTS}/confirmation", json={"token": token})
    assert (again.status_code, again.json()["code"]) == (422, "link-invalid")
    opened = await log_in(api, "baru@contoh.invalid", NEW_PASSWORD)
    assert opened.status_code == 201
    client = api.anonymous(Authorization=f"Bearer {opened.json()['token']}")
    assert (await a_draft(client)).startswith("PRM-2026-")
    assert token not in str(await mails(api, "baru@contoh.invalid"))  # a spent token stands nowhere any more


async def test_a_confirmation_is_over_after_two_days_and_can_be_sent_again(api: Api) -> None:
    await register(api)
    old = await token_to(api, "baru@contoh.invalid")
    api.clock.advance(hours=48)
    late = await api.anonymous().post(f"{ACCOUNTS}/confirmation", json={"token": old})
    assert late.json()["code"] == "link-invalid"
    asked = await api.anonymous().post(f"{ACCOUNTS}/confirmation/mail", json={"email": "baru@contoh.invalid"})
    assert asked.status_code == 202
    new = await token_to(api, "baru@contoh.invalid")
    assert (await api.anonymous().post(f"{ACCOUNTS}/confirmation", json={"token": new})).status_code == 204


async def test_a_registration_never_tells_whether_an_address_is_taken(api: Api) -> None:
    free, taken = await register(api), await register(api, email="pemohon@contoh.invalid")
    assert (free.status_code, free.json()) == (taken.status_code, taken.json())
    [(subject, body)] = await mails(api, "pemohon@contoh.invalid")
    assert subject == "Anda sudah memiliki akun" and "kode=" not in body
    assert (await log_in(api, "pemohon@contoh.invalid", PASSWORD)).status_code == 201
    for path in ("confirmation/mail", "password/mail"):
        known = await api.anonymous().post(f"{ACCOUNTS}/{path}", json={"email": "tetangga@contoh.invalid"})
        unknown = await api.anonymous().post(f"{ACCOUNTS}/{path}", json={"email": "tidak.ada@contoh.invalid"})
        assert (known.status_code, known.json()) == (unknown.status_code, unknown.json()) == (202, known.json())
    assert await mails(api, "tidak.ada@contoh.invalid") == []


async def test_a_nik_makes_no_second_account_and_its_owner_is_told(api: Api) -> None:
    await register(api)
    token = await token_to(api, "baru@contoh.invalid")
    await api.anonymous().post(f"{ACCOUNTS}/confirmation", json={"token": token})
    answer = await register(api, email="belum.ada@contoh.invalid")
    assert answer.status_code == 202
    assert await api.records.account_by_email("belum.ada@contoh.invalid") is None
    assert [subject for subject, _ in await mails(api, "belum.ada@contoh.invalid")] == [
        "Pendaftaran Anda belum dapat diselesaikan"
    ]
    assert "Seseorang mendaftar dengan NIK Anda" in [subject for subject, _ in await mails(api, "baru@contoh.invalid")]


async def test_a_nik_of_wrong_form_is_refused_and_one_that_does_not_fit_is_warned_of(api: Api) -> None:
    wrong = await register(api, nik="3375013201900000")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "nik-invalid")
    odd = await register(api, nik="3201011401910000")
    assert odd.status_code == 202
    assert odd.json()["warnings"] == ["region-differs", "birth-date-differs"]
    account = await api.records.account_by_email("baru@contoh.invalid")
    assert account is not None and account.nik_warnings == ["region-differs", "birth-date-differs"]
    opened = api.services.keyring.open(account.nik_sealed or b"", f"nik:{account.id}".encode())
    assert opened == b"3201011401910000"


async def test_a_password_that_everybody_guesses_is_refused(api: Api) -> None:
    for password in ("pendek", "katasandi123", "Contoh Pendaftar1", "aaaaaaaaaaaa", "3375011401900000"):
        answer = await register(api, password=password)
        assert (answer.status_code, answer.json()["code"]) == (422, "guessable-password"), password
        assert password not in answer.text
    assert await api.records.account_by_email("baru@contoh.invalid") is None


async def test_one_address_registers_only_so_often_and_others_go_on(api: Api) -> None:
    client = api.stranger_at("192.0.2.7")
    answers = [
        await client.post(f"{ACCOUNTS}/password/mail", json={"email": f"x{n}@contoh.invalid"}) for n in range(21)
    ]
    assert [answer.status_code for answer in answers] == [202] * 20 + [429]
    assert answers[-1].headers["retry-after"] == "30"
    other = api.stranger_at("192.0.2.8")
    assert (await other.post(ACCOUNTS, json=REGISTRATION)).status_code == 202


async def test_strangers_cannot_flood_a_mailbox(api: Api) -> None:
    for n in range(8):
        client = api.stranger_at(f"192.0.2.{n}")
        answer = await client.post(f"{ACCOUNTS}/password/mail", json={"email": "pemohon@contoh.invalid"})
        assert answer.status_code == 202
    assert len(await mails(api, "pemohon@contoh.invalid")) == 3


async def test_a_forgotten_password_is_set_by_mail_and_ends_every_log_in(api: Api) -> None:
    client = await api.as_("pemohon")
    await api.anonymous().post(f"{ACCOUNTS}/password/mail", json={"email": "pemohon@contoh.invalid"})
    body = {"token": await token_to(api, "pemohon@contoh.invalid"), "password": NEW_PASSWORD}
    assert (await api.anonymous().post(f"{ACCOUNTS}/password", json=body)).status_code == 204
    assert (await api.anonymous().post(f"{ACCOUNTS}/password", json=body)).json()["code"] == "link-invalid"
    assert (await client.get("/api/v1/me")).status_code == 401
    assert (await log_in(api, "pemohon@contoh.invalid", PASSWORD)).status_code == 401
    assert (await log_in(api, "pemohon@contoh.invalid", NEW_PASSWORD)).status_code == 201


# Own data -------------------------------------------------------------------------------------------------------------


async def test_a_person_changes_its_own_password_and_stays_logged_in_here_alone(api: Api) -> None:
    here, elsewhere = await api.as_("pemohon"), await api.as_("pemohon")
    wrong = await here.put("/api/v1/me/password", json={"current": "salah", "new": NEW_PASSWORD})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "login-failed")
    done = await here.put("/api/v1/me/password", json={"current": PASSWORD, "new": NEW_PASSWORD})
    assert done.status_code == 204
    assert (await here.get("/api/v1/me")).status_code == 200
    assert (await elsewhere.get("/api/v1/me")).status_code == 401


async def test_own_data_and_preferences_are_changed_and_identity_is_not(api: Api) -> None:
    client = await api.as_("pemohon")
    no_phone = await client.patch("/api/v1/me", json={"notice_channel": "whatsapp"})
    assert (no_phone.status_code, no_phone.json()["code"]) == (422, "field-missing")
    changed = await client.patch("/api/v1/me", json={"notice_channel": "whatsapp", "phone": "+62 800 0000 0000"})
    assert (changed.json()["notice_channel"], changed.json()["phone"]) == ("whatsapp", "+62 800 0000 0000")
    for field in ("name", "nik", "role", "email", "active"):
        assert (await client.patch("/api/v1/me", json={field: "ops"})).status_code == 422
    assert "password" not in (await client.get("/api/v1/me")).text


async def test_a_new_address_counts_only_once_it_is_confirmed(api: Api) -> None:
    client = await api.as_("pemohon")
    body = {"email": "pindah@contoh.invalid", "password": PASSWORD}
    assert (await client.post("/api/v1/me/email", json=body)).status_code == 202
    assert (await client.get("/api/v1/me")).json()["email"] == "pemohon@contoh.invalid"
    assert "akan diganti" in (await mails(api, "pemohon@contoh.invalid"))[-1][0]
    token = await token_to(api, "pindah@contoh.invalid")
    assert (await api.anonymous().post(f"{ACCOUNTS}/confirmation", json={"token": token})).status_code == 204
    assert (await client.get("/api/v1/me")).json()["email"] == "pindah@contoh.invalid"
    taken = await client.post("/api/v1/me/email", json=body | {"email": "tetangga@contoh.invalid"})
    assert taken.status_code == 202  # the same answer, and no token
    assert all("kode=" not in text for _, text in await mails(api, "tetangga@contoh.invalid"))


async def test_a_person_takes_its_own_data_along_and_nobody_elses(api: Api) -> None:
    client, other = await api.as_("pemohon"), await api.as_("tetangga")
    number = await a_case(api, client)
    theirs = await a_draft(other)
    await upload(other, theirs, "ktp")
    exported = await client.get("/api/v1/me/export")
    assert exported.headers["content-disposition"].startswith("attachment")
    data = exported.json()
    assert [case["application"]["number"] for case in data["applications"]] == [number]
    assert data["account"]["email"] == "pemohon@contoh.invalid" and data["applications"][0]["events"]
    assert theirs not in exported.text and "password_hash" not in exported.text
    archive = zipfile.ZipFile(io.BytesIO((await client.get("/api/v1/me/export/documents")).content))
    assert f"{number}/ktp-v1.pdf" in archive.namelist() and archive.testzip() is None
    assert not [name for name in archive.namelist() if not name.startswith(number)]
