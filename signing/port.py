"""The port every signing provider stands behind, whatever its shape.

Hash signers (PKCS#12, PKCS#11, CSC) sign through our own pipeline; document signers (BSrE) are sent the whole PDF. To
the callers both are one: an order goes in with the secret that was typed for it, and what comes out begins with the
bytes that went in. An order names who signs, where and why; the secret travels in it and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol, runtime_checkable

from pydantic import SecretStr

HEAD_FIELD = "Kepala"
SEAL_FIELD = "Segel"
"""Where the office seals; a seal issues nothing."""
AGENCY_FIELD = "Opd"
"""Where an agency's officer signs its recommendation; such a signature issues nothing."""


class ProviderKind(StrEnum):
    """The providers that an installation can choose (SIGNING_PROVIDER)."""

    PKCS12 = "pkcs12"  # key files; development only
    PKCS11 = "pkcs11"  # keys in a token or HSM
    CSC_V1 = "csc-v1"  # a remote signing service, Cloud Signature Consortium API 1.0.4
    CSC_V2 = "csc-v2"  # the same, API 2.x
    BSRE_V1 = "bsre-v1"  # BSrE's esign client service, one file a call
    BSRE_V2 = "bsre-v2"  # the same, several files a call


FILES_PER_CALL: dict[ProviderKind, int] = {kind: 1 for kind in ProviderKind} | {
    ProviderKind.CSC_V1: 20,  # one authorisation over all their hashes; the service's own limit may be lower
    ProviderKind.CSC_V2: 20,
    ProviderKind.BSRE_V2: 20,
}
"""How many letters one call of a provider carries; those that carry more than one are sent in batches."""


@dataclass(frozen=True)
class Traits:
    """What a caller has to know of a provider."""

    kind: ProviderKind
    own_key: bool  # the key answers only to us: an order cut off in its middle may simply be given again
    files_per_call: int = 1


@dataclass(frozen=True)
class SigningOrder:
    """One signer's signature, on one PDF or on each of several."""

    signer_id: str  # the officer's id with the provider; for BSrE the NIK or e-mail
    secret: SecretStr = field(repr=False)  # passphrase or one-time code, typed for this signing
    secret_kind: Literal["passphrase", "totp"] = "passphrase"  # noqa: S105
    field_name: str = HEAD_FIELD  # the PDF signature field; the head's by default
    reason: str = "Penandatanganan surat izin"  # shown by PDF readers
    location: str = ""  # shown by PDF readers; empty leaves it out
    certificate_sha256: str | None = None  # hex, the mandated certificate; a signature by another is refused


class Standing(StrEnum):
    """What a provider says of an officer's certificate."""

    USABLE = "usable"
    EXPIRING = "expiring"  # usable, and within thirty days of its end
    EXPIRED = "expired"
    REVOKED = "revoked"
    NOT_REGISTERED = "not_registered"
    UNKNOWN = "unknown"  # the provider cannot be asked now


@dataclass(frozen=True)
class CertificateStanding:
    """An officer's certificate as the provider knows it, without opening the key."""

    standing: Standing
    certificate_sha256: str | None = None  # hex; None where the provider does not show the certificate
    valid_until: datetime | None = None  # aware UTC


class SignatureProvider(Protocol):
    """Signs PDFs by order. Errors are `signing.errors.SigningError` and nothing else."""

    @property
    def traits(self) -> Traits:
        """Constant facts of the provider."""
        ...

    async def sign(self, pdf: bytes, order: SigningOrder) -> bytes:
        """Return `pdf` with one more signature: the given bytes first, unchanged, then what was appended."""
        ...

    async def sign_many(self, pdfs: Sequence[bytes], order: SigningOrder) -> list[bytes]:
        """The same for up to `traits.files_per_call` files in one call: all of them in the given order, or an error."""
        ...

    async def standing(self, signer_id: str) -> CertificateStanding:
        """How the officer's certificate stands now. Does not raise: what cannot be asked is UNKNOWN."""
        ...

    async def send_code(self, signer_id: str, files: int = 1) -> None:
        """Have the provider send the officer a one-time code for that many files, where it signs by such a code.

        Raises SigningError; a provider without codes refuses (`code_not_offered`).
        """
        ...


@runtime_checkable
class DocumentSigner(SignatureProvider, Protocol):
    """A provider that is sent whole PDFs and appends its signature itself."""

    async def complete(self, pdf: bytes, returned: bytes, order: SigningOrder) -> bytes:
        """Carry on after `archive_pending`: prove what came back for `pdf` and bring it to B-LTA.

        Nothing is sent to the provider. Raises SigningError, `archive_pending` again while a service is away.
        """
        ...
