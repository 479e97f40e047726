"""The language of a request: Indonesian is what the pages are written in, English is a catalogue beside them.

    with speaking("en"):
        gettext("Masuk")  # "Sign in"

Catalogues are gettext files under `web/locale/<language>/`, one for each folder of pages; they are read once a process.
What has no translation is said in Indonesian. Permit types, requirements and reasons are the office's own words, and
letters are official ones: those are Indonesian in every language.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import Final

from babel.messages.pofile import read_po
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Receive, Scope, Send

LOCALE: Final = Path(__file__).resolve().parents[2] / "web" / "locale"
LANGUAGES: Final = {"id": "Bahasa Indonesia", "en": "English"}
LANGUAGE_COOKIE: Final = "sakpore_bahasa"

Forms = tuple[str, ...]
_spoken: ContextVar[str] = ContextVar("language", default="id")


def language() -> str:
    """The language of this request: "id" or "en"."""
    return _spoken.get()


@contextmanager
def speaking(name: str) -> Iterator[None]:
    """Speaks a language for a while; Indonesian for one that is not known."""
    token = _spoken.set(name if name in LANGUAGES else "id")
    try:
        yield
    finally:
        _spoken.reset(token)


def gettext(words: str) -> str:
    """The words in the language of this request."""
    if not words or language() == "id":
        return words
    return catalogue(language()).get(words, (words,))[0]


def ngettext(one: str, many: str, count: int) -> str:
    """The words for a count, which the sentence names itself."""
    forms = (one, many) if language() == "id" else catalogue(language()).get(one, (one, many))
    return forms[0] if count == 1 else forms[-1]


@cache
def catalogue(name: str, folder: Path = LOCALE) -> Mapping[str, Forms]:
    """What is translated into that language, by its Indonesian words."""
    found: dict[str, Forms] = {}
    for path in sorted((folder / name).glob("*.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale=name):
                one = message.id if isinstance(message.id, str) else message.id[0]
                forms = (message.string,) if isinstance(message.string, str) else tuple(message.string or ("",))
                if one and all(forms) and not message.fuzzy:
                    found[one] = forms
    return found


class LanguageLayer:
    """ASGI layer: the cookie of `/bahasa` says what pages speak. The JSON API is for programs and always Indonesian."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with speaking(_chosen(scope)):
            await self._app(scope, receive, send)


def _chosen(scope: Scope) -> str:
    if scope["path"].startswith("/api/"):
        return "id"
    for name, value in scope["headers"]:
        if name == b"cookie" and LANGUAGE_COOKIE.encode() in value:
            return cookie_parser(value.decode("latin-1")).get(LANGUAGE_COOKIE, "id")
    return "id"
