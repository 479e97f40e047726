"""The desks: one real case climbs from the counter to the paraf, each desk on its own page, without JavaScript."""

import pytest
from playwright.sync_api import Locator, Page, expect

from sakpore.demo.papers import pdf_paper
from tests.journeys.conftest import DESK, PHONE, Opens
from tests.journeys.office import PEOPLE, Office

TYPE = "sip-fisioterapis"
every_width = pytest.mark.parametrize("width", [PHONE, DESK], ids=["phone", "desk"])


def line_of(page: Page, number: str) -> Locator:
    """The case's line in the inbox; the inbox trails behind the engine by a moment."""
    for _ in range(60):
        page.goto("/tugas?daftar=all")
        line = page.locator("tr", has_text=number)
        if line.count():
            return line
        page.wait_for_timeout(500)
    raise AssertionError(f"{number} never came to this inbox")


def open_task(page: Page, number: str) -> None:
    line_of(page, number).get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def goes_on(page: Page) -> None:
    """The decision is recorded, and a next step is offered."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Putusan Anda tercatat")
    expect(page.get_by_role("link", name="Kembali ke daftar tugas")).to_be_visible()


@every_width
def test_every_desk_of_the_office_decides_one_case(opens: Opens, office: Office, width: int) -> None:
    number = office.submitted(TYPE)

    front = opens("depan", width=width, scripts=False)
    open_task(front, number)
    if width == DESK:
        paper = front.frame_locator("iframe[name=kertas]")
        expect(paper.locator("img.lembar__gambar")).to_be_visible()
        front.get_by_role("link", name="Ijazah").click()
        expect(paper.get_by_role("heading", name="Ijazah")).to_be_visible()
    front.get_by_label("Terima", exact=True).first.check()
    front.get_by_role("button", name="Kirim penilaian").click()
    expect(front.get_by_role("alert")).to_contain_text("belum dinilai")
    expect(front.get_by_label("Terima", exact=True).first).to_be_checked()
    front.get_by_role("button", name="Terima yang belum dinilai, lalu kirim").click()
    goes_on(front)

    back = opens("kesehatan", width=width, scripts=False)
    open_task(back, number)
    expect(back.get_by_text("Semua berkas diterima.")).to_be_visible()
    back.get_by_label("Catatan untuk meja berikutnya").fill("Tempat praktik sudah dicocokkan.")
    back.get_by_role("button", name="Teruskan").click()
    goes_on(back)
    line_of(back, number)
    back.locator("tr", has_text=number).get_by_role("link", name="Susun surat").click()
    back.get_by_label("Ketentuan tambahan").fill("Izin ini untuk satu tempat praktik.")
    back.get_by_role("button", name="Susun surat").click()
    goes_on(back)

    for person in ("subkoordinator", "koordinator"):
        desk = opens(person, width=width, scripts=False)
        open_task(desk, number)
        expect(desk.get_by_role("link", name="Rancangan: Surat izin")).to_be_visible()
        desk.get_by_role("button", name="Teruskan").click()
        goes_on(desk)

    division = opens("kabid", width=width, scripts=False)
    open_task(division, number)
    expect(division.get_by_text("Paraf Anda berlaku untuk persis surat ini")).to_be_visible()
    division.get_by_role("button", name="Paraf").click()
    goes_on(division)
    assert office.waiting_at(number, "signing")["number"] == number


@every_width
def test_a_document_goes_back_and_the_front_office_repairs_it_for_the_applicant(
    opens: Opens, office: Office, width: int
) -> None:
    number = office.submitted(TYPE)
    front = opens("depan", width=width, scripts=False)
    open_task(front, number)
    front.locator("#nilai-ijazah-salah").check()
    front.locator("#kode-ijazah").select_option("unreadable")
    front.get_by_role("button", name="Terima yang belum dinilai, lalu kirim").click()
    goes_on(front)
    for _ in range(60):
        front.goto("/tugas?daftar=for_applicants")
        if front.locator("tr", has_text=number).count():
            break
        front.wait_for_timeout(500)
    front.locator("tr", has_text=number).get_by_role("link").click()
    front.get_by_label("Ijazah").set_input_files(
        {"name": "ijazah.pdf", "mimeType": "application/pdf", "buffer": pdf_paper("Ijazah (contoh)", "Contoh")}
    )
    front.get_by_label("Persetujuan pemohon").fill("Pemohon datang membawa aslinya.")
    front.get_by_role("button", name="Unggah").click()
    expect(front.get_by_role("status")).to_contain_text("Berkas sudah diunggah atas nama pemohon.")
    front.get_by_label("Cara pemohon menyampaikan").select_option("counter")
    front.get_by_label("Bagaimana pemohon menyetujuinya").fill("Tanda tangan di formulir loket.")
    front.get_by_role("button", name="Kirim perbaikan").click()
    goes_on(front)
    front.goto(f"/kasus/{number}")
    expect(front.get_by_text("Pemohon datang membawa aslinya.")).to_be_visible()


def test_a_colleague_takes_a_task_over_and_a_superior_gives_it_away(opens: Opens, office: Office) -> None:
    number = office.submitted(TYPE)
    front = opens("depan", scripts=False)
    line_of(front, number).get_by_role("checkbox").check()
    front.get_by_role("button", name="Ambil alih yang ditandai").click()
    expect(front.get_by_role("heading", level=1)).to_contain_text("1 dari 1 berhasil")
    colleague = opens("depan.dua", scripts=False)
    for _ in range(60):
        colleague.goto(f"/tugas/{number}.verification.1")
        if colleague.get_by_text(f"Dipegang {PEOPLE['depan'].name}.").count():
            break
        colleague.wait_for_timeout(500)
    expect(colleague.get_by_role("button", name="Kirim penilaian")).to_have_count(0)
    superior = opens("koordinator", scripts=False)
    superior.goto(f"/tugas/{number}.verification.1/alihkan")
    superior.get_by_label(PEOPLE["depan.dua"].name).check()
    superior.get_by_role("button", name="Alihkan").click()
    expect(superior.get_by_role("status")).to_contain_text("Tugas sudah dialihkan.")


def test_the_counter_begins_an_application_for_a_person_with_a_ktp(opens: Opens, office: Office) -> None:
    front = opens("depan", scripts=False)
    front.goto("/loket")
    front.get_by_label("NIK dari KTP").fill(PEOPLE["pemohon.satu"].nik or "")
    front.get_by_role("button", name="Cari akun pemohon").click()
    expect(front.get_by_role("heading", level=1)).to_contain_text(PEOPLE["pemohon.satu"].name)
    assert (PEOPLE["pemohon.satu"].nik or "-") not in front.url
    front.get_by_label("Jenis izin").select_option(TYPE)
    front.get_by_role("button", name="Mulai mengisi").click()
    assert "/permohonan/PRM-" in front.url
    front.goto("/loket")
    expect(front.get_by_role("link", name="Surat Izin Praktik Fisioterapis").first).to_be_visible()
