"""The child of `api.scanner`: judges one file after another, within limits of memory and processor time.

Imports little, so that it starts fast; knows no secret. Run by `python -m api.scanner_child`.
"""

from __future__ import annotations

import json
import resource
import struct
import sys
from collections.abc import Sequence

from api.file_rules import FileRefused, judge

MEMORY_BYTES = 2 * 1024**3
CPU_SECONDS = 15


def _serve() -> None:
    """The child's life: one question, one line of answer, until the pipe closes."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    source, answers = sys.stdin.buffer, sys.stdout
    while len(head := source.read(8)) == 8:
        allowed_length, content_length = struct.unpack("!II", head)
        allowed = json.loads(source.read(allowed_length))
        content = source.read(content_length)
        used = int(sum(resource.getrusage(resource.RUSAGE_SELF)[:2]))
        resource.setrlimit(resource.RLIMIT_CPU, (used + CPU_SECONDS, resource.RLIM_INFINITY))
        answers.write(json.dumps(_answer(content, allowed)) + "\n")
        answers.flush()


def _answer(content: bytes, allowed: Sequence[str]) -> dict[str, str]:
    try:
        return {"kind": judge(content, allowed)}
    except FileRefused as refused:
        return {"code": refused.code, "why": refused.why}
    except (MemoryError, RecursionError) as cause:
        return {"code": "file-unreadable", "why": type(cause).__name__}


if __name__ == "__main__":
    _serve()
