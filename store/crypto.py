"""Sealing of personal documents and of the NIK: AES-256-GCM (NIST SP 800-38D) with named keys.

A sealed value says which key sealed it and is bound to its context (such as `blob:<sha256>`), so that it cannot be
carried to another place. Old keys stay for opening; the first one seals. Layout: b"SK1", one byte length of the key id,
key id, 12 random bytes (nonce), ciphertext with its 16 byte tag.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
import re
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from store.errors import KeyUnknown, SealBroken

_MAGIC = b"SK1"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_TAG_BYTES = 16
_KEY_ID = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)


class Keyring:
    """Named 256-bit keys; never shown."""

    def __init__(self, keys: dict[str, bytes]) -> None:
        """The first key seals. Raises ValueError for no key, a bad id or a wrong length."""
        if not keys:
            raise ValueError("a keyring holds at least one key")
        for key_id, key in keys.items():
            if not _KEY_ID.fullmatch(key_id) or len(key) != _KEY_BYTES:
                raise ValueError("a key has an id of letters, digits, - and _, and 32 bytes")
        self._sealing_id = next(iter(keys))
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.items()}
        # A key of its own purpose: an id of a person is never made with the key that seals.
        # Made from the oldest key, since a new sealing key comes in front and fingerprints have to go on finding.
        self._fingerprint_key = hmac.digest(keys[list(keys)[-1]], b"sakpore fingerprint", hashlib.sha256)

    @classmethod
    def parse(cls, text: str) -> Self:
        """A keyring from `id:base64key[,id2:base64key2]`. Raises ValueError, without showing any of it."""
        keys: dict[str, bytes] = {}
        for part in text.split(","):
            key_id, colon, encoded = part.strip().partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except binascii.Error:
                key = b""
            if not colon or key_id in keys or not key:
                raise ValueError("keys are written id:base64key[,id2:base64key2], each id once")
            keys[key_id] = key
        return cls(keys)

    def __repr__(self) -> str:
        return f"Keyring({', '.join(self._ciphers)})"

    @property
    def sealing_id(self) -> str:
        """Id of the key that seals now."""
        return self._sealing_id

    def seal(self, content: bytes, context: bytes) -> bytes:
        """Content sealed with the first key, bound to the context."""
        nonce = os.urandom(_NONCE_BYTES)
        header = _MAGIC + bytes([len(self._sealing_id)]) + self._sealing_id.encode()
        return header + nonce + self._ciphers[self._sealing_id].encrypt(nonce, content, header + context)

    def open(self, sealed: bytes, context: bytes) -> bytes:
        """The content. Raises KeyUnknown, or SealBroken when bytes or context are not what was sealed."""
        key_end = len(_MAGIC) + 1 + (sealed[len(_MAGIC)] if len(sealed) > len(_MAGIC) else 0)
        nonce_end = key_end + _NONCE_BYTES
        if not sealed.startswith(_MAGIC) or len(sealed) < nonce_end + _TAG_BYTES:
            raise SealBroken("these bytes are not sealed, or cut short")
        header, key_id = sealed[:key_end], sealed[len(_MAGIC) + 1 : key_end].decode("ascii", "replace")
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise KeyUnknown("sealed with a key that is not in this keyring")
        try:
            return cipher.decrypt(sealed[key_end:nonce_end], sealed[nonce_end:], header + context)
        except InvalidTag as cause:
            raise SealBroken("the sealed bytes or their context were changed") from cause

    def fingerprint(self, text: str) -> str:
        """A keyed fingerprint that finds an equal text and reveals none; it lives as long as the ring's oldest key."""
        return hmac.new(self._fingerprint_key, text.encode(), hashlib.sha256).hexdigest()


def signer_context(account_id: str) -> bytes:
    """What an officer's sealed id with the signing provider is bound to."""
    return f"signer:{account_id}".encode()
