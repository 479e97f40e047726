"""How many wrong proofs of one officer the signing worker looks at: a door that forgets to count helps no guesser.

Kept in the worker's memory, where nobody else writes. A worker that starts again begins to count anew, and several
workers count each for itself: six digits in three steps of time stay far out of reach all the same.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from signing.errors import TooManyProofs

WINDOW = timedelta(minutes=15)
MOST = 20
"""Acts with a wrong proof within the window; the letters of one act count once."""


class ProofLimit:
    """Counts by officer."""

    def __init__(self) -> None:
        self._wrong: dict[str, dict[str, datetime]] = {}

    def check(self, officer_id: str, now: datetime) -> None:
        """Raises TooManyProofs."""
        recent = {act: at for act, at in self._wrong.get(officer_id, {}).items() if at > now - WINDOW}
        self._wrong[officer_id] = recent
        if len(recent) >= MOST:
            raise TooManyProofs("Terlalu banyak bukti yang salah; proses penandatangan menunggu dulu.")

    def wrong(self, officer_id: str, act_id: str, now: datetime) -> None:
        """Counts an act whose proof was wrong."""
        self._wrong.setdefault(officer_id, {}).setdefault(act_id, now)
