"""Log-in by passkey: good for the log-in alone, once, and for its own account; in a browser, and by its answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import expect

from signing.errors import PasskeyUnknown
from tests.api.conftest import PASSWORD, Api
from tests.api.pages import browser, errors, hidden, in_as, send, words
from tests.api.passkeys import CHALLENGES, PARTY, PASSKEYS, a_passkey, at_work, forged, unpadded
from tests.api.test_accounts import mails
from tests.api.test_ordering_signatures import shown, waiting_letter
from tests.api.test_passkeys_in_browser import browser_at, served
from tests.signing.authenticator import PRESENT, Device, as_json, registration_as_json

KEYS, LOG_IN = "/api/v1/me/login-keys", "/api/v1/sessions/passkey"


async def adding(client: httpx.AsyncClient, device: Device, **changes: Any) -> httpx.Response:
    begun = (await client.post(f"{KEYS}/options")).json()
    made = device.register(unpadded(begun["public_key"]["challenge"]), **changes.pop("said", {}))
    body = {"request": begun["request"], "name": "Ponsel saya", "password": PASSWORD}
    return await client.post(KEYS, json=body | {"credential": registration_as_json(device, made)} | changes)


async def a_login_key(api: Api, account_id: str) -> Device:
    device = Device(PARTY)
    answer = await adding(await api.as_(account_id), device)
    assert answer.status_code == 201, answer.text
    return device


async def coming_in(client: httpx.AsyncClient, device: Device, **said: Any) -> httpx.Response:
    begun = (await client.post(f"{LOG_IN}/options")).json()
    proof = device.sign(unpadded(begun["public_key"]["challenge"]), **said)
    return await client.post(LOG_IN, json={"request": begun["request"], "assertion": as_json(proof)})


@pytest.mark.parametrize("who", ["pemohon", "kepala", "ops"])
async def test_everybody_may_log_in_with_a_passkey_and_is_told_of_it(api: Api, who: str) -> None:
    device = await a_login_key(api, who)
    answer = await coming_in(api.anonymous(), device)
    assert answer.status_code == 201 and answer.json()["actor"]["id"] == who
    assert "HttpOnly" in answer.headers["set-cookie"]
    client = api.anonymous(Authorization=f"Bearer {answer.json()['token']}")
    [key] = (await client.get(KEYS)).json()["items"]
    assert key["name"] == "Ponsel saya" and key["last_used_at"] is not None and "public_key" not in key
    assert any("/akun/kunci-masuk" in body for _, body in await mails(api, f"{who}@contoh.invalid"))


async def test_an_answer_logs_in_once_and_for_five_minutes(api: Api) -> None:
    device, client = await a_login_key(api, "pemohon"), api.anonymous()
    begun = (await client.post(f"{LOG_IN}/options")).json()
    body = {
        "request": begun["request"], "assertion": as_json(device.sign(unpadded(begun["public_key"]["challenge"]))),
    }  # fmt: skip
    assert (await client.post(LOG_IN, json=body)).status_code == 201
    assert (await client.post(LOG_IN, json=body)).json()["code"] == "challenge-expired"
    begun = (await client.post(f"{LOG_IN}/options")).json()
    late = {"request": begun["request"], "assertion": as_json(device.sign(unpadded(begun["public_key"]["challenge"])))}
    api.clock.advance(minutes=5)
    assert (await client.post(LOG_IN, json=late)).json()["code"] == "challenge-expired"


@pytest.mark.parametrize("said", [{"flags": PRESENT}, {"origin": "http://localhost:9090"}, {"cross_origin": True}])
async def test_a_proof_that_is_not_good_opens_nothing(api: Api, said: dict[str, Any]) -> None:
    device = await a_login_key(api, "pemohon")
    refused = await coming_in(api.anonymous(), device, **said)
    assert (refused.status_code, refused.json()["code"]) == (401, "key-log-in-failed")
    assert (await adding(await api.as_("pemohon"), Device(PARTY), said=said)).json()["code"] == "step-up-refused"


async def test_an_unknown_a_copied_and_a_removed_passkey_answer_alike(api: Api) -> None:
    device, client = await a_login_key(api, "pemohon"), await api.as_("pemohon")
    copy = Device(PARTY, credential_id=device.credential_id, key=device.key)
    assert (await coming_in(api.anonymous(), device)).status_code == 201
    assert (await coming_in(api.anonymous(), device)).status_code == 201
    answers = [await coming_in(api.anonymous(), one) for one in (copy, Device(PARTY))]
    [key] = (await client.get(KEYS)).json()["items"]
    assert (await client.delete(f"{KEYS}/{key['id']}")).status_code == 204
    answers.append(await coming_in(api.anonymous(), device))
    assert {(one.status_code, one.json()["code"]) for one in answers} == {(401, "key-log-in-failed")}


async def test_whoever_is_out_of_office_does_not_come_in_by_passkey(api: Api) -> None:
    device = await a_login_key(api, "bidang")
    await api.records.deactivate("bidang", api.clock.now)
    assert (await coming_in(api.anonymous(), device)).json()["code"] == "key-log-in-failed"


async def test_a_passkey_is_added_with_the_password_for_the_own_account(api: Api) -> None:
    client, device = await api.as_("pemohon"), Device(PARTY)
    assert (await adding(client, device, password="salah")).json()["code"] == "login-failed"
    other = (await (await api.as_("tetangga")).post(f"{KEYS}/options")).json()
    assert (await adding(client, device, request=other["request"])).json()["code"] == "challenge-expired"
    assert (await adding(client, device)).status_code == 201
    assert (await adding(await api.as_("tetangga"), device)).json()["code"] == "passkey-known"
    [key] = (await client.get(KEYS)).json()["items"]
    assert (await (await api.as_("tetangga")).delete(f"{KEYS}/{key['id']}")).json()["code"] == "passkey-unknown"
    exported = (await client.get("/api/v1/me/export")).json()
    assert [one["name"] for one in exported["login_keys"]] == ["Ponsel saya"]


async def test_a_passkey_that_logs_in_never_signs_and_one_that_signs_never_logs_in(api: Api, tmp_path: Path) -> None:
    worker = at_work(api, tmp_path)
    head, key = await api.as_("kepala"), await a_login_key(api, "kepala")
    letter = await waiting_letter(api)
    refused = await head.post(CHALLENGES, json={"tasks": shown(letter)})
    assert refused.json()["code"] == "passkey-missing"
    name, activation = await forged(api, worker, (letter[1],), key)  # as a broken door would hand it over
    with pytest.raises(PasskeyUnknown):
        await worker.check(name, activation)
    signs = await a_passkey(api, worker)
    assert (await coming_in(api.anonymous(), signs)).json()["code"] == "key-log-in-failed"
    begun = [(await head.post(f"{address}/options")).json() for address in (KEYS, PASSKEYS)]
    assert len({one["public_key"]["user"]["id"] for one in begun}) == 2  # so that a device keeps both


async def test_an_office_behind_one_address_comes_in_together_and_a_flood_waits(api: Api) -> None:
    client = api.stranger_at("192.0.2.1")
    statuses = [(await client.post(f"{LOG_IN}/options")).status_code for _ in range(302)]
    assert statuses[:300] == [201] * 300 and statuses[-1] == 429


# Pages ---------------------------------------------------------------------------------------------------------------


async def test_without_a_script_the_pages_say_what_is_needed(api: Api) -> None:
    client = await in_as(api, "pemohon")
    page = await client.get("/akun/kunci-masuk")
    assert "Perlu JavaScript." in words(page) and ' hidden data-kunci="buat"' in page.text
    assert errors(await send(client, "/akun/kunci-masuk", {})) == ["name", "password"]
    unasked = await send(client, "/akun/kunci-masuk", {"name": "Ponsel", "password": PASSWORD})
    assert errors(unasked) == ["tombol"]
    stranger = browser(api)
    assert ' hidden data-kunci="pakai"' in (await stranger.get("/masuk")).text
    assert errors(await send(stranger, "/masuk", to="/masuk/kunci")) == ["kunci"]
    assert (await stranger.post("/masuk/kunci", data={"csrf_token": "tebakan"})).status_code == 403


async def test_a_page_log_in_by_passkey_begins_a_new_session(api: Api) -> None:
    device, client = await a_login_key(api, "pemohon"), browser(api)
    form = await hidden(client, "/masuk?next=/akun")
    begun = (await client.post(f"{LOG_IN}/options")).json()
    proof = as_json(device.sign(unpadded(begun["public_key"]["challenge"])))
    fields = form | {"request": begun["request"], "assertion": httpx.Response(200, json=proof).text}
    answer = await client.post("/masuk/kunci", data=fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/akun")
    assert "sakpore_form" not in client.cookies and (await client.get("/akun")).status_code == 200


@pytest.mark.seconds(120)
async def test_a_person_adds_a_passkey_and_logs_in_with_it_in_a_browser(api: Api) -> None:
    async with served(api) as address, browser_at(address) as page:
        await page.goto(f"{address}/masuk?next=/akun/kunci-masuk")
        await page.get_by_label("Alamat e-mail").fill("pemohon@contoh.invalid")
        await page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
        await page.get_by_role("main").get_by_role("button", name="Masuk", exact=True).click()
        await page.get_by_label("Nama kunci").fill("Ponsel saya")
        await page.get_by_label("Kata sandi Anda", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Buat kunci sandi").click()
        await expect(page.get_by_role("status").first).to_contain_text("sudah ditambahkan")
        await page.goto(f"{address}/keluar")
        await page.get_by_role("button", name="Keluar sekarang").click()
        await expect(page.get_by_role("link", name="Masuk", exact=True).first).to_be_visible()
        await page.goto(f"{address}/masuk?next=/akun/kunci-masuk")
        await page.get_by_role("button", name="Masuk dengan kunci sandi").click()
        await expect(page.get_by_role("heading", level=1)).to_have_text("Masuk dengan kunci sandi")
        await expect(page.get_by_role("main")).to_contain_text("Terakhir dipakai")
        await page.get_by_role("button", name="Hapus Ponsel saya").click()
        await expect(page.get_by_role("main")).to_contain_text("Belum ada kunci sandi.")
        await page.goto(f"{address}/keluar")
        await page.get_by_role("button", name="Keluar sekarang").click()
        await expect(page.get_by_role("link", name="Masuk", exact=True).first).to_be_visible()
        await page.goto(f"{address}/masuk")
        await page.get_by_role("button", name="Masuk dengan kunci sandi").click()
        await expect(page.get_by_role("alert")).to_contain_text("tidak terdaftar untuk masuk")
