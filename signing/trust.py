"""Trust and revocation at one moment, from the policy and from what the PDF's own archive (DSS) holds; never the
network.

Signers' chains need revocation information for every certificate below the anchor. A timestamp authority's chain needs
it where its certificates declare a source. Beyond that, a certificate that the policy's lists name as revoked is
refused even if an older answer in the file calls it good: whoever holds a letter chooses what is in its DSS.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from asn1crypto import algos, cms, crl, ocsp, x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.rw_common import PdfHandler
from pyhanko.sign.ades.report import AdESIndeterminate
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import RevokedError
from pyhanko_certvalidator.path import ValidationPath
from pyhanko_certvalidator.policy_decl import DEFAULT_WEAK_HASH_ALGOS
from pyhanko_certvalidator.revinfo.validate_ocsp import verify_ocsp_response

from signing.accounting import Pool
from signing.policy import Policy

# RFC 3161, 4: after these, tokens made before the revocation stay good; after any other or none, all are doubtful.
HARMLESS_FOR_TIMESTAMPS = {"unspecified", "affiliation_changed", "superseded", "cessation_of_operation"}
MOST_REMEMBERED_BYTES = 64 * 1024
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


def signer_usage(certificate: x509.Certificate) -> KeyUsageConstraints:
    """A signer's key may sign documents; a certificate that restricts nothing restricts nothing (RFC 5280, 4.2.1.3)."""
    restricted = certificate.key_usage_value is not None
    usages = {"non_repudiation", "digital_signature"} if restricted else set()
    return KeyUsageConstraints(key_usage=usages, match_all_key_usages=False)


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

    def with_signed_evidence(self, signed_attributes: cms.CMSAttributes) -> Archive:
        """This archive and what the signature itself carries as Adobe's revocation information (ISO 32000-2, 12.8.3.3).

        Common software, BSrE's among it, puts lists and answers into a signed attribute instead of a DSS.
        """
        crls: list[crl.CertificateList] = []
        ocsps: list[ocsp.OCSPResponse] = []
        for attribute in signed_attributes:
            if attribute["type"].native == "adobe_revocation_info_archival":
                for value in attribute["values"]:
                    crls.extend(value["crl"] or ())
                    ocsps.extend(value["ocsp"] or ())
        return replace(self, crls=(*self.crls, *crls), ocsps=(*self.ocsps, *ocsps)) if crls or ocsps else self

    def is_same_as(self, other: Archive) -> bool:
        """True when both hold the very same structures in the same order; false says nothing."""
        mine, theirs = ((*one.certificates, *one.crls, *one.ocsps) for one in (self, other))
        return len(mine) == len(theirs) and all(one is another for one, another in zip(mine, theirs, strict=True))

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
        yield parsed(kind, bytes(reference.get_object().data))


def parsed(kind: Any, der: bytes) -> Any:
    """A structure that was parsed to its last field; the same one for the same bytes. Raises ValueError, TypeError."""
    return _parsed_once(kind, der) if len(der) <= MOST_REMEMBERED_BYTES else _parsed(kind, der)


def _parsed(kind: Any, der: bytes) -> Any:
    found = kind.load(der, strict=True)
    # asn1crypto parses on access; what is broken inside has to break here.
    if found.native is None:
        raise ValueError("empty structure")
    return found


# The letters of one authority bring the same certificates and lists, and comparing names is a third of a verdict.
_parsed_once = lru_cache(maxsize=256)(_parsed)


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
            crls=[listed for listed in self.crls if not _is_weak(listed["signature_algorithm"])],
            ocsps=[answer for answer in self.archive.ocsps if not _is_weak_answer(answer)],
            moment=self.moment,
            allow_fetching=False,
            revocation_mode=mode,
            retroactive_revinfo=True,
        )

    def rests_on(self, archive: Archive, moment: datetime) -> bool:
        """True when all that is known here stands in this archive (or is the policy's certificates), at that moment."""
        if self.moment != moment or self.archive is not archive:
            return False
        archived = {listed.dump() for listed in archive.crls}
        return all(listed.dump() in archived for listed in self.crls)

    def names_as_revoked(
        self, path: Iterable[x509.Certificate], at: datetime, *, is_authority: bool, proven: datetime | None = None
    ) -> bool:
        """True when a list names a certificate of `path` as revoked at `at` (RFC 5280; RFC 3161, 4 for authorities).

        A timestamp whose authority was compromised is believed where a later one proves that it was there before
        (`proven`; EN 319 102-1, 5.6.2.2).
        """
        chain = list(path)
        own = {listed.dump() for listed in self.policy.revocation_lists}
        pool = Pool([*self.policy.anchors, *self.policy.others, *chain])
        for certificate in chain:
            for listed in self.crls:
                if not _is_same_name(listed.issuer.dump(), certificate.issuer.dump()):
                    continue
                entry = _entry(listed, certificate.serial_number)
                if entry is None or (listed.dump() not in own and not _is_signed(listed, pool)):
                    continue
                since = entry["revocation_date"].native
                if since <= at or (is_authority and _casts_doubt(entry) and (proven is None or since <= proven)):
                    return True
        return False

    async def covers(self, path: ValidationPath, *, only_existing: bool = False) -> bool:
        """True when each certificate below the anchor is within the time of a list, or of an answer, of its issuer.

        For certificates that declare no source of revocation information: the library does not match them with a list
        that names a distribution point nor with any OCSP answer, although whoever archived it meant it for them.
        `only_existing` asks it of those certificates alone whose issuer publishes anything that is known here.
        """
        pool = Pool(path.iter_certs(include_root=True))
        context = self.declared_context()
        for one in path.iter_certs(include_root=False):
            if one.crl_distribution_points or one.ocsp_urls or (only_existing and not self._publishes(one)):
                continue
            if any(self._covers(listed, one, pool) for listed in self.crls):
                continue
            if await self._answer(one, path, context) != "good":
                return False
        return True

    async def revoked_by_answer(self, path: ValidationPath) -> bool:
        """True when an OCSP answer says that a certificate of the path is revoked, whether or not it declares OCSP."""
        if not self.archive.ocsps:
            return False
        context = self.declared_context()
        answers = [await self._answer(one, path, context) for one in path.iter_certs(include_root=False)]
        return "revoked" in answers

    async def _answer(self, certificate: x509.Certificate, path: ValidationPath, context: ValidationContext) -> str:
        if not self.archive.ocsps:
            return "none"
        try:
            await verify_ocsp_response(certificate, path, context)
        except RevokedError:
            return "revoked"
        except Exception:  # the library has a family of errors for each way in which no answer fits
            return "none"
        return "good"

    def _publishes(self, certificate: x509.Certificate) -> bool:
        """True when a list of the certificate's issuer is known, to the policy or to the file."""
        known = (*self.policy.revocation_lists, *self.archive.crls)
        return any(listed.issuer.dump() == certificate.issuer.dump() for listed in known)

    def _covers(self, listed: crl.CertificateList, certificate: x509.Certificate, pool: Pool) -> bool:
        if listed.issuer.dump() != certificate.issuer.dump() or _is_weak(listed["signature_algorithm"]):
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
        return end is not None and end >= self.moment and _is_signed(listed, pool)

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
        """True when the chain of `certificate` validates with what is known here.

        Of a timestamp authority no list is asked that its issuer publishes nowhere.
        """
        stamping = usage == "time_stamping"
        chain = [*others]
        if await self._path_of(certificate, chain, self.timestamp_context() if stamping else self.signer_context()):
            return True
        path = await self._path_of(certificate, chain, self.declared_context())
        return path is not None and await self.covers(path, only_existing=stamping)

    async def _path_of(
        self, certificate: x509.Certificate, others: list[x509.Certificate], context: ValidationContext
    ) -> ValidationPath | None:
        validator = CertificateValidator(certificate, intermediate_certs=others, validation_context=context)
        try:
            return await validator.async_validate_usage(set())  # type: ignore[no-any-return, no-untyped-call]
        except Exception:
            return None


@lru_cache(maxsize=1024)
def _is_same_name(one: bytes, other: bytes) -> bool:
    """True for two spellings of one name (RFC 5280, 7.1), which is slow to find out."""
    return one == other or x509.Name.load(one) == x509.Name.load(other)


def _casts_doubt(entry: Any) -> bool:
    reason = entry.crl_reason_value.native if entry.crl_reason_value is not None else None
    return reason not in HARMLESS_FOR_TIMESTAMPS


def _is_signed(listed: crl.CertificateList, pool: Pool) -> bool:
    body, signature = listed["tbs_cert_list"].dump(), listed["signature"].native
    return pool.vouches(listed.issuer, body, listed["signature_algorithm"], signature)


def _is_weak(algorithm: algos.SignedDigestAlgorithm) -> bool:
    try:
        return algorithm.hash_algo in DEFAULT_WEAK_HASH_ALGOS
    except ValueError:  # such as Ed25519, which has its digest within
        return False


def _is_weak_answer(answer: ocsp.OCSPResponse) -> bool:
    if answer["response_status"].native != "successful":
        return True
    return _is_weak(answer.basic_ocsp_response["signature_algorithm"])


def _entry(listed: crl.CertificateList, serial: int) -> Any:
    revoked = listed["tbs_cert_list"]["revoked_certificates"]
    return next((entry for entry in revoked or () if entry["user_certificate"].native == serial), None)


def trust_problem(
    status: Any, evidence: Evidence, at: datetime, *, is_authority: bool = False, proven: datetime | None = None
) -> str | None:
    """The reason's code why the certificate of a judged signature is not trusted at `at`, or None.

    `proven`: when a later timestamp proves that what is judged existed, for those of timestamp authorities.
    """
    indication = status.trust_problem_indic
    if indication is AdESIndeterminate.CERTIFICATE_CHAIN_GENERAL_FAILURE and status.validation_path is not None:
        return evidence.why_chain_fails(status.validation_path)
    if indication is not None:
        return _PROBLEMS.get(indication, "untrusted")
    path = status.validation_path
    if path is None:
        return "untrusted"
    chain = list(path.iter_certs(include_root=False))
    if evidence.names_as_revoked(chain, at, is_authority=is_authority, proven=proven):
        return "revoked"
    return None
