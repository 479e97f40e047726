"""Officers' passkeys, what was asked to change about them, and the challenges that are out.

Nothing here is believed as it stands: a passkey counts with the signing worker's seal alone (`signing.enrolment`).
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from store.tables.base import Table


class PasskeyRow(Table, table=True):
    """A passkey; one that is removed stays as a row, since signatures name it."""

    __tablename__ = "passkeys"
    __table_args__ = (CheckConstraint("admitted_by in ('ticket', 'totp', 'webauthn')", name="admitted_by_known"),)

    id: str = Field(primary_key=True)
    officer_id: str = Field(foreign_key="accounts.id", index=True)
    credential_id: bytes = Field(unique=True)
    public_key: bytes  # COSE_Key
    rp_id: str  # the host it was made for
    usable_from: datetime
    seal: bytes  # of all above, by the signing worker
    name: str  # as its owner calls it
    transports: list[str] = Field(default_factory=list, sa_type=JSONB)
    device: str  # AAGUID
    backed_up: bool = False  # synchronised to other devices
    sign_count: int = Field(default=0, sa_type=BigInteger)
    admitted_by: str  # by which other proof
    admitted_at: datetime
    last_used_at: datetime | None = None
    removed_at: datetime | None = None


class PasskeyRequestRow(Table, table=True):
    """A wish to let a passkey in or have one removed, sealed to the signing worker; the record of what became of it."""

    __tablename__ = "passkey_requests"
    __table_args__ = (
        CheckConstraint("kind in ('admit', 'remove')", name="kind_known"),
        CheckConstraint("state in ('asked', 'sent', 'done', 'refused')", name="state_known"),
        Index("ix_passkey_requests_officer", "officer_id", "created_at"),
        # A ticket and a one-time code count once.
        Index("uq_passkey_requests_ticket", "ticket", unique=True, postgresql_where=text("ticket IS NOT NULL")),
    )

    id: str = Field(primary_key=True)
    officer_id: str = Field(foreign_key="accounts.id")
    kind: str
    passkey_id: str  # the one to be let in or removed
    name: str = ""
    transports: list[str] = Field(default_factory=list, sa_type=JSONB)
    envelope: bytes | None = None  # gone when it is settled or expired
    state: str = "asked"
    error: str | None = None  # a stable code
    proof: str | None = None  # by which the worker was convinced: ticket, totp, webauthn
    ticket: str | None = None  # sha256 of the ticket that was spent
    created_at: datetime
    expires_at: datetime = Field(index=True)
    settled_at: datetime | None = None


class ChallengeRow(Table, table=True):
    """A list of letters that an officer is asked to consent to; its id is that of the activation to come."""

    __tablename__ = "signing_challenges"

    id: str = Field(primary_key=True)
    officer_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE")
    tasks: list[str] = Field(sa_type=JSONB)  # in the order they were shown
    letters: list[str] = Field(sa_type=JSONB)  # sha256 of each task's letter, as it was shown
    created_at: datetime
    expires_at: datetime = Field(index=True)
    answer: str | None = None  # names the one request that has answered it
