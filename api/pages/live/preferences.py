"""Language and size of letters: kept in the browser, also by links, since they change nothing else."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import services_of
from api.pages.addresses import own_address
from api.pages.language import LANGUAGE_COOKIE
from api.pages.rendering import LARGE_COOKIE, onward

preferences = APIRouter()

YEAR_SECONDS = 365 * 24 * 3600


@preferences.get("/bahasa")
async def choose_language(
    request: Request, ke: Literal["id", "en"], kembali: Annotated[str, Query(max_length=300)] = "/"
) -> Response:
    """Speaks that language from here on."""
    return _kept(request, LANGUAGE_COOKIE, ke, kembali)


@preferences.get("/huruf")
async def choose_size(
    request: Request, besar: Literal["ya", "tidak"], kembali: Annotated[str, Query(max_length=300)] = "/"
) -> Response:
    """Large letters, or ordinary ones."""
    return _kept(request, LARGE_COOKIE, besar, kembali)


def _kept(request: Request, cookie: str, value: str, back: str) -> Response:
    response = onward(request, own_address(back) or "/")
    secure = services_of(request).settings.is_https
    response.set_cookie(
        cookie, value, max_age=YEAR_SECONDS, path="/", httponly=True, samesite="lax", secure=secure
    )
    return response
