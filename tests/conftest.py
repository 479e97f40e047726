"""Fixtures and limits that hold for every room's tests."""

from tests.browser_fixture import browser
from tests.stack_fixture import stack
from tests.time_limit import pytest_configure, pytest_runtest_protocol

__all__ = ["browser", "pytest_configure", "pytest_runtest_protocol", "stack"]
