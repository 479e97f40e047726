"""Sends what the outbox holds, and writes the proof of sending into the case's record.

Rows are put there by the transaction that made them due, so that no notice is lost and none is sent for a step that was
rolled back. A message that cannot be sent is tried again with growing pauses; one that is refused stays visible.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from email.message import EmailMessage

from temporalio.exceptions import ApplicationError

from activities.clients.mail import MailClient
from activities.texts import Texts
from permits.calendar import WorkingCalendar
from permits.events import Event, Tag
from permits.pace import Pace
from permits.steps import Step
from store.records import Records
from store.tables import ApplicationRow, OutboxRow

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
MOST_ATTEMPTS = 200


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
        """One round; returns how many were sent."""
        done = 0
        for row in await self._records.pending_notices(limit=20):
            done += await self._send(row)
        return done

    async def _send(self, row: OutboxRow) -> bool:
        subject, body = await self._text(row)
        message = EmailMessage()
        message["To"] = row.recipient
        message["Subject"] = subject
        message.set_content(body)
        try:
            message_id = await self._mail.send(message, row.key)
        except ApplicationError as failed:
            final = failed.non_retryable or row.attempts + 1 >= MOST_ATTEMPTS
            await self._records.mark_notice(row.key, "failed" if final else "pending", error=failed.type)
            if final:
                await self._record(row, Tag.NOTICE_FAILED, code=failed.type)
            return False
        await self._record(row, Tag.NOTICE_SENT, proof=message_id)
        await self._records.mark_notice(
            row.key, "sent", message_id=message_id, sent_at=datetime.now(UTC), subject=subject, body=body
        )
        return True

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
    if not case.pace or not case.submission:
        return real
    calendar = WorkingCalendar.model_validate(case.submission["calendar"])
    return Pace.model_validate(case.pace).office_time(real, calendar)
