"""What is known of an installation: the environment first, then what `sakpore up` has written down. Nothing is made."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from sakpore.doctor.findings import Patient
from sakpore.running import addresses
from sakpore.stack.record import read_record

_ADDRESSES = {
    "database_url": "DATABASE_URL",
    "temporal": "TEMPORAL_ADDRESS",
    "s3": "S3_ENDPOINT_URL",
    "tsa": "SIGNING_TSA_URL",
    "public": "PUBLIC_BASE_URL",
}
_SECRETS = {
    "payload_keys": "PAYLOAD_KEYS",
    "document_keys": "DOCUMENT_KEYS",
    "qr_key": "QR_KEY",
    "s3_access_key": "S3_ACCESS_KEY_ID",
    "s3_secret_key": "S3_SECRET_ACCESS_KEY",
}
_FILES = {
    "SIGNING_SEAL_KEY": Path("keys/seal.key"),
    "SIGNING_SEAL_PUBLIC_KEY": Path("keys/seal.pub"),
    "SIGNING_PKI_DIR": Path("pki"),
}


def patient(data: Path, environment: Mapping[str, str]) -> Patient | None:
    """The installation on that folder or in that environment; None where there is neither."""
    record = read_record(data / "run.json")
    running = addresses(data)
    known = {variable: running[name] for name, variable in _ADDRESSES.items() if running.get(name)}
    known |= {variable: secret for name, secret in _secrets(data).items() if (variable := _SECRETS.get(name))}
    if record is not None:
        known |= {variable: str(data / path) for variable, path in _FILES.items() if (data / path).exists()}
    values = known | {name: value for name, value in environment.items() if value}
    if record is None and "DATABASE_URL" not in environment:
        return None
    return Patient(data, values, record, values.get("SAKPORE_ENV") == "production")


def _secrets(data: Path) -> dict[str, str]:
    try:
        content: dict[str, str] = json.loads((data / "secrets.json").read_text())
    except (OSError, ValueError):
        return {}
    return content
