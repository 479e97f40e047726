"""A fake of Meta's Cloud API, true to the protocol as documented: paths, headers, bodies, answers, error bodies."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import httpx

TOKEN = "EAAG-contoh"
PHONE_NUMBER_ID = "106540352242922"
BASE = "https://graph.contoh.test/v21.0"


@dataclass
class CloudApiServer:
    """Answers as Meta does; `errors` maps a recipient to the code that its next messages meet."""

    errors: dict[str, tuple[int, int]] = field(default_factory=dict)  # recipient: HTTP status, error code
    taken: list[dict[str, Any]] = field(default_factory=list)
    asked: int = 0
    away: bool = False
    plain: httpx.Response | None = None  # an answer of something that is not Meta

    @property
    def transport(self) -> httpx.MockTransport:
        """The way in."""
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.away:
            raise httpx.ConnectTimeout("no answer", request=request)
        if self.plain is not None:
            return self.plain
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _error(401, 190, "Invalid OAuth access token - Cannot parse access token")
        if request.method != "POST" or str(request.url) != f"{BASE}/{PHONE_NUMBER_ID}/messages":
            return _error(404, 100, "Unsupported post request.")
        body = json.loads(request.content)
        if wrong := _wrong(body):
            return _error(400, 100, wrong)
        if body["to"] in self.errors:
            return _error(*self.errors[body["to"]], "as told")
        self.taken.append(body)
        return httpx.Response(
            200,
            json={
                "messaging_product": "whatsapp",
                "contacts": [{"input": body["to"], "wa_id": body["to"]}],
                "messages": [{"id": f"wamid.{len(self.taken)}", "message_status": "accepted"}],
            },
        )


def _wrong(body: dict[str, Any]) -> str | None:
    """What Meta would not take."""
    if body.get("messaging_product") != "whatsapp" or body.get("recipient_type") != "individual":
        return "messaging_product and recipient_type"
    if not re.fullmatch(r"[1-9]\d{8,14}", str(body.get("to"))):
        return "to"
    template = body.get("template", {})
    if body.get("type") != "template" or not re.fullmatch(r"[a-z0-9_]{1,512}", str(template.get("name"))):
        return "template"
    if set(template.get("language", {})) != {"code"}:
        return "language"
    for component in template.get("components", ()):
        if component["type"] != "body" or not component["parameters"]:
            return "components"
        for parameter in component["parameters"]:
            text = parameter.get("text", "")
            if set(parameter) != {"type", "text"} or not text or re.search(r"[\n\t]| {5}", text) or len(text) > 1024:
                return "parameters"
    return None if len(body.get("biz_opaque_callback_data", "")) <= 512 else "biz_opaque_callback_data"


def _error(status: int, code: int, message: str) -> httpx.Response:
    return httpx.Response(
        status,
        json={
            "error": {
                "message": f"(#{code}) {message}",
                "type": "OAuthException",
                "code": code,
                "error_data": {"messaging_product": "whatsapp", "details": message},
                "fbtrace_id": "Az8or2yhqkZfEZ-_4Qn_Bam",
            }
        },
    )
