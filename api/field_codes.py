"""Reads offline field codes on the server, against the set of keys that the installation publishes."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from signing.errors import CodeUnreadable, ProviderUnavailable
from signing.field_code import FieldClaims, read_field_code
from signing.field_keys import PublicFieldKey, published_keys


class FieldCodeView(BaseModel):
    """What an offline code says. Genuine is not valid: revocation is not looked at here, the register knows it."""

    model_config = ConfigDict(frozen=True)

    genuine: bool
    """Signed by this office. Everything else is null where it is not."""
    verification_code: str | None = None
    """Leads to what the register says now: `GET /api/v1/verifications/{code}`."""
    number: str | None = None
    title: str | None = None
    holder: str | None = None
    letter_date: date | None = None
    valid_until: date | None = None
    is_over: bool | None = None
    """Whether the last day it names has passed, by the office's date."""
    lines: list[tuple[str, str]] = []
    practice: bool | None = None


class FieldCodes:
    """Keeps the published keys current.

    Args:
        keys_path: the published set; None or a missing file: this installation has no offline codes.
    """

    def __init__(self, keys_path: Path | None) -> None:
        self._path = keys_path
        self._stamp = -1
        self._keys: tuple[PublicFieldKey, ...] = ()

    def published(self) -> tuple[PublicFieldKey, ...]:
        """The published keys, read again when their file changes; those known before where it cannot be read."""
        if self._path is None:
            return ()
        try:
            stamp = self._path.stat().st_mtime_ns
            if stamp != self._stamp:
                self._keys, self._stamp = published_keys(self._path), stamp
        except (OSError, ProviderUnavailable):
            pass
        return self._keys

    def read(self, text: str) -> FieldClaims | None:
        """What a code of ours says, else None."""
        try:
            return read_field_code(text.strip(), self.published())
        except CodeUnreadable:
            return None

    def view(self, text: str, today: date) -> FieldCodeView:
        """The answer to a code."""
        claims = self.read(text)
        if claims is None:
            return FieldCodeView(genuine=False)
        return FieldCodeView(
            genuine=True,
            verification_code=claims.verification_code,
            number=claims.number,
            title=claims.title,
            holder=claims.holder,
            letter_date=claims.letter_date,
            valid_until=claims.valid_until,
            is_over=claims.valid_until is not None and claims.valid_until < today,
            lines=list(claims.lines),
            practice=claims.practice,
        )
