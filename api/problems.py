"""One family of refusals over HTTP: `application/problem+json` (RFC 9457) for programs, one page for people.

`type` is a stable address of the code, `detail` an Indonesian sentence that says what to do now, `instance` the request
id. Nothing that was sent is ever echoed. The words and statuses of all codes stand in `web/sentences/problems.yaml`;
pages in English say the words of `problems.en.yaml`.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import Match

from api.field_names import names_of, takes_json
from api.pages.language import language
from permits.calendar import CalendarTooShort
from permits.errors import Code, RuleError
from permits.numbering import NumberingError
from store.errors import ObjectsUnavailable

log = logging.getLogger("sakpore.api")

TABLE = Path(__file__).resolve().parent.parent / "web" / "sentences" / "problems.yaml"
ENGLISH = TABLE.with_suffix(".en.yaml")
SAFE_FACTS = frozenset(
    {
        "allowed", "current", "decided_by", "decided_at", "decision", "documents", "fields", "limit_bytes", "number",
        "photos_wanted", "possible", "reason", "requirement", "retry_after_seconds", "titles", "wait_seconds", "who",
    }
)  # fmt: skip
"""Facts that may stand in an answer; others stay in the log."""


class ApiCode(StrEnum):
    """Stable codes of what only the door refuses; the comment says when it is given."""

    UNAUTHENTICATED = "unauthenticated"  # no session came with the request
    SESSION_EXPIRED = "session-expired"  # a session came, and it is over
    LOGIN_FAILED = "login-failed"  # e-mail and password do not belong together; never says which
    KEY_LOG_IN_FAILED = "key-log-in-failed"  # no passkey to log in with, or its proof is not good; never says which
    EMAIL_UNCONFIRMED = "email-unconfirmed"
    EMAIL_TAKEN = "email-taken"  # said to officers alone; whoever registers gets the same answer either way
    GUESSABLE = "guessable-password"  # too short, too common, or the person's own data
    LINK_INVALID = "link-invalid"  # of a mail: unknown, used, or its time is over
    CSRF_FAILED = "csrf-failed"  # a cookie came without its form's secret
    TOO_MANY_ATTEMPTS = "too-many-attempts"
    INVALID_REQUEST = "invalid-request"  # fields of the body or address have the wrong form
    INVALID_JSON = "invalid-json"
    UNSUPPORTED_MEDIA_TYPE = "unsupported-media-type"  # the body is of a kind that is not read here
    NOT_SUBMITTED = "not-submitted"  # a draft cannot be withdrawn: nobody has it yet
    NOT_FOUND = "not-found"
    METHOD_NOT_ALLOWED = "method-not-allowed"
    FILE_EMPTY = "file-empty"
    FILE_TOO_LARGE = "file-too-large"
    FILE_TYPE_NOT_ACCEPTED = "file-type-not-accepted"
    FILE_DANGEROUS = "file-dangerous"
    FILE_UNREADABLE = "file-unreadable"
    FILE_MISSING = "file-missing"  # the form came without its file
    TOO_LARGE = "too-large"  # a JSON body beyond any need
    ENGINE_UNAVAILABLE = "engine-unavailable"
    STORE_UNAVAILABLE = "store-unavailable"
    CODE_NOT_FOUND = "code-not-found"  # no case or letter has this tracking or verification code
    SIGNING_UNAVAILABLE = "signing-unavailable"  # the sealing key is not installed
    CERTIFICATE_NOT_USABLE = "certificate-not-usable"  # expired, revoked, not registered, or not the mandated one
    CHALLENGE_EXPIRED = "challenge-expired"  # what a device was asked to sign: over, answered, or never asked
    STEP_UP_REFUSED = "step-up-refused"  # the device's proof, the one-time code or the ticket is not good
    STEP_UP_NOT_ENROLLED = "step-up-not-enrolled"  # the officer has no second factor yet
    PASSKEY_MISSING = "passkey-missing"  # the officer has no passkey that may sign
    PASSKEY_NOT_YET_USABLE = "passkey-not-yet-usable"  # it is new and waits for its first day to pass
    CODE_NOT_OFFERED = "code-not-offered"  # the signing provider sends no codes
    VERIFICATION_UNAVAILABLE = "verification-unavailable"  # no trust anchors are installed
    SEAL_UNAVAILABLE = "seal-unavailable"  # the office has no seal installed, or it could not seal
    REPORT_ORDER_INVALID = "report-order-invalid"  # not ours, changed, or its hour is over
    REPORT_NOT_FOUND = "report-not-found"  # none, not sealed yet, or its month is over
    CALENDAR_TOO_SHORT = "calendar-too-short"
    INTERNAL = "internal-error"


class Words(BaseModel):
    """What one code says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: int = Field(ge=400, le=599)
    title: str
    detail: str  # may hold {facts}; a fact that is missing leaves the sentence of `plain`
    plain: str | None = None


class Problem(Exception):
    """A refusal of the door itself.

    Args:
        code: the stable code, the door's own or a rule's.
        headers: extra headers of the answer, e.g. Retry-After in seconds.
        facts: what the sentence needs; only those named in SAFE_FACTS are shown.
    """

    def __init__(self, code: ApiCode | Code, headers: Mapping[str, str] | None = None, **facts: Any) -> None:
        super().__init__(code.value)
        self.code = code
        self.headers = dict(headers or {})
        self.facts = facts


class ProblemTable:
    """Statuses and words of all codes, in the language of the request."""

    def __init__(self, path: Path = TABLE, english: Path = ENGLISH) -> None:
        raw, said = _read(path), _read(english)
        self._words = {code: Words.model_validate(words) for code, words in raw.items()}
        self._english = {
            code: Words.model_validate({**words, "status": self._words[code].status}) for code, words in said.items()
        }

    @property
    def missing(self) -> frozenset[str]:
        """Codes without words; none, as a test sees to."""
        return frozenset(code.value for code in (*Code, *ApiCode)) - (self._words.keys() & self._english.keys())

    @property
    def codes(self) -> tuple[str, ...]:
        """All codes that have words, in the order of the file."""
        return tuple(self._words)

    def status(self, code: str) -> int:
        """HTTP status of a code; an unknown one is an internal error."""
        return self._of(code).status

    def body(self, code: str, facts: Mapping[str, Any], base_url: str, request_id: str) -> dict[str, Any]:
        """The problem as RFC 9457 wants it, with the facts that may be shown."""
        words = self._of(code)
        shown = {name: value for name, value in facts.items() if name in SAFE_FACTS and value is not None}
        if words.status == 404:
            shown = {}  # what does not exist has no name but the one that the asker made up
        return {
            "type": f"{base_url.rstrip('/')}/masalah/{code}",
            "title": words.title,
            "status": words.status,
            "detail": _sentence(words, shown),
            "code": code,
            "instance": f"urn:sakpore:request:{request_id}",
            **shown,
        }

    def words(self, code: str) -> Words | None:
        """The words of a code for its own page; None for an unknown code."""
        return self._spoken.get(code)

    def _of(self, code: str) -> Words:
        return self._spoken.get(code) or self._spoken[ApiCode.INTERNAL]

    @property
    def _spoken(self) -> Mapping[str, Words]:
        return self._english if language() == "en" else self._words


def _sentence(words: Words, facts: Mapping[str, Any]) -> str:
    try:
        return words.detail.format_map({name: _in_words(name, value) for name, value in facts.items()})
    except KeyError:
        return words.plain or words.detail.split("{")[0].rstrip(" :(,") + "."


def _in_words(name: str, value: Any) -> str:
    if name == "limit_bytes":
        return f"{value / 1_000_000:g} MB".replace(".", ",")
    if isinstance(value, list | tuple):
        return ", ".join(str(one) for one in value)
    return str(value)


PageRenderer = Callable[[Request, dict[str, Any]], Response]
WhoIsHere = Callable[[Request], Awaitable[None]]
"""Keeps who is logged in for the header of the page."""


def problem_of(error: Exception, request: Request | None = None) -> Problem | None:
    """The refusal that an exception stands for, None for a bug; `request` tells which names of it are our own."""
    match error:
        case Problem():
            return error
        case RuleError():
            return Problem(error.code, **error.facts)
        case CalendarTooShort():
            return Problem(ApiCode.CALENDAR_TOO_SHORT)
        case NumberingError():
            return Problem(ApiCode.CODE_NOT_FOUND)
        case RequestValidationError():
            return _invalid(error, request)
        case HTTPException():
            return _of_http(error, request)
        case OperationalError() | InterfaceError() | PoolTimeout() | ObjectsUnavailable():
            return Problem(ApiCode.STORE_UNAVAILABLE)
        case DBAPIError(connection_invalidated=True):
            return Problem(ApiCode.STORE_UNAVAILABLE)
    return None


def _invalid(error: RequestValidationError, request: Request | None) -> Problem:
    faults = error.errors()
    if any(fault.get("type") == "json_invalid" for fault in faults):
        return Problem(ApiCode.INVALID_JSON)
    route = request.scope.get("route") if request is not None else None
    # A body that nobody has parsed came as something else than JSON.
    if isinstance(error.body, bytes) and takes_json(route):
        return Problem(ApiCode.UNSUPPORTED_MEDIA_TYPE, allowed=["application/json"])
    for fault in faults:
        if str(fault.get("type")).startswith("union_tag"):
            possible = getattr(request.state, "possible", None) if request is not None else None
            return Problem(
                ApiCode.INVALID_REQUEST, fields=[str(fault["ctx"]["discriminator"]).strip("'")], possible=possible
            )
    known = names_of(route)
    return Problem(ApiCode.INVALID_REQUEST, fields=sorted({_place(fault, known) for fault in faults})[:50])


def _place(fault: Mapping[str, Any], known: frozenset[str]) -> str:
    """Where a fault lies, in our own names: the value may be a passphrase, and keys are input as well."""
    path = fault["loc"][:-1] if fault.get("type") == "extra_forbidden" else fault["loc"]
    return ".".join(str(part) for part in path if isinstance(part, int) or part in known)[:120]


def _of_http(error: HTTPException, request: Request | None) -> Problem:
    codes = {
        400: ApiCode.INVALID_JSON,  # what FastAPI says of a body that its parser cannot take
        404: ApiCode.NOT_FOUND,
        405: ApiCode.METHOD_NOT_ALLOWED,
        413: ApiCode.TOO_LARGE,
    }
    headers = dict(error.headers or {})
    if error.status_code == 405 and request is not None:
        headers["Allow"] = ", ".join(allowed_methods(request))
    return Problem(codes.get(error.status_code, ApiCode.INVALID_REQUEST), headers=headers)


def allowed_methods(request: Request) -> list[str]:
    """The methods of all routes at the address of the request (RFC 9110, 10.2.1); HEAD wherever there is GET."""
    if request.url.path.startswith("/assets/"):
        return ["GET", "HEAD"]
    routes = request.app.routes
    found = {
        method
        for method in ("DELETE", "GET", "OPTIONS", "PATCH", "POST", "PUT")
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in routes)
    }
    return sorted(found | ({"HEAD"} if "GET" in found else set()))


def prefers_page(request: Request) -> bool:
    """Whether the asker wants a page: not under /api, and html comes before json."""
    if request.url.path.startswith("/api/"):
        return False
    accept = request.headers.get("accept", "")
    return "text/html" in accept or accept in ("", "*/*")


class ProblemAnswers:
    """Turns every exception into its answer; one for the whole application."""

    def __init__(
        self, table: ProblemTable, base_url: str, page: PageRenderer | None = None, who: WhoIsHere | None = None
    ) -> None:
        self.table = table
        self._base_url = base_url
        self._page = page
        self._who = who

    def answer(self, request: Request, error: Exception) -> Response:
        """The answer to `error`; a bug is logged with its request id and told without details."""
        problem = problem_of(error, request)
        if problem is not None and problem.code == ApiCode.STORE_UNAVAILABLE:
            log.error("the store does not answer", extra={"error": type(error).__name__})
        request_id: str = getattr(request.state, "request_id", "-")
        if problem is None:
            log.error("a request failed unexpectedly", exc_info=error, extra={"request_id": request_id})
            problem = Problem(ApiCode.INTERNAL)
        body = self.body(problem, request_id)
        if self._page is not None and prefers_page(request):
            response = self._page(request, body)
        else:
            response = JSONResponse(body, body["status"], media_type="application/problem+json")
        response.headers.update(problem.headers)
        response.headers["Cache-Control"] = "no-store"
        if problem.code == ApiCode.UNAUTHENTICATED or problem.code == ApiCode.SESSION_EXPIRED:
            response.headers["WWW-Authenticate"] = 'Bearer realm="sakpore"'
        return response

    def body(self, problem: Problem, request_id: str) -> dict[str, Any]:
        """The problem as JSON, also for one result within a list."""
        return self.table.body(problem.code.value, problem.facts, self._base_url, request_id)

    def install(self, app: FastAPI) -> None:
        """Registers the one handler; what no handler takes reaches `api.layers.RequestLayer`."""

        async def handle(request: Request, error: Exception) -> Response:
            if self._who is not None and prefers_page(request):
                await self._who(request)
            return self.answer(request, error)

        for kind in (Problem, RuleError, CalendarTooShort, NumberingError, RequestValidationError, HTTPException):
            app.add_exception_handler(kind, handle)


@cache
def _read(path: Path) -> dict[str, Any]:
    """The words of a file, read once a process."""
    words: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return words
