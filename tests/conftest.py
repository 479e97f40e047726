"""Fixtures that every room's tests may ask for."""

from tests.stack_fixture import stack

__all__ = ["stack"]
