"""Development provider: officers' keys as PKCS#12 files (RFC 7292), opened with the passphrase typed for each signing.

Not for production: a file-based key is not under its owner's sole control as UU ITE art. 11 asks; building the provider
warns. The passphrase is never kept, logged or put into an error. A key lives as long as a call that uses it, and
two seconds longer: the letters of one batch share it, whoever shows the same passphrase, since opening it costs three
times a signature (a key of 3072 bits is looked through for its primes).
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import secrets
import warnings
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from pydantic import SecretStr

from signing.errors import CertificateNotFound, CodeNotOffered, ProviderUnavailable, WrongPassphrase
from signing.material import read_certificates
from signing.pipeline import HeldKeySigner, Pipeline
from signing.port import CertificateStanding, ProviderKind, SigningOrder, Standing, Traits
from signing.standing import judge_certificate

log = logging.getLogger(__name__)

KEPT_SECONDS = 2.0
"""How long an open key outlives the last call that used it: as long as the letters of one batch are apart."""


class DevelopmentProviderWarning(UserWarning):
    """Someone built the provider that signs with key files."""


@dataclass
class _InUse:
    """A key that is open, or is being opened, for the calls that use it now or did a moment ago."""

    opening: asyncio.Future[HeldKeySigner]
    calls: int = 0
    end: asyncio.TimerHandle | None = None

    @property
    def is_open(self) -> bool:
        return self.opening.done() and not self.opening.cancelled() and self.opening.exception() is None


class Pkcs12Provider:
    """Signs with `<folder>/<signer_id>.p12`."""

    traits = Traits(ProviderKind.PKCS12, own_key=True)

    def __init__(self, folder: Path, pipeline: Pipeline, certificates: Path | None = None) -> None:
        """Certificates in the open, `<signer_id>.pem`, lie in `certificates`: by default `certs` beside `folder`."""
        warnings.warn(
            "Pkcs12Provider signs with key files: development only, not a qualified provider.",
            DevelopmentProviderWarning,
            stacklevel=2,
        )
        log.warning("Signing with key files; for development only")
        self._folder = folder
        self._certificates = certificates or folder.parent / "certs"
        self._pipeline = pipeline
        self._blind = secrets.token_bytes(32)
        self._in_use: dict[tuple[str, bytes], _InUse] = {}

    async def sign(self, pdf: bytes, order: SigningOrder) -> bytes:
        """Sign as `SignatureProvider` says.

        Raises CertificateNotFound, WrongPassphrase, ProviderUnavailable and what the pipeline raises.
        """
        async with self._opened(order) as signer:
            return await self._pipeline.sign_letter(pdf, signer, order)

    async def sign_many(self, pdfs: Sequence[bytes], order: SigningOrder) -> list[bytes]:
        """As `sign`, one after the other with the key opened once."""
        async with self._opened(order) as signer:
            return [await self._pipeline.sign_letter(pdf, signer, order) for pdf in pdfs]

    async def standing(self, signer_id: str) -> CertificateStanding:
        """By the certificate that lies beside the key file, as PEM; UNKNOWN where it lies nowhere."""
        if not self._is_kept(self._folder / f"{signer_id}.p12", self._folder):
            return CertificateStanding(Standing.NOT_REGISTERED)
        path = self._certificates / f"{signer_id}.pem"
        try:
            certificate, *others = await asyncio.to_thread(read_certificates, [path])
        except (OSError, ValueError):
            return CertificateStanding(Standing.UNKNOWN)
        return await judge_certificate(certificate, self._pipeline.material, others)

    async def send_code(self, signer_id: str, files: int = 1) -> None:
        """Raises CodeNotOffered."""
        raise CodeNotOffered("Penyedia ini tidak mengirim kode.")

    @asynccontextmanager
    async def _opened(self, order: SigningOrder) -> AsyncIterator[HeldKeySigner]:
        """The officer's key, shared by calls with the same passphrase; dropped `KEPT_SECONDS` after the last of them.

        One that could not be opened is dropped at once.
        """
        passphrase = order.secret.get_secret_value().encode()
        which = (order.signer_id, hmac.digest(self._blind, passphrase, "sha256"))
        loop = asyncio.get_running_loop()
        shared = self._in_use.get(which)
        if shared is None or shared.opening.get_loop() is not loop:
            opening = asyncio.to_thread(self.open_signer, order.signer_id, order.secret)
            shared = self._in_use[which] = _InUse(asyncio.ensure_future(opening))
        if shared.end is not None:
            shared.end.cancel()
        shared.calls += 1
        try:
            yield await asyncio.shield(shared.opening)
        finally:
            shared.calls -= 1
            if not shared.calls and shared.is_open:
                shared.end = loop.call_later(KEPT_SECONDS, self._drop, which, shared)
            elif not shared.calls:
                self._drop(which, shared)

    def _drop(self, which: tuple[str, bytes], shared: _InUse) -> None:
        if self._in_use.get(which) is shared:
            del self._in_use[which]

    def open_signer(self, signer_id: str, secret: SecretStr) -> HeldKeySigner:
        """Open an officer's key, for `Pipeline.sign_letter`.

        Blocks for about 0.1 s (key derivation). Raises CertificateNotFound, WrongPassphrase, ProviderUnavailable.
        """
        path = self._folder / f"{signer_id}.p12"
        if not self._is_kept(path, self._folder):
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

    @staticmethod
    def _is_kept(path: Path, folder: Path) -> bool:
        return path.parent == folder and path.is_file()


def _asn1(der: bytes) -> x509.Certificate:
    return x509.Certificate.load(der)
