"""The child of `limited.LimitedVerifier`: reads (policy path, pdf) pairs from stdin, writes reports to stdout.

Started as `python -m signing.limited_child ADDRESS_SPACE CPU_SECONDS`; both limits are set before the first byte is
read.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import signal
import struct
import sys
from pathlib import Path
from typing import BinaryIO

from signing.errors import PolicyUnreadable
from signing.policy import Policy
from signing.verify import verify_pdf

_FORBIDDEN = {
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.sendmsg",
    "socket.getaddrinfo",
    "socket.gethostbyname",
    "subprocess.Popen",
    "os.system",
    "os.exec",
    "os.posix_spawn",
    "os.fork",
    "os.forkpty",
}
_Policies = dict[str, tuple[tuple[int, ...], Policy]]  # by path: the stamp of its files, and what they say
_LENGTH = struct.Struct(">I")


def main(arguments: list[str]) -> int:
    """Serve until stdin closes."""
    address_space, cpu_seconds = int(arguments[0]), int(arguments[1])
    logging.disable(logging.CRITICAL)
    # Nothing the parser prints may reach the pipe of answers.
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.addaudithook(_refuse_the_world)
    resource.setrlimit(resource.RLIMIT_AS, (address_space, address_space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers.write(b"\n")
    answers.flush()
    policies: _Policies = {}
    while (asked := _read(sys.stdin.buffer)) is not None:
        pdf = _read(sys.stdin.buffer)
        if pdf is None:
            return 0
        _allow_cpu(cpu_seconds)
        answer = json.dumps(_answer(asked.decode(), pdf, policies)).encode()
        answers.write(_LENGTH.pack(len(answer)) + answer)
        answers.flush()
    return 0


def _refuse_the_world(event: str, _arguments: object) -> None:
    """No network and no other program, whatever a library might want for a file from outside."""
    if event in _FORBIDDEN:
        raise PermissionError(event)


def _answer(path: str, pdf: bytes, policies: _Policies) -> dict[str, object]:
    try:
        known = policies.get(path)
        if known is None or known[1].stamp != known[0]:
            policies.clear()
            fresh = Policy.from_file(Path(path))
            known = policies[path] = (fresh.stamp, fresh)
    except PolicyUnreadable as failure:
        return {"policy_error": failure.sentence}
    except OSError:
        return {"policy_error": "Berkas kebijakan verifikasi tidak ada."}
    return verify_pdf(pdf, known[1]).as_dict()


def _allow_cpu(seconds: int) -> None:
    """Move the soft limit ahead of what is used up, so that each file has the same allowance."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, resource.RLIM_INFINITY))


def _read(source: BinaryIO) -> bytes | None:
    header = source.read(_LENGTH.size)
    if len(header) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(header)
    data = source.read(length)
    return data if len(data) == length else None


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
