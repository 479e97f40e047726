"""The outbox: what people are told, queued once, by the transaction that made it due.

A notice names desks, not people; who holds the desk is looked up when it is queued. A desk that nobody holds gives a
row that failed with `no-recipient`, so that ops sees the hole and no silence is lost.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, false, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import SUPERIOR, Role
from permits.steps import Notice
from store.records.base import Subject
from store.records.people import COUNTER_DOMAIN
from store.records.values import NoticeState
from store.tables import AccountRow, ApplicationRow, OutboxRow

NO_RECIPIENT = "no-recipient"


class NoticeRecords(Subject):
    """The outbox's writes."""

    async def queue_notice(
        self,
        key: str,
        number: str | None,
        channel: str,
        recipient: str,
        subject: str,
        body: str,
        created_at: datetime,
    ) -> OutboxRow:
        """Queues a ready text once per key; asked again, the row that is there."""
        row = OutboxRow(
            key=key,
            number=number,
            channel=channel,
            recipient=recipient,
            subject=subject,
            body=body,
            created_at=created_at,
            try_at=created_at,
        )
        async with self._db.transaction() as session:
            await session.exec(insert(OutboxRow).values(row.model_dump()).on_conflict_do_nothing())
            return await session.get_one(OutboxRow, key)

    async def take_notices(self, now: datetime, lease: timedelta, limit: int = 20) -> list[OutboxRow]:
        """Takes what is due to be sent, oldest first, for as long as `lease`: nobody else is given it meanwhile.

        A taker that dies leaves its rows; they are due again when the lease ends.
        """
        due = select(col(OutboxRow.key)).where(col(OutboxRow.state) == "pending", col(OutboxRow.try_at) <= now)
        due = due.order_by(col(OutboxRow.created_at), col(OutboxRow.key)).limit(limit).with_for_update(skip_locked=True)
        taking = update(OutboxRow).where(col(OutboxRow.key).in_(due)).values(try_at=now + lease).returning(OutboxRow)
        async with self._db.transaction() as session:
            taken: list[OutboxRow] = list(await session.scalars(taking))
        return sorted(taken, key=lambda row: (row.created_at, row.key))

    async def notices_of(self, number: str) -> list[OutboxRow]:
        """All notices of a case, in the order they were queued."""
        query = select(OutboxRow).where(col(OutboxRow.number) == number)
        async with self._db.transaction() as session:
            found = await session.exec(query.order_by(col(OutboxRow.created_at), col(OutboxRow.key)))
            return list(found)

    async def mark_notice(
        self,
        key: str,
        state: NoticeState,
        message_id: str | None = None,
        error: str | None = None,
        sent_at: datetime | None = None,
        try_at: datetime | None = None,
        subject: str | None = None,
        body: str | None = None,
    ) -> bool:
        """Notes an attempt; `pending` with an error is repeated, not before `try_at`. A sent notice stays sent.

        `subject` and `body` keep the text as it went out. False when there was nothing to note.
        """
        changes = {"state": state, "message_id": message_id, "error": error, "sent_at": sent_at}
        given = (("subject", subject), ("body", body), ("try_at", try_at))
        texts = {name: value for name, value in given if value is not None}
        async with self._db.transaction() as session:
            done = await session.exec(
                update(OutboxRow)
                .where(col(OutboxRow.key) == key, col(OutboxRow.state) != "sent")
                .values(**changes, **texts, attempts=col(OutboxRow.attempts) + 1)
                .returning(col(OutboxRow.key))
            )
            return done.scalar_one_or_none() is not None


async def queue_for_people(session: AsyncSession, case: ApplicationRow, notice: Notice, at: datetime) -> None:
    """One row for each active account that the notice reaches, within the caller's transaction."""
    query = select(AccountRow).where(col(AccountRow.active), _reached(case, notice))
    people = list(await session.exec(query.order_by(col(AccountRow.id))))
    rows = [_row(case, notice, at, person) for person in people] or [_row(case, notice, at, None)]
    await session.exec(insert(OutboxRow).values(rows).on_conflict_do_nothing())


def _row(case: ApplicationRow, notice: Notice, at: datetime, person: AccountRow | None) -> dict[str, object]:
    if person is not None and person.email.endswith(COUNTER_DOMAIN):
        person = None  # a person without e-mail, served at the counter: ops sees that nothing could be sent
    return {
        "key": f"{case.number}:{notice.key}:{person.id if person else 'nobody'}",
        "number": case.number,
        "account_id": person.id if person else None,
        "channel": "email",
        "recipient": person.email if person else "",
        "template": notice.template,
        "facts": notice.facts,
        "state": "pending" if person else "failed",
        "attempts": 0,
        "error": None if person else NO_RECIPIENT,
        "created_at": at,
        "try_at": at,
    }


def _reached(case: ApplicationRow, notice: Notice) -> ColumnElement[bool]:
    role = notice.role
    match notice.to:
        case "applicant":
            return col(AccountRow.id) == case.applicant_id
        case "coordinator":
            return _desk(Role.COORDINATOR, notice.field)
        case "head_of_office":
            return _desk(Role.HEAD_OF_OFFICE, None)
        case "inspectorate":
            return _desk(Role.INSPECTORATE, None)
        case "holder" if role is Role.APPLICANT:
            return col(AccountRow.id) == case.applicant_id
        case "holder" if role is Role.OPD:
            return _agency(notice.opd) & ~col(AccountRow.is_head)
        case "holder" if role is not None:
            return _desk(role, notice.field)
        case "holder_head" if role is Role.OPD:
            return _agency(notice.opd) & col(AccountRow.is_head)
        case "holder_head" if role in SUPERIOR:
            return _desk(SUPERIOR[role], notice.field)
    return false()


def _desk(role: Role, field: str | None) -> ColumnElement[bool]:
    """Holders of a role; an account without a field works in all of them."""
    holds = col(AccountRow.role) == role.value
    if field is None:
        return holds
    return holds & or_(col(AccountRow.field).is_(None), col(AccountRow.field) == field)


def _agency(opd: str | None) -> ColumnElement[bool]:
    return (col(AccountRow.role) == Role.OPD.value) & (col(AccountRow.opd) == opd)
