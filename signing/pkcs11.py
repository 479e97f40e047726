"""Keys in a token or HSM, through its PKCS#11 module (OASIS PKCS#11 2.40); tests use SoftHSM2.

The PIN is the passphrase of the order. A log-in belongs to the whole process, not to a session: while one officer is
logged in, another's wrong PIN would go unnoticed. So log-in, signature and log-out are one step under one lock, and a
session that finds somebody logged in already refuses. The token sees the digest of the signed attributes alone.

A wrong PIN counts against the token's own limit, and the letters of one batch would use that limit up: a PIN that the
token refused is not shown to it again for ten minutes.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pkcs11
from asn1crypto import algos, x509
from pkcs11 import Attribute, Mechanism, ObjectClass
from pyhanko.sign.signers.pdf_cms import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.errors import (
    CertificateNotFound,
    CertificateUnsuitable,
    CodeNotOffered,
    NotRegistered,
    PassphraseLocked,
    ProviderUnavailable,
    SigningError,
    WrongPassphrase,
)
from signing.pipeline import Pipeline
from signing.port import CertificateStanding, ProviderKind, SigningOrder, Standing, Traits
from signing.standing import judge_certificate

WRONG_PIN_SECONDS = 600.0

_WRONG_PIN = (pkcs11.PinIncorrect, pkcs11.PinInvalid, pkcs11.PinLenRange)
_UNSUITABLE = (
    pkcs11.KeyTypeInconsistent,
    pkcs11.KeySizeRange,
    pkcs11.MechanismInvalid,
    pkcs11.MechanismParamInvalid,
    pkcs11.FunctionNotSupported,
)
_LOCKS: dict[str, threading.Lock] = {}  # by module: log-ins and the module's own state belong to the process

_T = TypeVar("_T")


@dataclass(frozen=True)
class _Held:
    """A certificate on the token and how its key is found."""

    certificate: x509.Certificate
    key: dict[Any, Any] = field(repr=False)  # attributes of the private key

    @property
    def sha256(self) -> str:
        """Of the certificate, hex."""
        return hashlib.sha256(self.certificate.dump()).hexdigest()


@dataclass
class Token:
    """One PKCS#11 module and the officers' keys in it. All methods block."""

    module: Path
    label: str | None  # of the one token that holds all keys; None: every officer's own, labelled with the officer's id
    _blind: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    _refused: dict[bytes, float] = field(default_factory=dict, repr=False)

    def find(self, signer_id: str, certificate_sha256: str | None = None) -> _Held:
        """The officer's certificate. Raises CertificateNotFound, ProviderUnavailable."""
        return self._exclusively(lambda: self._find(signer_id, certificate_sha256))

    def sign(self, signer_id: str, pin: str, held: _Held, digest_info: bytes) -> bytes:
        """An RSASSA-PKCS1-v1_5 signature over a DigestInfo (RFC 8017).

        Raises WrongPassphrase, PassphraseLocked, NotRegistered, CertificateNotFound, CertificateUnsuitable,
        ProviderUnavailable.
        """
        seen = hmac.digest(self._blind, f"{signer_id}\0{pin}".encode(), "sha256")
        return self._exclusively(lambda: self._sign(signer_id, pin, held, digest_info, seen))

    def _exclusively(self, step: Callable[[], _T]) -> _T:
        lock = _LOCKS.setdefault(str(self.module), threading.Lock())
        with lock:
            try:
                return step()
            except SigningError:
                raise
            except Exception as failure:
                # Cut off: the library's frames hold the PIN.
                raise _named(failure) from None

    def _find(self, signer_id: str, certificate_sha256: str | None) -> _Held:
        with self._token(signer_id).open() as session:
            found = [_held(entry) for entry in session.get_objects({Attribute.CLASS: ObjectClass.CERTIFICATE})]
        if certificate_sha256 is not None:
            named = [
                held for _, held in found if hashlib.sha256(held.certificate.dump()).hexdigest() == certificate_sha256
            ]
            if len(named) == 1:
                return named[0]
        labelled = [held for label, held in found if label == signer_id]
        if not labelled and self.label is None:
            labelled = [held for _, held in found if not held.certificate.ca]
        if len(labelled) != 1:
            raise CertificateNotFound("Token tidak memuat tepat satu sertifikat untuk pejabat ini.")
        return labelled[0]

    def _sign(self, signer_id: str, pin: str, held: _Held, digest_info: bytes, seen: bytes) -> bytes:
        if self._refused.get(seen, 0.0) > time.monotonic():
            raise WrongPassphrase("PIN salah.")
        token = self._token(signer_id)
        try:
            session = token.open(user_pin=pin)
        except _WRONG_PIN:
            # The library leaves the session of a refused log-in open; remembering the PIN bounds that as well.
            self._refused[seen] = time.monotonic() + WRONG_PIN_SECONDS
            raise
        with session:
            keys: list[Any] = list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY, **held.key}))
            if len(keys) != 1:
                raise CertificateNotFound("Token tidak memuat tepat satu kunci untuk sertifikat pejabat ini.")
            return bytes(keys[0].sign(digest_info, mechanism=Mechanism.RSA_PKCS))

    def _token(self, signer_id: str) -> pkcs11.Token:
        label = self.label if self.label is not None else signer_id
        return pkcs11.lib(str(self.module)).get_token(token_label=label)


class TokenSigner(Signer):
    """A pyHanko signer whose raw signatures a token makes, each with its own log-in."""

    def __init__(self, token: Token, held: _Held, order: SigningOrder, others: Sequence[x509.Certificate]) -> None:
        store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
        store.register_multiple([held.certificate, *others])
        self._token, self._held, self._order = token, held, order
        super().__init__(signing_cert=held.certificate, cert_registry=store, embed_roots=False)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        """Sign `data`; a dry run gets zeros of the right length."""
        if dry_run:
            return bytes((self._held.certificate.public_key.bit_size + 7) // 8)
        info = algos.DigestInfo(
            {
                "digest_algorithm": algos.DigestAlgorithm({"algorithm": digest_algorithm}),
                "digest": hashlib.new(digest_algorithm, data).digest(),
            }
        ).dump()
        pin = self._order.secret.get_secret_value()
        return await asyncio.to_thread(self._token.sign, self._order.signer_id, pin, self._held, info)


class Pkcs11Provider:
    """Signs with keys that never leave their token."""

    traits = Traits(ProviderKind.PKCS11, own_key=True)

    def __init__(self, module: Path, pipeline: Pipeline, token_label: str | None = None) -> None:
        """`module` is the token's shared library; `token_label` names the one token, None: one an officer."""
        self._token = Token(module, token_label)
        self._pipeline = pipeline

    async def sign(self, pdf: bytes, order: SigningOrder) -> bytes:
        """Sign as `SignatureProvider` says. Raises what `Token` and the pipeline raise."""
        return await self._pipeline.sign_letter(pdf, await self.open_signer(order), order)

    async def sign_many(self, pdfs: Sequence[bytes], order: SigningOrder) -> list[bytes]:
        """As `sign`, one after the other."""
        signer = await self.open_signer(order)
        return [await self._pipeline.sign_letter(pdf, signer, order) for pdf in pdfs]

    async def open_signer(self, order: SigningOrder) -> TokenSigner:
        """The officer's certificate with its key behind it, for `Pipeline.sign_letter`; the PIN is not used yet."""
        held = await asyncio.to_thread(self._token.find, order.signer_id, order.certificate_sha256)
        return TokenSigner(self._token, held, order, self._pipeline.material.intermediates)

    async def standing(self, signer_id: str) -> CertificateStanding:
        """By the certificate on the token, which is read without a PIN; a token that is not there is UNKNOWN."""
        try:
            held = await asyncio.to_thread(self._token.find, signer_id)
        except CertificateNotFound:
            return CertificateStanding(Standing.NOT_REGISTERED)
        except SigningError:
            return CertificateStanding(Standing.UNKNOWN)
        return await judge_certificate(held.certificate, self._pipeline.material)

    async def send_code(self, signer_id: str, files: int = 1) -> None:
        """Raises CodeNotOffered."""
        raise CodeNotOffered("Penyedia ini tidak mengirim kode.")


def _held(entry: Any) -> tuple[str, _Held]:
    attributes = entry.get_attributes([Attribute.VALUE, Attribute.LABEL, Attribute.ID])
    label, name = str(attributes.get(Attribute.LABEL, "")), attributes.get(Attribute.ID)
    key = {Attribute.ID: name} if name else {Attribute.LABEL: label}
    return label, _Held(x509.Certificate.load(attributes[Attribute.VALUE]), key)


def _named(failure: Exception) -> SigningError:
    if isinstance(failure, _WRONG_PIN):
        return WrongPassphrase("PIN salah.")
    if isinstance(failure, pkcs11.PinLocked):
        return PassphraseLocked("PIN terkunci; buka kuncinya pada pengelola token.")
    if isinstance(failure, pkcs11.PinExpired):
        return PassphraseLocked("PIN harus diganti pada pengelola token.")
    if isinstance(failure, pkcs11.UserPinNotInitialized):
        return NotRegistered("Token pejabat belum memiliki PIN.")
    if isinstance(failure, _UNSUITABLE):
        return CertificateUnsuitable("Kunci pada token tidak dapat membuat tanda tangan RSA.")
    if isinstance(failure, pkcs11.NoSuchKey | pkcs11.MultipleObjectsReturned | ValueError):
        return CertificateNotFound("Kunci atau sertifikat pejabat pada token tidak terbaca.")
    return ProviderUnavailable(f"Token tanda tangan tidak dapat dipakai ({type(failure).__name__}).")
