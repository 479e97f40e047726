"""Our own verdict on a letter that was just signed, reached once for the same bytes under the same policy.

The pipeline proves what it made, the desk proves what a provider handed over, and the stored object is judged before
anything is released. All three ask the same question: with our own keys they ask it of the same bytes within seconds.
A verdict is a function of bytes, policy, trust material and time, so it is kept for a minute, by sha256, and forgotten
when the trust material changes.
"""

from __future__ import annotations

import hashlib
import time

from signing.material import TrustMaterial
from signing.policy import Policy
from signing.port import HEAD_FIELD
from signing.verdict import Level, Report
from signing.verify import verify_pdf_async

KEPT_SECONDS = 60.0
MOST_KEPT = 256


def letter_policy(material: TrustMaterial, certificate_sha256: str, field_name: str = HEAD_FIELD) -> Policy:
    """The installation's own policy for a signed letter, with the trust material as it was last read.

    The head's signature may stand in a field that its provider named; any other signature in the named one alone.
    """
    return Policy.of_parts(
        material.roots,
        material.intermediates,
        material.crls,
        signers={field_name: certificate_sha256},
        head_field=field_name,
        head_field_free=field_name == HEAD_FIELD,
        min_level=Level.B_LTA,
    )


async def judge_signed(
    material: TrustMaterial, pdf: bytes, certificate_sha256: str, field_name: str = HEAD_FIELD
) -> Report:
    """The verdict under the installation's own policy: this certificate in this field, at B-LTA.

    Raises ProviderUnavailable when the trust material cannot be read.
    """
    material.refresh()
    asked = (hashlib.sha256(pdf).hexdigest(), certificate_sha256, field_name)
    judged = material.judged  # a refresh meanwhile begins another one, and ours is forgotten with the old
    known = judged.get(asked)
    if known is not None and time.monotonic() - known[0] < KEPT_SECONDS:
        return known[1]
    policy = letter_policy(material, certificate_sha256, field_name)
    began = time.monotonic()
    report = await verify_pdf_async(pdf, policy)
    if len(judged) >= MOST_KEPT:
        judged.clear()
    judged[asked] = (began, report)
    return report
