"""An officer's passkeys as pages: in a real browser with its virtual device, and without a script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from signing.totp import totp_now
from signing.webauthn import RelyingParty
from tests.api.conftest import PASSWORD, Api
from tests.api.pages import errors, in_as, send, words
from tests.api.passkeys import SECRET, Ticking, Worker, a_passkey, at_work
from tests.api.test_passkeys_in_browser import AUTHENTICATOR, browser_at, served

KEYS = "/akun/kunci"
WAITING = """() => {
  const asked = navigator.credentials.get.bind(navigator.credentials)
  const ready = new Promise((go) => { window.atHand = go })
  navigator.credentials.get = async (options) => { await ready; return await asked(options) }
}"""
"""An older device that is fetched first, when the page asks for it."""


async def as_head(page: Page) -> None:
    await page.goto(page.url.rpartition("/api/")[0] + "/masuk?next=/akun/kunci")
    await page.get_by_label("Alamat e-mail").fill("kepala@contoh.invalid")
    await page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    await page.get_by_role("main").get_by_role("button", name="Masuk", exact=True).click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Kunci sandi untuk menandatangani")


async def add(page: Page, name: str, proof: str, code: str = "", label: str = "") -> None:
    await page.get_by_label("Nama kunci").fill(name)
    await page.get_by_label("Kata sandi Anda", exact=True).fill(PASSWORD)
    await page.get_by_role("radio", name=proof).check()
    if code:
        await page.get_by_role("textbox", name=label).fill(code)
    await page.get_by_role("button", name="Buat kunci sandi").click()


@pytest.mark.seconds(120)
async def test_an_officer_adds_renames_and_removes_passkeys_in_a_browser(api: Api, tmp_path: Path) -> None:
    api.clock = api.services.now = Ticking()
    async with served(api) as address, browser_at(address) as page:
        worker = Worker(api, tmp_path, RelyingParty.of(address))
        await as_head(page)
        await expect(page.get_by_text("Perlu JavaScript")).to_be_hidden()

        await add(page, "Ponsel", "Kode pendaftaran", "salah-" * 5, "Kode pendaftaran")
        await expect(page.get_by_role("alert")).to_contain_text("tidak cocok atau sudah terpakai")
        await expect(page.get_by_label("Nama kunci")).to_have_value("Ponsel")
        await add(page, "Ponsel", "Kode pendaftaran", worker.ticket(), "Kode pendaftaran")
        await expect(page.get_by_role("status").first).to_have_text("Kunci sandi sudah ditambahkan.")
        await expect(page.get_by_role("main")).to_contain_text("Dapat menandatangani")
        [first] = await api.records.passkeys_of("kepala")
        assert (first.name, first.admitted_by) == ("Ponsel", "ticket")

        # The same device again: it says so by itself, and nothing changes.
        await add(page, "Lagi", "Kunci sandi yang sudah ada")
        await expect(page.locator(".kunci__kabar")).to_contain_text("perangkat ini sudah memiliki kunci sandi")
        assert len(await api.records.passkeys_of("kepala")) == 1

        await page.get_by_role("link", name="Ganti nama atau hapus").click()
        await page.get_by_label("Nama kunci").fill("Ponsel kantor")
        await page.get_by_role("button", name="Simpan nama").click()
        await page.get_by_role("link", name="Ganti nama atau hapus Ponsel kantor").click()
        await page.get_by_label("Kata sandi Anda", exact=True).fill(PASSWORD)
        await page.get_by_role("radio", name="Kunci sandi yang sudah ada").check()
        await page.get_by_role("button", name="Hapus kunci sandi").click()
        await expect(page.get_by_role("status").first).to_have_text("Kunci sandi sudah dihapus.")
        assert await api.records.passkeys_of("kepala") == []


@pytest.mark.seconds(120)
async def test_an_older_passkey_lets_a_new_device_in_which_then_waits_a_day(api: Api, tmp_path: Path) -> None:
    api.clock = api.services.now = Ticking()
    async with served(api) as address, browser_at(address) as page:
        worker = Worker(api, tmp_path, RelyingParty.of(address))
        await as_head(page)
        protocol = await page.context.new_cdp_session(page)
        await protocol.send("WebAuthn.enable")
        usb = {"options": AUTHENTICATOR | {"transport": "usb"}}
        older = await protocol.send("WebAuthn.addVirtualAuthenticator", usb)

        async def at_hand(yes: bool) -> None:
            which = {"authenticatorId": older["authenticatorId"], "enabled": yes}
            await protocol.send("WebAuthn.setAutomaticPresenceSimulation", which)

        await add(page, "Kunci keamanan", "Kode pendaftaran", worker.ticket(), "Kode pendaftaran")
        await expect(page.get_by_role("main")).to_contain_text("Dapat menandatangani")
        await at_hand(False)
        await page.evaluate(WAITING)
        await add(page, "Ponsel", "Kunci sandi yang sudah ada")
        await expect(page.locator(".kunci__kabar")).to_contain_text("setujui dengan kunci sandi yang sudah ada")
        await at_hand(True)
        await page.evaluate("window.atHand()")
        await expect(page.get_by_role("status").first).to_have_text("Kunci sandi sudah ditambahkan.")
        await expect(page.get_by_role("main")).to_contain_text("Menunggu satu hari")
        assert [row.admitted_by for row in await api.records.passkeys_of("kepala")] == ["ticket", "webauthn"]


async def test_without_a_script_the_page_says_what_is_needed_and_a_code_removes(api: Api, tmp_path: Path) -> None:
    worker = at_work(api, tmp_path)
    await worker.enrol_totp()
    await a_passkey(api, worker)
    [row] = await api.records.passkeys_of("kepala")
    client = await in_as(api, "kepala")
    page = await client.get(KEYS)
    assert "Perlu JavaScript." in words(page) and ' hidden data-kunci="buat"' in page.text
    one, away = f"{KEYS}/{row.id}", f"{KEYS}/{row.id}/hapus"
    assert errors(await send(client, one, {"proof": "totp"}, to=away)) == ["password", "totp"]
    wrong = await send(client, one, {"proof": "totp", "totp": "000000", "password": "salah"}, to=away)
    assert errors(wrong) == ["password"]
    device = await send(client, one, {"proof": "assertion", "password": PASSWORD}, to=away)
    assert errors(device) == ["proof"]
    code = totp_now(SECRET, api.clock())
    done = await send(client, one, {"proof": "totp", "totp": code, "password": PASSWORD}, to=away)
    assert done.headers["location"] == KEYS and await api.records.passkeys_of("kepala") == []


async def test_a_form_that_the_device_has_not_answered_says_so(api: Api) -> None:
    client = await in_as(api, "kepala")
    fields = {"name": "Ponsel", "password": PASSWORD, "proof": "ticket", "ticket": "A" * 30}
    assert errors(await send(client, KEYS, fields)) == ["tombol"]
    assert errors(await send(client, KEYS, fields | {"credential": "{rusak"})) == ["tombol"]
    assert errors(await send(client, KEYS, {"proof": "ticket"})) == ["name", "password", "ticket"]


async def test_nobody_sees_or_changes_anothers_passkey(api: Api, tmp_path: Path) -> None:
    await a_passkey(api, at_work(api, tmp_path))
    [row] = await api.records.passkeys_of("kepala")
    client = await in_as(api, "koordinator")
    assert "Belum ada kunci sandi." in words(await client.get(KEYS))
    one = f"{KEYS}/{row.id}"
    assert (await client.get(one)).status_code == 404
    for to in (f"{one}/nama", f"{one}/hapus"):
        fields = {"name": "x", "proof": "totp", "totp": "000000", "password": PASSWORD}
        assert (await send(client, KEYS, fields, to=to)).status_code == 404
    assert (await api.records.passkeys_of("kepala"))[0].name == "Ponsel"
