"""How guessing at log-ins is slowed (OWASP ASVS 2.2.1) without giving strangers the power to lock somebody out.

Failures are counted against three keys. The pair of account and address pays the most: whoever guesses waits longer
and longer, and alone. The account as a whole is held up for a minute at most, and only once several addresses have
failed, so that its owner is delayed by a distributed attack and never shut out. An address as a whole is never held up
before its password is checked: behind one address sits an office or a village, and a right password opens. There, each
account has one free failure instead of several, and further failures are told to come back later.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from api.problems import ApiCode, Problem
from store.database import Database
from store.queries.logins import failures_since
from store.records import Records

WINDOW = timedelta(hours=1)
"""Failures older than this are forgotten."""
FAILURES_PER_ADDRESS = 40
_IPV6_HOUSEHOLD_BITS = 64


@dataclass(frozen=True)
class Pause:
    """A delay that doubles with each failure.

    Args:
        free: failures that cost nothing.
        first: the delay after the last free one.
        longest: where the doubling ends.
    """

    free: int
    first: timedelta
    longest: timedelta

    def after(self, failures: int) -> timedelta:
        """The delay after so many failures."""
        if failures < self.free:
            return timedelta(0)
        doubled: int = 2 ** min(failures - self.free, 20)
        return min(self.first * doubled, self.longest)


OF_PAIR = Pause(free=5, first=timedelta(seconds=10), longest=timedelta(minutes=5))
OF_PAIR_AT_BUSY_ADDRESS = Pause(free=1, first=timedelta(seconds=10), longest=timedelta(minutes=5))
OF_ACCOUNT = Pause(free=30, first=timedelta(seconds=5), longest=timedelta(minutes=1))
OF_ADDRESS = Pause(free=FAILURES_PER_ADDRESS, first=timedelta(seconds=30), longest=timedelta(minutes=15))

OF_ASKING = Pause(free=20, first=timedelta(seconds=30), longest=timedelta(minutes=15))
"""Registrations and mails that strangers ask for, from one address: a village may sit behind it."""
OF_KEY_LOG_IN = Pause(free=300, first=timedelta(seconds=2), longest=timedelta(seconds=30))
"""Challenges to log in with a passkey, from one address: nothing can be guessed with them, and an office comes in."""
OF_LOOKING = Pause(free=60, first=timedelta(seconds=10), longest=timedelta(minutes=2))
"""Tracking and verification codes that nobody has, from one address. The codes themselves cannot be guessed (80 random
bits), so this is generous: behind a mobile carrier's address sits a whole town, and it waits two minutes at most."""
OF_MAILING = Pause(free=3, first=timedelta(minutes=5), longest=timedelta(hours=1))
"""Mails to one person that strangers can cause."""


@dataclass(frozen=True)
class Keys:
    """Whom an attempt is counted against; e-mail addresses are kept as their hashes alone."""

    account: str
    address: str
    pair: str

    @classmethod
    def of(cls, email: str, address: str) -> Keys:
        """The keys of an attempt on the account `email` from `address`."""
        where = _household(address)
        account = _sha256(email.strip().lower())
        return cls(account=f"account:{account}", address=f"address:{where}", pair=f"pair:{_sha256(account + where)}")


class Attempts:
    """The record of failures, and what follows from it."""

    def __init__(self, db: Database, records: Records) -> None:
        self._db = db
        self._records = records
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def turn(self, keys: Keys) -> asyncio.Lock:
        """One attempt of a pair at a time: those sent at once would all be checked before the first is counted."""
        return self._turns.setdefault(keys.pair, asyncio.Lock())

    async def check(self, keys: Keys, now: datetime) -> None:
        """Raises Problem(too-many-attempts) while the pair or the account is held up."""
        async with self._db.transaction() as session:
            pair, pair_at = await failures_since(session, keys.pair, now - WINDOW)
            account, account_at = await failures_since(session, keys.account, now - WINDOW)
            address, _ = await failures_since(session, keys.address, now - WINDOW)
        pause = OF_PAIR_AT_BUSY_ADDRESS if address >= FAILURES_PER_ADDRESS else OF_PAIR
        until = [
            at + delay
            for at, delay in ((pair_at, pause.after(pair)), (account_at, OF_ACCOUNT.after(account)))
            if at is not None
        ]
        _refuse_until(max(until, default=now), now)

    async def failed(self, keys: Keys, now: datetime) -> None:
        """Counts a failure. Raises Problem(too-many-attempts) where its address has failed too often."""
        await self._records.record_failed_login((keys.account, keys.address, keys.pair), now)
        async with self._db.transaction() as session:
            address, _ = await failures_since(session, keys.address, now - WINDOW)
        _refuse_until(now + OF_ADDRESS.after(address - 1), now)

    async def succeeded(self, keys: Keys) -> None:
        """A good log-in wipes what its account and its pair have failed; never what the address has."""
        await self._records.forget_failed_logins(keys.pair)
        await self._records.forget_failed_logins(keys.account)

    async def ask(self, address: str, now: datetime) -> None:
        """Counts something that a stranger asks for. Raises Problem(too-many-attempts)."""
        _refuse_until(await self._spend(f"asking:{_household(address)}", OF_ASKING, now), now)

    async def ask_for_log_in(self, address: str, now: datetime) -> None:
        """Counts a challenge that a stranger asks for. Raises Problem(too-many-attempts)."""
        _refuse_until(await self._spend(f"key-log-in:{_household(address)}", OF_KEY_LOG_IN, now), now)

    async def check_looking(self, address: str, now: datetime) -> None:
        """Raises Problem(too-many-attempts) while this address has to wait before it tries another code."""
        async with self._db.transaction() as session:
            count, newest = await failures_since(session, _looking(address), now - WINDOW)
        if newest is not None:
            _refuse_until(newest + OF_LOOKING.after(count), now)

    async def looked_in_vain(self, address: str, now: datetime) -> None:
        """Counts a code that opens nothing; codes that open something are never counted."""
        await self._records.record_failed_login((_looking(address),), now)

    async def may_mail(self, email: str, now: datetime) -> bool:
        """Whether one more mail may go to this person; it is silence otherwise, which tells nobody anything."""
        return await self._spend(f"mailing:{_sha256(email.strip().lower())}", OF_MAILING, now) <= now

    async def _spend(self, key: str, pause: Pause, now: datetime) -> datetime:
        """Counts an attempt where none is due to wait; until when it has to wait otherwise."""
        async with self._turns.setdefault(key, asyncio.Lock()):
            async with self._db.transaction() as session:
                count, newest = await failures_since(session, key, now - WINDOW)
            until = newest + pause.after(count) if newest is not None else now
            if until <= now:
                await self._records.record_failed_login((key,), now)
            return until


def _refuse_until(until: datetime, now: datetime) -> None:
    if until > now:
        seconds = math.ceil((until - now).total_seconds())
        raise Problem(ApiCode.TOO_MANY_ATTEMPTS, headers={"Retry-After": str(seconds)}, retry_after_seconds=seconds)


def _looking(address: str) -> str:
    return f"looking:{_household(address)}"


def _household(address: str) -> str:
    """An IPv6 address as its /64: whoever holds one of its addresses holds them all."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:100]
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        if not parsed.is_loopback:
            return str(ipaddress.ip_network((int(parsed), _IPV6_HOUSEHOLD_BITS), strict=False))
    return str(parsed)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
