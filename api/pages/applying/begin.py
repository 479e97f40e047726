"""Begins an application: which type, and whether it is a new permit or continues an old one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import Here, SignedIn, allow
from api.idempotency import OnlyOnce
from api.pages.applying.drafts import FOR_WHOM
from api.pages.applying.entry import mended
from api.pages.forms import FormErrors, Sent
from api.pages.language import gettext as _
from api.pages.rendering import Refused, body_of, form_page, onward
from api.pages.words import variant_words
from api.routes.applications import DraftAsked, create_application
from api.services import Services
from permits.application import ApplicationStatus
from permits.authority import Act, Actor
from permits.definition import PermitDefinition, Variant
from permits.errors import Code, RuleError
from store.queries.application import ApplicationLine, applications
from store.queries.catalogue import definition_in_force

router = APIRouter()

MOST_READ = 200


@dataclass(frozen=True)
class Beginning:
    """The page before the first question."""

    permit_type: str
    title: str
    product: str
    promised_days: int
    fee: str
    variants: list[tuple[str, str, str]]  # value, words, what it means
    is_for_practice: bool
    refers_to: str | None
    drafts: list[ApplicationLine]  # of this type, begun before


def beginning(definition: PermitDefinition, drafts: list[ApplicationLine]) -> Beginning:
    """What the page shows."""
    meanings = {
        Variant.NEW: _("Anda belum punya izin ini."),
        Variant.RENEWAL: _("Izin Anda akan habis atau baru habis masa berlakunya."),
        Variant.CHANGE: _("Ada yang berubah pada izin yang masih berlaku, misalnya alamatnya."),
    }
    return Beginning(
        permit_type=definition.code,
        title=definition.title,
        product=definition.product,
        promised_days=definition.promised_days(definition.variants[0]),
        fee=definition.fee,
        variants=[(one.value, variant_words(one), meanings[one]) for one in definition.variants],
        is_for_practice=not definition.confirmed,
        refers_to=definition.refers_to,
        drafts=drafts,
    )


@router.get("/permohonan/baru")
async def begin(
    request: Request, login: SignedIn, services: Here, izin: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """What will be asked, and the choice of the variant."""
    allow(login.actor, Act.APPLY)
    if not izin:
        return RedirectResponse("/izin", 303)
    return _page(request, await _view(services, login.actor, izin))


@router.post("/permohonan/baru")
async def open_draft(
    request: Request, form: Sent, login: SignedIn, services: Here, only_once: OnlyOnce
) -> Response:
    """Opens the draft, and on to its first question."""
    allow(login.actor, Act.APPLY)
    view = await _view(services, login.actor, form.text("izin", 60))
    chosen = form.text("jenis", 20) or (view.variants[0][0] if len(view.variants) == 1 else "")
    if chosen not in [value for value, _words, _meaning in view.variants]:
        return _page(request, view, 422, [("jenis", _("Pilih izin baru, perpanjangan, atau perubahan."))])
    if view.refers_to:
        return _page(request, view, 422)
    asked = DraftAsked(permit_type=view.permit_type, variant=Variant(chosen), practice=view.is_for_practice)
    try:
        number = body_of(await create_application(asked, login, services, only_once))["number"]
    except Refused as error:
        return _page(request, view, *mended(request, error, "jenis"))
    return onward(
        request,
        f"/permohonan/{number}/isian/{FOR_WHOM}",
        _("Permohonan dibuat. Setiap jawaban langsung tersimpan; Anda boleh berhenti kapan saja."),
    )


async def _view(services: Services, actor: Actor, code: str) -> Beginning:
    """Raises RuleError(permit-type-not-found)."""
    if not code.isascii():
        raise RuleError(Code.PERMIT_TYPE_NOT_FOUND)
    today = await services.office_today()
    async with services.db.transaction() as session:
        definition = await definition_in_force(session, code, today)
        lines, _total = await applications(session, actor.id, None, MOST_READ)
    drafts = [one for one in lines if one.status == ApplicationStatus.DRAFT and one.permit_type == definition.code]
    return beginning(definition, drafts)


def _page(request: Request, view: Beginning, status: int = 200, errors: FormErrors | None = None) -> Response:
    return form_page(request, "applying/baru.html", status, view=view, errors=errors or [])
