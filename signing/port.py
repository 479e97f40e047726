"""The port every signing provider stands behind (PKCS#12 today; PKCS#11, CSC and BSrE obey the same shape).

An order names who signs, where and why; the secret that opens the key travels in it and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from pydantic import SecretStr

HEAD_FIELD = "Kepala"


@dataclass(frozen=True)
class SigningOrder:
    """One signature on one PDF."""

    signer_id: str  # the officer's id with the provider; for BSrE this will be the NIK or e-mail
    secret: SecretStr = field(repr=False)  # passphrase or one-time code, typed for this signing
    field_name: str = HEAD_FIELD  # the PDF signature field; the head's by default
    reason: str = "Penandatanganan surat izin"  # shown by PDF readers
    location: str = ""  # shown by PDF readers; empty leaves it out


class SignatureProvider(Protocol):
    """Signs a PDF by order. Errors are `signing.errors.SigningError` and nothing else."""

    async def sign(self, pdf: bytes, order: SigningOrder) -> bytes:
        """Return `pdf` with one more signature: the given bytes first, unchanged, then what was appended."""
        ...
