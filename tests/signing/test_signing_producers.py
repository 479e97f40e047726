"""Sound letters made otherwise than ours: other keys, digests, programs, forms of the file, and kinds of evidence.

Each row is a way to make a letter and the answer it has to get: a false alarm is as wrong as a forgery let through.
"""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pikepdf
import pytest
import typst
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import PdfTimeStamper
from pyhanko_certvalidator import ValidationContext

from signing.policy import Policy
from signing.verdict import Level, Report, Verdict
from signing.verify import verify_pdf
from tests.signing.forge import Forge
from tests.signing.tampering import resigned, stamped, without
from tests.signing.test_signing_attacks import assembled
from tests.signing.test_signing_tails import appended
from tests.signing.workshop import letter

B_B, B_T, B_LT, B_LTA = Level.B_B, Level.B_T, Level.B_LT, Level.B_LTA
ADOBE = SigSeedSubFilter.ADOBE_PKCS7_DETACHED


@dataclass(frozen=True)
class Row:
    """How to make a letter, by what policy it is judged, and its level."""

    name: str
    make: Callable[[Forge], Awaitable[bytes]]
    level: Level
    policy: Callable[[Forge], Policy] = lambda forge: forge.policy()
    verdict: Verdict = Verdict.SAH


def saved(**how: Any) -> bytes:
    """Our plain letter as another program would have written it."""
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(letter())) as opened:
        opened.save(out, **how)
    return out.getvalue()


def typeset(standard: str) -> bytes:
    text = '#set document(title: "Izin Contoh", date: datetime(year: 2026, month: 3, day: 13))\n#set text(lang: "id")\n'
    return typst.compile(f"{text}= Izin\nIsi".encode(), pdf_standards=standard)


def page(content: bytes) -> bytes:
    return assembled(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 1/Kids[3 0 R]>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]" + content + b">>",
    )


def signed_by(label: str, level: Level, digest: str = "sha256") -> Row:
    return Row(
        f"{label} {digest} {level}",
        lambda forge: forge.sign(letter(), label, level, digest=digest),
        level,
        lambda forge: forge.policy(label),
    )


def of_file(name: str, plain: bytes, level: Level, **how: Any) -> Row:
    return Row(f"{name} {level}", lambda forge: forge.sign(plain, level=level, **how), level)


async def with_answers(forge: Forge, *, stamp: bool, responders: tuple[str, str, str] = ("ocsp", "ocsp", "ocspinduk")):
    subjects = ("kepala", "tsa", "inter")
    answers = [forge.ocsp(subject, responder) for subject, responder in zip(subjects, responders, strict=True)]
    pdf = appended(await forge.sign(letter()), ocsps=answers, certs=forge.certs("inter", "root"))
    return await stamped(pdf, forge) if stamp else pdf


async def with_updates(forge: Forge, *, loud: bool = False, stamp: bool = False) -> bytes:
    pdf = appended(await forge.sign(letter()), certs=forge.certs("inter"), crls=[forge.crl("inter")], quiet=not loud)
    if not loud:
        pdf = appended(pdf, crls=[forge.crl("root")])
    return await stamped(pdf, forge) if stamp else pdf


async def with_vri(forge: Forge, spelled: Callable[[bytes], bytes]) -> bytes:
    pdf = await forge.sign(letter())
    contents = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0].pkcs7_content
    return appended(pdf, sig_contents=spelled(contents), certs=forge.certs("inter"), crls=forge.crls())


async def renewed(forge: Forge, times: int) -> bytes:
    pdf = await forge.sign(letter(), level=B_LTA)
    for _ in range(times):
        again = PdfTimeStamper(forge.stamper()).async_update_archival_timestamp_chain(
            PdfFileReader(io.BytesIO(pdf)), forge.context()
        )
        pdf = (await again).getvalue()
    return pdf


def other_house(forge: Forge) -> Policy:
    """A policy with a second anchor, whose timestamp authority publishes no list."""
    return Policy.of_parts(
        forge.certs("root", "tsaroot"),
        forge.certs("inter"),
        forge.crls(),
        signers={"Kepala": forge.cert("kepala").sha256.hex()},
    )


async def stamped_by_other_house(forge: Forge, level: Level) -> bytes:
    context = ValidationContext(
        trust_roots=forge.certs("root", "tsaroot"),
        other_certs=forge.certs("inter"),
        crls=forge.crls(),
        allow_fetching=False,
        revocation_mode="soft-fail",
    )
    return await forge.sign(letter(), level=level, tsa="tsalain", context=context)


def trusting_the_issuer_alone(forge: Forge) -> Policy:
    named = {"Kepala": forge.cert("kepala").sha256.hex()}
    return Policy.of_parts(forge.certs("inter"), [], [forge.crl("inter")], signers=named)


async def three_desks(forge: Forge) -> bytes:
    pdf = await forge.sign(letter(), "kabid", field_name="Kabid", box=(1, 1, 30, 30))
    pdf = await forge.sign(pdf, "lain", field_name="Koordinator", box=(40, 1, 70, 30))
    return await forge.sign(pdf, box=(1, 40, 30, 70))


async def two_desks(forge: Forge, first: Level, second: Level | None) -> bytes:
    pdf = await forge.sign(letter(), "kabid", first, field_name="Kabid")
    return pdf if second is None else await forge.sign(pdf, level=second)


async def plainly_stamped(forge: Forge) -> bytes:
    return await stamped(await forge.sign(letter(), level=B_B), forge)


async def archived_without_signature_timestamp(forge: Forge) -> bytes:
    pdf = appended(await forge.sign(letter(), level=B_B), certs=forge.certs("inter"), crls=forge.crls())
    return await stamped(pdf, forge)


COMPRESSED = pikepdf.ObjectStreamMode.generate
ROWS = [
    *(signed_by(label, level) for label in ("kepala", "p256", "p384", "dalam", "bebas") for level in (B_T, B_LTA)),
    *(signed_by("kepala", B_LTA, digest) for digest in ("sha384", "sha512")),
    *(signed_by("ed25519", level, "sha512") for level in (B_T, B_LTA)),
    signed_by("ed448", B_LTA, "shake256"),
    Row("pss", lambda f: f.sign(letter(), level=B_LTA, signer=f.signer("kepala", pss=True)), B_LTA),
    *(of_file("linearized", saved(linearize=True), level) for level in (B_T, B_LT, B_LTA)),
    *(of_file("object streams", saved(object_stream_mode=COMPRESSED), level) for level in (B_T, B_LT, B_LTA)),
    of_file("linearized object streams", saved(linearize=True, object_stream_mode=COMPRESSED), B_LT),
    of_file("PDF 1.4", saved(force_version="1.4", object_stream_mode=pikepdf.ObjectStreamMode.disable), B_LTA),
    *(of_file("PDF 2.0", saved(force_version="2.0"), level) for level in (B_T, B_LT, B_LTA)),
    of_file("QDF", saved(qdf=True), B_LT),
    of_file("PDF/A-2a", typeset("a-2a"), B_LTA, certify=True),
    of_file("PDF/UA-1", typeset("ua-1"), B_LT),
    of_file("visible", letter(), B_LTA, box=(10, 10, 100, 50)),
    of_file("visible certification", letter(), B_LTA, box=(10, 10, 100, 50), certify=True),
    *(of_file(f"page {what.decode()}", page(what), B_T) for what in (b"/Contents null", b"/Contents[null]", b"")),
    Row("adbe.pkcs7.detached", lambda f: f.sign(letter(), subfilter=ADOBE), B_T),
    Row("adbe without ESS", lambda f: _older(f), B_B, lambda f: f.policy("p256", B_B)),
    Row(
        "revocation in a signed attribute alone",
        lambda f: f.sign(letter(), level=B_LT, subfilter=ADOBE),
        B_T,
        lambda f: f.policy(crls=[]),
    ),
    Row("lists in the policy alone", lambda f: f.sign(letter()), B_T),
    Row("lists in the file alone", lambda f: f.sign(letter(), level=B_LTA), B_LTA, lambda f: f.policy(crls=[])),
    Row("answers alone", lambda f: with_answers(f, stamp=False), B_LT, lambda f: f.policy(crls=[])),
    Row("answers under a timestamp", lambda f: with_answers(f, stamp=True), B_LTA, lambda f: f.policy(crls=[])),
    Row("two updates of the archive", with_updates, B_LT, lambda f: f.policy(crls=[])),
    Row("two updates under a timestamp", lambda f: with_updates(f, stamp=True), B_LTA, lambda f: f.policy(crls=[])),
    Row("an update that dates itself", lambda f: with_updates(f, loud=True), B_T),
    Row("VRI by bytes", lambda f: with_vri(f, lambda contents: contents), B_LT),
    Row("VRI by digits", lambda f: with_vri(f, lambda contents: contents.hex().encode()), B_LT),
    Row("VRI by capital digits", lambda f: with_vri(f, lambda contents: contents.hex().upper().encode()), B_LT),
    Row("three renewals", lambda f: renewed(f, 3), B_LTA),
    Row("a second timestamp without evidence", lambda f: _twice_stamped(f), B_LTA),
    Row("authority of another house", lambda f: stamped_by_other_house(f, B_T), B_T, other_house),
    Row("archive of another house", lambda f: stamped_by_other_house(f, B_LTA), B_LTA, other_house),
    Row("the root beside an anchor below it", lambda f: _with_root(f), B_T, trusting_the_issuer_alone),
    Row("document timestamp instead of one of the signature", plainly_stamped, B_T),
    Row("archive without a timestamp of the signature", archived_without_signature_timestamp, B_LTA),
    Row("three visible desks", three_desks, B_T, lambda f: f.policy(Kabid="kabid", Koordinator="lain")),
    Row("kabid B-LT, head B-LTA", lambda f: two_desks(f, B_LT, B_LTA), B_LTA, lambda f: f.policy(Kabid="kabid")),
    Row("kabid B-LTA, head B-LT", lambda f: two_desks(f, B_LTA, B_LT), B_LT, lambda f: f.policy(Kabid="kabid")),
]


async def _older(forge: Forge) -> bytes:
    pdf = await forge.sign(letter(), "p256", B_B, subfilter=ADOBE)
    return resigned(pdf, forge, "p256", without("signing_certificate_v2"))


async def _twice_stamped(forge: Forge) -> bytes:
    return await stamped(await forge.sign(letter(), level=B_LTA), forge)


async def _with_root(forge: Forge) -> bytes:
    return await forge.sign(letter(), signer=forge.signer("kepala", extra=forge.certs("root")))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
async def test_a_sound_letter_is_sah_whoever_made_it(forge: Forge, row: Row) -> None:
    report: Report = verify_pdf(await row.make(forge), row.policy(forge))
    assert (report.verdict, report.level, [one.code for one in report.reasons]) == (Verdict.SAH, row.level, [])


async def test_a_letter_that_only_a_desk_signed_is_not_yet_issued_at_any_level(forge: Forge) -> None:
    for level in (B_T, B_LT, B_LTA):
        report = verify_pdf(await two_desks(forge, level, None), forge.policy(Kabid="kabid"))
        assert (report.verdict, report.level) == (Verdict.BELUM_TERBIT, None), level
