"""The month-end evaluations that were compiled, by what they are in the object store."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from store.tables.base import Table


class EvaluationRow(Table, table=True):
    """One compilation of one month; a month may be compiled again, and every version stays."""

    __tablename__ = "evaluations"
    __table_args__ = (CheckConstraint("extract(day from month) = 1", name="month_by_its_first_day"),)

    month: date = Field(primary_key=True)  # its first day
    version: int = Field(primary_key=True)  # from 1
    pdf_sha256: str
    data_sha256: str  # the same numbers as JSON (permits.evaluation.Evaluation)
    as_of: datetime  # real time up to which it looks: the month's end, or earlier where it was asked for before that
    created_at: datetime  # real time
    requested_by: str  # account id, or `system` for the schedule
    order_key: str = Field(unique=True)  # who asked twice under one key is answered with one compilation
