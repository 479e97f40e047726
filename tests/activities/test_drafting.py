"""Whom a letter names: the applicant, or the holder and who acts for it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from activities.drafting import applicant_lines
from permits.authority import Role
from permits.party import party_of
from store.tables import AccountRow

ACCOUNT = AccountRow(
    id="pemohon",
    email="pemohon@contoh.invalid",
    name="Contoh Pemohon",
    password_hash="!",
    role=Role.APPLICANT,
    address="Jalan Contoh Nomor 1",
    birth_place="Kota Contoh",
    birth_date=date(1990, 1, 1),
    created_at=datetime(2026, 1, 1, tzinfo=UTC),
)
PROXY = {
    "principal_name": "Contoh Pemberi Kuasa",
    "relation": "anak",
    "letter_number": "7/2026",
    "letter_date": "2026-03-02",
}
COMPANY = {"kind": "company", "name": "PT Contoh Sejahtera", "address": "Jalan Contoh Nomor 2", "npwp": "0" * 15}


def test_who_acts_for_itself_is_named_as_on_the_ktp() -> None:
    assert applicant_lines(ACCOUNT, party_of(None)) == (
        ("Nama", "Contoh Pemohon"),
        ("Tempat, tanggal lahir", "Kota Contoh, 1 Januari 1990"),
        ("Alamat", "Jalan Contoh Nomor 1"),
    )


@pytest.mark.parametrize(
    ("party", "said"),
    [
        (
            COMPANY | {"position": "Direktur"},
            {"Nama": "PT Contoh Sejahtera", "Sebagai": "Direktur", "Bertindak untuk": "PT Contoh Sejahtera"},
        ),
        (
            {"proxy": PROXY},
            {
                "Nama": "Contoh Pemberi Kuasa",
                "Sebagai": "Kuasa (anak)",
                "Surat kuasa": "Nomor 7/2026 tanggal 2 Maret 2026",
                "Bertindak untuk": "Contoh Pemberi Kuasa",
            },
        ),
        (
            COMPANY | {"proxy": PROXY | {"principal_position": "Direktur"}},
            {"Nama": "PT Contoh Sejahtera", "Pemberi kuasa": "Contoh Pemberi Kuasa, Direktur"},
        ),
    ],
)
def test_who_acts_for_somebody_else_is_named_after_the_holder(party: dict[str, Any], said: dict[str, str]) -> None:
    lines = dict(applicant_lines(ACCOUNT, party_of(party)))
    assert lines | said == lines
    assert lines["Diwakili oleh"] == "Contoh Pemohon"
    assert "Tempat, tanggal lahir" not in lines and "" not in lines.values()
