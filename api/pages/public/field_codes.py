"""The page of the offline check, its service worker, and the published keys (RFC 8615, well-known addresses).

The page is one for everybody and is kept by phones: it is made without whoever is logged in.
"""

from __future__ import annotations

import hashlib

from fastapi import APIRouter
from starlette.responses import HTMLResponse, JSONResponse, Response

from api.dependencies import Here
from api.pages.language import language
from api.pages.menu import menu_of
from api.services import Services

field_code_pages = APIRouter(include_in_schema=False)

PAGE = "/v/luring"
KEYS = "/.well-known/sakpore-keys.json"
ASSETS = ("sakpore.css", "halaman.js", "luring.js", "star.svg", "jlamprang.svg")
FONTS = tuple(f"noto-sans-latin-{weight}-normal.woff2" for weight in (400, 700))


@field_code_pages.get(PAGE)
async def offline_check(services: Here) -> Response:
    """Where the code of a field card lands; the code itself stays in the fragment and never comes here."""
    return HTMLResponse(_page(services))


@field_code_pages.get(f"{PAGE}/pekerja.js")
async def service_worker(services: Here) -> Response:
    """Keeps the page, its files and the keys on the phone; another edition of any of them is another script."""
    pages = services.pages
    files = [PAGE, KEYS, *(pages.globals["asset"](name) for name in (*ASSETS, *FONTS))]  # type: ignore[operator]
    edition = hashlib.sha256((_page(services) + "".join(files)).encode()).hexdigest()[:12]
    assets_url = files[-1].rpartition("/")[0]
    script = pages.get_template("public/luring-pekerja.js").render(files=files, edition=edition, assets_url=assets_url)
    return Response(script, media_type="text/javascript", headers={"Service-Worker-Allowed": PAGE})


@field_code_pages.get(KEYS)
async def published_keys(services: Here) -> Response:
    """The public keys as a JWK set (RFC 7517, 8.5.1), with the time that each has signed in."""
    keys = {"keys": [key.as_jwk() for key in services.field_codes.published()]}
    headers = {"Cache-Control": "public, max-age=300"}
    return JSONResponse(keys, media_type="application/jwk-set+json", headers=headers)


def _page(services: Services) -> str:
    return services.pages.get_template("public/luring.html").render(
        person=None, menu=menu_of(None), language=language(), address=PAGE
    )
