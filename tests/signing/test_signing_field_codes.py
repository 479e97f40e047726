"""Offline codes: what this office's key signed is read, nothing else is, and a rotation leaves old cards readable."""

import base64
import os
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from warnings import catch_warnings, simplefilter

import cbor2
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import CodeUnreadable, ProviderUnavailable
from signing.field_code import LONGEST_TEXT, PREFIX, FieldClaims, field_code, read_field_code
from signing.field_keys import FieldKeys, PublicFieldKey, published_keys

NOW = datetime(2026, 12, 4, 3, 0, tzinfo=UTC)
CLAIMS = FieldClaims(
    verification_code="7Q2MZK4XWB3FJ5T8.3fj5t2hr6vnc4d7a",
    number="503/0012/KPT/XII/2026",
    title="Kartu Pengawas Trayek",
    holder="CV Contoh Angkutan",
    letter_date=date(2026, 12, 4),
    valid_until=date(2027, 12, 4),
    lines=(("Nomor kendaraan", "G 0000 XX"), ("Trayek", "Terminal Contoh - Pasar Contoh")),
    practice=False,
    made_at=NOW,
)


@pytest.fixture
def keys(tmp_path: Path) -> FieldKeys:
    return FieldKeys.create(tmp_path / "field.pem", tmp_path / "field-keys.json", NOW - timedelta(days=1))


def published(keys: FieldKeys) -> tuple[PublicFieldKey, ...]:
    return published_keys(keys.public_path)


def unpacked(text: str) -> bytes:
    body = text.removeprefix(PREFIX)
    return base64.b32decode(body + "=" * (-len(body) % 8))


def packed(signed: bytes) -> str:
    return PREFIX + base64.b32encode(signed).decode().rstrip("=")


def test_a_code_says_what_was_put_into_it(keys: FieldKeys) -> None:
    assert read_field_code(field_code(CLAIMS, keys.signing_key()), published(keys)) == CLAIMS
    endless = replace(CLAIMS, valid_until=None, lines=(), practice=True)
    assert read_field_code(field_code(endless, keys.signing_key()), published(keys)) == endless


def test_the_same_claims_make_the_same_code(keys: FieldKeys) -> None:
    assert field_code(CLAIMS, keys.signing_key()) == field_code(CLAIMS, keys.signing_key())


def test_an_independent_cose_library_reads_and_verifies_it(keys: FieldKeys) -> None:
    with catch_warnings():
        simplefilter("ignore")
        from cwt import COSE, COSEKey
    (known,) = published(keys)
    pem = known.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    code = unpacked(field_code(CLAIMS, keys.signing_key()))
    payload = COSE.new().decode(code, COSEKey.from_pem(pem, kid=known.kid))
    claims = cbor2.loads(payload)
    assert claims[7] == CLAIMS.verification_code.encode()
    assert claims[4] == int(datetime(2027, 12, 4, 17, tzinfo=UTC).timestamp())  # the end of that day in Pekalongan


def test_every_changed_bit_is_noticed(keys: FieldKeys) -> None:
    signed, known = unpacked(field_code(CLAIMS, keys.signing_key())), published(keys)
    for place in range(len(signed)):
        changed = bytes((*signed[:place], signed[place] ^ 1 << place % 8, *signed[place + 1 :]))
        with pytest.raises(CodeUnreadable):
            read_field_code(packed(changed), known)


def test_another_offices_key_is_not_ours(keys: FieldKeys, tmp_path: Path) -> None:
    other = FieldKeys.create(tmp_path / "other.pem", tmp_path / "other.json", NOW - timedelta(days=1))
    forged = field_code(CLAIMS, replace(other.signing_key(), kid=keys.signing_key().kid))
    for text in (forged, field_code(CLAIMS, other.signing_key())):
        with pytest.raises(CodeUnreadable):
            read_field_code(text, published(keys))


@given(st.binary(max_size=300))
def test_no_strangers_bytes_are_anything_but_unreadable(content: bytes) -> None:
    key = PublicFieldKey(bytes(8), bytes(32), bytes(32), NOW)
    header = b"\xa2\x01\x26\x04\x48" + bytes(8)
    for signed in (content, cbor2.dumps(cbor2.CBORTag(18, [header, {}, content, bytes(64)]))):
        with pytest.raises(CodeUnreadable):
            read_field_code(packed(signed), (key,))


@pytest.mark.parametrize("text", ["", PREFIX, "SKP2:" + "A" * 100, PREFIX + "1" * 100, PREFIX + "A" * 5000, "é" * 50])
def test_other_texts_are_no_codes(text: str, keys: FieldKeys) -> None:
    with pytest.raises(CodeUnreadable):
        read_field_code(text, published(keys))


@pytest.mark.parametrize("letter", ["A", "é", "𝄞", "\ud800", "\n"])
def test_a_code_always_fits_however_long_the_answers_are(letter: str, keys: FieldKeys) -> None:
    long = replace(CLAIMS, holder=letter * 9000, title=letter * 9000, lines=((letter * 900, letter * 900),) * 9)
    text = field_code(long, keys.signing_key())
    assert len(text) <= LONGEST_TEXT
    assert read_field_code(text, published(keys)).number == CLAIMS.number


def test_a_retired_key_still_reads_its_cards_and_the_new_one_signs(keys: FieldKeys) -> None:
    old = field_code(CLAIMS, keys.signing_key())
    keys.rotate(NOW + timedelta(days=30))
    first, second = published(keys)
    assert first.not_after is not None and second.not_after is None and first.kid != second.kid
    assert keys.signing_key().kid == second.kid
    assert read_field_code(old, published(keys)) == CLAIMS
    fresh = replace(CLAIMS, made_at=NOW + timedelta(days=31))
    assert read_field_code(field_code(fresh, keys.signing_key()), published(keys)) == fresh


def test_a_code_made_after_its_key_was_retired_is_refused(keys: FieldKeys) -> None:
    stolen = keys.signing_key()
    keys.rotate(NOW)
    later = replace(CLAIMS, made_at=datetime.now(UTC) + timedelta(days=3650))
    with pytest.raises(CodeUnreadable):
        read_field_code(field_code(later, stolen), published(keys))


def test_a_revoked_key_reads_nothing_and_stays_published(keys: FieldKeys) -> None:
    old = field_code(CLAIMS, keys.signing_key())
    keys.rotate(NOW + timedelta(days=30), revoke=True)
    with pytest.raises(CodeUnreadable):
        read_field_code(old, published(keys))
    assert "revoked" in published(keys)[0].as_jwk()


def test_the_key_is_kept_over_restarts_and_refused_when_others_may_read_it(keys: FieldKeys) -> None:
    again = FieldKeys.create(keys.private_path, keys.public_path, NOW)
    assert again.signing_key().kid == keys.signing_key().kid and len(published(keys)) == 1
    assert os.stat(keys.private_path).st_mode & 0o777 == 0o600
    keys.private_path.chmod(0o640)
    with pytest.raises(ProviderUnavailable):
        keys.signing_key()


def test_a_lost_public_set_is_made_again_from_the_key(keys: FieldKeys) -> None:
    text = field_code(replace(CLAIMS, made_at=NOW + timedelta(hours=2)), keys.signing_key())
    keys.public_path.unlink()
    FieldKeys.create(keys.private_path, keys.public_path, NOW + timedelta(hours=1))
    assert read_field_code(text, published(keys)).number == CLAIMS.number


def test_a_key_that_is_not_published_signs_nothing(keys: FieldKeys) -> None:
    keys.public_path.write_text('{"keys": []}')
    with pytest.raises(ProviderUnavailable):
        keys.signing_key()


def test_the_published_set_holds_no_private_part(keys: FieldKeys) -> None:
    assert '"d"' not in keys.public_path.read_text()
    assert "PRIVATE" not in keys.public_path.read_text()
