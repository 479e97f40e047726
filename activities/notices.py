"""Sends what the outbox holds, by e-mail, WhatsApp and digest; the store keeps the proof in the case's record.

Rows are put there by the transaction that made them due, so that no notice is lost and none is sent for a step that was
rolled back. A message that cannot be sent is tried again with growing pauses, each channel for itself; one by WhatsApp
that is given up is followed by an e-mail. In quiet hours what is not urgent to a citizen waits for the morning.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

from temporalio.exceptions import ApplicationError

from activities.clients.mail import MailClient, MailLine
from activities.clients.whatsapp import NO_ACCESS, SLOW_DOWN, UNAVAILABLE, NoWhatsApp, WhatsAppClient, WhatsAppMessage
from permits.notices import QuietHours
from store.notice_facts import Told
from store.notice_texts import Texts, whole
from store.records import Records, Sending
from store.tables import OutboxRow

log = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
LEASE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(minutes=10)
GIVE_UP_AFTER = timedelta(days=3)
WHATSAPP_GIVES_UP_AFTER = timedelta(hours=6)  # then an e-mail takes its place
DIGESTS_A_ROUND = 20
_SHORTEST_PAUSE = {SLOW_DOWN: timedelta(minutes=1), NO_ACCESS: LONGEST_PAUSE}
_WHOLE_CHANNEL = frozenset({SLOW_DOWN, NO_ACCESS, UNAVAILABLE})


def utc_now() -> datetime:
    """Real time, aware."""
    return datetime.now(UTC)


class NoticeDispatcher:
    """The postman: takes pending notices from the outbox, oldest first.

    Args:
        quiet: when citizens are left in peace; None: never.
        now: the real time, for tests.
    """

    def __init__(
        self,
        records: Records,
        mail: MailClient,
        texts: Texts,
        public_base_url: str,
        whatsapp: WhatsAppClient | None = None,
        quiet: QuietHours | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._records = records
        self._mail = mail
        self._texts = texts
        self._told = Told(records, public_base_url)
        self._base = public_base_url.rstrip("/")
        self._whatsapp = whatsapp or NoWhatsApp()
        self._quiet = quiet
        self._now = now
        self._unnoted: dict[str, Sending] = {}  # by key: out, while the store could not be told yet

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
        now = self._now()
        if self._quiet is not None and (morning := self._quiet.end_of(now)) is not None:
            await self._records.hold_by_day(now, morning)
        await self._note_the_rest()
        taken = await self._records.take_notices(now, LEASE)
        by = {name: [row for row in taken if row.channel == name] for name in ("whatsapp", "inbox", "email")}
        sent = await self._send_short(by["whatsapp"])
        sent += sum([await self._attempt(row, self._show, row) for row in by["inbox"]])
        return sent + await self._send_mails(by["email"]) + await self._send_digests(now)

    # Channels --------------------------------------------------------------------------------------------------------

    async def _send_mails(self, rows: Sequence[OutboxRow]) -> int:
        if not rows:
            return 0
        try:
            async with self._mail.line() as line:
                return sum([await self._attempt(row, self._send_mail, row, line) for row in rows])
        except ApplicationError as away:
            for row in rows:
                await self._put_off(row, away)
            return 0

    async def _send_short(self, rows: Sequence[OutboxRow]) -> int:
        """By WhatsApp; what concerns the whole channel spares the messages behind it the attempt."""
        sent = 0
        for place, row in enumerate(rows):
            try:
                await self._send_whatsapp(row)
                sent += 1
            except ApplicationError as failed:
                rest = rows[place + 1 :] if failed.type in _WHOLE_CHANNEL else ()
                for one in (row, *rest):
                    await self._put_off(one, failed)
                if rest:
                    break
            except Exception as bug:
                await self._note_bug(row, bug)
        return sent

    async def _send_digests(self, now: datetime) -> int:
        """One message an officer each morning; rows of a morning that was missed are in the next one."""
        for sent in range(DIGESTS_A_ROUND):
            rows = await self._records.take_digest(now, LEASE)
            if not rows or not await self._attempt_digest(rows):
                return sent
        return DIGESTS_A_ROUND

    async def _attempt_digest(self, rows: Sequence[OutboxRow]) -> bool:
        try:
            await self._send_digest(rows)
            return True
        except ApplicationError as failed:
            for row in rows:
                await self._put_off(row, failed)
        except Exception as bug:
            for row in rows:
                await self._note_bug(row, bug)
        return False

    # One message -----------------------------------------------------------------------------------------------------

    async def _attempt(self, row: OutboxRow, send: Callable[..., Awaitable[None]], *given: Any) -> bool:
        """One message; one that fails, whatever the reason, does not hold up those behind it."""
        try:
            await send(*given)
            return True
        except ApplicationError as failed:
            await self._put_off(row, failed)
        except Exception as bug:
            await self._note_bug(row, bug)
        return False

    async def _send_mail(self, row: OutboxRow, line: MailLine) -> None:
        subject, body = await self._text(row)
        message_id = await line.send(_mail(row.recipient, subject, body), row.key)
        await self._note_sent(row, message_id, subject, body)

    async def _send_whatsapp(self, row: OutboxRow) -> None:
        short = self._texts.short(row.template, **await self._told.facts(row)) if row.template else None
        if short is None:
            raise ApplicationError("There is no short text of it.", type="whatsapp-no-template", non_retryable=True)
        message = WhatsAppMessage(
            key=row.key, to=row.recipient, template=short.name, parameters=short.parameters, text=short.text
        )
        await self._note_sent(row, await self._whatsapp.send(message), short.name, short.text)

    async def _show(self, row: OutboxRow) -> None:
        """The inbox is our own: the task stands there already, so that there is nothing to send."""
        await self._note_sent(row, None, "", "")

    async def _send_digest(self, rows: Sequence[OutboxRow]) -> None:
        lines = [whole(await self._told.facts(row)) | {"template": row.template} for row in rows]
        day = max(row.digest_on for row in rows if row.digest_on is not None)
        subject, body = self._texts.notice("digest", lines=lines, day=day, base_url=self._base)
        key = f"digest:{rows[0].account_id}:{day.isoformat()}"
        message_id = await self._mail.send(_mail(rows[0].recipient, subject, body), key)
        for row in rows:
            await self._note_sent(row, message_id, subject, "")

    # Texts -----------------------------------------------------------------------------------------------------------

    async def _text(self, row: OutboxRow) -> tuple[str, str]:
        if row.template is None:
            return row.subject or "", row.body or ""
        return self._texts.notice(row.template, **await self._told.facts(row))

    # Outcomes --------------------------------------------------------------------------------------------------------

    async def _note_sent(self, row: OutboxRow, message_id: str | None, subject: str, body: str) -> None:
        sending = Sending(message_id=message_id, at=self._now(), subject=subject, body=body)
        self._unnoted[row.key] = sending
        await self._records.note_sent(row.key, sending)
        del self._unnoted[row.key]

    async def _note_the_rest(self) -> None:
        """What went out while the store was away is noted before anything is taken, so that it is not sent again."""
        for key, sending in list(self._unnoted.items()):
            await self._records.note_sent(key, sending)
            del self._unnoted[key]

    async def _put_off(self, row: OutboxRow, failed: ApplicationError) -> None:
        """Tried again after a pause that doubles; given up after its time, as a line of the case's record."""
        await self._failed(row, failed.type or "unavailable", never_again=failed.non_retryable)

    async def _note_bug(self, row: OutboxRow, bug: Exception) -> None:
        log.error("A notice cannot be made.", exc_info=bug, extra={"template": row.template})
        await self._failed(row, type(bug).__name__, never_again=False)

    async def _failed(self, row: OutboxRow, code: str, *, never_again: bool) -> None:
        now = self._now()
        limit = WHATSAPP_GIVES_UP_AFTER if row.channel == "whatsapp" else GIVE_UP_AFTER
        # The first attempt after a person asked for another one is never the last.
        if never_again or (row.attempts and now - row.created_at > limit):
            await self._records.note_failed(row.key, code, now)
            return
        pause = min(timedelta(seconds=2 ** min(row.attempts, 12)), LONGEST_PAUSE)
        await self._records.put_off(row.key, code, now + max(pause, _SHORTEST_PAUSE.get(code, pause)))


def _mail(recipient: str, subject: str, body: str) -> EmailMessage:
    message = EmailMessage()
    message["To"] = recipient
    message["Subject"] = subject
    message.set_content(body)
    return message
