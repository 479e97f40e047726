"""HTTPS for one installation without a domain: a certificate authority of its own, made once and kept.

Cameras, service workers and passkeys work over HTTPS alone, and a phone in the same network has to trust whoever signs.
The authority's key stays on the machine (mode 0600) and its certificate is constrained (RFC 5280, 4.2.1.10) to names of
this machine and to private addresses, so that whoever steals the key cannot pass for another site.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from sakpore.secrets import write_private
from sakpore.stack.errors import StackError

AUTHORITY_YEARS = 10
LEAF_DAYS = 365
RENEW_BEFORE = timedelta(days=60)
EARLIER = timedelta(days=1)
"""Certificates begin a day ago: a phone's clock may be behind."""
PRIVATE = tuple(
    ipaddress.ip_network(network)
    for network in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"),
        *("::1/128", "fc00::/7", "fe80::/10"),
    )
)
NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Tls:
    """What the server is started with, and what people are told."""

    certificate: Path  # PEM: the leaf, then the authority
    key: Path
    authority: Path  # PEM
    names: tuple[str, ...]  # that the leaf is good for
    fingerprint: str  # SHA-256 of the authority's certificate, in pairs that can be read aloud
    notes: tuple[str, ...] = ()  # what was made just now


def ensure(folder: Path, wanted: Sequence[str], now: datetime) -> Tls:
    """The certificates for these host names and addresses; made, or renewed when short, where needed.

    Raises:
        StackError: a file is there and cannot be used.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    notes: list[str] = []
    try:
        authority, key = _authority(folder, wanted, now, notes)
        if not _is_good(folder, authority, wanted, now):
            _issue(folder, authority, key, wanted, now)
            notes.append(f"certificate made for {', '.join(wanted)}")
    except (ValueError, TypeError) as error:
        raise StackError(
            f"{folder} does not hold usable certificates ({error}); restore it, or remove it and trust a new authority."
        ) from error
    except OSError as error:
        raise StackError(f"{folder} cannot be used ({error.strerror}); correct its owner or mode.") from error
    return Tls(
        folder / "server.pem", folder / "server.key", folder / "ca.pem", tuple(wanted), fingerprint_of(authority),
        tuple(notes),
    )  # fmt: skip


def environment(tls: Tls, given: Mapping[str, str], base_url: str) -> dict[str, str]:
    """The variables of a run over HTTPS. Listens on every address, unless told otherwise."""
    return {
        "API_TLS_CERTIFICATE": str(tls.certificate),
        "API_TLS_KEY": str(tls.key),
        "API_TLS_AUTHORITY": str(tls.authority),
        "API_HOST": given.get("API_HOST") or "0.0.0.0",  # noqa: S104 - phones in the same network are to reach it
        "PUBLIC_BASE_URL": base_url,
    }


def names_of_machine(base_url: str = "") -> tuple[str, ...]:
    """Names and addresses by which this machine is reached here, the one of the public address first."""
    host = (urlsplit(base_url).hostname or "").lower()
    own = socket.gethostname().lower()
    names = [name for name in (host, "localhost", own, f"{own.partition('.')[0]}.local") if _usable(name)]
    return tuple(dict.fromkeys([*names, "127.0.0.1", "::1", *map(str, lan_addresses())]))


def lan_addresses() -> list[Address]:
    """Private addresses of this machine that others in its network can reach; the one of the way out first."""
    found: list[str] = []
    for family, anywhere in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        # Nothing is sent: connecting a datagram socket only chooses the address to send from.
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as asking:
            asking.connect((anywhere, 9))
            found.append(asking.getsockname()[0])
    with suppress(OSError):
        found += [str(info[4][0]) for info in socket.getaddrinfo(socket.gethostname(), None)]
    addresses = (ipaddress.ip_address(one.partition("%")[0]) for one in dict.fromkeys(found))
    return [one for one in addresses if _is_private(one) and not one.is_loopback and not one.is_link_local]


def fingerprint_of(certificate: x509.Certificate) -> str:
    """SHA-256 as certificate viewers show it: "3F:A0:...\""""
    return certificate.fingerprint(hashes.SHA256()).hex(":").upper()


def _usable(name: str) -> bool:
    return bool(name) and (NAME.fullmatch(name) is not None or _as_address(name) is not None)


def _as_address(name: str) -> Address | None:
    with suppress(ValueError):
        return ipaddress.ip_address(name)
    return None


def _is_private(address: Address) -> bool:
    return any(address in network for network in PRIVATE if network.version == address.version)


def _authority(
    folder: Path, wanted: Sequence[str], now: datetime, notes: list[str]
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    path, key_path = folder / "ca.pem", folder / "ca.key"
    if path.exists() and key_path.exists():
        certificate, key = x509.load_pem_x509_certificate(path.read_bytes()), _load_key(key_path)
        lasts = certificate.not_valid_after_utc - now > timedelta(days=LEAF_DAYS)
        if lasts and all(_permits(certificate, name) for name in wanted):
            return certificate, key
        notes.append("the authority of before was short or not for these names: trust the new one")
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _make_authority(key, wanted, now)
    _write_key(key_path, key)
    path.write_bytes(_pem(certificate))
    notes.append(f"certificate authority made in {folder}; devices have to trust it once")
    return certificate, key


def _make_authority(key: ec.EllipticCurvePrivateKey, wanted: Sequence[str], now: datetime) -> x509.Certificate:
    host = socket.gethostname()[:40]
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sakpore"),
            x509.NameAttribute(NameOID.COMMON_NAME, f"Sakpore {host}"),
        ]
    )
    names = [x509.DNSName(name) for name in (*wanted, "local") if _as_address(name) is None]
    own = [address for name in wanted if (address := _as_address(name)) and not _is_private(address)]
    networks = [*PRIVATE, *(ipaddress.ip_network(address) for address in own)]
    permitted = [*names, *(x509.IPAddress(network) for network in networks)]
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.NameConstraints(permitted, None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _permits(authority: x509.Certificate, name: str) -> bool:
    permitted = authority.extensions.get_extension_for_class(x509.NameConstraints).value.permitted_subtrees or []
    address = _as_address(name)
    if address is not None:
        return any(
            isinstance(one, x509.IPAddress) and address in ipaddress.ip_network(str(one.value)) for one in permitted
        )
    return any(
        isinstance(one, x509.DNSName) and (name == one.value or name.endswith(f".{one.value}")) for one in permitted
    )


def _is_good(folder: Path, authority: x509.Certificate, wanted: Sequence[str], now: datetime) -> bool:
    path = folder / "server.pem"
    if not path.exists() or not (folder / "server.key").exists():
        return False
    leaf = x509.load_pem_x509_certificates(path.read_bytes())[0]
    if leaf.not_valid_after_utc - now < RENEW_BEFORE:
        return False
    with suppress(Exception):
        leaf.verify_directly_issued_by(authority)
        _load_key(folder / "server.key")
        return set(wanted) <= _names_in(leaf)
    return False


def _names_in(leaf: x509.Certificate) -> set[str]:
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def _issue(
    folder: Path, authority: x509.Certificate, key: ec.EllipticCurvePrivateKey, wanted: Sequence[str], now: datetime
) -> None:
    own = ec.generate_private_key(ec.SECP256R1())
    names: list[x509.GeneralName] = []
    for name in wanted:
        address = _as_address(name)
        names.append(x509.IPAddress(address) if address else x509.DNSName(name))
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    leaf = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, wanted[0][:64])]))
        .issuer_name(authority.subject)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - EARLIER)
        .not_valid_after(now + timedelta(days=LEAF_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    _write_key(folder / "server.key", own)
    (folder / "server.pem").write_bytes(_pem(leaf) + _pem(authority))


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    write_private(path, pem.decode())


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    if os.stat(path).st_mode & 0o077:
        raise ValueError(f"{path.name} can be read by others; set its mode to 0600")
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{path.name} is not a key of ours")
    return key


def now() -> datetime:
    """Real time, aware."""
    return datetime.now(UTC)
