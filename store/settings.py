"""Settings of the store, from the environment; built only where a process begins.

In production a setting that is fit for development alone refuses to start.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from store.crypto import Keyring
from store.errors import SettingsUnsafe


class StoreSettings(BaseSettings):
    """Where rows and objects live."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: SecretStr
    """SQLAlchemy URL with the psycopg driver, `postgresql+psycopg://...`; secret, as it may hold a password."""
    database_pool_size: int = Field(default=10, ge=1, le=200)
    """Connections kept open by one process; half as many more may be opened for a moment."""
    s3_endpoint_url: str
    """Address of the object store."""
    s3_access_key_id: SecretStr
    """Name of its key."""
    s3_secret_access_key: SecretStr
    """Its secret."""
    s3_bucket: str = Field(default="sakpore", pattern=r"^[a-z0-9][a-z0-9-]{1,55}$")
    """Bucket of personal documents; signed letters lie in `<bucket>-arsip`."""
    s3_region: str = "us-east-1"
    """Region its signatures are made for; most servers of one's own take any."""
    archive_lock_mode: Literal["governance", "compliance"] = "governance"
    """How signed letters are locked: `compliance` cannot be lifted by anybody before its time."""
    archive_lock_days: int = Field(default=3650, ge=1)
    """For how many days."""
    document_keys: SecretStr
    """Keys of personal documents and of the NIK, `id:base64key[,id2:base64key2]`; the first one seals."""
    sakpore_env: Literal["development", "production"] = "development"
    """In production unsafe values refuse to start."""

    @model_validator(mode="after")
    def _is_safe(self) -> Self:
        url = self.database_url.get_secret_value()
        if not url.startswith("postgresql+psycopg://"):
            raise ValueError("DATABASE_URL begins with postgresql+psycopg://")
        if self.sakpore_env == "production":
            self._refuse_development_values(url)
        return self

    def _refuse_development_values(self, url: str) -> None:
        keys = self.document_keys.get_secret_value()
        if any(key.startswith(("dev", "demo", "test")) for key in keys.split(",")):
            raise SettingsUnsafe("DOCUMENT_KEYS holds a key that is named for development")
        try:
            Keyring.parse(keys)
        except ValueError as cause:
            raise SettingsUnsafe(f"DOCUMENT_KEYS cannot be read: {cause}") from cause
        if len(self.s3_secret_access_key.get_secret_value()) < 16:
            raise SettingsUnsafe("S3_SECRET_ACCESS_KEY is shorter than 16 characters")
        if "/var/demo/" in url:
            raise SettingsUnsafe("DATABASE_URL points at the demo's database")
