"""Mails about accounts: their text from web/notices, their way through the outbox.

The text is made here and not when it is sent, since it carries a token that the store keeps as its hash alone. Whoever
spends the token wipes the text (`store.records.registration`).
"""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.pages.language import speaking
from store.records import COUNTER_DOMAIN, AccountToken, Records, token_mail_key
from store.tables import AccountRow

Purpose = Literal["confirm", "email", "password"]
LIVES = timedelta(hours=48)
_PAGES: dict[Purpose, str] = {
    "confirm": "/daftar/konfirmasi",
    "email": "/daftar/konfirmasi",
    "password": "/sandi/baru",
}


class Mailing:
    """Queues mails to people by their address."""

    def __init__(self, records: Records, public_base_url: str, notices: Path) -> None:
        self._records = records
        self._base = public_base_url.rstrip("/")
        # Plain text, sent as such: there is no markup to escape from.
        self._jinja = Environment(loader=FileSystemLoader(notices), undefined=StrictUndefined, trim_blocks=True)  # noqa: S701

    async def send_token(
        self, account: AccountRow, purpose: Purpose, template: str, now: datetime, email: str | None = None
    ) -> None:
        """Mails a new token, good once and for 48 hours, to the account's address or to `email`."""
        to = email or account.email
        if to.endswith(COUNTER_DOMAIN):
            return
        token = secrets.token_urlsafe(32)
        await self._records.keep_token(
            AccountToken(
                token_hash=token_hash(token),
                account_id=account.id,
                purpose=purpose,
                email=to,
                created_at=now,
                expires_at=now + LIVES,
            )
        )
        link = f"{self._base}{_PAGES[purpose]}?kode={token}"
        await self._queue(token_mail_key(token_hash(token)), to, template, now, name=account.name, link=link)

    async def send(self, email: str, template: str, now: datetime, **facts: str) -> None:
        """Mails a text without a token; nothing goes to people who have no address."""
        if not email.endswith(COUNTER_DOMAIN):
            await self._queue(f"account-mail:{secrets.token_hex(16)}", email, template, now, **facts)

    async def send_once(self, key: str, email: str, template: str, now: datetime, **facts: str) -> None:
        """As `send`, at most once per key."""
        if not email.endswith(COUNTER_DOMAIN):
            await self._queue(key, email, template, now, **facts)

    async def _queue(self, key: str, to: str, template: str, now: datetime, **facts: str) -> None:
        with speaking("id"):  # mails are Indonesian, also those that a page in English sends
            text = self._jinja.get_template(f"{template}.txt").render(base_url=self._base, **facts)
        subject, _, body = text.partition("\n")
        await self._records.queue_notice(key, None, "email", to, subject.strip(), body.lstrip("\n"), now)


def token_hash(token: str) -> str:
    """What the store knows of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
