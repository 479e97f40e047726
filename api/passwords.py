"""Passwords: argon2id (RFC 9106, second recommended option), and the same work for an account that does not exist.

The only place that reads a password. What a password must be follows NIST SP 800-63B: length counts, kinds of
characters do not, and what everybody guesses first is refused.
"""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from api.problems import ApiCode, Problem

SHORTEST, LONGEST = 10, 200
UNUSABLE = "!"
"""Kept instead of a hash where nobody can log in yet."""
_COMMON = (
    *("password", "katasandi", "rahasia", "indonesia", "pekalongan"),
    *("sakpore", "qwerty", "bismillah", "1234567890"),
)


class Passwords:
    """Hashes and checks in a thread; argon2 is slow on purpose."""

    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody: str | None = None
        self._turns = asyncio.Semaphore(at_once)  # each costs 64 MiB: a flood of log-ins must not take all memory

    def hash(self, password: str) -> str:
        """The PHC text that is kept."""
        return self._hasher.hash(password)

    async def make(self, password: str) -> str:
        """As `hash`, in a thread and in turn."""
        async with self._turns:
            return await asyncio.to_thread(self.hash, password)

    async def check(self, kept: str | None, password: str) -> bool:
        """Whether `password` belongs to the `kept` hash; None (no such account) costs the same time and is False."""
        async with self._turns:
            return await asyncio.to_thread(self._check, kept, password)

    def _check(self, kept: str | None, password: str) -> bool:
        if self._nobody is None:
            self._nobody = self._hasher.hash(secrets.token_urlsafe(16))
        try:
            self._hasher.verify(kept or self._nobody, password)
        except (VerificationError, InvalidHashError):
            return False
        return kept is not None


def check_fit(password: str, *own: str) -> None:
    """Whether somebody may use this password; `own` is what is known of the person, such as name and e-mail.

    Raises Problem(guessable-password).
    """
    plain = "".join(char for char in password.lower() if char.isalnum())
    if not SHORTEST <= len(password) <= LONGEST or len(set(password)) < 4:
        raise Problem(ApiCode.GUESSABLE)
    for known in (*_COMMON, *own):
        word = "".join(char for char in known.lower().split("@")[0] if char.isalnum())
        # What is left when the known word is taken away has to stand on its own.
        if len(word) >= 4 and len(plain.replace(word, "")) < 6 and word in plain:
            raise Problem(ApiCode.GUESSABLE)
