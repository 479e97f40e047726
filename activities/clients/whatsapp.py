"""WhatsApp by Meta's Cloud API (Graph API, `POST /v<n>/<phone-number-id>/messages`), failures sorted by `error.code`.

A message to somebody who has not written to us first has to be a template that Meta has approved; its places are filled
by position. The answer bears the message's id (`wamid`); delivery comes later, by webhook, and brings `key` back in
`biz_opaque_callback_data`. The API has no idempotency key: a message whose answer was lost may go out twice.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol

import httpx
from pydantic import BaseModel, ConfigDict
from temporalio.exceptions import ApplicationError

log = logging.getLogger(__name__)

UNAVAILABLE = "whatsapp-unavailable"  # try again
SLOW_DOWN = "whatsapp-slow-down"  # try again, and send nothing else meanwhile
NO_ACCESS = "whatsapp-no-access"  # token or account: a person has to see to it; try again later
NOT_REACHABLE = "whatsapp-not-reachable"  # never again: this person has no WhatsApp, or wants none from us
REFUSED = "whatsapp-refused"  # never again: the template or its parameters are wrong
NOT_CONNECTED = "whatsapp-not-connected"  # never again: this installation has no WhatsApp

_AWAY = frozenset({1, 2, 131000, 131016, 131057, 133004})
_SLOW = frozenset({4, 80007, 130429, 131048, 131056, 133016})
_ACCESS = frozenset({0, 3, 10, 190, 368, 131005, 131031, 131042, *range(200, 300)})
_PERSON = frozenset({130472, 130497, 131021, 131026, 131030, 131047, 131049, 131050})
_LONGEST_PARAMETER = 1024  # characters


class WhatsAppMessage(BaseModel):
    """A template message to one person."""

    model_config = ConfigDict(frozen=True)

    key: str  # of the outbox; comes back with the receipt
    to: str  # digits, with the country's code
    template: str  # as Meta knows it
    language: str = "id"
    parameters: tuple[str, ...] = ()  # by position
    text: str = ""  # what the person reads, for the stand-in and for our own record


class WhatsAppClient(Protocol):
    """The port."""

    async def send(self, message: WhatsAppMessage) -> str:
        """Sends, and returns the message's id. Raises ApplicationError with one of this module's types."""
        ...


class CloudApi:
    """The real one.

    Args:
        base_url: with the version, such as `https://graph.facebook.com/v21.0`.
        phone_number_id: Meta's id of the office's number.
        token: a system user's access token.
        timeout_seconds: for the whole request.
    """

    def __init__(
        self,
        base_url: str,
        phone_number_id: str,
        token: str,
        timeout_seconds: float = 15,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._url = f"{base_url.rstrip('/')}/{phone_number_id}/messages"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = timeout_seconds
        self._transport = transport

    async def send(self, message: WhatsAppMessage) -> str:
        """Sends one template message; returns its `wamid`."""
        try:
            async with httpx.AsyncClient(timeout=self._timeout, transport=self._transport) as client:
                answer = await client.post(self._url, json=_body(message), headers=self._headers)
        except httpx.HTTPError as away:
            raise ApplicationError("WhatsApp cannot be reached.", type=UNAVAILABLE) from away
        return _message_id(answer)


class FileWhatsApp:
    """A stand-in for WhatsApp: writes each message to a file and sends it to nobody.

    Used by the embedded stack and the tests; refuses to be chosen in production. One message is one `.json` file.
    """

    BANNER = "A stand-in for WhatsApp: messages are written to files and sent to nobody."

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        log.warning(self.BANNER)

    async def send(self, message: WhatsAppMessage) -> str:
        """Writes the message; the same message gets the same id."""
        message_id = f"wamid.contoh.{sha256(message.key.encode()).hexdigest()[:32]}"
        content = {
            "stand_in": self.BANNER,
            "id": message_id,
            "at": datetime.now(UTC).isoformat(),
            "to": message.to,
            "text": message.text,
            "request": _body(message),
        }
        path = self._folder / f"{message_id}.json"
        partial = path.with_suffix(".part")
        try:
            descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file, ensure_ascii=False, indent=2)
            partial.replace(path)
        except OSError as full:
            raise ApplicationError("The stand-in cannot write its file.", type=UNAVAILABLE) from full
        return message_id


class NoWhatsApp:
    """An installation without WhatsApp: every message is refused at once, so that an e-mail takes its place."""

    async def send(self, message: WhatsAppMessage) -> str:
        """Raises ApplicationError(whatsapp-not-connected)."""
        raise ApplicationError("This installation has no WhatsApp.", type=NOT_CONNECTED, non_retryable=True)


def _body(message: WhatsAppMessage) -> dict[str, Any]:
    parameters = [{"type": "text", "text": _parameter(text)} for text in message.parameters]
    template: dict[str, Any] = {"name": message.template, "language": {"code": message.language}}
    if parameters:
        template["components"] = [{"type": "body", "parameters": parameters}]
    return {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.to,
        "type": "template",
        "template": template,
        "biz_opaque_callback_data": message.key,
    }


def _parameter(text: str) -> str:
    """Meta refuses parameters that are empty, or hold a new line, a tab or more than four spaces in a row."""
    return " ".join(text.split())[:_LONGEST_PARAMETER] or "-"


def _message_id(answer: httpx.Response) -> str:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    if not isinstance(body, Mapping):
        body = {}
    if answer.is_success:
        messages = body.get("messages")
        if isinstance(messages, list) and messages and isinstance(messages[0].get("id"), str):
            return str(messages[0]["id"])
        raise ApplicationError("WhatsApp's answer names no message.", type=UNAVAILABLE)
    raise _sorted_failure(answer.status_code, body.get("error"))


def _sorted_failure(status: int, error: object) -> ApplicationError:
    """Meta asks to go by `error.code`; the HTTP status stands in where there is none."""
    code = error.get("code") if isinstance(error, Mapping) else None
    trace = error.get("fbtrace_id") if isinstance(error, Mapping) else None
    facts = {"status": status, "code": code, "fbtrace_id": trace}
    if code in _SLOW or (code is None and status == 429):
        return ApplicationError("WhatsApp asks to slow down.", code, type=SLOW_DOWN)
    if code in _ACCESS or (code is None and status in (401, 403)):
        log.error("WhatsApp does not accept our token or account; a person has to renew it.", extra=facts)
        return ApplicationError("WhatsApp does not accept our token or account.", code, type=NO_ACCESS)
    if code in _AWAY or (status >= 500 and code not in _PERSON):
        return ApplicationError("WhatsApp asks to try later.", code, type=UNAVAILABLE)
    if code in _PERSON:
        return ApplicationError("WhatsApp cannot reach this person.", code, type=NOT_REACHABLE, non_retryable=True)
    log.error("WhatsApp refuses a message: look at the template.", extra=facts)
    return ApplicationError("WhatsApp refuses this message.", code, type=REFUSED, non_retryable=True)
