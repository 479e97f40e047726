"""Passkeys are let in and removed by the signing worker alone, asked for at the door."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from signing.errors import (
    PasskeyNotYetUsable,
    PasskeyUnknown,
)
from signing.totp import totp_now
from tests.api.conftest import PASSWORD, Api
from tests.api.passkeys import (
    CHALLENGES,
    PARTY,
    PASSKEYS,
    SECRET,
    Worker,
    a_passkey,
    an_order,
    at_work,
    forged,
    registering,
    unpadded,
)
from tests.api.test_ordering_signatures import shown, waiting_letter
from tests.signing.authenticator import PRESENT, Device, as_json, registration_as_json


@pytest.fixture
async def worker(api: Api, tmp_path: Path) -> Worker:
    return at_work(api, tmp_path)


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
