"""Passkeys to log in with."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from permits.errors import Code, RuleError
from store.records.base import Subject
from store.tables import LoginChallengeRow, LoginKeyRow


class LoginKeyRecords(Subject):
    """Writes of passkeys that log in."""

    async def keep_login_challenge(self, challenge: LoginChallengeRow, now: datetime) -> None:
        """Keeps what a device is asked to sign, and forgets those whose time is over."""
        async with self._db.transaction() as session:
            await session.exec(delete(LoginChallengeRow).where(col(LoginChallengeRow.expires_at) <= now))
            session.add(challenge)

    async def take_login_challenge(self, challenge_id: str, account_id: str | None, now: datetime) -> bytes | None:
        """What was asked, once; None where it was not, not of this account, answered before, or too long ago."""
        account = col(LoginChallengeRow.account_id)
        query = delete(LoginChallengeRow).where(
            col(LoginChallengeRow.id) == challenge_id,
            account.is_(None) if account_id is None else account == account_id,
            col(LoginChallengeRow.expires_at) > now,
        )
        async with self._db.transaction() as session:
            found: bytes | None = (await session.exec(query.returning(col(LoginChallengeRow.challenge)))).scalar()
        return found

    async def add_login_key(self, key: LoginKeyRow) -> LoginKeyRow:
        """Adds one. Raises RuleError(passkey-known) where its device has one already."""
        async with self._db.transaction() as session:
            made = insert(LoginKeyRow).values(**key.model_dump()).on_conflict_do_nothing()
            if (await session.exec(made.returning(col(LoginKeyRow.id)))).first() is None:
                raise RuleError(Code.PASSKEY_KNOWN)
            return await session.get_one(LoginKeyRow, key.id)

    async def login_keys_of(self, account_id: str) -> list[LoginKeyRow]:
        """An account's keys, the oldest first."""
        query = select(LoginKeyRow).where(col(LoginKeyRow.account_id) == account_id)
        async with self._db.transaction() as session:
            return list(await session.exec(query.order_by(col(LoginKeyRow.created_at), col(LoginKeyRow.id))))

    async def login_key_by_credential(self, credential_id: bytes) -> LoginKeyRow | None:
        """The key that a device calls so."""
        query = select(LoginKeyRow).where(col(LoginKeyRow.credential_id) == credential_id)
        async with self._db.transaction() as session:
            return (await session.exec(query)).first()

    async def count_login_key_use(self, key_id: str, sign_count: int, now: datetime) -> bool:
        """Notes that a key was used; False where it is gone or its counter went back, as that of a copied one does."""
        async with self._db.transaction() as session:
            row = await session.get(LoginKeyRow, key_id, with_for_update=True)
            if row is None or (max(row.sign_count, sign_count) > 0 and sign_count <= row.sign_count):
                return False
            row.sign_count, row.last_used_at = sign_count, now
            return True

    async def remove_login_key(self, key_id: str, account_id: str) -> None:
        """Removes one of an account's keys. Raises RuleError(passkey-unknown)."""
        gone = delete(LoginKeyRow).where(col(LoginKeyRow.id) == key_id, col(LoginKeyRow.account_id) == account_id)
        async with self._db.transaction() as session:
            if (await session.exec(gone.returning(col(LoginKeyRow.id)))).first() is None:
                raise RuleError(Code.PASSKEY_UNKNOWN)
