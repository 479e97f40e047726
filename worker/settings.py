"""What the worker processes need beyond the store's settings; by environment."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


def _key(value: SecretStr) -> SecretStr:
    if len(base64.b64decode(value.get_secret_value(), validate=True)) < 32:
        raise ValueError("a key of 32 bytes or more in base64 is needed")
    return value


class WorkerSettings(BaseSettings):
    """Both worker processes."""

    model_config = SettingsConfigDict(extra="ignore")

    temporal_address: str
    temporal_namespace: str = "default"
    payload_keys: SecretStr  # id:base64key[,...]; the first encrypts
    sakpore_env: Literal["development", "production"] = "development"
    sakpore_failpoint: str = ""  # tests only: where the process kills itself
    sakpore_failpoint_marks: Path | None = None


class MainSettings(WorkerSettings):
    """The `main` queue."""

    public_base_url: str
    qr_key: Annotated[SecretStr, AfterValidator(_key)]
    demo_authority: bool = True  # certificates are the development ones; letters say so
    smtp_host: str = "localhost"
    smtp_port: int = 25
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    mail_from: str = "Sakpore <sakpore@localhost>"

    @property
    def qr_key_bytes(self) -> bytes:
        """The key of the verification codes."""
        return base64.b64decode(self.qr_key.get_secret_value())


class SigningSettings(WorkerSettings):
    """The `signing` queue: alone with keys."""

    signing_pki_dir: Path
    signing_seal_key: Path
    signing_seal_public_key: Path | None = None
    signing_tsa_url: str
