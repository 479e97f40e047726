"""Keeps one part alive: starts it, waits until it is ready, starts it again with back-off when it dies, stops it."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from sakpore.stack.errors import NotYetError, StackError
from sakpore.stack.parts import Part
from sakpore.stack.processes import Identity, family, identify, kill_all, spawn
from sakpore.stack.readiness import Life

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 10.0  # seconds between a death and the next start
STEADY_SECONDS = 30.0  # a life this long forgets earlier deaths
FIRST_START_TRIES = 3
POLL_SECONDS = 0.03

Report = Callable[[str, str, str], None]  # (kind, part name, detail)


class Keeper:
    """The life of one part. All methods belong to the event loop of the supervisor."""

    def __init__(
        self,
        part: Part,
        log: Path,
        cwd: Path,
        report: Report,
        running: Callable[[str, Identity | None], None],
        release_ports: Callable[..., None],
    ) -> None:
        self.part = part
        self.log = log
        self._cwd = cwd
        self._report = report
        self._running = running
        self._release_ports = release_ports
        self._ready = asyncio.Event()
        self._wanted = asyncio.Event()
        self._may_begin = asyncio.Event()
        self._hurry = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._identity: Identity | None = None
        self._once: dict[str, str] = {}
        self._ever_ready = False
        self._expected_end = False
        self._loop_task: asyncio.Task[None] | None = None

    def load(self) -> None:
        """Start the process; an early part then only loads its code, until `start`."""
        self._wanted.set()
        if self._loop_task is None:
            self._loop_task = asyncio.create_task(self._keep())

    async def start(self) -> None:
        """Start and wait until ready. Raises StackError when the first start does not succeed after a few tries."""
        self._may_begin.set()
        self.load()
        assert self._loop_task is not None
        waiting = asyncio.create_task(self._ready.wait())
        try:
            await asyncio.wait({waiting, self._loop_task}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if self._loop_task.done():
            self._loop_task.result()

    async def wait_ready(self) -> None:
        """Wait until the part (again) is ready."""
        await self._ready.wait()

    async def stop(self) -> None:
        """Stop for good: the stop signal, then SIGKILL after the grace."""
        self._wanted.clear()
        await self._end(self.part.grace_seconds)
        if self._loop_task is not None:
            while not self._loop_task.done():
                self._loop_task.cancel()
                await asyncio.wait({self._loop_task}, timeout=0.5)
            if not self._loop_task.cancelled():
                self._loop_task.exception()  # Seen here; `start` has raised it already, if it was still listening.
            self._loop_task = None
        await self._end(0)
        if self.part.tidy is not None:
            self.part.tidy()

    async def hold(self) -> None:
        """Stop, and start again only when told."""
        self._wanted.clear()
        await self._end(self.part.grace_seconds)

    async def restart(self, once: Mapping[str, str]) -> None:
        """Stop politely and start anew; `once` is added to the environment of that one life."""
        self._once = dict(once)
        self._wanted.clear()
        await self._end(self.part.grace_seconds)
        self._hurry.set()
        self._wanted.set()
        await self._ready.wait()

    async def kill(self) -> None:
        """SIGKILL the whole process with all its children; it is started again by itself."""
        process, identity = self._process, self._identity
        if process is None or identity is None:
            return
        self._ready.clear()
        kill_all(family(identity.pid))
        await process.wait()

    async def _keep(self) -> None:
        pause, failures = FIRST_PAUSE, 0
        while True:
            await self._wanted.wait()
            began = asyncio.get_running_loop().time()
            try:
                problem = await self._live()
            except Exception as error:  # Whatever goes wrong in one life, a part that once ran is tried again.
                if not self._ever_ready:
                    raise _as_stack_error(self.part, error) from error
                problem = str(error)
            if not self._wanted.is_set() or self._expected_end:
                continue
            failures += 1
            if not self._ever_ready and failures >= FIRST_START_TRIES:
                raise StackError(f"{self.part.title} does not start: {problem} (log: {self.log}).")
            lived = asyncio.get_running_loop().time() - began
            pause = FIRST_PAUSE if lived > STEADY_SECONDS else pause
            self._report("died", self.part.name, f"{problem}; next start in {pause:.1f} s")
            await self._rest(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _rest(self, seconds: float) -> None:
        self._hurry.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def _live(self) -> str:
        """One life of the process, from preparation to its end. Returns why it ended."""
        self._expected_end = False
        self._report("starting", self.part.name, "")
        part = replace(self.part, environment={**self.part.environment, **self._once})
        self._once = {}
        if part.prepare is not None:
            for note in await asyncio.to_thread(part.prepare):
                self._report("note", part.name, note)
        if not self._wanted.is_set():
            return "not wanted"
        offset = _size(self.log)
        leash, end_of_leash = socket.socketpair() if part.is_early else (None, None)
        if leash is None:
            self._release_ports(*part.ports)
        try:
            process = await spawn(
                part.command,
                part.environment,
                self.log,
                self._cwd,
                death_signal=part.stop_signal,
                user=part.account.uid if part.account else None,
                group=part.account.gid if part.account else None,
                stdin=end_of_leash.fileno() if end_of_leash else asyncio.subprocess.DEVNULL,
            )
        except OSError as error:
            if leash is not None:
                leash.close()
            raise StackError(f"{part.title} cannot be executed ({error.strerror}): {part.command[0]}.") from error
        finally:
            if end_of_leash is not None:
                end_of_leash.close()
        self._process, self._identity = process, identify(process.pid)
        self._running(part.name, self._identity)
        try:
            if leash is not None:
                await self._let_go(process, leash)
            if await self._becomes_ready(process, offset):
                self._ever_ready = True
                self._ready.set()
                self._report("ready", part.name, "")
                code = await process.wait()
            elif process.returncode is None:
                await self.kill()
                return f"not ready within {part.ready_seconds:.0f} s"
            else:
                code = process.returncode
        finally:
            self._ready.clear()
            self._running(part.name, None)
        return end_in_words(code, self.log, offset)

    async def _let_go(self, process: asyncio.subprocess.Process, leash: socket.socket) -> None:
        """Wait until an early process has loaded its code and may begin, and tell it so; or until it has ended."""
        ended = asyncio.create_task(process.wait())

        async def go() -> None:
            loop = asyncio.get_running_loop()
            leash.setblocking(False)
            if await loop.sock_recv(leash, 1):
                await self._may_begin.wait()
                self._release_ports(*self.part.ports)
                await loop.sock_sendall(leash, b"+")

        going = asyncio.create_task(go())
        try:
            await asyncio.wait({ended, going}, return_when=asyncio.FIRST_COMPLETED)
            if going.done():
                with contextlib.suppress(ConnectionError):
                    going.result()
        finally:
            for task in (ended, going):
                task.cancel()
            await asyncio.gather(ended, going, return_exceptions=True)
            leash.close()

    async def _becomes_ready(self, process: asyncio.subprocess.Process, offset: int) -> bool:
        loop = asyncio.get_running_loop()
        began = loop.time()
        while process.returncode is None and loop.time() - began < self.part.ready_seconds:
            life = Life(process.pid, loop.time() - began, self.log, offset)
            if self.part.ready is None or await self.part.ready(life):
                break
            await asyncio.sleep(POLL_SECONDS)
        else:
            return False
        while self.part.settle is not None and process.returncode is None:
            try:
                await asyncio.to_thread(self.part.settle)
                break
            except NotYetError as error:
                if loop.time() - began > self.part.ready_seconds:
                    raise StackError(f"{self.part.title} is not usable: {error} (log: {self.log}).") from error
                await asyncio.sleep(POLL_SECONDS)
        return process.returncode is None

    async def _end(self, grace_seconds: float) -> None:
        process, identity = self._process, self._identity
        if process is None or identity is None or process.returncode is not None:
            return
        self._expected_end = True
        self._ready.clear()
        relatives = family(identity.pid)
        if grace_seconds > 0:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(self.part.stop_signal)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(grace_seconds):
                    await process.wait()
        # What the part started and did not stop itself goes with it.
        kill_all(relatives)
        await process.wait()


def _as_stack_error(part: Part, error: Exception) -> StackError:
    if isinstance(error, StackError):
        return error
    what = str(error) or type(error).__name__
    if isinstance(error, OSError):
        what = f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
    return StackError(f"{part.title} does not start ({what[:300]}); make that right, then start again.")


def _size(log: Path) -> int:
    try:
        return log.stat().st_size
    except OSError:
        return 0


def end_in_words(code: int, log: Path, offset: int = 0) -> str:
    """How a process ended; with the last line it wrote to its log after `offset`, unless a signal ended it."""
    if code < 0:
        return f"ended by signal {-code} ({_signal_name(-code)})"
    how = f"exit {code}"
    try:
        with log.open("rb") as file:
            file.seek(max(offset, _size(log) - 4096))
            lines = file.read().decode(errors="replace").strip().splitlines()
    except OSError:
        lines = []
    return f"{how}, last words: {lines[-1].strip()[:300]}" if lines else how


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unnamed"
