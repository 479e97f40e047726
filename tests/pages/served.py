"""Some pages behind a real server with the headers of the API, for what needs a network to come and go."""

import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import uvicorn
from fastapi import APIRouter, FastAPI, Request
from jinja2 import Environment
from starlette.middleware import Middleware
from starlette.responses import Response

from api.field_codes import FieldCodes
from api.layers import RequestLayer
from api.main import Assets
from api.pages.language import LanguageLayer


class Door:
    """A server that can be shut and opened again at the same address."""

    def __init__(self, environment: Environment, web: Path, routers: Sequence[APIRouter]) -> None:
        def answer_bug(request: Request, bug: Exception) -> Response:
            raise bug

        layers = [Middleware(RequestLayer, answer_bug=answer_bug), Middleware(LanguageLayer)]
        self.app = FastAPI(middleware=layers)
        self.app.state.services = SimpleNamespace(
            pages=environment, settings=SimpleNamespace(is_https=False), field_codes=FieldCodes(None)
        )
        for router in routers:
            self.app.include_router(router)
        self.app.mount("/assets", Assets(directory=web / "dist"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.address = f"http://localhost:{self.port}"
        self.open()

    def open(self) -> None:
        """Serves from here on."""
        config = uvicorn.Config(
            self.app, host="localhost", port=self.port, log_config=None, lifespan="off", timeout_graceful_shutdown=1
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        wait_until(lambda: self._server.started)

    def shut(self) -> None:
        """Serves no longer."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(20)


def wait_until(holds: Callable[[], Any], seconds: float = 20) -> None:
    """Until it holds; fails after that long."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it never held"
        time.sleep(0.02)
