"""One full stack for the whole test session, started by the first test that asks for it.

    def test_x(stack: BackgroundStack) -> None:
        url = stack.environment("api")["DATABASE_URL"]

Its data folder is temporary and its ports are its own. Only the system's variables of the caller are passed on, so that
a DATABASE_URL in somebody's shell is never what the tests write to.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sakpore.stack import Stack
from sakpore.stack.background import BackgroundStack
from sakpore.stack.parts import SYSTEM


def system_environment() -> dict[str, str]:
    """The caller's variables without any of the product's."""
    return {name: os.environ[name] for name in SYSTEM if name in os.environ}


@contextmanager
def data_folder(session: pytest.Session) -> Iterator[Path]:
    """A short-lived data folder; it is kept, with its logs, when a test of the session failed.

    Not pytest's own temporary folder: every pytest that starts closes that to other accounts, and as root PostgreSQL
    runs under another account.
    """
    folder = Path(tempfile.mkdtemp(prefix="sakpore-"))
    yield folder
    if not session.testsfailed:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest) -> Iterator[BackgroundStack]:
    """Every part of the product, running; parts may be killed, held and restarted by tests that bring them back."""
    with (
        data_folder(request.session) as folder,
        BackgroundStack(Stack(folder, ports={"api": 0}, environment=system_environment())) as running,
    ):
        yield running
