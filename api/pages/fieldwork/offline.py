"""What keeps the field's pages on the phone: a service worker for `/lapangan` alone, and the page of what is not kept.

The worker keeps the built files, the pages of one's own open tasks and the minutes that are being signed. What is
entered is kept by the page's own script (`web/static/lapangan.js`) until it is sent. All of it is gone after log-out.
"""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

from api.dependencies import Here

offline_pages = APIRouter()

SCOPE = "/lapangan"
AWAY = "/lapangan/tanpa-jaringan"
ASSETS = ("sakpore.css", "lapangan.js", "star.svg", "jlamprang.svg")
FONTS = tuple(f"noto-sans-latin-{weight}-normal.woff2" for weight in (400, 700))


@offline_pages.get(f"{SCOPE}/pekerja.js")
async def service_worker(services: Here) -> Response:
    """The worker; another edition of any file that it keeps is another script."""
    pages = services.pages
    files = [AWAY, *(pages.globals["asset"](name) for name in (*ASSETS, *FONTS))]  # type: ignore[operator]
    away = pages.get_template("fieldwork/tanpa-jaringan.html").render(person=None)
    edition = hashlib.sha256((away + "".join(files)).encode()).hexdigest()[:12]
    script = pages.get_template("fieldwork/pekerja.js").render(files=files, edition=edition, away=AWAY, scope=SCOPE)
    return Response(script, media_type="text/javascript", headers={"Service-Worker-Allowed": SCOPE})


@offline_pages.get(AWAY)
async def away_page(request: Request, services: Here) -> Response:
    """What is shown without a network for a page that is not on the phone; the same for everybody."""
    return HTMLResponse(services.pages.get_template("fieldwork/tanpa-jaringan.html").render(person=None))
