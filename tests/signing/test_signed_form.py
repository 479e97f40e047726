"""After signing a letter is still archival and tagged, and it names BSrE only under BSrE's own signature."""

import io
from collections.abc import Callable

import pikepdf
import pytest
from asn1crypto import x509

from activities.letters import render_letter
from signing.archivable import archival_faults, check_archivable
from signing.errors import MarkNotTrue, NotArchivable
from signing.mark import check_mark, is_bsre
from tests.letters import samples
from tests.signing.workshop import Workshop

Breaking = Callable[[pikepdf.Pdf], object]


@pytest.fixture(scope="module")
def letter() -> bytes:
    return render_letter("umum", samples.kartu_pengawas())


def broken(pdf: bytes, breaking: Breaking, **saving: object) -> bytes:
    """The file saved anew after a change."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        breaking(opened)
        saved = io.BytesIO()
        opened.save(saved, **saving)
        return saved.getvalue()


@pytest.mark.parametrize("sample", samples.ALL, ids=lambda sample: sample.__name__)
async def test_every_letter_is_archival_before_and_after_the_signature(
    workshop: Workshop, sample: Callable[[], samples.LetterInput]
) -> None:
    letter = render_letter(sample().template, sample())
    assert archival_faults(letter) == ()
    signed = await workshop.provider().sign(letter, workshop.order())
    assert len(signed) > len(letter)
    check_archivable(signed, letter)


def _each_font(pdf: pikepdf.Pdf, change: Callable[[pikepdf.Dictionary], object]) -> None:
    for thing in list(pdf.objects):
        if isinstance(thing, pikepdf.Dictionary) and thing.get("/Type") == "/FontDescriptor":
            change(thing)


def _without_font_files(pdf: pikepdf.Pdf) -> None:
    def strip(descriptor: pikepdf.Dictionary) -> None:
        for name in ("/FontFile", "/FontFile2", "/FontFile3"):
            if name in descriptor:
                del descriptor[name]

    _each_font(pdf, strip)


def _with_metadata(pdf: pikepdf.Pdf, old: bytes, new: bytes) -> None:
    xmp = pdf.Root.Metadata.read_bytes()
    assert old in xmp
    pdf.Root.Metadata.write(xmp.replace(old, new))


def _with_annotation(pdf: pikepdf.Pdf, **more: object) -> None:
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Stamp, Rect=[0, 0, 90, 90], F=4, **more)
    pdf.pages[0].obj.Annots = pikepdf.Array([pdf.make_indirect(note)])


def _with_foreign_profile(pdf: pikepdf.Pdf) -> None:
    pdf.Root.OutputIntents[0].DestOutputProfile.write(b"bukan profil warna" * 10)


@pytest.mark.parametrize(
    ("breaking", "fault"),
    [
        (lambda pdf: _with_metadata(pdf, b"<pdfaid:part>2", b"<pdfaid:part>1"), "pdfa-identification"),
        (lambda pdf: _with_metadata(pdf, b"conformance>B", b"conformance>U"), "pdfa-identification"),
        (lambda pdf: pdf.Root.__delitem__("/Metadata"), "pdfa-identification"),
        (lambda pdf: pdf.Root.__delitem__("/OutputIntents"), "output-intent"),
        (_with_foreign_profile, "output-intent"),
        (_without_font_files, "font-not-embedded"),
        (lambda pdf: pdf.Root.__setitem__("/OpenAction", pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS="1")),
         "script-or-action"),
        (lambda pdf: pdf.attachments.__setitem__("x.txt", b"isi"), "embedded-file"),
        (_with_annotation, "annotation"),
        (lambda pdf: pdf.Root.__delitem__("/StructTreeRoot"), "untagged"),
    ],
)  # fmt: skip
def test_what_a_provider_may_break_is_found(letter: bytes, breaking: Breaking, fault: str) -> None:
    assert fault in archival_faults(broken(letter, breaking))


def test_a_script_is_found_however_its_name_is_spelled(letter: bytes) -> None:
    def with_script(pdf: pikepdf.Pdf) -> None:
        pdf.pages[0].obj.Next = pikepdf.Dictionary(S=pikepdf.Name("/JavaScript__"))

    harmless = broken(letter, with_script, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    assert "script-or-action" not in archival_faults(harmless)
    assert b"/JavaScript__" in harmless
    assert "script-or-action" in archival_faults(harmless.replace(b"/JavaScript__", b"/J#61vaScript"))


def test_an_encrypted_file_and_no_pdf_at_all_are_found(letter: bytes) -> None:
    shut = broken(letter, lambda _: None, encryption=pikepdf.Encryption(owner="x", user=""))
    assert "encrypted" in archival_faults(shut)
    assert archival_faults(b"bukan PDF") == ("unreadable",)


@pytest.mark.parametrize(
    ("breaking", "fault"),
    [
        (lambda pdf: _with_metadata(pdf, b"Kartu Pengawas", b"Kartu Penipuan"), "metadata-changed"),
        (lambda pdf: pdf.pages.append(pdf.pages[0]), "pages-changed"),
    ],
)
def test_what_was_changed_against_the_letter_given_is_found(letter: bytes, breaking: Breaking, fault: str) -> None:
    changed = broken(letter, breaking)
    assert fault in archival_faults(changed, letter)
    with pytest.raises(NotArchivable) as refused:
        check_archivable(changed, letter)
    assert refused.value.code == "not_archivable" and fault in refused.value.faults


def named(**names: str) -> x509.Name:
    return x509.Name.build({"country_name": "ID", **names})


@pytest.mark.parametrize(
    ("issuer", "bsre"),
    [
        (named(organization_name="Badan Siber dan Sandi Negara", common_name="OSD LU Kelas 2"), True),
        (named(organization_name="Balai Sertifikasi Elektronik"), True),
        (named(common_name="CA Contoh, bukan BSrE"), False),
        (named(organization_name="PSrE Lain"), False),
    ],
)
def test_bsre_is_known_by_its_issuers_name(issuer: x509.Name, bsre: bool) -> None:
    assert is_bsre(issuer) is bsre


async def test_a_letter_that_names_bsre_under_anothers_signature_is_refused(workshop: Workshop) -> None:
    letter = render_letter("sip", samples.sip())
    signed = await workshop.provider().sign(letter, workshop.order())
    check_mark(signed, says_bsre=False)
    with pytest.raises(MarkNotTrue):
        check_mark(signed, says_bsre=True)
    with pytest.raises(MarkNotTrue):
        check_mark(letter, says_bsre=True)
