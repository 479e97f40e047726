"""What an attacker, or an accident, may do to a signed letter; none of it is ever SAH."""

from __future__ import annotations

import io
import random
import re
import zlib

import pikepdf
import pytest
from asn1crypto import cms, x509
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.signers.pdf_signer import PdfSigner

from signing.accounting import Pool, Unaccounted, account_for_cms, read_node
from signing.verdict import Level, Report, Verdict
from signing.verify import verify_pdf
from tests.signing.workshop import Workshop


def judged(workshop: Workshop, pdf: bytes) -> tuple[Verdict, set[str]]:
    report: Report = verify_pdf(pdf, workshop.policy())
    return report.verdict, {reason.code for reason in report.reasons}


def updated(pdf: bytes, change: object) -> bytes:
    """`pdf` with an incremental update made by `change(writer)`."""
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf), strict=False)
    change(writer)  # type: ignore[operator]
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def holes(pdf: bytes) -> list[tuple[int, int]]:
    """Where the /Contents strings of signatures lie, delimiters included."""
    return [match.span(1) for match in re.finditer(rb"/Contents (<[0-9a-fA-F]{400,}>)", pdf)]


def test_no_flipped_byte_is_sah(workshop: Workshop, signed: bytes) -> None:
    chance = random.Random(20260313)
    outside = chance.sample(range(len(signed)), 30)
    inside = [chance.randrange(*hole) for hole in holes(signed) for _ in range(12)]
    policy = workshop.policy()
    for at in outside + inside:
        flipped = bytearray(signed)
        flipped[at] ^= chance.choice([0x01, 0x10, 0x20, 0x80, 0xFF])
        verdict = verify_pdf(bytes(flipped), policy).verdict
        assert verdict in (Verdict.TIDAK_SAH, Verdict.RUSAK), f"byte {at} may be {flipped[at]:#x}"


@pytest.mark.parametrize("level", [Level.B_T, Level.B_LT])
async def test_no_flipped_byte_of_a_container_without_timestamp_over_it_is_sah(
    workshop: Workshop, level: Level
) -> None:
    pdf = await workshop.sign(workshop.plain, level)
    chance = random.Random(7)
    policy = workshop.policy()
    ((start, end),) = holes(pdf)
    for at in chance.sample(range(start, end), 25):
        flipped = bytearray(pdf)
        flipped[at] = chance.choice(sorted(set(b"0123456789abcdef") - {pdf[at]}))
        assert verify_pdf(bytes(flipped), policy).verdict in (Verdict.TIDAK_SAH, Verdict.RUSAK)


def test_every_byte_of_a_container_is_accounted_for(signed: bytes) -> None:
    """Outside the digest-bound parts, no byte of a timestamp token can be changed without notice."""
    reader = PdfFileReader(io.BytesIO(signed))
    token = reader.embedded_timestamp_signatures[0]
    der = read_node(bytes(token.pkcs7_content)).raw
    certificates = [choice.chosen for choice in token.signed_data["certificates"]]
    root = next(iter(reader.root["/DSS"]["/Certs"])).get_object()
    assert root.data
    stored = [x509.Certificate.load(ref.get_object().data) for ref in reader.root["/DSS"]["/Certs"]]
    pool = Pool([*certificates, *stored])
    account_for_cms(der, pool, timestamp=True)
    bound = [
        token.signed_data["encap_content_info"]["content"].contents,
        token.signer_info["signed_attrs"].contents,
        token.signer_info["signature"].contents,
    ]
    protected: set[int] = set()
    for part in bound:
        at = der.index(part)
        protected.update(range(at, at + len(part)))
    chance = random.Random(3)
    open_bytes = [at for at in range(len(der)) if at not in protected]
    for at in chance.sample(open_bytes, 150):
        changed = bytearray(der)
        changed[at] ^= 1 << chance.randrange(8)
        with pytest.raises((Unaccounted, ValueError, TypeError, KeyError)):
            account_for_cms(bytes(changed), pool, timestamp=True)


def test_trailing_bytes_are_refused_beyond_one_end_of_line(workshop: Workshop, signed: bytes) -> None:
    for tail in (b"x", b"\n\n\n", b"\0", b"% catatan\n", b" " * 900):
        assert judged(workshop, signed + tail) == (Verdict.TIDAK_SAH, {"trailing_bytes"}), tail
    bare = signed.rstrip(b"\r\n")
    assert judged(workshop, signed)[0] is Verdict.SAH
    assert judged(workshop, bare)[0] is not Verdict.SAH


def test_a_file_cut_short_is_never_sah(workshop: Workshop, signed: bytes) -> None:
    for keep in (0, 1, 4, 9, 100, len(signed) // 3, len(signed) // 2, len(signed) - 5000, len(signed) - 7):
        verdict, _ = judged(workshop, signed[:keep])
        assert verdict in (Verdict.RUSAK, Verdict.TIDAK_SAH), keep
    assert judged(workshop, signed[: len(signed) // 2])[0] is Verdict.RUSAK


def test_a_letter_cut_back_to_its_unsigned_revision_is_an_unsigned_letter(workshop: Workshop, signed: bytes) -> None:
    assert judged(workshop, signed[: len(workshop.plain)])[0] is Verdict.TIDAK_BERTANDA_TANGAN


def _set_title(writer: IncrementalPdfFileWriter) -> None:
    info = writer.trailer["/Info"]
    info["/Title"] = generic.pdf_string("Izin lain")
    writer.update_container(info)


def _overlay(writer: IncrementalPdfFileWriter) -> None:
    page, _ = writer.find_page_for_modification(0)[0].get_object(), None
    extra = writer.add_object(generic.StreamObject(stream_data=b"BT /F1 12 Tf 10 10 Td (lain) Tj ET"))
    page["/Contents"] = generic.ArrayObject([page.raw_get("/Contents"), extra])
    writer.update_container(page)


def _annotate(writer: IncrementalPdfFileWriter) -> None:
    page = writer.find_page_for_modification(0)[0].get_object()
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Rect"): generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 300, 300)]),
            generic.pdf_name("/Contents"): generic.pdf_string("Berlaku selamanya"),
        }
    )
    page["/Annots"] = generic.ArrayObject([writer.add_object(note)])
    writer.update_container(page)


def _rename_field(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"].raw_get(0).get_object()
    field["/T"] = generic.pdf_string("Tamu")
    writer.update_container(field)


def _strip_form(writer: IncrementalPdfFileWriter) -> None:
    del writer.root["/AcroForm"]
    writer.update_root()


def _empty_head_field(writer: IncrementalPdfFileWriter) -> None:
    field = writer.root["/AcroForm"]["/Fields"].raw_get(0).get_object()
    del field["/V"]
    writer.update_container(field)


def _open_action(writer: IncrementalPdfFileWriter) -> None:
    writer.root["/OpenAction"] = generic.DictionaryObject(
        {
            generic.pdf_name("/S"): generic.pdf_name("/JavaScript"),
            generic.pdf_name("/JS"): generic.pdf_string("app.alert(1)"),
        }
    )
    writer.update_root()


def _smuggle(writer: IncrementalPdfFileWriter) -> None:
    writer.add_object(generic.StreamObject(stream_data=b"isi tersembunyi"))


def _grow_dss(writer: IncrementalPdfFileWriter) -> None:
    store = writer.root["/DSS"]
    store["/Certs"].append(writer.add_object(generic.StreamObject(stream_data=b"bukan sertifikat")))
    writer.update_container(store)
    writer.update_container(store["/Certs"])


def _swap_pages(writer: IncrementalPdfFileWriter) -> None:
    old = writer.root["/Pages"]
    writer.root["/Pages"] = writer.add_object(generic.DictionaryObject(dict(old.items())))
    writer.update_root()


CHANGES = [
    _set_title,
    _overlay,
    _annotate,
    _rename_field,
    _strip_form,
    _empty_head_field,
    _open_action,
    _smuggle,
    _grow_dss,
    _swap_pages,
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_no_update_after_signing_is_sah(workshop: Workshop, signed: bytes, change: object) -> None:
    verdict, reasons = judged(workshop, updated(signed, change))
    assert verdict is Verdict.TIDAK_SAH
    assert reasons


def test_an_empty_update_is_refused(workshop: Workshop, signed: bytes) -> None:
    at = signed.rindex(b"startxref") + 9
    previous = int(signed[at:].split()[0])
    reader = PdfFileReader(io.BytesIO(signed))
    size, root = reader.trailer["/Size"], reader.trailer.raw_get("/Root")
    section = (
        f"xref\n0 0\ntrailer\n<</Size {size}/Root {root.idnum} 0 R/Prev {previous}>>\nstartxref\n{len(signed)}\n%%EOF\n"
    )
    assert judged(workshop, signed + section.encode())[0] is not Verdict.SAH


async def test_what_follows_the_last_timestamp_is_no_matter_of_taste(workshop: Workshop) -> None:
    """A B-LT letter ends in an update that nothing signs: only a DSS of signed objects may stand there."""
    pdf = await workshop.sign(workshop.plain, Level.B_LT)
    assert judged(workshop, pdf)[0] is Verdict.SAH
    for inside in (b"/Type /VRI", b"xref\n0 1", b"trailer", b"/Certs", b"endobj\n"):
        at = pdf.rindex(inside)
        verdict, _ = judged(workshop, pdf[:at] + b"%x\n" + pdf[at:])
        assert verdict is not Verdict.SAH, inside
    crl = pdf.rindex(b"CONTOH - bukan BSrE")
    assert judged(workshop, pdf[:crl] + b"K" + pdf[crl + 1 :])[0] is not Verdict.SAH


def test_a_letter_saved_anew_is_not_sah(workshop: Workshop, signed: bytes) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(signed)) as opened:
        opened.save(out)
    assert judged(workshop, out.getvalue())[0] in (Verdict.TIDAK_SAH, Verdict.RUSAK)


def test_a_signature_moved_to_another_letter_is_not_sah(workshop: Workshop, signed: bytes) -> None:
    start, end = holes(signed)[0]
    moved = bytearray(signed)
    text = moved.index(b"/Location")
    moved[text + 12] ^= 1
    assert judged(workshop, bytes(moved))[0] is Verdict.TIDAK_SAH
    assert start < end


def test_a_hole_that_hides_more_than_the_signature_is_not_sah(workshop: Workshop, signed: bytes) -> None:
    """Widening the ByteRange's hole would leave room for unsigned content."""
    match = re.search(rb"/ByteRange \[0 (\d+) (\d+) (\d+)\]", signed)
    assert match is not None
    first, second, length = map(int, match.groups())
    wider = b"/ByteRange [0 %d %d %d]" % (first - 10, second, length)
    changed = signed.replace(match.group(0), wider.ljust(len(match.group(0))), 1)
    assert judged(workshop, changed)[0] is not Verdict.SAH


@pytest.mark.parametrize(
    "replacement",
    [b"/ByteRangX ", b"/ByteRange[]", b"/ByteRange 7"],
)
def test_a_signature_without_a_usable_byte_range_is_broken(
    workshop: Workshop, signed: bytes, replacement: bytes
) -> None:
    match = re.search(rb"/ByteRange \[[^]]*\]", signed)
    assert match is not None
    changed = signed.replace(match.group(0), replacement.ljust(len(match.group(0)) - 2) + b" 1", 1)
    assert judged(workshop, changed)[0] in (Verdict.RUSAK, Verdict.TIDAK_SAH)


def test_contents_that_are_no_cms_are_broken(workshop: Workshop, signed: bytes) -> None:
    start, end = holes(signed)[0]
    for filling in (b"0", b"f"):
        changed = signed[: start + 1] + filling * (end - start - 2) + signed[end - 1 :]
        assert judged(workshop, changed) == (Verdict.RUSAK, {"signature_unparsable"})


def test_a_missing_signer_certificate_is_a_failure_and_not_damage(workshop: Workshop, signed: bytes) -> None:
    start, end = holes(signed)[0]
    content = cms.ContentInfo.load(bytes.fromhex(signed[start + 1 : end - 1].decode()))
    content["content"]["certificates"] = None
    emptied = content.dump(force=True).hex().encode().ljust(end - start - 2, b"0")
    verdict, reasons = judged(workshop, signed[: start + 1] + emptied + signed[end - 1 :])
    assert verdict is Verdict.TIDAK_SAH
    assert "signer_certificate_missing" in reasons


@pytest.mark.parametrize(
    "hostile",
    [
        b"",
        b"%PDF-1.7\n",
        b"bukan pdf",
        b"PK\x03\x04" + b"\0" * 500,
        b"%PDF-1.7\n%%EOF",
        b"%PDF-1.7\nstartxref\n0\n%%EOF",
        b"%PDF-1.7\nstartxref\n-5\n%%EOF",
        b"%PDF-1.7\nstartxref\n99999999999999999999\n%%EOF",
        b"%PDF-1.7\n" + b"[" * 20000 + b"\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\nxref\n0 99999999\ntrailer\n<</Size 1>>\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\nxref\n0 0\ntrailer\n<</Root 1 0 R/Prev 9>>\nstartxref\n9\n%%EOF",
        b"\xff" * 4096,
    ],
)
def test_rubbish_is_broken_and_never_a_traceback(workshop: Workshop, hostile: bytes) -> None:
    assert judged(workshop, hostile)[0] is Verdict.RUSAK


def assembled(*objects: bytes) -> bytes:
    """A PDF of these numbered objects, the first being the catalog."""
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def test_a_page_tree_that_returns_to_itself_is_broken(workshop: Workshop) -> None:
    looping = assembled(b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Count 1/Kids[2 0 R]>>")
    assert judged(workshop, looping)[0] is Verdict.RUSAK


def test_a_form_that_returns_to_itself_is_broken(workshop: Workshop) -> None:
    looping = assembled(
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[3 0 R]>>>>",
        b"<</Type/Pages/Count 0/Kids[]>>",
        b"<</T(a)/Kids[3 0 R]>>",
    )
    assert judged(workshop, looping)[0] is Verdict.RUSAK


def test_a_catalog_that_is_itself_its_reference_is_broken(workshop: Workshop) -> None:
    assert judged(workshop, assembled(b"1 0 R"))[0] is Verdict.RUSAK


def test_a_stream_that_grows_without_end_is_broken(workshop: Workshop) -> None:
    bomb = zlib.compress(b"\0" * 300_000_000, 9)
    body = b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>\nstream\n%s\nendstream" % (len(bomb), bomb)
    table = zlib.compress(b"\x01\x00\x00\x02\x00\x01\x00\x09\x00" + b"\x02\x00\x01\x00")
    start = len(b"%PDF-1.7\n")
    out = b"%PDF-1.7\n1 0 obj\n" + body + b"\nendobj\n"
    at = len(out)
    out += (
        b"9 0 obj\n<</Type/XRef/Size 3/W[1 2 1]/Index[1 2]/Root 2 0 R/Filter/FlateDecode/Length %d>>\nstream\n"
        % len(table)
        + table
        + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % at
    )
    assert start < at
    assert judged(workshop, out)[0] is Verdict.RUSAK


def test_an_encrypted_file_is_not_judged(workshop: Workshop, signed: bytes) -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(workshop.plain)) as opened:
        opened.save(out, encryption=pikepdf.Encryption(owner="a", user="b"))
    assert judged(workshop, out.getvalue()) == (Verdict.RUSAK, {"encrypted"})


async def test_a_second_signature_beside_a_certification_is_refused(workshop: Workshop) -> None:
    policy = workshop.policy(Kepala=workshop.fingerprint("kepala"), Kabid=workshop.fingerprint("kabid"))
    pdf = await workshop.sign(workshop.plain, signer_id="kabid", field_name="Kabid", certify=True)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    assert writer.prev.embedded_signatures[0].docmdp_level is not None
    forced = _sign_in_spite(workshop, pdf)
    report = verify_pdf(await forced, policy)
    assert report.verdict is Verdict.TIDAK_SAH
    assert "certification_broken" in {reason.code for reason in report.reasons}


async def _sign_in_spite(workshop: Workshop, pdf: bytes) -> bytes:
    """Sign over a P=1 certification, as software that does not care would."""
    kept = PdfSigner._enforce_certification_constraints
    PdfSigner._enforce_certification_constraints = lambda *_: None
    try:
        return await workshop.sign(pdf)
    finally:
        PdfSigner._enforce_certification_constraints = kept
