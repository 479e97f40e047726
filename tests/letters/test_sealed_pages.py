"""Pages that the office seals: the same input gives the same bytes, as PDF/A-2b with its fonts embedded."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from activities.letters import LetterError
from activities.sealed_pages import LetterRecord, render_letter_record, render_validation_report, upright
from signing.checked import CheckedFile, CheckedSignature

NOW = datetime(2026, 3, 13, 3, 4, 5, tzinfo=UTC)


def a_record(**fields: object) -> LetterRecord:
    values: dict[str, object] = {
        "application": "PRM-2026-000001",
        "agency": "Dinas Kesehatan Contoh",
        "sent_by": "Petugas Contoh",
        "received_at": NOW,
        "matched_by": "Petugas Bidang Contoh",
        "matched_at": NOW,
        "filename": "#strong[surat].pdf",
        "content_type": "application/pdf",
        "size": 1_234_567,
        "sha256": "ab" * 32,
    }
    return LetterRecord.model_validate(values | fields)


def a_check(**fields: object) -> CheckedFile:
    values: dict[str, object] = {
        "id": "12" * 16,
        "checked_at": NOW,
        "sha256": "cd" * 32,
        "size": 999,
        "kind": "letter",
        "verdict": "RUSAK",
        "level": None,
        "reasons": (),
        "signatures": (),
        "registered": (),
        "policy": (("Tingkat paling rendah", "PAdES B-LTA"),),
    }
    return CheckedFile.model_validate(values | fields)


def a_signature(**fields: object) -> CheckedSignature:
    values: dict[str, object] = {
        "kind": "signature",
        "field": "Kepala",
        "signer": "Kepala Contoh",
        "certificate_sha256": "ef" * 32,
        "signed_at": NOW,
        "time_is_trusted": False,
        "level": None,
        "good": False,
    }
    return CheckedSignature.model_validate(values | fields)


def text_of(pdf: bytes) -> str:
    return " ".join(page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(pdf)).replace("\r\n", " ")


def a_picture(mode: str = "RGB", orientation: int | None = None) -> bytes:
    picture, out = Image.new(mode, (40, 20)), io.BytesIO()
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    picture.save(out, "JPEG" if mode == "RGB" else "PNG", exif=exif)
    return out.getvalue()


def test_a_record_names_the_original_by_its_sha256_and_reads_no_markup() -> None:
    pdf = render_letter_record(a_record())
    said = text_of(pdf)
    assert pdf == render_letter_record(a_record())
    assert "ab" * 32 in said.replace(" ", "")
    assert "#strong[surat].pdf" in said.replace("\u200b", "")
    assert "bukan izin" in said


def test_a_page_that_is_sealed_is_pdf_a_2b() -> None:
    for pdf in (render_letter_record(a_record(), a_picture()), render_validation_report(a_check())):
        with pikepdf.open(io.BytesIO(pdf)) as opened, opened.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "L"])
def test_a_picture_stands_on_the_second_page(mode: str) -> None:
    pdf = pypdfium2.PdfDocument(render_letter_record(a_record(), a_picture(mode)))
    assert len(pdf) == 2


def test_a_photo_is_turned_upright_and_made_no_larger_than_paper_needs() -> None:
    assert Image.open(io.BytesIO(upright(a_picture(orientation=6)))).size == (20, 40)
    out = io.BytesIO()
    Image.new("L", (9000, 100)).save(out, "PNG")
    assert max(Image.open(io.BytesIO(upright(out.getvalue()))).size) <= 3508


def test_a_broken_picture_is_told() -> None:
    with pytest.raises(LetterError) as refused:
        render_letter_record(a_record(), b"\x89PNG\r\n\x1a\nrusak")
    assert refused.value.code == "picture-unreadable"


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"verdict": "SAH", "level": "B-LTA", "registered": (("Nomor", "503/1"),)}, "SAH"),
        ({"verdict": "TIDAK_SAH", "reasons": (("wrong_signer", "Bukan pejabatnya."),)}, "TIDAK SAH"),
        ({"verdict": "TIDAK_BERTANDA_TANGAN"}, "TIDAK BERTANDA TANGAN"),
        ({"verdict": "BELUM_TERBIT"}, "BELUM TERBIT"),
        ({"verdict": "BELUM_TERBIT", "kind": "seal"}, "BERSEGEL KANTOR"),
        ({"verdict": "BELUM_TERBIT", "kind": "recommendation"}, "REKOMENDASI BERTANDA TANGAN"),
        ({"verdict": "RUSAK"}, "RUSAK"),
    ],
)
def test_a_report_says_the_verdict_and_what_was_not_checked(fields: dict[str, object], said: str) -> None:
    pdf = render_validation_report(a_check(**fields))
    text = text_of(pdf)
    assert said in text and "Yang tidak diperiksa" in text
    assert pdf == render_validation_report(a_check(**fields))


def test_a_report_tells_a_claimed_time_from_a_proven_one() -> None:
    stamp = a_signature(kind="document-timestamp", signer=None, signed_at=None, certificate_sha256=None)
    found = (a_signature(), stamp)
    text = text_of(render_validation_report(a_check(verdict="TIDAK_SAH", signatures=found)))
    assert "menurut penanda tangan" in text and "tidak diketahui" in text
