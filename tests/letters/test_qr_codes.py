"""A letter's codes read from a scan at 150 dpi that lies askew, is soft and grainy, by two independent decoders."""

import io
import subprocess
from collections.abc import Callable

import numpy
import pypdfium2
import pytest
import zxingcpp
from PIL import Image, ImageFilter

from activities.letters import LetterInput, render_letter
from signing.qr import LEAST_MODULE_MM, qr_side_mm, verification_code
from tests.letters import samples

DPI = 150
LONG_HOST = "https://perizinan-terpadu.dpmptsp.kota-contoh-panjang.go.id"
Decoder = Callable[[Image.Image], list[str]]


def zxing(picture: Image.Image) -> list[str]:
    return [each.text for each in zxingcpp.read_barcodes(picture)]


def zbar(picture: Image.Image) -> list[str]:
    png = io.BytesIO()
    picture.save(png, "PNG")
    command = ["zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-"]
    done = subprocess.run(command, input=png.getvalue(), capture_output=True, check=False)
    return done.stdout.decode().split()


def scanned(page: pypdfium2.PdfPage) -> Image.Image:
    """A page as an office scanner gives it: a little turned, soft, grey paper, with grain."""
    sheet = page.render(scale=DPI / 72).to_pil().convert("L")
    turned = sheet.rotate(1.7, resample=Image.Resampling.BICUBIC, fillcolor=255)
    soft = numpy.asarray(turned.filter(ImageFilter.GaussianBlur(0.8)), dtype=float)
    grain = numpy.random.default_rng(7).normal(0, 12, soft.shape)
    return Image.fromarray(numpy.clip(soft * 0.8 + 30 + grain, 0, 255).astype("uint8"))


def with_long_address(letter: LetterInput) -> LetterInput:
    code = verification_code("7Q2MZK4XWB3FJ5T8", bytes(32))
    field = letter.field_code and letter.field_code.replace("http://localhost:8800", LONG_HOST)
    return letter.model_copy(update={"qr_url": f"{LONG_HOST}/v/{code}", "field_code": field})


def longest_field_code() -> LetterInput:
    body = (samples.FIELD_CODE.rpartition(":")[2] * 3)[:1395]
    return samples.kartu_pengawas().model_copy(update={"field_code": f"{LONG_HOST}/v/luring#SKP1:{body}"})


def texts(letter: LetterInput) -> list[str]:
    pdf = pypdfium2.PdfDocument(render_letter(letter.template, letter))
    return [page.get_textpage().get_text_bounded() for page in pdf]


@pytest.mark.parametrize("decode", [zxing, zbar])
@pytest.mark.parametrize(
    "letter",
    [
        *(sample() for sample in samples.ALL), with_long_address(samples.sip()),
        with_long_address(samples.kartu_pengawas()), longest_field_code(),
    ],
    ids=lambda letter: f"{letter.series}-{len(letter.qr_url or '')}",
)  # fmt: skip
def test_every_code_reads_from_a_poor_scan_and_no_page_has_two(letter: LetterInput, decode: Decoder) -> None:
    pages = [decode(scanned(page)) for page in pypdfium2.PdfDocument(render_letter(letter.template, letter))]
    assert all(len(found) <= 1 for found in pages)
    assert [found[0] for found in pages if found] == [url for url in (letter.qr_url, letter.field_code) if url]


@pytest.mark.parametrize("host", ["http://localhost:8800", LONG_HOST])
def test_the_code_itself_is_22_mm_or_more_and_its_modules_are_never_finer_than_a_scan(host: str) -> None:
    code, field = "7Q2MZK4XWB3FJ5T8.3fj5t2hr6vnc4d7a", f"luring#SKP1:{'A' * 600}"
    for url, least in ((f"{host}/v/{code}", 30.0), (f"{host}/v/{field}", 62.0)):
        side = qr_side_mm(url, least)
        modules = round(qr_side_mm(url, 0) / LEAST_MODULE_MM)
        assert side / modules >= LEAST_MODULE_MM and side * (modules - 8) / modules >= 22


def test_the_address_stands_in_words_beside_the_code() -> None:
    letter = samples.kartu_pengawas()
    pages = texts(letter)
    signed = next(page for page in pages if letter.signatory.nip in page)
    assert letter.qr_url and letter.qr_url in signed.replace("\r\n", "")


def test_the_offline_code_stands_on_a_last_page_of_its_own_that_says_what_it_cannot_know() -> None:
    letter = samples.kartu_pengawas()
    pages = texts(letter)
    card = " ".join(pages[-1].split())
    assert "KARTU PEMERIKSAAN LAPANGAN" in card and letter.signatory.nip not in card
    assert "Kode ini tidak tahu apakah izin sudah dicabut, diganti, atau jadi terbit." in card
    assert not any("KARTU PEMERIKSAAN LAPANGAN" in page for page in pages[:-1])
    for _, value in letter.field_facts:
        assert value in card


def test_a_letter_without_an_offline_code_has_no_such_page() -> None:
    pages = texts(samples.sip())
    assert not any("PEMERIKSAAN LAPANGAN" in page for page in pages)
