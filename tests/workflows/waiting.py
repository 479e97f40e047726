"""Waiting for what the engine does by itself, with a bound."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

PATIENCE_SECONDS = 20.0

T = TypeVar("T")


async def until(ask: Callable[[], Awaitable[T | None]], what: str, seconds: float = PATIENCE_SECONDS) -> T:
    """The first true answer; an AssertionError that says what was waited for."""
    end = time.monotonic() + seconds
    while True:
        answer = await ask()
        if answer:
            return answer
        assert time.monotonic() < end, f"did not happen within {seconds:.0f} s: {what}"
        await asyncio.sleep(0.04)
