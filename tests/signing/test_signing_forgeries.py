"""Forged, damaged and misleading letters, each a row of a table with the one verdict it has to get.

What an attacker can do without a key is tried on letters of every level; what takes the officer's own key (a missing
attribute, another digest) is signed anew with it, as careless or hostile software would.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from asn1crypto import cms, core, tsp
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from signing.policy import Policy
from signing.verdict import Level, Verdict
from signing.verify import verify_pdf
from tests.signing.forge import NOW, Forge
from tests.signing.tampering import (
    BYTE_RANGE,
    Attributes,
    changed,
    container,
    filled,
    holes,
    in_place,
    resigned,
    stamped,
    without,
    wrapped,
)
from tests.signing.test_signing_attacks import CHANGES, updated
from tests.signing.test_signing_tails import appended
from tests.signing.workshop import letter

B_B, B_T, B_LT, B_LTA = Level.B_B, Level.B_T, Level.B_LT, Level.B_LTA
REFUSED, BROKEN, UNSIGNED = Verdict.TIDAK_SAH, Verdict.RUSAK, Verdict.TIDAK_BERTANDA_TANGAN
SOUND = Verdict.SAH
DAY = timedelta(days=1)
LEVELS = (B_B, B_T, B_LT, B_LTA)


@dataclass
class Letters:
    """One letter a level, signed by an officer with a small certificate, and the forge that made them."""

    forge: Forge
    by_level: dict[Level, bytes] = field(default_factory=dict)

    def __getitem__(self, level: Level) -> bytes:
        return self.by_level[level]

    def policy(self, level: Level = B_B, **how: Any) -> Policy:
        return self.forge.policy("p256", level, **how)


@pytest.fixture(scope="module")
def letters(forge: Forge) -> Letters:
    made = Letters(forge)
    for level in LEVELS:
        made.by_level[level] = asyncio.run(forge.sign(letter(), "p256", level, reserve=30000))
    return made


# What needs no key: bytes, dictionaries, structure -------------------------------------------------------------------

Tampering = Callable[[bytes], bytes]


def of_range(text: bytes, n: int = 0) -> Tampering:
    return lambda pdf: in_place(pdf, BYTE_RANGE, b"/ByteRange " + text, n)


def of_hole(text: bytes) -> Tampering:
    def fill(pdf: bytes) -> bytes:
        start, end = holes(pdf)[-1]
        return pdf[:start] + text.ljust(end - start) + pdf[end:]

    return fill


def _padding_used(pdf: bytes) -> bytes:
    _, end = holes(pdf)[-1]
    return pdf[: end - 5] + b"beef" + pdf[end - 1 :]


def _one_other_case(pdf: bytes) -> bytes:
    start, end = holes(pdf)[-1]
    at = next(at for at in range(start, end) if pdf[at : at + 1].isalpha())
    return pdf[:at] + pdf[at : at + 1].swapcase() + pdf[at + 1 :]


BY_BYTES: list[tuple[str, Tampering, Verdict]] = [
    ("ByteRange renamed", lambda pdf: in_place(pdf, rb"/ByteRange \[", b"/ByteRangX ["), BROKEN),
    ("ByteRange null", of_range(b"null"), BROKEN),
    ("ByteRange empty", of_range(b"[]"), BROKEN),
    ("ByteRange negative", of_range(b"[0 -1 0 5]"), BROKEN),
    ("ByteRange of three", of_range(b"[0 10 20]"), BROKEN),
    ("ByteRange of text", of_range(b"[(a) 1 2 3]"), BROKEN),
    ("ByteRange of fractions", of_range(b"[0 1.5 20 9]"), BROKEN),
    ("ByteRange beyond the file", of_range(b"[0 9 99999999999 9]"), REFUSED),
    ("ByteRange of two", of_range(b"[0 10]"), REFUSED),
    ("ByteRange over the start alone", of_range(b"[0 100 100 0]"), REFUSED),
    ("Contents null", of_hole(b"null"), BROKEN),
    ("Contents empty", of_hole(b"<>"), BROKEN),
    ("Contents 00", of_hole(b"<00>"), BROKEN),
    ("Contents a number", of_hole(b"7"), BROKEN),
    ("Contents elsewhere", of_hole(b"1 0 R"), BROKEN),
    ("Contents missing", lambda pdf: in_place(pdf, rb"/Contents <", b"/Contentz <"), BROKEN),
    ("a blank in the hole", lambda pdf: pdf[: holes(pdf)[-1][1] - 3] + b"  " + pdf[holes(pdf)[-1][1] - 1 :], REFUSED),
    ("padding used", _padding_used, REFUSED),
    ("one digit in the other case", _one_other_case, REFUSED),
    ("another type", lambda pdf: in_place(pdf, rb"/Type /(Sig|DocTimeStamp)\b", b"/Type /Xxx"), REFUSED),
    ("another form", lambda pdf: in_place(pdf, rb"/SubFilter /ETSI\.\w+(\.\w+)?", b"/SubFilter /adbe.x"), REFUSED),
    ("another version in the header", lambda pdf: pdf.replace(b"%PDF-1.7", b"%PDF-1.3", 1), REFUSED),
    ("no header", lambda pdf: b"\n" + pdf, BROKEN),
    ("rubbish and an end behind it", lambda pdf: pdf + b"rubbish\n%%EOF", REFUSED),
    ("a second end", lambda pdf: pdf + b"%%EOF", REFUSED),
    ("a table of nothing", lambda pdf: pdf + b"startxref\n0\n%%EOF\n", REFUSED),
    ("two kilobytes of nothing", lambda pdf: pdf + b"\0" * 2000, REFUSED),
    ("two kilobytes of nothing with an end", lambda pdf: pdf + b"\0" * 2000 + b"%%EOF", REFUSED),
    ("itself again", lambda pdf: pdf + pdf, REFUSED),
    ("the unsigned letter behind it", lambda pdf: pdf + letter(), REFUSED),
]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize(("name", "tamper", "verdict"), BY_BYTES, ids=[row[0] for row in BY_BYTES])
def test_no_tampering_with_bytes_passes(
    letters: Letters, level: Level, name: str, tamper: Tampering, verdict: Verdict
) -> None:
    report = verify_pdf(tamper(letters[level]), letters.policy())
    assert report.verdict is verdict, [one.code for one in report.reasons]


@pytest.mark.parametrize("level", [B_B, B_T])
def test_a_signature_wrapped_around_other_content_does_not_pass(letters: Letters, level: Level) -> None:
    attacked = wrapped(letters[level])
    report = verify_pdf(attacked, letters.policy())
    assert report.verdict is REFUSED, [one.code for one in report.reasons]
    assert "not_whole_revision" in {one.code for one in report.reasons}


def _same_name_again(writer: IncrementalPdfFileWriter) -> None:
    fields = writer.root["/AcroForm"]["/Fields"]
    value = fields.raw_get(0).get_object().raw_get("/V")
    entries = {"/FT": generic.pdf_name("/Sig"), "/T": generic.pdf_string("Kepala"), "/V": value}
    fields.append(writer.add_object(_dictionary(entries)))
    writer.update_container(fields)


def _names(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/Names"] = generic.DictionaryObject()
    writer.update_root()


def _no_archive(writer: IncrementalPdfFileWriter) -> None:
    writer.root.pop("/DSS", None)
    writer.update_root()


def _empty_archive(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/DSS"] = writer.add_object(generic.DictionaryObject())
    writer.update_root()


def _text_field(writer: IncrementalPdfFileWriter) -> None:
    entries = {"/FT": generic.pdf_name("/Tx"), "/T": generic.pdf_string("Catatan"), "/V": generic.pdf_string("Sah")}
    fields = writer.root["/AcroForm"]["/Fields"]
    fields.append(writer.add_object(_dictionary(entries)))
    writer.update_container(fields)


def _other_fonts(writer: IncrementalPdfFileWriter) -> None:
    page = writer.find_page_for_modification(0)[0].get_object()
    page["/Resources"]["/Font"] = generic.DictionaryObject()
    writer.update_container(page)


def _appearances(writer: IncrementalPdfFileWriter) -> None:
    form = writer.root["/AcroForm"]
    form["/NeedAppearances"] = generic.BooleanObject(True)
    writer.update_container(form)


def _hide_and_replace(writer: IncrementalPdfFileWriter) -> None:
    """A shadow attack: the page of the last revision is another one."""
    page = writer.find_page_for_modification(0)[0].get_object()
    page["/Contents"] = writer.add_object(generic.StreamObject(stream_data=b"BT ET"))
    writer.update_container(page)


def _layers(writer: IncrementalPdfFileWriter) -> None:
    """A shadow attack: optional content hides what was signed."""
    writer.root["/OCProperties"] = _dictionary({"/OCGs": generic.ArrayObject(), "/D": generic.DictionaryObject()})
    writer.update_root()


def _dictionary(entries: dict[str, Any]) -> generic.DictionaryObject:
    return generic.DictionaryObject({generic.pdf_name(key): value for key, value in entries.items()})


UPDATES = [
    *(change for change in CHANGES if change.__name__ != "_grow_dss"),
    _same_name_again,
    _names,
    _no_archive,
    _empty_archive,
    _text_field,
    _other_fonts,
    _appearances,
    _hide_and_replace,
    _layers,
]


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("change", UPDATES, ids=lambda change: change.__name__.strip("_"))
def test_no_update_behind_a_signature_passes_at_any_level(letters: Letters, level: Level, change: Any) -> None:
    report = verify_pdf(updated(letters[level], change), letters.policy())
    assert report.verdict is REFUSED, report


@pytest.mark.parametrize("level", LEVELS)
def test_a_letter_cut_back_to_an_earlier_revision_is_what_that_revision_was(letters: Letters, level: Level) -> None:
    pdf = letters[level]
    ends = [match.end() for match in re.finditer(rb"%%EOF\r?\n?", pdf)]
    assert verify_pdf(pdf[: ends[0]], letters.policy()).verdict is UNSIGNED
    for end in ends[1:]:
        report = verify_pdf(pdf[:end], letters.policy(B_LTA))
        whole = report.level is B_LTA
        assert report.verdict is (SOUND if whole else REFUSED)
        assert whole or [one.code for one in report.reasons][-1] == "level_too_low"


# What takes a key: containers ----------------------------------------------------------------------------------------


def _twice(data: cms.SignedData) -> None:
    data["signer_infos"] = cms.SignerInfos([data["signer_infos"][0]] * 2)


def _nobody(data: cms.SignedData) -> None:
    data["signer_infos"] = cms.SignerInfos([])


def _stripped(data: cms.SignedData) -> None:
    data["signer_infos"][0]["unsigned_attrs"] = None


def _with_content(data: cms.SignedData) -> None:
    data["encap_content_info"] = cms.ContentInfo({"content_type": "data", "content": b"halo"})


def _other_version(data: cms.SignedData) -> None:
    data["version"] = "v5"


def _no_certificates(data: cms.SignedData) -> None:
    data["certificates"] = None


def _unknown_attribute(data: cms.SignedData) -> None:
    signer = data["signer_infos"][0]
    known = list(signer["unsigned_attrs"]) if signer["unsigned_attrs"].native else []
    extra = cms.CMSAttribute({"type": "1.2.3.4", "values": [core.OctetString(b"tambahan")]})
    signer["unsigned_attrs"] = cms.CMSAttributes([*known, extra])


CONTAINERS: list[tuple[str, Callable[[cms.SignedData], None], Level, Level, Verdict]] = [
    ("signed twice", _twice, B_B, B_B, REFUSED),
    ("signed by nobody", _nobody, B_B, B_B, REFUSED),
    ("its timestamp stripped", _stripped, B_T, B_T, REFUSED),
    ("its timestamp stripped, and none asked for", _stripped, B_T, B_B, SOUND),
    ("its timestamp stripped under an archive", _stripped, B_LT, B_T, REFUSED),
    ("its timestamp stripped under a document timestamp", _stripped, B_LTA, B_B, REFUSED),
    ("content of its own", _with_content, B_B, B_B, REFUSED),
    ("another version", _other_version, B_B, B_B, REFUSED),
    ("no certificates", _no_certificates, B_B, B_B, REFUSED),
    ("an unknown attribute", _unknown_attribute, B_B, B_B, REFUSED),
    ("an unknown attribute beside the timestamp", _unknown_attribute, B_T, B_T, REFUSED),
]


@pytest.mark.parametrize(
    ("name", "change", "level", "least", "verdict"), CONTAINERS, ids=[row[0] for row in CONTAINERS]
)
def test_no_tampering_with_a_container_passes(
    letters: Letters,
    name: str,
    change: Callable[[cms.SignedData], None],
    level: Level,
    least: Level,
    verdict: Verdict,
) -> None:
    report = verify_pdf(changed(letters[level], change), letters.policy(least))
    assert report.verdict is verdict, (name, [one.code for one in report.reasons])


def test_a_certificate_in_anothers_place_does_not_pass(letters: Letters) -> None:
    def other(data: cms.SignedData) -> None:
        stranger = cms.CertificateChoices("certificate", letters.forge.cert("lain"))
        data["certificates"] = cms.CertificateSet([stranger])

    assert verify_pdf(changed(letters[B_B], other), letters.policy()).verdict is REFUSED


def test_a_timestamp_of_another_signature_does_not_pass(letters: Letters) -> None:
    borrowed = container(letters[B_LT])["content"]["signer_infos"][0]["unsigned_attrs"]

    def borrow(data: cms.SignedData) -> None:
        data["signer_infos"][0]["unsigned_attrs"] = borrowed

    def both(data: cms.SignedData) -> None:
        signer = data["signer_infos"][0]
        signer["unsigned_attrs"] = cms.CMSAttributes([signer["unsigned_attrs"][0], borrowed[0]])

    for change in (borrow, both):
        assert verify_pdf(changed(letters[B_T], change), letters.policy(B_T)).verdict is REFUSED


def test_a_container_of_anything_else_is_broken(letters: Letters) -> None:
    for content in (
        cms.ContentInfo({"content_type": "data", "content": b"halo"}).dump(),
        b"\x30\x03\x02\x01\x01",
        b"\x30\x84\xff\xff\xff\xff",
        bytes(40),
        b"\x30\x80" * 900,
    ):
        assert verify_pdf(filled(letters[B_B], content), letters.policy()).verdict is BROKEN, content[:8]


def _another_certificate(attributes: Attributes) -> Attributes:
    wrong = tsp.SigningCertificateV2({"certs": [tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(b"lain").digest()})]})
    replaced = cms.CMSAttribute({"type": "signing_certificate_v2", "values": [wrong]})
    return [*without("signing_certificate_v2")(attributes), replaced]


def _another_content(attributes: Attributes) -> Attributes:
    replaced = cms.CMSAttribute({"type": "content_type", "values": ["signed_data"]})
    return [*without("content_type")(attributes), replaced]


def _digest_twice(attributes: Attributes) -> Attributes:
    return [*attributes, *(one for one in attributes if one["type"].native == "message_digest")]


ATTRIBUTES: list[tuple[str, Callable[[Attributes], Attributes], Verdict]] = [
    ("as they were", lambda attributes: attributes, SOUND),
    ("without the optional protection", without("cms_algorithm_protection"), SOUND),
    ("without the certificate", without("signing_certificate_v2"), REFUSED),
    ("with another certificate", _another_certificate, REFUSED),
    ("without a digest", without("message_digest"), REFUSED),
    ("with two digests", _digest_twice, REFUSED),
    ("without a type", without("content_type"), REFUSED),
    ("with another type", _another_content, REFUSED),
]


@pytest.mark.parametrize(("name", "change", "verdict"), ATTRIBUTES, ids=[row[0] for row in ATTRIBUTES])
def test_signed_attributes_say_what_they_have_to(
    letters: Letters, name: str, change: Callable[[Attributes], Attributes], verdict: Verdict
) -> None:
    report = verify_pdf(resigned(letters[B_B], letters.forge, "p256", change), letters.policy())
    assert report.verdict is verdict, (name, [one.code for one in report.reasons])


# Keys, certificates, times, revocation -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A letter whose parts are all genuine, and one is not good enough."""

    name: str
    make: Callable[[Forge], Awaitable[bytes]]
    policy: Callable[[Forge], Policy]
    code: str | None  # of a reason that is given; None where the letter is sound


def signed_as(name: str, label: str, code: str | None, lists: Any = None, **how: Any) -> Case:
    def policy(forge: Forge) -> Policy:
        return forge.policy(label, crls=lists(forge) if lists else None)

    return Case(name, lambda forge: forge.sign(letter(), label, **how), policy, code)


def with_lists(name: str, code: str | None, lists: Callable[[Forge], list[Any]]) -> Case:
    return signed_as(name, "p256", code, lists)


def naming(label: str, days: float, reason: str) -> Callable[[Forge], list[Any]]:
    """Lists that name one certificate, as revoked so many days from now."""

    def lists(forge: Forge) -> list[Any]:
        return [forge.crl(issuer, revoked={label: (NOW + days * DAY, reason)}) for issuer in ("root", "inter")]

    return lists


def answering(name: str, code: str | None, responder: str, **how: Any) -> Case:
    async def make(forge: Forge) -> bytes:
        others = [forge.ocsp("tsa", "ocsp"), forge.ocsp("inter", "ocspinduk")]
        answers = [forge.ocsp("p256", responder, **how), *others]
        pdf = appended(await forge.sign(letter(), "p256"), ocsps=answers, certs=forge.certs("inter", "root"))
        return await stamped(pdf, forge)

    return Case(name, make, lambda forge: forge.policy("p256", crls=[]), code)


def cases() -> Iterator[Case]:
    yield signed_as("RSA of 1024 bits", "rsa1024", "algorithm_weak")
    yield signed_as("a certificate signed with SHA-1", "sha1", "algorithm_weak")
    yield signed_as("SHA-1", "kepala", "algorithm_weak", digest="sha1")
    yield signed_as("MD5", "kepala", "algorithm_weak", digest="md5")
    yield signed_as("expired when it signed", "usang", "certificate_expired")
    yield signed_as("not valid yet", "nanti", "certificate_expired")
    yield signed_as("expired since", "usang", None, at=NOW - 120 * DAY)
    yield signed_as("expired since, in its archive", "usang", None, at=NOW - 120 * DAY, level=B_LTA)
    yield signed_as("an authority of the same name", "palsukepala", "untrusted")
    yield signed_as("a timestamp of that authority", "p256", "untrusted", tsa="palsutsa")
    yield signed_as("a timestamp of a strange house", "p256", "untrusted", tsa="tsalain")
    yield signed_as("a timestamp by an officer", "p256", "untrusted", tsa="lain")
    yield signed_as("a timestamp without its usage", "p256", "untrusted", tsa="tsabiasa")
    yield signed_as("a timestamp with RSA of 1024 bits", "p256", "algorithm_weak", tsa="tsa1024")
    yield signed_as("a timestamp of tomorrow", "p256", "timestamp_order", at=NOW + 3 * DAY)
    yield signed_as("an archive of tomorrow", "p256", "timestamp_order", at=NOW + 3 * DAY, level=B_LTA)
    yield signed_as("a timestamp before its certificate", "p256", "certificate_expired", at=NOW - 500 * DAY)
    yield signed_as("a timestamp of three days ago", "p256", None, at=NOW - 3 * DAY)
    yield with_lists("no lists", "revocation_unknown", lambda forge: [])
    yield with_lists("only the root's list", "revocation_unknown", lambda forge: [forge.crl("root")])
    yield with_lists("only the issuer's list", "revocation_unknown", lambda forge: [forge.crl("inter")])
    yield with_lists("lapsed lists", "revocation_unknown", lambda forge: forge.crls(NOW - 60 * DAY, 30))
    yield with_lists(
        "a list of a namesake", "revocation_unknown", lambda forge: [forge.crl("root"), forge.crl("palsuinter")]
    )
    yield with_lists(
        "a list signed by another key",
        "revocation_unknown",
        lambda forge: [forge.crl("root"), forge.crl("inter", key="palsuinter")],
    )
    yield with_lists(
        "a list signed with SHA-1",
        "revocation_unknown",
        lambda forge: [forge.crl("root"), forge.crl("inter", digest="sha1")],
    )
    yield with_lists("revoked before", "revoked", naming("p256", -1, "key_compromise"))
    yield with_lists("suspended before", "revoked", naming("p256", -1, "certificate_hold"))
    yield with_lists("revoked since", None, naming("p256", 1, "key_compromise"))
    yield with_lists("its issuer revoked", "revoked", naming("inter", -1, "ca_compromise"))
    yield with_lists("its timestamp authority revoked", "revoked", naming("tsa", -1, "superseded"))
    yield answering("answers that say good", None, "ocsp")
    yield answering("an answer that says revoked", "revoked", "ocsp", status="revoked")
    yield answering("an answer of another authority's responder", "revocation_unknown", "ocspinduk")
    yield answering("an answer by an officer", "revocation_unknown", "lain")
    yield answering("an answer by a namesake", "revocation_unknown", "palsuocsp")
    yield answering("an answer of last month", "revocation_unknown", "ocsp", at=NOW - 30 * DAY)


@pytest.mark.parametrize("case", list(cases()), ids=lambda case: case.name)
async def test_what_is_not_good_enough_is_refused_by_its_name(forge: Forge, case: Case) -> None:
    report = verify_pdf(await case.make(forge), case.policy(forge))
    codes = {one.code for one in report.reasons}
    if case.code is None:
        assert (report.verdict, codes) == (SOUND, set())
    else:
        assert report.verdict is REFUSED and case.code in codes, codes


async def test_a_list_of_anybodys_in_the_file_revokes_nobody(forge: Forge) -> None:
    """Under a timestamp its bytes are bound; that makes it no word of the authority's."""
    revoking = forge.crl("inter", key="palsuinter", revoked={"p256": (NOW - DAY, "key_compromise")})
    pdf = appended(await forge.sign(letter(), "p256"), crls=[revoking], certs=forge.certs("inter"))
    assert verify_pdf(await stamped(pdf, forge), forge.policy("p256")).verdict is SOUND


async def test_an_answer_that_revokes_counts_beside_lists_that_do_not(forge: Forge) -> None:
    answer = forge.ocsp("p256", "ocsp", status="revoked")
    pdf = appended(await forge.sign(letter(), "p256"), ocsps=[answer], certs=forge.certs("inter"))
    report = verify_pdf(await stamped(pdf, forge), forge.policy("p256"))
    assert (report.verdict, {one.code for one in report.reasons}) == (REFUSED, {"revoked"})
