"""Verification in a process of its own, kept warm, with bounds on memory, processor time and wall time.

A hostile PDF may make a parser loop or allocate without end; here that costs one child process and the answer is RUSAK
with its reason. The child gets an environment of its own (no secrets), opens no network, and holds only the policy.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import struct
import sys
from collections.abc import Callable
from pathlib import Path

from signing.document import MAX_FILE_BYTES
from signing.errors import PolicyUnreadable, ProviderUnavailable
from signing.verdict import Report, Verdict

ADDRESS_SPACE_BYTES = 1536 * 1024 * 1024
CPU_SECONDS_PER_FILE = 20
WALL_SECONDS = 25.0
START_SECONDS = 60.0
_LENGTH = struct.Struct(">I")

log = logging.getLogger(__name__)


class LimitedVerifier:
    """Verifies one file at a time against the policy file that `policy_source` names at that moment.

    `policy_source`: the path of a policy.json, or a function that returns it; the child reads it again when it changes.
    """

    def __init__(
        self,
        policy_source: Path | Callable[[], Path],
        *,
        wall_seconds: float = WALL_SECONDS,
        cpu_seconds: int = CPU_SECONDS_PER_FILE,
        address_space_bytes: int = ADDRESS_SPACE_BYTES,
    ) -> None:
        self._source = policy_source if callable(policy_source) else lambda: policy_source
        self._wall_seconds = wall_seconds
        self._arguments = [str(address_space_bytes), str(cpu_seconds)]
        self._process: asyncio.subprocess.Process | None = None
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Start the child now, so that the first file does not wait for it. Raises ProviderUnavailable."""
        async with self._turn:
            await self._started()

    async def verify(self, pdf: bytes) -> Report:
        """Judge `pdf`. A crash, a time-out or a breach of limits is RUSAK.

        Raises PolicyUnreadable (from the child), and ProviderUnavailable when no child can be started: that says
        nothing about the file.
        """
        if len(pdf) > MAX_FILE_BYTES:
            return Report.plain(Verdict.RUSAK, "too_large")
        async with self._turn:
            process = await self._started()
            try:
                return await asyncio.wait_for(self._ask(process, pdf), self._wall_seconds)
            except (TimeoutError, OSError, EOFError, asyncio.IncompleteReadError):
                log.warning("Verifier process stopped while judging a file", extra={"bytes": len(pdf)})
                await self._kill()
                return Report.plain(Verdict.RUSAK, "verifier_stopped")
            except asyncio.CancelledError:
                # The child is in the middle of a file; the next caller must not get this one's answer.
                await self._kill()
                raise

    async def aclose(self) -> None:
        """End the child."""
        async with self._turn:
            await self._kill()

    async def _ask(self, process: asyncio.subprocess.Process, pdf: bytes) -> Report:
        assert process.stdin is not None and process.stdout is not None
        policy = str(self._source()).encode()
        process.stdin.write(_LENGTH.pack(len(policy)) + policy + _LENGTH.pack(len(pdf)) + pdf)
        await process.stdin.drain()
        (length,) = _LENGTH.unpack(await process.stdout.readexactly(_LENGTH.size))
        answer = json.loads(await process.stdout.readexactly(length))
        if "policy_error" in answer:
            raise PolicyUnreadable(answer["policy_error"])
        return Report.from_dict(answer)

    async def _started(self) -> asyncio.subprocess.Process:
        try:
            return await self._ready()
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as failure:
            await self._kill()
            raise ProviderUnavailable("Proses pemeriksa PDF tidak dapat dijalankan.") from failure
        except asyncio.CancelledError:
            await self._kill()  # it has not said that it is ready, and nobody would hear it
            raise

    async def _ready(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        root = str(Path(__file__).resolve().parent.parent)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-P",
            "-m",
            "signing.limited_child",
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"PATH": os.defpath, "PYTHONPATH": root, "LANG": "C.UTF-8"},
            cwd="/",
        )
        assert self._process.stdout is not None
        await asyncio.wait_for(self._process.stdout.readexactly(1), START_SECONDS)
        return self._process

    async def _kill(self) -> None:
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        try:
            process.kill()
        except ProcessLookupError:
            return
        await process.wait()
