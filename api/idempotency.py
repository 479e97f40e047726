"""Asking twice is harmless: the header `Idempotency-Key` (after the IETF draft of that name) on every write.

The first good answer under a person's key is kept and given again; another request under the same key is refused. Two
requests with one key at the same moment wait for each other.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from weakref import WeakValueDictionary

from fastapi import Depends, Header, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse

from api.dependencies import Here, SignedIn
from api.pages.forms import KEY, sent_form
from api.services import Services
from permits.errors import Code, RuleError

log = logging.getLogger("sakpore.api")

Key = Annotated[
    str | None,
    Header(alias="Idempotency-Key", min_length=1, max_length=128, pattern=r"^[A-Za-z0-9_.:-]+$"),
]
FORM_KEY = re.compile(r"[A-Za-z0-9_.:-]{1,128}")
_turns: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()


class Once:
    """One write under one key."""

    def __init__(self, services: Services, actor_id: str, key: str | None, place: str) -> None:
        self._services = services
        self._actor_id = actor_id
        self.key = key
        self._place = place

    async def answer(
        self, asked: object, status: int, write: Callable[[], Awaitable[BaseModel | dict[str, Any]]]
    ) -> JSONResponse:
        """The answer of `write`, or the one that was given before under this key.

        Args:
            asked: what tells this request from another one, without secrets: a model, JSON values, or a sha256.
            status: the status of a good answer.
            write: does the work; what it raises is not kept.

        Raises RuleError(idempotency-key-reused).
        """
        if self.key is None:
            return JSONResponse(_json(await write()), status)
        digest = request_sha256(self._place, asked)
        turn = _turns.setdefault((self._actor_id, self.key), asyncio.Lock())
        async with turn:
            known = await self._services.records.find_receipt(self._actor_id, self.key)
            if known is None:
                body = _json(await write())
                known = await self._services.records.remember_receipt(
                    self._actor_id, self.key, digest, status, body, self._services.now()
                )
            if known.request_sha256 != digest:
                raise RuleError(Code.IDEMPOTENCY_KEY_REUSED)
            return JSONResponse(known.body, known.status)


async def once(request: Request, login: SignedIn, services: Here, key: Key = None) -> Once:
    """The dependency; a form of our pages brings its key as a field."""
    if key is None and not request.url.path.startswith("/api/"):
        given = (await sent_form(request)).text(KEY, 128)
        key = given if FORM_KEY.fullmatch(given) else None
    return Once(services, login.actor.id, key, f"{request.method} {request.url.path}")


OnlyOnce = Annotated[Once, Depends(once)]


def request_sha256(place: str, asked: object) -> str:
    """Tells one request from another."""
    plain = asked.model_dump(mode="json") if isinstance(asked, BaseModel) else asked
    canonical = json.dumps([place, plain], sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _json(answer: BaseModel | dict[str, Any]) -> dict[str, Any]:
    return answer.model_dump(mode="json") if isinstance(answer, BaseModel) else answer
