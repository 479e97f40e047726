"""The outbox for operators: what could not be sent, and sending it again. No text and no address leaves it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import JSONResponse

from api.dependencies import Here, PageSize, may
from api.idempotency import OnlyOnce
from permits.authority import Act, Actor
from permits.escalation import Channel
from store.queries.outbox import OutboxLine, OutboxPage, outbox_line, outbox_page

private = APIRouter(tags=["operations"])

Operator = Annotated[Actor, Depends(may(Act.READ_OUTBOX))]
Key = Annotated[str, Path(max_length=512, pattern=r"^[\x21-\x7e]+$")]
Template = Annotated[str | None, Query(max_length=64, pattern=r"^[a-z0-9-]+$")]
After = Annotated[str | None, Query(max_length=512, pattern=r"^[\x21-\x7e]+$")]


@private.get("/outbox")
async def list_outbox(
    actor: Operator,
    services: Here,
    state: Literal["pending", "sent", "failed"] | None = None,
    channel: Channel | None = None,
    template: Template = None,
    after: After = None,
    limit: PageSize = 50,
) -> OutboxPage:
    """Messages, newest first."""
    async with services.db.transaction() as session:
        return await outbox_page(session, state=state, channel=channel, template=template, after=after, limit=limit)


@private.post("/outbox/{notice:path}/retry", response_model=OutboxLine)
async def retry_notice(notice: Key, actor: Operator, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Makes a message due now; its key is written percent-encoded, since it holds a `#`."""

    async def write() -> dict[str, Any]:
        row = await services.records.retry_notice(notice, services.now())
        return outbox_line(row).model_dump(mode="json")

    return await only_once.answer({}, 200, write)
