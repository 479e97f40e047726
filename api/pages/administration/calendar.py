"""`/kelola/kalender`: a year's days off, and a day declared anew, by which every open case is planned again."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.dependencies import Here
from api.pages.administration.doors import calendar_reader, sections_of
from api.pages.dates import date_of
from api.pages.forms import FormErrors, Sent, errors_of
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, onward, refused
from api.routes.calendar import CalendarYear, DayDeclared, Declarer, declare_day, read_calendar
from api.services import Services
from permits.authority import Act, Actor, refusal

calendar_pages = APIRouter()

Typed = dict[str, str]


@calendar_pages.get("/kelola/kalender")
async def calendar(
    request: Request,
    services: Here,
    person: Annotated[Actor, Depends(calendar_reader)],
    tahun: Annotated[int | None, Query(ge=2000, le=2200)] = None,
) -> Response:
    """The days of a year on which the office differs from the ordinary week."""
    return await _drawn(request, services, person, tahun, {}, [])


@calendar_pages.post("/kelola/kalender")
async def declare(request: Request, form: Sent, actor: Declarer, services: Here) -> Response:
    """Declares a day; declaring the same day again changes nothing."""
    typed = {name: form.text(name, 300) for name in ("day", "month", "year", "name", "kind")}
    day = date_of(typed["day"], typed["month"], typed["year"])
    if day is None:
        errors = [("day", _("Tanggal itu tidak ada. Isi hari, bulan, dan tahunnya. Contoh: 24 12 2026."))]
        return await _drawn(request, services, actor, None, typed, errors, 422)
    try:
        asked = DayDeclared.model_validate({"date": day, "name": typed["name"], "kind": typed["kind"]})
        done = await declare_day(asked, actor, services)
    except ValidationError as wrong:
        errors = errors_of(wrong, {"name": _("Nama hari"), "kind": _("Sifat hari"), "date": _("Tanggal")})
        return await _drawn(request, services, actor, None, typed, errors, 422)
    except Refused as error:
        status, errors = refused(request, error, "day")
        return await _drawn(request, services, actor, None, typed, errors, status)
    about = {"done": done.replanned, "pending": done.pending}
    if done.pending:
        news = _("Hari disimpan. %(done)s proses dijadwalkan ulang; %(pending)s lagi menyusul sendiri.") % about
    else:
        news = _("Hari disimpan. %(done)s proses yang berjalan dijadwalkan ulang.") % about
    return onward(request, f"/kelola/kalender?tahun={day.year}", news)


async def _drawn(
    request: Request, services: Services, person: Actor, year: int | None, typed: Typed, errors: FormErrors,
    http_status: int = 200,
) -> Response:  # fmt: skip
    whole = await services.calendar.current()
    today = await services.office_today()
    years = list(range(whole.first.year, whole.last.year + 1))
    shown: CalendarYear = await read_calendar(year if year in years else _within(today, years), services)
    return form_page(
        request, "administration/calendar.html", http_status, year=shown, years=years, today=today,
        may_declare=refusal(person, Act.DECLARE_DAY) is None,
        typed={**dict.fromkeys(("day", "month", "year", "name", "kind"), ""), **typed}, errors=errors,
        sections=sections_of(person, "/kelola/kalender"),
    )  # fmt: skip


def _within(today: date, years: list[int]) -> int:
    return min(max(today.year, years[0]), years[-1])
