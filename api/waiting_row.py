"""A row of bounded length: whoever asks for something slow while it is full is asked to come back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from api.problems import ApiCode, Problem

RETRY_SECONDS = 10


class WaitingRow:
    """Counts who waits in this process; `most` at once."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._waiting = 0

    @contextmanager
    def place(self) -> Iterator[None]:
        """A place in the row. Raises Problem(too-many-attempts) when it is full."""
        if self._waiting >= self._most:
            headers = {"Retry-After": str(RETRY_SECONDS)}
            raise Problem(ApiCode.TOO_MANY_ATTEMPTS, headers=headers, retry_after_seconds=RETRY_SECONDS)
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1
