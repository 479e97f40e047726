"""Guards around what workers run.

`HandlerGuard`: an unexpected exception in an update handler would fail the workflow task again and again and poison the
case; it becomes an ApplicationError, so that the caller hears of it and the case lives on. A bug in `run` is not
caught: it must never fail a permit.

`Heartbeats`: every activity says each second that its worker lives, so that after a kill -9 the engine hands it to
another worker within seconds, whatever its time-out.

`Failpoints`: for tests only, kills the process at a named boundary, once each.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio import activity, workflow
from temporalio.exceptions import ApplicationError, FailureError
from temporalio.worker import (
    ActivityInboundInterceptor,
    ExecuteActivityInput,
    HandleUpdateInput,
    Interceptor,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
)

BEAT = timedelta(seconds=1)
"""How often an activity says that its worker lives. Workers are told so too (`max_heartbeat_throttle_interval`): by
itself the engine's client passes on a beat only when four fifths of the time-out are over, and a busy machine that
makes it late by half a second would have a living worker taken for dead."""


class HandlerGuard(Interceptor):
    """Turns a bug in an update handler into an answer."""

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor] | None:
        return _GuardedHandlers


class _GuardedHandlers(WorkflowInboundInterceptor):
    async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
        try:
            return await super().handle_update_handler(input)
        except FailureError:
            raise
        except Exception as bug:
            workflow.logger.exception("An update handler failed unexpectedly.")
            raise ApplicationError("internal", type="handler-failed", non_retryable=True) from bug


class Heartbeats(Interceptor):
    """Heartbeats for as long as an activity runs; one that ends within a second sends none."""

    def __init__(self, pause_seconds: float = BEAT.total_seconds()) -> None:
        self._pause = pause_seconds

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Beating(next, self._pause)


class _Beating(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, pause_seconds: float) -> None:
        super().__init__(next)
        self._pause = pause_seconds

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        beating = asyncio.ensure_future(self._beat())
        try:
            return await super().execute_activity(input)
        finally:
            beating.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._pause)
            activity.heartbeat()


class Failpoints(Interceptor):
    """Kills the process with SIGKILL before and after chosen activities.

    Args:
        points: names such as `open_task:after`; `*:before` and `*:after` stand for every activity.
        marks: a folder that remembers which points have killed, over restarts.
    """

    def __init__(self, points: str, marks: Path, kill: Callable[[], None] | None = None) -> None:
        self._points = frozenset(point.strip() for point in points.split(",") if point.strip())
        self._marks = marks
        self._kill = kill or _kill_self
        marks.mkdir(parents=True, exist_ok=True)

    def intercept_activity(self, next: ActivityInboundInterceptor) -> ActivityInboundInterceptor:
        return _Failing(next, self)

    def reach(self, name: str, boundary: str) -> None:
        """Kills once at each point that is armed."""
        if f"{name}:{boundary}" not in self._points and f"*:{boundary}" not in self._points:
            return
        try:
            with (self._marks / f"{name}.{boundary}").open("x") as mark:
                mark.write(str(os.getpid()))
                mark.flush()
                os.fsync(mark.fileno())
        except FileExistsError:
            return
        self._kill()


class _Failing(ActivityInboundInterceptor):
    def __init__(self, next: ActivityInboundInterceptor, failpoints: Failpoints) -> None:
        super().__init__(next)
        self._failpoints = failpoints

    async def execute_activity(self, input: ExecuteActivityInput) -> Any:
        name = input.fn.__name__
        self._failpoints.reach(name, "before")
        result = await super().execute_activity(input)
        self._failpoints.reach(name, "after")
        return result


def _kill_self() -> None:
    logging.getLogger(__name__).warning("A failpoint kills this process.")
    os.kill(os.getpid(), signal.SIGKILL)
