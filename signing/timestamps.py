"""Client of an RFC 3161 timestamp service that keeps its connection.

pyHanko's client makes a session for each token, and with it loads the machine's TLS roots: more than half of a
signature's time. This one holds a session for as long as the event loop lives, and forgets what it learned about the
service's certificates after ten minutes, so that a service that changes its certificate is noticed.
"""

from __future__ import annotations

import asyncio
import time

import aiohttp
from asn1crypto import tsp
from pyhanko.sign.timestamps.aiohttp_client import HTTPTimeStamper

LEARNED_SECONDS = 600.0
TIMEOUT_SECONDS = 10


class TsaClient(HTTPTimeStamper):
    """Asks `url` for tokens. Close with `aclose` before the loop ends."""

    def __init__(self, url: str, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        super().__init__(url, timeout=timeout_seconds)
        self._held: tuple[asyncio.AbstractEventLoop, aiohttp.ClientSession] | None = None
        self._learned_at = time.monotonic()

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        """Send one request over the held session."""
        loop = asyncio.get_running_loop()
        if self._held is None or self._held[0] is not loop or self._held[1].closed:
            self._held = (loop, aiohttp.ClientSession())
        self._session = self._held[1]
        return await super().async_request_tsa_response(req)

    def forget_if_old(self) -> None:
        """Drop the sample token and certificates of the service when they are older than ten minutes."""
        if time.monotonic() - self._learned_at > LEARNED_SECONDS:
            self._dummy_response_cache.clear()
            self._certs.clear()
            self._learned_at = time.monotonic()

    async def aclose(self) -> None:
        """Close the session of this loop."""
        held, self._held = self._held, None
        if held is not None and held[0] is asyncio.get_running_loop():
            await held[1].close()
