"""What the office seals, and how it is named: agencies' wet-signed letters, and reports on verified files."""

from __future__ import annotations

import hashlib
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

Purpose = Literal["wet_letter", "validation_report"]
Form = Literal["as_is", "wrapped", "record"]
"""How the original stands in the sealed PDF: it is the PDF; it is a picture on our page; our page names its sha256."""


class SealedDocument(BaseModel):
    """A PDF with the office's seal, as it is registered."""

    model_config = ConfigDict(frozen=True)

    id: str
    purpose: Purpose
    number: str | None = None  # of the application
    opd: str | None = None
    original_sha256: str
    form: Form
    pdf_sha256: str  # before the seal
    sealed_sha256: str
    certificate_sha256: str
    level: str
    sealed_at: AwareDatetime
    expires_at: AwareDatetime | None = None
    discarded_at: AwareDatetime | None = None


def sealing_id(purpose: Purpose, number: str | None, original_sha256: str) -> str:
    """One name for one sealing: the same letter of the same case is sealed once, hex sha256."""
    return hashlib.sha256(f"{purpose}\n{number or ''}\n{original_sha256}".encode()).hexdigest()
