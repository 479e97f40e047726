"""What surrounds every request: its id, the security headers, one log line, and an answer even to a bug.

Headers follow the OWASP Secure Headers recommendations; the content policy allows our own origin alone.
"""

from __future__ import annotations

import codecs
import logging
import re
import secrets
import time
from collections.abc import Callable

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("sakpore.api")

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
CAMERA = "camera=(self), geolocation=(), microphone=(), payment=()"
CAMERA_AND_PLACE = "camera=(self), geolocation=(self), microphone=(), payment=()"
DEVICES = {re.compile(r"/v(/foto)?"): CAMERA, re.compile(r"/lapangan(/.*)?"): CAMERA_AND_PLACE}
"""The pages that may ask for the camera or the place, by their addresses; all others may not."""
_REQUEST_ID = re.compile(r"^[A-Za-z0-9_-]{8,64}$")
GONE = 499
"""In the log alone: whoever asked went away before the request was whole; nobody hears an answer."""
MAX_JSON_BYTES = 1024 * 1024


class RequestLayer:
    """The outermost layer.

    Args:
        app: what is inside.
        answer_bug: makes the answer to an unexpected exception.
        strict_seconds: of Strict-Transport-Security; 0 leaves it out.
    """

    def __init__(
        self, app: ASGIApp, answer_bug: Callable[[Request, Exception], Response], strict_seconds: int = 0
    ) -> None:
        self._app = app
        self._answer_bug = answer_bug
        strict = {"Strict-Transport-Security": f"max-age={strict_seconds}"} if strict_seconds else {}
        self._headers = _HEADERS | strict

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started, status, method = time.perf_counter(), 0, scope["method"]

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._dress(MutableHeaders(scope=message), scope["path"], request_id)
            await send(message)

        try:
            if scope["path"].endswith("\n"):
                raise HTTPException(404)  # `$` in the patterns of routes would overlook it
            await self._app(scope, _bounded(scope, receive), sending)
        except ClientDisconnect:
            status = status or GONE
        except Exception as bug:
            if status:
                raise
            await self._answer_bug(Request(scope), bug)(scope, receive, sending)
        finally:
            self._log(scope, method, status, started, request_id)

    def _dress(self, headers: MutableHeaders, path: str, request_id: str) -> None:
        for pages, devices in DEVICES.items():
            if pages.fullmatch(path):
                headers.setdefault("Permissions-Policy", devices)
        for name, value in self._headers.items():
            headers.setdefault(name, value)
        headers["X-Request-Id"] = request_id
        if not path.startswith("/assets/"):
            headers.setdefault("Cache-Control", "no-store")

    @staticmethod
    def _log(scope: Scope, method: str, status: int, started: float, request_id: str) -> None:
        # The route's pattern, never the path: tracking and verification codes open a case.
        route = getattr(scope.get("route"), "path", None)
        milliseconds = round((time.perf_counter() - started) * 1000, 1)
        fields = {"method": method, "route": route, "status": status, "milliseconds": milliseconds}
        log.info("a request was answered", extra=fields | {"request_id": request_id})


class HeadAsGet:
    """Answers HEAD as GET without its content (RFC 9110, 9.3.2)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        scope["method"] = "GET"
        scope.setdefault("state", {})["is_head"] = True

        async def sending(message: Message) -> None:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

        await self._app(scope, receive, sending)


def is_head(scope: Scope) -> bool:
    """Whether a HEAD is answered as GET: a stream without end has nothing to send then."""
    return bool(scope.get("state", {}).get("is_head"))


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(text := value.decode("latin-1")):
            return str(text)
    return secrets.token_urlsafe(12)


def _bounded(scope: Scope, receive: Receive) -> Receive:
    """Refuses a JSON or form body over MAX_JSON_BYTES, and JSON that is not UTF-8 (RFC 8259, 8.1).

    Files have limits of their own where they are read.
    """
    kind = Headers(scope=scope).get("content-type", "").lower()
    if kind.startswith(("multipart/form-data", "application/pdf")):
        return receive
    reader = codecs.getincrementaldecoder("utf-8")() if kind.startswith("application/") and "json" in kind else None
    seen = 0

    async def bounded() -> Message:
        nonlocal seen
        message = await receive()
        body = message.get("body", b"")
        seen += len(body)
        if seen > MAX_JSON_BYTES:
            raise HTTPException(413)
        if reader is not None:
            _check_utf8(reader, body, final=not message.get("more_body", False))
        return message

    return bounded


def _check_utf8(reader: codecs.IncrementalDecoder, body: bytes, final: bool) -> None:
    # Python's parser takes UTF-16 and UTF-32 for what they are; in both, JSON has zeros.
    try:
        reader.decode(body, final)
    except UnicodeDecodeError:
        raise HTTPException(400) from None
    if b"\0" in body:
        raise HTTPException(400)
