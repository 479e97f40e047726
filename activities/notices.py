"""Sends what the outbox holds, and writes the proof of sending into the case's record.

Rows are put there by the transaction that made them due, so that no notice is lost and none is sent for a step that was
rolled back. A message that cannot be sent is tried again with growing pauses; one that is refused stays visible.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from temporalio.exceptions import ApplicationError

from activities.clients.mail import MailClient, MailLine
from activities.texts import Texts
from permits.calendar import WorkingCalendar
from permits.events import Event, Tag
from permits.pace import Pace
from permits.steps import Step
from store.records import Records
from store.tables import ApplicationRow, OutboxRow

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
LEASE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=3)


class NoticeDispatcher:
    """The postman: takes pending notices from the outbox, oldest first."""

    def __init__(self, records: Records, mail: MailClient, texts: Texts, public_base_url: str) -> None:
        self._records = records
        self._mail = mail
        self._texts = texts
        self._base = public_base_url.rstrip("/")

    async def run(self) -> None:
        """Sends until cancelled."""
        while True:
            try:
                sent = await self.send_pending()
            except Exception:  # the store may be away; the postman waits for it
                log.exception("The outbox cannot be read.")
                sent = 0
            if not sent:
                await asyncio.sleep(PAUSE_SECONDS)

    async def send_pending(self) -> int:
        """One round; returns how many were sent. Several dispatchers may run side by side."""
        taken = await self._records.take_notices(datetime.now(UTC), LEASE)
        if not taken:
            return 0
        try:
            async with self._mail.line() as line:
                return sum([await self._attempt(row, line) for row in taken])
        except ApplicationError as away:
            for row in taken:
                await self._put_off(row, away.type or "mail-unavailable", never_again=False)
            return 0

    async def _attempt(self, row: OutboxRow, line: MailLine) -> bool:
        """One message; one that fails, whatever the reason, does not hold up those behind it."""
        try:
            await self._send(row, line)
            return True
        except ApplicationError as failed:
            await self._put_off(row, failed.type or "mail-unavailable", never_again=failed.non_retryable)
        except Exception as bug:
            log.exception("A notice cannot be made.", extra={"template": row.template})
            await self._put_off(row, type(bug).__name__, never_again=False)
        return False

    async def _put_off(self, row: OutboxRow, code: str, *, never_again: bool) -> None:
        """Tried again after a pause that doubles; given up after three days, as a line of the case's record."""
        now = datetime.now(UTC)
        if never_again or now - row.created_at > GIVE_UP_AFTER:
            await self._record(row, Tag.NOTICE_FAILED, code=code)
            await self._records.mark_notice(row.key, "failed", error=code)
            return
        pause = min(timedelta(seconds=2 ** min(row.attempts, 12)), LONGEST_PAUSE)
        await self._records.mark_notice(row.key, "pending", error=code, try_at=now + pause)

    async def _send(self, row: OutboxRow, line: MailLine) -> None:
        subject, body = await self._text(row)
        message = EmailMessage()
        message["To"] = row.recipient
        message["Subject"] = subject
        message.set_content(body)
        message_id = await line.send(message, row.key)
        await self._record(row, Tag.NOTICE_SENT, proof=message_id)
        await self._records.mark_notice(
            row.key, "sent", message_id=message_id, sent_at=datetime.now(UTC), subject=subject, body=body
        )

    async def _text(self, row: OutboxRow) -> tuple[str, str]:
        if row.template is None:
            return row.subject or "", row.body or ""
        case = await self._records.application(row.number or "")
        return self._texts.notice(
            row.template,
            number=case.number,
            title=case.title,
            tracking_url=f"{self._base}/lacak/{case.tracking_code}",
            **(row.facts or {}),
        )

    async def _record(self, row: OutboxRow, tag: Tag, **facts: str | None) -> None:
        if row.number is None:
            return
        now = datetime.now(UTC)
        case = await self._records.application(row.number)
        event = Event(
            key=f"notice.{row.key}.{tag.value}",
            tag=tag,
            at=now,
            office_at=office_time(case, now),
            facts={"template": row.template, "to": row.account_id, "channel": row.channel, **facts},
        )
        await self._records.keep(Step(number=row.number, events=(event,)))


def office_time(case: ApplicationRow, real: datetime) -> datetime:
    """The case's own office time; a case that was not submitted yet has none but the real one."""
    pace = Pace.model_validate(case.pace) if case.pace else Pace.real()
    if pace.is_real or not case.submission:
        return real
    return pace.office_time(real, WorkingCalendar.model_validate(case.submission["calendar"]))
