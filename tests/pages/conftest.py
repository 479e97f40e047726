"""The built assets and the environment of the pages, once a run."""

from pathlib import Path

import pytest
from jinja2 import Environment

from api.pages import page_environment
from sakpore.assets import WEB, build


@pytest.fixture(scope="session")
def web() -> Path:
    build(WEB)
    return WEB


@pytest.fixture(scope="session")
def environment(web: Path) -> Environment:
    return page_environment(web)
