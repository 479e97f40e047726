"""Takes an application back, or throws a draft away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.dependencies import Case, Here
from api.pages.applying.answering import own_case
from api.pages.applying.entry import case_of_sender, home_of_cases, mended, own_draft, settled, under_key
from api.pages.forms import FormErrors, Sent, errors_of
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, is_unsure, onward, unsure_page
from api.routes.applications import WithdrawalAsked, discard_application, withdraw_application
from permits.application import CLOSED, ApplicationStatus

router = APIRouter()

Own = Annotated[Case, Depends(own_case)]
Draft = Annotated[Case, Depends(own_draft)]


@dataclass(frozen=True)
class Leaving:
    """The case that is to be taken back."""

    number: str
    permit_name: str


@router.get("/permohonan/{number}/tarik")
async def ask_to_withdraw(request: Request, case: Own) -> Response:
    """What withdrawing means, before it is done."""
    if case.row.status == ApplicationStatus.DRAFT or case.row.status in CLOSED:
        return RedirectResponse(f"/permohonan/{case.row.number}", 303)
    return _page(request, case)


@router.post("/permohonan/{number}/tarik")
async def withdraw(number: str, request: Request, form: Sent, services: Here) -> Response:
    """Takes the application back."""
    case = await case_of_sender(request, services, form, number, own_case)
    if isinstance(case, Response):
        return case
    reason = form.text("alasan", 2000).replace("\r\n", "\n")
    if form.text("yakin", 10) != "ya":
        errors = [("yakin", _("Centang bahwa Anda memang menarik permohonan ini."))]
        return _page(request, case, 422, errors, reason)
    try:
        asked = WithdrawalAsked(reason=reason)
        answer = await withdraw_application(asked, case, services, under_key(request, services, case, form))
    except ValidationError as wrong:
        errors = [("alasan", words) for _place, words in errors_of(wrong, {"reason": _("Alasan")})]
        return _page(request, case, 422, errors, reason)
    except Refused as error:
        status, errors = mended(request, error, "yakin")
        return _page(request, case, status, errors, reason)
    if is_unsure(answer):
        return unsure_page(request, form, f"/permohonan/{number}")

    async def is_closed() -> bool:
        return (await services.records.application(number)).status in CLOSED

    await settled(is_closed)
    return onward(request, f"/permohonan/{number}", _("Permohonan Anda sudah ditarik."))


@router.get("/permohonan/{number}/hapus")
async def ask_to_discard(request: Request, case: Draft) -> Response:
    """What goes with the draft, before it goes."""
    if case.row.status != ApplicationStatus.DRAFT:
        return RedirectResponse(f"/permohonan/{case.row.number}", 303)
    return form_page(request, "applying/hapus.html", view=Leaving(case.row.number, case.row.title))


@router.post("/permohonan/{number}/hapus")
async def discard(number: str, request: Request, form: Sent, services: Here) -> Response:
    """Throws the draft away, with its documents."""
    case = await case_of_sender(request, services, form, number)
    if isinstance(case, Response):
        return case
    await discard_application(case, services)
    return onward(request, home_of_cases(case.actor), _("Permohonan yang belum diajukan itu sudah dihapus."))


def _page(
    request: Request, case: Case, status: int = 200, errors: FormErrors | None = None, reason: str = ""
) -> Response:
    view = Leaving(case.row.number, case.row.title)
    return form_page(request, "applying/tarik.html", status, view=view, errors=errors or [], reason=reason)
