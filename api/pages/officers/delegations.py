"""`/delegasi`: one's own desk lent to a colleague for a time, and taken back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.dependencies import Here, may
from api.idempotency import OnlyOnce
from api.pages.formatting import full_date
from api.pages.forms import FormErrors, Sent, SentForm, errors_of
from api.pages.language import gettext as _
from api.pages.officers.choices import FormField
from api.pages.rendering import Refused, form_page, onward, refused
from api.pages.words import Options, role_words
from api.routes.people import end_delegation, lend_desk
from api.services import Services
from api.staffing import DelegationAsked
from permits.authority import Act, Actor
from permits.errors import RuleError
from permits.staffing import check_lent
from store.records import actor_of

delegation_pages = APIRouter()
Lender = Annotated[Actor, Depends(may(Act.DELEGATE))]
DelegationId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")]


@dataclass(frozen=True)
class Lent:
    """A desk that is or was lent."""

    id: str
    words: str
    period: str
    reason: str
    state: tuple[str, str]
    can_end: bool


@dataclass(frozen=True)
class DelegationsView:
    """The whole screen."""

    desk: str
    lent: list[Lent]
    fields: list[FormField]


@delegation_pages.get("/delegasi")
async def delegations_page(request: Request, actor: Lender, services: Here) -> Response:
    """Desks that were lent and borrowed, and the form to lend one's own."""
    return form_page(request, "officers/delegasi.html", view=await _view(services, actor), errors=[])


@delegation_pages.post("/delegasi")
async def lend_page(request: Request, actor: Lender, services: Here, form: Sent, only_once: OnlyOnce) -> Response:
    """Lends one's own desk."""
    status, errors = 422, FormErrors()
    names = ("to_id", "valid_from", "valid_until", "reason")
    try:
        asked = DelegationAsked.model_validate({name: form.text(name, 600) for name in names})
        await lend_desk(asked, actor, services, only_once)
    except ValidationError as wrong:
        errors = errors_of(wrong, {one.name: one.label for one in _fields([])})
    except Refused as error:
        status, errors = refused(request, error, "to_id")
    else:
        return onward(request, "/delegasi", _("Meja Anda sudah dipinjamkan."))
    view = await _view(services, actor, form)
    return form_page(request, "officers/delegasi.html", status, view=view, errors=errors)


@delegation_pages.post("/delegasi/{delegation_id}/akhiri")
async def end_page(request: Request, delegation_id: DelegationId, actor: Lender, services: Here) -> Response:
    """The desk is its owner's alone again."""
    await end_delegation(delegation_id, actor, services)
    return onward(request, "/delegasi", _("Pinjaman meja sudah diakhiri."))


async def _view(services: Services, actor: Actor, form: SentForm | None = None) -> DelegationsView:
    today = await services.office_today()
    names = {row.id: row.name for row in await services.records.officers()}
    rows = await services.records.delegations_of(actor.id)
    lent = [
        lent_of(
            Lent(row.id, "", period_words(row.valid_from, row.valid_until), row.reason, ("", ""), False),
            names.get(row.to_id if row.from_id == actor.id else row.from_id, ""),
            row.from_id == actor.id,
            _standing(row.valid_from, row.valid_until, row.revoked_at is not None, today),
        )
        for row in rows
    ]
    fields = _fields(await _colleagues(services, actor))
    if form is not None:
        fields = [replace(one, value=form.text(one.name)) for one in fields]
    return DelegationsView(role_words(actor.role), lent, fields)


def lent_of(row: Lent, name: str, own: bool, standing: str) -> Lent:
    """A loan in words; `own`: the reader's own desk."""
    words = _("Meja Anda kepada %(name)s") if own else _("Meja %(name)s kepada Anda")
    states = {
        "now": ("daun", _("Berlaku")),
        "later": ("nila", _("Akan berlaku")),
        "over": ("kelabu", _("Selesai")),
        "ended": ("kelabu", _("Diakhiri")),
    }
    return replace(row, words=words % {"name": name}, state=states[standing], can_end=standing in ("now", "later"))


def period_words(first: date, last: date) -> str:
    """From day to day."""
    return _("%(first)s sampai %(last)s") % {"first": full_date(first), "last": full_date(last)}


def _standing(first: date, last: date, ended: bool, today: date) -> str:
    if ended:
        return "ended"
    return "later" if today < first else "over" if today > last else "now"


async def _colleagues(services: Services, actor: Actor) -> Options:
    """Those that the desk may be lent to, by the one rule."""
    own = await services.records.account(actor.id)
    found = []
    for row in await services.records.accounts():
        if own is None or row.id == own.id or row.role == "applicant":
            continue
        try:
            check_lent(actor_of(own), actor_of(row))
        except RuleError:
            continue
        found.append((row.id, f"{row.name}, {role_words(row.role).lower()}"))
    return sorted(found, key=lambda one: one[1])


def _fields(colleagues: Options) -> list[FormField]:
    return [
        FormField("to_id", "to_id", _("Kepada"), "select", options=colleagues, ask=True),
        FormField("valid_from", "valid_from", _("Mulai"), type="date", classes="govuk-input--width-10"),
        FormField("valid_until", "valid_until", _("Sampai"), type="date", classes="govuk-input--width-10"),
        FormField("reason", "reason", _("Alasan"), hint=_("Misalnya cuti atau dinas luar.")),
    ]
