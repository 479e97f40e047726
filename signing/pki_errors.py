"""Names a failed step of a signature: the libraries' errors, sorted into our own family."""

from __future__ import annotations

import asyncio

import aiohttp
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.sign.general import SigningError as PyhankoSigningError
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko_certvalidator.errors import (
    ExpiredError,
    InsufficientRevinfoError,
    PathBuildingError,
    RevokedError,
)

from signing.errors import (
    CertificateExpired,
    CertificateRevoked,
    CertificateUntrusted,
    DocumentRefused,
    RevocationUnavailable,
    SigningError,
    TimestampUnavailable,
)


def sorted_failure(failure: Exception) -> SigningError:
    """Name the step that failed, by the first known error in the chain of causes."""
    chain: list[BaseException] = [failure]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and len(chain) < 12:
        chain.append(cause)
    for known in chain:
        if isinstance(known, RevokedError):
            return CertificateRevoked("Sertifikat dalam rantai tanda tangan telah dicabut.")
        if isinstance(known, ExpiredError):
            return CertificateExpired("Sertifikat dalam rantai tanda tangan sudah tidak berlaku.")
        if isinstance(known, InsufficientRevinfoError):
            return RevocationUnavailable("Keterangan pencabutan untuk rantai sertifikat tidak ada atau basi.")
        if isinstance(known, PathBuildingError):
            return CertificateUntrusted("Sertifikat tidak berujung pada jangkar kepercayaan instalasi ini.")
        if isinstance(known, TimestampRequestError | aiohttp.ClientError | asyncio.TimeoutError | ConnectionError):
            return TimestampUnavailable("Layanan segel waktu tidak menjawab sebagaimana mestinya.")
        if isinstance(known, PdfError):
            return DocumentRefused("Struktur PDF tidak dapat diberi tanda tangan.")
    if isinstance(failure, PyhankoSigningError):
        return SigningError("Langkah tanda tangan PAdES gagal.")
    return SigningError(f"Langkah tanda tangan PAdES berhenti dengan {type(failure).__name__}.")
