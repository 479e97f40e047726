"""Open figures for everybody: counts, medians and lateness as drawings with their tables beside them, and as CSV.

No number of an application and no name of a person stands in them (`store.queries.open_figures`).
"""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.dependencies import Here
from api.pages.formatting import MONTHS
from api.pages.rendering import page
from api.services import Services
from store.queries.open_figures import AgencyFigures, Figures, OpenFigures, open_figures, years_with_cases

figure_pages = APIRouter()

ZONE = ZoneInfo("Asia/Jakarta")
FIRST_YEAR, LAST_YEAR = 2017, 2099
Year = Annotated[int | None, Query(alias="tahun", ge=FIRST_YEAR, le=LAST_YEAR)]
HEIGHT = 160
BAR = 26
STEP = 46


class Bar(BaseModel):
    """One column of the drawing, in its own units; what was late stands on what was in time."""

    model_config = ConfigDict(frozen=True)

    month: int
    label: str
    x: int
    in_time_y: float
    in_time_height: float
    late_y: float
    late_height: float
    received_y: float


class AgencyLine(BaseModel):
    """An agency with its share in time."""

    model_config = ConfigDict(frozen=True)

    agency: AgencyFigures
    share: int | None
    """Percent of the answers in time; None without an answer."""


class FiguresView(BaseModel):
    """What the page shows."""

    model_config = ConfigDict(frozen=True)

    year: int
    years: list[int]
    figures: OpenFigures
    share: int | None
    """Percent of the finished that kept their promise."""
    bars: list[Bar]
    most: int
    """What the highest column stands for."""
    agencies: list[AgencyLine]


def figures_view(year: int, years: list[int], figures: OpenFigures) -> FiguresView:
    """The figures with their drawing."""
    most = max([1, *(max(month.served, month.received) for month in figures.months)])
    return FiguresView(
        year=year,
        years=years,
        figures=figures,
        share=_share(figures.total.in_time, figures.total.served),
        bars=[_bar(month.month, month, most) for month in figures.months],
        most=most,
        agencies=[AgencyLine(agency=one, share=_share(one.in_time, one.answered)) for one in figures.agencies],
    )


def _share(part: int, whole: int) -> int | None:
    # Rounded down: nothing is called kept to a hundred percent that was not.
    return part * 100 // whole if whole else None


def _bar(month: int, figures: Figures, most: int) -> Bar:
    in_time, late = figures.in_time * HEIGHT / most, figures.late * HEIGHT / most
    return Bar(
        month=month,
        label=MONTHS[month - 1][:3],
        x=(month - 1) * STEP + 40,
        in_time_y=round(HEIGHT - in_time, 1),
        in_time_height=round(in_time, 1),
        late_y=round(HEIGHT - in_time - late, 1),
        late_height=round(late, 1),
        received_y=round(HEIGHT - figures.received * HEIGHT / most, 1),
    )


@figure_pages.get("/statistik")
async def statistics(request: Request, services: Here, year: Year = None) -> Response:
    """A year in figures."""
    shown, years, figures = await _figures(services, year)
    return page(request, "public/statistik.html", view=figures_view(shown, years, figures))


@figure_pages.get("/statistik.csv")
async def statistics_file(services: Here, year: Year = None) -> Response:
    """The same figures as a table for other programs (RFC 4180)."""
    shown, _years, figures = await _figures(services, year)
    headers = {"Content-Disposition": f'attachment; filename="sakpore-angka-{shown}.csv"'}
    return Response(as_csv(shown, figures), media_type="text/csv; charset=utf-8", headers=headers)


def as_csv(year: int, figures: OpenFigures) -> str:
    """One line for each figure's subject: the year, its months, its permit types, its agencies."""
    names = ("received", "issued", "rejected", "ended", "served", "in_time", "median_days", "promised_days")
    titles = ("diterima", "terbit", "ditolak", "berakhir_lain", "dihitung", "sesuai_janji", "median_hari", "janji_hari")
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["tahun", "kelompok", "kode", "nama", *titles])
    lines: list[tuple[str, str, str, Figures]] = [("semua", "", "", figures.total)]
    lines += [("bulan", f"{one.month:02d}", MONTHS[one.month - 1], one) for one in figures.months]
    lines += [("jenis", one.permit_type, one.title, one) for one in figures.types]
    for group, code, name, one in lines:
        writer.writerow([year, group, code, name, *(_cell(getattr(one, field)) for field in names)])
    writer.writerow([])
    writer.writerow(
        ["tahun", "kelompok", "nama", "diminta", "dijawab", "tepat_waktu", "belum_dijawab_dan_lewat", "median_hari",
         "hari_terlambat"]
    )  # fmt: skip
    for agency in figures.agencies:
        figures_of_it: list[Any] = [getattr(agency, field) for field in list(AgencyFigures.model_fields)[1:]]
        writer.writerow([year, "dinas terkait", agency.name, *(_cell(one) for one in figures_of_it)])
    return out.getvalue()


def _cell(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


async def _figures(services: Services, year: int | None) -> tuple[int, list[int], OpenFigures]:
    today = await services.office_today()
    shown = year or today.year
    begins, ends = (datetime(one, 1, 1, tzinfo=ZONE).astimezone(UTC) for one in (shown, shown + 1))
    now = datetime.combine(today, services.now().astimezone(ZONE).timetz())
    async with services.db.transaction() as session:
        figures = await open_figures(session, begins, ends, now)
        known = await years_with_cases(session)
    first, last = known or (today.year, today.year)
    return shown, sorted({*range(first, last + 1), today.year, shown}, reverse=True)[:12], figures
