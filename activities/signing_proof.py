"""Whether what a provider handed back is the letter that was sent, signed once by whom it must, and SAH at B-LTA.

A provider that signs at a lower level is completed here: archive data and our timestamp are appended, or the letter
waits. It never goes on at a lower level.
"""

from __future__ import annotations

from signing.judging import judge_signed, letter_policy
from signing.material import TrustMaterial
from signing.pipeline import Pipeline
from signing.port import HEAD_FIELD
from signing.verdict import Report, Verdict

ONLY_TOO_LOW = frozenset({"level_too_low", "timestamp_missing"})


class NotProven(Exception):
    """What came back must not be used. `code` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SignatureProof:
    """Judges what came back."""

    def __init__(self, material: TrustMaterial, pipeline: Pipeline) -> None:
        self._material = material
        self._pipeline = pipeline

    async def of(
        self, letter: bytes, signed: bytes, certificate_sha256: str, field_name: str = HEAD_FIELD
    ) -> tuple[bytes, Report]:
        """The object to be registered, with our verdict on it.

        Raises NotProven; TimestampUnavailable, RevocationUnavailable and ProviderUnavailable, which may pass.
        """
        if not signed.startswith(letter):
            raise NotProven("rewritten")
        report = await judge_signed(self._material, signed, certificate_sha256, field_name)
        codes = {reason.code for reason in report.reasons}
        if report.verdict is not Verdict.SAH and codes and codes <= ONLY_TOO_LOW:
            policy = letter_policy(self._material, certificate_sha256, field_name)
            signed = await self._pipeline.renew_archive(signed, policy)
            report = await judge_signed(self._material, signed, certificate_sha256, field_name)
            codes = {reason.code for reason in report.reasons}
        if report.verdict is not Verdict.SAH:
            raise NotProven("wrong_signer" if "wrong_signer" in codes else "not-valid")
        if sum(found.kind == "signature" for found in report.signatures) != 1:
            raise NotProven("not-valid")
        return signed, report
