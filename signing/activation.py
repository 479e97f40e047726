"""Sealed activations: what a head authorises, readable by the signing worker alone.

The api seals officer, letters (sha256), step-up proof, passphrase and expiry to the signing worker's public key with
HPKE (RFC 9180, base mode: DHKEM(X25519), HKDF-SHA256, AES-256-GCM) and keeps only the envelope; whoever reads the
database, a history or a log finds no passphrase (UU ITE art. 11: sole control). The activation's id is bound into the
encryption, so an envelope moved to another row does not open. The worker itself checks the proof; arriving on its
queue proves nothing. What the proof is checked against is vouched for by the worker alone (`signing.enrolment`).
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from pydantic import SecretStr

from signing.errors import (
    ActivationExpired,
    ConsentTooLong,
    EnvelopeUnreadable,
    LetterNotNamed,
    ProviderUnavailable,
    StepUpRefused,
)
from signing.totp import matching_step, new_totp_secret, otpauth_uri, totp_now
from signing.webauthn import WebauthnProof, consent_challenge

__all__ = [
    "Activation",
    "SealingKeyPair",
    "StepUp",
    "TotpProof",
    "WebauthnProof",
    "check_names_letter",
    "check_step_up",
    "load_private_key",
    "load_public_key",
    "new_totp_secret",
    "open_envelope",
    "open_sealed",
    "otpauth_uri",
    "proof_from",
    "proof_to",
    "seal",
    "seal_to",
    "totp_now",
]

LONGEST_LIFE = timedelta(minutes=15)
"""The worker looks at no consent that reaches further into the future: it would be a stock of signatures."""
MAX_LETTERS = 500
MAX_ENVELOPE_BYTES = 256 * 1024
_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
_VERSION_1, _VERSION = b"\x01", b"\x02"
_ACTIVATION = {_VERSION_1: b"sakpore activation v1\0", _VERSION: b"sakpore activation v2\0"}

SecretKind = Literal["passphrase", "totp"]
"""What opens the signer's key: a passphrase, or a one-time code of the provider's own."""


@dataclass(frozen=True)
class TotpProof:
    """A one-time code, typed for this activation. The weaker way: it is bound to no list of letters."""

    code: str = field(repr=False)

    kind: Literal["totp"] = field(default="totp", init=False)


StepUp = TotpProof | WebauthnProof


@dataclass(frozen=True)
class Activation:
    """What one act of the head authorises."""

    officer_id: str  # who signs
    letter_sha256s: tuple[str, ...]  # hex digests of the letters, and of no others
    step_up: StepUp  # second factor over this list
    passphrase: SecretStr = field(repr=False)  # opens the key or the provider's account; or the provider's own code
    expires_at: datetime  # aware; after it the envelope is worthless
    secret_kind: SecretKind = "passphrase"  # noqa: S105

    def __post_init__(self) -> None:
        if self.expires_at.tzinfo is None:
            raise ValueError("an aware expiry is needed")
        if not 1 <= len(self.letter_sha256s) <= MAX_LETTERS:
            raise ValueError("an activation names at least one letter and not too many")
        if not all(len(digest) == 64 and set(digest) <= set("0123456789abcdef") for digest in self.letter_sha256s):
            raise ValueError("letters are named by their sha256 in lower-case hex")

    def challenge(self, activation_id: str) -> bytes:
        """What the officer's passkey has signed, where it consents to these letters until then."""
        return consent_challenge(activation_id, self.officer_id, self.letter_sha256s, self.expires_at)


@dataclass(frozen=True)
class SealingKeyPair:
    """The signing worker's pair, kept over restarts. Rotation: create one at another path, drain, then drop the old."""

    private_path: Path
    public_path: Path

    @classmethod
    def create(cls, path: Path, public_path: Path | None = None) -> SealingKeyPair:
        """Write a new pair (private 0600, public at `public_path` or `<path>.pub`), or keep the one that is there.

        Raises ProviderUnavailable when a private key that is there cannot be read or is open to others.
        """
        pair = cls(path, public_path or path.with_name(path.name + ".pub"))
        if path.exists():
            key = load_private_key(path)
        else:
            key = X25519PrivateKey.generate()
            path.parent.mkdir(parents=True, exist_ok=True)
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            _write_new(path, pem, 0o600)
            key = load_private_key(path)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if not pair.public_path.exists() or pair.public_path.read_bytes() != public:
            pair.public_path.write_bytes(public)
        return pair

    def private_key(self) -> X25519PrivateKey:
        """Raises ProviderUnavailable."""
        return load_private_key(self.private_path)

    def public_key(self) -> X25519PublicKey:
        """Raises ProviderUnavailable."""
        return load_public_key(self.public_path)


def load_private_key(path: Path) -> X25519PrivateKey:
    """Read the worker's key; refuses a file that others may read. Raises ProviderUnavailable."""
    try:
        if path.stat().st_mode & 0o077:
            raise ProviderUnavailable("Kunci segel dapat dibaca pengguna lain; ubah izinnya menjadi 0600.")
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as failure:
        raise ProviderUnavailable("Kunci segel proses penandatangan tidak terbaca.") from failure
    if not isinstance(key, X25519PrivateKey):
        raise ProviderUnavailable("Kunci segel bukan kunci X25519.")
    return key


def load_public_key(path: Path) -> X25519PublicKey:
    """Read the public half. Raises ProviderUnavailable."""
    try:
        key = load_pem_public_key(path.read_bytes())
    except (OSError, ValueError) as failure:
        raise ProviderUnavailable("Kunci segel publik tidak terbaca.") from failure
    if not isinstance(key, X25519PublicKey):
        raise ProviderUnavailable("Kunci segel publik bukan kunci X25519.")
    return key


def seal(activation: Activation, public_key: X25519PublicKey, activation_id: str) -> bytes:
    """Encrypt an activation to the signing worker, bound to its id."""
    body = {
        "officer_id": activation.officer_id,
        "letter_sha256s": list(activation.letter_sha256s),
        "step_up": proof_to(activation.step_up),
        "secret": activation.passphrase.get_secret_value(),
        "secret_kind": activation.secret_kind,
        "expires_at": activation.expires_at.isoformat(),
    }
    return seal_to(json.dumps(body).encode(), public_key, _ACTIVATION[_VERSION] + activation_id.encode())


def open_envelope(
    envelope: bytes, private_key: X25519PrivateKey | Iterable[X25519PrivateKey], activation_id: str
) -> Activation:
    """Decrypt; several keys may be given during a rotation. Envelopes of version 1 are read as well.

    Raises EnvelopeUnreadable, whose text says nothing of the inside.
    """
    label = _ACTIVATION.get(envelope[:1], b"")
    plain = open_sealed(envelope, private_key, label + activation_id.encode())
    try:
        body = json.loads(plain)
        first = envelope[:1] == _VERSION_1
        return Activation(
            officer_id=body["officer_id"],
            letter_sha256s=tuple(body["letter_sha256s"]),
            step_up=TotpProof(body["totp"]) if first else proof_from(body["step_up"]),
            passphrase=SecretStr(body["passphrase" if first else "secret"]),
            expires_at=datetime.fromisoformat(body["expires_at"]),
            secret_kind="passphrase" if first else body["secret_kind"],
        )
    except (ValueError, KeyError, TypeError):
        raise EnvelopeUnreadable("Isi amplop aktivasi tidak berbentuk benar.") from None


def proof_to(proof: StepUp) -> dict[str, str]:
    """A proof as it travels inside an envelope."""
    if isinstance(proof, TotpProof):
        return {"kind": "totp", "code": proof.code}
    parts = {name: getattr(proof, name) for name in _PARTS}
    return {"kind": "webauthn"} | {name: base64.b64encode(part).decode() for name, part in parts.items()}


def proof_from(body: dict[str, Any]) -> StepUp:
    """Raises ValueError, KeyError."""
    if body["kind"] == "totp":
        return TotpProof(body["code"])
    if body["kind"] != "webauthn":
        raise ValueError("no such proof")
    return WebauthnProof(**{name: base64.b64decode(body[name], validate=True) for name in _PARTS})


_PARTS = ("credential_id", "client_data", "authenticator_data", "signature")


def check_step_up(
    activation: Activation,
    totp_secret: bytes,
    now: datetime,
    last_step: int | None,
    *,
    activation_id: str | None = None,
    last_activation_id: str | None = None,
) -> int:
    """Check the one-time code of an activation that has one, and return its step.

    The caller keeps the step beside the officer and the activation's id.

    `last_step` is the newest step this officer has used, `last_activation_id` the activation that used it: the letters
    of one activation share one code, so the same activation may show its step again, whenever its letter is signed;
    any other may not (RFC 6238, 5.2). For the same activation the code is checked against the kept step, not against
    the clock. Raises StepUpRefused.
    """
    if not isinstance(activation.step_up, TotpProof):
        raise StepUpRefused("Persetujuan ini tidak membawa kode sekali pakai.")
    same = activation_id is not None and activation_id == last_activation_id and last_step is not None
    if same:
        assert last_step is not None
        moment = datetime.fromtimestamp(last_step * 30, tz=now.tzinfo)
        step = matching_step(totp_secret, activation.step_up.code, moment)
        if step == last_step:
            return step
        raise StepUpRefused("Kode sekali pakai tidak cocok.")
    step = matching_step(totp_secret, activation.step_up.code, now)
    if step is None:
        raise StepUpRefused("Kode sekali pakai tidak cocok atau sudah lewat waktunya.")
    if last_step is not None and step <= last_step:
        raise StepUpRefused("Kode sekali pakai sudah dipakai.")
    return step


def check_names_letter(activation: Activation, sha256: str, now: datetime) -> None:
    """Raises ActivationExpired after its time, LetterNotNamed for a letter it does not list, ConsentTooLong."""
    if activation.expires_at - now > LONGEST_LIFE:
        raise ConsentTooLong("Persetujuan tanda tangan berlaku terlalu lama.")
    if now >= activation.expires_at:
        raise ActivationExpired("Aktivasi tanda tangan sudah kedaluwarsa.")
    if sha256.lower() not in activation.letter_sha256s:
        raise LetterNotNamed("Surat ini tidak termasuk dalam aktivasi.")


def seal_to(plain: bytes, public_key: X25519PublicKey, info: bytes) -> bytes:
    """Encrypt something else to the signing worker; `info` says what it is and binds it to its row."""
    return _VERSION + _SUITE.encrypt(plain, public_key, info)


def open_sealed(sealed: bytes, keys: X25519PrivateKey | Iterable[X25519PrivateKey], info: bytes) -> bytes:
    """Decrypt it. Raises EnvelopeUnreadable."""
    if len(sealed) > MAX_ENVELOPE_BYTES or sealed[:1] not in _ACTIVATION:
        raise EnvelopeUnreadable("Amplop tersegel tidak berbentuk benar.")
    for key in [keys] if isinstance(keys, X25519PrivateKey) else keys:
        try:
            return _SUITE.decrypt(sealed[1:], key, info)
        except (InvalidTag, ValueError):
            continue
    raise EnvelopeUnreadable("Amplop tersegel tidak dapat dibuka dengan kunci dan id ini.")


def _write_new(path: Path, data: bytes, mode: int) -> None:
    """Create a file that only its owner reads; another process that was first wins."""
    scratch = path.with_name(f".{path.name}.{base64.b32encode(os.urandom(5)).decode().lower()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(scratch, path)
        except FileExistsError:
            return
    finally:
        scratch.unlink(missing_ok=True)
