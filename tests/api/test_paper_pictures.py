"""Pages of papers as pictures: seen by those who may read the file, drawn by a child that nothing hostile survives."""

import io

import pypdfium2
from PIL import Image

from api.paper_pictures import PaperPictures
from sakpore.demo.papers import pdf_paper, picture
from tests.api.conftest import Api
from tests.api.filing import a_draft, a_pdf, upload


async def test_a_page_of_a_pdf_is_drawn_once_and_kept() -> None:
    papers = PaperPictures()
    try:
        drawn = await papers.draw(pdf_paper("Ijazah (contoh)", "Contoh"), "a" * 64, 1, 240)
        assert drawn is not None and drawn.pages == 1
        assert Image.open(io.BytesIO(drawn.png)).width == 240
        assert papers.known("a" * 64, 1, 240) == drawn
        assert papers.known("a" * 64, 1, 900) is None
    finally:
        await papers.aclose()


async def test_what_cannot_be_drawn_has_no_picture_and_the_next_file_has() -> None:
    papers = PaperPictures(wall_seconds=15)
    try:
        for hostile in (b"", b"%PDF-1.7\nnothing", b"\xff\xd8\xff no photo", b"%PDF-" + bytes(200_000)):
            assert await papers.draw(hostile, "b" * 64, 1, 900) is None
        good = pdf_paper("KTP (contoh)", "Contoh")
        assert await papers.draw(good, "c" * 64, 2, 900) is None  # it has one page
        assert await papers.draw(good, "c" * 64, 1, 900) is not None
    finally:
        await papers.aclose()


async def test_a_giant_page_is_drawn_within_bounds() -> None:
    papers = PaperPictures()
    document = pypdfium2.PdfDocument.new()
    document.new_page(50, 14_000)
    kept = io.BytesIO()
    document.save(kept)
    try:
        drawn = await papers.draw(kept.getvalue(), "d" * 64, 1, 1600)
        assert drawn is not None
        assert max(Image.open(io.BytesIO(drawn.png)).size) <= 4001
    finally:
        await papers.aclose()


async def test_a_photo_is_made_small_and_upright() -> None:
    papers = PaperPictures()
    try:
        drawn = await papers.draw(picture("Lokasi contoh", "Contoh", "#13653a"), "e" * 64, 1, 240)
        assert drawn is not None
        assert Image.open(io.BytesIO(drawn.png)).width <= 240
    finally:
        await papers.aclose()


async def test_memory_keeps_the_last_pictures_alone() -> None:
    papers = PaperPictures(kept_bytes=1)
    try:
        assert await papers.draw(pdf_paper("Ijazah", "Contoh"), "f" * 64, 1, 240) is not None
        assert papers.known("f" * 64, 1, 240) is None
    finally:
        await papers.aclose()


async def test_a_neighbour_sees_no_page_of_anothers_papers(api: Api) -> None:
    own, neighbour = await api.as_("pemohon"), await api.as_("tetangga")
    number = await a_draft(own)
    assert (await upload(own, number, "ktp", a_pdf())).status_code == 200
    address = f"/kasus/{number}/berkas/ktp/1.png"
    answer = await own.get(address)
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/png"
    assert answer.headers["x-pages"] == "1"
    assert (await neighbour.get(address)).status_code == 404
    assert (await own.get(address.replace("1.png", "2.png"))).status_code == 404
    assert (await own.get(f"/kasus/{number}/berkas/ktp/1.png?lebar=901")).status_code == 422
    narrow = await own.get(f"{address}?lebar=240")
    assert narrow.status_code == 200 and Image.open(io.BytesIO(narrow.content)).width == 240
