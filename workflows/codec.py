"""Personal data in payloads is encrypted from the first day: AES-256-GCM, each payload bearing its key's id.

Payloads are compressed first; summaries, memo and failures pass through the codec too, so that operators see the flow
and, only with the codec endpoint behind their log-in, the words. Old keys stay for decoding.
"""

from __future__ import annotations

import base64
import os
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec

ENCODING = b"binary/sakpore-aes-gcm"
_NONCE = 12


class PayloadKeyUnknown(Exception):
    """A payload bears the id of a key that these settings do not hold."""


@dataclass(frozen=True)
class PayloadKeys:
    """Keys by id; the first encrypts."""

    current: str
    by_id: dict[str, bytes]

    @classmethod
    def parse(cls, text: str) -> PayloadKeys:
        """From `id:base64key[,id2:base64key2]`, 32 bytes each. Raises ValueError."""
        keys: dict[str, bytes] = {}
        for entry in text.split(","):
            key_id, _, encoded = entry.strip().partition(":")
            key = base64.b64decode(encoded, validate=True)
            if not key_id or len(key) != 32:
                raise ValueError("a payload key is an id and 32 bytes in base64")
            keys[key_id] = key
        return cls(current=next(iter(keys)), by_id=keys)


class EncryptedPayloads(PayloadCodec):
    """Encrypts what enters histories and decrypts what comes back."""

    def __init__(self, keys: PayloadKeys) -> None:
        self._keys = keys
        self._ciphers = {key_id: AESGCM(key) for key_id, key in keys.by_id.items()}

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [self._open(payload) for payload in payloads]

    def _seal(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE)
        key_id = self._keys.current
        plain = zlib.compress(payload.SerializeToString(), 1)
        sealed = self._ciphers[key_id].encrypt(nonce, plain, key_id.encode())
        return Payload(metadata={"encoding": ENCODING, "key-id": key_id.encode()}, data=nonce + sealed)

    def _open(self, payload: Payload) -> Payload:
        if payload.metadata.get("encoding") != ENCODING:
            return payload
        key_id = payload.metadata["key-id"].decode()
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise PayloadKeyUnknown(key_id)
        plain = cipher.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], key_id.encode())
        return Payload.FromString(zlib.decompress(plain))
