"""Puts the HTTP room together and serves it: `python -m api.main`.

Settings are read here alone. The engine is reached with the first need, so that pages are served while it is away.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from mimetypes import guess_type
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI
from pydantic import ValidationError
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES as UNPRESSED
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Scope

from api.attempts import Attempts
from api.code_reader import CodeReader
from api.engine import Engine
from api.field_codes import FieldCodes
from api.layers import HeadAsGet, RequestLayer
from api.mailing import Mailing
from api.pages import page_environment
from api.pages.accounts import accounts_pages
from api.pages.administration import administration_pages
from api.pages.agencies import agencies_pages
from api.pages.applying import applying_pages
from api.pages.demonstration import demonstration_pages
from api.pages.fieldwork import fieldwork_pages
from api.pages.head import head_pages
from api.pages.language import LanguageLayer
from api.pages.live import live_pages
from api.pages.officers import officers_pages
from api.pages.papers import paper_pages
from api.pages.public import public_pages
from api.pages.public.field_codes import field_code_pages
from api.pages.public.verification import verification_pages
from api.pages.rendering import know_who_is_here, problem_page
from api.passwords import Passwords
from api.problems import ProblemAnswers, ProblemTable
from api.registries import StandInPopulationRegistry
from api.reporting import MOST_WAITING
from api.routes import api_router
from api.scanner import Scanner
from api.sentences import Sentences
from api.services import OfficeCalendar, Services, utc_now
from api.settings import ApiSettings
from api.uploads import DrainRefusedBodies
from api.verifying import Verifying
from api.waiting_row import WaitingRow
from api.watching import Watching
from store.crypto import Keyring
from store.database import Database
from store.documents import DocumentStore
from store.errors import StoreError
from store.logs import log_as_json
from store.process import keep_memory_private
from store.records import Records
from store.settings import StoreSettings

log = logging.getLogger("sakpore.api")

WEB = Path(__file__).resolve().parent.parent / "web"
GRACE_SECONDS = 5
AREAS = (
    paper_pages, public_pages, accounts_pages, applying_pages, officers_pages, agencies_pages, fieldwork_pages,
    head_pages, administration_pages, live_pages, demonstration_pages,
)  # fmt: skip


def create_app(settings: ApiSettings, store_settings: StoreSettings) -> FastAPI:
    """The application; nothing is connected until the first request."""
    return assemble(services_from(settings, store_settings))


def services_from(
    settings: ApiSettings,
    store_settings: StoreSettings,
    *,
    engine: Engine | None = None,
    passwords: Passwords | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Services:
    """What the routes are given.

    Args:
        settings: of this room.
        store_settings: of the store.
        engine: instead of the one that the settings name.
        passwords: instead of those with the ordinary cost.
        now: the real time, for tests.
    """
    db = Database.from_settings(store_settings)
    records = Records(db)
    return Services(
        settings=settings,
        db=db,
        records=records,
        documents=DocumentStore(store_settings),
        engine=engine
        or Engine(
            settings.temporal_address,
            settings.temporal_namespace,
            settings.payload_keys,
            settings.update_timeout_seconds,
        ),
        passwords=passwords or Passwords(),
        attempts=Attempts(db, records),
        scanner=Scanner(),
        code_reader=CodeReader(settings.public_base_url, settings.qr_key_bytes),
        field_codes=FieldCodes(settings.field_code_keys),
        verifying=Verifying(settings.signing_trust_dir),
        reports=WaitingRow(MOST_WAITING),
        problems=ProblemAnswers(ProblemTable(), settings.public_base_url, problem_page, know_who_is_here),
        sentences=Sentences(),
        pages=page_environment(WEB),
        calendar=OfficeCalendar(records),
        keyring=Keyring.parse(store_settings.document_keys.get_secret_value()),
        mailing=Mailing(records, settings.public_base_url, WEB / "notices"),
        population=StandInPopulationRegistry(),
        watching=Watching(db, now),
        now=now,
    )


def assemble(services: Services) -> FastAPI:
    """The routes, around the services in `app.state`."""
    problems = services.problems
    app = FastAPI(
        title="Sakpore",
        version="1",
        description="Perizinan satu pintu. Errors are application/problem+json with a stable `code`.",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,  # a redirect would lead to whatever host the request names
        lifespan=_lifespan,
        responses=_PROBLEM_RESPONSES,
        middleware=[
            Middleware(DrainRefusedBodies),
            Middleware(RequestLayer, answer_bug=problems.answer, strict_seconds=services.settings.strict_seconds),
            Middleware(HeadAsGet),
            Middleware(LanguageLayer),
            Middleware(GZipMiddleware, compresslevel=6, exclude_content_types=(*UNPRESSED, "application/pdf")),
        ],
    )
    app.state.services = services
    problems.install(app)
    app.include_router(api_router())
    for each in AREAS:
        app.include_router(each)
    app.include_router(field_code_pages)  # before the verification codes, which take any name
    app.include_router(verification_pages)
    app.mount("/assets", Assets(directory=WEB / "dist"))
    return app


class Assets(StaticFiles):
    """Built files; their names hold their hash, so they never change. Brotli lies beside what it makes smaller."""

    def file_response(self, full_path: Any, stat_result: Any, scope: Scope, status_code: int = 200) -> Response:
        """The file, to be kept by the browser for good."""
        pressed = Path(f"{full_path}.br")
        if "br" in Headers(scope=scope).get("accept-encoding", "") and pressed.is_file():
            response = super().file_response(pressed, pressed.stat(), scope, status_code)
            response.headers["Content-Type"] = guess_type(full_path)[0] or "application/octet-stream"
            response.headers["Content-Encoding"] = "br"
        else:
            response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await app.state.services.aclose()


_PROBLEM_RESPONSES: dict[int | str, dict[str, Any]] = {
    "default": {
        "description": "A refusal (RFC 9457)",
        "content": {
            "application/problem+json": {
                "schema": {
                    "type": "object",
                    "required": ["type", "title", "status", "detail", "code", "instance"],
                    "properties": {
                        "type": {"type": "string", "format": "uri"},
                        "title": {"type": "string"},
                        "status": {"type": "integer"},
                        "detail": {"type": "string"},
                        "code": {"type": "string"},
                        "instance": {"type": "string"},
                    },
                }
            }
        },
    }
}


def main() -> int:
    """Serves until SIGTERM or SIGINT; open requests have a few seconds to end."""
    log_as_json()
    keep_memory_private()
    try:
        settings = ApiSettings()
        app = create_app(settings, StoreSettings())
    except ValidationError as wrong:
        names = sorted({".".join(map(str, one["loc"])) or "together" for one in wrong.errors(include_input=False)})
        reasons = "; ".join(sorted({one["msg"] for one in wrong.errors(include_input=False)}))
        log.error("the settings do not allow a start", extra={"settings": names, "reasons": reasons})
        return 2
    except (StoreError, FileNotFoundError) as wrong:
        log.error("the API cannot start", extra={"error": type(wrong).__name__, "reasons": str(wrong)})
        return 2
    Door(server_config(app, settings)).run()
    return 0


class Door(uvicorn.Server):
    """Ends the streams of pages before it waits for requests to end: they would not end by themselves."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Called once it is asked to stop."""
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.services.watching.close()
        await super().shutdown(sockets)


def server_config(app: ASGIApp, settings: ApiSettings) -> uvicorn.Config:
    """How the application is served; whoever connects is whom it says, but for the proxies that the settings name."""
    return uvicorn.Config(
        app,
        host=settings.api_host,
        port=settings.api_port,
        ssl_certfile=settings.api_tls_certificate,
        ssl_keyfile=settings.api_tls_key,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(settings.proxies),
        forwarded_allow_ips=list(settings.proxies),
        timeout_graceful_shutdown=GRACE_SECONDS,
        h11_max_incomplete_event_size=32 * 1024,
    )


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    # All is closed by now; the engine client's own threads can still abort an interpreter that takes itself apart.
    os._exit(code)
