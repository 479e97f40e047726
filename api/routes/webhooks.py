"""Receipts of the carriers: Meta's webhook for WhatsApp (Graph API webhooks; status messages of the Cloud API).

No person is behind these requests: the signature over the raw body is what allows them. What is no receipt of ours is
answered with 200 all the same, because Meta repeats everything else for days.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.responses import PlainTextResponse, Response

from api.dependencies import Here
from api.problems import ApiCode, Problem
from api.services import Services
from permits.errors import Code
from store.records import Receipt

log = logging.getLogger("sakpore.api")

public = APIRouter(tags=["webhooks"])

SIGNATURE = "x-hub-signature-256"
_SCHEME = "sha256="


class _Lenient(BaseModel):
    model_config = ConfigDict(extra="ignore")


class StatusError(_Lenient):
    """Why a message failed."""

    code: int


class Status(_Lenient):
    """One status of one message."""

    id: str = Field(max_length=512)  # wamid
    status: Literal["sent", "delivered", "read", "failed"]
    timestamp: int = Field(ge=0, lt=32_503_680_000)  # seconds since 1970
    biz_opaque_callback_data: str | None = Field(default=None, max_length=512)
    errors: tuple[StatusError, ...] = ()


@public.get("/webhooks/whatsapp")
async def confirm_whatsapp(
    services: Here,
    mode: Annotated[str, Query(alias="hub.mode", max_length=64)],
    token: Annotated[str, Query(alias="hub.verify_token", max_length=512)],
    challenge: Annotated[str, Query(alias="hub.challenge", max_length=512, pattern=r"^[\w.-]+$")],
) -> Response:
    """Meta's first question: whether this address is ours. Raises Problem: not-found, not-allowed."""
    secret = services.settings.whatsapp_verify_token
    if secret is None:
        raise Problem(ApiCode.NOT_FOUND)
    expected = secret.get_secret_value()
    if mode != "subscribe" or not hmac.compare_digest(token.encode(), expected.encode()):
        raise Problem(Code.NOT_ALLOWED)
    return PlainTextResponse(challenge)


@public.post("/webhooks/whatsapp")
async def take_whatsapp(request: Request, services: Here) -> Response:
    """Statuses of messages; each becomes proof once. Raises Problem: not-found, not-allowed."""
    raw = await request.body()
    _check_signature(services, request.headers.get(SIGNATURE, ""), raw)
    for status in _statuses(raw):
        receipt = Receipt(
            message_id=status.id,
            key=status.biz_opaque_callback_data,
            state=status.status,
            at=datetime.fromtimestamp(status.timestamp, UTC),
            code=str(status.errors[0].code) if status.errors else None,
        )
        if not await services.records.record_receipt(receipt):
            log.warning("a receipt came for a message that is not ours", extra={"state": status.status})
    return Response(status_code=200)


def _check_signature(services: Services, given: str, raw: bytes) -> None:
    secret = services.settings.whatsapp_app_secret
    if secret is None:
        raise Problem(ApiCode.NOT_FOUND)
    expected = _SCHEME + hmac.new(secret.get_secret_value().encode(), raw, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(given.encode(), expected.encode()):
        log.warning("a webhook came with a wrong signature")
        raise Problem(Code.NOT_ALLOWED)


def _statuses(raw: bytes) -> Iterator[Status]:
    """The statuses of a notification; anything else in it, such as what people write to us, is left out."""
    try:
        body = json.loads(raw)
    except ValueError:
        log.warning("a webhook came that is no JSON")
        return
    for entry in _list(body, "entry"):
        for change in _list(entry, "changes"):
            value = change.get("value") if isinstance(change, dict) else None
            for status in _list(value, "statuses"):
                try:
                    yield Status.model_validate(status)
                except ValidationError:
                    log.warning("a webhook holds a status of an unknown form")


def _list(holder: object, name: str) -> list[Any]:
    found = holder.get(name) if isinstance(holder, dict) else None
    return found if isinstance(found, list) else []
