"""Passkeys as proof of consent (W3C WebAuthn level 2): what is signed, and how a registration or a proof is judged.

The officer's device signs a challenge that is the sha256 of what is consented to, so that the proof of one list of
letters is none for any other. Judging needs no state: whoever knows the list, the times and the public key recomputes
the challenge. The device has to have checked its owner (PIN, finger, face), or the proof does not count.

Kept elsewhere: which public key is whose (`signing.enrolment`), and that a proof counts once (the store).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Literal
from urllib.parse import urlsplit

from fido2 import cbor
from fido2.cose import CoseKey
from fido2.server import Fido2Server
from fido2.utils import websafe_encode
from fido2.webauthn import (
    AttestationObject,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialRpEntity,
    RegistrationResponse,
    UserVerificationRequirement,
)

from signing.errors import StepUpRefused

ALGORITHMS = (-7, -8, -257)
"""COSE algorithms that are taken: ES256, EdDSA, RS256; every platform has one of them."""
LONGEST = 64 * 1024
"""Bytes of any one part of an answer."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class WebauthnProof:
    """What the officer's device answered to a challenge (AuthenticatorAssertionResponse)."""

    credential_id: bytes
    client_data: bytes = field(repr=False)  # JSON as the browser made it
    authenticator_data: bytes = field(repr=False)
    signature: bytes = field(repr=False)

    kind: Literal["webauthn"] = field(default="webauthn", init=False)


@dataclass(frozen=True)
class Registration:
    """What the officer's device answered when it made a passkey (AuthenticatorAttestationResponse)."""

    client_data: bytes = field(repr=False)
    attestation: bytes = field(repr=False)

    @property
    def sha256(self) -> str:
        """Names this very passkey, hex: what another factor consents to."""
        return hashlib.sha256(self.attestation).hexdigest()


@dataclass(frozen=True)
class RegisteredKey:
    """A passkey as its device described it."""

    credential_id: bytes
    public_key: bytes  # COSE_Key, CBOR
    sign_count: int
    device: str  # AAGUID: the make of the device, all zero where it does not tell
    backed_up: bool  # synchronised by its maker to the owner's other devices


@dataclass(frozen=True)
class RelyingParty:
    """The office, as browsers know it."""

    id: str  # host of the public address
    origin: str  # scheme, host and port

    @classmethod
    def of(cls, public_base_url: str) -> RelyingParty:
        """The relying party of a public address. Raises ValueError where it names no host."""
        parts = urlsplit(public_base_url)
        if not parts.hostname:
            raise ValueError("the public address names no host")
        port = "" if parts.port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{parts.port}"
        return cls(parts.hostname, f"{parts.scheme}://{parts.hostname}{port}")

    @cached_property
    def _server(self) -> Fido2Server:
        entity = PublicKeyCredentialRpEntity(id=self.id, name="Sakpore")
        return Fido2Server(entity, verify_origin=lambda origin: origin == self.origin)

    def check_registration(self, made: Registration, challenge: bytes) -> RegisteredKey:
        """The new key, where it was made here, for this challenge, by a device that has checked its owner.

        An attestation of the device's maker is neither asked for nor judged. Raises StepUpRefused.
        """
        try:
            _check_sizes(made.client_data, made.attestation)
            client_data, attestation = CollectedClientData(made.client_data), AttestationObject(made.attestation)
            _check_not_framed(client_data)
            data = self._server.register_complete(
                _state(challenge),
                RegistrationResponse(
                    raw_id=_credential_of(attestation.auth_data).credential_id,
                    response=AuthenticatorAttestationResponse(client_data=client_data, attestation_object=attestation),
                ),
            )
            credential = _credential_of(data)
            if credential.public_key[3] not in ALGORITHMS:
                raise ValueError("an algorithm that is not taken")
        except Exception as wrong:
            raise StepUpRefused("Kunci sandi tidak dapat didaftarkan dari jawaban perangkat ini.") from wrong
        return RegisteredKey(
            credential_id=bytes(credential.credential_id),
            public_key=cbor.encode(dict(credential.public_key)),
            sign_count=data.counter,
            device=str(credential.aaguid),
            backed_up=data.is_backed_up(),
        )

    def check_assertion(self, proof: WebauthnProof, public_key: bytes, challenge: bytes) -> int:
        """The device's counter, where this key signed this challenge here and its owner was checked.

        Raises StepUpRefused.
        """
        try:
            _check_sizes(proof.credential_id, proof.client_data, proof.authenticator_data, proof.signature)
            client_data = CollectedClientData(proof.client_data)
            _check_not_framed(client_data)
            credential = AttestedCredentialData.create(
                bytes(16),
                proof.credential_id,
                CoseKey.parse(cbor.decode(public_key)),  # type: ignore[arg-type]
            )
            authenticator_data = AuthenticatorData(proof.authenticator_data)
            self._server.authenticate_complete(
                _state(challenge),
                [credential],
                AuthenticationResponse(
                    raw_id=proof.credential_id,
                    response=AuthenticatorAssertionResponse(
                        client_data=client_data, authenticator_data=authenticator_data, signature=proof.signature
                    ),
                ),
            )
        except Exception as wrong:
            raise StepUpRefused("Bukti dari kunci sandi tidak cocok.") from wrong
        return authenticator_data.counter


def consent_challenge(
    activation_id: str, officer_id: str, letter_sha256s: Sequence[str], expires_at: datetime
) -> bytes:
    """What a device signs to consent to these letters, in this order and no others (32 bytes).

    sha256 over the JSON array `["sakpore consent v1", activation, officer, [sha256, ...], expiry in Unix seconds]`,
    without spaces, in ASCII.
    """
    return _challenge("sakpore consent v1", activation_id, officer_id, list(letter_sha256s), expires_at)


def registration_challenge(request_id: str, officer_id: str, expires_at: datetime) -> bytes:
    """What a device signs while it makes a passkey for this request (32 bytes)."""
    return _challenge("sakpore passkey registration v1", request_id, officer_id, [], expires_at)


def change_challenge(request_id: str, officer_id: str, what: str, expires_at: datetime) -> bytes:
    """What an older passkey signs to let a new one in, or one go (32 bytes).

    Args:
        request_id: of the change.
        officer_id: whose passkeys change.
        what: `admit:` and the sha256 of the new one's attestation, or `remove:` and the id of the one that goes.
        expires_at: aware.
    """
    return _challenge("sakpore passkey change v1", request_id, officer_id, [what], expires_at)


def _challenge(purpose: str, subject_id: str, officer_id: str, what: list[str], expires_at: datetime) -> bytes:
    seconds = int(expires_at.timestamp())
    canonical = json.dumps([purpose, subject_id, officer_id, what, seconds], separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(canonical.encode()).digest()


def _state(challenge: bytes) -> dict[str, object]:
    return {"challenge": websafe_encode(challenge), "user_verification": UserVerificationRequirement.REQUIRED}


def _check_sizes(*parts: bytes) -> None:
    if any(len(part) > LONGEST for part in parts):
        raise ValueError("a part of the answer is too long")


def _check_not_framed(client_data: CollectedClientData) -> None:
    """A page of somebody else must not hold ours (WebAuthn 13.4.9)."""
    if client_data.cross_origin:
        raise ValueError("asked from within another site's page")


def _credential_of(data: AuthenticatorData) -> AttestedCredentialData:
    if data.credential_data is None:
        raise ValueError("no credential in the answer")
    return data.credential_data
