"""From a frozen letter to a PAdES B-LTA letter (ETSI EN 319 142-1), by incremental update only.

One certification signature in the head's field, DocMDP P=1 (ISO 32000-1, 12.8.2.2), invisible because the letter itself
draws the QR block; a signature timestamp; certificates and CRLs in the DSS; one document timestamp over all of it.
Nothing is re-saved and no metadata is touched, so a PDF/A-2b letter stays one. The result is handed out only after our
own verification has found it SAH at B-LTA.
"""

from __future__ import annotations

import asyncio
import hashlib
import io
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.general import SigningError as PyhankoSigningError
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import (
    PdfSignatureMetadata,
    PdfSigner,
    PdfTimeStamper,
    TimestampDSSContentSettings,
)
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko.sign.timestamps.common_utils import TimestampRequestError
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import (
    ExpiredError,
    InsufficientRevinfoError,
    PathBuildingError,
    RevokedError,
)
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pyhanko_certvalidator.util import get_pyca_cryptography_hash

from signing.errors import (
    CertificateExpired,
    CertificateRevoked,
    CertificateUntrusted,
    DocumentRefused,
    RevocationUnavailable,
    SignatureNotProven,
    SigningError,
    TimestampUnavailable,
)
from signing.judging import judge_signed
from signing.material import TrustMaterial
from signing.policy import Policy
from signing.port import SigningOrder
from signing.renewal import paths_to_archive
from signing.timestamps import TsaClient
from signing.verdict import Level, Verdict
from signing.verify import verify_pdf_async

DIGEST = "sha256"
_BEFORE_TIMESTAMP = TimestampDSSContentSettings(include_vri=False, update_before_ts=True)


class _QuietWriter(IncrementalPdfFileWriter):
    """Appends without touching the information dictionary or the XMP metadata.

    The library dates and names itself in both at every update: a change after the head's signature that no archive
    needs, and one that would end the agreement between the two that PDF/A asks for.
    """

    def _update_meta(self) -> None:
        return


class HeldKeySigner(Signer):
    """A pyHanko signer over a key that was opened once.

    The library's own signer parses and checks the private key at every raw signature; with RSA that costs more than
    all the rest of a letter.
    """

    def __init__(
        self,
        certificate: x509.Certificate,
        chain: list[x509.Certificate],
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    ) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple([certificate, *chain])
        self._key = key
        super().__init__(signing_cert=certificate, cert_registry=store, embed_roots=False)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Sign `data`; a dry run gets zeros of the right length."""
        if dry_run:
            return bytes((self._key.key_size + 7) // 8 if isinstance(self._key, rsa.RSAPrivateKey) else 144)
        digest = get_pyca_cryptography_hash(digest_algorithm)
        if isinstance(self._key, rsa.RSAPrivateKey):
            return self._key.sign(data, padding.PKCS1v15(), digest)
        return self._key.sign(data, ec.ECDSA(digest))


@dataclass
class Pipeline:
    """What every signature of an installation shares: trust material and the timestamp service."""

    material: TrustMaterial
    timestamper: TimeStamper

    async def sign_letter(self, pdf: bytes, signer: Signer, order: SigningOrder) -> bytes:
        """Sign, timestamp, archive, and prove it.

        Raises DocumentRefused, CertificateExpired, CertificateRevoked, CertificateUntrusted, RevocationUnavailable,
        TimestampUnavailable, SignatureNotProven.
        """
        certificate = signer.signing_cert
        assert certificate is not None
        _check_validity(certificate)
        writer = _open(pdf, order.field_name)
        if isinstance(self.timestamper, TsaClient):
            self.timestamper.forget_if_old()
        signed = await self._append_signature(writer, signer, order)
        await self._prove(pdf, signed, certificate, order)
        return signed

    async def renew_archive(self, pdf: bytes, policy: Policy, now: datetime | None = None) -> bytes:
        """Add what makes a signed letter last: certificates and CRLs of its signatures, and a new document timestamp.

        For a letter whose provider chose a lower level, and for one whose last timestamp grows old. `now` (aware) is
        the present unless a test lives through years.
        Raises DocumentRefused (no signature in it), TimestampUnavailable, RevocationUnavailable, SignatureNotProven
        (not SAH by `policy`).
        """
        if isinstance(self.timestamper, TsaClient):
            self.timestamper.forget_if_old()
        try:
            out = io.BytesIO(pdf)
            signatures = PdfFileReader(out, strict=True).embedded_signatures
            context = self.material.context(now)
            paths = await paths_to_archive(signatures, context)
        except Exception as failure:
            raise _sorted(failure) from failure
        if not signatures:
            raise DocumentRefused("Surat belum memuat tanda tangan yang dapat diarsipkan.")
        try:
            await self._stamp(out, paths, context)
        except Exception as failure:
            raise _sorted(failure) from failure
        renewed = out.getvalue()
        report = await verify_pdf_async(renewed, policy, now)
        if not renewed.startswith(pdf) or report.verdict is not Verdict.SAH or report.level is not Level.B_LTA:
            raise SignatureNotProven("Arsip yang diperbarui tidak lolos pemeriksaan sendiri.")
        return renewed

    async def _stamp(self, out: io.BytesIO, paths: list[ValidationPath], context: ValidationContext) -> None:
        """Append one revision with the DSS for these chains and a document timestamp over all of the file."""
        writer = _QuietWriter(out)
        DocumentSecurityStore.supply_dss_in_writer(writer, None, paths=paths, validation_context=context)
        await PdfTimeStamper(self.timestamper).async_timestamp_pdf(
            writer, DIGEST, validation_context=context, in_place=True, dss_settings=_BEFORE_TIMESTAMP
        )

    async def _append_signature(self, writer: IncrementalPdfFileWriter, signer: Signer, order: SigningOrder) -> bytes:
        metadata = PdfSignatureMetadata(
            field_name=order.field_name,
            md_algorithm=DIGEST,
            reason=order.reason or None,
            location=order.location or None,
            certify=True,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            subfilter=SigSeedSubFilter.PADES,
        )
        context = self.material.context()
        certificate = signer.signing_cert
        assert certificate is not None
        out = io.BytesIO()
        try:
            validator = CertificateValidator(
                certificate, intermediate_certs=list(signer.cert_registry), validation_context=context
            )
            chain = await validator.async_validate_usage({"non_repudiation"})  # type: ignore[no-untyped-call]
            await PdfSigner(metadata, signer=signer, timestamper=self.timestamper).async_sign_pdf(writer, output=out)
            await self._stamp(out, [chain], context)
        except Exception as failure:
            raise _sorted(failure) from failure
        return out.getvalue()

    async def _prove(self, pdf: bytes, signed: bytes, certificate: x509.Certificate, order: SigningOrder) -> None:
        if not signed.startswith(pdf):
            raise SignatureNotProven("Hasil tanda tangan tidak diawali byte surat yang dikirim.")
        fingerprint = hashlib.sha256(certificate.dump()).hexdigest()
        report = await judge_signed(self.material, signed, fingerprint, order.field_name)
        kinds = sorted(found.kind for found in report.signatures)
        if report.verdict is not Verdict.SAH or kinds != ["document-timestamp", "signature"]:
            codes = ", ".join(reason.code for reason in report.reasons) or report.verdict.value
            raise SignatureNotProven(f"Tanda tangan yang baru dibuat tidak lolos pemeriksaan sendiri: {codes}.")


def _check_validity(certificate: x509.Certificate) -> None:
    now = datetime.now(UTC)
    if not certificate.not_valid_before <= now <= certificate.not_valid_after:
        raise CertificateExpired("Sertifikat pejabat tidak berlaku pada saat ini.")


def _open(pdf: bytes, field_name: str) -> IncrementalPdfFileWriter:
    try:
        reader = PdfFileReader(io.BytesIO(pdf), strict=True)
        if reader.encrypted:
            raise DocumentRefused("PDF terenkripsi tidak dapat ditandatangani.")
        fields = [(name, value) for name, value, _ in enumerate_sig_fields(reader)]
        writer = _QuietWriter.from_reader(reader)
    except SigningError:
        raise
    except (PdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError, OSError) as failure:
        raise DocumentRefused("Berkas yang akan ditandatangani bukan PDF yang utuh.") from failure
    if any(value is not None for _, value in fields):
        raise DocumentRefused("Surat sudah memuat tanda tangan; tanda tangan kepala harus satu-satunya.")
    if field_name in {name for name, _ in fields}:
        raise DocumentRefused("Surat sudah memuat kolom tanda tangan itu.")
    return writer


def _sorted(failure: Exception) -> SigningError:
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
