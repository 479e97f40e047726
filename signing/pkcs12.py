"""Development provider: officers' keys as PKCS#12 files (RFC 7292), opened with the passphrase typed for each signing.

Not for production: a file-based key is not under its owner's sole control as UU ITE art. 11 asks; building the provider
warns. The key lives for one call and the passphrase is never kept, logged or put into an error.
"""

from __future__ import annotations

import asyncio
import logging
import warnings
from pathlib import Path

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from pydantic import SecretStr

from signing.errors import CertificateNotFound, ProviderUnavailable, WrongPassphrase
from signing.pipeline import HeldKeySigner, Pipeline
from signing.port import SigningOrder

log = logging.getLogger(__name__)


class DevelopmentProviderWarning(UserWarning):
    """Someone built the provider that signs with key files."""


class Pkcs12Provider:
    """Signs with `<folder>/<signer_id>.p12`."""

    def __init__(self, folder: Path, pipeline: Pipeline) -> None:
        warnings.warn(
            "Pkcs12Provider signs with key files: development only, not a qualified provider.",
            DevelopmentProviderWarning,
            stacklevel=2,
        )
        log.warning("Signing with key files; for development only")
        self._folder = folder
        self._pipeline = pipeline

    async def sign(self, pdf: bytes, order: SigningOrder) -> bytes:
        """Sign as `SignatureProvider` says.

        Raises CertificateNotFound, WrongPassphrase, ProviderUnavailable and what the pipeline raises.
        """
        signer = await asyncio.to_thread(self.open_signer, order.signer_id, order.secret)
        return await self._pipeline.sign_letter(pdf, signer, order)

    def open_signer(self, signer_id: str, secret: SecretStr) -> HeldKeySigner:
        """Open an officer's key, for `Pipeline.sign_letter`; a batch under one activation may share it while it runs.

        Blocks for about 0.1 s (key derivation). Raises CertificateNotFound, WrongPassphrase, ProviderUnavailable.
        """
        path = self._folder / f"{signer_id}.p12"
        if path.parent != self._folder or not path.is_file():
            raise CertificateNotFound("Tidak ada sertifikat tanda tangan untuk pejabat ini.")
        try:
            data = path.read_bytes()
        except OSError as failure:
            raise ProviderUnavailable("Berkas kunci pejabat tidak dapat dibaca.") from failure
        try:
            opened = load_pkcs12(data, secret.get_secret_value().encode())
        except ValueError:
            # The cause is cut off: its text belongs to another library and stood next to the passphrase.
            raise WrongPassphrase("Frasa sandi salah.") from None
        if opened.cert is None or not isinstance(opened.key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise CertificateNotFound("Berkas kunci pejabat tidak memuat kunci dan sertifikat.")
        chain = [_asn1(extra.certificate.public_bytes(Encoding.DER)) for extra in opened.additional_certs]
        return HeldKeySigner(_asn1(opened.cert.certificate.public_bytes(Encoding.DER)), chain, opened.key)


def _asn1(der: bytes) -> x509.Certificate:
    return x509.Certificate.load(der)
