"""A page for one act with a few fields: asked, done, or drawn again with what has to be mended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from fastapi import Request
from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from api.pages.forms import SentForm, errors_of
from api.pages.officers.choices import FormField
from api.pages.rendering import Refused, form_page, is_unsure, onward, refused, unsure_page

TEMPLATE = "officers/tindakan.html"


@dataclass(frozen=True)
class ActView:
    """The page."""

    title: str
    address: str
    back: str
    back_words: str
    button: str
    fields: list[FormField]
    about: str = ""
    words: str = ""  # what follows from it
    danger: bool = False
    here: str = "/kasus"


def ask(request: Request, view: ActView) -> Response:
    """The form, empty."""
    return form_page(request, TEMPLATE, view=view, errors=[])


async def act(
    request: Request,
    view: ActView,
    form: SentForm,
    do: Callable[[], Awaitable[JSONResponse]],
    done: str,
    onto: str = "",
) -> Response:
    """Does it and goes on to `onto` (else back); what the form can mend is drawn again with what was typed."""
    try:
        answer = await do()
    except ValidationError as wrong:
        labels = {one.name: one.label for one in view.fields}
        errors = [(_id_of(view, name), words) for name, words in errors_of(wrong, labels)]
        return form_page(request, TEMPLATE, 422, view=typed(view, form), errors=errors)
    except Refused as error:
        status, errors = refused(request, error, view.fields[0].id)
        return form_page(request, TEMPLATE, status, view=typed(view, form), errors=errors)
    if is_unsure(answer):
        return unsure_page(request, form, view.back)
    return onward(request, onto or view.back, done)


def typed(view: ActView, form: SentForm) -> ActView:
    """The page with what was typed."""
    return replace(view, fields=[replace(one, value=form.text(one.name)) for one in view.fields])


def _id_of(view: ActView, name: str) -> str:
    return next((one.id for one in view.fields if one.name == name), view.fields[0].id)
