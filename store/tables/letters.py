"""The agenda register, letters, and everything around their signatures."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from store.tables.base import Table


class AgendaRow(Table, table=True):
    """The last integer taken in a series and year; its lock makes the register gapless."""

    __tablename__ = "agenda"

    series: str = Field(primary_key=True)
    year: int = Field(primary_key=True)
    last: int


class LetterRow(Table, table=True):
    """A letter of a case and its place in the register, kept through redrafts."""

    __tablename__ = "letters"
    __table_args__ = (
        UniqueConstraint("series", "year", "sequence"),
        CheckConstraint("status in ('reserved', 'issued', 'batal')", name="status_known"),
    )

    number: str = Field(primary_key=True, foreign_key="applications.number")
    purpose: str = Field(primary_key=True)  # permit, rejection, skrd, minutes, opd-request-<opd>
    series: str
    year: int
    sequence: int
    number_text: str  # as printed
    letter_date: date
    status: str = "reserved"
    sha256: str | None = Field(default=None, index=True)  # of the frozen PDF
    input_sha256: str | None = None
    template: str | None = None
    template_version: int | None = None
    template_sha256: str | None = None  # of the bundle of its sources (activities.templates), kept beside the input
    reason: str | None = None  # why it is BATAL
    actor_id: str | None = None  # who made it BATAL


class ActivationRow(Table, table=True):
    """A sealed consent to sign a list of letters; the envelope goes when it is spent or expired."""

    __tablename__ = "activations"

    id: str = Field(primary_key=True)
    officer_id: str = Field(foreign_key="accounts.id")
    envelope: bytes | None = None
    letters: list[str] = Field(sa_type=JSONB)  # sha256 of each letter
    created_at: datetime
    expires_at: datetime = Field(index=True)
    totp_step: int | None = Field(default=None, sa_type=BigInteger)  # the step its code was spent for
    passkey_id: str | None = Field(default=None, foreign_key="passkeys.id")  # whose proof it was
    sign_count: int | None = Field(default=None, sa_type=BigInteger)  # the counter of that proof
    deleted_at: datetime | None = None  # when the envelope went


class SignatureClaimRow(Table, table=True):
    """An activation is spent once per letter."""

    __tablename__ = "signature_claims"
    __table_args__ = (
        CheckConstraint("state in ('CLAIMED', 'SENT', 'SIGNED', 'UNKNOWN', 'FAILED')", name="state_known"),
        Index("ix_signature_claims_letter", "letter_sha256"),
    )

    activation_id: str = Field(primary_key=True, foreign_key="activations.id")
    letter_sha256: str = Field(primary_key=True)
    state: str
    error: str | None = None  # a stable code
    returned_sha256: str | None = None  # what the provider handed back, kept aside until it is proven
    updated_at: datetime


class SignedLetterRow(Table, table=True):
    """The commit point of a signature (permits.steps.SignedLetter)."""

    __tablename__ = "signed_letters"
    __table_args__ = (UniqueConstraint("number", "purpose"),)

    letter_sha256: str = Field(primary_key=True)
    number: str
    purpose: str
    signed_sha256: str = Field(unique=True)
    level: str
    signer_id: str
    field_name: str = Field(default="Kepala", sa_column_kwargs={"server_default": "Kepala"})  # of the PDF
    certificate_sha256: str
    signed_at: datetime
    activation_id: str


class LetterVersionRow(Table, table=True):
    """A signed letter's archive versions; n = 1 is the signing itself, the newest is served."""

    __tablename__ = "letter_versions"
    __table_args__ = (
        Index(
            "ix_letter_versions_timestamp_until", "timestamp_until", postgresql_where=text("superseded_at IS NULL")
        ),
    )

    letter_sha256: str = Field(primary_key=True, foreign_key="signed_letters.letter_sha256")
    n: int = Field(primary_key=True)
    sha256: str = Field(unique=True)
    level: str
    created_at: datetime
    timestamp_until: datetime | None = None  # when the youngest timestamp's certificates end; None: not measured yet
    timestamp_algorithms: str | None = None  # names with a space before and after each
    superseded_at: datetime | None = None  # when version n + 1 took its place


class ArchiveFailureRow(Table, table=True):
    """A letter whose archive could not be renewed; the row goes when it is."""

    __tablename__ = "archive_failures"

    letter_sha256: str = Field(primary_key=True)
    code: str  # of the last attempt
    attempts: int  # since it last succeeded
    first_at: datetime
    last_at: datetime
