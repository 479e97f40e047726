"""Privacy and accessibility in plain words, and what search engines may read."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from api.pages.rendering import page

statement_pages = APIRouter()

ROBOTS = """User-agent: *
Allow: /
Disallow: /lacak/
Disallow: /v/
Disallow: /permohonan
Disallow: /masuk
Disallow: /bantuan
Disallow: /akun
Disallow: /api/
Disallow: /bahasa
Disallow: /huruf
"""


@statement_pages.get("/privasi")
async def privacy(request: Request) -> Response:
    """What is done with personal data, why, and for how long."""
    return page(request, "public/privasi.html")


@statement_pages.get("/aksesibilitas")
async def accessibility(request: Request) -> Response:
    """What was tested, what is known to be missing, and whom to tell."""
    return page(request, "public/aksesibilitas.html")


@statement_pages.get("/robots.txt")
async def robots() -> Response:
    """The catalogue may be found by search engines; what a code opens may not."""
    return PlainTextResponse(ROBOTS, headers={"Cache-Control": "public, max-age=86400"})
