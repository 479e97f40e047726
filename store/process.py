"""What every process of ours does first: its memory is for nobody else, and is not searched for nothing.

A core file would hold passphrases, codes and keys, and so would what another process of the same user reads out of
`/proc`. Neither survives this, as far as the system has such a thing; root can still look.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import resource
import sys

NEW_OBJECTS_BEFORE_A_SEARCH = 5_000
_PR_SET_DUMPABLE = 4  # linux/prctl.h


def keep_memory_private() -> None:
    """No core files, and on Linux no reading of our memory by our own user either."""
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def search_garbage_seldom() -> None:
    """What is loaded by now is never searched for garbage, and what is new not at every few hundred objects.

    Reading one PDF makes some ten thousand objects; by the defaults a sixth of a signature was spent on searching.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS_BEFORE_A_SEARCH, *gc.get_threshold()[1:])
