"""Guards around activities: heartbeats while one runs, failpoints that kill once each."""

from __future__ import annotations

import asyncio
from pathlib import Path

from temporalio import activity
from temporalio.testing import ActivityEnvironment
from temporalio.worker import ActivityInboundInterceptor, ExecuteActivityInput

from worker.interceptors import Failpoints, Heartbeats


class Runs(ActivityInboundInterceptor):
    """The end of a chain: runs the activity itself."""

    def __init__(self) -> None:
        pass

    async def execute_activity(self, input: ExecuteActivityInput) -> object:
        return await input.fn(*input.args)


@activity.defn
async def slow() -> str:
    await asyncio.sleep(0.2)
    return "selesai"


@activity.defn
async def failing() -> str:
    await asyncio.sleep(0.05)
    raise ValueError("tidak bisa")


async def _run(chain: ActivityInboundInterceptor, fn: object) -> tuple[object, int]:
    beats = 0
    environment = ActivityEnvironment()

    def count(*_: object) -> None:
        nonlocal beats
        beats += 1

    environment.on_heartbeat = count
    input = ExecuteActivityInput(fn=fn, args=(), executor=None, headers={})  # type: ignore[arg-type]
    answer = await environment.run(chain.execute_activity, input)
    await asyncio.sleep(0.1)
    return answer, beats


async def test_an_activity_that_takes_its_time_says_that_it_lives() -> None:
    answer, beats = await _run(Heartbeats(pause_seconds=0.02).intercept_activity(Runs()), slow)

    assert answer == "selesai"
    assert beats >= 3


async def test_a_short_activity_sends_no_heartbeat_and_none_after_its_end() -> None:
    _, beats = await _run(Heartbeats(pause_seconds=0.25).intercept_activity(Runs()), slow)

    assert beats == 0


async def test_a_failpoint_kills_once_even_over_restarts(tmp_path: Path) -> None:
    kills: list[str] = []

    def process() -> ActivityInboundInterceptor:
        failpoints = Failpoints("slow:before, slow:after", tmp_path, lambda: kills.append("mati"))
        return failpoints.intercept_activity(Runs())

    await _run(process(), slow)
    await _run(process(), slow)

    assert len(kills) == 2, "once before and once after, never again"
    assert sorted(mark.name for mark in tmp_path.iterdir()) == ["slow.after", "slow.before"]


async def test_a_failpoint_for_all_activities_kills_at_each_by_name(tmp_path: Path) -> None:
    kills: list[str] = []
    chain = Failpoints("*:before", tmp_path, lambda: kills.append("mati")).intercept_activity(Runs())

    await _run(chain, slow)

    assert kills == ["mati"]
    assert [mark.name for mark in tmp_path.iterdir()] == ["slow.before"]


async def test_without_failpoints_nothing_is_killed(tmp_path: Path) -> None:
    chain = Failpoints("", tmp_path, lambda: (_ for _ in ()).throw(AssertionError("killed"))).intercept_activity(Runs())

    answer, _ = await _run(chain, slow)

    assert answer == "selesai"
