"""Our worker, watched: `benchmarks.sampled_worker QUEUE FILE` runs `worker.main` with a sampler beside it.

Between SIGUSR1 and SIGUSR2 a thread looks every few milliseconds at what each thread does and counts it under one of
a few names; then the counts are written to FILE. A sampler sees threads and greenlets as they are, which cProfile does
not. What waits is not counted.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

from worker.main import main as run_worker

PAUSE_SECONDS = 0.004
IDLE = (("selectors.py", "select"), ("thread.py", "_worker"), ("threading.py", "wait"), ("queue.py", "get"))
WORK = (
    ("notices: mail server", "clients/mail.py"),
    ("notices: store", "activities/notices.py"),
    ("judging a signature", "signing/verify.py"),
    ("opening a key file", "signing/pkcs12.py:open_signer"),
    ("signing", "signing/pipeline.py"),
    ("typesetting", "activities/letters.py"),
    ("object store", "store/objects.py"),
    ("store: rows", "store/records/"),
    ("store: connections", "sqlalchemy/"),
    ("encrypting payloads", "workflows/codec.py"),
    ("workflow: clock and calendar", "permits/calendar.py"),
    ("workflow: our code", "/workflows/"),
    ("payload conversion", "pydantic"),
    ("payload conversion", "_visitor.py"),
    ("sandbox", "workflow_sandbox/"),
    ("engine's library", "temporalio/"),
)
"""Names by what stands anywhere in the stack; the first that fits."""


class Sampler(threading.Thread):
    """Counts until told to stop."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.counts: Counter[str] = Counter()
        self._ended = threading.Event()

    def run(self) -> None:
        """Looks at every other thread, again and again."""
        while not self._ended.is_set():
            for thread, frame in sys._current_frames().items():
                if thread != self.ident and (name := kind_of(frame)):
                    self.counts[name] += 1
            time.sleep(PAUSE_SECONDS)

    def end(self) -> None:
        """Stops looking."""
        self._ended.set()


def kind_of(frame: FrameType) -> str | None:
    """What a thread is doing, in one of the names above; None where it waits."""
    code = frame.f_code
    if any(code.co_filename.endswith(file) and code.co_name == name for file, name in IDLE):
        return None
    stack = list(_stack(frame))
    return next((name for name, part in WORK if any(part in line for line in stack)), "the rest")


def _stack(frame: FrameType | None) -> Iterator[str]:
    while frame is not None:
        yield f"{frame.f_code.co_filename}:{frame.f_code.co_name}"
        frame = frame.f_back


def main(queue: str, out: Path) -> int:
    """Runs the worker until it is told to stop."""
    sampler: list[Sampler] = []

    def begin(*_: object) -> None:
        sampler.append(Sampler())
        sampler[-1].start()

    def end(*_: object) -> None:
        sampler[-1].end()
        scratch = out.with_suffix(".part")
        scratch.write_text(json.dumps(sampler[-1].counts))
        scratch.replace(out)

    signal.signal(signal.SIGUSR1, begin)
    signal.signal(signal.SIGUSR2, end)
    return run_worker(["--queue", queue])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1], Path(sys.argv[2])))
