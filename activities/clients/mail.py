"""Electronic mail by SMTP (RFC 5321), failures sorted by the server's reply code.

4yz and a server that is away: try again. 5yz: never again for this message; the facts name the code, never the address.
"""

from __future__ import annotations

import hashlib
from email.message import EmailMessage

import aiosmtplib
from temporalio.exceptions import ApplicationError


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
        """Sends, with a Message-ID made from `key`; returns that id.

        Raises ApplicationError: `mail-unavailable` (retry), `mail-refused` (never again).
        """
        domain = self._sender.rpartition("@")[2].rstrip(">") or "localhost"
        message_id = f"<{hashlib.sha256(key.encode()).hexdigest()[:32]}@{domain}>"
        del message["From"], message["Message-ID"]
        message["From"] = self._sender
        message["Message-ID"] = message_id
        try:
            await aiosmtplib.send(message, **self._server)  # type: ignore[arg-type]
        except aiosmtplib.SMTPRecipientsRefused as refused:
            code = max((answer.code for answer in refused.recipients), default=550)
            raise _refusal(code) from refused
        except aiosmtplib.SMTPResponseException as answered:
            raise _refusal(answered.code) from answered
        except (aiosmtplib.SMTPException, OSError) as away:
            raise ApplicationError("The mail server cannot be reached.", type="mail-unavailable") from away
        return message_id


def _refusal(code: int) -> ApplicationError:
    if 400 <= code < 500:
        return ApplicationError("The mail server asks to try later.", code, type="mail-unavailable")
    return ApplicationError("The mail server refuses this message.", code, type="mail-refused", non_retryable=True)
