"""The inbox: lists by view and filter, and how many each view holds."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, ValidationError

from api.dependencies import Here, PageSize, may
from api.problems import ApiCode, Problem
from permits.authority import Act, Actor
from permits.decisions import TaskKind
from store.queries.inbox import InboxCounts, InboxLine, Only, Place, View, inbox, inbox_counts

private = APIRouter(tags=["tasks"])

Lister = Annotated[Actor, Depends(may(Act.LIST_TASKS))]
Code = Annotated[str, Field(pattern=r"^[a-z0-9_-]{2,60}$")]


class Filters(BaseModel):
    """Which open tasks are listed."""

    view: View = "all"
    permit_type: Code | None = None
    field: Code | None = None
    opd: Code | None = None
    kind: TaskKind | None = None
    number: Annotated[str, Field(pattern=r"^PRM-[0-9]{4}-[0-9]{6,9}$")] | None = None
    after: Annotated[str, Field(max_length=400)] | None = None
    """`next_after` of the page before."""
    offset: Annotated[int, Field(ge=0, le=100_000)] = 0
    """Lines to leave out, for clients that count; `after` is the faster way."""
    limit: PageSize = 50

    def only(self) -> Only:
        """The filters as the store knows them."""
        kind = self.kind.value if self.kind else None
        return Only(permit_type=self.permit_type, desk_field=self.field, opd=self.opd, kind=kind, number=self.number)


class TaskList(BaseModel):
    """A page of the inbox, the most urgent first; office times."""

    items: list[InboxLine]
    total: int
    next_after: str | None
    """Ask again with `after` set to this for the next page."""
    next_offset: int | None


@private.get("/tasks")
async def list_tasks(actor: Lister, services: Here, asked: Annotated[Filters, Query()]) -> TaskList:
    """The open tasks that the asker may decide, or may do for others where the view says so."""
    actors = await services.capacities(actor)
    place = read_place(asked.after) if asked.after else None
    async with services.db.transaction() as session:
        items, total, more = await inbox(
            session,
            actors,
            services.now(),
            asked.view,
            asked.only(),
            after=place,
            offset=asked.offset,
            limit=asked.limit,
        )
    next_offset = asked.offset + len(items) if more and place is None else None
    return TaskList(items=items, total=total, next_after=place_text(more) if more else None, next_offset=next_offset)


@private.get("/tasks/counts")
async def count_tasks(actor: Lister, services: Here) -> InboxCounts:
    """How many open tasks each view of the asker's inbox holds."""
    actors = await services.capacities(actor)
    async with services.db.transaction() as session:
        return await inbox_counts(session, actors, services.now())


def place_text(place: Place) -> str:
    """A place in the list as clients carry it."""
    return base64.urlsafe_b64encode(f"{place.due_at.isoformat()}~{place.id}".encode()).decode().rstrip("=")


def read_place(text: str) -> Place:
    """Raises Problem(invalid-request) for what no answer of ours said."""
    try:
        padded = text.encode() + b"=" * (-len(text) % 4)
        due_at, mark, task = base64.urlsafe_b64decode(padded).decode().partition("~")
        instant = datetime.fromisoformat(due_at)
        if not mark or "\0" in task or instant.tzinfo is None:
            raise ValueError("no place")
        return Place(due_at=instant, id=task)
    except (binascii.Error, UnicodeError, ValueError, ValidationError):
        raise Problem(ApiCode.INVALID_REQUEST, fields=["after"]) from None
