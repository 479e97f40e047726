"""What bears the office's seal."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlmodel import Field

from store.tables.base import Table


class SealedDocumentRow(Table, table=True):
    """The commit point of a sealing: one row for what is sealed, however often it is asked for."""

    __tablename__ = "sealed_documents"
    __table_args__ = (
        CheckConstraint("purpose in ('wet_letter', 'validation_report')", name="purpose_known"),
        CheckConstraint("form in ('as_is', 'wrapped', 'record')", name="form_known"),
    )

    id: str = Field(primary_key=True)  # permits.sealing.sealing_id, made of purpose, case and original
    purpose: str
    number: str | None = Field(default=None, foreign_key="applications.number", index=True)
    opd: str | None = None  # whose letter it is
    original_sha256: str = Field(index=True)  # of the letter as it was uploaded, or of what a report says
    form: str  # the original itself, wrapped into our page, or a page that names its sha256
    pdf_sha256: str  # of the PDF without the seal
    sealed_sha256: str = Field(unique=True)
    certificate_sha256: str  # of the seal
    level: str
    sealed_at: datetime
    expires_at: datetime | None = Field(default=None, index=True)  # a report is kept for a short time
    discarded_at: datetime | None = None  # when its bytes were deleted
