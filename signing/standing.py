"""How an officer's certificate stands, judged from the certificate itself and the installation's trust material.

Key files, tokens and signing services show the certificate without opening the key, so an expired or revoked one is
seen when a signature is ordered, not when the passphrase has been typed. The chain is validated as for a signature
(RFC 5280, hard-fail revocation); what cannot be decided is UNKNOWN and stops nobody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from asn1crypto import x509
from pyhanko_certvalidator import CertificateValidator

from signing.errors import CertificateExpired, CertificateRevoked, SigningError
from signing.material import TrustMaterial
from signing.pki_errors import sorted_failure
from signing.port import CertificateStanding, Standing

EXPIRING_WITHIN = timedelta(days=30)


async def judge_certificate(
    certificate: x509.Certificate,
    material: TrustMaterial,
    others: Sequence[x509.Certificate] = (),
    now: datetime | None = None,
) -> CertificateStanding:
    """The standing of `certificate` at `now` (aware; default the present). Does not raise.

    `others` are further certificates of its chain, as the provider brought them.
    """
    moment = now or datetime.now(UTC)
    return CertificateStanding(
        await _standing(certificate, material, others, moment),
        hashlib.sha256(certificate.dump()).hexdigest(),
        certificate.not_valid_after.astimezone(UTC),
    )


async def _standing(
    certificate: x509.Certificate, material: TrustMaterial, others: Sequence[x509.Certificate], now: datetime
) -> Standing:
    if certificate.not_valid_after < now:
        return Standing.EXPIRED
    if certificate.not_valid_before > now:
        return Standing.UNKNOWN
    try:
        context = material.context()
        validator = CertificateValidator(certificate, intermediate_certs=list(others), validation_context=context)
        await validator.async_validate_usage({"non_repudiation"})  # type: ignore[no-untyped-call]
    except Exception as failure:
        return _named(sorted_failure(failure))
    return Standing.EXPIRING if certificate.not_valid_after < now + EXPIRING_WITHIN else Standing.USABLE


def _named(failure: SigningError) -> Standing:
    if isinstance(failure, CertificateRevoked):
        return Standing.REVOKED
    return Standing.EXPIRED if isinstance(failure, CertificateExpired) else Standing.UNKNOWN
