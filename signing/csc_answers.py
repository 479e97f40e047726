"""What a CSC service says: a credential's description in both shapes, and its refusals as our errors.

The specification gives most refusals one error, `invalid_request`, and tells them apart by a fixed English sentence
(section 11's tables); services repeat these sentences, so they are matched too.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from asn1crypto import x509

from signing.errors import (
    AuthorizationExpired,
    CertificateExpired,
    CertificateNotFound,
    CertificateRevoked,
    CredentialDisabled,
    NotRegistered,
    OutcomeUnknown,
    PassphraseLocked,
    ProviderRefused,
    ProviderUnavailable,
    SigningError,
    WrongPassphrase,
)
from signing.remote import Answer, refusal_of_transport

_WRONG_SECRET = ("invalid_pin", "invalid_otp", "invalid_authentication_data")
# A part of the sentence, lower case, and what it means; the first that fits.
_SENTENCES: tuple[tuple[str, type[SigningError], str], ...] = (
    ("locked", PassphraseLocked, "PIN atau kredensial pejabat terkunci pada layanan tanda tangan."),
    ("pin is invalid", WrongPassphrase, "PIN salah."),
    ("otp is invalid", WrongPassphrase, "Kode salah."),
    ("authentication data is invalid", WrongPassphrase, "PIN atau kode salah."),
    ("sad expired", AuthorizationExpired, "Persetujuan tanda tangan sudah lewat waktu."),
    ("is disabled", CredentialDisabled, "Kunci pejabat dinonaktifkan pada layanan tanda tangan."),
    ("revoked", CertificateRevoked, "Sertifikat pejabat telah dicabut."),
    ("certificate is expired", CertificateExpired, "Sertifikat pejabat sudah tidak berlaku."),
    ("' is expired", CertificateExpired, "Sertifikat pejabat sudah tidak berlaku."),
    ("parameter userid", NotRegistered, "Pejabat tidak dikenal oleh layanan tanda tangan."),
    ("parameter credentialid", CertificateNotFound, "Layanan tanda tangan tidak mengenal kredensial pejabat."),
)


@dataclass(frozen=True)
class Credential:
    """One credential of an officer (11.5)."""

    id: str
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]  # those above it
    algorithms: frozenset[str]  # OIDs
    enabled: bool
    status: str  # of the certificate: valid, expired, revoked, suspended; empty where the service does not say
    most: int  # signatures an authorisation
    pin_factor: str | None  # id of the authentication object that takes a PIN
    code_factor: str | None  # id of the one that takes a one-time code

    @property
    def sha256(self) -> str:
        """Of the certificate, hex."""
        return hashlib.sha256(self.certificate.dump()).hexdigest()


def read_credential(credential_id: str, told: Mapping[str, Any]) -> Credential:
    """A credential from an answer of `credentials/info`, v1 or v2. Raises ProviderUnavailable for an unreadable one."""
    try:
        key, cert = told["key"], told["cert"]
        listed = [x509.Certificate.load(base64.b64decode(each), strict=True) for each in cert["certificates"]]
        pin, code = _factors(told)
        return Credential(
            credential_id,
            listed[0],
            tuple(listed[1:]),
            frozenset(map(str, key["algo"])),
            key.get("status", "enabled") == "enabled",
            str(cert.get("status", "")),
            max(1, int(told.get("multisign", 1))),
            pin,
            code,
        )
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise ProviderUnavailable("Layanan tanda tangan tidak menjelaskan kredensial pejabat.") from None


def _factors(told: Mapping[str, Any]) -> tuple[str | None, str | None]:
    if "auth" in told:
        objects = [each for each in told["auth"].get("objects", ()) if isinstance(each, dict)]
        codes = [str(each["id"]) for each in objects if _is_code(each)]
        pins = [str(each["id"]) for each in objects if each.get("type") == "Password" and not _is_code(each)]
        return (pins[0] if pins else None, codes[0] if codes else None)
    # v1: absent or "false" is not asked for; "optional" may be given.
    asked = {name: str((told.get(name) or {}).get("presence", "false")).lower() for name in ("PIN", "OTP")}
    return tuple(name if presence in ("true", "optional") else None for name, presence in asked.items())  # type: ignore[return-value]


def _is_code(factor: Mapping[str, Any]) -> bool:
    return factor.get("generator") == "totp" or factor.get("type") == "ChallengeResponse" or "OTP" in str(factor["id"])


def refusal(answer: Answer, *, is_order: bool = False) -> SigningError:
    """The error behind an answer other than success; `is_order`: it answered signHash."""
    if transport := refusal_of_transport(answer.status):
        return transport
    told = answer.fields()
    error, sentence = str(told.get("error", "")), str(told.get("error_description", "")).lower()
    if answer.status < 500:
        for part, kind, text in _SENTENCES:
            if part in sentence:
                return kind(text)
        if error in _WRONG_SECRET:
            return WrongPassphrase("PIN atau kode salah.")
    if answer.status >= 500 or answer.status < 300:
        if is_order:
            return OutcomeUnknown(f"Layanan tanda tangan menjawab HTTP {answer.status} tanpa tanda tangan.")
        return ProviderUnavailable(f"Layanan tanda tangan menjawab HTTP {answer.status}.")
    return ProviderRefused("Layanan tanda tangan menolak permintaan.")
