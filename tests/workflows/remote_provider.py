"""A remote signing provider of the tests' own: its key is not ours, so nothing may be sent to it twice.

It signs with the demonstration's key file, remembers every call, and fails or lies as it is told to.
"""

from __future__ import annotations

import asyncio
import hashlib
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

from signing.errors import SigningError
from signing.material import TrustMaterial
from signing.pipeline import Pipeline
from signing.pkcs12 import Pkcs12Provider
from signing.port import CertificateStanding, ProviderKind, SigningOrder, Standing, Traits
from signing.timestamps import TsaClient

Lie = Callable[[bytes, bytes], bytes]
"""From the letter and its signed form to what is handed back."""


class RemoteProvider:
    """Signs elsewhere, twenty files a call."""

    traits = Traits(ProviderKind.CSC_V2, own_key=False, files_per_call=20)

    def __init__(self, pki_dir: Path, tsa_url: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._signs = Pkcs12Provider(pki_dir / "p12", Pipeline(TrustMaterial(pki_dir), TsaClient(tsa_url)))
        self.calls: list[list[str]] = []  # sha256 of the letters of each call
        self.fails_before: list[SigningError] = []  # the next calls fail before anything is signed
        self.fails_after: list[SigningError] = []  # the next calls sign, and their answer is lost
        self.lies: Lie | None = None
        self.refuses: dict[str, SigningError] = {}  # by sha256 of a letter
        self.says = CertificateStanding(Standing.USABLE)
        self.holds: asyncio.Event | None = None  # an answer that comes late

    async def sign(self, pdf: bytes, order: SigningOrder) -> bytes:
        (signed,) = await self.sign_many([pdf], order)
        return signed

    async def sign_many(self, pdfs: Sequence[bytes], order: SigningOrder) -> list[bytes]:
        self.calls.append([hashlib.sha256(pdf).hexdigest() for pdf in pdfs])
        if self.fails_before:
            raise self.fails_before.pop(0)
        for letter in self.calls[-1]:
            if letter in self.refuses:
                raise self.refuses[letter]
        signed = await self._signs.sign_many(pdfs, order)
        if self.holds is not None:
            await self.holds.wait()
        if self.fails_after:
            raise self.fails_after.pop(0)
        return [self.lies(pdf, each) if self.lies else each for pdf, each in zip(pdfs, signed, strict=True)]

    async def standing(self, signer_id: str) -> CertificateStanding:
        return self.says

    async def send_code(self, signer_id: str) -> None:
        raise NotImplementedError

    def times_sent(self, letter_sha256: str) -> int:
        """How often a letter was sent."""
        return sum(call.count(letter_sha256) for call in self.calls)
