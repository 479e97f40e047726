"""Accounts, their sessions and failed log-ins, and the mandates to sign."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, CheckConstraint, Identity, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from store.tables.base import Table


class AccountRow(Table, table=True):
    """A person who can log in: applicant, officer, agency officer or ops."""

    __tablename__ = "accounts"
    __table_args__ = (
        CheckConstraint("email = lower(email)", name="email_lower_case"),
        CheckConstraint("notice_channel in ('email', 'whatsapp')", name="notice_channel_known"),
        Index("ix_accounts_desk", "role", "field", "opd"),
        # One NIK, one account in use: an address that nobody confirmed keeps nobody else out.
        Index(
            "uq_accounts_nik_in_use",
            "nik_fingerprint",
            unique=True,
            postgresql_where=text("active AND role = 'applicant' AND (email_confirmed_at IS NOT NULL OR at_counter)"),
        ),
    )

    id: str = Field(primary_key=True)
    email: str = Field(unique=True)  # lower case
    name: str  # as on the KTP
    password_hash: str  # argon2id, as PHC text
    role: str  # permits.authority.Role
    field: str | None = None  # back office
    opd: str | None = None  # agency officers
    is_head: bool = False  # of its agency: told when the agency's officers stay silent
    phone: str | None = None
    title: str | None = None  # office held, as printed under a letter
    rank: str | None = None  # of the civil service
    nip: str | None = None  # civil service number
    address: str | None = None
    birth_place: str | None = None
    birth_date: date | None = None
    nik_sealed: bytes | None = None  # store.crypto, context `nik:<id>`
    nik_fingerprint: str | None = Field(default=None, index=True)  # keyed, so that it finds and does not reveal
    nik_warnings: list[str] = Field(default_factory=list, sa_type=JSONB)  # permits.nik.NikWarning
    totp_sealed: bytes | None = None  # signing.enrolment: made by the signing worker, readable by it alone
    totp_last_step: int | None = Field(default=None, sa_type=BigInteger)  # a code counts once
    signer_id_sealed: bytes | None = None  # store.crypto, context `signer:<id>`: who the officer is with the provider
    active: bool = True
    email_confirmed_at: datetime | None = None
    is_demo: bool = False
    notice_channel: str = "email"  # email, whatsapp
    digest: bool = False  # officers: one message a day instead of one for each task
    locale: str = "id"
    at_counter: bool = False  # made by the front office for a person who has shown the KTP; no log-in, no mail
    made_by: str | None = None  # account of the officer who made it
    deactivated_at: datetime | None = None
    created_at: datetime


class LoginSessionRow(Table, table=True):
    """A log-in; the token itself is only with its holder."""

    __tablename__ = "sessions"

    token_hash: str = Field(primary_key=True)  # sha256 of the token
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    csrf_token: str
    created_at: datetime
    expires_at: datetime = Field(index=True)


class AccountTokenRow(Table, table=True):
    """A token that went out by mail; good once, and gone when it is used."""

    __tablename__ = "account_tokens"
    __table_args__ = (CheckConstraint("purpose in ('confirm', 'email', 'password')", name="purpose_known"),)

    token_hash: str = Field(primary_key=True)  # sha256 of the token
    account_id: str = Field(foreign_key="accounts.id", ondelete="CASCADE", index=True)
    purpose: str  # confirm the first address, change to another one, set a password
    email: str  # where the mail went
    created_at: datetime
    expires_at: datetime


class LoginAttemptRow(Table, table=True):
    """A failed log-in, for throttling by account and by address."""

    __tablename__ = "login_attempts"
    __table_args__ = (Index("ix_login_attempts_key_at", "key", "at"),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger, sa_column_args=[Identity(always=True)])
    key: str  # whom it is counted against, such as `account:<sha256 of the e-mail>` or `address:<ip>`
    at: datetime


class MandateRow(Table, table=True):
    """Who may sign, in which capacity, with which certificate, from when until when."""

    __tablename__ = "mandates"
    __table_args__ = (
        CheckConstraint("capacity in ('definitive', 'plh', 'plt', 'opd')", name="capacity_known"),
        CheckConstraint("(capacity = 'opd') = (opd IS NOT NULL)", name="agency_named"),
    )

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="accounts.id", index=True)
    capacity: str  # definitive, plh (acting for days), plt (acting until an appointment); opd: an agency's officer
    opd: str | None = None  # the agency, whose recommendations alone its officer signs
    certificate_sha256: str
    valid_from: date
    valid_until: date | None = None
    decree: str  # number of the decision that gives the mandate
    given_by: str | None = None  # account id
    revoked_at: datetime | None = None  # real time


class CertificateStandingRow(Table, table=True):
    """How an officer's certificate stands with the provider, as far as the signing worker last heard."""

    __tablename__ = "certificate_standings"
    __table_args__ = (
        CheckConstraint(
            "standing in ('usable', 'expiring', 'expired', 'revoked', 'not_registered', 'unknown')",
            name="standing_known",
        ),
    )

    account_id: str = Field(primary_key=True, foreign_key="accounts.id", ondelete="CASCADE")
    standing: str  # signing.port.Standing
    certificate_sha256: str | None = None  # None where the provider does not show the certificate
    valid_until: datetime | None = None
    known_at: datetime | None = None  # when the provider last said so; None: never
    asked_at: datetime  # when it was last asked, with or without an answer


class DelegationRow(Table, table=True):
    """A desk lent to a colleague for a time: whoever holds it may decide there, and every event says for whom."""

    __tablename__ = "delegations"

    id: str = Field(primary_key=True)
    from_id: str = Field(foreign_key="accounts.id", index=True)  # whose desk it is
    to_id: str = Field(foreign_key="accounts.id", index=True)
    valid_from: date
    valid_until: date
    reason: str
    given_by: str  # account id
    given_at: datetime
    revoked_at: datetime | None = None
