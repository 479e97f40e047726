"""Where the rest goes: processor time by process, waits by activity, and what our workers' time is spent on.

`python -m benchmarks.profile [--cases 8] [--rounds 3]` prints the tables and writes var/bench/profile.json. The first
are of undisturbed rounds of both sides; the last are of as many rounds with our workers watched by a sampler.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.floor import Floor
from benchmarks.history import Past, past_of, time_by_activity
from benchmarks.machine import about, load
from benchmarks.office import Office
from benchmarks.permits_per_second import DATA, TYPES, processor_per_permit
from benchmarks.run import READY, Bench, Round, bench
from sakpore.stack.errors import StackError
from sakpore.stack.installation import project_root
from sakpore.stack.processes import spawn
from workflows.messages import QueueNames

RESULT = DATA / "profile.json"
READY_SECONDS = 60.0


@dataclass(frozen=True)
class Side:
    """What was measured of one side."""

    rounds: list[Round]
    pasts: list[Past]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="benchmarks.profile", description="Where the time of a permit goes.")
    parser.add_argument("--cases", type=int, default=8, help="cases open at once")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--types", default=",".join(TYPES), help="permit types, mixed evenly")
    chosen = parser.parse_args(arguments)
    console = Console()
    try:
        result = asyncio.run(_profile(chosen.types.split(","), chosen.cases, chosen.rounds, console))
    except (StackError, RuntimeError, TimeoutError) as failed:
        console.print(str(failed) or "A round did not end in time.", style="red", markup=False)
        return 1
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    console.print(f"Written: {RESULT}", markup=False)
    return 0


async def _profile(types: Sequence[str], cases: int, rounds: int, console: Console) -> dict[str, Any]:
    async with bench(DATA, types) as ready:
        before = load()
        ours, floor = [await _watched(ready, side, cases, rounds) for side in (ready.office, ready.floor)]
        processor = {"ours": processor_per_permit(ours.rounds), "floor": processor_per_permit(floor.rounds)}
        waits = {"ours": time_by_activity(ours.pasts), "floor": time_by_activity(floor.pasts)}
        work = await _sampled(ready, cases, rounds)
    _print_processor(console, processor["ours"], processor["floor"])
    for name, found in waits.items():
        _print_waits(console, name, found)
    for part, spent in work.items():
        _print_work(console, part, spent)
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": about(),
        "load": {"before": before, "after": load()},
        "cases_open_at_once": cases,
        "permit_types": list(types),
        "processor_milliseconds_per_permit": processor,
        "activities_per_case": {
            name: {kind: _named(found) for kind, found in lines.items()} for name, lines in waits.items()
        },
        "engine_per_case": {"ours": _engine(ours.pasts), "floor": _engine(floor.pasts)},
        "our_processes_milliseconds_per_permit": work,
    }


async def _watched(ready: Bench, side: Office | Floor, cases: int, rounds: int) -> Side:
    await ready.measure(side, cases)
    measured = [await ready.measure(side, cases) for _ in range(rounds)]
    numbers = [number for each in measured for number in each.numbers]
    return Side(measured, [await past_of(side.client, number, side.main_queue) for number in numbers])


def _named(found: tuple[float, float, float]) -> dict[str, float]:
    return {"times": round(found[0], 2), "queued_ms": round(found[1], 1), "worked_ms": round(found[2], 1)}


def _engine(pasts: Sequence[Past]) -> dict[str, float]:
    return {
        "events": sum(past.all_events for past in pasts) / len(pasts),
        "workflow_tasks": sum(past.all_workflow_tasks for past in pasts) / len(pasts),
        "timers": sum(past.all_timers for past in pasts) / len(pasts),
    }


# Our workers' own time ------------------------------------------------------------------------------------------------


async def _sampled(ready: Bench, cases: int, rounds: int) -> dict[str, dict[str, float]]:
    """The same rounds with our workers watched: by worker and kind of work, milliseconds of processor a permit."""
    watched = {"worker": QueueNames.MAIN, "signing": QueueNames.SIGNING}
    started = {}
    known = dict(ready.pids)
    try:
        for part, queue in watched.items():
            await ready.stack.hold(part)
            started[part] = await _start_sampled(ready, part, queue)
            ready.pids[part] = started[part].pid
        await ready.measure(ready.office, cases)
        for process in started.values():
            process.send_signal(signal.SIGUSR1)
        measured = [await ready.measure(ready.office, cases) for _ in range(rounds)]
        for process in started.values():
            process.send_signal(signal.SIGUSR2)
        used = processor_per_permit(measured)
        return {part: _scaled(await _counts(part), used[part]) for part in watched}
    finally:
        for process in started.values():
            process.send_signal(signal.SIGTERM)
        await asyncio.gather(*(process.wait() for process in started.values()))
        ready.pids |= known


async def _start_sampled(ready: Bench, part: str, queue: str) -> asyncio.subprocess.Process:
    log = DATA / f"sampled-{part}.log"
    log.unlink(missing_ok=True)
    _samples(part).unlink(missing_ok=True)
    command = (sys.executable, "-m", "benchmarks.sampled_worker", queue, str(_samples(part)))
    process = await spawn(command, ready.stack.environment(part), log, project_root())
    async with asyncio.timeout(READY_SECONDS):
        while READY not in log.read_bytes():
            await asyncio.sleep(0.1)
    return process


def _samples(part: str) -> Path:
    return (DATA / f"sampled-{part}.json").absolute()


async def _counts(part: str) -> Counter[str]:
    async with asyncio.timeout(READY_SECONDS):
        while not _samples(part).exists():
            await asyncio.sleep(0.1)
    return Counter(json.loads(_samples(part).read_text()))


def _scaled(counts: Counter[str], milliseconds: float) -> dict[str, float]:
    """Samples as shares of the processor time that the process has used."""
    total = sum(counts.values())
    return {name: round(milliseconds * count / total, 1) for name, count in counts.most_common()}


# Tables ---------------------------------------------------------------------------------------------------------------


def _print_processor(console: Console, ours: dict[str, float], floor: dict[str, float]) -> None:
    table = Table("process", "ours", "floor", "more", title="Processor milliseconds a permit")
    pairs = {"worker": "floor-main", "signing": "floor-signing"}
    for name in ours:
        if name not in pairs.values():
            other = floor[name] + floor.get(pairs.get(name, ""), 0.0)
            mine = ours[name] + ours.get(pairs.get(name, ""), 0.0)
            table.add_row(name, f"{mine:.0f}", f"{other:.0f}", f"{mine - other:+.0f}")
    table.add_row("all", f"{sum(ours.values()):.0f}", f"{sum(floor.values()):.0f}",
                  f"{sum(ours.values()) - sum(floor.values()):+.0f}", style="bold")  # fmt: skip
    console.print(table)


def _print_waits(console: Console, side: str, found: dict[str, tuple[float, float, float]]) -> None:
    table = Table("activity", "times", "queued ms", "at work ms", title=f"A case's activities, {side}")
    for name, (times, queued, worked) in sorted(found.items(), key=lambda line: -line[1][2]):
        table.add_row(name, f"{times:.1f}", f"{queued:.0f}", f"{worked:.0f}")
    console.print(table)


def _print_work(console: Console, part: str, found: dict[str, float]) -> None:
    table = Table("work", "ms a permit", title=f"Our {part} process, sampled")
    for name, spent in found.items():
        table.add_row(name, f"{spent:.0f}")
    console.print(table)


if __name__ == "__main__":
    raise SystemExit(main())
