"""HTTP to a remote signing service, with every failure sorted by what it leaves behind.

The question that matters is whether an order may have been carried out. Refused or never connected: nothing was sent,
the same order may be sent again later. Sent, and then silence or a broken connection: unknown, never blindly repeated.
No connection is reused, since a kept one that the service has just closed would turn the first case into the second.
Redirects are not followed: a passphrase goes to the address in the settings and nowhere else. Errors are cut off from
the HTTP library's own, whose text may hold headers.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from signing.errors import (
    OutcomeUnknown,
    ProviderLoginRefused,
    ProviderUnavailable,
    SigningError,
)

CONNECT_SECONDS = 5.0
MOST_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Answer:
    """What the service answered."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes = field(repr=False)
    complete: bool = True  # False: the connection broke while the body was being read

    def json(self) -> Any:
        """The body as JSON; None where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None

    def fields(self) -> dict[str, Any]:
        """The body as a JSON object; empty where it is none."""
        found = self.json()
        return found if isinstance(found, dict) else {}


class RemoteService:
    """One service at `base_url`."""

    def __init__(self, base_url: str, timeout_seconds: float, connect_seconds: float = CONNECT_SECONDS) -> None:
        self._base = base_url.rstrip("/")
        self._timeout_seconds, self._connect_seconds = timeout_seconds, connect_seconds
        self._tls: ssl.SSLContext | None = None

    async def call(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        body: Mapping[str, Any] | None = None,
        form: aiohttp.FormData | None = None,
        is_order: bool = False,
        more_seconds: float = 0.0,
    ) -> Answer:
        """Ask `method path` with a JSON body or a form; `more_seconds` beyond the usual for what takes longer.

        `is_order`: the service may act on it, so that a failure after sending is OutcomeUnknown; otherwise it is
        ProviderUnavailable, as is every failure before sending.
        """
        limit, connect = self._timeout_seconds + more_seconds, self._connect_seconds
        timeout = aiohttp.ClientTimeout(total=limit, connect=connect, sock_connect=connect)
        try:
            async with (
                aiohttp.ClientSession(connector=self._connector(), timeout=timeout) as session,
                session.request(
                    method, self._base + path, headers=headers, json=body, data=form, allow_redirects=False
                ) as response,
            ):
                named = {name.lower(): value for name, value in response.headers.items()}
                return await _read(response, named)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            raise ProviderUnavailable("Layanan tanda tangan tidak dapat dihubungi.") from None
        except (aiohttp.ClientError, TimeoutError, OSError):
            if is_order:
                raise OutcomeUnknown("Layanan tanda tangan tidak menjawab setelah permintaan dikirim.") from None
            raise ProviderUnavailable("Layanan tanda tangan tidak menjawab.") from None

    def _connector(self) -> aiohttp.TCPConnector:
        if self._tls is None and self._base.startswith("https:"):
            self._tls = ssl.create_default_context()
        return aiohttp.TCPConnector(force_close=True, ssl=self._tls if self._tls is not None else True)


async def _read(response: aiohttp.ClientResponse, headers: Mapping[str, str]) -> Answer:
    body = bytearray()
    try:
        async for part in response.content.iter_chunked(1 << 16):
            body += part
            if len(body) > MOST_BYTES:
                return Answer(response.status, headers, b"", complete=False)
    except (aiohttp.ClientError, TimeoutError, OSError):
        return Answer(response.status, headers, b"", complete=False)
    return Answer(response.status, headers, bytes(body))


def refusal_of_transport(status: int) -> SigningError | None:
    """The failure that an HTTP status names by itself, before the service looked at the order; None for any other.

    Log-in refused, wrong address, too busy: nothing was carried out, and it can pass without the officer.
    """
    if status in (401, 403, 407):
        return ProviderLoginRefused("Layanan tanda tangan menolak akun instalasi ini.")
    if status in (404, 405, 429, 503) or 300 <= status < 400:
        return ProviderUnavailable("Layanan tanda tangan sedang tidak melayani permintaan.")
    return None
