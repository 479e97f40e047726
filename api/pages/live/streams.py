"""Server-sent events (WHATWG HTML, 9.2): a page is told that what it shows has changed, and nothing else.

A stream begins with the mark of what is shown; `berubah` (changed) follows each change, with the new mark as its id;
`selesai` (over) ends it for good, when the log-in is. Between them a comment every quarter of a minute finds out who
has gone. Whoever comes back says the last mark it knew; a page that opens its first stream says how old it is.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from api.dependencies import Case, Here, SignedIn, case_for, may
from api.layers import is_head
from api.problems import ApiCode, Problem
from api.routes.sessions import client_address
from api.services import Services
from api.watching import Change, Listener, TooManyListen, Topic, Watching
from permits.authority import Act, Actor
from permits.numbering import read_tracking_code
from store.queries.changes import case_changed_at, desks_of, number_behind

streams = APIRouter(prefix="/aliran")

STREAM: Final = "text/event-stream"
RETRY_MILLISECONDS: Final = 5000
HEARTBEAT_SECONDS: Final = 15.0
LONGEST_SECONDS: Final = 1800.0
"""A stream ends after this long, and its page comes back: rights and desks are asked for again."""
COME_BACK_SECONDS: Final = 60

Known = Annotated[str, Query(max_length=400, pattern=r"^[0-9a-f]*$", description="The last mark that the page knew")]
Age = Annotated[int, Query(ge=0, le=86_400_000, description="Milliseconds since the page was answered")]
NEARLY_NEW_MILLISECONDS: Final = 1000


@streams.get("/lacak/{code}")
async def follow_tracking(code: str, request: Request, services: Here, tanda: Known = "", umur: Age = 0) -> Response:
    """Changes of a case, for whoever has its code."""
    meant = read_tracking_code(code)
    async with services.db.transaction() as session:
        number = await number_behind(session, meant)
    if number is None:
        raise Problem(ApiCode.CODE_NOT_FOUND)
    is_old = await _changed_within(services, number, umur)
    return await _stream(request, services, number, None, tanda, is_old)


@streams.get("/kasus/{number}")
async def follow_case(
    case: Annotated[Case, Depends(case_for(Act.READ_APPLICATION))],
    login: SignedIn,
    request: Request,
    services: Here,
    tanda: Known = "",
    umur: Age = 0,
) -> Response:
    """Changes of a case, for whoever may read it."""
    is_old = await _changed_within(services, case.row.number, umur)
    return await _stream(request, services, case.row.number, login.token_hash, tanda, is_old)


@streams.get("/tugas")
async def follow_inbox(
    actor: Annotated[Actor, Depends(may(Act.LIST_TASKS))],
    login: SignedIn,
    request: Request,
    services: Here,
    tanda: Known = "",
    umur: Age = 0,
) -> Response:
    """Changes of the asker's inbox, in all capacities."""
    desks = desks_of(await services.capacities(actor))
    return await _stream(request, services, desks, login.token_hash, tanda, umur > NEARLY_NEW_MILLISECONDS)


async def _changed_within(services: Services, number: str, milliseconds: int) -> bool:
    """Whether the case changed since a page of that age was answered, or just before."""
    async with services.db.transaction() as session:
        at = await case_changed_at(session, number)
    return at is not None and services.now() - at < timedelta(milliseconds=milliseconds + NEARLY_NEW_MILLISECONDS)


async def _stream(
    request: Request, services: Services, topic: Topic, login: str | None, known: str, is_old: bool
) -> Response:
    if is_head(request.scope):
        return Response(media_type=STREAM)
    listener = Listener(topic, client_address(request), login)
    watching = services.watching
    try:
        watching.join(listener)
    except TooManyListen:
        wait = {"Retry-After": str(COME_BACK_SECONDS)}
        raise Problem(ApiCode.TOO_MANY_ATTEMPTS, wait, retry_after_seconds=COME_BACK_SECONDS) from None
    try:
        mark = await watching.mark(topic)
    except BaseException:
        watching.leave(listener)
        raise
    known = request.headers.get("last-event-id", "") or known
    return _Stream(watching, listener, mark or "", is_old if not known else known != mark)


class _Stream(StreamingResponse):
    """Gives its place back however it ends."""

    def __init__(self, watching: Watching, listener: Listener, mark: str, is_old: bool) -> None:
        super().__init__(_lines(listener, mark, is_old), media_type=STREAM, headers={"X-Accel-Buffering": "no"})
        self._watching = watching
        self._listener = listener

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Streams until the asker goes, the log-in ends, or the process stops."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._watching.leave(self._listener)


async def _lines(listener: Listener, mark: str, is_old: bool) -> AsyncIterator[str]:
    yield f"retry: {RETRY_MILLISECONDS}\n" + _event("berubah" if is_old else "mulai", mark)
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        try:
            change: Change | None = await listener.next(HEARTBEAT_SECONDS)
        except TimeoutError:
            yield ":\n\n"
            continue
        if change is None:
            return
        if change.mark is None:
            yield _event("selesai", "")
            return
        yield _event("berubah", change.mark)


def _event(name: str, mark: str) -> str:
    return f"event: {name}\n" + (f"id: {mark}\n" if mark else "") + "data: {}\n\n"
