"""People of the demonstration at their screens: each logs in as itself and speaks HTTP, as a browser would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Self

import httpx

from sakpore.people import PASSWORD, Person


class Refused(Exception):
    """The API answered with a problem (RFC 9457)."""

    def __init__(self, response: httpx.Response) -> None:
        try:
            self.problem: dict[str, Any] = response.json()
        except ValueError:
            self.problem = {"code": "no-json", "detail": response.text[:200]}
        self.status = response.status_code
        path = response.request.url.path
        super().__init__(f"{response.request.method} {path}: {self.status} {self.problem.get('code')}")


class Desk:
    """One person, logged in."""

    def __init__(self, person: Person, client: httpx.AsyncClient) -> None:
        self.person = person
        self._client = client

    @classmethod
    async def open(cls, base_url: str, person: Person) -> Self:
        """Logs in; waits for an API that is just starting."""
        client = httpx.AsyncClient(base_url=base_url, timeout=30, transport=httpx.AsyncHTTPTransport(retries=2))
        asked = {"email": person.email, "password": PASSWORD}
        opened = await _patiently(lambda: client.post("/api/v1/sessions", json=asked))
        client.headers["Authorization"] = f"Bearer {opened['token']}"
        return cls(person, client)

    async def close(self) -> None:
        """Leaves."""
        await self._client.aclose()

    async def get(self, path: str, **query: Any) -> Any:
        """Reads JSON. Raises Refused."""
        return await _patiently(lambda: self._client.get(f"/api/v1{path}", params=query))

    async def fetch(self, path: str, **query: Any) -> bytes:
        """Reads a file. Raises Refused."""
        response = await self._client.get(f"/api/v1{path}", params=query)
        if response.status_code != 200:
            raise Refused(response)
        return response.content

    async def write(self, path: str, body: dict[str, Any], key: str) -> Any:
        """Posts JSON under an idempotency key, again while the answer is not known. Raises Refused."""
        headers = {"Idempotency-Key": key}
        return await _patiently(lambda: self._client.post(f"/api/v1{path}", json=body, headers=headers))

    async def upload(self, method: str, path: str, name: str, content: bytes, media: str, **fields: str) -> Any:
        """Sends a file. Raises Refused."""
        files = {"file": (name, content, media)}
        return await _patiently(lambda: self._client.request(method, f"/api/v1{path}", files=files, data=fields))


async def _patiently(ask: Callable[[], Awaitable[httpx.Response]], seconds: float = 90) -> Any:
    """Asks again while a part is away or an answer is not known yet: every write here is safe to repeat."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while True:
        try:
            response = await ask()
        except httpx.TransportError:
            if loop.time() > until:
                raise
        else:
            unknown = response.status_code == 202 and response.json().get("state") == "accepted-unknown"
            away = response.status_code >= 500
            if response.is_success and not unknown:
                return response.json() if response.content else None
            if (not away and not unknown) or loop.time() > until:
                raise Refused(response)
        await asyncio.sleep(0.5)
