"""What an officer wishes to change about passkeys, sealed to the signing worker, which alone grants it.

A wish carries its own proof: a ticket from the signing machine, a one-time code, or an older passkey's signature over
exactly this change. The envelope is bound to the wish's id, as an activation's is.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from signing.activation import StepUp, open_sealed, proof_from, proof_to, seal_to
from signing.errors import EnvelopeUnreadable
from signing.webauthn import Registration, change_challenge, registration_challenge

_LABEL = b"sakpore passkey change v1\0"


@dataclass(frozen=True)
class TicketProof:
    """A code that was handed to the officer at the signing machine (`signing.enrolment.Notary.ticket`)."""

    text: str = field(repr=False)

    kind: Literal["ticket"] = field(default="ticket", init=False)


ChangeProof = TicketProof | StepUp


@dataclass(frozen=True)
class PasskeyChange:
    """One wish."""

    officer_id: str
    passkey_id: str  # the one to be made, or the one that goes
    proof: ChangeProof
    expires_at: datetime  # aware
    registration: Registration | None  # of the one to be made; None: one is removed

    def __post_init__(self) -> None:
        if self.expires_at.tzinfo is None:
            raise ValueError("an aware expiry is needed")

    @property
    def what(self) -> str:
        """What an older passkey has to consent to."""
        return admission(self.registration) if self.registration else removal(self.passkey_id)

    def challenge(self, request_id: str) -> bytes:
        """What an older passkey signs for it."""
        return change_challenge(request_id, self.officer_id, self.what, self.expires_at)

    def registration_challenge(self, request_id: str) -> bytes:
        """What the new passkey was made over."""
        return registration_challenge(request_id, self.officer_id, self.expires_at)


def admission(made: Registration) -> str:
    """Letting in this very passkey, in a challenge's words."""
    return f"admit:{made.sha256}"


def removal(passkey_id: str) -> str:
    """Removing this passkey, in a challenge's words."""
    return f"remove:{passkey_id}"


def seal_change(change: PasskeyChange, public_key: X25519PublicKey, request_id: str) -> bytes:
    """Encrypt a wish to the signing worker, bound to its id."""
    made = change.registration
    body = {
        "officer_id": change.officer_id,
        "passkey_id": change.passkey_id,
        "proof": _proof_to(change.proof),
        "expires_at": change.expires_at.isoformat(),
        "registration": [_text(made.client_data), _text(made.attestation)] if made else None,
    }
    return seal_to(json.dumps(body).encode(), public_key, _LABEL + request_id.encode())


def open_change(envelope: bytes, private_key: X25519PrivateKey, request_id: str) -> PasskeyChange:
    """Decrypt it. Raises EnvelopeUnreadable."""
    plain = open_sealed(envelope, private_key, _LABEL + request_id.encode())
    try:
        body = json.loads(plain)
        made = body["registration"]
        return PasskeyChange(
            officer_id=body["officer_id"],
            passkey_id=body["passkey_id"],
            proof=_proof_from(body["proof"]),
            expires_at=datetime.fromisoformat(body["expires_at"]),
            registration=Registration(_bytes(made[0]), _bytes(made[1])) if made else None,
        )
    except (ValueError, KeyError, TypeError, IndexError):
        raise EnvelopeUnreadable("Isi amplop kunci sandi tidak berbentuk benar.") from None


def _proof_to(proof: ChangeProof) -> dict[str, str]:
    return {"kind": "ticket", "text": proof.text} if isinstance(proof, TicketProof) else proof_to(proof)


def _proof_from(body: dict[str, Any]) -> ChangeProof:
    return TicketProof(body["text"]) if body["kind"] == "ticket" else proof_from(body)


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text, validate=True)
