"""An applicant: from the first question to the receipt, a mended document, a withdrawal; also without JavaScript."""

import io
import re
from pathlib import Path

import pikepdf
import pytest
from playwright.sync_api import Page, Route, expect

from api.pages.formatting import file_size
from sakpore.demo.papers import paper_for
from sakpore.people import PASSWORD
from tests.journeys.conftest import DESK, PHONE, Opens
from tests.journeys.office import PEOPLE, Office

WIDTHS = pytest.mark.parametrize("width", [PHONE, DESK])
TYPE = "izin-penelitian"
STUDENT = "pemohon.dua"
ANSWERS = {
    "Perguruan tinggi atau lembaga": "Universitas Contoh",
    "Judul penelitian": "Motif contoh pada batik contoh",
    "Maksud dan tujuan": "Menyusun tugas akhir contoh",
    "Tempat penelitian": "Museum Contoh, Kota Pekalongan",
    "Mulai tanggal": ("4", "1", "2027"),
    "Sampai dengan tanggal": ("31", "Maret", "2027"),
    "Anggota peneliti": "",
}


def heading(page: Page) -> str:
    return page.locator("h1").inner_text().strip()


def number_of(page: Page) -> str:
    found = re.search(r"PRM-\d{4}-\d{6}", page.url)
    assert found, page.url
    return found[0]


def answer_all(page: Page) -> None:
    """The questions of the form, one a page."""
    for question, answer in ANSWERS.items():
        expect(page.locator("h1")).to_contain_text(question)
        if isinstance(answer, tuple):
            for label, part in zip(("Tanggal", "Bulan", "Tahun"), answer, strict=True):
                page.get_by_label(label, exact=True).fill(part)
        else:
            page.locator("#jawaban").fill(answer)
        page.get_by_role("button", name="Simpan dan lanjut", exact=True).click()


def paper(folder: Path, title: str, accept: str) -> Path:
    name, content, _kind = paper_for(["pdf"] if "pdf" in accept else ["jpg"], title, "Contoh Pemohon Dua")
    path = folder / name
    path.write_bytes(content)
    return path


def upload_all(page: Page, folder: Path) -> None:
    """Every document that is asked for, one a page."""
    for _each in range(6):
        title = heading(page)
        field = page.locator("#file")
        field.set_input_files(paper(folder, title, field.get_attribute("accept") or ""))
        page.get_by_role("button", name="Unggah dan lanjut").click()
        expect(page.get_by_role("status")).to_contain_text(title)


@WIDTHS
def test_a_citizen_applies_from_log_in_to_tracking_without_javascript(
    opens: Opens, width: int, tmp_path: Path
) -> None:
    page = opens(width=width, scripts=False)
    page.goto("/izin")
    page.get_by_label("Cari jenis izin").fill("penelitian")
    page.get_by_role("button", name="Cari izin").click()
    page.get_by_role("link", name="Izin Penelitian", exact=True).click()
    page.get_by_role("link", name="Ajukan izin ini").click()
    page.get_by_label("Alamat e-mail").fill(PEOPLE[STUDENT].email)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk", exact=True).click()
    expect(page.locator("h1")).to_contain_text("Ajukan Izin Penelitian")
    page.get_by_role("button", name="Mulai").click()
    page.get_by_label("Saya sendiri").check()
    page.get_by_role("button", name="Simpan dan lanjut", exact=True).click()
    number = number_of(page)
    answer_all(page)
    expect(page.locator("h1")).to_have_text("Berkas yang diperlukan")
    page.get_by_role("link", name="Unggah berkas berikutnya").click()
    upload_all(page, tmp_path)
    page.get_by_role("link", name="Lanjut", exact=True).click()
    page.get_by_label("Dikirim ke e-mail saya").check()
    page.get_by_role("button", name="Simpan dan lanjut", exact=True).click()
    expect(page.locator("h1")).to_have_text("Periksa sebelum mengirim")
    page.get_by_role("link", name="Ubah Judul penelitian").click()
    page.locator("#jawaban").fill("Judul contoh yang lebih baik")
    page.get_by_role("button", name="Simpan perubahan").click()
    expect(page.locator("main")).to_contain_text("Judul contoh yang lebih baik")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_label(re.compile("Saya menyatakan")).check()
    page.get_by_role("button", name="Kirim permohonan").click()
    expect(page.locator("h1")).to_have_text("Permohonan Anda sudah kami terima.")
    expect(page.locator("main")).to_contain_text(number)
    page.get_by_role("link", name="Pantau permohonan ini").click()
    expect(page.locator("main")).to_contain_text(number)
    page.goto("/permohonan")
    expect(page.get_by_role("link", name="Izin Penelitian").first).to_be_visible()


@WIDTHS
def test_an_applicant_mends_one_document_without_javascript(
    opens: Opens, office: Office, width: int, tmp_path: Path
) -> None:
    number = office.submitted(TYPE)
    task = office.waiting_at(number, "verification")
    office.decided("depan", task, _one_returned(office, task, "pas-foto"))
    office.waiting_at(number, "repair")
    page = opens(STUDENT, width=width, scripts=False)
    page.goto(f"/permohonan/{number}")
    expect(page.locator("h1")).to_have_text("Satu berkas perlu Anda perbaiki.")
    page.get_by_role("link", name="Perbaiki berkas").click()
    expect(page.locator("main")).to_contain_text("Alasannya: Latarnya bukan merah.")
    page.get_by_role("link", name="Unggah lagi").click()
    page.locator("#file").set_input_files(paper(tmp_path, "Pas foto baru", "image/jpeg"))
    page.get_by_role("button", name="Unggah dan lanjut").click()
    expect(page.locator("main")).to_contain_text("Sudah diganti")
    page.get_by_role("button", name="Kirim perbaikan").click()
    expect(page.get_by_role("status")).to_contain_text("Waktu layanan berjalan lagi.")
    expect(page.locator("h1")).not_to_contain_text("perlu Anda perbaiki")
    expect(page.locator("main")).to_contain_text("versi 2")


@WIDTHS
def test_an_applicant_withdraws_without_javascript(opens: Opens, office: Office, width: int) -> None:
    number = office.submitted(TYPE)
    office.waiting_at(number, "verification")
    page = opens(STUDENT, width=width, scripts=False)
    page.goto(f"/permohonan/{number}")
    page.get_by_role("link", name="Tarik permohonan").click()
    page.get_by_label("Alasannya (boleh kosong)").fill("Penelitian contoh dibatalkan.")
    page.get_by_label("Ya, saya menarik permohonan ini").check()
    page.get_by_role("button", name="Tarik permohonan").click()
    expect(page.locator("h1")).to_have_text("Permohonan ini sudah ditarik.")


def test_a_file_goes_on_after_the_line_broke_and_the_page_was_opened_again(opens: Opens, tmp_path: Path) -> None:
    """With scripts: parts that fail are sent again, and what was kept is not sent a second time."""
    page = opens(STUDENT)
    page.goto(f"/permohonan/baru?izin={TYPE}")
    page.get_by_role("button", name="Mulai").click()
    address = f"/permohonan/{number_of(page)}/berkas/proposal"
    large = tmp_path / "proposal.pdf"
    large.write_bytes(_padded(paper_for(["pdf"], "Proposal", "Contoh Pemohon Dua")[1], 900_000))
    line = _BadLine([True, False, True, True, False, True])
    page.route("**/unggahan/*", line.carry)
    _send_file(page, address, large)
    expect(page.locator(".unggah__kata")).to_contain_text("Sambungan terputus")
    line.is_down = True
    expect(page.locator(".unggah__kata")).to_contain_text(re.compile("Sambungan terputus. [1-9]"))
    line.is_down = False
    _send_file(page, address, large)
    expect(page.get_by_role("status")).to_contain_text("Berkas diterima", timeout=60_000)
    assert line.sent[0] == 0 and line.sent == sorted(set(line.sent)) and len(line.sent) > 2  # none was kept twice
    page.goto(address)
    expect(page.locator(".ada")).to_contain_text(file_size(large.stat().st_size))


class _BadLine:
    """Carries some of the parts and breaks at the others; carries none while it is down."""

    def __init__(self, good: list[bool]) -> None:
        self._good = iter(good)
        self.is_down = False
        self.sent: list[int] = []

    def carry(self, route: Route) -> None:
        if route.request.method == "PATCH":
            if self.is_down or not next(self._good, True):
                route.abort("connectionreset")
                return
            self.sent.append(int(route.request.headers["upload-offset"]))
        route.continue_()


def _send_file(page: Page, address: str, file: Path) -> None:
    page.goto(address)
    page.locator("#file").set_input_files(file)
    expect(page.locator(".unggah__jalan")).to_contain_text(file.name)
    page.get_by_role("button", name="Unggah dan lanjut").click()


def test_a_file_that_is_too_large_or_of_the_wrong_kind_is_told_before_it_is_sent(
    opens: Opens, tmp_path: Path
) -> None:
    page = opens(STUDENT)
    page.goto(f"/permohonan/baru?izin={TYPE}")
    page.get_by_role("button", name="Mulai").click()
    number = number_of(page)
    page.goto(f"/permohonan/{number}/berkas/proposal")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method) if request.method != "GET" else None)
    for name, size, said in (("besar.pdf", 11_000_000, "lebih besar"), ("surat.docx", 10, "tidak diterima")):
        path = tmp_path / name
        path.write_bytes(b"%PDF-" + bytes(size))
        page.locator("#file").set_input_files(path)
        page.get_by_role("button", name="Unggah dan lanjut").click()
        expect(page.locator(".unggah__kata--salah")).to_contain_text(said)
    assert asked == []


def _one_returned(office: Office, task: dict[str, object], code: str) -> dict[str, object]:
    page = office.get("depan", f"/tasks/{task['id']}")
    returned = {"requirement": code, "verdict": "repair", "code": "wrong-document", "reason": "Latarnya bukan merah."}
    accepted = [{"requirement": one, "verdict": "accept"} for one in page["wanted_documents"] if one != code]
    return {"kind": "verdicts", "verdicts": [*accepted, returned]}


def _padded(pdf: bytes, size: int) -> bytes:
    """The same paper as a file of that size: a stream that nobody shows fills it up."""
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        opened.Root.Isi = opened.make_stream(bytes(range(256)) * (size // 256))
        kept = io.BytesIO()
        opened.save(kept, compress_streams=False)
    return kept.getvalue()
