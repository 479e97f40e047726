"""How a message fared: sent, given up, put off, and what the carrier's receipt says of it.

Each of them is one transaction that writes the outbox's row and the line of the case's record together, so that
neither is there without the other. All are safe to repeat. A message by WhatsApp that cannot reach its person is
followed by one e-mail, queued by the transaction that finds out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.errors import Code, RuleError
from permits.events import Event, Tag
from store.records.base import Subject, append, lock_application
from store.records.notices import BY_WHATSAPP, NO_RECIPIENT, addressee
from store.records.office_time import office_time
from store.tables import AccountRow, ApplicationRow, EventRow, OutboxRow


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Sending(_Value):
    """The carrier took the message."""

    message_id: str | None  # as the carrier knows it; None where there is none, as in the inbox
    at: AwareDatetime  # real time
    subject: str = ""  # as it went out
    body: str = ""


class Receipt(_Value):
    """What the carrier says of a message later on."""

    message_id: str
    key: str | None = None  # of the outbox, where the carrier gives it back
    state: Literal["sent", "delivered", "read", "failed"]
    at: AwareDatetime  # real time
    code: str | None = None  # of the failure


class ProofRecords(Subject):
    """Writes what became of messages."""

    async def note_sent(self, key: str, sending: Sending) -> None:
        """The message is out. One that was sent before, or that its receipt has called failed, stays as it is."""
        async with self._db.transaction() as session:
            row, case = await _locked(session, key)
            if row.state == "pending":
                await _mark_sent(session, row, case, sending)

    async def note_failed(self, key: str, code: str, at: datetime) -> None:
        """The message is given up; one by WhatsApp is followed by an e-mail."""
        async with self._db.transaction() as session:
            row, case = await _locked(session, key)
            if row.state == "pending":
                row.attempts += 1
                await _mark_failed(session, row, case, code, at)

    async def put_off(self, key: str, code: str, try_at: datetime) -> None:
        """The attempt failed, and is made again, not before `try_at`."""
        async with self._db.transaction() as session:
            row = await session.get_one(OutboxRow, key, with_for_update=True)
            if row.state == "pending":
                row.attempts, row.error, row.try_at = row.attempts + 1, code, try_at

    async def record_receipt(self, receipt: Receipt) -> bool:
        """Keeps a carrier's receipt as proof; False for a message that is not ours.

        Receipts come in any order and more than once: what has arrived has arrived, whatever a later one says.
        """
        async with self._db.transaction() as session:
            key = await _key_of(session, receipt)
            if key is None:
                return False
            row, case = await _locked(session, key)
            if row.state == "pending" and receipt.state != "failed":
                # The receipt came before we could note that the carrier took the message.
                await _mark_sent(session, row, case, Sending(message_id=receipt.message_id, at=receipt.at))
            if receipt.state in ("delivered", "read") and row.delivered_at is None:
                row.state, row.error, row.delivered_at = "sent", None, receipt.at
                await _record(session, row, case, Tag.NOTICE_DELIVERED, receipt.at, proof=receipt.message_id)
            elif receipt.state == "failed" and row.state != "failed" and row.delivered_at is None:
                row.message_id = receipt.message_id
                await _mark_failed(session, row, case, f"{row.channel}-{receipt.code or 'failed'}", receipt.at)
        return True

    async def events_tagged(self, number: str, *tags: Tag) -> list[EventRow]:
        """Lines of a case's record with one of these tags, in order."""
        wanted = [tag.value for tag in tags]
        query = select(EventRow).where(col(EventRow.number) == number, col(EventRow.tag).in_(wanted))
        async with self._db.transaction() as session:
            return list(await session.exec(query.order_by(col(EventRow.sequence))))

    async def retry_notice(self, key: str, now: datetime) -> OutboxRow:
        """Makes a message due now that failed or waits.

        Raises RuleError: notice-not-found; notice-not-repeatable for one that is out, that has nobody to go to, or that
        an e-mail has taken the place of.
        """
        async with self._db.transaction() as session:
            row = await session.get(OutboxRow, key, with_for_update=True)
            if row is None:
                raise RuleError(Code.NOTICE_NOT_FOUND)
            if row.state == "sent" or row.error == NO_RECIPIENT or await _is_replaced(session, row):
                raise RuleError(Code.NOTICE_NOT_REPEATABLE)
            row.state, row.error, row.attempts, row.try_at = "pending", None, 0, now
        return row


async def _locked(session: AsyncSession, key: str) -> tuple[OutboxRow, ApplicationRow | None]:
    """The row and its case, locked in the one order of all writers: the case first."""
    number = (await session.get_one(OutboxRow, key)).number
    case = await lock_application(session, number) if number else None
    row = await session.get_one(OutboxRow, key, with_for_update=True, populate_existing=True)
    return row, case


async def _is_replaced(session: AsyncSession, row: OutboxRow) -> bool:
    """Whether an e-mail took the place of a message by WhatsApp that failed."""
    if row.state != "failed" or not row.key.endswith(BY_WHATSAPP):
        return False
    return await session.get(OutboxRow, row.key.removesuffix(BY_WHATSAPP)) is not None


async def _key_of(session: AsyncSession, receipt: Receipt) -> str | None:
    if receipt.key is not None and await session.get(OutboxRow, receipt.key) is not None:
        return receipt.key
    query = select(col(OutboxRow.key)).where(col(OutboxRow.message_id) == receipt.message_id).limit(1)
    return (await session.exec(query)).first()


async def _mark_sent(session: AsyncSession, row: OutboxRow, case: ApplicationRow | None, sending: Sending) -> None:
    row.attempts += 1
    row.state, row.error = "sent", None
    row.message_id, row.sent_at = sending.message_id, sending.at
    row.subject, row.body = sending.subject or row.subject, sending.body or row.body
    await _record(session, row, case, Tag.NOTICE_SENT, sending.at, proof=sending.message_id)


async def _mark_failed(
    session: AsyncSession, row: OutboxRow, case: ApplicationRow | None, code: str, at: datetime
) -> None:
    row.state, row.error = "failed", code
    await _record(session, row, case, Tag.NOTICE_FAILED, at, code=code)
    if row.channel == "whatsapp":
        await _fall_back(session, row, at)


async def _fall_back(session: AsyncSession, row: OutboxRow, at: datetime) -> None:
    """An e-mail in its place, once; none where one was queued beside it."""
    account = await session.get(AccountRow, row.account_id) if row.account_id else None
    if account is None or not (email := addressee(account).email):
        return
    values = row.model_dump() | {
        "key": row.key.removesuffix(BY_WHATSAPP),
        "channel": "email",
        "recipient": email,
        "state": "pending",
        "attempts": 0,
        "message_id": None,
        "error": None,
        "subject": None,
        "body": None,
        "created_at": at,
        "try_at": at,
        "sent_at": None,
        "delivered_at": None,
    }
    await session.exec(insert(OutboxRow).values(values).on_conflict_do_nothing())


async def _record(
    session: AsyncSession, row: OutboxRow, case: ApplicationRow | None, tag: Tag, at: datetime, **facts: str | None
) -> None:
    if case is None:
        return
    event = Event(
        key=f"notice.{row.key}.{tag.value}",
        tag=tag,
        at=at,
        office_at=office_time(case, at),
        # `account`, not `to`: whom the office told is not for everybody who reads the record.
        facts={"template": row.template, "account": row.account_id, "channel": row.channel, **facts},
    )
    await append(session, case, (event,))
