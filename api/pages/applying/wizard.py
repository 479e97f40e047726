"""One question a page: for whom, the old permit, the questions of the form, and how the letter is to come.

Every page saves what it asks, and can be come back to in any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.continuing import OldPermitAsked
from api.dependencies import Case, Here
from api.pages.applying.dates import Boxes, boxes_of, day_of_boxes
from api.pages.applying.drafts import DELIVERY, FOR_WHOM, OLD_PERMIT_QUESTION, Plan
from api.pages.applying.entry import (
    LATER,
    case_of_sender,
    each_time,
    home_of_cases,
    mended,
    own_draft,
    plan_or_page,
)
from api.pages.applying.parties import BODY, PRINCIPAL, party_form_of, read_party
from api.pages.forms import FormErrors, Sent, SentForm, errors_of
from api.pages.language import gettext as _
from api.pages.rendering import Refused, body_of, form_page, onward
from api.problems import ApiCode, Problem
from api.routes.applications import DraftChange, change_application
from api.services import Services
from permits.application import Delivery, fits
from permits.definition import FormField
from permits.party import Party, PartyKind
from store.queries.permits import PermitFilter, PermitLine, permits

router = APIRouter()

Draft = Annotated[Case, Depends(own_draft)]
OTHER_PERMIT = "lain"
FROM_REVIEW = "periksa"
MOST_PERMITS = 50


@dataclass(frozen=True)
class Step:
    """The frame of a wizard's page."""

    number: str
    permit_name: str
    is_practice: bool
    caption: str
    back: str
    action: str
    home: str
    is_change: bool  # of one answer, from the review


@dataclass(frozen=True)
class QuestionStep:
    """A question of the form."""

    label: str
    kind: str
    required: bool
    max_length: int
    answer: str = ""
    boxes: Boxes = field(default_factory=Boxes)


@router.get("/permohonan/{number}/isian/{step}")
async def show_step(
    step: str,
    request: Request,
    case: Draft,
    services: Here,
    dari: Annotated[str, Query(max_length=20)] = "",
    sebagai: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """One page of the wizard with what was answered before."""
    plan = await plan_or_page(request, services, case)
    if isinstance(plan, Response):
        return plan
    frame = frame_of(plan, step, dari == FROM_REVIEW, home_of_cases(case.actor))
    match step:
        case "untuk-siapa":
            return _draw(request, frame, "untuk-siapa.html", chosen=chosen_party(plan))
        case "badan" | "pemberi-kuasa":
            form = party_form_of(plan.party, "person" if step == PRINCIPAL else sebagai or plan.party.kind.value)
            return _draw(request, frame, "badan.html" if step == BODY else "pemberi-kuasa.html", form=form)
        case "izin-lama":
            own = await _own_permits(services, plan)
            chosen, typed = _old_permit_of(plan, own)
            return _draw(request, frame, "izin-lama.html", own=own, chosen=chosen, typed=typed)
        case "cara-ambil":
            row = plan.row
            return _draw(
                request, frame, "cara-ambil.html", delivery=row.delivery, delivery_address=row.delivery_address or ""
            )
        case _:
            question = _question(plan, step)
            return _draw(request, frame, "pertanyaan.html", question=as_step(question, plan.row.data.get(step, "")))


@router.post("/permohonan/{number}/isian/{step}")
async def save_step(
    number: str,
    step: str,
    request: Request,
    form: Sent,
    services: Here,
    dari: Annotated[str, Query(max_length=20)] = "",
) -> Response:
    """Saves the answer and goes on: to the next page, back to the review, or home."""
    case = await case_of_sender(request, services, form, number)
    if isinstance(case, Response):
        return case
    plan = await plan_or_page(request, services, case)
    if isinstance(plan, Response):
        return plan
    frame = frame_of(plan, step, dari == FROM_REVIEW, home_of_cases(case.actor))
    sending = _Sending(request, services, case, plan, form, frame, step)
    match step:
        case "untuk-siapa":
            return await _save_for_whom(sending)
        case "badan" | "pemberi-kuasa":
            return await _save_party(sending)
        case "izin-lama":
            return await _save_old_permit(sending)
        case "cara-ambil":
            return await _save_delivery(sending)
        case _:
            return await _save_answer(sending, _question(plan, step))


@dataclass(frozen=True)
class _Sending:
    """One page on its way in."""

    request: Request
    services: Services
    case: Case
    plan: Plan
    form: SentForm
    frame: Step
    step: str

    @property
    def is_later(self) -> bool:
        return self.form.text("lanjut", 20) == LATER

    async def save(self, **changes: Any) -> dict[str, Any]:
        """Raises Problem, RuleError, ValidationError."""
        asked = DraftChange(**changes)
        return body_of(await change_application(asked, self.case, self.services, each_time(self.services, self.case)))

    def onward(self, step: str) -> Response:
        if self.is_later:
            return later(self.request, self.case)
        if self.frame.is_change:
            return onward(self.request, f"{self.plan.address}/periksa", _("Perubahan disimpan."))
        return onward(self.request, after(self.plan, step))


def later(request: Request, case: Case) -> Response:
    """Home, where the draft waits."""
    return onward(
        request, home_of_cases(case.actor), _("Tersimpan. Lanjutkan kapan saja dari daftar permohonan Anda.")
    )


def after(plan: Plan, step: str) -> str:
    """The address of the page after this one: the next question, then the documents."""
    if step == DELIVERY:
        return f"{plan.address}/periksa"
    place = plan.steps.index(step) + 1
    return plan.step_address(plan.steps[place]) if place < len(plan.steps) else f"{plan.address}/berkas"


def frame_of(plan: Plan, step: str, is_change: bool, home: str) -> Step:
    """The frame of one page. Raises Problem(not-found) for a page that this draft has not."""
    asks_about_party = step in (BODY, PRINCIPAL)
    if step not in plan.steps and step != DELIVERY and not asks_about_party:
        raise Problem(ApiCode.NOT_FOUND)
    place = 0 if asks_about_party else plan.steps.index(step) if step in plan.steps else len(plan.steps)
    words = _("Pertanyaan %(place)s dari %(count)s") % {"place": place + 1, "count": len(plan.steps)}
    if is_change:
        back = f"{plan.address}/periksa"
    elif asks_about_party:
        back = plan.step_address(FOR_WHOM)
    elif step == DELIVERY:
        back = f"{plan.address}/berkas"
    else:
        back = plan.step_address(plan.steps[place - 1]) if place else plan.address
    return Step(
        number=plan.row.number,
        permit_name=plan.row.title,
        is_practice=plan.row.practice,
        caption=_("Cara menerima surat") if step == DELIVERY else words,
        back=back,
        action=plan.step_address(step) + ("?dari=periksa" if is_change else ""),
        home=home,
        is_change=is_change,
    )


def as_step(question: FormField, answer: str, boxes: Boxes | None = None) -> QuestionStep:
    """A question as its page shows it."""
    return QuestionStep(
        label=question.label,
        kind=question.kind,
        required=question.required,
        max_length=question.max_length,
        answer=answer,
        boxes=boxes or boxes_of(answer),
    )


def chosen_party(plan: Plan) -> str:
    """Which choice of the first page stands; "" where none was made."""
    if plan.row.party is None:
        return ""
    if plan.party.kind is not PartyKind.PERSON:
        return plan.party.kind.value
    return "principal" if plan.party.proxy else "self"


# Questions of the form -----------------------------------------------------------------------------------------------


def _question(plan: Plan, code: str) -> FormField:
    return next(one for one in plan.questions if one.code == code)


def read_answer(question: FormField, form: SentForm) -> tuple[str, Boxes | None, str]:
    """The answer, the boxes of a date, and what is wrong with it; "" where nothing is."""
    about = {"label": question.label, "most": question.max_length}
    if question.kind == "date":
        boxes = Boxes(form.text("hari", 20), form.text("bulan", 20), form.text("tahun", 20))
        if boxes.is_empty:
            return "", boxes, _("%(label)s belum diisi.") % about if question.required else ""
        day = day_of_boxes(boxes)
        wrong = "" if day else _("%(label)s bukan tanggal. Contoh: 8 12 2026.") % about
        return day.isoformat() if day else "", boxes, wrong
    answer = form.text("jawaban", 6000).replace("\r\n", "\n").replace("\r", "\n")
    if question.kind == "number":
        answer = answer.replace(".", "").replace(" ", "")
    if not answer:
        return "", None, _("%(label)s belum diisi.") % about if question.required else ""
    if len(answer) > question.max_length:
        return answer, None, _("%(label)s terlalu panjang; paling banyak %(most)s huruf.") % about
    if question.kind == "number" and not (answer.isascii() and answer.isdigit()):
        return answer, None, _("%(label)s harus angka.") % about
    if not fits(question, answer):
        unkept = _("%(label)s memuat tanda yang tidak dapat kami simpan. Ketik lagi dengan huruf biasa.")
        return answer, None, unkept % about
    return answer, None, ""


async def _save_answer(sending: _Sending, question: FormField) -> Response:
    answer, boxes, wrong = read_answer(question, sending.form)
    if sending.is_later and (wrong or not answer) and not answer:
        return later(sending.request, sending.case)
    field_id = "hari" if question.kind == "date" else "jawaban"
    status, errors = 422, [(field_id, wrong)] if wrong else []
    if not errors:
        try:
            await sending.save(data={question.code: answer})
            return sending.onward(sending.step)
        except Refused as error:
            status, errors = mended(sending.request, error, field_id)
        except ValidationError as error:
            errors = errors_of(error, {"data": question.label})
    shown = as_step(question, answer, boxes)
    return _draw(sending.request, sending.frame, "pertanyaan.html", status, errors, question=shown)


# For whom ------------------------------------------------------------------------------------------------------------


async def _save_for_whom(sending: _Sending) -> Response:
    chosen = sending.form.text("untuk", 20)
    if sending.is_later and not chosen:
        return later(sending.request, sending.case)
    more = "&dari=periksa" if sending.frame.is_change else ""
    match chosen:
        case "self":
            await sending.save(party=Party())
            return sending.onward(sending.step)
        case "principal":
            return onward(sending.request, f"{sending.plan.step_address(PRINCIPAL)}?sebagai=person{more}")
        case "company" | "institution":
            return onward(sending.request, f"{sending.plan.step_address(BODY)}?sebagai={chosen}{more}")
    errors = [("untuk", _("Pilih untuk siapa izin ini."))]
    return _draw(sending.request, sending.frame, "untuk-siapa.html", 422, errors, chosen="")


async def _save_party(sending: _Sending) -> Response:
    form, party, errors = read_party(sending.form, is_body=sending.step == BODY)
    if sending.is_later and party is None:
        return later(sending.request, sending.case)
    status = 422
    if party is not None:
        try:
            await sending.save(party=party)
            return sending.onward(FOR_WHOM)
        except Refused as error:
            status, errors = mended(sending.request, error, "nama")
    template = "badan.html" if sending.step == BODY else "pemberi-kuasa.html"
    return _draw(sending.request, sending.frame, template, status, errors, form=form)


# The old permit ------------------------------------------------------------------------------------------------------


async def _own_permits(services: Services, plan: Plan) -> list[PermitLine]:
    """Permits of this type that the applicant holds and that can still be continued."""
    today = await services.office_today()
    wanted = PermitFilter(
        holder_id=plan.row.applicant_id,
        permit_type=plan.row.permit_type,
        status="in_force",
        practice=plan.row.practice,
    )
    async with services.db.transaction() as session:
        found, _total = await permits(session, wanted, today, None, MOST_PERMITS)
    return found


def _old_permit_of(plan: Plan, own: list[PermitLine]) -> tuple[str, str]:
    known = plan.row.old_permit or ""
    if known in [one.number for one in own]:
        return known, ""
    return OTHER_PERMIT if plan.row.old_permit_text else "", plan.row.old_permit_text or ""


async def _save_old_permit(sending: _Sending) -> Response:
    own = await _own_permits(sending.services, sending.plan)
    chosen = sending.form.text("izin", 60) if own else OTHER_PERMIT
    typed = sending.form.text("nomor_lama", 200)
    if sending.is_later and not (typed or chosen in [one.number for one in own]):
        return later(sending.request, sending.case)
    status, errors = 422, _wrong_old_permit(own, chosen, typed)
    if not errors:
        named = {"number": typed, "on_paper": True} if chosen == OTHER_PERMIT else {"number": chosen}
        try:
            saved = await sending.save(old_permit=OldPermitAsked.model_validate(named))
            if any(one.code == OLD_PERMIT_QUESTION for one in sending.plan.definition.form):
                # Once is enough: the form's own question about it is answered as well.
                await sending.save(data={OLD_PERMIT_QUESTION: saved["old_permit_text"]})
            return sending.onward(sending.step)
        except Refused as error:
            status, errors = mended(sending.request, error, "nomor_lama" if chosen == OTHER_PERMIT else "izin")
        except ValidationError as error:
            errors = [("nomor_lama", words) for _field, words in errors_of(error, {"number": _("Nomor izin lama")})]
    return _draw(
        sending.request, sending.frame, "izin-lama.html", status, errors, own=own, chosen=chosen, typed=typed
    )


def _wrong_old_permit(own: list[PermitLine], chosen: str, typed: str) -> FormErrors:
    if chosen == OTHER_PERMIT:
        return [] if typed else [("nomor_lama", _("Nomor izin lama belum diisi. Salin dari surat izin Anda."))]
    if chosen not in [one.number for one in own]:
        return [("izin", _("Pilih izin yang akan Anda lanjutkan."))]
    return []


# Delivery ------------------------------------------------------------------------------------------------------------


async def _save_delivery(sending: _Sending) -> Response:
    chosen = sending.form.text("cara", 20)
    address = " ".join(sending.form.text("alamat", 600).split())
    status, errors = 422, wrong_delivery(chosen, address)
    if sending.is_later and errors:
        return later(sending.request, sending.case)
    if not errors:
        given = {"delivery_address": address} if chosen == Delivery.POST else {}
        try:
            await sending.save(delivery=Delivery(chosen), **given)
            return sending.onward(sending.step)
        except Refused as error:
            status, errors = mended(sending.request, error, "cara")
        except ValidationError as error:
            errors = [("alamat", words) for _field, words in errors_of(error, {"delivery_address": _("Alamat")})]
    return _draw(
        sending.request, sending.frame, "cara-ambil.html", status, errors, delivery=chosen, delivery_address=address
    )


def wrong_delivery(chosen: str, address: str) -> FormErrors:
    """What is wrong with a choice of delivery."""
    if chosen not in [one.value for one in Delivery]:
        return [("cara", _("Pilih cara menerima surat."))]
    if chosen == Delivery.POST and len(address) < 10:
        return [("alamat", _("Alamat pengiriman belum lengkap: jalan, nomor, kelurahan, kota, dan kode pos."))]
    if chosen == Delivery.POST and len(address) > 500:
        return [("alamat", _("Alamat pengiriman terlalu panjang; paling banyak 500 huruf."))]
    return []


def _draw(
    request: Request,
    frame: Step,
    template: str,
    status: int = 200,
    errors: FormErrors | None = None,
    **context: Any,
) -> Response:
    context_of_page: Mapping[str, Any] = {"frame": frame, "errors": errors or [], **context}
    return form_page(request, f"applying/{template}", status, **context_of_page)

