"""Settings of the HTTP room, read from the environment in `main` alone.

In production, what would be unsafe refuses to start: a public address without https, or a compressed pace.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import date, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import AliasChoices, Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from permits.pace import Pace
from signing.port import FILES_PER_CALL, ProviderKind

MEGABYTE = 1_000_000
SHORTEST_SECRET = 16
YEAR_SECONDS = 365 * 24 * 3600


class ApiSettings(BaseSettings):
    """One field per environment variable of the same name, in capitals."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True)

    sakpore_env: Literal["development", "production"] = "development"
    """Whether unsafe defaults are refused."""
    public_base_url: str = "http://localhost:8080"
    """Address that people and QR codes use; fixed at installation."""
    api_host: str = "localhost"
    """Name or address to listen on."""
    api_port: int = Field(default=8080, ge=1, le=65535)
    """Port to listen on."""
    api_tls_certificate: Path | None = None
    """PEM of our certificate and its chain; with it HTTPS is served here and not by a proxy."""
    api_tls_key: Path | None = None
    """PEM of its private key, mode 0600."""
    api_tls_authority: Path | None = None
    """PEM of the installation's own authority, offered at `/ca`; none where a public one signs."""
    hsts_seconds: int | None = Field(default=None, ge=0)
    """Strict-Transport-Security; by default a year over https, and none under an authority of one's own."""
    trusted_proxies: str = ""
    """Addresses or networks, by commas, of the proxies before us whose X-Forwarded-For is believed; empty: none is."""
    temporal_address: str = "localhost:7233"
    """host:port of the engine."""
    temporal_namespace: str = "default"
    """Namespace of the engine."""
    temporal_ui_url: str | None = None
    """Address of the engine's own pages; the codec endpoint answers this origin alone."""
    payload_keys: SecretStr = SecretStr("")
    """`id:base64key[,id2:base64key2]`; the first encrypts."""
    qr_key: SecretStr
    """base64 of 32 bytes; makes verification codes that strangers cannot guess."""
    signing_seal_public_key: Path | None = None
    """Public sealing key of the signing worker; without it nothing can be ordered to be signed."""
    signing_provider: ProviderKind = ProviderKind.PKCS12
    """The signing worker's provider: whether its letters are sent one by one or in batches."""
    signing_trust_dir: Path | None = Field(
        default=None, validation_alias=AliasChoices("signing_trust_dir", "SIGNING_TRUST_DIR", "SIGNING_PKI_DIR")
    )
    """root.pem, intermediates.pem and crls.pem of the authority whose signatures are accepted; public parts only."""
    field_code_keys: Path | None = None
    """The published keys of offline field codes (JWK set), written by the main worker; without it there are none."""
    demonstration_file: Path | None = None
    """Fictional people with passwords and codes, for the page that lets visitors of a demonstration try every role."""
    whatsapp_app_secret: SecretStr | None = None
    """Meta's secret of our app: signs what its webhook sends us; without it no receipt is taken."""
    whatsapp_verify_token: SecretStr | None = None
    """What Meta has to say when it first asks for our webhook."""
    tile_url: str = ""
    """Address of map tiles, https with {z}, {x} and {y}; empty: the map is a sketch of our own."""
    tile_credit: str = ""
    """What the maker of the tiles wants to be said under the map."""
    sakpore_pace_seconds: float | None = Field(default=None, gt=0)
    """Real seconds per working day, for demonstrations."""
    sakpore_pace_office_date: date | None = None
    """The working day on which a compressed case is submitted."""
    upload_limit_bytes: int = Field(default=10 * MEGABYTE, gt=0)
    """Largest document or attachment."""
    verification_limit_bytes: int = Field(default=25 * MEGABYTE, gt=0)
    """Largest PDF that is judged."""
    session_idle_minutes: int = Field(default=60, gt=0)
    """A session ends after this long without a request."""
    session_longest_hours: int = Field(default=12, gt=0)
    """A session ends after this long in any case."""
    update_timeout_seconds: float = Field(default=5.0, gt=0)
    """How long a decision waits for the engine before it is answered as unknown."""

    @field_validator("public_base_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("the public address begins with http:// or https://")
        return value.rstrip("/")

    @field_validator("tile_url")
    @classmethod
    def _tiles_are_addressed(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme != "https" or not re.fullmatch(r"[A-Za-z0-9.-]+(:\d+)?", parts.netloc):
            raise ValueError("map tiles come over https from one host")
        if any(place not in value for place in ("{z}", "{x}", "{y}")):
            raise ValueError("the address of map tiles names {z}, {x} and {y}")
        return value

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies_are_addresses(cls, value: str) -> str:
        for one in value.split(","):
            if one.strip():
                ip_network(one.strip())  # raises ValueError for names, and for `*`, which would trust everybody
        return value

    @field_validator(
        *("temporal_ui_url", "signing_seal_public_key", "signing_trust_dir", "field_code_keys", "demonstration_file"),
        *("whatsapp_app_secret", "whatsapp_verify_token"),
        *("api_tls_certificate", "api_tls_key", "api_tls_authority", "hsts_seconds"),
        mode="before",
    )
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return value or None

    @field_validator("qr_key")
    @classmethod
    def _qr_key_is_32_bytes(cls, value: SecretStr) -> SecretStr:
        try:
            key = base64.b64decode(value.get_secret_value(), validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("the QR key is not base64") from None
        if len(key) != 32:
            raise ValueError("the QR key has 32 bytes")
        return value

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        if (self.sakpore_pace_seconds is None) != (self.sakpore_pace_office_date is None):
            raise ValueError("a compressed pace needs its seconds and its office date")
        secrets = [one.get_secret_value() for one in (self.whatsapp_app_secret, self.whatsapp_verify_token) if one]
        if len(secrets) == 1:
            raise ValueError("the webhook of WhatsApp needs both its app secret and its verify token")
        if (self.api_tls_certificate is None) != (self.api_tls_key is None):
            raise ValueError("HTTPS needs both its certificate and its key")
        if self.sakpore_env == "production":
            if not self.is_https:
                raise ValueError("in production the public address is https")
            if self.demonstration_file is not None:
                raise ValueError("in production nobody's password is shown")
            if self.sakpore_pace_seconds is not None:
                raise ValueError("in production office time is real time")
            if any(len(secret) < SHORTEST_SECRET for secret in secrets):
                raise ValueError(f"in production the secrets of a webhook have {SHORTEST_SECRET} characters or more")
        return self

    @property
    def is_https(self) -> bool:
        """Whether people reach us over TLS; cookies are Secure then."""
        return self.public_base_url.startswith("https://")

    @property
    def strict_seconds(self) -> int:
        """For how long browsers are to come back over https alone; 0: nothing is said of it."""
        if not self.is_https:
            return 0
        if self.hsts_seconds is not None:
            return self.hsts_seconds
        # Whoever does not trust such an authority could not come back to a plain page on the same machine either.
        return 0 if self.api_tls_authority else YEAR_SECONDS

    @property
    def letters_per_call(self) -> int:
        """How many letters one call of the signing provider carries; more than one: they go in batches."""
        return FILES_PER_CALL[self.signing_provider]

    @property
    def proxies(self) -> tuple[str, ...]:
        """The trusted proxies, one by one."""
        return tuple(one.strip() for one in self.trusted_proxies.split(",") if one.strip())

    @property
    def qr_key_bytes(self) -> bytes:
        """The QR key itself."""
        return base64.b64decode(self.qr_key.get_secret_value())

    @property
    def codec_origin(self) -> str | None:
        """The one foreign origin that may ask the codec endpoint."""
        if self.temporal_ui_url is None:
            return None
        parts = urlsplit(self.temporal_ui_url)
        return f"{parts.scheme}://{parts.netloc}"

    def pace_from(self, now: datetime) -> Pace:
        """The pace of a case submitted at `now`."""
        if self.sakpore_pace_seconds is None or self.sakpore_pace_office_date is None:
            return Pace.real()
        return Pace.compressed(self.sakpore_pace_seconds, self.sakpore_pace_office_date, now)
