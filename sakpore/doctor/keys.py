"""Keys and trust: who can read the sealing key, whether trust material is there and its lists are in time."""

from __future__ import annotations

import base64
import binascii
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from sakpore.doctor.findings import Finding, Patient, fault, ok, unknown, warning

SOON = timedelta(days=3)
CERTIFICATE_SOON = timedelta(days=90)
DEVELOPMENT_PROVIDER = "pkcs12"


def sealing_key(patient: Patient) -> Finding:
    """The signing worker's private key is a file of mode 0600."""
    if not (text := patient.values.get("SIGNING_SEAL_KEY")):
        return ok(
            "sealing key", "The private sealing key is not known here, as it should be outside the signing worker."
        )
    path = Path(text)
    try:
        about = path.stat()
    except PermissionError:
        return ok("sealing key", f"{path} cannot be read by this user.")
    except OSError:
        return fault("sealing key", f"{path} is not there: open consents and enrolled passkeys need it.")
    if about.st_mode & 0o077:
        return fault("sealing key", f"{path} is open to others (mode {stat.S_IMODE(about.st_mode):04o}): chmod 600.")
    from signing.activation import load_private_key
    from signing.errors import SigningError

    try:
        load_private_key(path)
    except SigningError:
        return fault("sealing key", f"{path} is not readable as a sealing key by this user.")
    return ok("sealing key", f"{path} is readable by its owner alone (user {about.st_uid}, mode 0600).")


def qr_key(patient: Patient) -> Finding:
    """Verification codes can be made and checked."""
    text = patient.values.get("QR_KEY")
    if not text:
        missing = unknown if patient.values.get("SIGNING_SEAL_KEY") and not patient.is_local else fault
        return missing("QR key", "QR_KEY is not set; printed codes can be neither made nor checked here.")
    try:
        size = len(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError):
        return fault("QR key", "QR_KEY is no base64.")
    return ok("QR key", "QR_KEY is there, 32 bytes.") if size == 32 else fault("QR key", f"QR_KEY has {size} bytes.")


def trust(patient: Patient, now: datetime | None = None) -> list[Finding]:
    """Roots, intermediates and revocation lists are readable and in time."""
    from signing.errors import SigningError
    from signing.material import TrustMaterial

    text = patient.values.get("SIGNING_TRUST_DIR") or patient.values.get("SIGNING_PKI_DIR")
    if not text:
        return [fault("trust", "Neither SIGNING_PKI_DIR nor SIGNING_TRUST_DIR is set: no signature can be judged.")]
    material = TrustMaterial(Path(text))
    try:
        material.refresh()
    except SigningError:
        return [fault("trust", f"{text} does not hold a readable root.pem, intermediates.pem and crls.pem.")]
    now = now or datetime.now(UTC)
    certificates = [*material.roots, *material.intermediates]
    found = [
        ok(
            "trust",
            f"{len(material.roots)} root(s), {len(certificates) - len(material.roots)} intermediate(s) in {text}.",
        )
    ]
    for one in certificates:
        if one.not_valid_after - now < CERTIFICATE_SOON:
            found.append(_ending("trust", f"The certificate `{one.subject.human_friendly}`", one.not_valid_after, now))
    ends = [(listed["tbs_cert_list"]["next_update"].native, listed.issuer.human_friendly) for listed in material.crls]
    if not ends:
        return [*found, fault("revocation", "There is no revocation list: every signature waits, and none is valid.")]
    soonest, issuer = min(ends, key=lambda end: end[0] or datetime.max.replace(tzinfo=UTC))
    if soonest is not None and soonest - now < SOON:
        found.append(_ending("revocation", f"The revocation list of `{issuer}`", soonest, now))
    else:
        until = soonest.date().isoformat() if soonest else "for ever"
        found.append(ok("revocation", f"{len(ends)} revocation list(s), all in time until {until}."))
    return found


def _ending(check: str, what: str, end: datetime, now: datetime) -> Finding:
    if end <= now:
        return fault(check, f"{what} has ended on {end.date().isoformat()}.")
    return warning(check, f"{what} ends on {end.date().isoformat()}.")


def provider(patient: Patient) -> Finding:
    """Which signing provider, and whether it is the development one."""
    kind = patient.values.get("SIGNING_PROVIDER") or DEVELOPMENT_PROVIDER
    if kind != DEVELOPMENT_PROVIDER:
        return ok("provider", f"Letters are signed by `{kind}`.")
    say = fault if patient.is_production else warning
    return say("provider", "Letters are signed by `pkcs12`: key files, for development; no qualified signature.")


def passkey_address(patient: Patient) -> Finding:
    """Passkeys work at the public address."""
    address = patient.values.get("PUBLIC_BASE_URL", "")
    parts = urlsplit(address)
    if not parts.hostname:
        return fault("passkeys", "PUBLIC_BASE_URL is not set: no passkey can be made or used.")
    if parts.hostname.replace(".", "").isdigit() or ":" in parts.hostname:
        return fault("passkeys", f"{address} is a number, and passkeys need a name: use http://localhost or a domain.")
    if parts.scheme != "https" and parts.hostname != "localhost":
        return fault("passkeys", f"{address} is not https: browsers make no passkeys there.")
    return ok("passkeys", f"Passkeys are bound to `{parts.hostname}`; they end where that name changes.")
