"""`/kelola/mesin` and `/kelola/kasus/{number}`: what the engine itself holds of a case, and the way to its own pages.

Operators see the flow and not the citizen: no name, no answer, no document stands here. The engine's own pages show
payloads sealed until whoever looks has logged in here, since they ask the codec endpoint with this log-in.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import Here, read_number
from api.pages.administration.doors import sections_of
from api.pages.language import gettext as _
from api.pages.officers.words import status_words
from api.pages.rendering import Refused, onward, page, refused
from api.pages.words import letter_words
from api.routes.engine import EngineAnswer, Operator, read_engine
from api.services import Services

engine_pages = APIRouter()


@engine_pages.get("/kelola/mesin")
async def engine(
    request: Request, services: Here, actor: Operator, nomor: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """Look a case up by its number."""
    errors = []
    if nomor.strip():
        try:
            return onward(request, f"/kelola/kasus/{read_number(nomor.strip().upper())}")
        except Refused:
            errors = [("nomor", _("Nomor permohonan berbentuk PRM-2026-000001. Periksa, lalu cari lagi."))]
    return page(
        request, "administration/engine.html", 422 if errors else 200, errors=errors, number=nomor,
        engine_ui=services.settings.temporal_ui_url, codec=f"{services.settings.public_base_url}/api/v1/codec",
        sections=sections_of(actor, "/kelola/mesin"),
    )  # fmt: skip


@engine_pages.get("/kelola/kasus/{number}")
async def case_in_engine(request: Request, number: str, services: Here, actor: Operator) -> Response:
    """The engine's state beside the row, and where they differ."""
    number = read_number(number)
    state, trouble = None, ""
    try:
        state = await read_engine(number, actor, services)
    except Refused as error:
        status, errors = refused(request, error)
        if status != 503:
            raise
        trouble = errors[0][1]
    return page(
        request, "administration/case.html", 200 if state else 503, number=number, state=state, trouble=trouble,
        **case_words(state), engine_url=_engine_url(services, number), sections=sections_of(actor, "/kelola/mesin"),
    )  # fmt: skip


def case_words(state: EngineAnswer | None) -> dict[str, Any]:
    """What the row and the engine say, as people read it."""
    if state is None:
        return {}
    promised, product = state.row.promise_due_at, state.engine.product if state.engine else None
    return {
        "status": status_words(state.row.status)[1],
        "promised": datetime.fromisoformat(promised) if promised else None,
        "products": [letter_words(one) if one else "" for one in (state.row.product, product)],
    }


def _engine_url(services: Services, number: str) -> str | None:
    base = services.settings.temporal_ui_url
    if base is None:
        return None
    namespace = quote(services.settings.temporal_namespace, safe="")
    return f"{base.rstrip('/')}/namespaces/{namespace}/workflows/{quote(number, safe='')}"
