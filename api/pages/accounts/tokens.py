"""The token of a mail in the address of a page: read, never spent by reading."""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Query

KODE = "kode"
Code = Annotated[str, Query(max_length=300)]
_FORM = re.compile(r"[A-Za-z0-9_-]{20,200}")


def token_of(text: str) -> str | None:
    """A token of good form; mail programs may leave a point or a bracket behind it."""
    found = _FORM.match(text.strip())
    return found.group() if found else None


def address_with(path: str, token: str) -> str:
    """The page of a token, to come back to when the language changes."""
    return f"{path}?{KODE}={token}"
