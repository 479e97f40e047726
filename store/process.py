"""What every process that holds secrets does first: its memory is for nobody else.

A core file would hold passphrases, codes and keys, and so would what another process of the same user reads out of
`/proc`. Neither survives this, as far as the system has such a thing; root can still look.
"""

from __future__ import annotations

import contextlib
import ctypes
import resource
import sys

_PR_SET_DUMPABLE = 4  # linux/prctl.h


def keep_memory_private() -> None:
    """No core files, and on Linux no reading of our memory by our own user either."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
