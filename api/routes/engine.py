"""For operators: what the engine itself holds of a case, and the codec endpoint of Temporal's own pages.

The codec follows Temporal's codec server protocol (POST .../decode with `Payloads` as JSON); it answers one foreign
origin, with credentials, and an operator's log-in alone.
"""

from __future__ import annotations

import json
import logging
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from google.protobuf import json_format
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response
from temporalio.api.common.v1 import Payload, Payloads

from api.dependencies import Here, allow, may, read_number, signed_in_from_engine_ui
from api.engine import CaseGone
from api.problems import ApiCode, Problem
from api.services import Services
from api.sessions import Login
from permits.application import CLOSED
from permits.authority import Act, Actor
from store.queries.application import application_page
from workflows.codec import EncryptedPayloads, PayloadKeys
from workflows.messages import CaseState

log = logging.getLogger("sakpore.api")

private = APIRouter(tags=["operations"])
codec = APIRouter(tags=["operations"])

Operator = Annotated[Actor, Depends(may(Act.READ_ENGINE))]


class RowState(BaseModel):
    """What the pages show of a case, without its data."""

    status: str
    stage: str | None
    waiting_for: str | None
    open_tasks: list[str]
    promise_due_at: str | None
    product: str | None


class EngineAnswer(BaseModel):
    """The engine's state beside the row, and where they differ."""

    number: str
    running: bool
    engine: CaseState | None
    row: RowState
    differs: list[str]


@private.get("/applications/{number}/engine")
async def read_engine(number: str, actor: Operator, services: Here) -> EngineAnswer:
    """Asks the case's workflow itself, with a time-out."""
    row = await _row(services, number)
    try:
        state = await services.engine.state(number)
    except CaseGone:
        return EngineAnswer(number=number, running=False, engine=None, row=row, differs=[])
    return EngineAnswer(number=number, running=True, engine=state, row=row, differs=_differences(state, row))


@codec.options("/codec/decode")
async def codec_preflight(request: Request, services: Here) -> Response:
    """What a browser asks before it sends."""
    return Response(status_code=204, headers=_cors(request, services))


@codec.post("/codec/decode")
async def decode_payloads(
    request: Request, services: Here, login: Annotated[Login, Depends(signed_in_from_engine_ui)]
) -> JSONResponse:
    """Decrypts payloads for an operator; one that cannot be opened comes back as it is."""
    allow(login.actor, Act.DECODE_PAYLOADS)
    try:
        asked = json_format.Parse(await request.body(), Payloads())
    except (json_format.ParseError, UnicodeDecodeError):
        raise Problem(ApiCode.INVALID_JSON) from None
    keys = services.settings.payload_keys.get_secret_value()
    opener = EncryptedPayloads(PayloadKeys.parse(keys))
    opened = [await _opened(opener, payload) for payload in asked.payloads]
    log.info("payloads were decoded", extra={"actor_id": login.actor.id, "payloads": len(opened)})
    body: dict[str, Any] = json.loads(json_format.MessageToJson(Payloads(payloads=opened)))
    return JSONResponse(body, headers=_cors(request, services))


async def _opened(opener: EncryptedPayloads, payload: Payload) -> Payload:
    try:
        return (await opener.decode([payload]))[0]
    except Exception as cause:  # an unknown key or damaged bytes: show what there is
        log.warning("a payload could not be opened", extra={"error": type(cause).__name__})
        return payload


def _cors(request: Request, services: Services) -> dict[str, str]:
    origin = services.settings.codec_origin
    if origin is None or request.headers.get("origin") != origin:
        return {"Vary": "Origin"}
    return {
        "Access-Control-Allow-Origin": origin,
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "POST, OPTIONS",
        "Access-Control-Allow-Headers": "content-type, x-namespace, authorization",
        "Access-Control-Max-Age": "600",
        "Vary": "Origin",
    }


async def _row(services: Services, number: str) -> RowState:
    async with services.db.transaction() as session:
        page = await application_page(session, read_number(number))
    return RowState(
        status=page.status,
        stage=page.stage,
        waiting_for=page.waiting.holder if page.waiting else None,
        open_tasks=[task.id for task in page.tasks if task.status == "open"],
        promise_due_at=page.promise_due_at.isoformat() if page.promise_due_at else None,
        product=page.product,
    )


def _differences(state: CaseState, row: RowState) -> list[str]:
    """Names of what the row tells otherwise; tasks of agencies belong to workflows of their own."""
    own = {task for task in row.open_tasks if not task.startswith(f"{state.number}-opd-")}
    compared: dict[str, tuple[object, object]] = {
        "open_tasks": (set(state.open_tasks), own),
        "promise_due_at": (state.promise_due_at.isoformat() if state.promise_due_at else None, row.promise_due_at),
        "product": (state.product, row.product or "permit"),
        "withdrawn": (state.withdrawn, row.status == "withdrawn"),
    }
    if row.status not in CLOSED:
        compared["stage"] = (state.stage, row.stage)
    return sorted(name for name, (engine, store) in compared.items() if engine != store)
