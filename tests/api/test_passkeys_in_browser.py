"""A real browser makes a passkey and consents with it: Chromium, its virtual device, our API, the worker's judgement.

The page is a blank one of our own address; what a head's screen will do stands here as a script.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from playwright.async_api import Page, async_playwright

from signing.errors import PasskeyCopied
from signing.webauthn import RelyingParty
from tests.api.conftest import PASSWORD, Api
from tests.api.passkeys import Ticking, Worker
from tests.api.test_ordering_signatures import PASSPHRASE, shown, waiting_letter

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
SCRIPT = """
window.ask = async (method, path, body) => {
  const headers = {"Content-Type": "application/json"}
  if (window.token) headers.Authorization = `Bearer ${window.token}`
  const answer = await fetch(`/api/v1${path}`, {method, headers, body: JSON.stringify(body)})
  return {status: answer.status, body: await answer.json()}
}
window.logIn = async (email, password) => {
  const {status, body} = await ask("POST", "/sessions", {email, password})
  window.token = body.token
  return status
}
window.register = async (password, proof) => {
  const {status, body: begun} = await ask("POST", "/me/passkeys/options", {})
  if (status != 201) return {status, body: begun}
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(begun.public_key)
  const made = await navigator.credentials.create({publicKey})
  const body = {request: begun.request, name: "Ponsel", password, proof, credential: made.toJSON()}
  return await ask("POST", "/me/passkeys", body)
}
window.consent = async (tasks, passphrase) => {
  const {status, body: asked} = await ask("POST", "/signing/challenges", {tasks})
  if (status != 201) return {status, body: asked}
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(asked.public_key)
  const proof = await navigator.credentials.get({publicKey})
  const body = {challenge: asked.challenge, assertion: proof.toJSON(), passphrase}
  return await ask("POST", "/signing/activations", body)
}
"""


@asynccontextmanager
async def served(api: Api) -> AsyncIterator[str]:
    """The application at an address of its own, which its settings name as the public one."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://localhost:{taken.getsockname()[1]}"
        api.services.settings = api.settings.model_copy(update={"public_base_url": address})
        config = uvicorn.Config(api.app, log_config=None, access_log=False, lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[taken]))
        try:
            yield address
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def browser_at(address: str, **differs: Any) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("google-chrome")
        browser = await playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = await browser.new_page()
        protocol = await page.context.new_cdp_session(page)
        await protocol.send("WebAuthn.enable")
        await protocol.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR | differs})
        await page.goto(f"{address}/api/health")
        await page.evaluate(SCRIPT)
        yield page
        await browser.close()


@pytest.mark.seconds(120)
async def test_a_browser_makes_a_passkey_and_consents_with_it(api: Api, tmp_path: Path) -> None:
    api.clock = api.services.now = Ticking()
    async with served(api) as address, browser_at(address) as page:
        worker = Worker(api, tmp_path, RelyingParty.of(address))
        letters = [await waiting_letter(api) for _ in range(3)]
        head = ["kepala@contoh.invalid", PASSWORD]
        assert await page.evaluate("([email, password]) => logIn(email, password)", head) == 201
        made = await page.evaluate(
            "([password, proof]) => register(password, proof)", [PASSWORD, {"ticket": worker.ticket()}]
        )
        assert made["status"] == 201, made
        [row] = await api.records.passkeys_of("kepala")
        assert (row.rp_id, row.transports, row.admitted_by) == ("localhost", ["internal"], "ticket")

        ordered = await page.evaluate(
            "([tasks, passphrase]) => consent(tasks, passphrase)", [shown(*letters), PASSPHRASE]
        )
        assert ordered["status"] == 202, ordered
        assert [one["state"] for one in ordered["body"]["results"]] == ["ordered"] * 3
        activation_id = ordered["body"]["activation_id"]
        opened = await worker.opened(activation_id)
        assert opened.letter_sha256s == tuple(sha256 for _, sha256 in letters)
        assert opened.step_up.kind == "webauthn"
        for _ in letters:
            await worker.check(activation_id)
        used = (await api.records.passkeys_of("kepala"))[0].sign_count
        assert used > 0, "this device counts"

        # The same device a second time: its counter has gone on, and the worker sees that it has.
        again = await page.evaluate(
            "([tasks, passphrase]) => consent(tasks, passphrase)", [shown(await waiting_letter(api)), PASSPHRASE]
        )
        await worker.check(again["body"]["activation_id"])
        assert (await api.records.passkeys_of("kepala"))[0].sign_count > used
        with pytest.raises(PasskeyCopied):  # what an earlier moment of the device has signed comes too late
            await _replayed(api, worker, activation_id)


async def _replayed(api: Api, worker: Worker, activation_id: str) -> None:
    async with api.services.db.engine.begin() as connection:
        await connection.exec_driver_sql("update activations set passkey_id = null, sign_count = null")
    await worker.check(activation_id)


@pytest.mark.seconds(120)
async def test_a_device_that_cannot_check_its_owner_makes_no_passkey(api: Api, tmp_path: Path) -> None:
    api.clock = api.services.now = Ticking()
    async with served(api) as address, browser_at(address, hasUserVerification=False, isUserVerified=False) as page:
        worker = Worker(api, tmp_path, RelyingParty.of(address))
        head = ["kepala@contoh.invalid", PASSWORD]
        assert await page.evaluate("([email, password]) => logIn(email, password)", head) == 201
        said = await page.evaluate(
            "([password, proof]) => register(password, proof).catch(error => error.name)",
            [PASSWORD, {"ticket": worker.ticket()}],
        )
        assert said == "NotAllowedError"
        assert await api.records.passkeys_of("kepala") == []
