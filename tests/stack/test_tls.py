"""HTTPS without a domain: whoever trusts the installation's authority connects, and it is good for nothing else."""

import ipaddress
import json
import ssl
import stat
import subprocess
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from rich.console import Console

from sakpore.stack import Stack, StackError, installation, tls
from sakpore.stack.background import BackgroundStack
from sakpore.stack.display import Display
from tests.stack_fixture import system_environment

NOW = datetime.now(UTC)
NAMES = ("192.168.7.20", "localhost", "kantor-contoh", "127.0.0.1", "::1")


def verified(authority: Path, leaf: Path, name: str) -> bool:
    """What OpenSSL says, which is somebody else's reading of the standard than the one that made them."""
    kind = "-verify_ip" if name.replace(".", "").isdigit() or ":" in name else "-verify_hostname"
    run = subprocess.run(
        ("openssl", "verify", "-x509_strict", "-CAfile", str(authority), kind, name, str(leaf)), capture_output=True
    )
    return run.returncode == 0


def test_the_certificate_is_good_for_every_name_of_the_machine_and_no_other(tmp_path: Path) -> None:
    made = tls.ensure(tmp_path / "tls", NAMES, NOW)
    assert all(verified(made.authority, made.certificate, name) for name in NAMES)
    assert not verified(made.authority, made.certificate, "192.168.7.21")
    assert not verified(made.authority, made.certificate, "contoh.invalid")


def test_keys_are_for_their_owner_alone_and_what_is_made_is_told(tmp_path: Path) -> None:
    made = tls.ensure(tmp_path / "tls", NAMES, NOW)
    for path in (tmp_path / "tls" / "ca.key", made.key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "tls").stat().st_mode) == 0o700
    assert len(made.notes) == 2
    assert tls.ensure(tmp_path / "tls", NAMES, NOW).notes == ()


def test_a_stolen_authority_cannot_pass_for_another_site(tmp_path: Path) -> None:
    made = tls.ensure(tmp_path / "tls", NAMES, NOW)
    folder = tmp_path / "tls"
    authority = x509.load_pem_x509_certificate(made.authority.read_bytes())
    for name in ("contoh.invalid", "8.8.8.8"):
        tls._issue(folder, authority, tls._load_key(folder / "ca.key"), (name,), NOW)
        assert not verified(made.authority, made.certificate, name)


def test_a_short_certificate_is_renewed_under_the_same_authority(tmp_path: Path) -> None:
    before = tls.ensure(tmp_path / "tls", NAMES, NOW)
    leaf = before.certificate.read_bytes()
    later = NOW + timedelta(days=tls.LEAF_DAYS) - tls.RENEW_BEFORE + timedelta(days=1)
    after = tls.ensure(tmp_path / "tls", NAMES, later)
    assert after.fingerprint == before.fingerprint
    assert after.certificate.read_bytes() != leaf


def test_a_new_address_of_the_machine_needs_no_new_trust(tmp_path: Path) -> None:
    before = tls.ensure(tmp_path / "tls", NAMES, NOW)
    moved = tls.ensure(tmp_path / "tls", ("10.1.2.3", *NAMES), NOW)
    assert moved.fingerprint == before.fingerprint
    assert verified(moved.authority, moved.certificate, "10.1.2.3")


def test_a_name_that_the_authority_is_not_for_makes_another_one_and_says_so(tmp_path: Path) -> None:
    before = tls.ensure(tmp_path / "tls", NAMES, NOW)
    other = tls.ensure(tmp_path / "tls", ("izin.contoh.invalid", *NAMES), NOW)
    assert other.fingerprint != before.fingerprint
    assert any("trust the new one" in note for note in other.notes)
    assert verified(other.authority, other.certificate, "izin.contoh.invalid")


@pytest.mark.parametrize("damage", ["open", "torn"])
def test_keys_that_cannot_be_used_stop_the_start_with_one_sentence(tmp_path: Path, damage: str) -> None:
    tls.ensure(tmp_path / "tls", NAMES, NOW)
    key = tmp_path / "tls" / "ca.key"
    key.chmod(0o644) if damage == "open" else key.write_text("tidak")
    with pytest.raises(StackError, match="does not hold usable certificates"):
        tls.ensure(tmp_path / "tls", NAMES, NOW)


def test_the_machine_is_known_by_its_names_and_private_addresses() -> None:
    names = tls.names_of_machine("https://izin.contoh.invalid:8443")
    assert names[0] == "izin.contoh.invalid"
    assert {"localhost", "127.0.0.1", "::1"} <= set(names)
    assert all(ipaddress.ip_address(str(one)).is_private for one in tls.lan_addresses())


def test_an_address_without_https_and_tls_contradict_each_other(tmp_path: Path) -> None:
    folders = installation.open_folders(tmp_path)
    with pytest.raises(StackError, match="not https"):
        installation.secure_base_url(folders, {"PUBLIC_BASE_URL": "http://izin.contoh.invalid"}, 8080)
    given = {"PUBLIC_BASE_URL": "https://izin.contoh.invalid/"}
    assert installation.secure_base_url(folders, given, 8080) == "https://izin.contoh.invalid"


def test_the_secure_address_is_decided_once_beside_the_plain_one(tmp_path: Path) -> None:
    folders = installation.open_folders(tmp_path)
    plain = installation.public_base_url(folders, {}, 8081)
    secure = installation.secure_base_url(folders, {}, 8081)
    assert secure.startswith("https://") and secure.endswith(":8081")
    assert installation.secure_base_url(folders, {}, 9999) == secure
    kept = json.loads((tmp_path / "installation.json").read_text())
    assert kept == {"public_base_url": plain, "secure_base_url": secure}


def test_a_client_that_trusts_the_authority_connects_and_cookies_are_for_https_alone(tmp_path: Path) -> None:
    stack = Stack(tmp_path, ports={"api": 0}, only=("api",), environment=system_environment(), tls=True)
    with BackgroundStack(stack) as running:
        address, authority = running.addresses["api"], running.addresses["authority"]
        assert address.startswith("https://localhost:")
        assert running.addresses["public"].startswith("https://")
        trusting = ssl.create_default_context(cafile=authority)
        with httpx.Client(base_url=address, verify=trusting, timeout=30) as client:
            form = client.get("/masuk")
            assert form.status_code == 200
            assert "strict-transport-security" not in form.headers
            cookie = form.headers["set-cookie"]
            assert cookie.startswith("__Host-sakpore_form=") and "Secure" in cookie and "Path=/" in cookie
            page = client.get("/ca")
            assert stack.tls is not None and stack.tls.fingerprint in page.text
            served = x509.load_der_x509_certificate(client.get("/ca.crt").content)
            assert tls.fingerprint_of(served) == stack.tls.fingerprint
        port = address.rpartition(":")[2]
        assert httpx.get(f"https://127.0.0.1:{port}/masuk", verify=trusting, timeout=30).status_code == 200
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(f"{address}/masuk", timeout=30)


def test_people_are_told_how_a_phone_comes_to_trust_it(tmp_path: Path) -> None:
    made = tls.ensure(tmp_path / "tls", NAMES, NOW)
    said = StringIO()
    Display(Console(file=said, width=200, soft_wrap=True)).trust(made, "https://192.168.7.20:8080")
    text = said.getvalue()
    assert "https://192.168.7.20:8080/ca" in text and made.fingerprint in text
    assert "Passkeys need a name" in text
