"""The one way the stack says no: a sentence for a person, and the exit code of the command."""

CANNOT_START = 1
PORT_TAKEN = 2
BAD_ADDRESS = 2  # of a server that the environment names
ALREADY_RUNNING = 3


class NotYetError(Exception):
    """What a part was asked for after its start did not succeed; it may in a moment. The text is for people."""


class StackError(Exception):
    """A condition that a person has to change; the text says what is wrong and what to do."""

    def __init__(self, sentence: str, exit_code: int = CANNOT_START) -> None:
        super().__init__(sentence)
        self.exit_code = exit_code
