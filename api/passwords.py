"""Passwords: argon2id (RFC 9106, second recommended option), and the same work for an account that does not exist.

The only place that reads a password.
"""

from __future__ import annotations

import asyncio
import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError


class Passwords:
    """Hashes and checks in a thread; argon2 is slow on purpose."""

    def __init__(self, hasher: PasswordHasher | None = None, at_once: int = 2) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody: str | None = None
        self._turns = asyncio.Semaphore(at_once)  # each costs 64 MiB: a flood of log-ins must not take all memory

    def hash(self, password: str) -> str:
        """The PHC text that is kept."""
        return self._hasher.hash(password)

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
