"""Passkeys from end to end: asked for at the door, let in by the signing worker, and consenting to lists of letters.

The signing worker's own code runs on the same database; between the two there is nothing but the rows, as in life.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from fido2.utils import websafe_decode
from pydantic import SecretStr
from sqlalchemy import text

from activities.passkeys import PasskeyDesk
from activities.step_up import Proofs, StepUpRefusal
from signing.activation import Activation, SealingKeyPair, open_envelope
from signing.enrolment import Notary
from signing.errors import (
    PasskeyCopied,
    PasskeyNotSealed,
    PasskeyNotYetUsable,
    PasskeyUnknown,
    StepUpRefused,
    TooManyProofs,
)
from signing.totp import totp_now
from signing.webauthn import RelyingParty
from store.records import NewActivation
from store.tables import AccountRow
from tests.api.conftest import PASSWORD, Api, Clock
from tests.api.test_ordering_signatures import ADDRESS, PASSPHRASE, kept_activations, shown, waiting_letter
from tests.signing.authenticator import PRESENT, VERIFIED, Device, as_json, registration_as_json

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


@pytest.fixture
async def worker(api: Api, tmp_path: Path) -> Worker:
    api.clock = api.services.now = Ticking()
    return Worker(api, tmp_path)


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


# Letting in and removing ----------------------------------------------------------------------------------------------


async def test_a_passkey_let_in_by_a_ticket_signs_at_once(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker)
    [row] = await api.records.passkeys_of("kepala")
    assert (row.admitted_by, row.public_key, row.name) == ("ticket", device.cose, "Ponsel")
    assert row.usable_from <= datetime.now(UTC)
    listed = (await (await api.as_("kepala")).get(PASSKEYS)).json()["items"]
    assert [one["name"] for one in listed] == ["Ponsel"]
    assert "public_key" not in listed[0] and "seal" not in listed[0]
    await worker.check(await an_order(api, worker, device))


async def test_its_owner_is_told_of_a_passkey_by_the_worker_itself(api: Api, worker: Worker) -> None:
    await a_passkey(api, worker)
    async with api.services.db.engine.connect() as connection:
        rows = (
            await connection.execute(text("select recipient, template from outbox where key like 'passkey:%'"))
        ).all()
    assert rows == [("kepala@contoh.invalid", "account-passkey-added")]


async def test_a_passkey_let_in_over_the_network_waits_a_day(api: Api, worker: Worker) -> None:
    await worker.enrol_totp()
    device = Device(PARTY)
    head = await api.as_("kepala")
    proof = {"totp": totp_now(SECRET, datetime.now(UTC))}
    assert (await registering(head, device, proof)).status_code == 201
    letter = await waiting_letter(api)
    refused = await head.post(CHALLENGES, json={"tasks": shown(letter)})
    assert (refused.status_code, refused.json()["code"]) == (409, "passkey-not-yet-usable")
    name, activation = await forged(api, worker, (letter[1],), device)
    with pytest.raises(PasskeyNotYetUsable):
        await worker.check(name, activation)
    with pytest.raises(PasskeyNotYetUsable):
        await worker.check(name, activation, hours=23)
    await worker.check(name, activation, hours=25)


async def test_an_older_passkey_lets_in_the_one_that_it_was_asked_about_and_no_other(api: Api, worker: Worker) -> None:
    older, new, intruder = await a_passkey(api, worker), Device(PARTY), Device(PARTY)
    head = await api.as_("kepala")
    for device, good in ((intruder, False), (new, True)):
        begun = (await head.post(f"{PASSKEYS}/options")).json()
        made = new.register(unpadded(begun["public_key"]["challenge"]))
        asked = await head.post(
            f"{PASSKEYS}/requests/{begun['request']}/options", json={"attestation_sha256": made.sha256}
        )
        proof = older.sign(unpadded(asked.json()["public_key"]["challenge"]))
        body = {
            "request": begun["request"],
            "name": "Kedua",
            "password": PASSWORD,
            "proof": {"assertion": as_json(proof)},
            "credential": registration_as_json(device, device.register(unpadded(begun["public_key"]["challenge"]))),
        }
        if good:
            body["credential"] = registration_as_json(new, made)
        answer = await head.post(PASSKEYS, json=body)
        assert answer.status_code == (201 if good else 403), answer.text
    assert [row.admitted_by for row in await api.records.passkeys_of("kepala")] == ["ticket", "webauthn"]


@pytest.mark.parametrize(
    ("proof", "code"),
    [
        ({"ticket": "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA"}, "step-up-refused"),
        ({"totp": "000000"}, "step-up-not-enrolled"),
    ],
)
async def test_without_a_good_proof_no_passkey_is_let_in(
    api: Api, worker: Worker, proof: dict[str, str], code: str
) -> None:
    answer = await registering(await api.as_("kepala"), Device(PARTY), proof)
    assert answer.json()["code"] == code
    assert await api.records.passkeys_of("kepala") == []


async def test_a_ticket_lets_one_passkey_in_and_only_its_officers(api: Api, worker: Worker) -> None:
    ticket = worker.ticket()
    head = await api.as_("kepala")
    assert (await registering(await api.as_("koordinator"), Device(PARTY), {"ticket": ticket})).status_code == 403
    assert (await registering(head, Device(PARTY), {"ticket": ticket})).status_code == 201
    assert (await registering(head, Device(PARTY), {"ticket": ticket})).json()["code"] == "step-up-refused"


async def test_a_passkey_needs_the_password_and_a_device_that_checks_its_owner(api: Api, worker: Worker) -> None:
    head = await api.as_("kepala")
    begun = (await head.post(f"{PASSKEYS}/options")).json()
    device = Device(PARTY)
    body = {
        "request": begun["request"],
        "name": "Ponsel",
        "password": "kata-sandi-salah",
        "proof": {"ticket": worker.ticket()},
        "credential": registration_as_json(device, device.register(unpadded(begun["public_key"]["challenge"]))),
    }
    assert (await head.post(PASSKEYS, json=body)).json()["code"] == "login-failed"
    for said in ({"flags": PRESENT}, {"origin": "http://localhost:9090"}, {"cross_origin": True}):
        answer = await registering(head, Device(PARTY), {"ticket": worker.ticket()}, **said)
        assert (answer.status_code, answer.json()["code"]) == (403, "step-up-refused")
    assert await api.records.passkeys_of("kepala") == []


async def test_a_wish_that_nobody_answers_is_unknown_and_can_be_looked_up(api: Api, worker: Worker) -> None:
    api.engine.runs = None
    head = await api.as_("kepala")
    answer = await registering(head, Device(PARTY), {"ticket": worker.ticket()})
    assert (answer.status_code, answer.json()["state"]) == (202, "accepted-unknown")
    await worker.desk.change_passkeys(api.engine.errands[-1])
    assert len((await head.get(PASSKEYS)).json()["items"]) == 1
    again = await worker.desk.change_passkeys(api.engine.errands[-1])
    assert again.failure is None and len(await api.records.passkeys_of("kepala")) == 1


async def test_a_passkey_is_renamed_by_its_owner_alone(api: Api, worker: Worker) -> None:
    await a_passkey(api, worker)
    [row] = await api.records.passkeys_of("kepala")
    address = f"{PASSKEYS}/{row.id}"
    assert (await (await api.as_("kepala")).patch(address, json={"name": "Kunci kantor"})).json()[
        "name"
    ] == "Kunci kantor"
    refused = await (await api.as_("koordinator")).patch(address, json={"name": "x"})
    assert (refused.status_code, refused.json()["code"]) == (404, "passkey-unknown")


async def test_a_removed_passkey_consents_to_nothing(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker)
    activation_id = await an_order(api, worker, device)
    [row] = await api.records.passkeys_of("kepala")
    head = await api.as_("kepala")
    begun = (await head.post(f"{PASSKEYS}/{row.id}/removal/options")).json()
    body: dict[str, Any] = {"request": begun["request"], "password": PASSWORD, "proof": {"totp": "000000"}}
    assert (await head.post(f"{PASSKEYS}/{row.id}/removal", json=body)).json()["code"] == "step-up-not-enrolled"
    begun = (await head.post(f"{PASSKEYS}/{row.id}/removal/options")).json()
    proof = device.sign(unpadded(begun["public_key"]["challenge"]))
    body = {"request": begun["request"], "password": PASSWORD, "proof": {"assertion": as_json(proof)}}
    assert (await head.post(f"{PASSKEYS}/{row.id}/removal", json=body)).status_code == 200
    assert (await head.get(PASSKEYS)).json()["items"] == []
    with pytest.raises(PasskeyUnknown):
        await worker.check(activation_id)


async def test_nobody_removes_anothers_passkey(api: Api, worker: Worker) -> None:
    await a_passkey(api, worker)
    [row] = await api.records.passkeys_of("kepala")
    answer = await (await api.as_("koordinator")).post(f"{PASSKEYS}/{row.id}/removal/options")
    assert (answer.status_code, answer.json()["code"]) == (404, "passkey-unknown")


# Consenting -----------------------------------------------------------------------------------------------------------


async def test_a_challenge_is_over_what_was_shown_and_over_nothing_else(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker)
    letters = [await waiting_letter(api) for _ in range(3)]
    changed = (letters[1][0], "1" * 64)
    head = await api.as_("kepala")
    asked = (await head.post(CHALLENGES, json={"tasks": shown(letters[0], changed, letters[2])})).json()
    assert [one["letter_sha256"] for one in asked["letters"]] == [letters[0][1], letters[2][1]]
    assert [(one["task"], one["problem"]["code"]) for one in asked["refused"]] == [(changed[0], "stale-version")]
    assert asked["public_key"]["rpId"] == "localhost" and asked["public_key"]["userVerification"] == "required"
    proof = device.sign(unpadded(asked["public_key"]["challenge"]))
    body = {"challenge": asked["challenge"], "assertion": as_json(proof), "passphrase": PASSPHRASE}
    answer = (await head.post(ADDRESS, json=body)).json()
    assert [one["state"] for one in answer["results"]] == ["ordered", "ordered"]
    opened = await worker.opened(answer["activation_id"])
    assert opened.letter_sha256s == (letters[0][1], letters[2][1])
    assert opened.step_up.kind == "webauthn"
    for _ in opened.letter_sha256s:  # every letter shows the same proof
        await worker.check(answer["activation_id"])


@pytest.mark.parametrize(
    "said",
    [{"flags": PRESENT}, {"flags": VERIFIED}, {"origin": "http://localhost:9090"}, {"cross_origin": True}],
    ids=["owner not checked", "nobody there", "wrong origin", "framed"],
)
async def test_a_proof_that_is_not_good_is_refused_at_the_door_and_by_the_worker(
    api: Api, worker: Worker, said: dict[str, Any]
) -> None:
    device = await a_passkey(api, worker)
    letter = await waiting_letter(api)
    answer = await consenting(await api.as_("kepala"), device, [letter], **said)
    assert (answer.status_code, answer.json()["code"]) == (403, "step-up-refused")
    assert await kept_activations(api) == 0
    name, activation = await forged(api, worker, (letter[1],), device, **said)
    with pytest.raises(StepUpRefused):
        await worker.check(name, activation)


async def test_a_proof_for_another_list_is_no_consent(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker)
    one, two = await waiting_letter(api), await waiting_letter(api)
    name, good = await forged(api, worker, (one[1],), device)
    with pytest.raises(StepUpRefused):
        await worker.check(name, Activation("kepala", (two[1],), good.step_up, good.passphrase, good.expires_at))
    with pytest.raises(StepUpRefused):
        await worker.check(name, Activation("kepala", (one[1], two[1]), good.step_up, good.passphrase, good.expires_at))
    await worker.check(name, good)


async def test_a_challenge_is_answered_once(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker)
    head = await api.as_("kepala")
    asked = (await head.post(CHALLENGES, json={"tasks": shown(await waiting_letter(api))})).json()
    body = {
        "challenge": asked["challenge"],
        "assertion": as_json(device.sign(unpadded(asked["public_key"]["challenge"]))),
        "passphrase": PASSPHRASE,
    }
    answers = await asyncio.gather(*(head.post(ADDRESS, json=body) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [202, 409, 409]
    assert {answer.json().get("code") for answer in answers} == {None, "challenge-expired"}
    assert await kept_activations(api) == 1


async def test_a_challenge_ends_after_five_minutes_and_is_its_officers_alone(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker)
    head = await api.as_("kepala")
    asked = (await head.post(CHALLENGES, json={"tasks": shown(await waiting_letter(api))})).json()
    body = {
        "challenge": asked["challenge"],
        "assertion": as_json(device.sign(unpadded(asked["public_key"]["challenge"]))),
        "passphrase": PASSPHRASE,
    }
    api.clock.advance(minutes=5, seconds=1)
    assert (await head.post(ADDRESS, json=body)).json()["code"] == "challenge-expired"
    assert (await head.post(ADDRESS, json=body | {"challenge": "0" * 32})).json()["code"] == "challenge-expired"
    assert await api.records.delete_old_challenges(api.clock()) == 1


async def test_a_proof_shown_for_another_activation_is_refused(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker)
    activation_id = await an_order(api, worker, device)
    opened = await worker.opened(activation_id)
    await worker.check(activation_id)
    name, _ = await forged(api, worker, opened.letter_sha256s, Device(PARTY))
    with pytest.raises(StepUpRefused):
        await worker.check(name, opened)


async def test_another_officers_passkey_is_no_consent_of_the_head(api: Api, worker: Worker) -> None:
    await a_passkey(api, worker)
    colleague = await a_passkey(api, worker, "koordinator")
    answer = await consenting(await api.as_("kepala"), colleague, [letter := await waiting_letter(api)])
    assert (answer.status_code, answer.json()["code"]) == (404, "passkey-unknown")
    name, activation = await forged(api, worker, (letter[1],), colleague)
    with pytest.raises(PasskeyUnknown):
        await worker.check(name, activation)


async def test_a_counter_that_goes_back_is_refused(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker)
    await worker.check(await an_order(api, worker, device))
    for counter in (0, device.counter - 1):
        device.counter = counter
        activation_id = await an_order(api, worker, device)
        with pytest.raises(PasskeyCopied):
            await worker.check(activation_id)


async def test_a_device_without_a_counter_signs_again_and_again(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker, counts=False)
    for _ in range(2):
        await worker.check(await an_order(api, worker, device))


async def test_the_weaker_way_is_named_as_such(api: Api, worker: Worker) -> None:
    await worker.enrol_totp()
    code = totp_now(SECRET, datetime.now(UTC))
    body = {"tasks": shown(await waiting_letter(api)), "passphrase": PASSPHRASE, "totp": code}
    activation_id = (await (await api.as_("kepala")).post(ADDRESS, json=body)).json()["activation_id"]
    await worker.check(activation_id)
    assert (await worker.opened(activation_id)).step_up.kind == "totp"


async def test_failed_proofs_count_as_guesses_whichever_way_they_come(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker)
    head, letter = await api.as_("kepala"), await waiting_letter(api)
    for _ in range(2):
        assert (await consenting(head, device, [letter], flags=PRESENT)).status_code == 403
    for _ in range(3):
        assert (await registering(head, Device(PARTY), {"ticket": "A" * 24})).status_code == 403
    for answer in (
        await consenting(head, device, [letter]),
        await registering(head, Device(PARTY), {"ticket": worker.ticket()}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (429, "too-many-attempts")


# A broken API ---------------------------------------------------------------------------------------------------------


async def test_a_passkey_that_the_api_put_into_the_table_itself_signs_nothing(api: Api, worker: Worker) -> None:
    await a_passkey(api, worker)
    letter, intruder = await waiting_letter(api), Device(PARTY)
    async with api.services.db.engine.begin() as connection:
        kept = "rp_id, usable_from, seal, name, transports, device, backed_up"
        columns = f"id, officer_id, credential_id, public_key, {kept}"
        copied = f"id || '-x', officer_id, :credential, :key, {kept}, 0"
        await connection.execute(
            text(
                f"insert into passkeys ({columns}, sign_count, admitted_by, admitted_at)"
                f" select {copied}, admitted_by, admitted_at from passkeys"
            ),
            {"credential": intruder.credential_id, "key": intruder.cose},
        )
    name, activation = await forged(api, worker, (letter[1],), intruder)
    with pytest.raises(PasskeyNotSealed):
        await worker.check(name, activation)


@pytest.mark.parametrize("change", ["public_key = :key", "public_key = :key, credential_id = :credential"])
async def test_a_passkey_whose_key_was_swapped_signs_nothing(api: Api, worker: Worker, change: str) -> None:
    device, intruder = await a_passkey(api, worker), Device(PARTY)
    if "credential" not in change:
        intruder.credential_id = device.credential_id
    async with api.services.db.engine.begin() as connection:
        values = {"key": intruder.cose} | ({"credential": intruder.credential_id} if "credential" in change else {})
        await connection.execute(text(f"update passkeys set {change}"), values)
    name, activation = await forged(api, worker, ((await waiting_letter(api))[1],), intruder)
    with pytest.raises(PasskeyNotSealed):
        await worker.check(name, activation)


async def test_the_api_cannot_shorten_the_wait_of_a_new_passkey(api: Api, worker: Worker) -> None:
    await worker.enrol_totp()
    device = Device(PARTY)
    proof = {"totp": totp_now(SECRET, datetime.now(UTC))}
    await registering(await api.as_("kepala"), device, proof)
    async with api.services.db.engine.begin() as connection:
        await connection.execute(text("update passkeys set usable_from = now() - interval '1 day'"))
    name, activation = await forged(api, worker, ((await waiting_letter(api))[1],), device)
    with pytest.raises(PasskeyNotSealed):
        await worker.check(name, activation)


async def test_the_api_cannot_give_an_officer_a_one_time_code_of_its_own(api: Api, worker: Worker) -> None:
    own = Notary(X25519PrivateKey.generate())
    await api.records.change_account("kepala", totp_sealed=own.seal_totp(SECRET, "kepala"))
    body = {
        "tasks": shown(await waiting_letter(api)),
        "passphrase": PASSPHRASE,
        "totp": totp_now(SECRET, datetime.now(UTC)),
    }
    activation_id = (await (await api.as_("kepala")).post(ADDRESS, json=body)).json()["activation_id"]
    with pytest.raises(Exception, match="tidak dibuat oleh proses penandatangan"):
        await worker.check(activation_id)


async def test_the_worker_itself_tires_of_wrong_proofs(api: Api, worker: Worker) -> None:
    device = await a_passkey(api, worker)
    name, good = await forged(api, worker, ((await waiting_letter(api))[1],), device)
    officer = await worker.officer_row("kepala")
    for guess in range(20):
        activation = Activation("kepala", good.letter_sha256s, device.sign(b"x" * 32), good.passphrase, good.expires_at)
        with pytest.raises(StepUpRefused):
            await worker.proofs.check(f"tebakan-{guess}", activation, officer, None, datetime.now(UTC))
    with pytest.raises(TooManyProofs):
        await worker.check(name, good)
    await worker.check(name, good, minutes=16)


async def test_an_officer_without_any_factor_consents_to_nothing(api: Api, worker: Worker) -> None:
    body = {"tasks": shown(await waiting_letter(api)), "passphrase": PASSPHRASE, "totp": "123456"}
    activation_id = (await (await api.as_("kepala")).post(ADDRESS, json=body)).json()["activation_id"]
    with pytest.raises(StepUpRefusal, match="step-up-not-enrolled"):
        await worker.check(activation_id)
    refused = await (await api.as_("kepala")).post(CHALLENGES, json={"tasks": body["tasks"]})
    assert refused.json()["code"] == "passkey-missing"
