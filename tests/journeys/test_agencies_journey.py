"""An agency's clerk answers on one page, without JavaScript, on a phone and at a desk; its head signs in the system."""

import json
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from sakpore.demo.papers import pdf_paper
from sakpore.people import AGENCY_SIGNER, PASSPHRASE
from sakpore.seed import TOTP_FILE
from signing.totp import totp_now
from tests.journeys.conftest import DESK, PHONE, Opens
from tests.journeys.office import Office

REQUEST = "Kesesuaian rencana penelitian dan tempatnya"


def patiently(page: Page, words: str) -> None:
    """Loads the page again until it says so: the engine writes a moment later than it answers."""
    for _ in range(60):
        if page.get_by_text(words).first.is_visible():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError(f"{words!r} never came: {page.locator('main').inner_text()}")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_clerk_asks_the_applicant_then_agrees_with_conditions_without_javascript(
    office: Office, opens: Opens, width: int
) -> None:
    number = office.submitted()
    task = office.waiting_at(number, "recommendation")
    page = opens("bappeda", width=width, scripts=False)
    page.goto(f"/permintaan/{task['id']}")
    expect(page.get_by_role("heading", name=REQUEST)).to_be_visible()
    expect(page.get_by_text("Mengingatkan petugas").first).to_be_visible()
    page.get_by_role("link", name="Kartu Tanda Penduduk (KTP)").click()
    expect(page.get_by_alt_text("Halaman 1 dari 1")).to_be_visible()
    page.get_by_role("link", name="Kembali ke permintaan").click()

    page.get_by_role("button", name="Kirim jawaban").click()
    expect(page.get_by_role("link", name="Pilih salah satu jawaban.")).to_be_visible()
    page.get_by_label("Bertanya dulu kepada pemohon").check()
    page.get_by_label("Pertanyaan", exact=True).fill("Berapa lama penelitiannya?")
    page.get_by_role("button", name="Kirim jawaban").click()
    patiently(page, "Menunggu jawaban pemohon.")

    office.answers("pemohon.dua", number, {"kind": "answered", "text": "Tiga bulan."})
    patiently(page, "Buka permintaan yang terbuka")
    page.get_by_role("link", name="Buka permintaan yang terbuka").click()
    expect(page.get_by_text("Tiga bulan.")).to_be_visible()
    page.get_by_label("Menyetujui dengan syarat").check()
    page.get_by_label("Syarat, satu baris satu syarat").fill("Hasil diserahkan kepada Bappeda.")
    page.get_by_role("button", name="Kirim jawaban").click()
    expect(page.get_by_text("Jawaban Anda sudah kami terima.")).to_be_visible()
    patiently(page, "Sudah dijawab.")
    expect(page.get_by_text("Menyetujui dengan syarat · Petugas Bappeda Contoh")).to_be_visible()
    page.get_by_role("link", name="Jawaban kami", exact=True).click()
    expect(page.get_by_role("row", name=number) if width == DESK else page.get_by_text(number)).to_be_visible()


def test_a_wet_signed_letter_waits_to_be_matched(office: Office, opens: Opens) -> None:
    number = office.submitted()
    task = office.waiting_at(number, "recommendation")
    page = opens("bappeda", scripts=False)
    page.goto(f"/permintaan/{task['id']}")
    page.get_by_label("Tidak menyetujui").check()
    page.get_by_label("Alasan", exact=True).fill("Tempatnya sedang diperbaiki.")
    letter = {"name": "surat.pdf", "mimeType": "application/pdf", "buffer": pdf_paper("Surat contoh", "Bappeda")}
    page.get_by_label("Surat bertanda tangan basah, kalau ada").set_input_files(letter)  # type: ignore[arg-type]
    page.get_by_role("button", name="Kirim jawaban").click()
    patiently(page, "Surat Anda sedang kami cocokkan.")


def test_an_agencys_head_signs_the_recommendation_without_javascript(office: Office, opens: Opens) -> None:
    number = office.submitted()
    task = office.waiting_at(number, "recommendation")
    page = opens(AGENCY_SIGNER.id, scripts=False)
    page.goto(f"/permintaan/{task['id']}")
    page.get_by_label("Menyetujui", exact=True).check()
    page.get_by_role("button", name="Kirim jawaban").click()
    patiently(page, "Tanda tangani suratnya")
    page.get_by_role("link", name="Tanda tangani suratnya").click()
    expect(page.get_by_alt_text("Halaman 1 dari")).to_be_visible()
    secret = bytes.fromhex(json.loads((office.data_dir / "keys" / TOTP_FILE).read_text())[AGENCY_SIGNER.id])
    page.get_by_label("Frasa sandi sertifikat").fill(PASSPHRASE)
    page.get_by_label("Kode sekali pakai").fill(totp_now(secret, datetime.now(UTC)))
    page.get_by_role("button", name="Tanda tangani").click()
    page.goto(f"/permintaan/{task['id']}")
    patiently(page, "Sudah dijawab.")
    expect(page.get_by_text("ditandatangani secara elektronik")).to_be_visible()
