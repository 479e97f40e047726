"""Everybody: in and out, the language, large letters, also without JavaScript."""

import pytest
from playwright.sync_api import expect

from sakpore.people import PASSWORD
from tests.journeys.conftest import DESK, PHONE, Opens
from tests.journeys.office import PEOPLE


@pytest.mark.parametrize("width", [PHONE, DESK])
def test_an_officer_logs_in_and_out_without_javascript(opens: Opens, width: int) -> None:
    page = opens(width=width, scripts=False)
    page.goto("/masuk")
    page.get_by_label("Alamat e-mail").fill(PEOPLE["depan"].email)
    page.get_by_label("Kata sandi").fill(PASSWORD)
    page.get_by_role("button", name="Masuk", exact=True).click()
    expect(page.get_by_role("navigation", name="Utama")).to_contain_text("Loket")
    page.get_by_role("link", name="Keluar").click()
    page.get_by_role("button", name="Keluar sekarang").click()
    expect(page.get_by_role("navigation", name="Utama")).to_contain_text("Masuk")


def test_a_visitor_reads_the_frame_in_english_and_in_large_letters(opens: Opens) -> None:
    page = opens(scripts=False)
    page.goto("/")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.get_by_role("navigation", name="Main")).to_contain_text("Sign in")
    page.get_by_role("link", name="Large letters").click()
    expect(page.locator("html")).to_have_class("govuk-template huruf-besar")
