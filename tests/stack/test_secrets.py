"""Secrets are made once, readable by their owner alone, and never silently replaced."""

import base64
from pathlib import Path

import pytest

from sakpore.secrets import load_or_create, write_private


def test_secrets_are_the_same_at_every_start(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = load_or_create(path)
    assert load_or_create(path) == first
    assert path.stat().st_mode & 0o777 == 0o600


def test_two_installations_share_no_secret(tmp_path: Path) -> None:
    one, other = load_or_create(tmp_path / "one.json"), load_or_create(tmp_path / "other.json")
    assert not set(vars(one).values()) & set(vars(other).values())


def test_keys_have_the_size_of_an_aes_256_key(tmp_path: Path) -> None:
    secrets = load_or_create(tmp_path / "secrets.json")
    key_id, _, key = secrets.payload_keys.partition(":")
    assert key_id == "p1"
    assert len(base64.b64decode(key, validate=True)) == 32
    assert len(base64.b64decode(secrets.qr_key, validate=True)) == 32


def test_damaged_secrets_are_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    path.write_text('{"payload_keys": "p1:')
    with pytest.raises(ValueError, match="backup"):
        load_or_create(path)
    assert path.read_text() == '{"payload_keys": "p1:'


def test_a_secret_is_not_shown_by_repr(tmp_path: Path) -> None:
    secrets = load_or_create(tmp_path / "secrets.json")
    assert secrets.qr_key not in repr(secrets)


def test_a_private_file_is_replaced_with_narrow_permissions(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    path.write_text("old")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]
