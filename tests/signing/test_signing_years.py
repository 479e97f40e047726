"""Twenty years of one letter: certificates end, lists lapse, authorities are succeeded, and the archive is renewed.

Past validation of AdES (ETSI EN 319 102-1, 5.6): each timestamp is judged at the moment that the next one proves.
"""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from asn1crypto import crl, pem
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper

from signing.errors import CertificateExpired, SigningError
from signing.material import CRLS, INTERMEDIATES, ROOTS, TrustMaterial
from signing.pipeline import Pipeline
from signing.policy import Policy
from signing.renewal import archive_life
from signing.verdict import Level, Report, Verdict
from signing.verify import verify_pdf
from tests.signing.forge import NOW, Forge, Wanted
from tests.signing.workshop import letter

YEAR = timedelta(days=365)
GENERATIONS = {
    "root": Wanted("root", kind="authority", begins=NOW - 2 * YEAR, ends=NOW + 13 * YEAR),
    "inter": Wanted("root", kind="authority", begins=NOW - YEAR, ends=NOW + 12 * YEAR),
    "kepala": Wanted("inter", "rsa2048", begins=NOW - YEAR / 2, ends=NOW + 2 * YEAR),
    "tsa1": Wanted("inter", kind="stamper", begins=NOW - YEAR / 2, ends=NOW + 6 * YEAR, declares=True),
    "tsa2": Wanted("inter", kind="stamper", begins=NOW + 4 * YEAR, ends=NOW + 11 * YEAR, declares=True),
    # The successor of the root: an anchor that is added to the policy when its time comes.
    "root2": Wanted("root2", kind="authority", begins=NOW + 8 * YEAR, ends=NOW + 35 * YEAR),
    "inter2": Wanted("root2", kind="authority", begins=NOW + 8 * YEAR, ends=NOW + 28 * YEAR),
    "tsa3": Wanted("inter2", kind="stamper", begins=NOW + 9 * YEAR, ends=NOW + 16 * YEAR, declares=True),
    "tsa4": Wanted("inter2", kind="stamper", begins=NOW + 14 * YEAR, ends=NOW + 24 * YEAR, declares=True),
    "palsuroot": Wanted("palsuroot", kind="authority", name="Contoh root", ends=NOW + 30 * YEAR),
    "palsuinter": Wanted("palsuroot", kind="authority", name="Contoh inter", ends=NOW + 30 * YEAR),
    "palsutsa": Wanted("palsuinter", kind="stamper", name="Contoh tsa2", ends=NOW + 30 * YEAR),
}
RENEWALS = ((5.5, "tsa2"), (10.5, "tsa3"), (15.5, "tsa4"))
Revoked = Mapping[str, tuple[datetime, str]]


class Office:
    """An installation that lives through the years: its folder of trust material is brought up to date."""

    def __init__(self, forge: Forge, folder: Path) -> None:
        self.forge, self.folder = forge, folder

    def lists(self, at: datetime, revoked: Revoked | None = None) -> list[crl.CertificateList]:
        issuers = ("root", "inter") if at < NOW + 8 * YEAR else ("root", "inter", "root2", "inter2")
        return [self.forge.crl(issuer, at - timedelta(hours=1), 30, revoked=revoked or {}) for issuer in issuers]

    def material(self, at: datetime, revoked: Revoked | None = None) -> TrustMaterial:
        self.folder.mkdir(exist_ok=True)
        bundles: Sequence[tuple[str, str, Sequence[bytes]]] = (
            (ROOTS, "CERTIFICATE", [one.dump() for one in self.forge.certs("root", "root2")]),
            (INTERMEDIATES, "CERTIFICATE", [one.dump() for one in self.forge.certs("inter", "inter2")]),
            (CRLS, "X509 CRL", [one.dump() for one in self.lists(at, revoked)]),
        )
        for name, kind, ders in bundles:
            (self.folder / name).write_bytes(b"".join(pem.armor(kind, der) for der in ders))
        return TrustMaterial(self.folder)

    def policy(self, at: datetime, revoked: Revoked | None = None) -> Policy:
        return Policy.of_parts(
            self.forge.certs("root", "root2"),
            self.forge.certs("inter", "inter2"),
            self.lists(at, revoked),
            signers={"Kepala": self.forge.cert("kepala").sha256.hex()},
            min_level=Level.B_LTA,
        )

    def judged(self, pdf: bytes, years: float, revoked: Revoked | None = None) -> Report:
        at = NOW + years * YEAR
        return verify_pdf(pdf, self.policy(at, revoked), at)

    async def renewed(self, pdf: bytes, years: float, tsa: str) -> bytes:
        at = NOW + years * YEAR
        pipeline = Pipeline(self.material(at), self.forge.stamper(tsa, at))
        return await pipeline.renew_archive(pdf, self.policy(at), at)

    async def stamped(self, pdf: bytes, years: float, tsa: str) -> bytes:
        """A document timestamp and no question asked, as anybody may add one."""
        writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
        made = await PdfTimeStamper(self.forge.stamper(tsa, NOW + years * YEAR)).async_timestamp_pdf(writer, "sha256")
        return made.getvalue()  # type: ignore[no-any-return, attr-defined]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    folder = tmp_path_factory.mktemp("tahun")
    return Office(Forge(folder, GENERATIONS), folder / "kepercayaan")


@pytest.fixture(scope="module")
def fresh(office: Office) -> bytes:
    context = office.forge.context(NOW, crls=office.lists(NOW))
    signing = office.forge.sign(letter(), level=Level.B_LTA, at=NOW, tsa="tsa1", context=context, certify=True)
    return asyncio.run(signing)


@pytest.fixture(scope="module")
def kept(office: Office, fresh: bytes) -> list[bytes]:
    """The letter as signed, and after each of its three renewals."""
    versions = [fresh]
    for years, tsa in RENEWALS:
        versions.append(asyncio.run(office.renewed(versions[-1], years, tsa)))
    return versions


def codes(report: Report) -> set[str]:
    return {reason.code for reason in report.reasons}


def test_a_letter_renewed_in_time_is_sah_after_twenty_years_and_one_that_was_not_is_not(
    office: Office, kept: list[bytes]
) -> None:
    assert all(later.startswith(earlier) for earlier, later in pairwise(kept))
    after = office.judged(kept[-1], 20)
    assert (after.verdict, after.level, codes(after)) == (Verdict.SAH, Level.B_LTA, set())
    assert [found.kind for found in after.signatures] == ["signature", *["document-timestamp"] * 4]
    assert after.signatures[0].signed_at == NOW
    for neglected in kept[:-1]:
        report = office.judged(neglected, 20)
        assert report.verdict is Verdict.TIDAK_SAH
        assert "certificate_expired" in codes(report)


def test_each_version_is_sah_until_its_timestamps_certificate_ends(office: Office, kept: list[bytes]) -> None:
    for pdf, tsa in zip(kept, ("tsa1", "tsa2", "tsa3", "tsa4"), strict=True):
        authorities = office.forge.certs("root", "inter", "root2", "inter2")
        life = archive_life(pdf, authorities)
        assert life is not None
        assert life.until == office.forge.cert(tsa).not_valid_after
        assert life.due == life.until and "sha256" in life.algorithms
        last_day, next_day = ((life.until - NOW) / YEAR + shift for shift in (-0.01, 0.01))
        assert office.judged(pdf, last_day).verdict is Verdict.SAH
        assert office.judged(pdf, next_day).verdict is Verdict.TIDAK_SAH


async def test_a_renewal_that_comes_too_late_saves_nothing(office: Office, fresh: bytes) -> None:
    with pytest.raises(CertificateExpired):
        await office.renewed(fresh, 6.5, "tsa2")
    late = await office.stamped(fresh, 6.5, "tsa2")
    assert "certificate_expired" in codes(office.judged(late, 6.5))
    assert office.judged(await office.stamped(fresh, 5.9, "tsa2"), 5.9, {}).verdict is Verdict.SAH


async def test_a_forged_timestamp_in_the_middle_breaks_the_chain(office: Office, kept: list[bytes]) -> None:
    forged = await office.stamped(kept[0], 5.5, "palsutsa")
    with pytest.raises(SigningError):
        await office.renewed(forged, 10.5, "tsa3")
    for tsa, years in (("tsa3", 10.5), ("tsa4", 15.5)):
        forged = await office.stamped(forged, years, tsa)
    report = office.judged(forged, 20)
    assert report.verdict is Verdict.TIDAK_SAH
    assert "untrusted" in codes(report)


@pytest.mark.parametrize(
    ("years", "reason", "good"),
    [
        (7, "key_compromise", False),  # while its timestamp was the youngest
        (11, "key_compromise", True),  # when the next one already stood
        (4.5, "superseded", False),  # before it was made
        (11, "superseded", True),
    ],
)
def test_a_timestamp_authority_revoked_in_between_breaks_the_chain_only_before_the_next_renewal(
    office: Office, kept: list[bytes], years: float, reason: str, good: bool
) -> None:
    report = office.judged(kept[-1], 20, {"tsa2": (NOW + years * YEAR, reason)})
    assert (report.verdict is Verdict.SAH) is good, codes(report)
    assert ("revoked" in codes(report)) is not good


@pytest.mark.parametrize(("days", "good"), [(-1, False), (1, True)])
def test_an_officer_revoked_later_has_signed_and_one_revoked_before_has_not(
    office: Office, kept: list[bytes], days: int, good: bool
) -> None:
    report = office.judged(kept[-1], 20, {"kepala": (NOW + timedelta(days=days), "key_compromise")})
    assert (report.verdict is Verdict.SAH) is good, codes(report)


def test_a_flipped_bit_in_any_generation_is_seen(office: Office, kept: list[bytes]) -> None:
    pdf, ends = kept[-1], [0, *map(len, kept)]
    for start, end in pairwise(ends):
        for at in (start + 30, (start + end) // 2, end - 40):
            flipped = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]
            assert office.judged(flipped, 20).verdict in (Verdict.TIDAK_SAH, Verdict.RUSAK), at
