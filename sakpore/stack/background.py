"""A stack under a thread of its own, for callers without an event loop that lives as long: tests, the demonstration."""

import asyncio
import threading
from collections.abc import Coroutine, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from sakpore.stack.supervisor import STOP_SECONDS, Stack

T = TypeVar("T")


class BackgroundStack:
    """The same verbs as `Stack`, each returning when it is done. Use it as a context manager."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Start everything and return when all is ready. Raises StackError."""
        begun = threading.Event()

        def live() -> None:
            with asyncio.Runner() as runner:
                self._loop = runner.get_loop()
                self._loop.call_soon(begun.set)
                self._loop.run_forever()

        self._thread = threading.Thread(target=live, name="stack", daemon=True)
        self._thread.start()
        begun.wait()
        try:
            self._do(self.stack.start())
        except BaseException:
            self._do(_others_ended())
            self._end_thread()
            raise

    def stop(self) -> None:
        """Stop everything, within about ten seconds."""
        if self._thread is not None:
            self._do(self.stack.stop())
            self._end_thread()

    @property
    def addresses(self) -> dict[str, str]:
        """See Stack.addresses."""
        return self.stack.addresses

    def environment(self, part: str | None = None) -> dict[str, str]:
        """See Stack.environment."""
        return self.stack.environment(part)

    def result(self, step: str) -> Any:
        """See Stack.result."""
        return self.stack.result(step)

    def pid(self, part: str) -> int | None:
        """See Stack.pid."""
        return self.stack.pid(part)

    def log(self, part: str) -> Path:
        """See Stack.log."""
        return self.stack.log(part)

    def restart(self, part: str, once: Mapping[str, str] | None = None) -> None:
        """See Stack.restart."""
        self._do(self.stack.restart(part, once))

    def kill(self, part: str) -> None:
        """See Stack.kill."""
        self._do(self.stack.kill(part))

    def hold(self, part: str) -> None:
        """See Stack.hold."""
        self._do(self.stack.hold(part))

    def resume(self, part: str) -> None:
        """See Stack.resume."""
        self._do(self.stack.resume(part))

    def wait_ready(self, part: str) -> None:
        """See Stack.wait_ready."""
        self._do(self.stack.wait_ready(part))

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _do(self, work: Coroutine[Any, Any, T]) -> T:
        assert self._loop is not None, "the stack was not started"
        future = asyncio.run_coroutine_threadsafe(work, self._loop)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # The caller was interrupted: the work must not go on behind its back.
            raise

    def _end_thread(self) -> None:
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop = self._thread = None


async def _others_ended() -> None:
    """Wait until a start that failed or was interrupted has stopped what it had started."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    if others:
        await asyncio.wait(others, timeout=STOP_SECONDS + 3)
