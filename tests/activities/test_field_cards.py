"""A permit for the field gets a card whose code says what an inspector compares, and nothing more of its holder."""

import dataclasses
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from temporalio.exceptions import ApplicationError

from activities.drafting import FIELD_KEY_UNUSABLE, ComposeLetter, LetterDesk
from permits.definition import LetterForm
from permits.definition_loader import load_definitions
from permits.steps import LetterRef
from signing.field_code import FieldClaims, read_field_code
from signing.field_keys import FieldKeys, published_keys
from store.tables import ApplicationRow
from tests.letters import samples

BASE = "https://sakpore.contoh.example"
ANSWERS = {
    "company_name": "CV Contoh Angkutan", "route": "Terminal Contoh - Pasar Contoh", "vehicle_number": "G 0000 XX",
}  # fmt: skip


@pytest.fixture
def keys(tmp_path: Path) -> FieldKeys:
    return FieldKeys.create(tmp_path / "k.pem", tmp_path / "k.json", datetime.now(UTC) - timedelta(minutes=1))


def desk(keys: FieldKeys | None) -> LetterDesk:
    return LetterDesk(cast(Any, None), cast(Any, None), BASE, bytes(32), True, "test", keys)


def order() -> ComposeLetter:
    definition = next(one for one in load_definitions() if (one.code, one.version) == ("kartu-pengawas-trayek", 2))
    letter = LetterRef(
        number="PRM-2026-000001", purpose="permit", series="KPT", year=2026, sequence=12,
        number_text="503/0012/KPT/III/2026", letter_date=date(2026, 3, 27), status="reserved",
    )  # fmt: skip
    return ComposeLetter(
        number="PRM-2026-000001", letter=letter, letter_date=date(2026, 3, 27), permit_type=definition.code,
        form=definition.letter, fields=definition.form, head_signs=True,
    )  # fmt: skip


def carded(keys: FieldKeys | None) -> samples.LetterInput:
    without = {"field_code": None, "field_facts": (), "qr_url": f"{BASE}/v/K.x"}
    plain = samples.kartu_pengawas().model_copy(update=without)
    case = cast(ApplicationRow, SimpleNamespace(data=ANSWERS))
    return desk(keys)._with_field_card(plain, order(), case, "CV Contoh Angkutan", datetime.now(UTC))


def test_a_retry_makes_the_same_code_and_one_after_a_rotation_a_good_one(keys: FieldKeys) -> None:
    plain = samples.kartu_pengawas().model_copy(update={"field_code": None, "qr_url": f"{BASE}/v/K.x"})
    case, asked_at = cast(ApplicationRow, SimpleNamespace(data=ANSWERS)), datetime.now(UTC) - timedelta(seconds=30)
    first, again = (desk(keys)._with_field_card(plain, order(), case, "x", asked_at) for _ in range(2))
    assert first == again
    keys.rotate(datetime.now(UTC))
    code = desk(keys)._with_field_card(plain, order(), case, "x", asked_at).field_code
    assert code is not None and code != first.field_code
    assert read_field_code(code.partition("#")[2], published_keys(keys.public_path)).number == plain.number


def test_the_code_says_what_the_definition_lets_inspectors_compare(keys: FieldKeys) -> None:
    letter = carded(keys)
    assert letter.field_code is not None and letter.field_code.startswith(f"{BASE}/v/luring#SKP1:")
    claims = read_field_code(letter.field_code.partition("#")[2], published_keys(keys.public_path))
    assert claims.lines == (("Nomor kendaraan", "G 0000 XX"), ("Trayek", "Terminal Contoh - Pasar Contoh"))
    assert (claims.verification_code, claims.number) == ("K.x", letter.number)
    assert (claims.letter_date, claims.valid_until) == (letter.date, letter.valid_until)
    assert {each.name for each in dataclasses.fields(FieldClaims)} == {
        "verification_code", "number", "title", "holder", "letter_date", "valid_until", "lines", "practice", "made_at",
    }  # fmt: skip


def test_the_card_shows_what_its_code_says(keys: FieldKeys) -> None:
    facts = dict(carded(keys).field_facts)
    assert facts == {
        "Pemegang izin": "CV Contoh Angkutan", "Nomor kendaraan": "G 0000 XX",
        "Trayek": "Terminal Contoh - Pasar Contoh", "Tanggal surat": "27 Maret 2026",
    }  # fmt: skip


def test_without_a_key_there_is_no_card(caplog: pytest.LogCaptureFixture) -> None:
    letter = carded(None)
    assert (letter.field_code, letter.field_facts) == (None, ())
    assert "no offline code" in caplog.text


def test_a_key_that_cannot_be_read_holds_the_letter_until_it_is_mended(keys: FieldKeys) -> None:
    keys.private_path.chmod(0o644)
    with pytest.raises(ApplicationError) as held:
        carded(keys)
    assert held.value.type == FIELD_KEY_UNUSABLE and not held.value.non_retryable


def test_types_that_are_inspected_have_a_card_and_others_have_none() -> None:
    newest = {one.code: one for one in load_definitions() if one.status == "published"}
    carded_types = {code for code, one in newest.items() if one.letter.field_card is not None}
    assert carded_types == {"izin-reklame-tetap", "kartu-pengawas-trayek"}
    assert LetterForm(template="umum", title="x", series="XX", number_template="x").field_card is None
