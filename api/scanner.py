"""Judges uploaded files in a child process with limits, so that a hostile file can cost a process and never the API.

The child knows no secret and no address: an empty environment, a pipe, limits on memory and processor time. It stays
warm between files; one that hangs or dies takes its file's verdict with it (file-unreadable), and the next file gets a
new child.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from api.problems import ApiCode, Problem

log = logging.getLogger("sakpore.api")

WALL_SECONDS = 20.0
_ROOT = Path(__file__).resolve().parent.parent


CONTENT_TYPES = {"pdf": "application/pdf", "jpg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True)
class Judged:
    """What a file really is."""

    kind: str  # pdf, jpg or png
    content_type: str


class Scanner:
    """Asks the child about one file at a time; started with the first file, closed with the application."""

    def __init__(self, wall_seconds: float = WALL_SECONDS) -> None:
        self._wall_seconds = wall_seconds
        self._child: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def check(self, content: bytes, allowed: Sequence[str]) -> Judged:
        """What the file is. Raises Problem: file-empty, file-type-not-accepted, file-dangerous, file-unreadable."""
        async with self._turn:
            try:
                answer = await asyncio.wait_for(self._ask(content, allowed), self._wall_seconds)
            except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError):
                await self._drop()
                answer = {"code": ApiCode.FILE_UNREADABLE.value, "why": "scanner-lost"}
            except asyncio.CancelledError:
                # The child is in the middle of a file; the next caller must not get this one's answer.
                await self._drop()
                raise
        if "code" in answer:
            log.info("an uploaded file was refused", extra={"code": answer["code"], "why": answer["why"]})
            raise Problem(ApiCode(answer["code"]), allowed=sorted(allowed))
        return Judged(answer["kind"], CONTENT_TYPES[answer["kind"]])

    async def aclose(self) -> None:
        """Ends the child."""
        async with self._turn:
            await self._drop()

    async def _ask(self, content: bytes, allowed: Sequence[str]) -> dict[str, str]:
        child = await self._living_child()
        if child.stdin is None or child.stdout is None:
            raise OSError("the scanner has no pipes")
        question = json.dumps(list(allowed)).encode()
        child.stdin.write(struct.pack("!II", len(question), len(content)) + question)
        child.stdin.write(content)
        await child.stdin.drain()
        line = await child.stdout.readline()
        answer: dict[str, str] = json.loads(line or b"x")
        return answer

    async def _living_child(self) -> asyncio.subprocess.Process:
        if self._child is None or self._child.returncode is not None:
            self._child = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "api.scanner_child",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=_ROOT,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                start_new_session=True,
            )
        return self._child

    async def _drop(self) -> None:
        child, self._child = self._child, None
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
