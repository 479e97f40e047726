"""The worker processes as they run: ready, stopped politely with work under way, and refusing to run unsafely."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import Process
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowHandle

from permits.events import Tag
from tests.stack_fixture import system_environment
from tests.workflows.office import Office
from tests.workflows.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).resolve().parents[2]
READY, STOPS = "The worker is ready.", "The worker stops."


class WorkerProcess:
    """`python -m worker.main` with the office's environment."""

    def __init__(self, queue: str, log: Path, environment: dict[str, str]) -> None:
        self._queue = queue
        self.log = log
        self._environment = {**system_environment(), **environment}
        self._process: Process | None = None

    async def start(self) -> None:
        with self.log.open("wb") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "worker.main", "--queue", self._queue),
                env=self._environment,
                cwd=ROOT,
                stderr=log,
                stdout=log,
            )

    def send(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self) -> int:
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), 20)

    async def said(self, sentence: str) -> None:
        async def look() -> bool:
            return sentence in self.log.read_text()

        await until(look, f"{self._queue} worker said: {sentence}", 30)

    def end(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()


async def test_sigterm_lets_a_worker_finish_what_it_has_begun(office: Office) -> None:
    worker = WorkerProcess("main", office.folder / "worker-main.log", office.environment)
    async with office.nobody_at_work():
        try:
            await worker.start()
            await worker.said(READY)
            case = await office.begin()
            task = await case.task("verification")
            await case.at_rest()
            async with office.nobody_can_write(case.number):
                await case.decide(task)
                await until(lambda: _writing(case.handle), "the decision on its way into the book")
                worker.send(signal.SIGTERM)
                await worker.said(STOPS)
            code = await worker.ended()
            decided = await case.events(Tag.TASK_DECIDED)
        finally:
            worker.end()

    assert code == 0
    assert len(decided) == 1, "the write under way was finished by the worker that stopped"
    assert (await case.finish()).status == "issued"


async def _writing(handle: WorkflowHandle[Any, Any]) -> bool:
    description = await handle.describe()
    return any(pending.HasField("last_started_time") for pending in description.raw_description.pending_activities)


async def test_sigterm_ends_the_signing_worker(office: Office) -> None:
    worker = WorkerProcess("signing", office.folder / "worker-signing.log", office.environment)
    try:
        await worker.start()
        await worker.said(READY)
        worker.send(signal.SIGTERM)
        assert await worker.ended() == 0
    finally:
        worker.end()
    assert STOPS in worker.log.read_text()


async def test_a_worker_without_its_environment_says_what_is_missing(office: Office) -> None:
    incomplete = {name: value for name, value in office.environment.items() if name != "PAYLOAD_KEYS"}
    worker = WorkerProcess("main", office.folder / "worker-incomplete.log", incomplete)
    await worker.start()

    assert await worker.ended() == 2
    text = worker.log.read_text()
    assert "PAYLOAD_KEYS" in text
    assert "Traceback" not in text


async def test_failpoints_never_run_in_production(office: Office) -> None:
    armed = {"SAKPORE_FAILPOINT": "open_task:after", "SAKPORE_FAILPOINT_MARKS": str(office.folder)}
    # A document key and a provider that production takes: the refusal is to be about the failpoint.
    keys = office.environment["DOCUMENT_KEYS"].replace("dev", "satu").replace("test", "satu")
    fit = {"DEMO_AUTHORITY": "true", "DOCUMENT_KEYS": keys}
    unsafe = {**office.environment, **armed, **fit, "SAKPORE_ENV": "production"}
    worker = WorkerProcess("signing", office.folder / "worker-unsafe.log", unsafe)
    await worker.start()
    try:
        assert await worker.ended() != 0
    finally:
        worker.end()
    assert "Failpoints kill processes" in worker.log.read_text()
