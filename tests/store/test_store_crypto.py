"""Sealing: what was sealed opens with its key in its context, and nothing else does; unsafe settings do not start."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from store.crypto import Keyring
from store.errors import KeyUnknown, SealBroken, SettingsUnsafe
from store.settings import StoreSettings

KEY_1 = "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
KEY_2 = "k2:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="
RING = Keyring.parse(KEY_1)


@given(st.binary(max_size=200), st.binary(max_size=50))
def test_what_is_sealed_opens_again(content: bytes, context: bytes) -> None:
    assert RING.open(RING.seal(content, context), context) == content


@given(st.data())
def test_any_changed_byte_is_noticed(data: st.DataObject) -> None:
    sealed = bytearray(RING.seal(b"3375010101900001", b"nik:a"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises((SealBroken, KeyUnknown)):
        RING.open(bytes(sealed), b"nik:a")


@given(st.binary(max_size=60))
def test_bytes_that_were_never_sealed_are_refused(junk: bytes) -> None:
    with pytest.raises((SealBroken, KeyUnknown)):
        RING.open(junk, b"")


def test_sealed_bytes_cut_anywhere_are_refused() -> None:
    sealed = RING.seal(b"isi", b"c")
    for length in range(len(sealed)):
        with pytest.raises((SealBroken, KeyUnknown)):
            RING.open(sealed[:length], b"c")


def test_a_seal_holds_in_its_own_context_alone() -> None:
    with pytest.raises(SealBroken):
        RING.open(RING.seal(b"3375", b"nik:a"), b"nik:b")


def test_two_seals_of_one_content_differ() -> None:
    assert RING.seal(b"3375", b"c") != RING.seal(b"3375", b"c")


def test_a_new_key_in_front_seals_and_the_old_one_still_opens() -> None:
    rotated = Keyring.parse(f"{KEY_2},{KEY_1}")
    assert rotated.open(RING.seal(b"isi", b"c"), b"c") == b"isi"
    with pytest.raises(KeyUnknown):
        RING.open(rotated.seal(b"isi", b"c"), b"c")


def test_a_fingerprint_goes_on_finding_after_a_rotation() -> None:
    rotated = Keyring.parse(f"{KEY_2},{KEY_1}")
    assert rotated.fingerprint("3375") == RING.fingerprint("3375") != RING.fingerprint("3376")
    assert "3375" not in RING.fingerprint("3375")


@pytest.mark.parametrize(
    "text", ["", "k1", "k1:", "k1:!!!", "k1:AAAA", f"{KEY_1},{KEY_1}", f" :{KEY_1[3:]}", f"{KEY_1},"]
)
def test_keys_that_cannot_be_read_are_refused_without_being_shown(text: str) -> None:
    with pytest.raises(ValueError) as refused:
        Keyring.parse(text)
    assert "AAAA" not in str(refused.value)


# Settings -------------------------------------------------------------------------------------------------------------

GOOD = {
    "database_url": "postgresql+psycopg://sakpore@db.contoh.invalid/sakpore",
    "s3_endpoint_url": "https://s3.contoh.invalid",
    "s3_access_key_id": "sakpore",
    "s3_secret_access_key": "0123456789abcdef0123",
    "document_keys": KEY_1,
    "sakpore_env": "production",
}


def test_safe_settings_start_in_production() -> None:
    assert StoreSettings.model_validate(GOOD).s3_bucket == "sakpore"


@pytest.mark.parametrize(
    "unsafe", [{"document_keys": f"demo-1{KEY_1[2:]}"}, {"s3_secret_access_key": "short"}, {"document_keys": "k1:AAAA"}]
)
def test_unsafe_settings_refuse_to_start_in_production(unsafe: dict[str, str]) -> None:
    with pytest.raises(SettingsUnsafe):
        StoreSettings.model_validate({**GOOD, **unsafe})


def test_another_database_driver_is_refused() -> None:
    with pytest.raises(ValidationError):
        StoreSettings.model_validate({**GOOD, "database_url": "sqlite:///x"})


def test_settings_never_show_their_secrets() -> None:
    shown = repr(StoreSettings.model_validate(GOOD))
    assert "0123456789abcdef0123" not in shown and "AAAA" not in shown
