"""The office's calendar: what it says, and a day declared anew, by which every open case is planned again."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from api.asked import Asked
from api.dependencies import Here, may
from permits.authority import Act, Actor
from permits.calendar import Holiday
from permits.errors import Code, RuleError

private = APIRouter(tags=["calendar"])
public = APIRouter(tags=["calendar"])

Declarer = Annotated[Actor, Depends(may(Act.DECLARE_DAY))]


class DayDeclared(Asked):
    """A day on which the office differs from what was known."""

    date: date
    name: str = Field(min_length=3, max_length=200)
    kind: Literal["national", "joint_leave", "office", "working"]


class ReplanAnswer(BaseModel):
    """What a new calendar did."""

    calendar_version: str
    replanned: int
    """Workflows, cases and requests to agencies, that were planned anew."""
    closed_meanwhile: int
    pending: int
    """Workflows that could not be reached; the worker goes on with them."""


class CalendarYear(BaseModel):
    """One year of the calendar."""

    version: str
    year: int
    working_days: int
    days: list[Holiday]


@public.get("/calendar/{year}")
async def read_calendar(year: int, services: Here) -> CalendarYear:
    """Holidays, joint leave and the office's own days of a year."""
    calendar = await services.calendar.current()
    if not calendar.first.year <= year <= calendar.last.year:
        raise RuleError(Code.PERIOD_INVALID)
    days = [day for day in calendar.days if day.date.year == year]
    return CalendarYear(
        version=calendar.version, year=year, working_days=calendar.working_days_in_year(year), days=days
    )


@private.post("/calendar/days", status_code=200)
async def declare_day(asked: DayDeclared, actor: Declarer, services: Here) -> ReplanAnswer:
    """Declares a day, such as joint leave tomorrow, and plans every open case and agency request anew.

    Declaring the same day again changes nothing. A day that lies in the past is refused (period-invalid): promises
    that were kept or missed by then stay what they were.
    """
    today = await services.office_today()
    if asked.date < today or not (await services.calendar.current()).holds(asked.date):
        raise RuleError(Code.PERIOD_INVALID)
    day = Holiday(date=asked.date, name=asked.name, kind=asked.kind)
    await services.records.set_calendar_day(day)
    services.calendar.forget()
    calendar = await services.calendar.current()
    await services.records.record_calendar_edition(calendar.version, actor.id, services.now())
    running = await services.records.cases_on_other_calendar(calendar.version)
    result = await services.engine.replan(running, calendar)
    return ReplanAnswer(
        calendar_version=calendar.version,
        replanned=len(result.done),
        closed_meanwhile=len(result.gone),
        pending=len(result.failed),
    )
