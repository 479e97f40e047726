"""Which provider an installation signs with, by environment, and the rules that production adds."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from signing.bsre import BsreV1Provider, BsreV2Provider
from signing.csc import CscLogin, CscProvider
from signing.pipeline import Pipeline
from signing.pkcs11 import Pkcs11Provider
from signing.pkcs12 import Pkcs12Provider
from signing.port import ProviderKind, SignatureProvider
from signing.remote import RemoteService

CSC = (ProviderKind.CSC_V1, ProviderKind.CSC_V2)
BSRE = (ProviderKind.BSRE_V1, ProviderKind.BSRE_V2)


class ProviderSettings(BaseSettings):
    """The provider and what it needs. Variables of a provider that was not chosen are not looked at."""

    model_config = SettingsConfigDict(extra="ignore")

    signing_pki_dir: Path  # trust material; for pkcs12 the key files too, in `p12`
    signing_provider: ProviderKind = ProviderKind.PKCS12
    signing_timeout_seconds: float = Field(default=20.0, gt=0, le=120)  # of a remote call; shorter than its activity's
    signing_pkcs11_module: Path | None = None  # shared library of the token or HSM
    signing_pkcs11_token: str | None = None  # label of the one token; None: each officer's own, labelled by their id
    signing_csc_url: str = ""  # with the version, such as https://layanan.example/csc/v2
    signing_csc_token: SecretStr | None = None  # a fixed access token; else client credentials:
    signing_csc_client_id: str = ""
    signing_csc_client_secret: SecretStr | None = None
    signing_bsre_url: str = ""  # of the esign client service, without /api
    signing_bsre_username: str = ""
    signing_bsre_password: SecretStr | None = None

    @field_validator(
        "signing_pkcs11_module",
        "signing_pkcs11_token",
        "signing_csc_token",
        "signing_csc_client_secret",
        "signing_bsre_password",
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value


def provider_problem(
    settings: ProviderSettings, environment: Literal["development", "production"], demo_authority: bool
) -> str | None:
    """Why these settings may not sign, as a sentence for operators; None when they may.

    In production key files sign for a demonstration only, and secrets travel over https alone.
    """
    kind = settings.signing_provider
    if missing := [name for name, value in _needed(settings).items() if not value]:
        return f"the provider {kind} needs {', '.join(missing)}"
    if environment != "production":
        return None
    if kind is ProviderKind.PKCS12 and not demo_authority:
        return "in production key files sign for a demonstration alone (DEMO_AUTHORITY=true)"
    if (url := _address(settings)) is not None and not url.startswith("https://"):
        return "in production secrets go to the signing service over https alone"
    return None


def _needed(settings: ProviderSettings) -> dict[str, object]:
    kind = settings.signing_provider
    if kind is ProviderKind.PKCS11:
        return {"SIGNING_PKCS11_MODULE": settings.signing_pkcs11_module}
    if kind in CSC:
        client = settings.signing_csc_client_id and settings.signing_csc_client_secret
        return {
            "SIGNING_CSC_URL": settings.signing_csc_url,
            "SIGNING_CSC_TOKEN or SIGNING_CSC_CLIENT_ID and _SECRET": settings.signing_csc_token or client,
        }
    if kind in BSRE:
        return {
            "SIGNING_BSRE_URL": settings.signing_bsre_url,
            "SIGNING_BSRE_USERNAME": settings.signing_bsre_username,
            "SIGNING_BSRE_PASSWORD": settings.signing_bsre_password,
        }
    return {}


def _address(settings: ProviderSettings) -> str | None:
    if settings.signing_provider in CSC:
        return settings.signing_csc_url
    return settings.signing_bsre_url if settings.signing_provider in BSRE else None


def build_provider(settings: ProviderSettings, pipeline: Pipeline) -> SignatureProvider:
    """The chosen provider."""
    kind = settings.signing_provider
    if kind is ProviderKind.PKCS12:
        return Pkcs12Provider(settings.signing_pki_dir / "p12", pipeline)
    if kind is ProviderKind.PKCS11:
        assert settings.signing_pkcs11_module is not None
        return Pkcs11Provider(settings.signing_pkcs11_module, pipeline, settings.signing_pkcs11_token)
    if kind in CSC:
        service = RemoteService(settings.signing_csc_url, settings.signing_timeout_seconds)
        login = CscLogin(settings.signing_csc_token, settings.signing_csc_client_id, settings.signing_csc_client_secret)
        return CscProvider(kind, service, login, pipeline)
    service = RemoteService(settings.signing_bsre_url, settings.signing_timeout_seconds)
    version = BsreV1Provider if kind is ProviderKind.BSRE_V1 else BsreV2Provider
    return version(service, settings.signing_bsre_username, settings.signing_bsre_password or SecretStr(""), pipeline)
