"""Trust anchors, intermediates and revocation lists of an installation, read from one folder (SIGNING_PKI_DIR).

root.pem, intermediates.pem and crls.pem, one or more PEM blocks each. A production installation keeps BSrE's chain and
current CRLs in the same form. The files are read again when they change, so a renewed CRL needs no restart.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from asn1crypto import crl, pem, x509
from pyhanko_certvalidator import ValidationContext

from signing.errors import ProviderUnavailable
from signing.verdict import Report

ROOTS, INTERMEDIATES, CRLS = "root.pem", "intermediates.pem", "crls.pem"
CONTEXT_LIFE_SECONDS = 300.0


def read_certificates(paths: Iterable[Path]) -> list[x509.Certificate]:
    """All certificates of PEM bundles or single DER files. Raises OSError, ValueError."""
    return [x509.Certificate.load(der, strict=True) for path in paths for der in _blocks(path, "CERTIFICATE")]


def read_crls(paths: Iterable[Path]) -> list[crl.CertificateList]:
    """All revocation lists of PEM bundles or single DER files. Raises OSError, ValueError."""
    return [crl.CertificateList.load(der, strict=True) for path in paths for der in _blocks(path, "X509 CRL")]


def fingerprint_of(path: Path) -> str:
    """Sha256 (hex) of the one certificate in a file, as policies name signers. Raises OSError, ValueError."""
    (certificate,) = read_certificates([path])
    return hashlib.sha256(certificate.dump()).hexdigest()


def _blocks(path: Path, kind: str) -> list[bytes]:
    """The blocks of that kind in a PEM bundle, whatever else it holds; or the whole of a DER file."""
    data = path.read_bytes()
    if not pem.detect(data):
        return [data] if data.strip() else []
    found = [(label, der) for label, _, der in pem.unarmor(data, multiple=True)]
    if not any(label == kind for label, _ in found):
        raise ValueError(f"no block {kind} in {path.name}")
    return [der for label, der in found if label == kind]


@dataclass
class TrustMaterial:
    """The folder's contents and a validation context that is held while they and the minutes last."""

    folder: Path
    _stamp: tuple[int, ...] = field(default=(), repr=False)
    _context: ValidationContext | None = field(default=None, repr=False)
    _built_at: float = field(default=0.0, repr=False)
    roots: list[x509.Certificate] = field(default_factory=list, repr=False)
    intermediates: list[x509.Certificate] = field(default_factory=list, repr=False)
    crls: list[crl.CertificateList] = field(default_factory=list, repr=False)
    judged: dict[tuple[str, str, str], tuple[float, Report]] = field(default_factory=dict, repr=False)

    def refresh(self) -> None:
        """Read the folder again if a file changed. Raises ProviderUnavailable when one cannot be read."""
        paths = [self.folder / name for name in (ROOTS, INTERMEDIATES, CRLS)]
        try:
            stamp = tuple(path.stat().st_mtime_ns for path in paths)
            if stamp == self._stamp:
                return
            self.roots = read_certificates(paths[:1])
            self.intermediates = read_certificates(paths[1:2])
            self.crls = read_crls(paths[2:])
        except (OSError, ValueError) as failure:
            raise ProviderUnavailable("Jangkar kepercayaan atau daftar pencabutan tidak terbaca.") from failure
        self._stamp, self._context, self.judged = stamp, None, {}

    def lists_are_current(self, now: datetime) -> bool:
        """Whether every authority that is valid at `now`, and has a list at all, has one that has not lapsed.

        Lapsed lists of earlier years, and those of authorities that have ended, may lie beside the current ones.
        """
        issuers = {each.subject.hashable for each in (*self.roots, *self.intermediates) if each.not_valid_after > now}
        ends: dict[object, datetime] = {}
        for each in self.crls:
            end = each["tbs_cert_list"]["next_update"].native or datetime.max.replace(tzinfo=UTC)
            if each.issuer.hashable in issuers:
                ends[each.issuer.hashable] = max(end, ends.get(each.issuer.hashable, end))
        return bool(ends) and all(end > now for end in ends.values())

    def context(self, moment: datetime | None = None) -> ValidationContext:
        """A context for signing now: offline, every certificate of a chain needs revocation information.

        Held for five minutes, since building one and validating the chains afresh is half of a signature's time; one
        for another `moment` (aware) is built anew.
        """
        self.refresh()
        if moment is not None:
            return self._built(moment)
        now = time.monotonic()
        if self._context is None or now - self._built_at > CONTEXT_LIFE_SECONDS:
            self._context, self._built_at = self._built(None), now
        return self._context

    def _built(self, moment: datetime | None) -> ValidationContext:
        return ValidationContext(
            trust_roots=self.roots,
            other_certs=self.intermediates,
            crls=self.crls,
            moment=moment,
            allow_fetching=False,
            revocation_mode="require",
        )
