"""Both sides on one stack: servers and workers started, a case of ours watched, the floor taught, rounds measured."""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.floor import Floor
from benchmarks.floor_workflow import MAIN_QUEUE, SIGNING_QUEUE
from benchmarks.history import Counts, Past, past_of
from benchmarks.machine import load, processor_seconds
from benchmarks.office import Office
from sakpore.stack.installation import project_root
from sakpore.stack.parts import SYSTEM
from sakpore.stack.processes import spawn
from sakpore.stack.supervisor import Stack

PARTS = ("postgres", "temporal", "s3", "mail", "pki", "migrate", "seed", "trust", "worker", "signing")
READY = b"The worker is ready."
READY_SECONDS = 30.0


@dataclass(frozen=True)
class Round:
    """One measured round of one side."""

    side: str
    cases: int
    seconds: float
    settled_seconds: float  # until nothing of it is left to do, the notices of the outbox included
    load_before: tuple[float, float, float]
    load_after: tuple[float, float, float]
    processor: Mapping[str, float] = field(repr=False)  # seconds by process
    numbers: tuple[str, ...] = field(repr=False)

    @property
    def per_second(self) -> float:
        """Permits a second, from the first start to the last closing."""
        return self.cases / self.seconds

    @property
    def per_second_settled(self) -> float:
        """Permits a second, counting until the last notice is sent."""
        return self.cases / (self.seconds + self.settled_seconds)


@dataclass
class Bench:
    """Both sides, ready."""

    stack: Stack
    office: Office
    floor: Floor
    pids: dict[str, int]
    counts: dict[str, Counts]  # by permit type; both sides
    pasts: dict[str, tuple[Past, Past]]  # by permit type: ours, the floor's

    async def measure(self, side: Office | Floor, cases: int) -> Round:
        """Prepares, runs and settles one round."""
        work: Any = await side.prepare(cases)
        gc.collect()
        loaded, used = load(), processor_seconds(self.pids)
        began = time.monotonic()
        await side.carry(work)
        seconds = time.monotonic() - began
        settled = await side.settle()
        processor = {name: after - used[name] for name, after in processor_seconds(self.pids).items()}
        await side.check(work)
        return Round(side.name, cases, seconds, settled, loaded, load(), processor, tuple(work.numbers))


@asynccontextmanager
async def bench(data_dir: Path, permit_types: Sequence[str]) -> AsyncIterator[Bench]:
    """A stack of its own with the workers of both sides; everything is stopped at the end.

    Raises StackError when the stack cannot start, RuntimeError when the sides do not do the same.
    """
    shutil.rmtree(data_dir / "stack", ignore_errors=True)
    letters = data_dir / "letters"
    letters.mkdir(parents=True, exist_ok=True)
    async with Stack(data_dir / "stack", ports={"api": 0}, only=PARTS, environment=_system()) as stack:
        environment = {**_system(), **stack.environment(), "BENCH_LETTERS_DIR": str(letters)}
        async with _floor_workers(environment, data_dir) as floor_pids:
            pids = {name: pid for name in stack.part_names if (pid := stack.pid(name))}
            pids |= floor_pids | {"client": os.getpid()}
            office = Office(environment, data_dir / "stack", permit_types)
            floor = Floor(environment, letters)
            await office.open()
            await floor.open()
            try:
                yield await _taught(Bench(stack, office, floor, pids, {}, {}), permit_types)
            finally:
                await floor.close()
                await office.close()


async def _taught(ready: Bench, permit_types: Sequence[str]) -> Bench:
    """One case of each type on both sides: the floor learns from ours, and is counted like ours."""
    office, floor, kinds = ready.office, ready.floor, len(permit_types)
    ours = await ready.measure(office, kinds)
    pasts = [await past_of(office.client, number, office.main_queue) for number in ours.numbers]
    for kind, number, past in zip(permit_types, ours.numbers, pasts, strict=True):
        floor.learn(kind, past, await office.printed_letters(number))
    theirs = await ready.measure(floor, kinds)
    for kind, number, past in zip(permit_types, theirs.numbers, pasts, strict=True):
        other = await past_of(floor.client, number, floor.main_queue)
        if [past.counts, *(child.counts for child in past.children)] != [
            other.counts,
            *(child.counts for child in other.children),
        ]:
            raise RuntimeError(f"{kind}: the floor did {other.all_counts}, ours {past.all_counts}")
        ready.counts[kind], ready.pasts[kind] = past.all_counts, (past, other)
    return ready


@asynccontextmanager
async def _floor_workers(environment: Mapping[str, str], data_dir: Path) -> AsyncIterator[dict[str, int]]:
    """As many processes as ours: one for cases, one for signatures."""
    started = {}
    try:
        for queue in (MAIN_QUEUE, SIGNING_QUEUE):
            log = data_dir / f"{queue}.log"
            log.unlink(missing_ok=True)
            command = (sys.executable, "-m", "benchmarks.floor_worker", "--queue", queue)
            started[queue] = await spawn(command, environment, log, project_root())
        for queue in started:
            await _ready(data_dir / f"{queue}.log", started[queue])
        yield {queue: process.pid for queue, process in started.items()}
    finally:
        for process in started.values():
            with suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        await asyncio.gather(*(process.wait() for process in started.values()))


async def _ready(log: Path, process: asyncio.subprocess.Process) -> None:
    async with asyncio.timeout(READY_SECONDS):
        while READY not in log.read_bytes():
            if process.returncode is not None:
                raise RuntimeError(f"a floor worker ended with {process.returncode}; its log: {log}")
            await asyncio.sleep(0.1)


def _system() -> dict[str, str]:
    """The system's variables of the caller, none of the product's."""
    return {name: os.environ[name] for name in SYSTEM if name in os.environ}
