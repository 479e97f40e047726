"""A newcomer registers, confirms by mail, asks for help and is answered; also without JavaScript."""

from __future__ import annotations

import re
import time
from email import message_from_bytes
from email.policy import default
from itertools import count
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import DESK, PHONE, Opens
from tests.journeys.office import Office

PASSWORD, ANOTHER = "jeruk-bali-manis", "durian-runtuh-lagi"
MAIL_SECONDS = 60
_people = count(1)


def link_to(address: str, folder: Path, among: str) -> str:
    """The newest link of that kind in a mail to that address, as soon as the mail has come."""
    until = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < until:
        for path in sorted(folder.rglob("*.eml"), reverse=True):
            mail = message_from_bytes(path.read_bytes(), policy=default)
            body = mail.get_body()
            found = re.search(rf"\S*({among}\S*)", body.get_content()) if address in str(mail["To"]) and body else None
            if found:
                return found.group(1)
        time.sleep(0.2)
    raise AssertionError(f"no mail with {among} came")


def log_in(page: Page, email: str, password: str) -> None:
    page.goto("/masuk")
    page.get_by_label("Alamat e-mail").fill(email)
    page.get_by_label("Kata sandi", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Masuk", exact=True).click()


def register(page: Page, email: str, nik: str) -> None:
    page.goto("/masuk")
    page.get_by_role("link", name="Daftar", exact=True).click()
    for label, typed in (
        ("Nama lengkap", "Contoh Pendaftar Baru"), ("NIK", nik), ("Tempat lahir", "Kota Contoh"), ("Tanggal", "14"),
        ("Bulan", "1"), ("Tahun", "1990"), ("Alamat", "Jalan Contoh Nomor 9"), ("Nomor telepon", "0800 0000 0000"),
        ("Alamat e-mail", email), ("Kata sandi", PASSWORD),
    ):  # fmt: skip
        page.get_by_label(label, exact=True).fill(typed)
    page.get_by_role("main").get_by_role("button", name="Daftar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Buka e-mail Anda")


@pytest.mark.parametrize(("width", "scripts"), [(PHONE, False), (DESK, True)])
def test_a_newcomer_registers_asks_and_is_answered(opens: Opens, office: Office, width: int, scripts: bool) -> None:
    person = next(_people)
    email, nik = f"pendaftar{person}@contoh.test", f"33750114019070{person:02d}"
    page, front = opens(width=width, scripts=scripts), opens("depan", width=width, scripts=scripts)
    register(page, email, nik)
    page.goto(link_to(email, office.data_dir, "/daftar/konfirmasi"))
    page.get_by_role("button", name="Ya, ini e-mail saya").click()
    expect(page.get_by_role("status").first).to_contain_text("sudah dikonfirmasi")
    log_in(page, email, PASSWORD)

    page.goto("/bantuan")
    page.get_by_role("link", name="Ajukan pertanyaan").click()
    page.get_by_label("Pertanyaan Anda").fill("Berapa lama izin penelitian?")
    page.get_by_role("button", name="Kirim pertanyaan").click()
    expect(page.get_by_role("status").first).to_contain_text("sudah kami terima")

    front.goto("/bantuan")
    front.get_by_role("link", name="Contoh Pendaftar Baru").first.click()
    front.get_by_label("Jawaban Anda").fill("Lima hari kerja.")
    front.get_by_role("button", name="Kirim jawaban").click()
    expect(front.get_by_role("status").first).to_contain_text("Jawaban terkirim")

    page.goto("/bantuan")
    expect(page.get_by_role("main")).to_contain_text("1 jawaban baru")
    page.get_by_role("main").get_by_role("link", name="Pertanyaan umum").click()
    expect(page.get_by_role("main")).to_contain_text("Lima hari kerja.")


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_forgotten_password_is_chosen_anew_and_a_device_is_signed_out(
    opens: Opens, office: Office, width: int
) -> None:
    person = next(_people)
    email, nik = f"pendaftar{person}@contoh.test", f"33750114019070{person:02d}"
    page, other = opens(width=width, scripts=False), opens(width=width, scripts=False)
    register(page, email, nik)
    page.goto(link_to(email, office.data_dir, "/daftar/konfirmasi"))
    page.get_by_role("button", name="Ya, ini e-mail saya").click()
    log_in(other, email, PASSWORD)

    page.goto("/sandi")
    page.get_by_label("Alamat e-mail").fill(email)
    page.get_by_role("button", name="Kirim tautan").click()
    page.goto(link_to(email, office.data_dir, "/sandi/baru"))
    page.get_by_label("Kata sandi baru").fill(ANOTHER)
    page.get_by_role("button", name="Simpan kata sandi").click()
    expect(page.get_by_role("status").first).to_contain_text("sudah disimpan")

    other.goto("/akun/ubah")  # its log-in is over: in again, and back to where it was
    other.get_by_label("Alamat e-mail").fill(email)
    other.get_by_label("Kata sandi", exact=True).fill(ANOTHER)
    other.get_by_role("main").get_by_role("button", name="Masuk", exact=True).click()
    expect(other.get_by_role("heading", level=1)).to_have_text("Ubah kontak dan kabar")
