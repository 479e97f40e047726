"""What the signing worker alone can vouch for: whose passkey a key is, and whose one-time-code secret.

The API writes the tables, so a row proves nothing. The worker therefore seals what it has enrolled with keys that are
derived from its private sealing key (HKDF-SHA256, RFC 5869), and believes no row without its seal: a public key that
somebody put into the table signs nothing, and neither does a secret. Tickets come from the same keys: who can make
one stands at the signing machine and has seen the officer.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from signing.errors import EnvelopeUnreadable, PasskeyNotSealed, StepUpRefused

TICKET_LIFE = timedelta(hours=24)
COOL_DOWN = timedelta(hours=24)
"""How long a passkey waits that was let in over the network: its owner is told at once, and has a day to object."""
_SECRET_VERSION = b"\x02"  # version 1 was sealed to the public key, so that anybody could have made it
_NONCE_BYTES, _MAC_BYTES, _TIME_BYTES = 12, 11, 4


@dataclass(frozen=True)
class Passkey:
    """A passkey as the worker let it in. All of it is under the seal."""

    id: str
    officer_id: str
    credential_id: bytes
    public_key: bytes  # COSE_Key, CBOR
    rp_id: str
    usable_from: datetime  # aware, whole seconds


class Notary:
    """The worker's own keys, derived from its private sealing key.

    Args:
        private_key: of the sealing pair. Where it is lost, everything is enrolled anew.
    """

    def __init__(self, private_key: X25519PrivateKey) -> None:
        secret = private_key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        self._of_passkeys = _derived(secret, b"sakpore passkey seal v1")
        self._of_secrets = _derived(secret, b"sakpore totp secret v2")
        self._of_tickets = _derived(secret, b"sakpore enrolment ticket v1")

    # Passkeys --------------------------------------------------------------------------------------------------------

    def seal_passkey(self, passkey: Passkey) -> bytes:
        """The seal of a passkey (32 bytes)."""
        line = [
            passkey.id,
            passkey.officer_id,
            passkey.credential_id.hex(),
            passkey.public_key.hex(),
            passkey.rp_id,
            int(passkey.usable_from.timestamp()),
        ]
        return hmac.digest(self._of_passkeys, json.dumps(line, separators=(",", ":")).encode(), hashlib.sha256)

    def check_passkey(self, passkey: Passkey, seal: bytes) -> None:
        """Raises PasskeyNotSealed for one that this worker did not let in, or that was changed since."""
        if not hmac.compare_digest(self.seal_passkey(passkey), seal):
            raise PasskeyNotSealed("Kunci sandi ini tidak didaftarkan melalui proses penandatangan.")

    # One-time-code secrets -------------------------------------------------------------------------------------------

    def seal_totp(self, secret: bytes, officer_id: str) -> bytes:
        """Encrypts an officer's one-time-code secret, bound to the officer; nobody else can make such a text."""
        nonce = os.urandom(_NONCE_BYTES)
        return _SECRET_VERSION + nonce + AESGCM(self._of_secrets).encrypt(nonce, secret, officer_id.encode())

    def open_totp(self, sealed: bytes, officer_id: str) -> bytes:
        """Decrypts it. Raises EnvelopeUnreadable."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            if sealed[:1] != _SECRET_VERSION:
                raise ValueError
            return AESGCM(self._of_secrets).decrypt(nonce, body, officer_id.encode())
        except (InvalidTag, ValueError):
            raise EnvelopeUnreadable("Rahasia kode sekali pakai tidak dibuat oleh proses penandatangan.") from None

    # Tickets ---------------------------------------------------------------------------------------------------------

    def ticket(self, officer_id: str, now: datetime) -> str:
        """A code that lets one passkey of this officer in (or out), for a day: 24 letters and digits in groups."""
        minutes = int((now + TICKET_LIFE).timestamp()) // 60
        body = minutes.to_bytes(_TIME_BYTES, "big")
        text = base64.b32encode(body + self._ticket_mac(body, officer_id)).decode()
        return "-".join(text[at : at + 4] for at in range(0, len(text), 4))

    def check_ticket(self, ticket: str, officer_id: str, now: datetime) -> str:
        """The ticket's name, for the caller to spend once (hex). Raises StepUpRefused."""
        plain = "".join(ticket.split()).replace("-", "").upper()
        try:
            whole = base64.b32decode(plain)
        except ValueError:
            raise StepUpRefused("Kode pendaftaran tidak berbentuk benar.") from None
        body, mac = whole[:_TIME_BYTES], whole[_TIME_BYTES:]
        if not hmac.compare_digest(mac, self._ticket_mac(body, officer_id)):
            raise StepUpRefused("Kode pendaftaran tidak cocok.")
        if now.timestamp() >= int.from_bytes(body, "big") * 60:
            raise StepUpRefused("Kode pendaftaran sudah kedaluwarsa.")
        return hashlib.sha256(whole).hexdigest()

    def _ticket_mac(self, body: bytes, officer_id: str) -> bytes:
        return hmac.digest(self._of_tickets, body + officer_id.encode(), hashlib.sha256)[:_MAC_BYTES]


def _derived(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt=None, info=purpose).derive(secret)
