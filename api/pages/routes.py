"""The first pages: home and tracking; verification has a module of its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import Here
from api.pages.rendering import check_form, form_page, page, who_is_here
from api.problems import ApiCode, Problem
from api.reporting import MOST_ORDER_CHARACTERS, order_report, report_content
from api.routes.documents import download
from api.views import tracking_view
from permits.numbering import NumberingError, read_tracking_code

pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])

_CODE_WORDS = "Kode lacak terdiri dari 16 huruf dan angka. Periksa tanda terima Anda, lalu ketik lagi."


@pages.get("/")
async def home(request: Request) -> Response:
    """Type a tracking code, or go on to the rest."""
    return page(request, "beranda.html", errors=[], code="")


@pages.get("/lacak")
async def look_up(request: Request, kode: Annotated[str, Query(max_length=100)] = "") -> Response:
    """The form of the home page: on to the case's own address."""
    try:
        code = read_tracking_code(kode)
    except NumberingError:
        return page(request, "beranda.html", 422, errors=[("kode", _CODE_WORDS)], code="")
    return RedirectResponse(f"/lacak/{code}", 303)


@pages.get("/lacak/{code}")
async def tracking(code: str, request: Request, services: Here) -> Response:
    """Where a case stands."""
    return page(request, "lacak.html", view=await tracking_view(services, code))


@pages.post("/v/laporan")
async def order_report_page(
    request: Request,
    services: Here,
    order: Annotated[str, Form(max_length=MOST_ORDER_CHARACTERS)] = "",
    csrf_token: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """On to the sealed report, or a page to ask again from while it is being sealed."""
    check_form(request, csrf_token)
    ordered = await order_report(services, order)
    if ordered.ready:
        return RedirectResponse(f"/v/laporan/{ordered.id}", 303)
    return form_page(request, "laporan-menunggu.html", 202, order=order)


@pages.get("/v/laporan/{report_id}")
async def report_page(report_id: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")], services: Here) -> Response:
    """The sealed report as a file."""
    content, found = await report_content(services, report_id)
    return download(content, "application/pdf", f"laporan-pemeriksaan-{found.sealed_sha256[:12]}")


@pages.get("/masalah/{code}")
async def problem(code: str, request: Request, services: Here) -> Response:
    """What a problem's `type` leads to."""
    words = services.problems.table.words(code)
    if words is None:
        raise Problem(ApiCode.NOT_FOUND)
    detail = words.plain or words.detail
    return page(request, "galat.html", status=words.status, title=words.title, detail=detail, request_id="")


@pages.get("/api/docs")
async def docs() -> Response:
    """The description of the API; its pages need no script of strangers."""
    return RedirectResponse("/api/openapi.json", 307)
