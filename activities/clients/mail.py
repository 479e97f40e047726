"""Electronic mail by SMTP (RFC 5321), failures sorted by the server's reply code.

4yz and a server that is away: try again. 5yz: never again for this message; the facts name the code, never the address.
A server that will not have us at all (log-in, TLS, greeting) is for a person to see to: the messages wait.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.message import EmailMessage

import aiosmtplib
from temporalio.exceptions import ApplicationError

log = logging.getLogger(__name__)

UNAVAILABLE = "mail-unavailable"
REFUSED = "mail-refused"


class MailClient:
    """Sends messages through one server.

    Args:
        timeout_seconds: for the whole conversation.
    """

    def __init__(
        self,
        host: str,
        port: int,
        sender: str,
        username: str | None = None,
        password: str | None = None,
        start_tls: bool | None = None,
        timeout_seconds: float = 15,
    ) -> None:
        self._server = {
            "hostname": host,
            "port": port,
            "username": username,
            "password": password,
            "start_tls": start_tls,
            "timeout": timeout_seconds,
        }
        self._sender = sender

    async def send(self, message: EmailMessage, key: str) -> str:
        """Sends one message over a line of its own. Raises as `line` and `MailLine.send` do."""
        async with self.line() as line:
            return await line.send(message, key)

    @asynccontextmanager
    async def line(self) -> AsyncIterator[MailLine]:
        """An open conversation, for several messages. Raises ApplicationError: `mail-unavailable` (retry)."""
        server = aiosmtplib.SMTP(**self._server)  # type: ignore[arg-type]
        try:
            await server.connect()
        except aiosmtplib.SMTPResponseException as answered:
            log.error("The mail server does not take us; look at its settings.", extra={"code": answered.code})
            raise ApplicationError("The mail server does not take us.", answered.code, type=UNAVAILABLE) from answered
        except (aiosmtplib.SMTPException, OSError) as away:
            log.warning("The mail server cannot be reached.", extra={"error": type(away).__name__})
            raise ApplicationError("The mail server cannot be reached.", type=UNAVAILABLE) from away
        try:
            yield MailLine(server, self._sender)
        finally:
            with contextlib.suppress(aiosmtplib.SMTPException, OSError):
                await server.quit()


class MailLine:
    """A conversation with the mail server."""

    def __init__(self, server: aiosmtplib.SMTP, sender: str) -> None:
        self._server = server
        self._sender = sender

    async def send(self, message: EmailMessage, key: str) -> str:
        """Sends, with a Message-ID made from `key`; returns that id.

        Raises ApplicationError: `mail-unavailable` (retry), `mail-refused` (never again).
        """
        domain = self._sender.rpartition("@")[2].rstrip(">") or "localhost"
        message_id = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"
        del message["From"], message["Message-ID"]
        message["From"] = self._sender
        message["Message-ID"] = message_id
        with _sorted_failures():
            await self._server.send_message(message)
        return message_id


@contextmanager
def _sorted_failures() -> Iterator[None]:
    try:
        yield
    except aiosmtplib.SMTPRecipientsRefused as refused:
        raise _refusal(max((answer.code for answer in refused.recipients), default=550)) from refused
    except aiosmtplib.SMTPResponseException as answered:
        raise _refusal(answered.code) from answered
    except (aiosmtplib.SMTPException, OSError) as away:
        raise ApplicationError("The mail server cannot be reached.", type=UNAVAILABLE) from away


def _refusal(code: int) -> ApplicationError:
    if 400 <= code < 500:
        return ApplicationError("The mail server asks to try later.", code, type=UNAVAILABLE)
    return ApplicationError("The mail server refuses this message.", code, type=REFUSED, non_retryable=True)
