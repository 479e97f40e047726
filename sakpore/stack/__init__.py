"""The embedded stack: real servers and our own processes on one machine, started and kept by one supervisor."""

from sakpore.stack.errors import ALREADY_RUNNING, BAD_ADDRESS, CANNOT_START, PORT_TAKEN, StackError
from sakpore.stack.supervisor import Event, Stack

__all__ = ["ALREADY_RUNNING", "BAD_ADDRESS", "CANNOT_START", "PORT_TAKEN", "Event", "Stack", "StackError"]
