"""Somebody without an account: finds a permit, follows a case, looks at the map and at the figures."""

import re

import pytest
from playwright.sync_api import expect

from tests.journeys.conftest import DESK, PHONE, Opens
from tests.journeys.office import Office


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_visitor_finds_a_permit_and_its_guide_without_javascript(opens: Opens, width: int) -> None:
    page = opens(width=width, scripts=False)
    page.goto("/")
    page.get_by_role("searchbox", name="Cari jenis izin").fill("ijin reklame")
    page.get_by_role("button", name="Cari izin").click()
    page.get_by_role("link", name="Izin Reklame Tetap").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Izin Reklame Tetap")
    expect(page.locator("main")).to_contain_text("Retribusi sesuai SKRD")
    expect(page.get_by_role("link", name="Ajukan izin ini")).to_have_attribute(
        "href", "/permohonan/baru?izin=izin-reklame-tetap"
    )
    page.get_by_role("link", name="Panduan untuk dicetak").click()
    expect(page.get_by_role("img", name="Kode QR ke halaman izin ini")).to_be_visible()


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_visitor_follows_a_case_by_its_code_without_javascript(opens: Opens, office: Office, width: int) -> None:
    number = office.submitted()
    office.waiting_at(number, "verification")
    case = office.get("pemohon.dua", f"/applications/{number}")
    page = opens(width=width, scripts=False)
    page.goto("/")
    page.get_by_label("Kode lacak").fill(case["tracking_code"].lower())
    page.get_by_role("button", name="Lacak permohonan").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sedang dikerjakan")
    expect(page.locator("main")).to_contain_text("Lihat hitungan harinya")
    expect(page.locator("main")).not_to_contain_text("Contoh Pemohon")


def test_pages_left_open_tell_that_a_case_has_moved_on(opens: Opens, office: Office) -> None:
    number = office.submitted()
    office.waiting_at(number, "verification")
    case = office.get("pemohon.dua", f"/applications/{number}")
    tracking, inbox, desk = opens(), opens("depan", width=DESK), opens("depan", width=DESK)
    tracking.goto(f"/lacak/{case['tracking_code']}")
    inbox.goto("/tugas?daftar=all")
    desk.goto(f"/kasus/{number}")
    line = inbox.locator("tr", has_text=number)
    expect(line).to_be_visible()
    sentence = tracking.get_by_role("heading", level=1).inner_text()
    held = desk.locator(".jawaban__kalimat").inner_text()
    office.waiting_at(number, "signing")
    expect(tracking.get_by_role("heading", level=1)).not_to_have_text(sentence)
    expect(tracking.get_by_text("Isi halaman ini baru saja diperbarui.")).to_be_visible()
    expect(line).to_have_count(0)
    expect(desk.locator(".jawaban__kalimat")).not_to_have_text(held)


def test_a_visitor_finds_an_issued_permit_on_the_map_and_moves_it(opens: Opens, office: Office) -> None:
    office.issued("izin-reklame-tetap")
    page = opens(width=DESK)
    faults: list[str] = []
    page.on("console", lambda line: faults.append(line.text) if line.type == "error" else None)
    page.goto("/peta")
    expect(page.locator("main")).to_contain_text("Perorangan, nama tidak ditampilkan")
    page.get_by_role("button", name="Buka peta yang dapat digeser").click()
    page.locator(".peta__titik").first.click()
    expect(page.locator(".leaflet-popup")).to_contain_text("Petunjuk arah")
    page.goto("/statistik")
    expect(page.locator("main")).to_contain_text(re.compile("Dari 100 permohonan yang selesai, [0-9]+ selesai"))
    assert faults == []
