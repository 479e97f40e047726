"""After a permit is issued: renew it, extend it, change it, or ask for a new letter in place of one that is lost."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.continuing import OldPermitAsked
from api.dependencies import Case, Here, case_for
from api.pages.applying.drafts import FOR_WHOM
from api.pages.applying.entry import case_of_sender, mended, under_key
from api.pages.applying.submission import delivery_words
from api.pages.forms import FormErrors, Sent, SentForm, errors_of
from api.pages.language import gettext as _
from api.pages.rendering import Refused, body_of, form_page, onward
from api.routes.applications import DraftAsked, create_application
from api.routes.permits import ExtensionAsked, ReplacementAsked, extend_permit, replace_permit
from api.services import Services
from permits.after_issue import Cause, IssuedPermit, check_procedure, extended_until
from permits.application import Delivery, fits
from permits.authority import Act
from permits.definition import FormField, PermitDefinition, Procedure, Variant
from permits.errors import Code, RuleError
from permits.party import Party, party_of
from store.queries.catalogue import definition_in_force, definition_version
from store.queries.permits import PermitLine, permit_line

router = APIRouter()

own_permit = case_for(Act.ASK_FOR_CHANGE)
Own = Annotated[Case, Depends(own_permit)]
CHANGED = "changed"
"""A choice of its own beside the causes of a replacement: something about the permit has changed."""


@dataclass(frozen=True)
class Held:
    """A permit with what may be asked about it."""

    number: str
    title: str
    number_text: str
    holder_name: str
    valid_until: date | None
    is_practice: bool
    may_renew: bool  # as a new application with documents
    extended_until: date | None  # the last day after an extension; None where there can be none
    may_replace: bool
    may_change: bool
    printed: list[tuple[FormField, str]]  # what the letter says, question by question
    deliveries: list[tuple[str, str]]


@router.get("/permohonan/{number}/perpanjang")
async def ask_to_renew(request: Request, case: Own, services: Here) -> Response:
    """The ways to go on with this permit."""
    held = await _held(services, case)
    return form_page(request, "applying/perpanjang.html", view=held, chosen="", delivery="download", errors=[])


@router.post("/permohonan/{number}/perpanjang")
async def renew(number: str, request: Request, form: Sent, services: Here) -> Response:
    """Begins a renewal with what is known, or orders the extension."""
    case = await case_of_sender(request, services, form, number, own_permit)
    if isinstance(case, Response):
        return case
    held = await _held(services, case)
    chosen, delivery = form.text("cara_perpanjang", 20), form.text("cara", 20) or Delivery.DOWNLOAD.value
    status, errors = 422, [("cara_perpanjang", _("Pilih cara memperpanjang izin Anda."))]
    try:
        if chosen == "renewal" and held.may_renew:
            return await _continue(request, services, case, form, Variant.RENEWAL)
        if chosen == "extension" and held.extended_until is not None and delivery in dict(held.deliveries):
            once = under_key(request, services, case, form)
            answer = await extend_permit(ExtensionAsked(delivery=Delivery(delivery)), case, services, once)
            return onward(request, f"/permohonan/{body_of(answer)['number']}/terkirim")
    except Refused as error:
        status, errors = mended(request, error, "cara_perpanjang")
    return form_page(
        request, "applying/perpanjang.html", status, view=held, chosen=chosen, delivery=delivery, errors=errors
    )


@router.get("/permohonan/{number}/ganti")
async def ask_to_replace(request: Request, case: Own, services: Here) -> Response:
    """Why a new letter is wanted."""
    held = await _held(services, case)
    return form_page(request, "applying/ganti.html", view=held, errors=[], **_asked(None, held))


@router.post("/permohonan/{number}/ganti")
async def replace(number: str, request: Request, form: Sent, services: Here) -> Response:
    """Orders the new letter, or begins an application for a change."""
    case = await case_of_sender(request, services, form, number, own_permit)
    if isinstance(case, Response):
        return case
    held = await _held(services, case)
    asked = _asked(form, held)
    status, errors = 422, _wrong(form, held)
    if not errors:
        try:
            if form.text("sebab", 20) == CHANGED:
                return await _continue(request, services, case, form, Variant.CHANGE)
            return await _replace(request, services, case, form, held)
        except Refused as error:
            status, errors = mended(request, error, "sebab")
        except ValidationError as wrong:
            errors = [("penjelasan", words) for _place, words in errors_of(wrong, {"note": _("Penjelasan")})]
    return form_page(request, "applying/ganti.html", status, view=held, errors=errors, **asked)


async def _replace(request: Request, services: Services, case: Case, form: SentForm, held: Held) -> Response:
    cause = Cause(form.text("sebab", 20))
    wanted = ReplacementAsked(
        cause=cause,
        note=form.text("penjelasan", 2000).replace("\r\n", "\n"),
        corrections=_corrections(form, held) if cause is Cause.MISTAKE else {},
        delivery=Delivery(form.text("cara", 20)),
    )
    answer = await replace_permit(wanted, case, services, under_key(request, services, case, form))
    return onward(request, f"/permohonan/{body_of(answer)['number']}/terkirim")


def _corrections(form: SentForm, held: Held) -> dict[str, str]:
    """The answers that were written anew."""
    sent = {code: text.replace("\r\n", "\n") for code, text in form.under("isi.").items()}
    return {one.code: sent[one.code] for one, before in held.printed if sent.get(one.code, before) != before}


def _asked(form: SentForm | None, held: Held) -> dict[str, object]:
    if form is None:
        before = {one.code: text for one, text in held.printed}
        return {"cause": "", "note": "", "delivery": Delivery.DOWNLOAD.value, "written": before}
    return {
        "cause": form.text("sebab", 20),
        "note": form.text("penjelasan", 2000),
        "delivery": form.text("cara", 20),
        "written": {one.code: form.text(f"isi.{one.code}") for one, _text in held.printed},
    }


def _wrong(form: SentForm, held: Held) -> FormErrors:
    cause = form.text("sebab", 20)
    if cause == CHANGED and held.may_change:
        return []
    if cause not in [one.value for one in Cause] or not held.may_replace:
        return [("sebab", _("Pilih mengapa surat izinnya perlu diganti."))]
    if form.text("cara", 20) not in dict(held.deliveries):
        return [("cara", _("Pilih cara menerima surat."))]
    if cause != Cause.MISTAKE:
        return []
    corrections = _corrections(form, held)
    if not corrections and not form.text("penjelasan"):
        return [("penjelasan", _("Betulkan isian yang keliru, atau tulis apa yang keliru."))]
    return [
        (f"isi-{one.code}", _("%(label)s belum benar. Periksa, lalu kirim lagi.") % {"label": one.label})
        for one, _before in held.printed
        if one.code in corrections and not fits(one, corrections[one.code])
    ]


async def _continue(
    request: Request, services: Services, case: Case, form: SentForm, variant: Variant
) -> Response:
    """A new draft that names this permit, with the answers of before; each of them is asked again."""
    async with services.db.transaction() as session:
        law = await definition_in_force(session, case.row.permit_type, await services.office_today())
    known = {one.code for one in law.form}
    asked = DraftAsked(
        permit_type=case.row.permit_type,
        variant=variant,
        data={code: answer for code, answer in case.row.data.items() if code in known},
        delivery=Delivery(case.row.delivery) if case.row.delivery != Delivery.POST else Delivery.DOWNLOAD,
        party=_same_party(case),
        old_permit=OldPermitAsked(number=case.row.number),
        practice=case.row.practice,
    )
    answer = await create_application(asked, request.state.login, services, under_key(request, services, case, form))
    return onward(
        request,
        f"/permohonan/{body_of(answer)['number']}/isian/{FOR_WHOM}",
        _("Isian dari izin lama sudah kami salin. Periksa satu per satu, dan unggah berkas yang baru."),
    )


def _same_party(case: Case) -> Party | None:
    return party_of(case.row.party) if case.row.party is not None else None


async def _held(services: Services, case: Case) -> Held:
    """The permit of a case. Raises RuleError(permit-not-found) where none came of it."""
    today = await services.office_today()
    async with services.db.transaction() as session:
        line = await permit_line(session, case.row.number, today)
    permit = await services.records.permit(case.row.number)
    law, in_force = await _law(services, case, today)
    return held_permit(
        line,
        case.row.data,
        law,
        may_renew=in_force and _renewable(line, law),
        until=_until(permit, law, today),
        may_replace=_replaceable(permit, law, today),
        may_change=in_force and Variant.CHANGE in law.variants and permit.is_in_force(today),
        has_address=bool(case.row.delivery_address),
    )


def held_permit(
    line: PermitLine,
    data: dict[str, str],
    law: PermitDefinition,
    *,
    may_renew: bool,
    until: date | None,
    may_replace: bool,
    may_change: bool,
    has_address: bool,
) -> Held:
    """The permit as its pages show it."""
    ways = [Delivery.DOWNLOAD, Delivery.EMAIL, Delivery.PICKUP, *([Delivery.POST] if has_address else [])]
    return Held(
        number=line.number,
        title=line.title,
        number_text=line.number_text,
        holder_name=line.holder_name,
        valid_until=line.valid_until,
        is_practice=line.practice,
        may_renew=may_renew,
        extended_until=until if may_replace else None,
        may_replace=may_replace,
        may_change=may_change,
        printed=[(one, data.get(one.code, "")) for one in law.form if one.in_letter],
        deliveries=[(one.value, delivery_words(one)) for one in ways],
    )


def _renewable(line: PermitLine, law: PermitDefinition) -> bool:
    """The rule itself is asked when the draft names its old permit; here, whether asking makes sense."""
    return Variant.RENEWAL in law.variants and line.status == "in_force"


async def _law(services: Services, case: Case, today: date) -> tuple[PermitDefinition, bool]:
    """The type's version of today, and whether there is one; else the one that the permit was issued under."""
    async with services.db.transaction() as session:
        try:
            return await definition_in_force(session, case.row.permit_type, today), True
        except RuleError as gone:
            if gone.code is not Code.PERMIT_TYPE_NOT_FOUND or case.row.definition_version is None:
                raise
            return await definition_version(session, case.row.permit_type, case.row.definition_version), False


def _until(permit: IssuedPermit, law: PermitDefinition, today: date) -> date | None:
    try:
        return extended_until(permit, law.letter, today)
    except RuleError:
        return None


def _replaceable(permit: IssuedPermit, law: PermitDefinition, today: date) -> bool:
    try:
        check_procedure(permit, Procedure.REPLACEMENT, today, law.letter)
    except RuleError:
        return False
    return True
