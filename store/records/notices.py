"""The outbox: what people are told, queued once, by the transaction that made it due.

A notice names desks, not people; who holds the desk, and by which channel that person is told, is looked up when it is
queued. A desk that nobody holds gives a row that failed with `no-recipient`, so that ops sees the hole and no silence
is lost. How a message fared is written by `store.records.proofs`.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, false, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import SUPERIOR, Role
from permits.calendar import CalendarTooShort
from permits.escalation import Channel
from permits.notices import COUNTER_DOMAIN, Addressee, digest_at, waits_by_night, ways, whatsapp_number
from permits.steps import Notice
from store.records.base import Subject
from store.records.office_time import calendar_of, office_time, pace_of
from store.tables import AccountRow, ApplicationRow, OutboxRow

NO_RECIPIENT = "no-recipient"
GIVEN_BY_HAND = frozenset({"submission-received"})
"""Who files at the counter has the receipt in the hand."""
BY_WHATSAPP = ":whatsapp"
"""Ends the key of a message by WhatsApp; without it, it is the key of the e-mail that takes its place."""


class NoticeRecords(Subject):
    """Queues messages and gives them to who sends them."""

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

    async def queue_for_account(
        self, key: str, template: str, account_id: str, facts: dict[str, str], at: datetime, number: str | None = None
    ) -> None:
        """Queues a template for one person, by the person's own channel, once per key.

        Without `number` it is about no case, such as the month's evaluation.
        """
        async with self._db.transaction() as session:
            account = await session.get_one(AccountRow, account_id)
            case = await session.get(ApplicationRow, number) if number else None
            notice = Notice(key=key, template=template, to="applicant", account=account_id, facts=facts)
            rows = _rows(key, case, notice, at, account)
            await session.exec(insert(OutboxRow).values(rows).on_conflict_do_nothing())

    async def take_notices(self, now: datetime, lease: timedelta, limit: int = 20) -> list[OutboxRow]:
        """Takes what is due to be sent, oldest first, for as long as `lease`: nobody else is given it meanwhile.

        A taker that dies leaves its rows; they are due again when the lease ends.
        """
        due = select(col(OutboxRow.key)).where(col(OutboxRow.state) == "pending", col(OutboxRow.try_at) <= now)
        due = due.where(col(OutboxRow.channel) != "digest")
        due = due.order_by(col(OutboxRow.created_at), col(OutboxRow.key)).limit(limit).with_for_update(skip_locked=True)
        return await self._take(due, now + lease)

    async def take_digest(self, now: datetime, lease: timedelta) -> list[OutboxRow]:
        """Takes everything that is due for one officer's digest; empty when no digest is due."""
        due = (col(OutboxRow.state) == "pending", col(OutboxRow.try_at) <= now, col(OutboxRow.channel) == "digest")
        first = select(col(OutboxRow.account_id)).where(*due).order_by(col(OutboxRow.try_at), col(OutboxRow.account_id))
        whose = first.limit(1).scalar_subquery()
        mine = select(col(OutboxRow.key)).where(*due, col(OutboxRow.account_id) == whose)
        return await self._take(mine.with_for_update(skip_locked=True), now + lease)

    async def hold_by_day(self, now: datetime, until: datetime) -> None:
        """Puts off what is due to citizens and may not disturb them before `until`; no attempt is counted."""
        waiting = update(OutboxRow).where(
            col(OutboxRow.state) == "pending", col(OutboxRow.try_at) <= now, col(OutboxRow.by_day)
        )
        async with self._db.transaction() as session:
            await session.exec(waiting.values(try_at=until))

    async def notices_of(self, number: str) -> list[OutboxRow]:
        """All notices of a case, in the order they were queued."""
        query = select(OutboxRow).where(col(OutboxRow.number) == number)
        async with self._db.transaction() as session:
            found = await session.exec(query.order_by(col(OutboxRow.created_at), col(OutboxRow.key)))
            return list(found)

    async def _take(self, due: object, until: datetime) -> list[OutboxRow]:
        taking = update(OutboxRow).where(col(OutboxRow.key).in_(due)).values(try_at=until)  # type: ignore[arg-type]
        async with self._db.transaction() as session:
            taken: list[OutboxRow] = list(await session.scalars(taking.returning(OutboxRow)))
        return sorted(taken, key=lambda row: (row.created_at, row.key))


async def queue_for_people(session: AsyncSession, case: ApplicationRow, notice: Notice, at: datetime) -> None:
    """One row for each active account and channel that the notice reaches, within the caller's transaction.

    A person that it names alone and who has left hands it to the whole desk.
    """
    people = await _people(session, col(AccountRow.id) == notice.account) if notice.account else []
    people = people or await _people(session, _reached(case, notice))
    key = f"{case.number}:{notice.key}"
    rows = [row for person in people for row in _rows(f"{key}:{person.id}", case, notice, at, person)]
    if notice.template not in GIVEN_BY_HAND and any(_cannot_be_reached(person, notice) for person in people):
        rows += await _for_the_counter(session, case, notice, at)
    rows = rows or [_row(f"{key}:nobody", case, notice, at, None)]
    await session.exec(insert(OutboxRow).values(rows).on_conflict_do_nothing())


def _cannot_be_reached(person: AccountRow, notice: Notice) -> bool:
    who = addressee(person)
    return who.citizen and not ways(notice.template, notice.channel, who)


async def _for_the_counter(
    session: AsyncSession, case: ApplicationRow, notice: Notice, at: datetime
) -> list[dict[str, object]]:
    """An applicant without e-mail and WhatsApp is called or written to by the front office, who is told what about."""
    call = Notice(
        key=f"{notice.key}.call", template="contact-applicant", to="front_office", facts={"about": notice.template}
    )
    key = f"{case.number}:{call.key}"
    officers = await _people(session, _reached(case, call))
    return [row for person in officers for row in _rows(f"{key}:{person.id}", case, call, at, person)]


async def _people(session: AsyncSession, reached: ColumnElement[bool]) -> list[AccountRow]:
    query = select(AccountRow).where(col(AccountRow.active), reached).order_by(col(AccountRow.id))
    return list(await session.exec(query))


def _rows(
    key: str, case: ApplicationRow | None, notice: Notice, at: datetime, person: AccountRow
) -> list[dict[str, object]]:
    who = addressee(person)
    rows = [_row(key, case, notice, at, person, channel) for channel in ways(notice.template, notice.channel, who)]
    return rows or [_row(key, case, notice, at, person)]


def addressee(account: AccountRow) -> Addressee:
    """An account as far as sending needs to know."""
    return Addressee(
        # A person without e-mail, served at the counter, has an address that no mail reaches.
        email="" if account.email.endswith(COUNTER_DOMAIN) else account.email,
        phone=account.phone,
        prefers="whatsapp" if account.notice_channel == "whatsapp" else "email",
        digest=account.digest,
        citizen=account.role == Role.APPLICANT.value,
    )


def _row(
    key: str,
    case: ApplicationRow | None,
    notice: Notice,
    at: datetime,
    person: AccountRow | None,
    channel: Channel | None = None,
) -> dict[str, object]:
    morning = _morning(case, at) if channel == "digest" and case else None
    knows_nights = case is not None and pace_of(case).is_real  # a compressed case has none
    if channel == "digest" and morning is None:
        channel = "email"
    return {
        "key": key + BY_WHATSAPP if channel == "whatsapp" else key,
        "number": case.number if case else None,
        "account_id": person.id if person else None,
        "channel": channel or "email",
        "recipient": _address(person, channel) if person and channel else "",
        "template": notice.template,
        "facts": notice.facts,
        "state": "pending" if channel else "failed",
        "attempts": 0,
        "error": None if channel else NO_RECIPIENT,
        "created_at": at,
        "try_at": morning[1] if morning else at,
        "by_day": knows_nights and person is not None and waits_by_night(notice.template, addressee(person)),
        "digest_on": morning[0] if morning else None,
    }


def _address(person: AccountRow, channel: Channel) -> str:
    match channel:
        case "whatsapp":
            return whatsapp_number(person.phone) or ""
        case "inbox":
            return ""
        case _:
            return person.email


def _morning(case: ApplicationRow, at: datetime) -> tuple[date, datetime] | None:
    """Office day and real time of the digest that comes next; None where the case's calendar does not reach so far."""
    calendar = calendar_of(case)
    if calendar is None:
        return None
    try:
        morning = digest_at(office_time(case, at), calendar)
        return calendar.local_date(morning), pace_of(case).real_time(morning, calendar)
    except CalendarTooShort:
        return None


def _reached(case: ApplicationRow, notice: Notice) -> ColumnElement[bool]:
    role = notice.role
    match notice.to:
        case "applicant":
            return col(AccountRow.id) == case.applicant_id
        case "front_office":
            return _desk(Role.FRONT_OFFICE, None)
        case "coordinator":
            return _desk(Role.COORDINATOR, notice.field)
        case "head_of_office":
            return _desk(Role.HEAD_OF_OFFICE, None)
        case "inspectorate":
            return _desk(Role.INSPECTORATE, None)
        case "ops":
            return _desk(Role.OPS, None)
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
