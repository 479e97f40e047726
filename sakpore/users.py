"""Officers' accounts from the command line: the first ops account of an installation, and a way in when nobody has one.

Whoever can reach the database can do this; in daily work people are managed over the API, where it is seen who did it.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import uuid
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy.ext.asyncio import create_async_engine

from api.mailing import LIVES, token_hash
from api.passwords import UNUSABLE
from permits.authority import Role
from permits.errors import RuleError
from permits.staffing import check_desk
from sakpore.running import database_url
from signing.activation import load_private_key
from signing.enrolment import Notary
from signing.errors import SigningError
from store.database import Database
from store.errors import EmailTaken
from store.records import AccountToken, NewAccount, Records
from store.tables import AccountRow

_Answer = TypeVar("_Answer")


class UserError(Exception):
    """What is wrong and what to do, in one sentence."""


def add_user(
    data_dir: Path,
    name: str,
    email: str,
    role: Role,
    field: str | None,
    opd: str | None,
    is_head: bool,
    environment: Mapping[str, str] | None = None,
) -> str:
    """Makes an officer's account, or finds the one with this address; the link that sets its password.

    The link is good once, for 48 hours. Raises UserError.
    """
    try:
        check_desk(role, field, opd, is_head)
    except RuleError as wrong:
        raise UserError(f"These do not make a desk: {', '.join(wrong.facts['fields'])}.") from None
    account = NewAccount(
        id=str(uuid.uuid4()),
        email=email,
        name=name,
        password_hash=UNUSABLE,
        role=role,
        field=field,
        opd=opd,
        is_head=is_head,
        created_at=datetime.now(UTC),
    )

    async def write(records: Records) -> str:
        try:
            row = await records.create_account(account)
        except EmailTaken:
            found = await records.account_by_email(email)
            if found is None or found.role != role or not found.active:
                raise UserError("Another account has this address, with another role or not active.") from None
            row = found
        return await _password_link(records, row, _base_url(data_dir, environment))

    return _run(data_dir, environment, write)


def ticket_for(data_dir: Path, email: str, environment: Mapping[str, str] | None = None) -> str:
    """A code that lets one passkey of this officer in, or out, within a day; who runs this has seen the officer.

    Needs the signing worker's private sealing key, which no other process can read. Raises UserError.
    """
    given = os.environ if environment is None else environment
    key = Path(given.get("SIGNING_SEAL_KEY") or data_dir / "keys" / "seal.key")

    async def read(records: Records) -> str:
        row = await records.account_by_email(email)
        if row is None or not row.active or row.role == Role.APPLICANT:
            raise UserError("No active officer has this address.")
        try:
            return Notary(load_private_key(key)).ticket(row.id, datetime.now(UTC))
        except SigningError:
            raise UserError(f"{key} cannot be read: run this where the signing worker runs, as its user.") from None

    return _run(data_dir, environment, read)


def deactivate_user(data_dir: Path, email: str, environment: Mapping[str, str] | None = None) -> str:
    """Ends an officer's log-ins at once; a sentence that says what is left behind. Raises UserError."""

    async def write(records: Records) -> str:
        row = await records.account_by_email(email)
        if row is None or row.role == Role.APPLICANT:
            raise UserError("No officer has this address.")
        left = await records.deactivate(row.id, datetime.now(UTC))
        empty = f"; nobody holds the desk now, {left.waiting_at_desk} tasks wait there" if left.desk_empty else ""
        return f"{row.email} is out; {len(left.tasks)} open tasks were assigned to this person{empty}."

    return _run(data_dir, environment, write)


def list_users(data_dir: Path, environment: Mapping[str, str] | None = None) -> list[str]:
    """One line an officer."""

    async def read(records: Records) -> list[str]:
        return [_line(row) for row in await records.officers()]

    return _run(data_dir, environment, read)


async def _password_link(records: Records, row: AccountRow, base_url: str) -> str:
    token, now = secrets.token_urlsafe(32), datetime.now(UTC)
    await records.keep_token(
        AccountToken(
            token_hash=token_hash(token),
            account_id=row.id,
            purpose="password",
            email=row.email,
            created_at=now,
            expires_at=now + LIVES,
        )
    )
    return f"{base_url}/sandi/baru?kode={token}"


def _line(row: AccountRow) -> str:
    where = row.opd or row.field or "-"
    state = "active" if row.active else "out"
    return f"{row.role} {where} {state} {row.email} {row.name}"


def _run(
    data_dir: Path, environment: Mapping[str, str] | None, work: Callable[[Records], Awaitable[_Answer]]
) -> _Answer:
    url = _database_url(data_dir, os.environ if environment is None else environment)

    async def once() -> _Answer:
        database = Database(create_async_engine(url, hide_parameters=True))
        try:
            return await work(Records(database))
        finally:
            await database.close()

    return asyncio.run(once())


def _database_url(data_dir: Path, environment: Mapping[str, str]) -> str:
    url = database_url(data_dir, environment)
    if url is None:
        raise UserError("Set DATABASE_URL, or start the office first with `make run`.")
    return url


def _base_url(data_dir: Path, environment: Mapping[str, str] | None) -> str:
    given = os.environ if environment is None else environment
    if given.get("PUBLIC_BASE_URL"):
        return given["PUBLIC_BASE_URL"].rstrip("/")
    kept = data_dir / "installation.json"
    return str(json.loads(kept.read_text())["public_base_url"]) if kept.exists() else "http://localhost:8080"
