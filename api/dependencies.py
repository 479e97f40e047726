"""What routes ask for by name: who asks, and the case or task they may touch.

Deny by default: every route of `/api/v1` that is not declared public has `signed_in` above it, and whatever is about
a case goes through `permits.authority.refusal` here, before the route runs.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from api.acting import acting_in, check_other_person, stand_in
from api.cookies import SESSION_COOKIE, read_cookie
from api.pages.forms import TOKEN, sent_form
from api.problems import ApiCode, Problem
from api.services import Services
from api.sessions import Login, resume
from permits.application import ApplicationStatus
from permits.authority import Act, Actor, Role, Subject, refusal
from permits.decision_rules import APPLICANTS_TASKS
from permits.decisions import TaskKind
from permits.errors import Code, RuleError
from permits.numbering import ApplicationNumber, NumberingError
from store.queries.application import application_row, subject_of
from store.queries.inbox import subject_of_task, task_row
from store.tables import ApplicationRow, TaskRow

BY_ITSELF = "x-sakpore-hidup"
"""Header of a page that asks for itself again (web/static/hidup.js)."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def services_of(request: Request) -> Services:
    """The application's services."""
    services: Services = request.app.state.services
    return services


Here = Annotated[Services, Depends(services_of)]


def credentials(request: Request) -> tuple[str, bool] | None:
    """The token of a request and whether a cookie brought it; a bearer token comes first."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return token.strip(), False
    cookie = read_cookie(request, SESSION_COOKIE)
    return (cookie, True) if cookie else None


def is_by_hand(request: Request) -> bool:
    """Whether a person asks: what a page asks for by itself does not keep a log-in alive."""
    return BY_ITSELF not in request.headers and not request.url.path.startswith("/aliran/")


async def signed_in(request: Request, services: Here) -> Login:
    """Who asks. Raises Problem: unauthenticated, session-expired, csrf-failed."""
    login = await _resumed(request, services)
    if login.by_cookie and request.method not in _SAFE_METHODS:
        given = request.headers.get("x-csrf-token") or await _secret_of_form(request)
        if not hmac.compare_digest(given.encode("utf-8", "surrogatepass"), login.csrf_token.encode()):
            raise Problem(ApiCode.CSRF_FAILED)
    request.state.login = login
    request.state.person = login.actor
    return login


async def _secret_of_form(request: Request) -> str:
    """Forms of our pages carry the secret as a field; programs send it as a header."""
    if request.url.path.startswith("/api/"):
        return ""
    return (await sent_form(request)).text(TOKEN)


async def signed_in_from_engine_ui(request: Request, services: Here) -> Login:
    """As `signed_in`, for the engine's own pages, which know no CSRF token: their origin stands for it.

    Raises Problem: unauthenticated, session-expired, csrf-failed.
    """
    login = await _resumed(request, services)
    if login.by_cookie and request.headers.get("origin") != services.settings.codec_origin:
        raise Problem(ApiCode.CSRF_FAILED)
    return login


async def _resumed(request: Request, services: Services) -> Login:
    found = credentials(request)
    if found is None:
        raise Problem(ApiCode.UNAUTHENTICATED)
    return await resume(services, *found, lives_on=is_by_hand(request))


SignedIn = Annotated[Login, Depends(signed_in)]


def allow(actor: Actor, act: Act, subject: Subject | None = None) -> None:
    """Asks the one permission function. Raises RuleError with its reason."""
    if refused := refusal(actor, act, subject):
        raise RuleError(refused)


def may(act: Act) -> Callable[[Login], Awaitable[Actor]]:
    """A dependency for acts that are about no case; gives the actor."""

    async def asked(login: SignedIn) -> Actor:
        allow(login.actor, act)
        return login.actor

    return asked


@dataclass(frozen=True)
class Case:
    """A case that the actor may touch."""

    row: ApplicationRow
    actor: Actor
    subject: Subject


def case_for(act: Act) -> Callable[[str, Login, Services], Awaitable[Case]]:
    """A dependency: the case `number` of the address, where the actor may do `act`.

    Raises RuleError: application-not-found (also for somebody else's draft, and where the actor may not know of it),
    not-allowed.
    """

    async def asked(number: str, login: SignedIn, services: Here) -> Case:
        async with services.db.transaction() as session:
            row = await application_row(session, read_number(number))
            subject = await subject_of(session, row)
        _check_known(login.actor, row, subject)
        allow(login.actor, act, subject)
        return Case(row, acting_in(login.actor, row), subject)

    return asked


def case_of_applicant_or_stand_in(
    own: Act, for_draft: Act | None, for_case: Act | None
) -> Callable[[str, Login, Services], Awaitable[Case]]:
    """A dependency: the case `number`, where the applicant may do `own`, or the front office acts for the applicant.

    Args:
        own: what the applicant needs.
        for_draft: what the front office needs while it is a draft of the counter; None: it may not.
        for_case: what it needs afterwards; None: it may not.

    The actor of a stand-in names the applicant. Raises RuleError as `case_for` does, and own-application where officer
    and applicant are one person.
    """

    async def asked(number: str, login: SignedIn, services: Here) -> Case:
        async with services.db.transaction() as session:
            row = await application_row(session, read_number(number))
            subject = await subject_of(session, row)
        actor = login.actor
        _check_known(actor, row, subject)
        stands_in = for_draft if row.status == ApplicationStatus.DRAFT else for_case
        if actor.role is Role.FRONT_OFFICE and stands_in is not None:
            allow(actor, stands_in, subject)
            return Case(row, await stand_in(services, actor, row), subject)
        allow(actor, own, subject)
        return Case(row, acting_in(actor, row), subject)

    return asked


def _check_known(actor: Actor, row: ApplicationRow, subject: Subject) -> None:
    """A draft is its applicant's; one of the counter is every front office's too.

    Raises RuleError(application-not-found).
    """
    of_counter = actor.role is Role.FRONT_OFFICE and row.channel == "counter"
    if row.status == ApplicationStatus.DRAFT and row.applicant_id != actor.id and not of_counter:
        raise RuleError(Code.APPLICATION_NOT_FOUND)
    if not _may_know_of(actor, subject):
        raise RuleError(Code.APPLICATION_NOT_FOUND)


@dataclass(frozen=True)
class Work:
    """A task that the actor may touch, with its case."""

    task: TaskRow
    application: ApplicationRow
    actor: Actor
    subject: Subject


def task_for(act: Act) -> Callable[[str, Login, Services], Awaitable[Work]]:
    """A dependency: the task `task_id` of the address, where the actor may do `act`.

    Whether it is still open is left to the engine, which alone knows. Raises RuleError: task-not-found, and what the
    permission function says.
    """

    async def asked(task_id: str, login: SignedIn, services: Here) -> Work:
        return await load_work(services, task_id, login.actor, act)

    return asked


async def load_work(services: Services, task_id: str, actor: Actor, act: Act) -> Work:
    """The task where the actor may do `act`. Raises as `task_for` says."""
    if len(task_id) > 200 or not task_id.isascii() or not task_id.isprintable():
        raise RuleError(Code.TASK_NOT_FOUND)
    capacities = await services.capacities(actor)
    async with services.db.transaction() as session:
        task = await task_row(session, task_id)
        application = await application_row(session, task.number)
        whole_case = await subject_of(session, application)
    about = subject_of_task(task, application.applicant_id)
    if not any(_may_know_of(one, whole_case) for one in capacities):
        raise RuleError(Code.TASK_NOT_FOUND)
    acts = _acts_at(task, act)
    for one in capacities:
        if any(refusal(one, each, about) is None for each in acts):
            acting = one if act in _READING else await _in_whose_name(services, one, task, application)
            return Work(task, application, acting, about)
    if act not in _READING:
        allow(actor, act, about)
    # Whoever may decide a task may read what is judged there; all others need the case to be theirs to read.
    for one in capacities:
        if refusal(one, act, whole_case) is None:
            return Work(task, application, one, about)
    raise RuleError(Code.NOT_ALLOWED)


_READING = frozenset({Act.READ_APPLICATION, Act.READ_DOCUMENTS})


async def _in_whose_name(services: Services, actor: Actor, task: TaskRow, application: ApplicationRow) -> Actor:
    """An applicant acts for its party, staff at an applicant's task for the applicant; nobody decides on an own case.

    Raises RuleError(own-application) for one person under two accounts.
    """
    if actor.role is Role.APPLICANT:
        return acting_in(actor, application)
    if TaskKind(task.kind) in APPLICANTS_TASKS:
        return await stand_in(services, actor, application)
    await check_other_person(services, actor, application.applicant_id)
    return actor


def _acts_at(task: TaskRow, act: Act) -> tuple[Act, ...]:
    """What opens a task to somebody: the act itself, and for a decision the right to stand in for its holder."""
    if act not in (Act.DECIDE, Act.READ_APPLICATION, Act.READ_DOCUMENTS):
        return (act,)
    kind = TaskKind(task.kind)
    if kind in APPLICANTS_TASKS:
        return (Act.DECIDE, Act.ACT_FOR_APPLICANT)
    if kind is TaskKind.RECOMMENDATION:
        return (Act.DECIDE, Act.KEY_IN_ANSWER)
    return (Act.DECIDE,)


def _may_know_of(actor: Actor, subject: Subject) -> bool:
    """Numbers follow each other: to applicants and agencies, a case of others is one that does not exist."""
    return actor.role not in (Role.APPLICANT, Role.OPD) or refusal(actor, Act.READ_APPLICATION, subject) is None


def read_number(text: str) -> str:
    """The number of an address, which is written in one way alone. Raises RuleError(application-not-found)."""
    try:
        number = str(ApplicationNumber.parse(text))
    except NumberingError:
        raise RuleError(Code.APPLICATION_NOT_FOUND) from None
    if number != text:
        raise RuleError(Code.APPLICATION_NOT_FOUND)
    return number


PageSize = Annotated[int, Query(ge=1, le=200, description="Lines on a page")]
