"""How a page of this area is entered: who sends, for which draft, and what is drawn where that cannot be.

A log-in that ends while somebody writes loses nothing: the same fields come back with a way to send them again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import Case, case_of_applicant_or_stand_in, signed_in
from api.idempotency import FORM_KEY, Once
from api.pages.applying.drafts import Plan, plan_of
from api.pages.forms import KEY, TOKEN, FormErrors, SentForm
from api.pages.language import gettext as _
from api.pages.rendering import form_page, refused
from api.problems import ApiCode, Problem
from api.services import Services
from permits.application import ApplicationStatus
from permits.authority import Act, Actor, Role
from permits.errors import Code, RuleError

LATER = "nanti"
"""What the second button of a form sends: save, and go on another day."""
SETTLE_SECONDS = 3.0

own_draft = case_of_applicant_or_stand_in(Act.EDIT_DRAFT, for_draft=Act.APPLY_FOR, for_case=Act.APPLY_FOR)
"""The case `number` as whoever may write it: (number, login, services) -> Case."""

CaseOf = Callable[..., Awaitable[Case]]
_LOST = (ApiCode.UNAUTHENTICATED, ApiCode.SESSION_EXPIRED, ApiCode.CSRF_FAILED)


async def case_of_sender(
    request: Request, services: Services, form: SentForm, number: str, load: CaseOf = own_draft
) -> Case | Response:
    """The case that a form is about, or the page that keeps its fields while its sender logs in again.

    Raises Problem and RuleError as the routes' own dependencies do.
    """
    try:
        login = await signed_in(request, services)
    except Problem as problem:
        if problem.code not in _LOST or not _is_from_our_page(request):
            raise
        return _send_again(request, form)
    return await load(number, login, services)


def _is_from_our_page(request: Request) -> bool:
    """Browsers say where a form comes from in a header that no page can write (Fetch Metadata)."""
    return request.headers.get("sec-fetch-site") == "same-origin"


def _send_again(request: Request, form: SentForm) -> Response:
    kept = [(name, value) for name, values in form.fields.items() for value in values if name not in (TOKEN, KEY)]
    return form_page(
        request,
        "applying/masuk-lagi.html",
        401 if request.state.person is None else 403,
        hidden=kept,
        shown=[value for _name, value in kept if len(value) > 1],
        action=request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        is_back=request.state.person is not None,
    )


async def plan_or_page(request: Request, services: Services, case: Case) -> Plan | Response:
    """The draft's plan; the case's own page where it is no draft, a plain word where its type is not served today."""
    if case.row.status != ApplicationStatus.DRAFT:
        return RedirectResponse(f"/permohonan/{case.row.number}", 303)
    try:
        return await plan_of(services, case)
    except RuleError as gone:
        if gone.code is not Code.PERMIT_TYPE_NOT_FOUND:
            raise
        return form_page(
            request,
            "applying/tidak-dilayani.html",
            410,
            number=case.row.number,
            permit_name=case.row.title,
            answers=[answer for answer in case.row.data.values() if answer],
        )


def home_of_cases(actor: Actor) -> str:
    """Where one's drafts are listed: one's own, or those of the counter."""
    return "/loket" if actor.role is Role.FRONT_OFFICE else "/permohonan"


def each_time(services: Services, case: Case) -> Once:
    """For writes that are the same when they are done twice, so that a page gone back to can be sent again."""
    return Once(services, case.actor.id, None, "")


def under_key(request: Request, services: Services, case: Case, form: SentForm) -> Once:
    """For writes that happen once under the form's key."""
    return Once(services, case.actor.id, form_key_of(form), f"{request.method} {request.url.path}")


def form_key_of(form: SentForm) -> str | None:
    """The key that the form carries; None where it is none."""
    given = form.text(KEY, 128)
    return given if FORM_KEY.fullmatch(given) else None


def mended(request: Request, error: Problem | RuleError, field: str) -> tuple[int, FormErrors]:
    """As `refused`; a form that was sent before with other answers is simply sent again."""
    if error.code == Code.IDEMPOTENCY_KEY_REUSED:
        return 409, [(field, _("Halaman ini sudah pernah dikirim dengan isi lain. Periksa isinya, lalu kirim lagi."))]
    return refused(request, error, field)


async def settled(done: Callable[[], Awaitable[bool]], seconds: float = SETTLE_SECONDS) -> None:
    """Waits a moment for the record to show what the engine has just accepted; the next page is true either way."""
    loop = asyncio.get_running_loop()
    until = loop.time() + seconds
    while not await done() and loop.time() < until:
        await asyncio.sleep(0.1)
