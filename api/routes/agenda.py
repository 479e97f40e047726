"""The agenda register, number by number, for those who answer for it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel

from api.dependencies import Here, PageSize, may
from permits.authority import Act, Actor
from permits.numbering import AgendaAudit
from store.queries.agenda import AgendaLine, agenda_lines, audit_series

private = APIRouter(tags=["agenda"])

Auditor = Annotated[Actor, Depends(may(Act.READ_EVALUATION))]


class AgendaPage(BaseModel):
    """A page of one series and year, and the audit of the whole."""

    series: str
    year: int
    last: int
    """The last number that was taken."""
    gapless: bool
    """Whether every number up to the last is issued or BATAL, once."""
    audit: AgendaAudit
    items: list[AgendaLine]
    total: int
    next_after: int | None
    """Ask again with `after` set to this for the next page."""


@private.get("/agenda/{series}/{year}")
async def read_agenda(
    series: Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")],
    year: Annotated[int, Path(ge=2000, le=2999)],
    actor: Auditor,
    services: Here,
    after: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
    limit: PageSize = 100,
) -> AgendaPage:
    """The register of a series and year, in order of its numbers; an unused one is empty."""
    async with services.db.transaction() as session:
        audits = await audit_series(session, series, year)
        items, total = await agenda_lines(session, series, year, after, limit)
    found = audits[0] if audits else None
    audit = found.audit if found else AgendaAudit(missing=(), repeated=(), under_way=())
    return AgendaPage(
        series=series,
        year=year,
        last=found.last if found else 0,
        gapless=audit.is_gapless,
        audit=audit,
        items=items,
        total=total,
        next_after=items[-1].sequence if len(items) == limit else None,
    )
