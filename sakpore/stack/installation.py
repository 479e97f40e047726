"""One data folder and everything decided in it: its files, ports, secrets, and the environment made from them.

Whatever the caller's environment names (DATABASE_URL, TEMPORAL_ADDRESS, S3_ENDPOINT_URL, SMTP_HOST, SIGNING_TSA_URL)
is used as it is, and the embedded part for it is not started.
"""

import json
import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_urlsafe
from urllib.parse import urlsplit

from sakpore.ports import LOOPBACK, SEAWEED_GRPC_OFFSET, PortBook, PortTaken, Wish
from sakpore.secrets import InstallationSecrets, load_or_create, write_private
from sakpore.stack import engine, tls
from sakpore.stack.errors import PORT_TAKEN, StackError
from sakpore.stack.record import RunRecord

FREE_BYTES = 300 * 1024 * 1024
FIRST_API_PORT = 8080
# signing.double says the same; it is not imported for this, since it takes half a second.
TSA_PATH = "/contoh/tsa/tsa"
# What replaces an embedded part when the caller's environment has it.
REPLACED_BY = {
    "postgres": "DATABASE_URL",
    "temporal": "TEMPORAL_ADDRESS",
    "s3": "S3_ENDPOINT_URL",
    "mail": "SMTP_HOST",
    "pki": "SIGNING_TSA_URL",
}


@dataclass(frozen=True)
class Folders:
    """Where each thing lies below the data folder."""

    root: Path

    @property
    def record(self) -> Path:
        """What runs, for the next start and for people."""
        return self.root / "run.json"

    @property
    def logs(self) -> Path:
        """One log a part, the one before it beside it."""
        return self.root / "log"

    @property
    def mail(self) -> Path:
        """Messages taken by the stand-in mail server."""
        return self.root / "mail"

    @property
    def whatsapp(self) -> Path:
        """Messages taken by the stand-in for WhatsApp."""
        return self.root / "whatsapp"

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data and socket."""
        return self.root / "postgres"

    @property
    def temporal(self) -> Path:
        """The engine's database file."""
        return self.root / "temporal"

    @property
    def s3(self) -> Path:
        """The object store's volumes."""
        return self.root / "s3"

    @property
    def pki(self) -> Path:
        """The demonstration CA with its keys; for the double and the signing worker."""
        return self.root / "pki"

    @property
    def trust(self) -> Path:
        """What of the CA everyone may read: roots, intermediates, CRLs, certificates."""
        return self.root / "trust"

    @property
    def keys(self) -> Path:
        """The sealing key pair."""
        return self.root / "keys"


def open_folders(root: Path) -> Folders:
    """Make the data folder. Raises StackError when it cannot be used."""
    folders = Folders(root.expanduser().resolve())
    try:
        folders.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        for folder in (folders.logs, folders.mail, folders.temporal, folders.s3, folders.pki, folders.keys):
            folder.mkdir(mode=0o700, exist_ok=True)
        # As root, PostgreSQL runs under another account and has to pass through (x), not to read.
        folders.root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        probe = folders.root / ".writable"
        probe.touch(mode=0o600)
        probe.unlink()
    except OSError as error:
        raise StackError(
            f"The data folder {folders.root} cannot be used ({error.strerror}); correct its owner or choose another."
        ) from error
    free = shutil.disk_usage(folders.root).free
    if free < FREE_BYTES:
        raise StackError(
            f"The disk of {folders.root} has {free >> 20} MB left and needs {FREE_BYTES >> 20} MB; make room there."
        )
    return folders


def load_secrets(folders: Folders) -> InstallationSecrets:
    """The installation's secrets. Raises StackError when the file is there and cannot be used."""
    try:
        return load_or_create(folders.root / "secrets.json")
    except ValueError as error:
        raise StackError(f"{error}.") from error
    except OSError as error:
        raise StackError(
            f"{folders.root / 'secrets.json'} cannot be read ({error.strerror}); correct its mode."
        ) from error


def choose_ports(
    folders: Folders, given: Mapping[str, str], remembered: RunRecord | None, fixed: Mapping[str, int]
) -> PortBook:
    """Choose and hold a port for every part that is not replaced.

    Raises StackError (exit code 2) when a port that the user fixed is taken.
    """
    api = _fixed_api_port(given, fixed)
    wishes = [Wish("api", fixed=api) if api else Wish("api", preferred=FIRST_API_PORT if api is None else None)]
    if not given.get("TEMPORAL_ADDRESS"):
        wishes += [Wish("temporal", fixed=fixed.get("temporal")), Wish("temporal_ui", fixed=fixed.get("temporal_ui"))]
    if not given.get("S3_ENDPOINT_URL"):
        names = ("s3", "s3_master", "s3_volume", "s3_filer", "s3_admin")
        wishes += [Wish(name, fixed=fixed.get(name), offsets=(0, SEAWEED_GRPC_OFFSET)) for name in names]
    if not given.get("SMTP_HOST"):
        wishes.append(Wish("smtp", fixed=fixed.get("smtp")))
    if not given.get("SIGNING_TSA_URL"):
        wishes.append(Wish("tsa", fixed=fixed.get("tsa")))
    book = PortBook()
    try:
        book.choose(wishes, {**(remembered.ports if remembered else {}), **_installed_api_port(folders)})
    except PortTaken as error:
        book.release_all()
        advice = "set API_PORT to another port" if error.name == "api" else "choose another port"
        raise StackError(
            f"Port {error.port} ({error.name}) is used by another program; stop that program or {advice}.", PORT_TAKEN
        ) from error
    return book


def _installed_api_port(folders: Folders) -> dict[str, int]:
    """The port that links and QR codes name comes before the one of the last run."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        decided = json.loads((folders.root / "installation.json").read_text())
        if "secure_base_url" in decided:
            return {"api": int(urlsplit(decided["secure_base_url"]).port or 0)}
        url = urlsplit(decided["public_base_url"])
        if url.hostname == "localhost" and url.port:
            return {"api": url.port}
    return {}


def _fixed_api_port(given: Mapping[str, str], fixed: Mapping[str, int]) -> int | None:
    text = given.get("API_PORT", "")
    if not text:
        return fixed.get("api")
    with suppress(ValueError):
        if 0 < int(text) < 65536:
            return int(text)
    raise StackError("API_PORT is not a port number; set it to a number from 1 to 65535.", PORT_TAKEN)


def public_base_url(folders: Folders, given: Mapping[str, str], api_port: int) -> str:
    """The address printed in QR codes: decided at the first start, for ever (the environment may say otherwise)."""
    if given.get("PUBLIC_BASE_URL"):
        return given["PUBLIC_BASE_URL"].rstrip("/")
    return _decided(folders, "public_base_url", f"http://localhost:{api_port}")


def secure_base_url(folders: Folders, given: Mapping[str, str], api_port: int) -> str:
    """As `public_base_url`, for a run over HTTPS: by the machine's address in its network, which phones reach.

    Raises StackError where the environment names an address without https.
    """
    if base := given.get("PUBLIC_BASE_URL", "").rstrip("/"):
        if not base.startswith("https://"):
            raise StackError(f"PUBLIC_BASE_URL is {base}, which is not https; correct it, or start without --tls.")
        return base
    addresses = tls.lan_addresses()
    host = next((str(one) for one in addresses if one.version == 4), "localhost")
    return _decided(folders, "secure_base_url", f"https://{host}:{api_port}")


def over_https(folders: Folders, given: Mapping[str, str], api_port: int) -> tls.Tls:
    """The certificates of this run. Raises StackError."""
    base = secure_base_url(folders, given, api_port)
    return tls.ensure(folders.root / "tls", tls.names_of_machine(base), tls.now())


def _decided(folders: Folders, name: str, url: str) -> str:
    """What this installation decided once under that name; `url` from now on where it has not yet."""
    path = folders.root / "installation.json"
    try:
        known = dict(json.loads(path.read_text())) if path.exists() else {}
        if name not in known:
            write_private(path, json.dumps({**known, name: url}, indent=2) + "\n")
        return str(known.get(name, url))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StackError(f"{path} cannot be read; restore it: printed QR codes carry its address.") from error


def sealing_keys(folders: Folders) -> dict[str, str]:
    """Paths of the signing worker's key pair, made at the first start. Raises StackError when unusable."""
    private, public = folders.keys / "seal.key", folders.keys / "seal.pub"
    if not (private.exists() and public.exists()):
        from signing.activation import SealingKeyPair
        from signing.errors import SigningError

        try:
            SealingKeyPair.create(private, public)
        except SigningError as error:
            raise StackError(
                f"{private} cannot be used as the sealing key; restore it, readable by its owner."
            ) from error
    return {"SIGNING_SEAL_KEY": str(private), "SIGNING_SEAL_PUBLIC_KEY": str(public)}


def office_seal_secret(folders: Folders) -> Path:
    """The file with the passphrase of the office's seal, made at the first start; for the signing worker alone."""
    path = folders.keys / "office-seal.secret"
    if not path.exists():
        write_private(path, token_urlsafe(32) + "\n")
    return path


def full_environment(
    folders: Folders, given: Mapping[str, str], book: PortBook, secrets: InstallationSecrets, database_url: str
) -> dict[str, str]:
    """Every variable of the product, for all processes together; each part gets its own share of it (parts.py)."""
    base = public_base_url(folders, given, book["api"])
    made = {
        "DATABASE_URL": database_url,
        "TEMPORAL_ADDRESS": f"{LOOPBACK}:{book['temporal']}" if "temporal" in book.numbers else "",
        "TEMPORAL_NAMESPACE": engine.NAMESPACE,
        "TEMPORAL_UI_URL": f"http://localhost:{book['temporal_ui']}" if "temporal_ui" in book.numbers else "",
        "S3_ENDPOINT_URL": f"http://{LOOPBACK}:{book['s3']}" if "s3" in book.numbers else "",
        "S3_ACCESS_KEY_ID": secrets.s3_access_key,
        "S3_SECRET_ACCESS_KEY": secrets.s3_secret_key,
        "S3_BUCKET": "sakpore",
        "SMTP_HOST": LOOPBACK,
        "SMTP_PORT": str(book.numbers.get("smtp", 25)),
        "MAIL_FROM": "sakpore@localhost",
        **_stand_ins(folders, given),
        "PAYLOAD_KEYS": secrets.payload_keys,
        "DOCUMENT_KEYS": secrets.document_keys,
        "QR_KEY": secrets.qr_key,
        "SIGNING_TSA_URL": f"http://{LOOPBACK}:{book['tsa']}{TSA_PATH}" if "tsa" in book.numbers else "",
        "SIGNING_PKI_DIR": str(folders.pki),
        "SIGNING_OFFICE_SEAL_SECRET": str(office_seal_secret(folders)),
        "SAKPORE_ENV": "development",
        "FIELD_CODE_KEY": str(folders.keys / "field-code.key"),
        "FIELD_CODE_KEYS": str(folders.keys / "field-code-keys.json"),
        "API_TLS_CERTIFICATE": "",
        "API_TLS_AUTHORITY": "",
        **sealing_keys(folders),
    }
    chosen = {name: given.get(name) or value for name, value in made.items()}
    return {**chosen, "PUBLIC_BASE_URL": base, "API_PORT": str(book["api"])}


def _stand_ins(folders: Folders, given: Mapping[str, str]) -> dict[str, str]:
    """Stand-ins for outside bodies that need no process of their own; none in production, which refuses them."""
    if given.get("SAKPORE_ENV") == "production":
        return {}
    demonstration = str(folders.keys / "demonstration.json")
    whatsapp = {} if given.get("WHATSAPP_TOKEN") else {"WHATSAPP_FOLDER": str(folders.whatsapp)}
    return {"POST_TRACKING": "stand-in", "DEMONSTRATION_FILE": demonstration, **whatsapp}


def project_root() -> Path:
    """The folder of the checkout: where `worker`, `api` and the other rooms are found by name."""
    return Path(os.path.abspath(__file__)).parent.parent.parent
