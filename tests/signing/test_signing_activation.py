"""Sealed activations, one-time codes, verification codes."""

from __future__ import annotations

import io
import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from PIL import Image
from pydantic import SecretStr

from signing.activation import (
    Activation,
    SealingKeyPair,
    TotpProof,
    check_names_letter,
    check_step_up,
    open_envelope,
    seal,
)
from signing.errors import (
    ActivationExpired,
    CodeUnreadable,
    ConsentTooLong,
    EnvelopeUnreadable,
    LetterNotNamed,
    ProviderUnavailable,
    StepUpRefused,
)
from signing.qr import check_code, qr_png, qr_svg, verification_code
from signing.totp import code_of_step, matching_step, new_totp_secret, otpauth_uri, step_at, totp_now

NOW = datetime(2026, 3, 13, 9, 0, 10, tzinfo=UTC)
ONE, TWO = "a" * 64, "b" * 64
RFC_SECRET = b"12345678901234567890"
KEY = bytes(range(32))


def activation(code: str = "123456") -> Activation:
    return Activation("kepala", (ONE, TWO), TotpProof(code), SecretStr("frasa-rahasia"), NOW + timedelta(minutes=10))


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> SealingKeyPair:
    return SealingKeyPair.create(tmp_path_factory.mktemp("segel") / "kunci.pem")


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_one_time_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    moment = datetime.fromtimestamp(seconds, UTC)
    assert code_of_step(RFC_SECRET, step_at(moment), digits=8) == code
    assert totp_now(RFC_SECRET, moment) == code[2:]


def test_a_code_is_good_one_step_before_and_after_and_no_further() -> None:
    code = totp_now(RFC_SECRET, NOW)
    for steps, good in ((-2, False), (-1, True), (0, True), (1, True), (2, False)):
        found = matching_step(RFC_SECRET, code, NOW + timedelta(seconds=30 * steps))
        assert found == (step_at(NOW) if good else None)
    assert matching_step(RFC_SECRET, "１２３４５６", NOW) is None
    assert matching_step(RFC_SECRET, "", NOW) is None


def test_an_authenticator_app_reads_our_uri() -> None:
    secret = new_totp_secret()
    assert len(secret) == 20 and secret != new_totp_secret()
    uri = otpauth_uri(RFC_SECRET, "kepala@contoh", "Sakpore Contoh")
    assert uri.startswith("otpauth://totp/Sakpore%20Contoh%3Akepala%40contoh?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&")
    assert "issuer=Sakpore%20Contoh" in uri


def test_an_envelope_opens_to_what_was_sealed(pair: SealingKeyPair) -> None:
    envelope = seal(activation(), pair.public_key(), "akt-1")
    assert open_envelope(envelope, pair.private_key(), "akt-1") == activation()
    for inside in (b"frasa-rahasia", b"123456", ONE.encode(), b"kepala"):
        assert inside not in envelope


def test_an_envelope_opens_under_its_own_id_and_key_only(pair: SealingKeyPair, tmp_path: Path) -> None:
    envelope = seal(activation(), pair.public_key(), "akt-1")
    other = SealingKeyPair.create(tmp_path / "lain.pem")
    with pytest.raises(EnvelopeUnreadable):
        open_envelope(envelope, pair.private_key(), "akt-2")
    with pytest.raises(EnvelopeUnreadable):
        open_envelope(envelope, other.private_key(), "akt-1")
    assert open_envelope(envelope, [other.private_key(), pair.private_key()], "akt-1") == activation()


def test_a_changed_envelope_does_not_open(pair: SealingKeyPair) -> None:
    envelope = seal(activation(), pair.public_key(), "akt-1")
    for at in (0, 1, 20, len(envelope) // 2, len(envelope) - 1):
        changed = bytearray(envelope)
        changed[at] ^= 1
        with pytest.raises(EnvelopeUnreadable):
            open_envelope(bytes(changed), pair.private_key(), "akt-1")
    for broken in (b"", b"\x01", envelope[:-1], envelope + b"\0", b"\0" * 500_000):
        with pytest.raises(EnvelopeUnreadable):
            open_envelope(broken, pair.private_key(), "akt-1")


def test_an_envelope_of_the_first_version_is_still_read(pair: SealingKeyPair) -> None:
    body = {
        "officer_id": "kepala",
        "letter_sha256s": [ONE, TWO],
        "totp": "123456",
        "passphrase": "frasa-rahasia",
        "expires_at": (NOW + timedelta(minutes=10)).isoformat(),
    }
    suite = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)
    first = suite.encrypt(json.dumps(body).encode(), pair.public_key(), b"sakpore activation v1\0akt-1")
    assert open_envelope(b"\x01" + first, pair.private_key(), "akt-1") == activation()
    for version in (b"\x02", b"\x03"):
        with pytest.raises(EnvelopeUnreadable):
            open_envelope(version + first, pair.private_key(), "akt-1")


def test_a_consent_that_reaches_far_into_the_future_is_looked_at_by_nobody() -> None:
    stock = replace(activation(), expires_at=NOW + timedelta(minutes=16))
    with pytest.raises(ConsentTooLong):
        check_names_letter(stock, ONE, NOW)
    check_names_letter(stock, ONE, NOW + timedelta(minutes=1))


def test_an_activation_shows_neither_code_nor_passphrase() -> None:
    shown = repr(activation("654321"))
    assert "654321" not in shown and "frasa-rahasia" not in shown


def test_an_activation_names_letters_by_digest_and_ends_at_an_aware_time() -> None:
    with pytest.raises(ValueError, match="aware"):
        replace(activation(), expires_at=datetime(2026, 1, 1))  # noqa: DTZ001
    for letters in ((), ("A" * 64,), ("a" * 63,), ("a" * 64,) * 501):
        with pytest.raises(ValueError, match="letter"):
            replace(activation(), letter_sha256s=letters)


def test_the_pair_is_kept_over_restarts_and_private(tmp_path: Path) -> None:
    path = tmp_path / "a" / "kunci.pem"
    first = SealingKeyPair.create(path)
    kept = path.read_bytes(), first.public_path.read_bytes()
    second = SealingKeyPair.create(path)
    assert (path.read_bytes(), second.public_path.read_bytes()) == kept
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    with pytest.raises(ProviderUnavailable):
        SealingKeyPair.create(path)


def test_a_letter_has_to_be_named_and_in_time() -> None:
    check_names_letter(activation(), TWO, NOW)
    with pytest.raises(LetterNotNamed):
        check_names_letter(activation(), "c" * 64, NOW)
    with pytest.raises(ActivationExpired):
        check_names_letter(activation(), ONE, NOW + timedelta(minutes=10))


def test_a_one_time_code_serves_one_activation() -> None:
    secret = new_totp_secret()
    proof = activation(totp_now(secret, NOW))
    step = check_step_up(proof, secret, NOW, None)
    assert step == step_at(NOW)
    with pytest.raises(StepUpRefused):
        check_step_up(proof, secret, NOW, step)
    with pytest.raises(StepUpRefused):
        check_step_up(proof, secret, NOW, step, activation_id="akt-2", last_activation_id="akt-1")
    same = check_step_up(
        proof, secret, NOW + timedelta(minutes=5), step, activation_id="akt-1", last_activation_id="akt-1"
    )
    assert same == step


def test_the_same_activation_still_needs_the_right_code() -> None:
    secret = new_totp_secret()
    step = step_at(NOW)
    wrong = activation("000000" if totp_now(secret, NOW) != "000000" else "111111")
    with pytest.raises(StepUpRefused):
        check_step_up(wrong, secret, NOW, step, activation_id="akt-1", last_activation_id="akt-1")
    with pytest.raises(StepUpRefused):
        check_step_up(wrong, secret, NOW, None)


def test_an_older_step_does_not_follow_a_newer_one() -> None:
    secret = new_totp_secret()
    older = activation(totp_now(secret, NOW - timedelta(seconds=30)))
    with pytest.raises(StepUpRefused):
        check_step_up(older, secret, NOW, step_at(NOW))


def test_a_verification_code_gives_its_id_back_and_no_invented_one_does() -> None:
    code = verification_code("Xk2_9-abCD", KEY)
    assert check_code(code, KEY) == "Xk2_9-abCD"
    assert check_code(code.split(".")[0] + "." + code.split(".")[1].upper(), KEY) == "Xk2_9-abCD"
    assert check_code(code, bytes(32)) is None
    for wrong in (
        "",
        ".",
        "Xk2_9-abCD",
        "Xk2_9-abCD.",
        code[:-1],
        code + "a",
        "x" + code,
        code.replace("X", "x"),
        "é.é",
    ):
        assert check_code(wrong, KEY) is None


def test_a_verification_code_needs_a_proper_id_and_key() -> None:
    for wrong in ("", "abc", "a b c d", "a.b.c.d", "x" * 65):
        with pytest.raises(CodeUnreadable):
            verification_code(wrong, KEY)
    with pytest.raises(ValueError, match="short"):
        verification_code("abcd", b"pendek")


def test_the_qr_reads_back_as_the_url_with_its_quiet_zone() -> None:
    url = "http://localhost:8000/v/" + verification_code("Xk2_9-abCD", KEY)
    picture = np.array(Image.open(io.BytesIO(qr_png(url, 4))).convert("L"))
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == url
    assert found.ec_level == "M"
    assert (picture[:16] == 255).all() and (picture[:, -16:] == 255).all()
    assert not (picture[16] == 255).all()
    svg = qr_svg(url)
    assert "<svg" in svg and "</svg>" in svg and "<script" not in svg
