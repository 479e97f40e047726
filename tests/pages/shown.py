"""The samples served to a real browser: `serve` answers a context's requests, no server runs."""

import io
from functools import cache
from pathlib import Path

import pypdfium2
from jinja2 import Environment
from playwright.sync_api import BrowserContext, Route

from activities.letters import render_letter
from api.layers import CONTENT_POLICY
from api.pages.language import speaking
from api.pages.officers.reading import FRAMED
from tests.letters.samples import sip
from tests.pages import samples

SITE = "http://pages.test"
FRAMED_TEMPLATE = "officers/kertas.html"
TYPES = {
    ".html": "text/html", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".png": "image/png",
    ".js": "text/javascript", ".webmanifest": "application/manifest+json",
}  # fmt: skip


def serve(context: BrowserContext, environment: Environment, web: Path, language: str = "id") -> None:
    """Answers `SITE/<name of a sample>` with its page, in that language."""

    def answer(route: Route) -> None:
        path = route.request.url.removeprefix(SITE).partition("?")[0]
        asset = web / "dist" / path.removeprefix("/assets/")
        if path.startswith("/assets/") and asset.is_file():
            route.fulfill(body=asset.read_bytes(), content_type=TYPES[asset.suffix])
        elif path.strip("/") in samples.pages():
            template, given = samples.pages()[path.strip("/")]
            with speaking(language):
                body = environment.get_template(template).render(**{"language": language, **given})
            policy = {"Content-Security-Policy": policy_of(path.strip("/"))}
            route.fulfill(body=body, headers={"Content-Type": "text/html; charset=utf-8", **policy})
        elif path.endswith(".png"):
            route.fulfill(body=paper(), content_type="image/png")
        else:
            route.fulfill(status=404, body="", content_type="text/plain")

    context.route("**/*", answer)


def policy_of(name: str) -> str:
    """The content policy of a sample: a paper is read inside its task's page, all others stand alone."""
    return FRAMED if samples.pages()[name][0] == FRAMED_TEMPLATE else CONTENT_POLICY


@cache
def paper() -> bytes:
    """The picture of a page, for whatever paper a sample shows."""
    page = pypdfium2.PdfDocument(render_letter("sip", sip()))[0]
    kept = io.BytesIO()
    page.render(scale=900 / page.get_width()).to_pil().convert("P").save(kept, "PNG")
    return kept.getvalue()
