"""The register of issued permits: what is in force, until when, and what became of it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field

from store.tables.base import Table


class PermitRow(Table, table=True):
    """An issued permit, known by the application it came from."""

    __tablename__ = "permits"
    __table_args__ = (
        CheckConstraint("status in ('in_force', 'revoked', 'replaced', 'renewed')", name="status_known"),
        Index("ix_permits_valid_until", "valid_until"),
        Index("ix_permits_holder", "holder_id"),
    )

    number: str = Field(primary_key=True, foreign_key="applications.number")
    number_text: str = Field(index=True)  # of the letter, as printed
    permit_type: str
    title: str
    holder_id: str = Field(foreign_key="accounts.id")
    holder_name: str  # the person or the body that holds it
    issued_on: date  # office date
    valid_until: date | None = None  # last day; moved by an extension
    status: str = "in_force"  # expiry is a date, not a status
    status_since: datetime | None = None  # real time
    status_reason: str | None = None
    changed_by: str | None = None  # application number of the procedure, or of the permit that continues this one
    continues: str | None = None  # application number of the permit that this one renews, changes or replaces
    practice: bool = False
