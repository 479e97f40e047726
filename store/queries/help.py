"""The help thread as the front office's list and as one conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.tables import AccountRow, ApplicationRow, HelpMessageRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class ThreadLine(_View):
    """One conversation."""

    thread: str
    number: str | None
    permit_name: str | None
    applicant_name: str
    last_at: datetime
    waiting: bool
    """The newest message is the applicant's: it waits for an answer."""
    unread: int
    """Messages of the other side that were not read."""


class MessageView(_View):
    """One message."""

    id: str
    from_office: bool
    author_name: str
    text: str
    sent_at: datetime
    read_at: datetime | None


class ThreadOwner(_View):
    """Whose conversation it is, and about which case."""

    account_id: str
    number: str | None


async def threads(
    session: AsyncSession, *, account_id: str | None, waiting_only: bool, by_office: bool, offset: int, limit: int
) -> tuple[list[ThreadLine], int]:
    """Conversations and how many there are: those that wait longest first for the office, the newest first otherwise.

    Args:
        account_id: only this person's.
        waiting_only: only those whose newest message is the applicant's.
        by_office: whose unread messages are counted.
        offset: lines to leave out.
        limit: lines on a page.
    """
    newest = _newest()
    query: Any = (
        sa.select(newest, col(AccountRow.name), col(ApplicationRow.title))
        .join(AccountRow, col(AccountRow.id) == newest.c.account_id)
        .outerjoin(ApplicationRow, col(ApplicationRow.number) == newest.c.number)
    )
    if account_id is not None:
        query = query.where(newest.c.account_id == account_id)
    if waiting_only:
        query = query.where(~newest.c.from_office)
    total = (await session.exec(select(func.count()).select_from(query.subquery()))).one()
    order = newest.c.sent_at if waiting_only else newest.c.sent_at.desc()
    found = list(await session.exec(query.order_by(order, newest.c.thread).offset(offset).limit(limit)))
    unread = await _unread(session, [row.thread for row in found], by_office)
    lines = [
        ThreadLine(
            thread=row.thread,
            number=row.number,
            permit_name=row.title,
            applicant_name=row.name,
            last_at=row.sent_at,
            waiting=not row.from_office,
            unread=unread.get(row.thread, 0),
        )
        for row in found
    ]
    return lines, total


async def thread_owner(session: AsyncSession, thread: str) -> ThreadOwner | None:
    """Whose conversation it is; None where nobody wrote yet."""
    query = select(HelpMessageRow).where(col(HelpMessageRow.thread) == thread)
    row = (await session.exec(query.order_by(col(HelpMessageRow.sent_at).desc()).limit(1))).first()
    return None if row is None else ThreadOwner(account_id=row.account_id, number=row.number)


async def messages(session: AsyncSession, thread: str, limit: int) -> list[MessageView]:
    """The newest messages of a conversation, in the order they were written."""
    query = (
        select(HelpMessageRow, col(AccountRow.name))
        .join(AccountRow, col(AccountRow.id) == col(HelpMessageRow.author_id))
        .where(col(HelpMessageRow.thread) == thread)
        .order_by(col(HelpMessageRow.sent_at).desc(), col(HelpMessageRow.id))
        .limit(limit)
    )
    found = list(await session.exec(query))
    return [
        MessageView(**row.model_dump(include=set(MessageView.model_fields)), author_name=name)
        for row, name in reversed(found)
    ]


async def unread_count(session: AsyncSession, account_id: str | None) -> int:
    """Unread messages: of one applicant, or for the office those of all applicants."""
    query = select(func.count()).select_from(HelpMessageRow).where(col(HelpMessageRow.read_at).is_(None))
    if account_id is None:
        query = query.where(~col(HelpMessageRow.from_office))
    else:
        query = query.where(col(HelpMessageRow.from_office), col(HelpMessageRow.account_id) == account_id)
    return (await session.exec(query)).one()


def _newest() -> Any:
    """The newest message of each thread."""
    query = sa.select(
        col(HelpMessageRow.thread),
        col(HelpMessageRow.account_id),
        col(HelpMessageRow.number),
        col(HelpMessageRow.from_office),
        col(HelpMessageRow.sent_at),
    )
    return (
        query.ext(distinct_on(col(HelpMessageRow.thread)))
        .order_by(col(HelpMessageRow.thread), col(HelpMessageRow.sent_at).desc(), col(HelpMessageRow.id))
        .subquery()
    )


async def _unread(session: AsyncSession, threads: list[str], by_office: bool) -> dict[str, int]:
    query = (
        select(HelpMessageRow.thread, func.count())
        .where(
            col(HelpMessageRow.thread).in_(threads),
            col(HelpMessageRow.read_at).is_(None),
            col(HelpMessageRow.from_office) == (not by_office),
        )
        .group_by(col(HelpMessageRow.thread))
    )
    return dict((await session.exec(query)).all())
