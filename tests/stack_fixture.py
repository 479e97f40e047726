"""One full stack for the whole test session, started by the first test that asks for it.

    def test_x(stack: BackgroundStack) -> None:
        url = stack.environment("api")["DATABASE_URL"]

Its data folder is temporary and its ports are its own. Only the system's variables of the caller are passed on, so that
a DATABASE_URL in somebody's shell is never what the tests write to.
"""

import os
from collections.abc import Iterator

import pytest

from sakpore.stack import Stack
from sakpore.stack.background import BackgroundStack
from sakpore.stack.parts import SYSTEM


def system_environment() -> dict[str, str]:
    """The caller's variables without any of the product's."""
    return {name: os.environ[name] for name in SYSTEM if name in os.environ}


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackgroundStack]:
    """Every part of the product, running; parts may be killed, held and restarted by tests that bring them back."""
    folder = tmp_path_factory.mktemp("stack")
    with BackgroundStack(Stack(folder, ports={"api": 0}, environment=system_environment())) as running:
        yield running
