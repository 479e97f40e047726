"""The session's office, for the tests of the worker processes."""

from tests.workflows.office import office, open_office

__all__ = ["office", "open_office"]
