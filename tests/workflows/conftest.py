"""The session's office, for the tests of the engine."""

from tests.workflows.office import office, open_office

__all__ = ["office", "open_office"]
