"""Operating-system processes of the stack: start, recognise, stop, and reap what a killed supervisor left.

A process is recognised by its pid together with the time it was started, since the system gives a pid out again.
"""

import asyncio
import ctypes
import ctypes.util
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]

PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Identity:
    """One process, for ever."""

    pid: int
    start_time: float  # ticks since boot on Linux, seconds since the epoch elsewhere


def identify(pid: int) -> Identity | None:
    """The identity of a running process; None when there is none, or only its entry awaiting the parent's wait."""
    start_time = _start_time(pid)
    return None if start_time is None else Identity(pid, start_time)


def boot_id() -> str:
    """The name of the machine's present run: ticks of an earlier one mean nothing now."""
    with suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return str(int(psutil.boot_time()))


def is_alive(identity: Identity) -> bool:
    """Whether this very process still runs."""
    return identify(identity.pid) == identity


def _start_time(pid: int) -> float | None:
    if sys.platform == "linux":
        try:
            # The command name in parentheses may hold spaces; fields are counted after the last one (proc(5), stat).
            fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        except OSError:
            return None
        return None if fields[0] in (b"Z", b"X") else float(fields[19])
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return None


def _die_with_parent(death_signal: signal.Signals, parent: int) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask_kernel() -> None:
        prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)

    return ask_kernel


async def spawn(
    command: Sequence[str],
    environment: Mapping[str, str],
    log: Path,
    cwd: Path,
    death_signal: signal.Signals = signal.SIGTERM,
    user: int | None = None,
    group: int | None = None,
    output: Path | None = None,
    stdin: int = asyncio.subprocess.DEVNULL,
) -> asyncio.subprocess.Process:
    """Start a process in its own session, its output appended to the log; standard output to `output` where given.

    It gets `death_signal` when this supervisor's thread ends, however that happens (Linux). Raises OSError.
    """
    options: dict[str, Any] = {}
    if user is not None:
        options = {"user": user, "group": group, "extra_groups": []}
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    descriptor = os.open(log, flags, 0o600)
    other = os.dup(descriptor) if output is None else os.open(output, flags | os.O_TRUNC, 0o600)
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            env=dict(environment),
            cwd=cwd,
            stdin=stdin,
            stdout=other,
            stderr=descriptor,
            start_new_session=True,
            umask=0o077,
            preexec_fn=_die_with_parent(death_signal, os.getpid()),
            **options,
        )
    finally:
        os.close(descriptor)
        os.close(other)


def listens(pid: int, port: int) -> bool:
    """Whether a process or one of its children listens on a port; True where the system does not tell."""
    for identity in family(pid):
        try:
            connections = psutil.Process(identity.pid).net_connections("tcp")
        except psutil.NoSuchProcess:
            continue
        except psutil.Error:
            return True
        if any(each.status == psutil.CONN_LISTEN and each.laddr.port == port for each in connections):
            return True
    return False


def family(pid: int) -> list[Identity]:
    """A process and all its descendants, the process first."""
    try:
        pids = [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]
    except psutil.Error:
        pids = [pid]
    return [found for each in pids if (found := identify(each)) is not None]


def signal_one(identity: Identity, number: signal.Signals) -> None:
    """Send a signal, if this very process still runs."""
    if is_alive(identity):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(identity.pid, number)


def kill_all(identities: Iterable[Identity]) -> None:
    """SIGKILL each of them that still runs."""
    for identity in identities:
        signal_one(identity, signal.SIGKILL)


def end(identities: Sequence[Identity], polite: signal.Signals, grace_seconds: float) -> list[Identity]:
    """Ask recorded processes of an earlier supervisor to stop, and kill those that do not, with all they started.

    Returns those that were found running. Blocks for at most about `grace_seconds`.
    """
    found = [identity for identity in identities if is_alive(identity)]
    everyone = [member for identity in found for member in family(identity.pid)]
    for identity in found:
        signal_one(identity, polite)
    deadline = time.monotonic() + grace_seconds
    while any(is_alive(member) for member in everyone) and time.monotonic() < deadline:
        time.sleep(0.02)
    kill_all(everyone)
    while any(is_alive(member) for member in everyone) and time.monotonic() < deadline + 2:
        time.sleep(0.02)
    return found
