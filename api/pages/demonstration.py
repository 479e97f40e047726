"""`/peragaan`: on a demonstration, who is there to be tried out, with passwords, codes and mail. Nobody exists.

An installation without DEMONSTRATION_FILE has no such page, and in production the setting is refused.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.dependencies import Here
from api.pages.administration.outbox import Text, text_of
from api.pages.rendering import form_page, page, who_is_here
from api.pages.words import field_names, role_names
from api.problems import ApiCode, Problem
from api.services import Services
from permits.authority import Role
from signing.totp import totp_now
from store.queries.outbox import newest_messages

demonstration_pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])

MESSAGES = 20


class Visitor(BaseModel):
    """Somebody to be tried out."""

    model_config = ConfigDict(frozen=True)

    name: str
    email: str
    password: str
    role: str
    where: str
    code: str | None
    """The one-time code of this half minute, of somebody who signs."""


class Mail(BaseModel):
    """A message that would have been sent to a fictional person."""

    model_config = ConfigDict(frozen=True)

    to: str
    at: datetime
    subject: str
    body: str


@demonstration_pages.get("/peragaan")
async def demonstration(request: Request, services: Here) -> Response:
    """Everybody, with what is needed to be them."""
    kept = _kept(services)
    now = datetime.now(UTC)
    codes = {email: totp_now(bytes.fromhex(secret), now) for email, secret in kept["codes"].items()}
    people = [
        Visitor(
            name=one["name"], email=one["e-mail"], password=one["password"], role=one["role"], where=one["for"],
            code=codes.get(one["e-mail"]),
        )
        for one in kept["people"]
    ]  # fmt: skip
    return form_page(
        request, "peragaan.html", people=people, passphrase=kept["passphrase"], roles=role_names(Role),
        fields=field_names(), seconds_left=30 - int(now.timestamp()) % 30,
    )  # fmt: skip


@demonstration_pages.get("/peragaan/surat")
async def mailbox(request: Request, services: Here) -> Response:
    """The newest messages: nothing is really sent on a demonstration."""
    _kept(services)
    async with services.db.transaction() as session:
        rows = await newest_messages(session, MESSAGES)
    mails = []
    for row in rows:
        text: Text = await text_of(services, row)
        mails.append(Mail(to=row.recipient, at=row.created_at, subject=text.subject, body=text.body))
    return page(request, "peragaan-surat.html", mails=mails)


def _kept(services: Services) -> dict[str, Any]:
    """Raises Problem(not-found) where this is no demonstration."""
    file = services.settings.demonstration_file
    try:
        kept: dict[str, Any] = json.loads(file.read_text()) if file else {}
    except (OSError, ValueError):
        kept = {}
    if not kept:
        raise Problem(ApiCode.NOT_FOUND)
    return kept
