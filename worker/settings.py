"""What the worker processes need beyond the store's settings; by environment."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from permits.notices import QuietHours


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
    signing_trust_dir: Path | None = Field(  # public trust material, for reading agencies' PDFs before they are sealed
        default=None, validation_alias=AliasChoices("signing_trust_dir", "SIGNING_TRUST_DIR", "SIGNING_PKI_DIR")
    )
    smtp_host: str = "localhost"
    smtp_port: int = 25
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_start_tls: bool | None = None  # None: where the server offers it
    mail_from: str = "Sakpore <sakpore@localhost>"
    whatsapp_api_url: str = "https://graph.facebook.com/v21.0"
    whatsapp_phone_number_id: str | None = None  # of the office's number, as Meta knows it
    whatsapp_token: SecretStr | None = None  # of a system user
    whatsapp_folder: Path | None = None  # a stand-in: messages become files; never in production
    quiet_hours: str = "20:00-07:00"  # citizens are left in peace; empty: never
    post_tracking: Literal["none", "stand-in"] = "none"
    post_stand_in_days: int = Field(default=2, ge=1, le=60)  # working days until its parcels arrive

    @field_validator(
        *("whatsapp_phone_number_id", "whatsapp_token", "whatsapp_folder", "smtp_start_tls", "signing_trust_dir"),
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("quiet_hours")
    @classmethod
    def _hours_are_two_times(cls, value: str) -> str:
        QuietHours.parse(value)
        return value

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        if (self.whatsapp_token is None) != (self.whatsapp_phone_number_id is None):
            raise ValueError("WhatsApp needs both its token and the id of its number")
        if self.sakpore_env == "production":
            if self.whatsapp_folder is not None:
                raise ValueError("in production no stand-in takes the place of WhatsApp")
            if self.post_tracking == "stand-in":
                raise ValueError("in production no stand-in takes the place of the post")
            if self.whatsapp_token is not None and not self.whatsapp_api_url.startswith("https://"):
                raise ValueError("in production the token of WhatsApp goes over https alone")
        return self

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
    signing_office_seal: str = "segel-kantor"  # name of the office's own key file, without .p12
    signing_office_seal_secret: Path | None = None  # file with its passphrase, 0600; None: nothing is sealed

    @field_validator("signing_office_seal_secret", mode="before")
    @classmethod
    def _empty_secret_is_none(cls, value: object) -> object:
        return value or None
