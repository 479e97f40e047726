"""Loopback ports for the embedded parts: remembered ones first, then free ones, held until the part itself starts.

Two checkouts may start on one machine at the same moment. A chosen port is therefore bound by the supervisor until just
before its part is spawned, so that the other supervisor sees it as taken.
"""

import random
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

LOOPBACK = "127.0.0.1"
# Below the range from which Linux takes ports for outgoing connections (32768 and up).
FIRST_PORT, LAST_PORT = 20_000, 32_000
# SeaweedFS opens a second (gRPC) port this far above each of its ports.
SEAWEED_GRPC_OFFSET = 10_000


class PortTaken(Exception):
    """A port that the user fixed belongs to another program."""

    def __init__(self, name: str, port: int) -> None:
        super().__init__(f"port {port} ({name}) is used by another program")
        self.name = name
        self.port = port


@dataclass(frozen=True)
class Wish:
    """What one listening part asks for."""

    name: str
    preferred: int | None = None  # tried when nothing is remembered yet
    fixed: int | None = None  # the user's own choice: this one or none
    offsets: tuple[int, ...] = (0,)  # every port + offset has to be free


@dataclass
class PortBook:
    """The chosen ports and the sockets that hold them."""

    numbers: dict[str, int] = field(default_factory=dict)
    _held: dict[str, list[socket.socket]] = field(default_factory=dict, repr=False)

    def __getitem__(self, name: str) -> int:
        return self.numbers[name]

    def choose(self, wishes: list[Wish], remembered: Mapping[str, int]) -> None:
        """Choose and hold a port for every wish.

        Raises PortTaken when a fixed port is in use.
        """
        # Fixed and remembered ports first, so that no random choice takes one of them.
        for wish in sorted(wishes, key=lambda w: (w.fixed is None, w.name not in remembered, w.preferred is None)):
            for candidate in _candidates(wish, remembered):
                held = _hold(candidate, wish.offsets)
                if held is not None:
                    self.numbers[wish.name] = candidate
                    self._held[wish.name] = held
                    break
            else:
                raise PortTaken(wish.name, wish.fixed or 0)

    def release(self, *names: str) -> None:
        """Let go of the sockets, for the part that is about to bind the ports itself."""
        for name in names:
            for held in self._held.pop(name, []):
                held.close()

    def release_all(self) -> None:
        """Let go of every socket still held."""
        self.release(*list(self._held))


def _candidates(wish: Wish, remembered: Mapping[str, int]) -> Iterator[int]:
    if wish.fixed is not None:
        yield wish.fixed
        return
    if wish.name in remembered:
        yield remembered[wish.name]
    elif wish.preferred is not None:
        yield from range(wish.preferred, wish.preferred + 20)
    for _ in range(500):
        yield random.randint(FIRST_PORT, LAST_PORT)  # noqa: S311 - a free port, not a secret


def _hold(port: int, offsets: tuple[int, ...]) -> list[socket.socket] | None:
    held: list[socket.socket] = []
    for offset in offsets:
        holder = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        held.append(holder)
        # Reuse lets us pass over connections in TIME_WAIT of our own last run; it never passes over a listener.
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind((LOOPBACK, port + offset))
            # Another supervisor's holder also reuses; only a listening socket keeps it out.
            holder.listen(1)
        except (OSError, OverflowError):
            for each in held:
                with suppress(OSError):
                    each.close()
            return None
    return held
