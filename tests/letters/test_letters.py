"""Letters come out as the office writes them, the same each time, whatever an applicant typed."""

import hashlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from activities.letters import (
    PRINTABLE,
    LetterError,
    LetterInput,
    printable,
    render_letter,
    unprintable_characters,
)
from tests.letters import samples

Sample = Callable[[], LetterInput]
every_letter = pytest.mark.parametrize("sample", samples.ALL, ids=lambda sample: sample.__name__)
POINTS_PER_MM = 72 / 25.4


def render(letter: LetterInput) -> bytes:
    return render_letter(letter.template, letter)


def texts(pdf: bytes) -> list[str]:
    return [page.get_textpage().get_text_bounded() for page in pypdfium2.PdfDocument(pdf)]


def flat(pdf: bytes) -> str:
    """The letter's text on one line, as pdfium marks soft hyphens and line ends in its own way."""
    return " ".join(" ".join(texts(pdf)).split())


def named(name: str) -> LetterInput:
    return samples.sip().model_copy(update={"applicant": (("Nama", name),)})


@every_letter
def test_every_letter_is_a_tagged_archival_pdf_in_indonesian(sample: Sample) -> None:
    letter = sample()
    with pikepdf.open(io.BytesIO(render(letter))) as pdf:
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "B")
            assert letter.number in metadata["dc:title"]
            assert letter.signatory.office_title in metadata["dc:creator"]
        assert str(pdf.Root.Lang).split("-")[0] == "id"
        assert bool(pdf.Root.MarkInfo.Marked)
        assert "/StructTreeRoot" in pdf.Root
        figures = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Figure"]
        assert figures
        assert all("/Alt" in figure for figure in figures)


@every_letter
def test_nothing_of_a_letter_leaves_its_page(sample: Sample) -> None:
    assert_inside_the_page(render(sample()))


def assert_inside_the_page(pdf: bytes) -> None:
    for page in pypdfium2.PdfDocument(pdf):
        width, height = page.get_size()
        page_text = page.get_textpage()
        for index in range(page_text.count_chars()):
            left, bottom, right, top = page_text.get_charbox(index)
            assert left >= 0 and bottom >= 0 and right <= width and top <= height


ELSEWHERE = {"TZ": "Pacific/Kiritimati", "LC_ALL": "id_ID.UTF-8", "LANG": "tr_TR.UTF-8", "SOURCE_DATE_EPOCH": "1"}


@every_letter
def test_a_process_elsewhere_makes_the_same_bytes(sample: Sample, tmp_path: Path) -> None:
    program = (
        "import hashlib, sys; from activities.letters import *; "
        "letter = LetterInput.model_validate_json(sys.stdin.read()); "
        "sys.stdout.write(hashlib.sha256(render_letter(letter.template, letter)).hexdigest())"
    )
    letter = sample()
    other = subprocess.run(
        [sys.executable, "-c", program], input=letter.model_dump_json(), capture_output=True, text=True, check=True,
        env={**ELSEWHERE, "PYTHONPATH": os.getcwd(), "HOME": str(tmp_path), "PATH": os.defpath, "PYTHONHASHSEED": "7"},
    )  # fmt: skip
    assert other.stdout == hashlib.sha256(render(letter)).hexdigest()


def test_the_json_form_of_a_letter_makes_the_same_bytes() -> None:
    letter = samples.reklame()
    assert render_letter("reklame", letter.model_dump(mode="json")) == render(letter)


def test_the_document_is_dated_as_the_letter() -> None:
    with pikepdf.open(io.BytesIO(render(samples.sip()))) as pdf:
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20261204")


@every_letter
def test_the_letter_says_its_number_date_and_signatory(sample: Sample) -> None:
    letter = sample()
    text = flat(render(letter))
    months = ("", "", "", "Maret", "", "Mei", *[""] * 6, "Desember")
    for words in (
        letter.number, f"{letter.date.day} {months[letter.date.month]} {letter.date.year}",
        letter.signatory.name, letter.signatory.nip, "PEMERINTAH KOTA PEKALONGAN",
    ):
        assert words in text


def test_a_decree_opens_and_rules_as_decrees_do() -> None:
    text = flat(render(samples.reklame()))
    order = ("Menimbang", "Mengingat", "Memperhatikan", "MEMUTUSKAN", "Menetapkan", "KESATU", "KEDUA", "Tembusan")
    places = [text.index(word) for word in order]
    assert places == sorted(places)


def test_a_decree_may_have_more_rulings_than_there_are_names_for() -> None:
    letter = samples.reklame().model_copy(update={"body": tuple(f"Ketentuan {n}." for n in range(12))})
    assert "KE-15" in flat(render(letter))


def test_the_sum_of_a_retribution_is_printed() -> None:
    text = flat(render(samples.skrd()))
    assert "Rp1.995.000" in text
    assert "tanpa tanda tangan elektronik" in text


def test_a_missing_legal_basis_is_said_and_not_invented() -> None:
    assert "menunggu konfirmasi dinas" in flat(render(samples.penelitian()))
    assert "menunggu konfirmasi dinas" not in flat(render(samples.sip()))


def test_the_verification_address_is_printed_in_words_and_linked() -> None:
    pdf = render(samples.sip())
    assert samples.URL in flat(pdf)
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        links = [str(annotation.A.URI) for page in opened.pages for annotation in page.get("/Annots", [])]
    assert links == [samples.URL]


def test_a_test_certificate_is_never_called_bsre() -> None:
    demo = flat(render(samples.sip()))
    real = flat(render(samples.sip().model_copy(update={"demo_authority": False})))
    assert "Contoh, bukan BSrE: ditandatangani dengan sertifikat uji" in demo
    assert "diterbitkan oleh BSrE" not in demo
    assert "diterbitkan oleh BSrE" in real
    assert "Contoh, bukan BSrE" not in real


def test_practice_letters_say_so_on_every_page() -> None:
    practice = texts(render(samples.reklame()))
    assert len(practice) > 1
    assert all("CONTOH, TIDAK BERLAKU" in page for page in practice)
    real = texts(render(samples.reklame().model_copy(update={"practice": False})))
    assert not any("TIDAK BERLAKU" in page for page in real)


def body_above_the_signature(letter: LetterInput) -> str:
    """What stands on the page of the signature, above it, without the running head."""
    signed = next(page for page in texts(render(letter)) if letter.signatory.nip in page)
    above = " ".join(signed.split()).partition(letter.signatory.name)[0]
    return above.removeprefix(f"{letter.title} Nomor: {letter.number}")


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(samples.ALL), st.integers(0, 14), st.integers(0, 60), st.integers(0, 9), st.integers(0, 8),
)  # fmt: skip
def test_the_signature_never_stands_alone_on_its_page(
    sample: Sample, conditions: int, words_each: int, paragraphs: int, copies: int
) -> None:
    letter = sample().model_copy(
        update={
            "conditions": tuple(f"Ketentuan {n} {'yang wajib dipenuhi ' * words_each}." for n in range(conditions)),
            "body": tuple("Paragraf isi surat yang cukup panjang untuk satu baris penuh." for _ in range(paragraphs)),
            "copies": tuple(f"Dinas contoh nomor {n}" for n in range(copies)),
        }
    )
    closing = (
        "sebagaimana mestinya", "kekeliruan.", "tidak dipungut biaya.", "terima kasih.", "pada tanggal ditetapkan",
        "biaya lain.",
    )  # fmt: skip
    assert any(words in body_above_the_signature(letter) for words in closing)


@pytest.mark.parametrize(
    "name",
    ["#panic()", "*tebal*", "$x$", "@a", r"C:\n\u{41}", '"kutip" \'satu\'', "<label>", "= Judul", "- butir", "`kode`",
     "#sys.inputs", "/* tak terlihat */", "// juga", "https://contoh.example/x", "~", "---", "{{ 7*7 }}", "</script>"],
)  # fmt: skip
def test_an_applicants_text_is_printed_as_typed(name: str) -> None:
    assert name in flat(render(named(name)))


@pytest.mark.parametrize(
    ("name", "code"),
    [("Contoh 😀", "U+1F600"), ("ꦏꦺꦴꦤ꧀", "U+A98F"), ("أحمد", "U+0623"), ("א", "U+05D0"), ("Con\u200btoh", "U+200B"),
     ("Con\u202etoh", "U+202E"), ("Con\u00adtoh", "U+00AD"), ("Con\x00toh", "U+0000"), ("\ud800", "U+D800"),
     ("Z" + "\u0301" * 9, "U+0301")],
)  # fmt: skip
def test_what_cannot_be_printed_is_written_out_and_reported(name: str, code: str) -> None:
    letter = named(name)
    assert f"[{code}]" in flat(render(letter))
    assert ("applicant.0.1", code) in unprintable_characters(letter)


def test_an_ordinary_letter_has_nothing_unprintable() -> None:
    assert all(unprintable_characters(sample()) == () for sample in samples.ALL)


def test_names_with_marks_are_composed_and_printed() -> None:
    assert printable("Ame\u0301lie Nguyễn Žižek") == "Amélie Nguyễn Žižek"
    assert "Amélie" in flat(render(named("Ame\u0301lie")))


def test_every_character_called_printable_prints_in_both_weights() -> None:
    characters = [chr(code) for code in range(0x2600) if PRINTABLE.match(chr(code))]
    groups = ["".join(characters[start : start + 30]) for start in range(0, len(characters), 30)]
    lines = tuple((group, group) for group in groups)
    assert render(samples.sip().model_copy(update={"facts": lines})).startswith(b"%PDF-1.7")


@pytest.mark.parametrize("name", ["A" * 10_000, "Contoh " * 1_400, "\n" * 500 + "A", "W" * 39 + " " + "i" * 400])
def test_a_very_long_name_stays_on_the_paper_and_is_printed_whole(name: str) -> None:
    pdf = render(named(name))
    assert_inside_the_page(pdf)
    visible = re.sub(r"\s", "", name)
    letters = [re.sub(r"[\s\u200b]", "", page) for page in texts(pdf)]
    assert sum(page.count(visible[0]) for page in letters) >= visible.count(visible[0])


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=80))
def test_any_text_at_all_makes_a_letter(name: str) -> None:
    assert render(named(name)).startswith(b"%PDF-")


def test_a_letter_too_long_for_a_letter_is_refused() -> None:
    letter = named("A").model_copy(update={"body": ("A" * 20_000,) * 11})
    with pytest.raises(LetterError) as refused:
        render(letter)
    assert refused.value.code == "letter-too-long"


@pytest.mark.parametrize(
    ("template", "changes", "code"),
    [("../sip", {}, "letter-template-unknown"), ("base", {}, "letter-template-unknown"),
     ("skrd", {}, "letter-input-invalid"), ("sip", {"number": None}, "letter-input-invalid"),
     ("sip", {"qr_url": "javascript:alert(1)"}, "letter-input-invalid"), ("sip", {"lain": "x"}, "letter-input-invalid"),
     ("sip", {"copies": ["x"] * 201}, "letter-input-invalid")],
)  # fmt: skip
def test_bad_input_is_refused_with_its_own_code(template: str, changes: dict[str, object], code: str) -> None:
    with pytest.raises(LetterError) as refused:
        render_letter(template, {**samples.sip().model_dump(mode="json"), **changes})
    assert refused.value.code == code
    assert "Contoh Pemohon" not in str(refused.value)


def test_a_letter_of_another_day_is_another_document() -> None:
    letter = samples.sip()
    assert render(letter) != render(letter.model_copy(update={"date": date(2026, 12, 5)}))


def test_a_letters_number_can_be_copied_and_searched() -> None:
    number = "503/0001/SIP-FT/XII/2026"
    letter = samples.sip().model_copy(update={"number": number})
    page = pypdfium2.PdfDocument(render_letter("sip", letter))[0]
    assert number in page.get_textpage().get_text_bounded()


def test_a_letter_of_an_unconfirmed_type_says_so_on_every_page() -> None:
    note = "Persyaratan dan dasar hukum jenis izin ini belum dikonfirmasi oleh dinas."
    assert all(note in " ".join(page.split()) for page in texts(render(samples.umum())))
    confirmed = samples.umum().model_copy(update={"unconfirmed": False})
    assert note not in flat(render(confirmed))
