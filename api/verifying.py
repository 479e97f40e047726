"""Judges uploaded PDFs by the installation's own policy: its trust anchors, and the certificates its mandates name."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.x509 import load_pem_x509_certificates

from api.problems import ApiCode, Problem
from api.waiting_row import WaitingRow
from signing.errors import SigningError
from signing.port import HEAD_FIELD
from signing.verdict import Level, Reason, Report, Verdict

# What reads PDFs costs half a second to import, and most API processes start without being asked to judge one.
if TYPE_CHECKING:
    from signing.limited import LimitedVerifier

ROOTS, INTERMEDIATES, CRLS = "root.pem", "intermediates.pem", "crls.pem"
_NO_OTHERS: Mapping[str, tuple[str, ...]] = {}
MOST_WAITING = 8
"""Files that wait for their verdict at once; more are asked to come back."""
STAND_IN = "bukan BSrE"
"""Stands in the names of the demonstration authority's certificates."""


class Verifying:
    """Keeps the policy file current and asks the limited process.

    Args:
        trust_dir: root.pem, intermediates.pem, crls.pem; None where the installation has none.
    """

    def __init__(self, trust_dir: Path | None) -> None:
        self._trust_dir = trust_dir
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._verifier: LimitedVerifier | None = None
        self._stamp: tuple[object, ...] = ()
        self.row = WaitingRow(MOST_WAITING)

    async def judge(
        self, pdf: bytes, mandated: tuple[str, ...], others: Mapping[str, tuple[str, ...]] = _NO_OTHERS
    ) -> Report:
        """The verdict on `pdf`.

        Args:
            pdf: the file as it came.
            mandated: sha256 of the certificates that may have signed as head.
            others: the same of fields that issue nothing, the office's seal and an agency's officers. A file with such
                a signature and without the head's is BELUM_TERBIT; beside the head's, none may stand.

        Raises Problem(verification-unavailable) where no trust anchors can be read.
        """
        if self._trust_dir is None or not (self._trust_dir / ROOTS).is_file():
            raise Problem(ApiCode.VERIFICATION_UNAVAILABLE)
        try:
            policy = self._write_policy(self._trust_dir.resolve(), {**others, HEAD_FIELD: mandated})
        except OSError:
            raise Problem(ApiCode.VERIFICATION_UNAVAILABLE) from None
        if self._verifier is None:
            from signing.limited import LimitedVerifier

            self._verifier = LimitedVerifier(policy)
        try:
            return _head_alone(await self._verifier.verify(pdf))
        except SigningError:
            raise Problem(ApiCode.VERIFICATION_UNAVAILABLE) from None

    def is_demo(self) -> bool:
        """Whether the trusted authority is the stand-in, which says so in its own name."""
        return any(STAND_IN in anchor for anchor in self.anchors())

    def anchors(self) -> tuple[str, ...]:
        """Names of the trust anchors; none where they cannot be read."""
        if self._trust_dir is None:
            return ()
        try:
            roots = load_pem_x509_certificates((self._trust_dir / ROOTS).read_bytes())
        except (OSError, ValueError):
            return ()
        return tuple(root.subject.rfc4514_string() for root in roots)

    async def aclose(self) -> None:
        """Ends the process and removes the policy file."""
        if self._verifier is not None:
            await self._verifier.aclose()
        if self._folder is not None:
            self._folder.cleanup()

    def _write_policy(self, trust_dir: Path, signers: Mapping[str, tuple[str, ...]]) -> Path:
        if self._folder is None:
            self._folder = tempfile.TemporaryDirectory(prefix="sakpore-policy-")
        path = Path(self._folder.name) / "policy.json"
        policy = {
            "trust": [str(trust_dir / ROOTS)],
            "intermediates": [str(trust_dir / INTERMEDIATES)],
            "crls": [str(trust_dir / CRLS)],
            "signers": {field: list(certificates) for field, certificates in sorted(signers.items())},
            "head_field": HEAD_FIELD,
            "head_field_free": True,  # a document signer names its field itself
            "min_level": Level.B_LTA.value,  # what this office issues: a letter without its archive layer is not ours
        }
        text = json.dumps(policy)
        stamp = (text, *((trust_dir / name).stat().st_mtime_ns for name in (ROOTS, INTERMEDIATES, CRLS)))
        if stamp != self._stamp:
            # The process reads the files again when the policy is a new one: a renewed CRL makes it new.
            scratch = path.with_suffix(".new")
            scratch.write_text(text)
            scratch.replace(path)
            self._stamp = stamp
        return path


def _head_alone(report: Report) -> Report:
    """The head's signature is the letter's only one (design, decision 10): a seal beside it was not put there by us."""
    beside = [one.field for one in report.signatures if one.kind == "signature" and one.field != HEAD_FIELD]
    if report.verdict is not Verdict.SAH or not beside:
        return report
    reasons = tuple(Reason.of("unknown_field", field) for field in beside)
    return Report(Verdict.TIDAK_SAH, None, reasons, report.signatures)
