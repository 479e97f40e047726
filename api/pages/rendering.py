"""A page as an answer: who is here, in which language, with which form secrets, and what has just been done.

A route of pages parses (`Sent`), asks the same functions as the JSON routes, and answers with `page`, `form_page` or
`onward`. A refusal that the form can mend is drawn again with `refused`; every other one is the page of `galat.html`.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, unquote

from fastapi import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Match

from api.cookies import FORM_COOKIE, is_secure, read_cookie, set_cookie
from api.dependencies import Here, credentials, is_by_hand, services_of
from api.pages.forms import KEY, TOKEN, FormErrors, SentForm, check_form
from api.pages.language import gettext as _
from api.pages.language import language
from api.pages.menu import menu_of
from api.problems import ApiCode, Problem, problem_of
from api.services import Services
from api.sessions import resume
from permits.authority import STAFF, Actor, Role
from permits.errors import Code, RuleError

__all__ = [
    "Refused", "body_of", "check_form", "form_page", "is_unsure", "know_who_is_here", "onward", "page", "problem_page",
    "refused", "unsure_page", "who_is_here", "words_of",
]  # fmt: skip

NEWS_COOKIE: Final = "sakpore_kabar"
NEWS_SECONDS: Final = 60
MOST_NEWS: Final = 400
LARGE_COOKIE: Final = "sakpore_huruf_besar"
Refused = (Problem, RuleError)
"""What a page catches to draw its form again."""


def page(request: Request, template: str, http_status: int = 200, /, **context: Any) -> Response:
    """The page made from `template`; its header knows who is logged in, and what that person can go to."""
    pages = services_of(request).pages
    person = getattr(request.state, "person", None)
    news = unquote(request.cookies.get(NEWS_COOKIE, ""))[:MOST_NEWS]
    frame = {
        "person": person,
        "menu": menu_of(person, getattr(request.state, "is_acting_head", False)),
        "news": news,
        "language": language(),
        "address": request.url.path,
        "large": request.cookies.get(LARGE_COOKIE) == "ya",
        "is_part": request.headers.get("hx-request") == "true",
        "demonstration": services_of(request).settings.demonstration_file is not None,
    }
    response = HTMLResponse(pages.get_template(template).render(**{**frame, **context}), status_code=http_status)
    if news:
        response.delete_cookie(NEWS_COOKIE, path="/", httponly=True, samesite="lax", secure=is_secure(request))
    return response


async def know_who_is_here(request: Request) -> None:
    """For pages of refusals, whose routes may not exist."""
    await who_is_here(request, services_of(request))


async def who_is_here(request: Request, services: Here) -> None:
    """A dependency of all pages: keeps who is logged in, nobody where that cannot be known."""
    request.state.person = getattr(request.state, "person", None)
    found = credentials(request)
    if found is None or request.state.person is not None:
        return
    try:
        login = await resume(services, *found, lives_on=is_by_hand(request))
        request.state.is_acting_head = await _is_acting_head(services, login.actor)
    except Exception as error:
        # A page that needs the log-in or the store says itself what is wrong.
        if problem_of(error) is None:
            raise
        return
    request.state.login, request.state.person = login, login.actor


async def _is_acting_head(services: Services, person: Actor) -> bool:
    if person.role not in STAFF or person.role is Role.HEAD_OF_OFFICE:
        return False
    return any(one.role is Role.HEAD_OF_OFFICE for one in await services.capacities(person))


def form_page(request: Request, template: str, http_status: int = 200, /, **context: Any) -> Response:
    """A page with forms: `csrf_token` is the log-in's or a cookie's; `form_key` makes sending it again harmless."""
    login = getattr(request.state, "login", None)
    kept = read_cookie(request, FORM_COOKIE)
    token = kept if 20 <= len(kept) <= 100 else secrets.token_urlsafe(32)
    given = {"csrf_token": login.csrf_token if login else token, "form_key": secrets.token_urlsafe(12)}
    response = page(request, template, http_status, **{**given, **context})
    if login is None:
        set_cookie(response, FORM_COOKIE, token, is_secure(request))
    return response


def refused(request: Request, error: Problem | RuleError, field: str = "isi") -> tuple[int, FormErrors]:
    """The status and the error line of a refusal, to draw the form again; `field` is what the line leads to."""
    services = services_of(request)
    problem = error if isinstance(error, Problem) else Problem(error.code, **error.facts)
    body = services.problems.body(problem, "-")
    return body["status"], [(field, body["detail"])]


def words_of(request: Request, code: Code | ApiCode, **facts: Any) -> str:
    """The sentence of a code, for results within a list."""
    sentence: str = services_of(request).problems.body(Problem(code, **facts), "-")["detail"]
    return sentence


def onward(request: Request, address: str, news: str = "") -> Response:
    """Done: on to another page of ours (303), which says once what was done. `news` names no person."""
    response = RedirectResponse(address, 303)
    if news:
        secure = services_of(request).settings.is_https
        response.set_cookie(
            NEWS_COOKIE, quote(news[:MOST_NEWS]), max_age=NEWS_SECONDS, path="/", httponly=True, samesite="lax",
            secure=secure,
        )  # fmt: skip
    return response


def body_of(answer: JSONResponse) -> dict[str, Any]:
    """What a JSON route answered, for the page that asked it."""
    body: dict[str, Any] = json.loads(bytes(answer.body))
    return body


def is_unsure(answer: JSONResponse) -> bool:
    """Whether the engine has not answered yet; then `unsure_page` asks again under the same key."""
    return answer.status_code == 202 and body_of(answer).get("state") == "accepted-unknown"


def unsure_page(request: Request, form: SentForm, back: str) -> Response:
    """The engine has not answered yet: the same form again, under the same key, which is safe."""
    hidden = [(name, value) for name, values in form.fields.items() for value in values if name not in (TOKEN, KEY)]
    return form_page(
        request, "belum-pasti.html", 202, hidden=hidden, form_key=form.text(KEY, 128), action=request.url.path,
        back=back,
    )  # fmt: skip


def problem_page(request: Request, body: Mapping[str, Any]) -> Response:
    """A refusal as a page; whoever has to log in first is led there and back."""
    needs_log_in = body["code"] in (ApiCode.UNAUTHENTICATED, ApiCode.SESSION_EXPIRED)
    if needs_log_in and request.method == "POST":
        return page(request, "accounts/sesi-berakhir.html", body["status"], back=_page_of_form(request))
    if needs_log_in and request.method in ("GET", "HEAD"):
        wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        over = _("Anda sudah keluar karena lama tidak ada kegiatan. Silakan masuk lagi.")
        return onward(
            request, f"/masuk?next={quote(wanted, safe='')}", over if body["code"] == ApiCode.SESSION_EXPIRED else ""
        )
    request_id = str(body["instance"]).rpartition(":")[2]
    return page(
        request,
        "galat.html",
        body["status"],
        status=body["status"],
        title=body["title"],
        detail=body["detail"],
        request_id=request_id,
    )


def _page_of_form(request: Request) -> str:
    """The page that a form of this address stands on: the nearest address above it that can be opened."""
    path = request.url.path
    while path.strip("/") and not _can_be_opened(request, path):
        path = path.rpartition("/")[0]
    return path or "/"


def _can_be_opened(request: Request, path: str) -> bool:
    scope = {**request.scope, "method": "GET", "path": path}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
