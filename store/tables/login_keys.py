"""Passkeys to log in with, and the challenges that are out for them. None of them ever consents to a signature."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from store.tables.base import Table


class LoginKeyRow(Table, table=True):
    """A passkey that stands for a password; a row that is removed is gone."""

    __tablename__ = "login_keys"

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    credential_id: bytes = Field(unique=True)
    public_key: bytes  # COSE_Key
    rp_id: str  # the host it was made for
    name: str  # as its owner calls it
    transports: list[str] = Field(default_factory=list, sa_type=JSONB)
    backed_up: bool = False  # synchronised to other devices
    sign_count: int = Field(default=0, sa_type=BigInteger)
    created_at: datetime
    last_used_at: datetime | None = None


class LoginChallengeRow(Table, table=True):
    """What a device is asked to sign: once, and for five minutes."""

    __tablename__ = "login_challenges"

    id: str = Field(primary_key=True)
    account_id: str | None = Field(default=None, foreign_key="accounts.id", ondelete="CASCADE")  # None: to log in
    challenge: bytes
    expires_at: datetime = Field(index=True)
