"""From a frozen letter to a PAdES B-LTA letter (ETSI EN 319 142-1), by incremental update only.

One certification signature in the head's field, DocMDP P=1 (ISO 32000-1, 12.8.2.2), invisible because the letter itself
draws the QR block; a signature timestamp; certificates and CRLs in the DSS; one document timestamp over all of it.
Nothing is re-saved and no metadata is touched, so a PDF/A-2b letter stays one. The result is handed out only after our
own verification has found it SAH at B-LTA.
"""

from __future__ import annotations

import hashlib
import io
import re
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from weakref import WeakKeyDictionary

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter, enumerate_sig_fields
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko.sign.signers.pdf_signer import (
    PdfSignatureMetadata,
    PdfSigner,
    PdfTimeStamper,
    TimestampDSSContentSettings,
)
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.registry import SimpleCertificateStore
from pyhanko_certvalidator.util import get_pyca_cryptography_hash

from signing.errors import (
    ArchivePending,
    CertificateExpired,
    CertificateUnsuitable,
    DocumentRefused,
    RevocationUnavailable,
    Rewritten,
    SignatureNotProven,
    SigningError,
    TimestampUnavailable,
    WrongSigner,
)
from signing.judging import judge_signed, letter_policy
from signing.material import TrustMaterial
from signing.pki_errors import sorted_failure
from signing.policy import Policy
from signing.port import SigningOrder
from signing.renewal import paths_to_archive
from signing.timestamps import TsaClient
from signing.verdict import Level, Verdict
from signing.verify import verify_pdf_async

DIGEST = "sha256"
ROOM_TO_GROW = 512  # hex digits; tokens of one authority differ by a few bytes
_HOLE = re.compile(rb"/ByteRange\s*\[\s*0\s+(\d+)\s+(\d+)\s")
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
    _chains: WeakKeyDictionary[ValidationContext, dict[bytes, ValidationPath]] = field(
        default_factory=WeakKeyDictionary, repr=False
    )
    _rooms: dict[bytes, int] = field(default_factory=dict, repr=False)

    async def sign_letter(self, pdf: bytes, signer: Signer, order: SigningOrder) -> bytes:
        """Sign, timestamp, archive, and prove it.

        Raises DocumentRefused, WrongSigner, CertificateUnsuitable, CertificateExpired, CertificateRevoked,
        CertificateUntrusted, RevocationUnavailable, TimestampUnavailable, SignatureNotProven.
        """
        certificate = signer.signing_cert
        assert certificate is not None
        _check_certificate(certificate, order)
        writer = _open(pdf, order.field_name)
        if isinstance(self.timestamper, TsaClient):
            self.timestamper.forget_if_old()
        signed = await self._append_signature(writer, signer, order)
        await self._prove(pdf, signed, certificate, order)
        return signed

    async def check_services(self) -> None:
        """See that B-LTA can be reached now, before an order leaves for a document signer.

        Raises TimestampUnavailable, RevocationUnavailable, ProviderUnavailable; each may pass by itself.
        """
        self.material.refresh()
        if not self.material.lists_are_current(datetime.now(UTC)):
            raise RevocationUnavailable("Daftar pencabutan tidak ada atau sudah lewat masa berlakunya.")
        try:
            await self.timestamper.async_timestamp(hashlib.sha256(secrets.token_bytes(32)).digest(), DIGEST)
        except Exception as failure:
            raise TimestampUnavailable("Layanan segel waktu tidak menjawab sebagaimana mestinya.") from failure

    async def finish_returned(self, pdf: bytes, returned: bytes, order: SigningOrder) -> bytes:
        """Prove what a document signer returned for `pdf`, and bring it to B-LTA where the provider chose lower.

        Raises Rewritten, WrongSigner and SignatureNotProven with the returned bytes in them, and ArchivePending (with
        them too) where the signature is good and the timestamp or revocation service is away.
        """
        if not returned.startswith(pdf) or len(returned) == len(pdf):
            raise Rewritten("Berkas yang kembali dari penyedia tidak diawali byte surat yang dikirim.", [returned])
        fingerprint = _only_signer(returned)
        if order.certificate_sha256 not in (None, fingerprint):
            raise WrongSigner("Penyedia menandatangani dengan sertifikat orang lain.", [returned])
        try:
            report = await judge_signed(self.material, returned, fingerprint, order.field_name)
            if report.verdict is Verdict.SAH:
                return returned
            return await self.renew_archive(returned, letter_policy(self.material, fingerprint, order.field_name))
        except SigningError as failure:
            if failure.may_retry:
                sentence = "Surat sudah ditandatangani penyedia; arsipnya belum lengkap."
                raise ArchivePending(sentence, [returned]) from failure
            raise SignatureNotProven(
                f"Tanda tangan dari penyedia tidak lolos pemeriksaan sendiri: {failure.code}.", [returned]
            ) from failure

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
            raise sorted_failure(failure) from failure
        if not signatures:
            raise DocumentRefused("Surat belum memuat tanda tangan yang dapat diarsipkan.")
        try:
            await self._stamp(out, paths, context)
        except Exception as failure:
            raise sorted_failure(failure) from failure
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
        certificate = signer.signing_cert
        assert certificate is not None
        out = io.BytesIO()
        try:
            chain = await self._chain_of(certificate, signer)
            pdf_signer = PdfSigner(metadata, signer=signer, timestamper=self.timestamper)
            await pdf_signer.async_sign_pdf(writer, output=out, bytes_reserved=self._rooms.get(certificate.sha256))
            self._rooms[certificate.sha256] = _room_in(out.getvalue())
            await self._stamp(out, [chain], self.material.context())
        except SigningError:  # of our own signers, which name the step themselves
            raise
        except Exception as failure:
            self._rooms.pop(certificate.sha256, None)  # an authority whose tokens grew: measured anew next time
            raise sorted_failure(failure) from failure
        return out.getvalue()

    async def _chain_of(self, certificate: x509.Certificate, signer: Signer) -> ValidationPath:
        """The signer's chain as it stands at the moment of the held context: the same for all letters of minutes."""
        context = self.material.context()
        known = self._chains.setdefault(context, {})
        if certificate.sha256 not in known:
            validator = CertificateValidator(
                certificate, intermediate_certs=list(signer.cert_registry), validation_context=context
            )
            known[certificate.sha256] = await validator.async_validate_usage(  # type: ignore[no-untyped-call]
                {"non_repudiation"}
            )
        return known[certificate.sha256]

    async def _prove(self, pdf: bytes, signed: bytes, certificate: x509.Certificate, order: SigningOrder) -> None:
        if not signed.startswith(pdf):
            raise SignatureNotProven("Hasil tanda tangan tidak diawali byte surat yang dikirim.")
        fingerprint = hashlib.sha256(certificate.dump()).hexdigest()
        report = await judge_signed(self.material, signed, fingerprint, order.field_name)
        kinds = sorted(found.kind for found in report.signatures)
        if report.verdict is not Verdict.SAH or kinds != ["document-timestamp", "signature"]:
            codes = ", ".join(reason.code for reason in report.reasons) or report.verdict.value
            raise SignatureNotProven(f"Tanda tangan yang baru dibuat tidak lolos pemeriksaan sendiri: {codes}.")


def _room_in(signed: bytes) -> int:
    """Hex digits that the newest signature took, and some more: the room for the next one of the same signer.

    The library finds the room by a signature on trial, which costs a third of a letter, and leaves half of it empty.
    """
    start, end = map(int, _HOLE.findall(signed)[-1])
    used = len(signed[start + 1 : end - 1].rstrip(b"0"))
    return used + used % 2 + ROOM_TO_GROW


def _check_certificate(certificate: x509.Certificate, order: SigningOrder) -> None:
    if order.certificate_sha256 not in (None, hashlib.sha256(certificate.dump()).hexdigest()):
        raise WrongSigner("Kunci yang terbuka bukan milik sertifikat yang ditetapkan untuk pejabat ini.")
    if certificate.public_key.algorithm != "rsa":
        # The library declares PDF 2.0 for any other kind of key, and PDF/A-2 rests on PDF 1.7.
        raise CertificateUnsuitable("Kunci pejabat bukan RSA, sehingga surat tidak lagi PDF/A-2.")
    now = datetime.now(UTC)
    if not certificate.not_valid_before <= now <= certificate.not_valid_after:
        raise CertificateExpired("Sertifikat pejabat tidak berlaku pada saat ini.")


def check_signable(pdf: bytes, field_name: str) -> None:
    """Raises DocumentRefused where `pdf` cannot be signed: no PDF, already signed, encrypted, or the field is taken."""
    _open(pdf, field_name)


def _only_signer(returned: bytes) -> str:
    """Sha256 (hex) of the certificate behind the one signature. Raises SignatureNotProven."""
    try:
        signatures = PdfFileReader(io.BytesIO(returned), strict=True).embedded_regular_signatures
        fingerprints = [hashlib.sha256(found.signer_cert.dump()).hexdigest() for found in signatures]
    except Exception as failure:  # what the library makes of a broken file is not foreseeable
        raise SignatureNotProven("Berkas yang kembali dari penyedia tidak terbaca.", [returned]) from failure
    if len(fingerprints) != 1:
        raise SignatureNotProven("Berkas yang kembali tidak memuat tepat satu tanda tangan baru.", [returned])
    return fingerprints[0]


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
