"""Builds signed letters of every kind for the tests: real certificates, real timestamps over HTTP."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typst
from asn1crypto import crl
from certomancer.registry import KeyLabel
from certomancer.services import CRLBuilder, choose_signed_digest
from pydantic import SecretStr
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigFieldSpec, SigSeedSubFilter, append_signature_field
from pyhanko.sign.signers.pdf_signer import (
    DSSContentSettings,
    PdfSignatureMetadata,
    PdfSigner,
    SigDSSPlacementPreference,
)
from pyhanko_certvalidator import ValidationContext

from signing.double import DemoPki
from signing.material import TrustMaterial
from signing.pipeline import HeldKeySigner, Pipeline
from signing.pkcs12 import Pkcs12Provider
from signing.policy import Policy
from signing.policy_export import export_policy
from signing.port import SigningOrder
from signing.timestamps import TsaClient
from signing.verdict import Level

PASSPHRASE = "frasa-sandi-contoh"
LETTER = """
#set document(title: "Izin Contoh", date: datetime(year: 2026, month: 3, day: 13))
#set page(width: 15cm, height: 12cm)
= Izin Contoh
Diberikan kepada Contoh Pemohon Satu.
"""


def letter() -> bytes:
    """A small PDF/A-2b."""
    return typst.compile(LETTER.encode(), pdf_standards="a-2b")


@dataclass
class Workshop:
    """One authority, its services on `tsa_url`, and everything signed with it."""

    pki: DemoPki
    tsa_url: str
    plain: bytes
    signers: dict[str, HeldKeySigner] = field(default_factory=dict)

    def fingerprint(self, signer_id: str) -> str:
        return hashlib.sha256(self.pki.certificate(signer_id)).hexdigest()

    def material(self) -> TrustMaterial:
        material = TrustMaterial(self.pki.folder)
        material.refresh()
        return material

    def provider(self) -> Pkcs12Provider:
        return Pkcs12Provider(self.pki.folder / "p12", Pipeline(self.material(), TsaClient(self.tsa_url)))

    def order(self, signer_id: str = "kepala", passphrase: str = PASSPHRASE) -> SigningOrder:
        return SigningOrder(signer_id, SecretStr(passphrase), location="Kota Contoh")

    def policy(self, min_level: Level = Level.B_T, head_field: str = "Kepala", **signers: str | list[str]) -> Policy:
        material = self.material()
        named = signers or {"Kepala": self.fingerprint("kepala")}
        return Policy.of_parts(
            material.roots,
            material.intermediates,
            material.crls,
            signers=named,
            head_field=head_field,
            min_level=min_level,
        )

    def signer(self, signer_id: str) -> HeldKeySigner:
        if signer_id not in self.signers:
            self.signers[signer_id] = self.provider().open_signer(signer_id, SecretStr(PASSPHRASE))
        return self.signers[signer_id]

    def context(self) -> ValidationContext:
        material = self.material()
        return ValidationContext(
            trust_roots=material.roots,
            other_certs=material.intermediates,
            crls=material.crls,
            allow_fetching=False,
            revocation_mode="require",
        )

    async def sign(
        self,
        pdf: bytes,
        level: Level = Level.B_T,
        *,
        signer_id: str = "kepala",
        field_name: str = "Kepala",
        certify: bool = False,
    ) -> bytes:
        """Sign as common software does: with pyHanko's own choices, not ours."""
        archived = level.rank >= Level.B_LT.rank
        metadata = PdfSignatureMetadata(
            field_name=field_name,
            md_algorithm="sha256",
            subfilter=SigSeedSubFilter.PADES,
            certify=certify,
            docmdp_permissions=MDPPerm.NO_CHANGES,
            validation_context=self.context() if archived else None,
            embed_validation_info=archived,
            use_pades_lta=level is Level.B_LTA,
            dss_settings=DSSContentSettings(placement=SigDSSPlacementPreference.SEPARATE_REVISION),
        )
        timestamper = TsaClient(self.tsa_url) if level is not Level.B_B else None
        out = io.BytesIO()
        signing = PdfSigner(metadata, signer=self.signer(signer_id), timestamper=timestamper)
        await signing.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), output=out)
        return out.getvalue()


def list_that_revokes(workshop: Workshop, serial: int, since: datetime, reason: str) -> crl.CertificateList:
    """A list of the intermediate authority that names one more certificate."""
    empty = workshop.pki._crl("intermediate", 1, since)["tbs_cert_list"]
    key = workshop.pki._arch.key_set.get_asym_key(KeyLabel("intermediate"))
    builder = CRLBuilder(
        workshop.material().intermediates[0].subject,
        key.private,
        choose_signed_digest("sha256", key.public),
        workshop.material().intermediates[0].key_identifier_value,
    )
    entry = CRLBuilder.format_revoked_cert(serial, crl.CRLReason(reason), since)
    now = datetime.now(UTC).replace(microsecond=0)
    return builder.build_crl(77, now - timedelta(minutes=1), empty["next_update"].native, [entry])


def with_empty_field(pdf: bytes, name: str) -> bytes:
    """`pdf` with one more signature field, unsigned."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    append_signature_field(writer, SigFieldSpec(name))
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def write_policy(workshop: Workshop, folder: Path) -> Path:
    """An exported policy for the head's letters."""
    return export_policy(folder, workshop.pki.folder, {"Kepala": workshop.fingerprint("kepala")})
