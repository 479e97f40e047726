"""Small things that the door has the signing worker do, and waits for: named by an id, never by their contents."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Errand(BaseModel):
    """What is to be looked at."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["passkey", "provider-code"]
    subject_id: str  # of the wish about a passkey; of the officer who is sent a code
    order_key: str = ""  # tells one sending of a code from the next


class ErrandDone(BaseModel):
    """Done, or the stable code of why not."""

    model_config = ConfigDict(frozen=True)

    failure: str | None = None
