"""Client of an RFC 3161 timestamp service.

pyHanko's client loads a bundle of TLS roots for every token, which takes longer than all the rest of a signature. This
one uses the roots that the HTTP library loaded once, and forgets what it learned about the service's certificates
after ten minutes, so that a service that changes its certificate is noticed.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from pyhanko.sign.timestamps.aiohttp_client import HTTPTimeStamper

LEARNED_SECONDS = 600.0
TIMEOUT_SECONDS = 10.0


class TsaClient(HTTPTimeStamper):
    """Asks `url` for tokens. May be shared by any number of signatures; nothing has to be closed."""

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        super().__init__(url, timeout=timeout_seconds)
        self._learned_at = time.monotonic()

    @asynccontextmanager
    async def _acquire_session(self) -> AsyncIterator[aiohttp.ClientSession]:
        async with aiohttp.ClientSession() as session:
            yield session

    def forget_if_old(self) -> None:
        """Drop the sample token and certificates of the service when they are older than ten minutes."""
        if time.monotonic() - self._learned_at > LEARNED_SECONDS:
            self._dummy_response_cache.clear()
            self._certs.clear()
            self._learned_at = time.monotonic()
