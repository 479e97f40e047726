"""Trust and revocation at one moment, from the policy and from what the PDF's own archive (DSS) holds; never the
network.

Signers' chains need revocation information for every certificate below the anchor. A timestamp authority's chain needs
it where its certificates declare a source. Beyond that, a certificate that the policy's lists name as revoked is
refused even if an older answer in the file calls it good: whoever holds a letter chooses what is in its DSS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.path import ValidationPath

from signing.accounting import Pool
from signing.policy import Policy

# RFC 3161, 4: after these, tokens made before the revocation stay good; after any other or none, all are doubtful.
HARMLESS_FOR_TIMESTAMPS = {"unspecified", "affiliation_changed", "superseded", "cessation_of_operation"}
_PROBLEMS = {
    AdESIndeterminate.REVOKED_NO_POE: "revoked",
    AdESIndeterminate.REVOKED_CA_NO_POE: "revoked",
    AdESIndeterminate.TRY_LATER: "revocation_unknown",
    AdESIndeterminate.REVOCATION_OUT_OF_BOUNDS_NO_POE: "revocation_unknown",
    AdESIndeterminate.EXPIRED: "certificate_expired",
    AdESIndeterminate.NOT_YET_VALID: "certificate_expired",
    AdESIndeterminate.OUT_OF_BOUNDS_NO_POE: "certificate_expired",
    AdESIndeterminate.OUT_OF_BOUNDS_NOT_REVOKED: "certificate_expired",
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE: "algorithm_weak",
    AdESIndeterminate.CRYPTO_CONSTRAINTS_FAILURE_NO_POE: "algorithm_weak",
}


@dataclass(frozen=True)
class Archive:
    """Certificates, revocation lists and OCSP answers of a DSS."""

    certificates: tuple[x509.Certificate, ...] = ()
    crls: tuple[crl.CertificateList, ...] = ()
    ocsps: tuple[ocsp.OCSPResponse, ...] = ()
    broken: bool = False  # something in it is not what its place says

    @classmethod
    def read(cls, handler: PdfHandler) -> Archive:
        """The DSS as one revision has it; empty when there is none, or when a part of it cannot be read."""
        if "/DSS" not in handler.root:
            return cls()
        try:
            store = handler.root["/DSS"]
            return cls(
                certificates=tuple(_loaded(x509.Certificate, store, "/Certs")),
                crls=tuple(_loaded(crl.CertificateList, store, "/CRLs")),
                ocsps=tuple(_loaded(ocsp.OCSPResponse, store, "/OCSPs")),
            )
        except (PdfError, ValueError, TypeError, KeyError, AttributeError, NotImplementedError):
            return cls(broken=True)

    @property
    def has_revocation(self) -> bool:
        """True when any revocation information is kept."""
        return bool(self.crls or self.ocsps)


def entries(holder: Any, key: str) -> Any:
    """What a PDF dictionary holds under `key`, itself and not a reference to it (`get` of the library gives that)."""
    if key not in holder:
        return ()
    return holder[key]


def _loaded(kind: Any, store: Any, key: str) -> Iterable[Any]:
    for reference in entries(store, key):
        found = kind.load(reference.get_object().data, strict=True)
        # asn1crypto parses on access; what is broken inside has to break here.
        if found.native is None:
            raise ValueError("empty structure in the DSS")
        yield found


@dataclass(frozen=True)
class Evidence:
    """What is known for judging certificates at `moment`."""

    policy: Policy
    archive: Archive
    moment: datetime
    embedded_only: bool = False  # leave out the policy's lists, to see whether the file is self-sufficient
    crls: tuple[crl.CertificateList, ...] = field(init=False)

    def __post_init__(self) -> None:
        own = () if self.embedded_only else tuple(self.policy.revocation_lists)
        object.__setattr__(self, "crls", (*own, *self.archive.crls))

    def signer_context(self) -> ValidationContext:
        """For a signer's chain: revocation information is required for every certificate."""
        return self._context("require")

    def timestamp_context(self) -> ValidationContext:
        """For a timestamp authority's chain: required where declared."""
        return self._context("require") if self.embedded_only else self.declared_context()

    def declared_context(self) -> ValidationContext:
        """Revocation information is required where a certificate declares a source."""
        return self._context("hard-fail")

    def _context(self, mode: str) -> ValidationContext:
        return ValidationContext(
            trust_roots=self.policy.anchors,
            other_certs=[*self.policy.others, *self.archive.certificates],
            crls=list(self.crls),
            ocsps=list(self.archive.ocsps),
            moment=self.moment,
            allow_fetching=False,
            revocation_mode=mode,
            retroactive_revinfo=True,
        )

    def names_as_revoked(self, path: Iterable[x509.Certificate], at: datetime, *, is_authority: bool) -> bool:
        """True when a list names a certificate of `path` as revoked at `at` (RFC 5280; RFC 3161, 4 for authorities)."""
        chain = list(path)
        for certificate in chain:
            for listed in self.crls:
                if listed.issuer.dump() != certificate.issuer.dump() and listed.issuer != certificate.issuer:
                    continue
                entry = _entry(listed, certificate.serial_number)
                if entry is None:
                    continue
                reason = entry.crl_reason_value.native if entry.crl_reason_value is not None else None
                if entry["revocation_date"].native <= at or (is_authority and reason not in HARMLESS_FOR_TIMESTAMPS):
                    return True
        return False

    def lists_cover(self, path: ValidationPath) -> bool:
        """True when each certificate below the anchor is within a list's time, under a list its issuer signed.

        For certificates that declare no source of revocation information: the library does not match them with a list
        that names a distribution point, although the policy's author put the list there for them.
        """
        pool = Pool(path.iter_certs(include_root=True))
        return all(
            one.crl_distribution_points or one.ocsp_urls or any(self._covers(listed, one, pool) for listed in self.crls)
            for one in path.iter_certs(include_root=False)
        )

    def _covers(self, listed: crl.CertificateList, certificate: x509.Certificate, pool: Pool) -> bool:
        if listed.issuer.dump() != certificate.issuer.dump():
            return False
        point = listed.issuing_distribution_point_value
        if point is not None and (point["indirect_crl"].native or point["only_some_reasons"].native):
            return False
        if (
            point is not None
            and point["only_contains_ca_certs" if not certificate.ca else "only_contains_user_certs"].native
        ):
            return False
        body = listed["tbs_cert_list"]
        end = body["next_update"].native
        in_time = end is not None and end >= self.moment
        return in_time and pool.vouches(
            listed.issuer, body.dump(), listed["signature_algorithm"], listed["signature"].native
        )

    def why_chain_fails(self, path: ValidationPath) -> str:
        """Name the cause that the library sums up as a general failure of the chain."""
        chain = list(path.iter_certs(include_root=False))
        if self.names_as_revoked(chain, self.moment, is_authority=False):
            return "revoked"
        if any(not one.not_valid_before <= self.moment <= one.not_valid_after for one in chain):
            return "certificate_expired"
        issuers = {listed.issuer.dump() for listed in self.crls}
        if any(one.issuer.dump() not in issuers for one in chain) and not self.archive.ocsps:
            return "revocation_unknown"
        return "untrusted"

    async def suffices_for(self, certificate: x509.Certificate, others: Iterable[x509.Certificate], usage: str) -> bool:
        """True when the chain of `certificate` validates with what is known here."""
        context = self.timestamp_context() if usage == "time_stamping" else self.signer_context()
        validator = CertificateValidator(certificate, intermediate_certs=[*others], validation_context=context)
        try:
            await validator.async_validate_usage(  # type: ignore[no-untyped-call]
                set(), {usage} if usage == "time_stamping" else None
            )
        except Exception:
            return False
        return True


def _entry(listed: crl.CertificateList, serial: int) -> Any:
    revoked = listed["tbs_cert_list"]["revoked_certificates"]
    return next((entry for entry in revoked or () if entry["user_certificate"].native == serial), None)


def trust_problem(status: Any, evidence: Evidence, at: datetime, *, is_authority: bool = False) -> str | None:
    """The reason's code why the certificate of a judged signature is not trusted at `at`, or None."""
    indication = status.trust_problem_indic
    if indication is AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE and status.validation_path is not None:
        return evidence.why_chain_fails(status.validation_path)
    if indication is not None:
        return _PROBLEMS.get(indication, "untrusted")
    path = status.validation_path
    if path is None:
        return "untrusted"
    if evidence.names_as_revoked(list(path.iter_certs(include_root=False)), at, is_authority=is_authority):
        return "revoked"
    return None
