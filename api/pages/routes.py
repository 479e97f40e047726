"""The first pages: home, tracking, log-in; verification has a module of its own."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Path, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from api.dependencies import Here, case_for, credentials, signed_in
from api.pages.addresses import own_address
from api.pages.menu import home_of
from api.pages.rendering import check_form, form_page, page, who_is_here
from api.problems import ApiCode, Problem
from api.reporting import MOST_ORDER_CHARACTERS, order_report, report_content
from api.routes.documents import download, find_letter, letter_content
from api.routes.sessions import client_address, forget_session_cookie, set_session_cookie
from api.sessions import log_in, resume
from api.views import tracking_view
from permits.authority import Act
from permits.numbering import NumberingError, read_tracking_code

pages = APIRouter(include_in_schema=False, dependencies=[Depends(who_is_here)])

_CODE_WORDS = "Kode lacak terdiri dari 16 huruf dan angka. Periksa tanda terima Anda, lalu ketik lagi."


class LogInForm(BaseModel):
    """The fields of the log-in form."""

    email: str = Field(default="", max_length=320)
    password: str = Field(default="", max_length=1024)
    csrf_token: str = Field(default="", max_length=200)
    next: str = Field(default="", max_length=300)


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


@pages.get("/masuk")
async def log_in_form(request: Request, next: Annotated[str, Query(max_length=300)] = "") -> Response:
    """The log-in form."""
    return form_page(request, "masuk.html", errors=[], email="", next=own_address(next))


@pages.post("/masuk")
async def log_in_page(form: Annotated[LogInForm, Form()], request: Request, services: Here) -> Response:
    """Logs in, and on to where the person wanted to go."""
    check_form(request, form.csrf_token)
    going_to = own_address(form.next)
    try:
        opened = await log_in(services, form.email, form.password, client_address(request))
    except Problem as problem:
        body = services.problems.body(problem, "-")
        errors = [("email", body["detail"])]
        response = form_page(request, "masuk.html", body["status"], errors=errors, email="", next=going_to)
        response.headers.update(problem.headers)
        return response
    response = RedirectResponse(going_to or home_of(opened.actor), 303)
    set_session_cookie(response, services, opened)
    return response


@pages.get("/keluar")
async def log_out_form(request: Request) -> Response:
    """Asks before logging out."""
    if request.state.person is None:
        return RedirectResponse("/", 303)
    return form_page(request, "keluar.html")


@pages.post("/keluar")
async def log_out(request: Request, services: Here, csrf_token: Annotated[str, Form(max_length=200)] = "") -> Response:
    """Logs out; a log-in that is over by itself is none to complain about."""
    check_form(request, csrf_token)
    found = credentials(request)
    if found is not None and request.state.person is not None:
        login = await resume(services, *found)
        await services.records.close_session(login.token_hash)
    response = RedirectResponse("/", 303)
    forget_session_cookie(response, services)
    return response


@pages.get("/permohonan/{number}/surat")
async def letter(number: str, request: Request, services: Here) -> Response:
    """The product of a case as a file; asks for a log-in first where there is none."""
    try:
        login = await signed_in(request, services)
    except Problem:
        return RedirectResponse(f"/masuk?next={quote(f'/permohonan/{number}/surat')}", 303)
    case = await case_for(Act.READ_DOCUMENTS)(number, login, services)
    found = await find_letter(services, case, case.row.product or case.row.procedure)
    content = await letter_content(services, case, found, draft=False)
    return download(content, "application/pdf", f"{case.row.number}-{found.purpose}")


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
