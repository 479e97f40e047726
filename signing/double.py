"""The demonstration authority: a stand-in for BSrE, with root, intermediate, officers, timestamps, OCSP and CRLs.

Built on certomancer, with keys made once per installation and kept in its folder (0600); nothing of it is ever
committed. Every name says "CONTOH - bukan BSrE", and building or serving it warns.

Certificates carry no addresses of CRLs or OCSP responders: the ports of a demo move with every start and are gone when
its letters are judged later, while certificates stay. Signing and verification therefore read root.pem,
intermediates.pem and crls.pem of this folder (the signing pipeline embeds them into every letter); the HTTP services
are for timestamps and for other verifiers that are configured with an address.

    DIR/root.pem  intermediates.pem  crls.pem  certs/<signer_id>.pem  p12/<signer_id>.p12  keys/  authority.json

Officers' private keys exist only inside their p12, encrypted with the passphrase they were created with.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import secrets
import signal
import sys
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fcntl import LOCK_EX, flock
from pathlib import Path
from typing import Any

from asn1crypto import crl, pem
from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import ArchLabel, CertLabel, KeyLabel, PKIArchitecture
from certomancer.services import CRLBuilder, choose_signed_digest
from cryptography import x509 as pyca_x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from pydantic import SecretStr
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from signing.double_layout import ARCH, AUTHORITIES, MARK, SERVICES, architecture
from signing.errors import DemoPkiError

CRL_LIFE = timedelta(days=800)
CRL_MINIMUM_LEFT = timedelta(days=430)
TSA_PATH = f"/{ARCH}/tsa/tsa"

log = logging.getLogger(__name__)


class DemoPkiWarning(UserWarning):
    """Someone built the stand-in authority: its signatures prove nothing about a real person."""


@dataclass(frozen=True)
class DemoOfficer:
    """A fictional officer who gets a certificate of the demonstration authority."""

    signer_id: str  # file name stem; letters, digits, dot, dash and underscore
    name: str  # common name; plainly fictional
    valid_from: datetime | None = None  # aware; default: when the authority began
    valid_to: datetime | None = None  # aware; default: five years after it began


class DemoPki:
    """The authority in one folder. `create` is idempotent; `load` reads what is there."""

    def __init__(self, folder: Path, state: dict[str, Any]) -> None:
        self.folder = folder
        self._state = state
        self._arch = architecture(folder, state)

    @classmethod
    def create(
        cls,
        folder: Path,
        officers: Sequence[DemoOfficer],
        passphrases: Mapping[str, str | SecretStr],
        *,
        installation: str | None = None,
    ) -> DemoPki:
        """Make the authority, or add what is missing to it.

        Keys and certificates are written once; an officer who is there keeps key, certificate and first passphrase.
        CRLs are renewed when less than 430 days are left. Raises DemoPkiError (an officer without passphrase, a bad
        signer id).
        """
        warnings.warn(
            f"Demonstration authority in {folder.name}: {MARK}. Never use it for real permits.",
            DemoPkiWarning,
            stacklevel=2,
        )
        folder.mkdir(parents=True, exist_ok=True)
        with _exclusive(folder):
            state = _read_state(folder) or _new_state(installation or secrets.token_hex(4))
            _ensure_authority_keys(folder, state)
            for officer in officers:
                _ensure_officer(folder, state, officer, passphrases)
            _write_state(folder, state)
            pki = cls(folder, state)
            pki._publish()
            pki._renew_crls(force=False)
            for officer in officers:
                pki._pack(officer.signer_id, passphrases)
            return pki

    @classmethod
    def load(cls, folder: Path) -> DemoPki:
        """Open an authority made before; renews CRLs that near their end. Raises DemoPkiError when there is none."""
        with _exclusive(folder):
            state = _read_state(folder)
            if state is None:
                raise DemoPkiError("Folder otoritas contoh belum dibuat.")
            pki = cls(folder, state)
            pki._renew_crls(force=False)
            return pki

    def certificate(self, signer_id: str) -> bytes:
        """The officer's certificate, DER."""
        path = self.folder / "certs" / f"{signer_id}.pem"
        if not path.is_file():
            raise DemoPkiError("Tidak ada pejabat contoh dengan nama itu.")
        return pem.unarmor(path.read_bytes())[2]  # type: ignore[no-any-return]

    def revoke(self, signer_id: str, at: datetime | None = None, reason: str = "key_compromise") -> None:
        """Put the officer's certificate on the CRL from `at` (aware; default now) and into the OCSP answers."""
        with _exclusive(self.folder):
            state = _read_state(self.folder) or self._state
            if signer_id not in state["officers"]:
                raise DemoPkiError("Tidak ada pejabat contoh dengan nama itu.")
            state["revoked"][signer_id] = {"since": (at or datetime.now(UTC)).isoformat(), "reason": reason}
            _write_state(self.folder, state)
            self._state, self._arch = state, architecture(self.folder, state)
            self._renew_crls(force=True)

    def wsgi(self) -> Animator:
        """The HTTP services: timestamps, OCSP and the CRLs of this folder."""
        return _Services(self._arch, self.folder)

    def _publish(self) -> None:
        for label in (*AUTHORITIES, *SERVICES, *self._state["officers"]):
            path = self.folder / "certs" / f"{label}.pem"
            if not path.exists():
                _write(path, pem.armor("CERTIFICATE", self._arch.get_cert(CertLabel(label)).dump()))
        _write(self.folder / "root.pem", (self.folder / "certs" / "root.pem").read_bytes())
        _write(self.folder / "intermediates.pem", (self.folder / "certs" / "intermediate.pem").read_bytes())

    def _renew_crls(self, force: bool) -> None:
        path = self.folder / "crls.pem"
        now = datetime.now(UTC).replace(microsecond=0)
        if not force and path.is_file() and _crl_time_left(path, now) > CRL_MINIMUM_LEFT:
            return
        number = int(self._state.get("crl_number", 0)) + 1
        lists = {issuer: self._crl(issuer, number, now) for issuer in AUTHORITIES}
        for issuer, revoked in lists.items():
            _write(self.folder / "crls" / f"{issuer}.crl", revoked.dump())
        _write(path, b"".join(pem.armor("X509 CRL", revoked.dump()) for revoked in lists.values()))
        self._state["crl_number"] = number
        _write_state(self.folder, self._state)

    def _crl(self, issuer: str, number: int, now: datetime) -> crl.CertificateList:
        key = self._arch.key_set.get_asym_key(KeyLabel(issuer))
        certificate = self._arch.get_cert(CertLabel(issuer))
        builder = CRLBuilder(
            issuer_name=certificate.subject,
            issuer_key=key.private,
            signature_algo=choose_signed_digest("sha256", key.public),
            authority_key_identifier=certificate.key_identifier_value,
        )
        revoked = []
        for signer_id, entry in self._state["revoked"].items():
            if issuer == "intermediate":
                serial = self._arch.get_cert(CertLabel(signer_id)).serial_number
                since = datetime.fromisoformat(entry["since"])
                revoked.append(CRLBuilder.format_revoked_cert(serial, crl.CRLReason(entry["reason"]), since))
        return builder.build_crl(number, now - timedelta(minutes=1), now + CRL_LIFE, revoked)

    def _pack(self, signer_id: str, passphrases: Mapping[str, str | SecretStr]) -> None:
        target = self.folder / "p12" / f"{signer_id}.p12"
        fresh = self.folder / "keys" / f"{signer_id}.fresh"
        if target.exists():
            fresh.unlink(missing_ok=True)
            return
        secret = _plain(passphrases[signer_id])
        key, _, _ = pkcs12.load_key_and_certificates(fresh.read_bytes(), secret)
        chain = [self._arch.get_cert(CertLabel(label)).dump() for label in reversed(AUTHORITIES)]
        packed = pkcs12.serialize_key_and_certificates(
            signer_id.encode(),
            key,  # type: ignore[arg-type]
            pyca_x509.load_der_x509_certificate(self.certificate(signer_id)),
            [pyca_x509.load_der_x509_certificate(der) for der in chain],
            BestAvailableEncryption(secret),
        )
        _write(target, packed, 0o600)
        fresh.unlink()


class _Services(Animator):
    """Certomancer's web application, without its page of files, with the CRLs that are on disk."""

    def __init__(self, arch: PKIArchitecture, folder: Path) -> None:
        super().__init__(AnimatorArchStore({ArchLabel(ARCH): arch}), with_web_ui=False, allow_time_override=False)
        self._folder = folder

    def serve_crl(self, request: Request, *, label: Any, arch: str, crl_no: Any, use_pem: bool) -> Response:
        """Serve the newest list of one issuer, as written to the folder."""
        path = self._folder / "crls" / f"{label}.crl"
        if arch != ARCH or crl_no is not None or str(label) not in AUTHORITIES:
            return Response(status=404)
        data = path.read_bytes()
        if use_pem:
            return Response(pem.armor("X509 CRL", data), mimetype="application/x-pem-file")
        return Response(data, mimetype="application/pkix-crl")


def tsa_url(port: int, host: str = "127.0.0.1") -> str:
    """Address of the timestamp service of `serve`."""
    return f"http://{host}:{port}{TSA_PATH}"


def serve(folder: Path, port: int, host: str = "127.0.0.1") -> None:
    """Serve until SIGTERM or SIGINT. Prints one ready line to stdout when the socket listens."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    log.warning("Serving the demonstration authority, not BSrE")
    server = make_server(host, port, DemoPki.load(folder).wsgi(), threaded=True)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
    thread.start()
    sys.stdout.write(f"ready {tsa_url(server.server_port, host)} ({MARK})\n")
    sys.stdout.flush()
    stop.wait()
    server.shutdown()
    thread.join(timeout=5)
    server.server_close()


def main(arguments: Sequence[str] | None = None) -> int:
    """`python -m signing.double serve --dir D --port P`."""
    parser = argparse.ArgumentParser(prog="signing.double", description=f"Demonstration authority ({MARK})")
    commands = parser.add_subparsers(required=True, dest="command")
    serving = commands.add_parser("serve", help="TSA, OCSP and CRLs over HTTP on the loopback")
    serving.add_argument("--dir", type=Path, required=True)
    serving.add_argument("--port", type=int, required=True)
    options = parser.parse_args(arguments)
    try:
        serve(options.dir, options.port)
    except (DemoPkiError, OSError) as failure:
        sys.stderr.write(f"signing.double: {failure}\n")
        return 1
    return 0


def _new_state(installation: str) -> dict[str, Any]:
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    return {
        "began": began.isoformat(),
        "installation": installation,
        "serials": {label: _serial() for label in (*AUTHORITIES, *SERVICES)},
        "officers": {},
        "revoked": {},
    }


def _serial() -> int:
    return secrets.randbits(120) | 1 << 120


def _ensure_authority_keys(folder: Path, state: dict[str, Any]) -> None:
    for label in state["serials"]:
        path = folder / "keys" / f"{label}.pem"
        if label not in state["officers"] and not path.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            _write(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)


def _ensure_officer(
    folder: Path, state: dict[str, Any], officer: DemoOfficer, passphrases: Mapping[str, str | SecretStr]
) -> None:
    """The officer's key: RSA 3072, since pyHanko declares PDF 2.0 for elliptic curves, which PDF/A-2 forbids."""
    if not officer.signer_id or not officer.signer_id.replace("-", "").replace("_", "").replace(".", "").isalnum():
        raise DemoPkiError("Id pejabat contoh hanya boleh huruf, angka, titik, strip dan garis bawah.")
    if officer.signer_id in (*AUTHORITIES, *SERVICES):
        raise DemoPkiError("Id pejabat contoh itu dipakai oleh otoritas.")
    public = folder / "keys" / f"{officer.signer_id}.pub.pem"
    if officer.signer_id in state["officers"] and public.exists():
        return
    if officer.signer_id not in passphrases:
        raise DemoPkiError("Pejabat contoh tanpa frasa sandi.")
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    sealed = pkcs12.serialize_key_and_certificates(
        None, key, None, None, BestAvailableEncryption(_plain(passphrases[officer.signer_id]))
    )
    _write(folder / "keys" / f"{officer.signer_id}.fresh", sealed, 0o600)
    _write(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    began = datetime.fromisoformat(state["began"])
    dated = replace(
        officer,
        valid_from=officer.valid_from or began,
        valid_to=officer.valid_to or began + timedelta(days=5 * 365),
    )
    assert dated.valid_from is not None and dated.valid_to is not None
    state["serials"][officer.signer_id] = _serial()
    state["officers"][officer.signer_id] = {
        "name": officer.name,
        "valid_from": dated.valid_from.isoformat(),
        "valid_to": dated.valid_to.isoformat(),
    }


def _crl_time_left(path: Path, now: datetime) -> timedelta:
    ends = [
        crl.CertificateList.load(der)["tbs_cert_list"]["next_update"].native
        for _, _, der in pem.unarmor(path.read_bytes(), multiple=True)
    ]
    return min(ends) - now  # type: ignore[no-any-return]


def _read_state(folder: Path) -> dict[str, Any] | None:
    path = folder / "authority.json"
    if not path.is_file():
        return None
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
    except ValueError as failure:
        raise DemoPkiError("Berkas authority.json otoritas contoh tidak terbaca.") from failure
    return found


def _write_state(folder: Path, state: dict[str, Any]) -> None:
    _write(folder / "authority.json", json.dumps(state, indent=1).encode())


def _write(path: Path, data: bytes, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_file() and path.read_bytes() == data:
        return
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    scratch.replace(path)


@contextmanager
def _exclusive(folder: Path) -> Iterator[None]:
    if not folder.is_dir():
        raise DemoPkiError("Folder otoritas contoh tidak ada.")
    with (folder / ".lock").open("w") as lock:
        flock(lock, LOCK_EX)
        yield


def _plain(secret: str | SecretStr) -> bytes:
    return (secret.get_secret_value() if isinstance(secret, SecretStr) else secret).encode()


if __name__ == "__main__":
    raise SystemExit(main())
