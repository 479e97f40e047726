"""A software authenticator: an ES256 passkey on a device that the test owns, and so can misuse."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.utils import websafe_encode

from signing.webauthn import Registration, RelyingParty, WebauthnProof

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One passkey; `counts` is False for those that keep no counter, as synchronised ones."""

    party: RelyingParty
    counts: bool = True
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    counter: int = 0

    @property
    def cose(self) -> bytes:
        return cbor.encode(dict(ES256.from_cryptography_key(self.key.public_key())))

    def register(self, challenge: bytes, *, flags: int = PRESENT | VERIFIED, **said: Any) -> Registration:
        attested = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + self.cose
        data = self._data(flags | ATTESTED, said.pop("party", self.party)) + attested
        attestation = cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})
        return Registration(self._client_data("webauthn.create", challenge, **said), attestation)

    def sign(self, challenge: bytes, *, flags: int = PRESENT | VERIFIED, **said: Any) -> WebauthnProof:
        if self.counts:
            self.counter += 1
        data = self._data(flags, said.pop("party", self.party))
        client_data = self._client_data("webauthn.get", challenge, **said)
        signed = data + hashlib.sha256(client_data).digest()
        return WebauthnProof(self.credential_id, client_data, data, self.key.sign(signed, ec.ECDSA(hashes.SHA256())))

    def _data(self, flags: int, party: RelyingParty) -> bytes:
        return hashlib.sha256(party.id.encode()).digest() + bytes([flags]) + self.counter.to_bytes(4, "big")

    def _client_data(self, usual: str, challenge: bytes, **said: Any) -> bytes:
        whole = {
            "type": said.get("kind", usual),
            "challenge": websafe_encode(challenge),
            "origin": said.get("origin", self.party.origin),
            "crossOrigin": said.get("cross_origin", False),
        }
        return json.dumps(whole).encode()


def as_json(proof: WebauthnProof) -> dict[str, Any]:
    """As a browser's `PublicKeyCredential.toJSON()` writes it."""
    name = websafe_encode(proof.credential_id)
    return {
        "id": name,
        "rawId": name,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {},
        "response": {
            "clientDataJSON": websafe_encode(proof.client_data),
            "authenticatorData": websafe_encode(proof.authenticator_data),
            "signature": websafe_encode(proof.signature),
            "userHandle": None,
        },
    }


def registration_as_json(device: Device, made: Registration) -> dict[str, Any]:
    name = websafe_encode(device.credential_id)
    return {
        "id": name,
        "rawId": name,
        "type": "public-key",
        "authenticatorAttachment": "platform",
        "clientExtensionResults": {"credProps": {"rk": True}},
        "response": {
            "clientDataJSON": websafe_encode(made.client_data),
            "attestationObject": websafe_encode(made.attestation),
            "transports": ["internal"],
        },
    }
