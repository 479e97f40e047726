"""A child process with limits that is asked about one file at a time, so that a hostile file costs a process at most.

The child knows no secret and no address: an empty environment and a pipe; it sets its own limits on memory and
processor time before the first byte is read. It stays warm between files; one that hangs or dies takes its file's
answer with it, and the next file gets a new child.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import struct
import sys
from pathlib import Path
from typing import Any

WALL_SECONDS = 20.0
LINE_BYTES = 64 * 1024
_ROOT = Path(__file__).resolve().parent.parent


class ChildLost(Exception):
    """The child hung, died or answered nonsense; there is no answer about this file."""


class Child:
    """Asks a module that reads `!II` lengths, a JSON question and the file, and answers with a line of JSON.

    Args:
        module: run by `python -m`; its limits are its own part.
        wall_seconds: how long one file may take.
        line_bytes: how long an answer may be.
    """

    def __init__(self, module: str, wall_seconds: float = WALL_SECONDS, line_bytes: int = LINE_BYTES) -> None:
        self._line_bytes = line_bytes
        self._module = module
        self._wall_seconds = wall_seconds
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def ask(self, question: object, content: bytes) -> dict[str, Any]:
        """The child's answer. Raises ChildLost."""
        async with self._turn:
            try:
                return await asyncio.wait_for(self._ask(json.dumps(question).encode(), content), self._wall_seconds)
            except (TimeoutError, OSError, asyncio.IncompleteReadError, ValueError) as lost:
                await self._drop()
                raise ChildLost from lost
            except asyncio.CancelledError:
                # The child is in the middle of a file; the next caller must not get this one's answer.
                await self._drop()
                raise

    async def aclose(self) -> None:
        """Ends the child."""
        async with self._turn:
            await self._drop()

    async def _ask(self, question: bytes, content: bytes) -> dict[str, Any]:
        child = await self._living()
        if child.stdin is None or child.stdout is None:
            raise OSError("the child has no pipes")
        child.stdin.write(struct.pack("!II", len(question), len(content)) + question)
        child.stdin.write(content)
        await child.stdin.drain()
        line = await child.stdout.readline()
        answer: dict[str, Any] = json.loads(line or b"x")
        return answer

    async def _living(self) -> asyncio.subprocess.Process:
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                self._module,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd=_ROOT,
                limit=self._line_bytes,
                env={"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
                start_new_session=True,
            )
        return self._process

    async def _drop(self) -> None:
        child, self._process = self._process, None
        if child is None or child.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
