"""An inspector: at the site without a network, then sent once; and everything without JavaScript too."""

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from sakpore.demo.papers import pdf_paper
from tests.journeys.conftest import DESK, PHONE, Opens
from tests.journeys.office import Office
from tests.journeys.test_agencies_journey import patiently

TYPE = "izin-reklame-tetap"
PLACE = {"geolocation": {"latitude": -6.8886, "longitude": 109.6753, "accuracy": 8}, "permissions": ["geolocation"]}


def photos(folder: Path) -> list[str]:
    paths = []
    for n, colour in enumerate(("teal", "olive")):
        path = folder / f"lokasi-{n}.jpg"
        Image.new("RGB", (2400, 1800), colour).save(path, "JPEG")
        paths.append(str(path))
    return paths


def sent_once(office: Office, number: str) -> None:
    """One decision of the inspection and one of each photo, as the office keeps them."""
    page = office.get("teknis", f"/applications/{number}")
    [visit] = [task for task in page["tasks"] if task["kind"] == "inspection"]
    task = office.get("teknis", f"/tasks/{visit['id']}")
    assert (task["decision"], task["decided_by_name"]) == ("inspected", "Tim Teknis Contoh")
    assert len([one for one in task["attachments"] if one["kind"] == "photo"]) == 2


def draw(page: Page, nth: int) -> None:
    person = page.locator(".hadir").nth(nth)
    person.get_by_label("Menandatangani di layar").check()
    canvas = person.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 30, box["y"] + 30)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 80, steps=10)
    page.mouse.up()


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_an_inspection_without_a_network_is_sent_once_and_its_minutes_are_signed_on_the_screen(
    office: Office, opens: Opens, tmp_path: Path, width: int
) -> None:
    number = office.submitted(TYPE)
    task = office.waiting_at(number, "inspection")
    page = opens("teknis", width=width, **PLACE)
    page.goto("/lapangan")
    expect(page.locator("#lapangan")).to_have_attribute("data-dibawa", "ya", timeout=30_000)
    page.context.set_offline(True)
    page.goto(f"/lapangan/{task['id']}")
    page.get_by_label("Ambil atau pilih foto").set_input_files(photos(tmp_path))
    expect(page.locator("#foto-daftar canvas")).to_have_count(2)
    page.get_by_role("button", name="Ambil posisi telepon ini").click()
    expect(page.get_by_text("ketelitian sekitar 8 meter")).to_be_visible()
    page.get_by_label("Apa yang ditemukan di lokasi?").fill("Konstruksi kokoh.")
    page.get_by_label("Siapa yang hadir?").fill("Tim Teknis Contoh\nContoh Pemohon Tiga")
    page.get_by_role("button", name="Kirim laporan").click()
    expect(page.locator("#keadaan")).to_contain_text("Dikirim begitu ada jaringan")
    page.reload()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Pemeriksaan ini sudah selesai")).to_be_visible(timeout=30_000)
    sent_once(office, number)

    patiently(page, "Lanjut: tanda tangani berita acara")
    page.get_by_role("link", name="Lanjut: tanda tangani berita acara").click()
    expect(page.get_by_alt_text("Halaman 1 dari 1")).to_be_visible()
    draw(page, 0)
    draw(page, 1)
    page.get_by_role("button", name="Kirim berita acara").click()
    expect(page.get_by_role("heading", name="Berita acara ini sudah selesai")).to_be_visible(timeout=30_000)


def test_an_inspection_and_its_minutes_on_paper_without_javascript(
    office: Office, opens: Opens, tmp_path: Path
) -> None:
    number = office.submitted(TYPE)
    task = office.waiting_at(number, "inspection")
    page = opens("teknis", scripts=False)
    page.goto("/lapangan")
    page.locator(f"a[href='/lapangan/{task['id']}']").click()
    for path in photos(tmp_path):
        page.get_by_label("Ambil atau pilih foto").set_input_files(path)
        page.get_by_role("button", name="Simpan foto").click()
        expect(page.get_by_text("Foto sudah tersimpan di kantor.")).to_be_visible()
    page.get_by_label("Garis lintang").fill("-6,8886")
    page.get_by_label("Garis bujur").fill("109,6753")
    page.get_by_label("Ketelitian (meter)").fill("25")
    page.get_by_label("Apa yang ditemukan di lokasi?").fill("Konstruksi kokoh.")
    page.get_by_label("Siapa yang hadir?").fill("Tim Teknis Contoh\nContoh Pemohon Tiga")
    page.get_by_role("button", name="Kirim laporan").click()
    patiently(page, "Lanjut: tanda tangani berita acara")
    sent_once(office, number)
    page.get_by_role("link", name="Lanjut: tanda tangani berita acara").click()
    scan = {"name": "ba.pdf", "mimeType": "application/pdf", "buffer": pdf_paper("Berita acara (contoh)", "Contoh")}
    page.get_by_label("Foto atau pindaian halaman itu").set_input_files(scan)  # type: ignore[arg-type]
    page.get_by_role("button", name="Simpan halaman").click()
    first, second = page.locator(".hadir").nth(0), page.locator(".hadir").nth(1)
    first.get_by_label("Sudah menandatangani di kertas").check()
    second.get_by_label("Tidak bersedia").check()
    second.get_by_label("Alasan").fill("Pulang lebih dahulu.")
    page.get_by_role("button", name="Kirim berita acara").click()
    patiently(page, "Berita acara ini sudah selesai")
