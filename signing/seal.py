"""The office's electronic seal: a certificate of the office, not of a person (eSeal; PP 71/2019 art. 59 knows it beside
the signature of persons).

A seal says that a PDF comes from this office and is unchanged since. It decides nothing: it stands in a field of its
own, `Segel`, and a policy never takes it for the head's signature. It is put on what the office vouches for and nobody
signs here: agencies' wet-signed letters once they were matched, and reports on verified files.

The key answers to the signing process alone. Its passphrase lies in a file that only this process reads; the key is
opened with the first sealing and held, since nobody is there to type anything.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from pyhanko.sign.signers.pdf_cms import Signer

from signing.errors import ProviderUnavailable
from signing.pipeline import Pipeline
from signing.pkcs12 import Pkcs12Provider
from signing.port import SEAL_FIELD, SigningOrder

DEMO_SEAL_ID = "segel-kantor"
"""Name of the demonstration's key file and certificate."""
DEMO_SEAL_NAME = "Segel Elektronik Kantor Contoh"


@dataclass(frozen=True)
class SealedPdf:
    """A PDF with the office's seal at PAdES B-LTA, proven by our own verification."""

    pdf: bytes  # begins with the bytes that were given
    certificate_sha256: str  # hex


class OfficeSeal:
    """Seals PDFs with the office's own key.

    Args:
        pipeline: timestamps, archives and proves as for a person's signature.
        open_key: opens the key, in a thread, at the first sealing; raises SigningError.
    """

    def __init__(self, pipeline: Pipeline, open_key: Callable[[], Signer]) -> None:
        self._pipeline = pipeline
        self._open_key = open_key
        self._key: Signer | None = None
        self._turn = asyncio.Lock()

    @classmethod
    def from_key_file(cls, folder: Path, signer_id: str, secret: Path, pipeline: Pipeline) -> OfficeSeal:
        """The seal of a development installation: `<folder>/<signer_id>.p12`, its passphrase in the file `secret`."""

        def opened() -> Signer:
            return Pkcs12Provider(folder, pipeline).open_signer(signer_id, read_secret(secret))

        return cls(pipeline, opened)

    async def seal(self, pdf: bytes, reason: str) -> SealedPdf:
        """Append the seal; `reason` is shown by PDF readers.

        Raises what `Pipeline.sign_letter` raises, and of an unusable key CertificateNotFound, WrongPassphrase,
        ProviderUnavailable.
        """
        key = await self._opened()
        order = SigningOrder(signer_id="", secret=SecretStr(""), field_name=SEAL_FIELD, reason=reason)
        sealed = await self._pipeline.sign_letter(pdf, key, order)
        assert key.signing_cert is not None
        return SealedPdf(sealed, hashlib.sha256(key.signing_cert.dump()).hexdigest())

    async def _opened(self) -> Signer:
        async with self._turn:
            if self._key is None:
                self._key = await asyncio.to_thread(self._open_key)
            return self._key


def read_secret(path: Path) -> SecretStr:
    """The one line of a secret file. Raises ProviderUnavailable: unreadable, empty, or open to other users."""
    try:
        if path.stat().st_mode & 0o077:
            raise ProviderUnavailable("Berkas frasa sandi segel kantor terbuka bagi pengguna lain.")
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        raise ProviderUnavailable("Berkas frasa sandi segel kantor tidak dapat dibaca.") from None
    if not text:
        raise ProviderUnavailable("Berkas frasa sandi segel kantor kosong.")
    return SecretStr(text)
