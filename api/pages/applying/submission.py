"""Check the answers, declare, submit; then the receipt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import Case, Here, case_for
from api.pages.answers import answer_words
from api.pages.applying.drafts import DELIVERY, FOR_WHOM, OLD_PERMIT, Gap, Plan
from api.pages.applying.entry import (
    case_of_sender,
    each_time,
    home_of_cases,
    mended,
    own_draft,
    plan_or_page,
    under_key,
)
from api.pages.formatting import working_days
from api.pages.forms import FormErrors, Sent
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, onward
from api.pages.words import variant_words
from api.routes.applications import DraftChange, change_application, submit_application
from api.services import Services
from api.views import tracking_view
from permits.application import ApplicationStatus, Delivery
from permits.authority import Act, Actor
from permits.errors import Code
from permits.party import Party, PartyKind

router = APIRouter()

Draft = Annotated[Case, Depends(own_draft)]
Readable = Annotated[Case, Depends(case_for(Act.READ_APPLICATION))]


@dataclass(frozen=True)
class Answer:
    """A line of the summary with its change link."""

    label: str
    text: str
    change: str
    is_missing: bool = False
    download: str | None = None


@dataclass(frozen=True)
class Review:
    """Everything that will be submitted."""

    number: str
    permit_name: str
    product: str
    is_practice: bool
    sections: list[tuple[str, list[Answer]]]
    gaps: list[Gap]
    promise: str
    fee: str
    left_over: list[str]
    is_overtaken: bool
    may_be_submitted: bool
    back: str
    home: str


@dataclass(frozen=True)
class Receipt:
    """What the applicant keeps."""

    number: str
    permit_name: str
    tracking_code: str
    tracking_url: str
    promised_on: date | None
    promise_working_days: int | None
    is_provisional: bool
    is_practice: bool
    documents: int


@router.get("/permohonan/{number}/periksa")
async def review(request: Request, case: Draft, services: Here) -> Response:
    """The answers and documents, each with a way to change it."""
    plan = await plan_or_page(request, services, case)
    if isinstance(plan, Response):
        return plan
    return _page(request, plan, case.actor)


@router.post("/permohonan/{number}/periksa")
async def submit(number: str, request: Request, form: Sent, services: Here) -> Response:
    """Submits, and on to the receipt."""
    case = await case_of_sender(request, services, form, number)
    if isinstance(case, Response):
        return case
    receipt = f"/permohonan/{number}/terkirim"
    if case.row.status != ApplicationStatus.DRAFT:
        return RedirectResponse(receipt, 303)  # sent twice, done once
    plan = await plan_or_page(request, services, case)
    if isinstance(plan, Response):
        return plan
    if plan.gaps:
        return _page(request, plan, case.actor, 422)
    if form.text("pernyataan", 10) != "ya":
        words = _("Centang pernyataan bahwa data dan berkas Anda benar.")
        return _page(request, plan, case.actor, 422, [("pernyataan", words)])
    once = under_key(request, services, case, form)
    try:
        if plan.left_over:
            await change_application(DraftChange(data={}), case, services, each_time(services, case))
            case = await own_draft(number, request.state.login, services)
        await submit_application(case, services, once)
    except Refused as error:
        if error.code == Code.ALREADY_SUBMITTED:
            return RedirectResponse(receipt, 303)
        return _page(request, plan, case.actor, *mended(request, error, "pernyataan"))
    return onward(request, receipt)


@router.get("/permohonan/{number}/terkirim")
async def receipt(request: Request, case: Readable, services: Here) -> Response:
    """Number, promised date, tracking code."""
    if case.row.status == ApplicationStatus.DRAFT or case.row.tracking_code is None:
        return RedirectResponse(f"/permohonan/{case.row.number}", 303)
    return form_page(request, "applying/terkirim.html", view=await _receipt(services, case))


async def _receipt(services: Services, case: Case) -> Receipt:
    row = case.row
    code = row.tracking_code or ""
    tracked = await tracking_view(services, code)
    return Receipt(
        number=row.number,
        permit_name=row.title,
        tracking_code=code,
        tracking_url=f"{services.settings.public_base_url}/lacak/{code}",
        promised_on=tracked.promised_on,
        promise_working_days=tracked.promise_working_days,
        is_provisional=tracked.promise_provisional,
        is_practice=row.practice,
        documents=len(await services.records.newest_documents(row.number)),
    )


def review_of(plan: Plan, actor: Actor) -> Review:
    """The review as its page shows it."""
    days = working_days(plan.definition.promised_days(plan.variant))
    return Review(
        number=plan.row.number,
        permit_name=plan.row.title,
        product=plan.definition.terms_of(plan.variant).product or plan.definition.product,
        is_practice=plan.row.practice,
        sections=[
            (_("Pemohon"), _about_party(plan)),
            (_("Isian permohonan"), _about_answers(plan)),
            (_("Berkas"), _about_documents(plan)),
            (_("Surat"), _about_delivery(plan)),
        ],
        gaps=plan.gaps,
        promise=days,
        fee=plan.definition.terms_of(plan.variant).fee or plan.definition.fee,
        left_over=plan.left_over,
        is_overtaken=plan.is_overtaken,
        may_be_submitted=not plan.gaps,
        back=plan.address,
        home=home_of_cases(actor),
    )


def _change(plan: Plan, step: str) -> str:
    return f"{plan.step_address(step)}?dari=periksa"


def _about_party(plan: Plan) -> list[Answer]:
    lines = [
        Answer(
            _("Untuk siapa"), party_words(plan.party) if plan.row.party is not None else "", _change(plan, FOR_WHOM),
            is_missing=plan.row.party is None,
        )
    ]  # fmt: skip
    if OLD_PERMIT in plan.steps:
        old = plan.row.old_permit_text or ""
        lines.append(Answer(_("Izin lama"), old, _change(plan, OLD_PERMIT), is_missing=not old))
    return [Answer(_("Jenis permohonan"), variant_words(plan.row.variant), ""), *lines]


def party_words(party: Party) -> str:
    """For whom, in words."""
    proxy = party.proxy
    if party.kind is PartyKind.PERSON:
        if proxy is None:
            return _("Anda sendiri")
        return _("%(name)s, yang memberi kuasa kepada Anda (%(relation)s)") % {
            "name": proxy.principal_name,
            "relation": proxy.relation,
        }
    how = party.position or (_("dengan kuasa dari %(name)s") % {"name": proxy.principal_name} if proxy else "")
    return f"{party.name} · {how}" if how else party.name


def _about_answers(plan: Plan) -> list[Answer]:
    return [
        Answer(
            one.label, answer_words(one.kind, plan.row.data.get(one.code, "")), _change(plan, one.code),
            is_missing=one.required and not plan.is_done(one.code),
        )
        for one in plan.questions
    ]  # fmt: skip


def _about_documents(plan: Plan) -> list[Answer]:
    found = []
    for one in plan.requirements:
        there = plan.documents.get(one.code)
        address = plan.document_address(one.code)
        found.append(
            Answer(
                one.title, there.filename if there else "", address,
                is_missing=one.required and there is None, download=f"{address}/unduh" if there else None,
            )
        )  # fmt: skip
    return found


def delivery_words(delivery: str) -> str:
    """How the letter comes."""
    words = {
        Delivery.DOWNLOAD: _("Diunduh dari halaman ini"),
        Delivery.EMAIL: _("Dikirim ke alamat e-mail akun Anda"),
        Delivery.PICKUP: _("Diambil di loket kantor kami"),
        Delivery.POST: _("Dikirim lewat pos"),
    }
    return words[Delivery(delivery)]


def _about_delivery(plan: Plan) -> list[Answer]:
    change = _change(plan, DELIVERY)
    lines = [Answer(_("Cara menerima surat"), delivery_words(plan.row.delivery), change)]
    if plan.row.delivery == Delivery.POST:
        address = plan.row.delivery_address or ""
        lines.append(Answer(_("Alamat pengiriman"), address, change, is_missing=not address))
    return lines


def _page(
    request: Request, plan: Plan, actor: Actor, status: int = 200, errors: FormErrors | None = None
) -> Response:
    return form_page(request, "applying/periksa.html", status, view=review_of(plan, actor), errors=errors or [])
