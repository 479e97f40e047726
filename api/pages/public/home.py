"""The front page: what people come for, and what is new. Shows the catalogue and the calendar, nothing of any case."""

from __future__ import annotations

from datetime import date, timedelta

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.dependencies import Here
from api.pages.formatting import day_reason
from api.pages.public.needs import Need, needs
from api.pages.rendering import page
from permits.calendar import WorkingCalendar
from store.queries.catalogue import PermitTypeLine, permit_types
from store.queries.catalogue_news import NewVersion, newest_versions

home_pages = APIRouter()

NEWS = 3
CLOSED_DAYS = 4
LOOK_AHEAD = timedelta(days=60)


class NeedLine(BaseModel):
    """A way into the catalogue."""

    model_config = ConfigDict(frozen=True)

    code: str
    title: str
    words: str


class ClosedDay(BaseModel):
    """A weekday on which the office is closed."""

    model_config = ConfigDict(frozen=True)

    date: date
    reason: str


class HomeView(BaseModel):
    """What the front page shows."""

    model_config = ConfigDict(frozen=True)

    needs: list[NeedLine]
    count: int
    """Permit types in force."""
    news: list[NewVersion]
    closed: list[ClosedDay]


def home_view(types: list[PermitTypeLine], news: list[NewVersion], closed: list[ClosedDay]) -> HomeView:
    """The front page: needs that some type serves, what changed last, when the office is closed next."""
    shown: list[Need] = [need for need in needs() if any(need.holds(one.code) for one in types)]
    lines = [NeedLine(code=need.code, title=need.title, words=need.words) for need in shown]
    return HomeView(needs=lines, count=len(types), news=news, closed=closed)


def closed_days(calendar: WorkingCalendar, today: date) -> list[ClosedDay]:
    """The next weekdays on which the office is closed, today included."""
    last = min(today + LOOK_AHEAD, calendar.last)
    days = [one for one in calendar.days if today <= one.date <= last]
    shut = [one for one in days if one.date.weekday() < 5 and not calendar.is_working_day(one.date)]
    return [ClosedDay(date=one.date, reason=day_reason(one.kind, one.name)) for one in shut[:CLOSED_DAYS]]


@home_pages.get("/")
async def home(request: Request, services: Here) -> Response:
    """Search a permit type, track, check a letter; what is new."""
    today = await services.office_today()
    async with services.db.transaction() as session:
        types = await permit_types(session, today)
        news = await newest_versions(session, today, NEWS)
    closed = closed_days(await services.calendar.current(), today)
    return page(request, "public/beranda.html", view=home_view(types, news, closed))
