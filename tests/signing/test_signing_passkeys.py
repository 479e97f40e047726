"""Passkeys: what a device signs, what is judged of it, and whose key the signing worker believes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from pydantic import SecretStr

from signing.activation import Activation, TotpProof, open_envelope, seal
from signing.enrolment import Notary, Passkey
from signing.errors import EnvelopeUnreadable, PasskeyNotSealed, StepUpRefused
from signing.webauthn import RelyingParty, WebauthnProof, change_challenge, consent_challenge, registration_challenge
from tests.signing.authenticator import PRESENT, VERIFIED, Device

NOW = datetime(2026, 3, 13, 9, 0, 10, tzinfo=UTC)
UNTIL = NOW + timedelta(minutes=5)
ONE, TWO, THREE = "a" * 64, "b" * 64, "c" * 64
PARTY = RelyingParty.of("https://izin.contoh.test")
CHALLENGE = consent_challenge("akt-1", "kepala", (ONE, TWO), UNTIL)
WORKER = X25519PrivateKey.generate()


@pytest.fixture
def device() -> Device:
    return Device(PARTY)


def test_the_office_is_known_by_its_host_and_its_origin() -> None:
    assert RelyingParty.of("http://localhost:8080") == RelyingParty("localhost", "http://localhost:8080")
    assert RelyingParty.of("https://Izin.contoh.test:443").origin == "https://izin.contoh.test"


def test_a_device_signs_the_list_that_it_was_asked_about(device: Device) -> None:
    assert PARTY.check_assertion(device.sign(CHALLENGE), device.cose, CHALLENGE) == 1
    assert PARTY.check_assertion(device.sign(CHALLENGE), device.cose, CHALLENGE) == 2


@pytest.mark.parametrize(
    "other",
    [
        consent_challenge("akt-1", "kepala", (ONE, THREE), UNTIL),
        consent_challenge("akt-1", "kepala", (TWO, ONE), UNTIL),
        consent_challenge("akt-1", "kepala", (ONE,), UNTIL),
        consent_challenge("akt-2", "kepala", (ONE, TWO), UNTIL),
        consent_challenge("akt-1", "plh", (ONE, TWO), UNTIL),
        consent_challenge("akt-1", "kepala", (ONE, TWO), UNTIL + timedelta(seconds=1)),
        registration_challenge("akt-1", "kepala", UNTIL),
        change_challenge("akt-1", "kepala", ONE, UNTIL),
    ],
    ids=["another letter", "another order", "fewer", "another act", "another officer", "longer", "joining", "change"],
)
def test_a_proof_over_anything_else_is_no_proof(device: Device, other: bytes) -> None:
    assert other != CHALLENGE
    with pytest.raises(StepUpRefused):
        PARTY.check_assertion(device.sign(other), device.cose, CHALLENGE)


@pytest.mark.parametrize(
    "said",
    [
        {"flags": PRESENT},
        {"flags": VERIFIED},
        {"origin": "https://izin.contoh.test.penipu.test"},
        {"origin": "http://izin.contoh.test"},
        {"origin": "https://www.izin.contoh.test"},
        {"cross_origin": True},
        {"kind": "webauthn.create"},
        {"party": RelyingParty.of("https://penipu.test")},
    ],
    ids=["not verified", "not present", "lookalike", "not https", "subdomain", "framed", "wrong type", "other rp id"],
)
def test_a_proof_made_elsewhere_or_without_its_owner_is_refused(device: Device, said: dict[str, Any]) -> None:
    with pytest.raises(StepUpRefused):
        PARTY.check_assertion(device.sign(CHALLENGE, **said), device.cose, CHALLENGE)


def test_a_proof_by_another_key_or_with_a_changed_byte_is_refused(device: Device) -> None:
    proof, other = device.sign(CHALLENGE), Device(PARTY)
    changes: list[tuple[WebauthnProof, bytes]] = [
        (proof, other.cose),
        (replace(proof, signature=proof.signature[:-1] + bytes([proof.signature[-1] ^ 1])), device.cose),
        (replace(proof, authenticator_data=proof.authenticator_data[:-1] + b"\xff"), device.cose),
        (replace(proof, client_data=proof.client_data + b" "), device.cose),
        (replace(proof, client_data=b"bukan json"), device.cose),
        (replace(proof, client_data=b"{}" + b" " * 70_000), device.cose),
        (replace(proof, authenticator_data=b""), device.cose),
        (proof, b"\x00"),
    ]
    for changed, key in changes:
        with pytest.raises(StepUpRefused):
            PARTY.check_assertion(changed, key, CHALLENGE)


def test_a_registration_is_good_here_once_and_with_its_owner(device: Device) -> None:
    challenge = registration_challenge("daftar-1", "kepala", UNTIL)
    made = PARTY.check_registration(device.register(challenge), challenge)
    assert (made.credential_id, made.public_key, made.backed_up) == (device.credential_id, device.cose, False)
    for said in ({"flags": PRESENT}, {"origin": "https://penipu.test"}, {"kind": "webauthn.get"}):
        with pytest.raises(StepUpRefused):
            PARTY.check_registration(device.register(challenge, **said), challenge)
    with pytest.raises(StepUpRefused):
        PARTY.check_registration(device.register(CHALLENGE), challenge)


def a_passkey(device: Device) -> Passkey:
    return Passkey("kunci-1", "kepala", device.credential_id, device.cose, PARTY.id, NOW)


def test_the_worker_believes_no_passkey_that_it_has_not_let_in(device: Device) -> None:
    notary, passkey = Notary(WORKER), a_passkey(device)
    seal = notary.seal_passkey(passkey)
    Notary(WORKER).check_passkey(passkey, seal)
    intruder = Device(PARTY)
    forged: list[tuple[Passkey, bytes]] = [
        (replace(passkey, public_key=intruder.cose), seal),
        (replace(passkey, credential_id=intruder.credential_id), seal),
        (replace(passkey, officer_id="plh"), seal),
        (replace(passkey, rp_id="penipu.test"), seal),
        (replace(passkey, usable_from=NOW - timedelta(days=1)), seal),
        (passkey, Notary(X25519PrivateKey.generate()).seal_passkey(passkey)),
        (passkey, b""),
    ]
    for row, sealed in forged:
        with pytest.raises(PasskeyNotSealed):
            notary.check_passkey(row, sealed)


def test_nobody_but_the_worker_makes_a_one_time_code_secret() -> None:
    notary = Notary(WORKER)
    sealed = notary.seal_totp(b"rahasia", "kepala")
    assert notary.open_totp(sealed, "kepala") == b"rahasia"
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for other, officer in ((sealed, "plh"), (changed, "kepala"), (b"\x01" + sealed[1:], "kepala"), (b"", "kepala")):
        with pytest.raises(EnvelopeUnreadable):
            notary.open_totp(other, officer)
    with pytest.raises(EnvelopeUnreadable):
        Notary(X25519PrivateKey.generate()).open_totp(sealed, "kepala")


def test_a_ticket_is_for_one_officer_and_one_day() -> None:
    notary = Notary(WORKER)
    ticket = notary.ticket("kepala", NOW)
    assert len(ticket) == 29 and ticket.count("-") == 5
    name = notary.check_ticket(ticket.lower().replace("-", " "), "kepala", NOW + timedelta(hours=23, minutes=58))
    assert name == notary.check_ticket(ticket, "kepala", NOW)
    for other, officer, later in (
        (ticket, "plh", timedelta(0)),
        (ticket, "kepala", timedelta(hours=24)),
        (ticket[:-1] + ("A" if ticket[-1] != "A" else "B"), "kepala", timedelta(0)),
        ("", "kepala", timedelta(0)),
        ("kode", "kepala", timedelta(0)),
        (Notary(X25519PrivateKey.generate()).ticket("kepala", NOW), "kepala", timedelta(0)),
    ):
        with pytest.raises(StepUpRefused):
            notary.check_ticket(other, officer, NOW + later)


def test_an_envelope_carries_the_devices_proof_and_its_kind_of_secret(device: Device) -> None:
    proof = device.sign(CHALLENGE)
    activation = Activation("kepala", (ONE, TWO), proof, SecretStr("482913"), UNTIL, secret_kind="totp")
    opened = open_envelope(seal(activation, WORKER.public_key(), "akt-1"), WORKER, "akt-1")
    assert opened == activation
    assert opened.step_up.kind == "webauthn"
    assert opened.challenge("akt-1") == CHALLENGE
    assert isinstance(opened.step_up, WebauthnProof)
    assert PARTY.check_assertion(opened.step_up, device.cose, opened.challenge("akt-1"))
    assert TotpProof("123456").kind == "totp"
