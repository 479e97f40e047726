"""A second authority for the tests, made with certomancer: any kind of key, certificate, list and answer, at any time.

Unlike the demonstration authority it can be wrong on purpose (weak digests, missing usages, expired lists) and works at
moments of its own, so that a letter can be followed through twenty years. No network: timestamps are made in process.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from asn1crypto import crl, ocsp, tsp, x509
from certomancer.registry import ArchLabel, CertLabel, KeyLabel, PKIArchitecture
from certomancer.registry.config import CertomancerConfig
from certomancer.services import CRLBuilder, SimpleOCSPResponder, choose_signed_digest
from certomancer.services import TimeStamper as CertomancerStamper
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_cms import SimpleSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko.sign.timestamps.api import TimeStamper
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from signing.policy import Policy
from signing.verdict import Level

ARCH = "rimba"
NOW = datetime.now(UTC).replace(microsecond=0)
MAKERS = {
    "p256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "p384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "rsa2048": lambda: rsa.generate_private_key(65537, 2048),
    "rsa1024": lambda: rsa.generate_private_key(65537, 1024),
    "ed25519": ed25519.Ed25519PrivateKey.generate,
    "ed448": ed448.Ed448PrivateKey.generate,
}


@dataclass(frozen=True)
class Wanted:
    """One certificate of the forge."""

    issuer: str
    key: str = "p256"
    begins: datetime = NOW - timedelta(days=400)
    ends: datetime = NOW + timedelta(days=2000)
    kind: str = "officer"  # officer, authority, stamper, responder, or bare: no extension at all
    digest: str = "sha256"
    name: str = ""  # common name; by default made of the label
    declares: bool = False  # names a distribution point of its list, so that the list is required
    more: Mapping[str, Any] = field(default_factory=dict)


class _Stamps(TimeStamper):
    """Timestamps made in process, at a fixed moment or now."""

    def __init__(self, inner: CertomancerStamper) -> None:
        super().__init__()
        self.inner = inner

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        return self.inner.request_tsa_response(req)


class Forge:
    """Makes what a test needs from one table of certificates."""

    def __init__(self, folder: Path, wanted: Mapping[str, Wanted]) -> None:
        self.folder, self.wanted = folder, dict(wanted)
        self.revoked: dict[str, tuple[datetime, str]] = {}
        (folder / "keys").mkdir(parents=True, exist_ok=True)
        for label, one in wanted.items():
            key = MAKERS[one.key]()
            pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            (folder / "keys" / f"{label}.pem").write_bytes(pem)
        self.arch = self._architecture()

    def _architecture(self) -> PKIArchitecture:
        entities = {
            label: {"country-name": "ID", "organization-name": "RIMBA", "common-name": one.name or f"Contoh {label}"}
            for label, one in self.wanted.items()
        }
        issuing = [label for label, one in self.wanted.items() if one.kind == "authority"]
        configuration = {
            "external-url-prefix": "http://rimba.invalid",
            "keysets": {ARCH: {"path-prefix": "keys", "keys": {label: {"path": f"{label}.pem"} for label in entities}}},
            "pki-architectures": {
                ARCH: {
                    "keyset": ARCH,
                    "entities": entities,
                    "certs": {label: _entry(one) for label, one in self.wanted.items()},
                    "services": {"crl-repo": {label: _repository(label) for label in issuing}},
                }
            },
        }
        config = CertomancerConfig(
            configuration, key_search_dir=str(self.folder), lazy_load_keys=True, config_search_dir=str(self.folder)
        )
        return config.get_pki_arch(ArchLabel(ARCH))

    def cert(self, label: str) -> x509.Certificate:
        """The certificate with this label."""
        return self.arch.get_cert(CertLabel(label))

    def certs(self, *labels: str) -> list[x509.Certificate]:
        """Several of them."""
        return [self.cert(label) for label in labels]

    def key(self, label: str) -> Any:
        """Its private key."""
        return self.arch.key_set.get_private_key(KeyLabel(label))

    def chain(self, label: str) -> list[x509.Certificate]:
        """The authorities above a certificate, without the root."""
        found = []
        issuer = self.wanted[label].issuer
        while self.wanted[issuer].issuer != issuer:
            found.append(self.cert(issuer))
            issuer = self.wanted[issuer].issuer
        return found

    def signer(self, label: str, *, pss: bool = False, extra: Sequence[x509.Certificate] = ()) -> SimpleSigner:
        """A signer of common software."""
        store = SimpleCertificateStore()
        store.register_multiple([*self.chain(label), *extra])
        return SimpleSigner(self.cert(label), self.key(label), store, prefer_pss=pss)

    def stamper(self, label: str = "tsa", at: datetime | None = None, digest: str = "sha256") -> _Stamps:
        """A timestamp authority at one moment."""
        return _Stamps(
            CertomancerStamper(
                self.cert(label),
                self.key(label),
                certs_to_embed=self.chain(label),
                fixed_dt=at,
                md_algorithm=digest,
            )
        )

    def crl(
        self,
        issuer: str,
        at: datetime | None = None,
        days: float = 30,
        *,
        key: str | None = None,
        revoked: Mapping[str, tuple[datetime, str]] | None = None,
        digest: str = "sha256",
    ) -> crl.CertificateList:
        """The list of `issuer` at `at`, valid for `days`; signed with another's key where `key` says so."""
        at = at or NOW - timedelta(hours=1)
        signing = self.key(key or issuer)
        builder = CRLBuilder(
            self.cert(issuer).subject,
            signing,
            choose_signed_digest(digest, self.cert(key or issuer).public_key),
            self.cert(issuer).key_identifier_value,
        )
        named = self.revoked if revoked is None else revoked
        entries = [
            CRLBuilder.format_revoked_cert(self.cert(label).serial_number, crl.CRLReason(reason), since)
            for label, (since, reason) in named.items()
            if self.wanted[label].issuer == issuer
        ]
        return builder.build_crl(int(at.timestamp()), at, at + timedelta(days=days), entries)

    def crls(self, at: datetime | None = None, days: float = 30) -> list[crl.CertificateList]:
        """The lists of all authorities under the root."""
        return [self.crl(label, at, days) for label in self.authorities()]

    def authorities(self, root: str = "root") -> list[str]:
        """Labels of all that issue, under one root."""
        return [label for label, one in self.wanted.items() if one.kind == "authority" and self._root(label) == root]

    def _root(self, label: str) -> str:
        while self.wanted[label].issuer != label:
            label = self.wanted[label].issuer
        return label

    def ocsp(
        self, subject: str, responder: str, at: datetime | None = None, *, status: str = "good"
    ) -> ocsp.OCSPResponse:
        """An answer about `subject`, signed by `responder`."""
        at = at or NOW - timedelta(minutes=1)
        issuer = self.cert(self.wanted[subject].issuer)
        desk = SimpleOCSPResponder(
            self.cert(responder),
            self.key(responder),
            choose_signed_digest("sha256", self.cert(responder).public_key),
            at,
            None,
            timedelta(days=3),
        )
        which = {
            "hash_algorithm": {"algorithm": "sha1"},
            "issuer_name_hash": issuer.subject.sha1,
            "issuer_key_hash": issuer.public_key.sha1,
            "serial_number": self.cert(subject).serial_number,
        }
        known = ocsp.CertStatus("good") if status == "good" else ocsp.CertStatus(
            "revoked", {"revocation_time": at - timedelta(days=2), "revocation_reason": "key_compromise"}
        )
        single = {"cert_id": which, "cert_status": known, "this_update": at, "next_update": at + timedelta(days=3)}
        return desk.assemble_simple_ocsp_responses([ocsp.SingleResponse(single)])

    def context(
        self, at: datetime | None = None, *, crls: Any = None, ocsps: Any = (), mode: str = "require"
    ) -> ValidationContext:
        """What common software is given to fetch and embed evidence."""
        return ValidationContext(
            trust_roots=self.certs("root"),
            other_certs=self.certs(*self.authorities()),
            crls=list(self.crls(at) if crls is None else crls),
            ocsps=list(ocsps),
            moment=at or NOW,
            allow_fetching=False,
            revocation_mode=mode,
        )

    def policy(
        self, signer: str | Sequence[str] = "kepala", level: Level = Level.B_T, *, crls: Any = None, **signers: str
    ) -> Policy:
        """The head's field for `signer`; lists of today."""
        heads = [signer] if isinstance(signer, str) else signer
        named: dict[str, Any] = {"Kepala": [self.cert(label).sha256.hex() for label in heads]}
        named |= {name: self.cert(label).sha256.hex() for name, label in signers.items()}
        return Policy.of_parts(
            self.certs("root"),
            self.certs(*self.authorities()),
            self.crls() if crls is None else crls,
            signers=named,
            min_level=level,
        )

    async def sign(
        self,
        pdf: bytes,
        label: str = "kepala",
        level: Level = Level.B_T,
        *,
        at: datetime | None = None,
        tsa: str = "tsa",
        digest: str = "sha256",
        field_name: str = "Kepala",
        subfilter: SigSeedSubFilter = SigSeedSubFilter.PADES,
        context: ValidationContext | None = None,
        signer: SimpleSigner | None = None,
        stamper: TimeStamper | None = None,
        box: tuple[int, int, int, int] | None = None,
        certify: bool = False,
        strict: bool = True,
        reserve: int | None = None,
        **more: Any,
    ) -> bytes:
        """Sign with pyHanko's own choices."""
        archived = level.rank >= Level.B_LT.rank
        metadata = PdfSignatureMetadata(
            field_name=field_name,
            md_algorithm=digest,
            subfilter=subfilter,
            certify=certify,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            validation_context=context or (self.context(at) if archived else None),
            embed_validation_info=archived,
            use_pades_lta=level is Level.B_LTA,
            signer_key_usage=set(),
            **more,
        )
        stamps = stamper or (self.stamper(tsa, at) if level is not Level.B_B else None)
        signing = PdfSigner(
            metadata,
            signer=signer or self.signer(label),
            timestamper=stamps,
            new_field_spec=SigFieldSpec(field_name, on_page=0, box=box) if box else None,
        )
        out = io.BytesIO()
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=strict)
        await signing.async_sign_pdf(writer, output=out, bytes_reserved=reserve)
        return out.getvalue()


def _entry(one: Wanted) -> dict[str, Any]:
    extensions: list[dict[str, Any]] = []
    profiles: list[Any] = []
    if one.kind == "authority":
        profiles = [{"id": "simple-ca"}]
    elif one.kind == "officer":
        profiles = ["digsig-commitment"]
    elif one.kind == "stamper":
        profiles = ["digsig-commitment"]
        extensions.append({"id": "extended_key_usage", "critical": True, "value": ["time_stamping"]})
    elif one.kind == "responder":
        profiles = ["ocsp-responder"]
    if one.declares:
        smart = {"schema": "crl-dist-url", "params": {"crl-repo-names": [one.issuer]}}
        extensions.append({"id": "crl_distribution_points", "smart-value": smart})
    return {
        "issuer": one.issuer,
        "validity": {"valid-from": one.begins.isoformat(), "valid-to": one.ends.isoformat()},
        "profiles": profiles,
        "extensions": extensions,
        "digest-algo": one.digest,
        **one.more,
    }


def _repository(label: str) -> dict[str, Any]:
    return {"for-issuer": label, "signing-key": label, "simulated-update-schedule": "P30D"}
