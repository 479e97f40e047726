"""A limit of time for every test, so that one that hangs costs minutes and not the whole run.

    @pytest.mark.seconds(900)
    async def test_that_takes_long() -> None: ...

The test fails where it stands, and its fixtures are torn down as ever. Should that hang too, the whole run ends with a
traceback of every thread.
"""

import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

import pytest

ORDINARY_SECONDS = 600.0
# Between the alarms after the first: for the end of the test, for its fixtures, and then no more.
GRACE_SECONDS = 90.0
LAST_ALARM = 3


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known."""
    config.addinivalue_line("markers", f"seconds(number): how long this test may take (others: {ORDINARY_SECONDS:.0f})")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Set the alarm for a test with its fixtures."""
    mark = item.get_closest_marker("seconds")
    seconds = float(mark.args[0]) if mark else ORDINARY_SECONDS
    rung = 0

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal rung
        rung += 1
        if rung >= LAST_ALARM:
            give_up(item)
        pytest.fail(f"it took longer than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, GRACE_SECONDS)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def give_up(item: pytest.Item) -> None:
    """End the run at once, saying where every thread stands."""
    capture = item.config.pluginmanager.get_plugin("capturemanager")
    if capture is not None:
        capture.suspend_global_capture(in_=True)
    sys.stderr.write(f"\n{item.nodeid} does not end, even when it is made to fail; the run is given up.\n")
    faulthandler.dump_traceback(sys.__stderr__, all_threads=True)
    os._exit(pytest.ExitCode.INTERRUPTED)
