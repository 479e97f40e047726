"""The floor's signature: pyHanko with a key opened once, a held validation context and a held connection."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import (
    PdfSignatureMetadata,
    PdfSigner,
    PdfTimeStamper,
    TimestampDSSContentSettings,
)
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko_certvalidator import CertificateValidator

from sakpore.people import HEAD, PASSPHRASE
from signing.material import TrustMaterial
from signing.pipeline import Pipeline
from signing.pkcs12 import Pkcs12Provider
from signing.port import HEAD_FIELD
from signing.timestamps import TsaClient

BEFORE_TIMESTAMP = TimestampDSSContentSettings(include_vri=False, update_before_ts=True)


def _metadata(**more: Any) -> PdfSignatureMetadata:
    return PdfSignatureMetadata(
        field_name=HEAD_FIELD,
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
        **more,
    )


class HeldSigner:
    """The head's key, open."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        folder = Path(environment["SIGNING_PKI_DIR"])
        self.material = TrustMaterial(folder)
        self._timestamper = TsaClient(environment["SIGNING_TSA_URL"])
        provider = Pkcs12Provider(folder / "p12", Pipeline(self.material, self._timestamper))
        self._signer = provider.open_signer(HEAD.id, SecretStr(PASSPHRASE))

    async def sign_in_one_call(self, letter: bytes) -> bytes:
        """PAdES B-LTA, certified, as pyHanko does it by itself."""
        context, out = self.material.context(), io.BytesIO()
        whole = {"validation_context": context, "embed_validation_info": True, "use_pades_lta": True}
        signer = PdfSigner(_metadata(**whole), signer=self._signer, timestamper=self._timestamper)
        await signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(letter)), output=out)
        return out.getvalue()

    async def sign(self, letter: bytes) -> bytes:
        """The same in three steps: signature, DSS and document timestamp, a third quicker than pyHanko's one call."""
        metadata = _metadata()
        context, out = self.material.context(), io.BytesIO()
        validator = CertificateValidator(
            self._signer.signing_cert, list(self._signer.cert_registry), validation_context=context
        )
        chain = await validator.async_validate_usage({"non_repudiation"})  # type: ignore[no-untyped-call]
        signer = PdfSigner(metadata, signer=self._signer, timestamper=self._timestamper)
        await signer.async_sign_pdf(IncrementalPdfFileWriter(io.BytesIO(letter)), output=out)
        archive = IncrementalPdfFileWriter(out)
        DocumentSecurityStore.supply_dss_in_writer(archive, None, paths=[chain], validation_context=context)
        await PdfTimeStamper(self._timestamper).async_timestamp_pdf(
            archive, "sha256", validation_context=context, in_place=True, dss_settings=BEFORE_TIMESTAMP
        )
        return out.getvalue()
