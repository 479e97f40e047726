"""Whether an officer's certificate can sign: said before a consent is asked for, not at the click.

A certificate belongs to a person and a time (UU ITE art. 13); a mandate names the one by which its holder signs. What
the provider does not say stops nobody: the signing itself still checks.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum


class Concern(StrEnum):
    """What is wrong with a certificate, or soon will be."""

    EXPIRING = "expiring"  # usable, and within thirty days of its end
    EXPIRED = "expired"
    REVOKED = "revoked"
    NOT_REGISTERED = "not_registered"  # the provider does not know the officer
    NOT_MANDATED = "not_mandated"  # it is not the one that the mandate names


STOPS = frozenset({Concern.EXPIRED, Concern.REVOKED, Concern.NOT_REGISTERED, Concern.NOT_MANDATED})
"""With these no consent is taken."""


def certificate_concern(
    standing: str,
    certificate_sha256: str | None,
    valid_until: datetime | None,
    mandated_sha256: str | None,
    now: datetime,
) -> Concern | None:
    """What is wrong with a certificate; None where nothing is, or nothing is known.

    Args:
        standing: as the provider last said (usable, expiring, expired, revoked, not_registered, unknown).
        certificate_sha256: hex, where the provider shows the certificate.
        valid_until: aware, where it is known.
        mandated_sha256: hex, of the mandate in force; None where there is none.
        now: real time, aware.
    """
    if standing in (Concern.REVOKED, Concern.NOT_REGISTERED, Concern.EXPIRED):
        return Concern(standing)
    if valid_until is not None and valid_until <= now:
        return Concern.EXPIRED
    if None not in (certificate_sha256, mandated_sha256) and certificate_sha256 != mandated_sha256:
        return Concern.NOT_MANDATED
    return Concern.EXPIRING if standing == Concern.EXPIRING else None
