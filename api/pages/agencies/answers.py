"""What became of the agency's answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.dependencies import Here, may
from api.pages.rendering import page
from api.problems import ApiCode, Problem
from api.routes.inbox import place_text, read_place
from permits.authority import Act, Actor
from store.queries.agency_answers import AnswerPlace, answer_counts, answers_of
from store.queries.inbox import Place

answers_pages = APIRouter()

Lister = Annotated[Actor, Depends(may(Act.LIST_TASKS))]


@answers_pages.get("/jawaban")
async def answers_page(
    actor: Lister, request: Request, services: Here, after: Annotated[str, Query(alias="sesudah", max_length=400)] = ""
) -> Response:
    """The agency's requests that are over, the newest first."""
    opd = next((one.opd for one in await services.capacities(actor) if one.opd), None)
    if opd is None:
        raise Problem(ApiCode.NOT_FOUND)
    place = read_place(after) if after else None
    async with services.db.transaction() as session:
        counts = await answer_counts(session, opd)
        from_ = AnswerPlace(answered_at=place.due_at, workflow_id=place.id) if place else None
        lines, more = await answers_of(session, opd, from_)
    next_page = place_text(Place(due_at=more.answered_at, id=more.workflow_id)) if more else ""
    return page(
        request, "agencies/jawaban.html", lines=lines, counts=counts, is_first=not after,
        more=f"/jawaban?sesudah={next_page}" if next_page else "",
    )  # fmt: skip
