"""Accounts that people make for themselves, and the tokens that prove an e-mail address.

One NIK makes one account in use (`uq_accounts_nik_in_use`): one that is active and either confirmed or made at the
counter. An address that nobody confirmed holds nothing: registering again takes its place.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import Role
from store.errors import NikTaken
from store.records.base import Subject
from store.records.people import account_values, plain_email
from store.records.values import AccountToken, NewAccount
from store.tables import AccountRow, AccountTokenRow, LoginSessionRow, OutboxRow

Registered = Literal["made", "email-taken", "nik-taken"]


class RegistrationRecords(Subject):
    """Writes of registration."""

    async def register_account(self, account: NewAccount) -> Registered:
        """Makes an account that is not confirmed yet, or one at the counter; what stood in the way otherwise."""
        async with self._db.transaction() as session:
            known = select(AccountRow).where(col(AccountRow.email) == plain_email(account.email)).with_for_update()
            held = (await session.exec(known)).first()
            if held is not None and not _is_nobodys(held):
                return "email-taken"
            if account.nik_fingerprint and await _nik_in_use(session, account.nik_fingerprint):
                return "nik-taken"
            if held is not None:
                await session.delete(held)
                await session.flush()
            made = insert(AccountRow).values(account_values(account)).on_conflict_do_nothing()
            if (await session.exec(made.returning(col(AccountRow.id)))).first() is not None:
                return "made"
            # Somebody was faster by a moment.
            return "nik-taken" if account.at_counter else "email-taken"

    async def account_by_nik(self, fingerprint: str) -> AccountRow | None:
        """The applicant's account in use with this NIK."""
        query = select(AccountRow).where(col(AccountRow.nik_fingerprint) == fingerprint, _in_use())
        async with self._db.transaction() as session:
            row = (await session.exec(query)).first()
        return row

    async def keep_token(self, token: AccountToken) -> None:
        """Keeps a new token; earlier ones of the same account and purpose are void from now on."""
        async with self._db.transaction() as session:
            await session.exec(
                delete(AccountTokenRow).where(
                    col(AccountTokenRow.account_id) == token.account_id,
                    col(AccountTokenRow.purpose) == token.purpose,
                )
            )
            session.add(AccountTokenRow(**token.model_dump()))

    async def confirm_by_token(self, token_hash: str, now: datetime) -> AccountRow | None:
        """Spends a token that confirms an address, the first or a new one.

        None for one that is not good, or whose address went to another account meanwhile. Raises NikTaken where
        another account with this NIK was confirmed first.
        """
        try:
            async with self._db.transaction() as session:
                token = await _spend(session, token_hash, ("confirm", "email"), now)
                if token is None:
                    return None
                account = await session.get_one(AccountRow, token.account_id, with_for_update=True)
                account.email = token.email
                account.email_confirmed_at = now
                account.at_counter = False
                await session.flush()
                return account
        except IntegrityError as taken:
            if "uq_accounts_nik_in_use" in str(taken.orig):
                raise NikTaken("another account with this NIK is in use") from None
            return None

    async def set_password_by_token(self, token_hash: str, password_hash: str, now: datetime) -> AccountRow | None:
        """Spends a token that sets a password, and ends all log-ins; None for one that is not good.

        The mail was read, so its address counts as confirmed.
        """
        try:
            async with self._db.transaction() as session:
                token = await _spend(session, token_hash, ("password",), now)
                if token is None:
                    return None
                account = await session.get_one(AccountRow, token.account_id, with_for_update=True)
                if not account.active or account.email != token.email:
                    return None
                account.password_hash = password_hash
                account.email_confirmed_at = account.email_confirmed_at or now
                account.at_counter = False
                await session.flush()
                await session.exec(delete(LoginSessionRow).where(col(LoginSessionRow.account_id) == account.id))
                return account
        except IntegrityError:
            raise NikTaken("another account with this NIK is in use") from None

    async def token_is_good(self, token_hash: str, now: datetime) -> AccountRow | None:
        """Whose token this is, while it can be spent."""
        async with self._db.transaction() as session:
            token = await session.get(AccountTokenRow, token_hash)
            if token is None or token.expires_at <= now:
                return None
            return await session.get(AccountRow, token.account_id)

    async def change_password(self, account_id: str, password_hash: str, keep: str | None) -> None:
        """Sets another password; all log-ins end but `keep` (a token's hash), and mailed tokens are void."""
        async with self._db.transaction() as session:
            await session.exec(
                update(AccountRow).where(col(AccountRow.id) == account_id).values(password_hash=password_hash)
            )
            ended = delete(LoginSessionRow).where(col(LoginSessionRow.account_id) == account_id)
            await session.exec(ended.where(col(LoginSessionRow.token_hash) != (keep or "")))
            await session.exec(delete(AccountTokenRow).where(col(AccountTokenRow.account_id) == account_id))

    async def delete_old_tokens(self, expired_before: datetime) -> int:
        """Deletes tokens whose time was over before then; their number."""
        gone = delete(AccountTokenRow).where(col(AccountTokenRow.expires_at) < expired_before)
        async with self._db.transaction() as session:
            return len((await session.exec(gone.returning(col(AccountTokenRow.token_hash)))).all())


def token_mail_key(token_hash: str) -> str:
    """Key of the outbox row that carries a token; its text is wiped when the token is spent."""
    return f"account-mail:{token_hash}"


async def _spend(
    session: AsyncSession, token_hash: str, purposes: tuple[str, ...], now: datetime
) -> AccountTokenRow | None:
    query = select(AccountTokenRow).where(
        col(AccountTokenRow.token_hash) == token_hash, col(AccountTokenRow.purpose).in_(purposes)
    )
    token = (await session.exec(query.with_for_update())).first()
    if token is None or token.expires_at <= now:
        return None
    await session.delete(token)
    wiped = update(OutboxRow).where(col(OutboxRow.key) == token_mail_key(token_hash))
    await session.exec(wiped.values(body="(tautan sudah dipakai)"))
    return token


def _is_nobodys(account: AccountRow) -> bool:
    """An applicant's account that was never confirmed: nobody has shown to be its owner."""
    return account.role == Role.APPLICANT and account.email_confirmed_at is None and not account.at_counter


def _in_use() -> ColumnElement[bool]:
    confirmed = col(AccountRow.email_confirmed_at).is_not(None) | col(AccountRow.at_counter)
    return col(AccountRow.active) & (col(AccountRow.role) == Role.APPLICANT.value) & confirmed


async def _nik_in_use(session: AsyncSession, fingerprint: str) -> bool:
    query = select(col(AccountRow.id)).where(col(AccountRow.nik_fingerprint) == fingerprint, _in_use())
    return (await session.exec(query)).first() is not None
