"""Accounts, log-ins and their throttling.

Secrets arrive hashed or sealed; nothing here knows a password, a token or a NIK.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select

from permits.authority import Actor, Role
from permits.errors import Code, RuleError
from store.errors import EmailTaken
from store.records.base import Subject
from store.records.values import NewAccount, OpenSession
from store.tables import AccountRow, LoginAttemptRow, LoginSessionRow


class PeopleRecords(Subject):
    """Writes and reads about people."""

    async def create_account(self, account: NewAccount) -> AccountRow:
        """Makes an account. Raises EmailTaken when its e-mail belongs to another one."""
        async with self._db.transaction() as session:
            made = insert(AccountRow).values(account_values(account)).on_conflict_do_nothing()
            if (await session.exec(made.returning(col(AccountRow.id)))).first() is None:
                raise EmailTaken("an account with this e-mail address or id exists")
            return await session.get_one(AccountRow, account.id)

    async def ensure_account(self, account: NewAccount) -> AccountRow:
        """Makes an account, or answers the one with this e-mail as it is; for seeding."""
        async with self._db.transaction() as session:
            values = account_values(account)
            await session.exec(insert(AccountRow).values(values).on_conflict_do_nothing())
            query = select(AccountRow).where(col(AccountRow.email) == values["email"])
            row = (await session.exec(query)).one()
        return row

    async def account(self, account_id: str) -> AccountRow | None:
        """An account by id."""
        async with self._db.transaction() as session:
            return await session.get(AccountRow, account_id)

    async def account_by_email(self, email: str) -> AccountRow | None:
        """An account by e-mail; case and outer spaces do not matter."""
        query = select(AccountRow).where(col(AccountRow.email) == plain_email(email))
        async with self._db.transaction() as session:
            row = (await session.exec(query)).first()
        return row

    async def accounts(self, role: Role | None = None, opd: str | None = None) -> list[AccountRow]:
        """Active accounts, all or those of a role or an agency, by id."""
        query = select(AccountRow).where(col(AccountRow.active)).order_by(col(AccountRow.id))
        if role is not None:
            query = query.where(col(AccountRow.role) == role.value)
        if opd is not None:
            query = query.where(col(AccountRow.opd) == opd)
        async with self._db.transaction() as session:
            return list(await session.exec(query))

    async def officers(self) -> list[AccountRow]:
        """Everybody but applicants, active or not, by role and name."""
        query = select(AccountRow).where(col(AccountRow.role) != Role.APPLICANT.value)
        async with self._db.transaction() as session:
            return list(await session.exec(query.order_by(col(AccountRow.role), col(AccountRow.name))))

    async def change_account(self, account_id: str, **changes: object) -> AccountRow:
        """Changes columns of an account. Raises RuleError(person-not-found), EmailTaken."""
        try:
            async with self._db.transaction() as session:
                row = await session.get(AccountRow, account_id, with_for_update=True)
                if row is None:
                    raise RuleError(Code.PERSON_NOT_FOUND)
                for name, value in changes.items():
                    setattr(row, name, value)
        except IntegrityError as taken:
            if "uq_accounts_email" in str(taken.orig):
                raise EmailTaken("another account has this e-mail address") from None
            raise
        return row

    # Log-ins ---------------------------------------------------------------------------------------------------------

    async def open_session(
        self, token_hash: str, account_id: str, csrf_token: str, created_at: datetime, expires_at: datetime
    ) -> None:
        """Begins a log-in; the store sees the token's hash alone."""
        row = LoginSessionRow(
            token_hash=token_hash,
            account_id=account_id,
            csrf_token=csrf_token,
            created_at=created_at,
            expires_at=expires_at,
        )
        async with self._db.transaction() as session:
            session.add(row)

    async def session(self, token_hash: str, now: datetime) -> OpenSession | None:
        """The log-in of that token, if it is in force and its account active."""
        query = select(LoginSessionRow, AccountRow).join(
            AccountRow, col(AccountRow.id) == col(LoginSessionRow.account_id)
        )
        query = query.where(col(LoginSessionRow.token_hash) == token_hash, col(LoginSessionRow.expires_at) > now)
        async with self._db.transaction() as session:
            found = (await session.exec(query.where(col(AccountRow.active)))).first()
        if found is None:
            return None
        row, account = found
        return OpenSession(
            account_id=account.id, csrf_token=row.csrf_token, expires_at=row.expires_at, actor=actor_of(account)
        )

    async def session_expired(self, token_hash: str, now: datetime) -> bool:
        """Whether the token was good once and its time is over; so that a person can be told why."""
        async with self._db.transaction() as session:
            row = await session.get(LoginSessionRow, token_hash)
        return row is not None and row.expires_at <= now

    async def extend_session(self, token_hash: str, expires_at: datetime) -> None:
        """Moves the end of a log-in that is in use; never to an earlier time."""
        query = update(LoginSessionRow).where(
            col(LoginSessionRow.token_hash) == token_hash, col(LoginSessionRow.expires_at) < expires_at
        )
        async with self._db.transaction() as session:
            await session.exec(query.values(expires_at=expires_at))

    async def close_session(self, token_hash: str) -> None:
        """Ends a log-in."""
        async with self._db.transaction() as session:
            await session.exec(delete(LoginSessionRow).where(col(LoginSessionRow.token_hash) == token_hash))

    async def delete_old_sessions(self, expired_before: datetime) -> int:
        """Deletes log-ins and failed attempts whose time was over before then; the number of log-ins."""
        async with self._db.transaction() as session:
            await session.exec(delete(LoginAttemptRow).where(col(LoginAttemptRow.at) < expired_before))
            gone = delete(LoginSessionRow).where(col(LoginSessionRow.expires_at) < expired_before)
            return len((await session.exec(gone.returning(col(LoginSessionRow.token_hash)))).all())

    async def record_failed_login(self, keys: tuple[str, ...], at: datetime) -> None:
        """Counts a failed log-in against each key (an account's, an address's)."""
        async with self._db.transaction() as session:
            session.add_all(LoginAttemptRow(key=key, at=at) for key in keys)

    async def failed_logins(self, key: str, since: datetime) -> int:
        """How many failed log-ins count against a key since then."""
        query = select(func.count()).select_from(LoginAttemptRow)
        query = query.where(col(LoginAttemptRow.key) == key, col(LoginAttemptRow.at) >= since)
        async with self._db.transaction() as session:
            return (await session.exec(query)).one()

    async def forget_failed_logins(self, key: str) -> None:
        """A good log-in wipes what counted against the key."""
        async with self._db.transaction() as session:
            await session.exec(delete(LoginAttemptRow).where(col(LoginAttemptRow.key) == key))


def actor_of(account: AccountRow) -> Actor:
    """An account as the rules see it."""
    return Actor(
        id=account.id,
        name=account.name,
        role=Role(account.role),
        field=account.field,
        opd=account.opd,
        is_head=account.is_head,
    )


def plain_email(text: str) -> str:
    """An address as it is kept: lower case, without outer spaces."""
    return text.strip().lower()


def account_values(account: NewAccount) -> dict[str, object]:
    """The row of a new account."""
    return account.model_dump() | {
        "email": plain_email(account.email),
        "role": account.role.value,
        "active": True,
        "nik_warnings": list(account.nik_warnings),
    }
