"""What leaves the house and what came in: notices to send, and answers to requests that may be repeated."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from store.tables.base import Table


class OutboxRow(Table, table=True):
    """A notice to one recipient, queued once per key, with the proof of its sending."""

    __tablename__ = "outbox"
    __table_args__ = (
        CheckConstraint("state in ('pending', 'sent', 'failed')", name="state_known"),
        CheckConstraint("template is not null or (subject is not null and body is not null)", name="has_text"),
        Index("ix_outbox_pending", "try_at", postgresql_where=text("state = 'pending'")),
        Index("ix_outbox_failed", "created_at", "key", postgresql_where=text("state = 'failed'")),
        Index("ix_outbox_created", "created_at", "key"),
    )

    key: str = Field(primary_key=True)
    number: str | None = Field(default=None, index=True)
    account_id: str | None = Field(default=None, index=True)  # whom it is for, when the person has an account
    channel: str  # permits.escalation.Channel
    recipient: str  # address or WhatsApp number; empty when nobody holds the desk it is for
    template: str | None = None  # web/notices/<template>.txt; the text is made when it is sent
    facts: dict[str, str] | None = Field(default=None, sa_type=JSONB(none_as_null=True))
    subject: str | None = None
    body: str | None = None
    state: str = "pending"
    attempts: int = 0
    message_id: str | None = Field(default=None, index=True)  # as the carrier knows it
    error: str | None = None
    created_at: datetime
    try_at: datetime  # not before; moved on by whoever takes the row, so that no other sends it meanwhile
    sent_at: datetime | None = None
    delivered_at: datetime | None = None  # by the carrier's receipt
    by_day: bool = False  # a citizen's: not sent in quiet hours
    digest_on: date | None = None  # office day of the digest that gathers it


class HttpReceiptRow(Table, table=True):
    """The first answer to a request with an idempotency key."""

    __tablename__ = "http_receipts"

    actor_id: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    request_sha256: str  # tells a repeated request from another one under the same key
    status: int
    body: dict[str, Any] = Field(sa_type=JSONB)
    created_at: datetime = Field(index=True)
