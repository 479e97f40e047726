"""What an installation decides once: its keys, its public address and the bucket's credentials.

Printed QR codes carry the public address and a code made with the QR key, and encrypted documents need their key for as
long as they are kept: these values are generated at the first start, written with mode 0600, and never changed by a
start. An operator rotates payload and document keys by putting a new `id:key` in front of the list.
"""

import base64
import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

KEY_BYTES = 32


@dataclass(frozen=True)
class InstallationSecrets:
    """The generated secrets of one data folder; never logged, given to processes by environment."""

    payload_keys: str  # "id:base64key", AES-256 keys of the Temporal payload codec; the first encrypts
    document_keys: str  # same form, for personal documents in S3
    qr_key: str  # base64, HMAC key of verification codes
    s3_access_key: str  # of the embedded object store
    s3_secret_key: str

    def __repr__(self) -> str:
        return "InstallationSecrets(...)"

    @classmethod
    def generate(cls) -> "InstallationSecrets":
        """Fresh random secrets."""
        return cls(
            payload_keys=f"p1:{_random_key()}",
            document_keys=f"d1:{_random_key()}",
            qr_key=_random_key(),
            s3_access_key=secrets.token_hex(10),
            s3_secret_key=secrets.token_urlsafe(30),
        )


def load_or_create(path: Path) -> InstallationSecrets:
    """The secrets of this installation, generated when the file is missing.

    Raises ValueError when the file exists and cannot be understood: new keys would make old documents unreadable.
    """
    if not path.exists():
        fresh = InstallationSecrets.generate()
        write_private(path, json.dumps(asdict(fresh), indent=2) + "\n")
        return fresh
    try:
        return InstallationSecrets(**json.loads(path.read_text()))
    except (json.JSONDecodeError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} does not hold this installation's secrets; restore it from a backup") from error


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.part")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _random_key() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()
