"""The installed app: what a launcher wants to know, the worker, and the page that stands where there is no network.

The page is one for everybody and phones keep it: it is made without whoever is logged in.
"""

from __future__ import annotations

import hashlib
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from api.dependencies import Here
from api.pages.language import language
from api.pages.rendering import LARGE_COOKIE
from api.services import Services

installed = APIRouter()

PAGE: Final = "/luring"
WORKER: Final = "/pekerja.js"
ASSETS: Final = ("sakpore.css", "halaman.js", "star.svg", "jlamprang.svg")
FONTS: Final = tuple(f"noto-sans-latin-{weight}-normal.woff2" for weight in (400, 700))


@installed.get("/manifest.webmanifest")
async def manifest(services: Here) -> Response:
    """The Web Application Manifest (W3C); browsers ask for it without cookies, so it is Indonesian."""
    asset: Any = services.pages.globals["asset"]
    icons = [
        {"src": asset(name), "sizes": f"{pixels}x{pixels}", "type": "image/png", "purpose": purpose}
        for name, pixels, purpose in (
            ("ikon-192.png", 192, "any"), ("ikon-512.png", 512, "any"), ("ikon-penuh-512.png", 512, "maskable"),
        )
    ]  # fmt: skip
    told = {
        "id": "/",
        "name": "Perizinan Kota Pekalongan",
        "short_name": "Sakpore",
        "description": "Ajukan izin, lacak permohonan, dan periksa keaslian surat.",
        "lang": "id",
        "dir": "ltr",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "theme_color": "#14213D",
        "background_color": "#FAF8F4",
        "icons": icons,
        "shortcuts": [
            {"name": "Permohonan saya", "url": "/permohonan"},
            {"name": "Periksa surat", "url": "/v"},
            {"name": "Jenis izin", "url": "/izin"},
        ],
    }
    return JSONResponse(
        told, media_type="application/manifest+json", headers={"Cache-Control": "public, max-age=3600"}
    )


@installed.get(WORKER)
async def worker(request: Request, services: Here) -> Response:
    """The worker; another edition of the page or of a file it needs is another script, which replaces this one."""
    pages = services.pages
    asset: Any = pages.globals["asset"]
    files = [PAGE, *(asset(name) for name in (*ASSETS, *FONTS))]
    edition = hashlib.sha256((_page(request, services) + "".join(files)).encode()).hexdigest()[:12]
    assets_url = files[-1].rpartition("/")[0]
    script = pages.get_template("live/pekerja.js").render(
        files=files, edition=edition, assets_url=assets_url, page=PAGE
    )
    return Response(script, media_type="text/javascript", headers={"Cache-Control": "no-cache"})


@installed.get(PAGE)
async def without_network(request: Request, services: Here) -> Response:
    """What can still be done without a network."""
    return HTMLResponse(_page(request, services))


def _page(request: Request, services: Services) -> str:
    large = request.cookies.get(LARGE_COOKIE) == "ya"
    return services.pages.get_template("live/luring.html").render(person=None, language=language(), large=large)
