"""Permits per second through our workflow, as a ratio to the floor on the same servers in the same run.

`make bench`, or `python -m benchmarks [--pairs 10] [--cases 8,16]`. Rounds of both sides are interleaved in pairs, and
every other pair begins with the floor. The result is the median of the pairs' ratios with its range; it goes to
var/bench/permits_per_second.json.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.machine import about
from benchmarks.run import Bench, Round, bench
from sakpore.stack.errors import StackError

DATA = Path("var/bench")
RESULT = DATA / "permits_per_second.json"
GOAL = 0.85
TYPES = ("sip-fisioterapis", "izin-penelitian")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 when it was measured, whatever came out."""
    parser = argparse.ArgumentParser(prog="benchmarks", description="Permits per second, ours against the floor.")
    parser.add_argument("--pairs", type=int, default=10, help="pairs of rounds for each number of cases")
    parser.add_argument("--cases", default="8,16", help="cases open at once, one measurement each")
    parser.add_argument("--types", default=",".join(TYPES), help="permit types, mixed evenly")
    parser.add_argument("--out", type=Path, default=RESULT)
    chosen = parser.parse_args(arguments)
    console = Console()
    try:
        cases = [int(number) for number in chosen.cases.split(",")]
        result = asyncio.run(_measure(chosen.types.split(","), cases, chosen.pairs, console))
    except (StackError, RuntimeError, TimeoutError) as failed:
        console.print(str(failed) or "A round did not end in time.", style="red", markup=False)
        console.print(f"Logs: {DATA}/stack/log and {DATA}/*.log", markup=False)
        return 1
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(result, indent=2) + "\n")
    console.print(f"Written: {chosen.out}", markup=False)
    return 0


async def _measure(types: Sequence[str], cases: Sequence[int], pairs: int, console: Console) -> dict[str, Any]:
    console.print("Starting PostgreSQL, Temporal, S3, the timestamp authority and the workers of both sides.")
    async with bench(DATA, types) as ready:
        for kind, counts in ready.counts.items():
            console.print(f"{kind}, counted in both histories: {asdict(counts)}", markup=False, highlight=False)
        result: dict[str, Any] = {
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "goal": GOAL,
            "machine": about(),
            "permit_types": list(types),
            "counts": {kind: asdict(counts) for kind, counts in ready.counts.items()},
            "measurements": [],
        }
        for number in cases:
            result["measurements"].append(await _pairs(ready, number, pairs, console))
        return result


async def _pairs(ready: Bench, cases: int, pairs: int, console: Console) -> dict[str, Any]:
    for side in (ready.office, ready.floor):  # connections, caches and pools are warm before anything is counted
        await ready.measure(side, cases)
    measured: list[tuple[Round, Round]] = []
    for n in range(pairs):
        order = (ready.office, ready.floor) if n % 2 == 0 else (ready.floor, ready.office)
        rounds = {side.name: await ready.measure(side, cases) for side in order}
        measured.append((rounds["sakpore"], rounds["floor"]))
        ours, floor = measured[-1]
        console.print(
            f"{cases} cases, pair {n + 1:2}: ours {ours.per_second:.2f}/s, floor {floor.per_second:.2f}/s, "
            f"ratio {ours.per_second / floor.per_second:.3f}; load {ours.load_before[0]} to {floor.load_after[0]}",
            highlight=False,
        )
    summary = _summary(cases, measured)
    console.print(
        f"{cases} cases at once: median ratio {summary['ratio']['median']:.3f} "
        f"(from {summary['ratio']['lowest']:.3f} to {summary['ratio']['highest']:.3f}, {pairs} pairs; "
        f"goal {GOAL}); ours {summary['permits_per_second']['ours']:.2f}/s, "
        f"floor {summary['permits_per_second']['floor']:.2f}/s; "
        f"by processor time {summary['ratio_of_processor_time']:.3f}",
        style="bold",
        highlight=False,
    )
    return summary


def _summary(cases: int, measured: Sequence[tuple[Round, Round]]) -> dict[str, Any]:
    ratios = [ours.per_second / floor.per_second for ours, floor in measured]
    spent = [processor_per_permit([pair[n] for pair in measured]) for n in (0, 1)]
    settled = [ours.per_second_settled / floor.per_second_settled for ours, floor in measured]
    return {
        "cases_open_at_once": cases,
        "ratio": {"median": statistics.median(ratios), "lowest": min(ratios), "highest": max(ratios)},
        "ratio_with_all_notices_sent": statistics.median(settled),
        "permits_per_second": {
            "ours": statistics.median(ours.per_second for ours, _ in measured),
            "floor": statistics.median(floor.per_second for _, floor in measured),
        },
        "processor_milliseconds_per_permit": {
            "ours": spent[0],
            "floor": spent[1],
        },
        "ratio_of_processor_time": sum(spent[1].values()) / sum(spent[0].values()),
        "pairs": [
            {"ours": _line(ours), "floor": _line(floor), "ratio": ratio}
            for (ours, floor), ratio in zip(measured, ratios, strict=True)
        ],
    }


def processor_per_permit(rounds: Sequence[Round]) -> dict[str, float]:
    """Processor milliseconds a permit in each process, over all rounds."""
    permits = sum(each.cases for each in rounds)
    return {
        name: round(1000 * sum(each.processor[name] for each in rounds) / permits, 1) for name in rounds[0].processor
    }


def _line(measured: Round) -> dict[str, Any]:
    return {
        "seconds": round(measured.seconds, 3),
        "settled_seconds": round(measured.settled_seconds, 3),
        "permits_per_second": round(measured.per_second, 3),
        "load_before": measured.load_before,
        "load_after": measured.load_after,
    }


if __name__ == "__main__":
    raise SystemExit(main())
