"""A test that hangs fails after its time, and one that cannot even be failed ends the run."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
CONFTEST = """
from tests import time_limit
from tests.time_limit import pytest_configure, pytest_runtest_protocol
time_limit.GRACE_SECONDS = 0.3
"""
HANGING = """
import threading, pytest

@pytest.mark.seconds(0.3)
def test_that_hangs():
    threading.Event().wait()

def test_after_it(): pass
"""
DEAF = """
import threading, pytest

@pytest.mark.seconds(0.3)
def test_that_cannot_be_failed():
    while True:
        try:
            threading.Event().wait()
        except BaseException:
            pass
"""


def outcome(folder: Path, tests: str) -> "subprocess.CompletedProcess[str]":
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_it.py").write_text(tests)
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", f"--rootdir={folder}", str(folder)]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )


def test_a_test_that_hangs_fails_and_the_others_go_on(tmp_path: Path) -> None:
    done = outcome(tmp_path, HANGING)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED
    assert "it took longer than" in done.stdout and "1 failed, 1 passed" in done.stdout


def test_a_test_that_cannot_be_failed_ends_the_run_and_is_named(tmp_path: Path) -> None:
    done = outcome(tmp_path, DEAF)
    assert done.returncode == pytest.ExitCode.INTERRUPTED
    assert "test_that_cannot_be_failed does not end" in done.stderr and "Current thread" in done.stderr
