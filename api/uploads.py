"""Receives files from strangers: bounded while they stream in, judged before anything is kept.

Nothing that the sender says about a file is believed: the name is cleaned and only shown, the type is read from the
bytes, the size is counted. A body over the limit is refused at its first byte too many (RFC 9110, 413), and what still
comes is thrown away so that the sender can read the answer.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import time
import unicodedata
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.types import Receive, Scope, Send

from api.problems import ApiCode, Problem

FORM_OVERHEAD = 64 * 1024
"""Bytes that the multipart frame itself may take beside the file."""
DRAIN_BYTES = 256 * 1024 * 1024
DRAIN_SECONDS = 20.0


@dataclass(frozen=True)
class Upload:
    """One file as it came, within the limit; its content is not judged yet."""

    filename: str
    content: bytes
    fields: dict[str, str]  # the other fields of the form

    @property
    def sha256(self) -> str:
        """Names the content."""
        return hashlib.sha256(self.content).hexdigest()


@dataclass(frozen=True)
class SentFile:
    """A multipart form within its limit; whether it has a file shows when that is asked for."""

    filename: str | None  # None: no file field came
    content: bytes
    lists: dict[str, list[str]]
    limit: int


async def read_form_file(request: Request, limit: int, name: str = "file") -> Upload:
    """The file `name` of a multipart form of at most `limit` bytes.

    Raises Problem: file-too-large (before more than the limit is read), file-missing, file-empty, invalid-request.
    """
    sent = await read_sent(request, limit, name)
    if sent.filename is None:
        raise Problem(ApiCode.FILE_MISSING)
    fields = {key: values[-1] for key, values in sent.lists.items()}
    return Upload(clean_filename(sent.filename), _within(sent.content, limit), fields)


async def read_sent(request: Request, limit: int, name: str = "file") -> SentFile:
    """The multipart form of a request, parsed once. Raises Problem: file-too-large, file-missing, invalid-request."""
    known: SentFile | None = getattr(request.state, "sent_file", None)
    if known is not None:
        return known
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise Problem(ApiCode.FILE_MISSING)
    body = bounded_body(request, limit + FORM_OVERHEAD, limit)
    try:
        form = await MultiPartParser(request.headers, body, max_files=1, max_fields=30, max_part_size=16_384).parse()
    except MultiPartException:
        raise Problem(ApiCode.INVALID_REQUEST, fields=[name]) from None
    try:
        file = form.get(name)
        lists: dict[str, list[str]] = {}
        for key, value in form.multi_items():
            if isinstance(value, str):
                lists.setdefault(key, []).append(value)
        is_file = isinstance(file, UploadFile)
        content = await file.read() if isinstance(file, UploadFile) else b""
        filename = (file.filename or "") if isinstance(file, UploadFile) else None
        request.state.sent_file = sent = SentFile(filename if is_file else None, content, lists, limit)
        return sent
    finally:
        await form.close()


async def read_raw_file(request: Request, limit: int) -> Upload:
    """The whole body as one file of at most `limit` bytes. Raises Problem: file-too-large, file-empty."""
    content = b"".join([chunk async for chunk in bounded_body(request, limit, limit)])
    return Upload("dokumen", _within(content, limit), {})


async def bounded_body(request: Request, hard_limit: int, told_limit: int) -> AsyncGenerator[bytes, None]:
    """The body in chunks; raises Problem(file-too-large, naming `told_limit`) once it is over `hard_limit` bytes."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > hard_limit:
        raise Problem(ApiCode.FILE_TOO_LARGE, limit_bytes=told_limit)
    seen = 0
    async for chunk in request.stream():
        seen += len(chunk)
        if seen > hard_limit:
            raise Problem(ApiCode.FILE_TOO_LARGE, limit_bytes=told_limit)
        yield chunk


def _within(content: bytes, limit: int) -> bytes:
    if not content:
        raise Problem(ApiCode.FILE_EMPTY)
    if len(content) > limit:
        raise Problem(ApiCode.FILE_TOO_LARGE, limit_bytes=limit)
    return content


def clean_filename(name: str) -> str:
    """A name that is safe to show: no path, no control or direction marks, at most 100 characters."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(char for char in base if unicodedata.category(char)[0] not in "CZ" or char == " ")
    plain = re.sub(r"[^\w .()-]", "_", kept).strip(" .")
    return plain[:100] or "berkas"


async def drain(receive: Receive) -> None:
    """Throws away what still comes of a refused body, within bounds of size and time."""
    thrown, until = 0, time.monotonic() + DRAIN_SECONDS
    while thrown < DRAIN_BYTES and (left := until - time.monotonic()) > 0:
        try:
            message = await asyncio.wait_for(receive(), left)
        except TimeoutError:
            return
        thrown += len(message.get("body", b""))
        if message["type"] == "http.disconnect" or not message.get("more_body", False):
            return


class DrainRefusedBodies:
    """ASGI layer: after a 413, the rest of the body is read and dropped before the answer ends.

    A server that closes on unread bytes resets the connection, and the sender would never see why.
    """

    def __init__(self, app: object) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)  # type: ignore[operator]
            return
        refused, finished = False, False

        async def watching_receive() -> dict[str, object]:
            nonlocal finished
            message = await receive()
            finished = finished or not message.get("more_body", False)
            return message  # type: ignore[return-value]

        async def watching_send(message: dict[str, object]) -> None:
            nonlocal refused
            if message["type"] == "http.response.start":
                refused = message["status"] == 413
            last = message["type"] == "http.response.body" and not message.get("more_body", False)
            if refused and last and not finished:
                await send({**message, "more_body": True})
                await drain(receive)
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return
            await send(message)

        await self._app(scope, watching_receive, watching_send)  # type: ignore[operator]
