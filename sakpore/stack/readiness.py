"""How a part shows that it is ready to be used. A probe is asked about one life and never raises.

A port that answers proves nothing by itself: another program may have taken it before our process came to bind it. The
probes of ports therefore also ask the system whether our process is the one that listens.
"""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sakpore.stack.processes import listens


@dataclass(frozen=True)
class Life:
    """One life of a part, from its start until it ends."""

    pid: int
    seconds: float  # since it was let go
    log: Path
    log_offset: int  # where its own words begin


Probe = Callable[[Life], Awaitable[bool]]
PROBE_SECONDS = 2.0


def tcp(host: str, port: int) -> Probe:
    """Ready when a connection is accepted by its own process."""

    async def probe(life: Life) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                _, writer = await asyncio.open_connection(host, port)
        except (OSError, TimeoutError):
            return False
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        return listens(life.pid, port)

    return probe


def http(host: str, port: int, path: str, below: int = 400, secure: bool = False) -> Probe:
    """Ready when its own process answers GET with a status below `below`; `secure` asks over TLS."""

    async def probe(life: Life) -> bool:
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await _status(host, port, path, secure) < below and listens(life.pid, port)
        except (OSError, TimeoutError, ValueError, IndexError):
            return False

    return probe


async def _status(host: str, port: int, path: str, secure: bool) -> int:
    # Whose certificate it is does not matter: `listens` says whose process answers.
    context = ssl._create_unverified_context() if secure else None  # noqa: S323
    reader, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n".encode())
        await writer.drain()
        return int((await reader.readline()).split()[1])
    finally:
        writer.close()


def command(arguments: Sequence[str], environment: Mapping[str, str]) -> Probe:
    """Ready when the command exits 0."""

    async def probe(life: Life) -> bool:
        process = await asyncio.create_subprocess_exec(
            *arguments,
            env=dict(environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                return await process.wait() == 0
        except TimeoutError:
            process.kill()
            await process.wait()
            return False

    return probe


def log_line(words: str) -> Probe:
    """Ready when it has written these words to its log."""

    async def probe(life: Life) -> bool:
        try:
            with life.log.open("rb") as file:
                file.seek(life.log_offset)
                return words.encode() in file.read()
        except OSError:
            return False

    return probe


def alive(seconds: float) -> Probe:
    """Ready when it has lived this long; for parts that neither listen nor say so."""

    async def probe(life: Life) -> bool:
        return life.seconds >= seconds

    return probe
