"""Dated data of the office: published definitions and own calendar days."""

from __future__ import annotations

from datetime import date as CalendarDate
from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from store.tables.base import Table


class DefinitionRow(Table, table=True):
    """One version of a permit type."""

    __tablename__ = "definitions"
    __table_args__ = (CheckConstraint("status in ('draft', 'published', 'retired')", name="status_known"),)

    code: str = Field(primary_key=True)
    version: int = Field(primary_key=True)
    status: str
    effective_from: CalendarDate
    effective_until: CalendarDate | None = None
    body: dict[str, Any] = Field(sa_type=JSONB)  # permits.definition.PermitDefinition
    sha256: str
    # The life of the version outside its words; a version that came from a file has no author here.
    author_id: str | None = None
    drafted_at: datetime | None = None
    published_by: str | None = None
    published_at: datetime | None = None
    retired_by: str | None = None
    retired_at: datetime | None = None
    confirmed_by: str | None = None  # a coordinator; the words stay as they are, running cases keep theirs
    confirmed_at: datetime | None = None


class CalendarDayRow(Table, table=True):
    """A day on which the office differs from the national table (permits.calendar.Holiday)."""

    __tablename__ = "calendar_days"
    __table_args__ = (CheckConstraint("kind in ('national', 'joint_leave', 'office', 'working')", name="kind_known"),)

    date: CalendarDate = Field(primary_key=True)
    name: str
    kind: str
    provisional: bool = False


class CalendarEditionRow(Table, table=True):
    """An edition of the calendar that open cases were, or are still to be, planned anew by."""

    __tablename__ = "calendar_editions"

    version: str = Field(primary_key=True)
    declared_by: str  # account id
    declared_at: datetime
    finished_at: datetime | None = None  # when every open case had it
