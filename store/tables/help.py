"""The help thread: what applicants ask and the front office answers, on a case or without one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field

from store.tables.base import Table


class HelpMessageRow(Table, table=True):
    """One message; the record of a case says that it was sent, never what it said."""

    __tablename__ = "help_messages"
    __table_args__ = (Index("ix_help_messages_thread_sent", "thread", "sent_at"),)

    id: str = Field(primary_key=True)
    thread: str  # one for each account and case, and one for the account without a case
    account_id: str = Field(foreign_key="accounts.id", index=True)  # whose thread it is
    number: str | None = Field(default=None, foreign_key="applications.number", ondelete="SET NULL", index=True)
    author_id: str = Field(foreign_key="accounts.id")
    from_office: bool
    text: str
    sent_at: datetime
    read_at: datetime | None = None  # by the other side
