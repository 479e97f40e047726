"""One Chromium for the tests of a module.

Not for the whole session: Playwright's loop lives in the thread of the tests while it runs, and a test with a loop of
its own could not start one beside it.
"""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright


def find_chromium() -> str | None:
    """The system's browser; None where Playwright's own is to be taken."""
    return shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The system's browser, or Playwright's own."""
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        yield launched
        launched.close()
