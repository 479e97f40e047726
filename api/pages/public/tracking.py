"""Where a case stands, for whoever has its tracking code; names no person and shows no document."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import Here
from api.looking import track_by_code
from api.pages.language import gettext as _
from api.pages.rendering import page
from api.routes.sessions import client_address
from permits.numbering import NumberingError, read_tracking_code

tracking_pages = APIRouter()


@tracking_pages.get("/lacak")
async def look_up(request: Request, kode: Annotated[str | None, Query(max_length=100)] = None) -> Response:
    """The form for the code; a code that is one leads on to the case's own address."""
    if kode is None:
        return page(request, "public/lacak-cari.html", errors=[])
    try:
        code = read_tracking_code(kode)
    except NumberingError:
        words = _("Kode lacak terdiri dari 16 huruf dan angka. Periksa tanda terima Anda, lalu ketik lagi.")
        return page(request, "public/lacak-cari.html", 422, errors=[("kode", words)])
    return RedirectResponse(f"/lacak/{code}", 303)


@tracking_pages.get("/lacak/{code}")
async def tracking(code: str, request: Request, services: Here) -> Response:
    """Where a case stands."""
    view = await track_by_code(services, code, client_address(request))
    return page(request, "public/lacak.html", view=view, code=code)
