"""What anyone may append to a signed letter without a key of its authorities; what passes is only what PAdES needs."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from asn1crypto import cms, x509
from cryptography import x509 as pyca_x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.metadata import info, xmp_xml
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.dss import DocumentSecurityStore

from signing.accounting import Pool, Unaccounted, account_for_certificate
from signing.verdict import Level, Report, Verdict
from signing.verify import verify_pdf
from tests.signing.workshop import Workshop, list_that_revokes


class QuietWriter(IncrementalPdfFileWriter):
    """Leaves the dates and the producer alone, as a careful attacker does."""

    def _update_meta(self) -> None:
        return


def self_signed(room: int = 0) -> x509.Certificate:
    """A certificate that vouches for itself, as anybody can make one, with `room` bytes of anything in it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = pyca_x509.Name([pyca_x509.NameAttribute(NameOID.COMMON_NAME, "Penerbit Karangan")])
    now = datetime.now(UTC)
    made = (
        pyca_x509.CertificateBuilder(name, name, key.public_key(), 7)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=3))
        .add_extension(pyca_x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(pyca_x509.UnrecognizedExtension(pyca_x509.ObjectIdentifier("1.2.3.4"), b"A" * room), False)
        .sign(key, SHA256())
    )
    return x509.Certificate.load(made.public_bytes(Encoding.DER))


def appended(pdf: bytes, *, quiet: bool = True, **evidence: Any) -> bytes:
    """`pdf` with an update of its DSS, made quietly (metadata as they were) or as the library does it."""
    contents = evidence.pop("sig_contents", None)
    out = io.BytesIO(pdf)
    if quiet:
        writer = QuietWriter(io.BytesIO(pdf))
        DocumentSecurityStore.supply_dss_in_writer(writer, contents, **evidence)
        writer.write(out)  # type: ignore[no-untyped-call]
    else:
        DocumentSecurityStore.add_dss(out, contents, **evidence)
    assert out.getvalue().startswith(pdf) and len(out.getvalue()) > len(pdf)
    return out.getvalue()


def end_of_coverage(pdf: bytes) -> int:
    found = PdfFileReader(io.BytesIO(pdf)).embedded_signatures
    return max(int(one.byte_range[2]) + int(one.byte_range[3]) for one in found)


def codes(report: Report) -> set[str]:
    return {reason.code for reason in report.reasons}


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.parametrize("room", [0, 3_000_000])
def test_nobody_appends_a_certificate_of_his_own_to_an_issued_letter(
    workshop: Workshop, signed: bytes, quiet: bool, room: int
) -> None:
    attacked = appended(signed, certs=[self_signed(room)], quiet=quiet)
    report = verify_pdf(attacked, workshop.policy())
    assert (report.verdict, codes(report)) == (Verdict.TIDAK_SAH, {"unaccounted_bytes"})


def test_no_flipped_bit_of_an_appended_update_makes_it_sah(workshop: Workshop, signed: bytes) -> None:
    attacked = appended(signed, certs=[self_signed()], quiet=False)
    policy, chance = workshop.policy(), random.Random(3)
    for at in chance.sample(range(len(signed), len(attacked)), 25):
        flipped = bytearray(attacked)
        flipped[at] ^= 1 << chance.randrange(8)
        assert verify_pdf(bytes(flipped), policy).verdict in (Verdict.TIDAK_SAH, Verdict.RUSAK), at


def test_genuine_evidence_does_not_follow_the_timestamp_of_an_issued_letter_either(
    workshop: Workshop, signed: bytes
) -> None:
    """What the timestamp covers is complete: a later update needs a timestamp of its own."""
    fresh = list_that_revokes(workshop, 4711, datetime.now(UTC), "superseded")
    stamp = PdfFileReader(io.BytesIO(signed)).embedded_timestamp_signatures[0]
    attempts: tuple[dict[str, Any], ...] = (
        {"crls": [fresh]},
        {"certs": [x509.Certificate.load(workshop.pki.certificate("lain"))]},
        {"sig_contents": stamp.pkcs7_content.hex().encode(), "certs": workshop.material().intermediates},
    )
    for evidence in attempts:
        report = verify_pdf(appended(signed, **evidence), workshop.policy())
        assert (report.verdict, codes(report)) == (Verdict.TIDAK_SAH, {"unaccounted_bytes"}), sorted(evidence)


def test_a_certificate_hidden_in_the_hole_of_the_last_timestamp_is_found(workshop: Workshop, signed: bytes) -> None:
    stamp = PdfFileReader(io.BytesIO(signed)).embedded_timestamp_signatures[0]
    start, end = int(stamp.byte_range[1]), int(stamp.byte_range[2])
    content = cms.ContentInfo.load(bytes.fromhex(signed[start + 1 : end - 1].decode()))
    held = content["content"]["certificates"]
    content["content"]["certificates"] = cms.CertificateSet(
        [*held, cms.CertificateChoices("certificate", self_signed())]
    )
    changed = content.dump(force=True).hex().encode().ljust(end - start - 2, b"0")
    assert len(changed) == end - start - 2
    report = verify_pdf(signed[: start + 1] + changed + signed[end - 1 :], workshop.policy())
    assert (report.verdict, codes(report)) == (Verdict.TIDAK_SAH, {"unaccounted_bytes"})


async def test_a_letter_without_archive_may_get_one_of_its_own_authorities_evidence_alone(workshop: Workshop) -> None:
    pdf = await workshop.sign(workshop.plain, Level.B_T)
    material, policy = workshop.material(), workshop.policy()
    genuine: dict[str, Any] = {"certs": material.intermediates, "crls": material.crls}
    lifted = appended(pdf, **genuine)
    assert verify_pdf(lifted, policy).verdict is Verdict.SAH
    stranger = x509.Certificate.load(workshop.pki.certificate("lain"))
    for certificates in ([*material.intermediates, self_signed()], [stranger]):
        assert codes(verify_pdf(appended(pdf, certs=certificates), policy)) == {"unaccounted_bytes"}
    again = appended(lifted, certs=material.roots)
    assert verify_pdf(again, policy).verdict is Verdict.SAH
    assert codes(verify_pdf(appended(again, certs=[self_signed()]), policy)) == {"unaccounted_bytes"}
    first, second = len(lifted) - 2, len(again) - 2
    for at in (first, second, len(lifted) + 3):
        assert verify_pdf(again[:at] + b"  " + again[at:], policy).verdict is not Verdict.SAH, at


@pytest.mark.parametrize("level", [Level.B_LT, Level.B_LTA])
async def test_only_the_identifier_of_an_unsigned_archive_may_be_anything(workshop: Workshop, level: Level) -> None:
    """Common software ends a letter in an update that nothing signs, and draws one half of the identifier anew."""
    pdf = await workshop.sign(workshop.plain, level)
    policy, chance, start = workshop.policy(), random.Random(11), end_of_coverage(pdf)
    assert verify_pdf(pdf, policy).verdict is Verdict.SAH
    drawn = pdf.rindex(b"<", 0, pdf.rindex(b"> ]")) + 1
    second = pdf.rindex(b"Z)", 0, pdf.rindex(b"/CreationDate")) - 1
    assert second > start
    for digit in (second - 1, second - 3, second - 5, second - 7):
        redated = pdf[:digit] + bytes([pdf[digit] ^ 1]) + pdf[digit + 1 :]
        assert verify_pdf(redated, policy).verdict is Verdict.TIDAK_SAH
    places = [at for at in range(start, len(pdf)) if not drawn <= at < drawn + 32 and at != second]
    for at in chance.sample(places, 25):
        flipped = bytearray(pdf)
        flipped[at] ^= 1 << chance.randrange(8)
        assert verify_pdf(bytes(flipped), policy).verdict in (Verdict.TIDAK_SAH, Verdict.RUSAK), pdf[at - 20 : at + 20]


@pytest.mark.parametrize(
    ("apart", "verdict"), [(0, Verdict.SAH), (1, Verdict.SAH), (2, Verdict.TIDAK_SAH), (-1, Verdict.TIDAK_SAH)]
)
async def test_an_update_may_be_written_while_the_clock_turns_to_the_next_second(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch, apart: int, verdict: Verdict
) -> None:
    pdf = await workshop.sign(workshop.plain, Level.B_T)
    at = datetime.now(UTC)

    def at_second(seconds: int) -> type:
        return type("Clock", (datetime,), {"now": classmethod(lambda _, tz=None: at + timedelta(seconds=seconds))})

    monkeypatch.setattr(info, "datetime", at_second(0))
    monkeypatch.setattr(xmp_xml, "datetime", at_second(apart))
    material = workshop.material()
    later = appended(pdf, quiet=False, certs=material.intermediates, crls=material.crls)
    assert verify_pdf(later, workshop.policy()).verdict is verdict


async def test_an_unsigned_archive_has_no_room_to_spare(workshop: Workshop) -> None:
    pdf = await workshop.sign(workshop.plain, Level.B_LT)
    policy = workshop.policy()
    for spare in (b"\r\n" * 250, b" " * 500):
        for inside in (b"endobj\n", b"%%EOF", b"startxref"):
            at = pdf.rindex(inside)
            assert verify_pdf(pdf[:at] + spare + pdf[at:], policy).verdict is not Verdict.SAH, inside
    for sound, stray in (
        (b">>\nendobj", b">6\nendobj"),
        (b"/ID [", b"/ID!["),
        (b" n \n", b" n\t\n"),
        (b"/Size 4", b"/Size 6"),
        (b"/Info 3", b"/Iffo 3"),
    ):
        at = pdf.rindex(sound)
        assert verify_pdf(pdf[:at] + stray + pdf[at + len(sound) :], policy).verdict is not Verdict.SAH, stray


def test_a_letter_whose_archive_was_cut_away_is_refused_where_letters_are_issued_with_one(
    workshop: Workshop, signed: bytes
) -> None:
    first = PdfFileReader(io.BytesIO(signed)).embedded_regular_signatures[0].byte_range
    cut = signed[: int(first[2]) + int(first[3])]
    report = verify_pdf(cut, workshop.policy(Level.B_LTA))
    assert (report.verdict, report.level, codes(report)) == (Verdict.TIDAK_SAH, Level.B_T, {"level_too_low"})
    assert verify_pdf(cut, workshop.policy(Level.B_T)).level is Level.B_T


def test_only_authorities_under_an_anchor_vouch_for_others(workshop: Workshop) -> None:
    material, own = workshop.material(), self_signed()
    officer = x509.Certificate.load(workshop.pki.certificate("kepala"))
    pool = Pool.rooted(material.roots, [own, officer, *material.intermediates])
    account_for_certificate(officer.dump(), pool)
    assert pool.is_anchor(material.roots[0]) and not pool.is_anchor(own)
    with pytest.raises(Unaccounted):
        account_for_certificate(own.dump(), pool)
    with pytest.raises(Unaccounted):
        account_for_certificate(officer.dump(), Pool.rooted(material.roots, [own]))
