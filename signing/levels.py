"""How far a good signature reaches: the PAdES baseline level (ETSI EN 319 142-1, 6), by what the file itself holds."""

from __future__ import annotations

from datetime import datetime

from pyhanko.sign.general import SignedDataCerts
from pyhanko.sign.validation.generic_cms import extract_certs_for_validation, extract_tst_data_iter
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature

from signing.policy import Policy
from signing.trust import Archive, Evidence
from signing.verdict import Level


async def level_of(
    signature: EmbeddedPdfSignature,
    certificates: SignedDataCerts,
    moment: datetime | None,
    policy: Policy,
    archive: Archive,
    covered: Archive | None,
    trusted_by: Evidence | None = None,
) -> Level:
    """The level of a good signature.

    Args:
        signature: in the file.
        certificates: of its signer and beside it.
        moment: its trusted time, aware; None where nothing proves one.
        policy: whom to trust.
        archive: the DSS as the last revision has it.
        covered: the DSS as the last good document timestamp over the signature covers it; None without one.
        trusted_by: what the signer's chain was found trusted by, with revocation information for every certificate.
    """
    if moment is None:
        return Level.B_B
    # Where the first judgement rested on the archive alone, the archive has proven the signer's chain already.
    signer_proven = trusted_by is not None and trusted_by.rests_on(archive, moment)
    if not await _proves_signature(signature, certificates, moment, policy, archive, signer_proven):
        return Level.B_T
    if covered is None:
        return Level.B_LT
    suffices = covered.is_same_as(archive) or await _proves_signature(
        signature, certificates, moment, policy, covered
    )
    return Level.B_LTA if suffices else Level.B_LT


async def proves_timestamp(certificates: SignedDataCerts, moment: datetime, policy: Policy, archive: Archive) -> bool:
    """True when the DSS alone validates the chain of a timestamp authority."""
    evidence = Evidence(policy, archive, moment, embedded_only=True)
    return await evidence.suffices_for(certificates.signer_cert, certificates.other_certs, "time_stamping")


async def _proves_signature(
    signature: EmbeddedPdfSignature,
    certificates: SignedDataCerts,
    moment: datetime,
    policy: Policy,
    archive: Archive,
    signer_proven: bool = False,
) -> bool:
    """True when the DSS alone validates the chains of the signer and of the signature's timestamp."""
    if not archive.has_revocation:
        return False
    evidence = Evidence(policy, archive, moment, embedded_only=True)
    if not signer_proven and not await evidence.suffices_for(
        certificates.signer_cert, certificates.other_certs, "signing"
    ):
        return False
    for token in extract_tst_data_iter(signature.signer_info, signed=False):
        if not await proves_timestamp(extract_certs_for_validation(token), moment, policy, archive):
            return False
    return True
