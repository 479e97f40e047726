"""An officer's device consents to the very list of letters that was shown, and the signing worker judges it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import text

from activities.step_up import StepUpRefusal
from signing.activation import Activation
from signing.enrolment import Notary
from signing.errors import (
    PasskeyCopied,
    PasskeyNotSealed,
    PasskeyUnknown,
    StepUpRefused,
    TooManyProofs,
)
from signing.totp import totp_now
from tests.api.conftest import Api
from tests.api.passkeys import (
    CHALLENGES,
    PARTY,
    SECRET,
    Worker,
    a_passkey,
    an_order,
    at_work,
    consenting,
    forged,
    registering,
    unpadded,
)
from tests.api.test_ordering_signatures import ADDRESS, PASSPHRASE, kept_activations, shown, waiting_letter
from tests.signing.authenticator import PRESENT, VERIFIED, Device, as_json


@pytest.fixture
async def worker(api: Api, tmp_path: Path) -> Worker:
    return at_work(api, tmp_path)


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
