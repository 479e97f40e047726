"""The signing worker beside the door, and officers' devices: what tests about passkeys begin with.

The worker's own code runs on the same database; between the two there is nothing but the rows, as in life.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fido2.utils import websafe_decode
from pydantic import SecretStr

from activities.passkeys import PasskeyDesk
from activities.step_up import Proofs
from signing.activation import Activation, SealingKeyPair, open_envelope
from signing.enrolment import Notary
from signing.webauthn import RelyingParty
from store.records import NewActivation
from store.tables import AccountRow
from tests.api.conftest import PASSWORD, Api, Clock
from tests.api.test_ordering_signatures import ADDRESS, PASSPHRASE, shown, waiting_letter
from tests.signing.authenticator import Device, as_json, registration_as_json

PASSKEYS, CHALLENGES = "/api/v1/me/passkeys", "/api/v1/signing/challenges"
PARTY = RelyingParty.of("http://localhost:8080")
SECRET = b"12345678901234567890"


class Worker:
    """The signing worker: its keys, its desk and its way of checking a consent."""

    def __init__(self, api: Api, folder: Path, party: RelyingParty = PARTY) -> None:
        pair = SealingKeyPair(folder / "seal.pem", folder / "seal.pem.pub")
        self.api = api
        self.key = pair.private_key()
        self.desk = PasskeyDesk(api.records, pair, party)
        self.proofs = Proofs(api.records, self.key, party)
        self.notary = Notary(self.key)
        api.engine.runs = self.desk.change_passkeys

    def ticket(self, officer: str = "kepala") -> str:
        return self.notary.ticket(officer, datetime.now(UTC))

    async def enrol_totp(self, officer: str = "kepala") -> None:
        await self.api.records.change_account(officer, totp_sealed=self.notary.seal_totp(SECRET, officer))

    async def opened(self, activation_id: str) -> Activation:
        kept = await self.api.records.activation(activation_id)
        assert kept.envelope is not None
        return open_envelope(kept.envelope, self.key, activation_id)

    async def check(self, activation_id: str, activation: Activation | None = None, **later: float) -> None:
        """As the signing activity does for every letter. Raises what it finds wrong."""
        row = await self.api.records.activation(activation_id)
        found = activation or await self.opened(activation_id)
        officer = await self.officer_row(found.officer_id)
        now = datetime.now(UTC) + timedelta(**later)
        await self.proofs.check(activation_id, found, officer, row.totp_step, now)

    async def officer_row(self, account_id: str) -> AccountRow:
        officer = await self.api.records.account(account_id)
        assert officer is not None
        return officer


class Ticking(Clock):
    """Real time, which the signing worker goes by, and what a test adds to it."""

    def __init__(self) -> None:
        super().__init__(datetime.now(UTC))
        self._begun = self.now

    def __call__(self) -> datetime:
        return self.now + (datetime.now(UTC) - self._begun)


def at_work(api: Api, folder: Path) -> Worker:
    """A signing worker beside this door, both by real time."""
    api.clock = api.services.now = Ticking()
    return Worker(api, folder)


def unpadded(text_of: str) -> bytes:
    return websafe_decode(text_of)


async def registering(client: httpx.AsyncClient, device: Device, proof: dict[str, Any], **said: Any) -> httpx.Response:
    """Begins a wish, has the device answer and hands it in."""
    begun = (await client.post(f"{PASSKEYS}/options")).json()
    made = device.register(unpadded(begun["public_key"]["challenge"]), **said)
    body = {
        "request": begun["request"],
        "name": "Ponsel",
        "password": PASSWORD,
        "proof": proof,
        "credential": registration_as_json(device, made),
    }
    return await client.post(PASSKEYS, json=body)


async def a_passkey(api: Api, worker: Worker, officer: str = "kepala", **of: Any) -> Device:
    """One that is let in by a ticket and may sign at once."""
    device = Device(PARTY, **of)
    answer = await registering(await api.as_(officer), device, {"ticket": worker.ticket(officer)})
    assert answer.status_code == 201, answer.text
    return device


async def consenting(
    client: httpx.AsyncClient, device: Device, letters: list[tuple[str, str]], **said: Any
) -> httpx.Response:
    """Asks for a challenge over these letters, has the device sign it and orders."""
    asked = await client.post(CHALLENGES, json={"tasks": shown(*letters)})
    assert asked.status_code == 201, asked.text
    proof = device.sign(unpadded(asked.json()["public_key"]["challenge"]), **said)
    body = {"challenge": asked.json()["challenge"], "assertion": as_json(proof), "passphrase": PASSPHRASE}
    return await client.post(ADDRESS, json=body)


async def an_order(api: Api, worker: Worker, device: Device) -> str:
    answer = await consenting(await api.as_("kepala"), device, [await waiting_letter(api)])
    assert answer.status_code == 202, answer.text
    activation_id: str = answer.json()["activation_id"]
    return activation_id


async def forged(
    api: Api, worker: Worker, letters: tuple[str, ...], device: Device, **changes: Any
) -> tuple[str, Activation]:
    """An activation as a broken API writes it: whatever it likes, with whatever proof it has."""
    name = changes.pop("name", "0" * 32)
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    first = Activation("kepala", letters, device.sign(b"0" * 32), SecretStr(PASSPHRASE), until)
    proof = device.sign(first.challenge(name), **changes)
    activation = Activation("kepala", letters, proof, SecretStr(PASSPHRASE), until)
    await api.records.create_activation(
        NewActivation(
            id=name, officer_id="kepala", envelope=b"\x02", letters=letters, created_at=until, expires_at=until
        )
    )
    return name, activation
