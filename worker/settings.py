"""What the worker processes need beyond the store's settings; by environment."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from activities.letters import Mark
from permits.notices import QuietHours
from signing.port import ProviderKind
from signing.providers import ProviderSettings, provider_problem


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
    signing_provider: ProviderKind = ProviderKind.PKCS12  # as the signing worker has it: whom letters name as issuer
    letter_mark: Literal["", "bsre", "plain"] = ""  # overrides that: a key of our own whose certificate is BSrE's
    field_code_key: Path | None = None  # private key of offline field codes, made at the first start; 0600
    field_code_keys: Path | None = None  # the published set of its public halves
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
        *("field_code_key", "field_code_keys"),
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
        if (self.field_code_key is None) != (self.field_code_keys is None):
            raise ValueError("offline field codes need both their key and the file of the published keys")
        if self.sakpore_env == "production":
            if self.field_code_key is None:
                raise ValueError("in production permits for the field have offline codes: FIELD_CODE_KEY is missing")
            if self.whatsapp_folder is not None:
                raise ValueError("in production no stand-in takes the place of WhatsApp")
            if self.post_tracking == "stand-in":
                raise ValueError("in production no stand-in takes the place of the post")
            if self.whatsapp_token is not None and not self.whatsapp_api_url.startswith("https://"):
                raise ValueError("in production the token of WhatsApp goes over https alone")
        return self

    @property
    def mark(self) -> Mark:
        """Whose certificate letters say they are signed with; what was said is checked again after the signature."""
        if self.demo_authority:
            return "test"
        by_bsre = self.signing_provider in (ProviderKind.BSRE_V1, ProviderKind.BSRE_V2)
        return self.letter_mark or ("bsre" if by_bsre else "plain")

    @property
    def qr_key_bytes(self) -> bytes:
        """The key of the verification codes."""
        return base64.b64decode(self.qr_key.get_secret_value())


class SigningSettings(WorkerSettings, ProviderSettings):
    """The `signing` queue: alone with keys. The provider's own variables are `signing.providers.ProviderSettings`."""

    public_base_url: str  # what passkeys are bound to
    signing_seal_key: Path
    signing_seal_public_key: Path | None = None
    signing_tsa_url: str
    signing_office_seal: str = "segel-kantor"  # name of the office's own key file, without .p12
    signing_office_seal_secret: Path | None = None  # file with its passphrase, 0600; None: nothing is sealed
    demo_authority: bool = False  # certificates are the development ones; only then key files sign in production

    @model_validator(mode="after")
    def _provider_is_complete(self) -> Self:
        if problem := provider_problem(self, self.sakpore_env, self.demo_authority):
            raise ValueError(problem)
        return self

    @field_validator("signing_office_seal_secret", mode="before")
    @classmethod
    def _empty_secret_is_none(cls, value: object) -> object:
        return value or None
