"""A form that asks for an e-mail address and sends a mail there; the answer is the same whether somebody has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import Response

from api.pages.accounts.refusals import said
from api.pages.forms import SentForm
from api.pages.language import gettext as _
from api.pages.rendering import form_page, onward
from api.problems import Problem
from api.routes.accounts import EmailAsked
from api.routes.sessions import client_address
from api.services import Services

Send = Callable[[Services, str, str], Awaitable[object]]
"""Sends to an address, asked for from an address of the network. Raises Problem(too-many-attempts)."""


async def send_to_whom(
    request: Request, services: Services, form: SentForm, template: str, send: Send, done: str
) -> Response:
    """Sends and goes on to `done`, or draws the form of `template` again with what was typed."""
    typed = form.text("email", 320)
    try:
        await send(services, EmailAsked(email=typed).email, client_address(request))
    except ValidationError:
        return form_page(request, template, 422, email=typed, errors=[("email", email_words())])
    except Problem as problem:
        status, errors = said(request, problem)
        return form_page(request, template, status, email=typed, errors=errors)
    return onward(request, done)


def email_words() -> str:
    """What an address looks like."""
    return _("Tulis alamat e-mail seperti nama@contoh.id.")
