"""What staff do in a case besides its tasks: steer agencies, withdraw for the applicant, open a revocation."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import JSONResponse, Response

from api.dependencies import Case, Here, case_for, case_of_applicant_or_stand_in
from api.idempotency import OnlyOnce
from api.pages.forms import Sent
from api.pages.language import gettext as _
from api.pages.officers.acting import ActView, act, ask
from api.pages.officers.choices import FormField
from api.pages.officers.words import channels
from api.pages.words import Options
from api.routes.agencies import (
    AgencyAsked,
    ExtensionAsked,
    WithdrawalOfRequestAsked,
    add_agency,
    extend_request,
    withdraw_request,
)
from api.routes.applications import WithdrawalAsked, withdraw_application
from api.routes.permits import RevocationAsked, revoke_permit
from api.services import Services
from permits.authority import Act, Role
from permits.decisions import OnBehalf

steering_pages = APIRouter()

Steerable = Annotated[Case, Depends(case_for(Act.STEER_OPD))]
Revocable = Annotated[Case, Depends(case_for(Act.OPEN_REVOCATION))]
Withdrawable = Annotated[
    Case, Depends(case_of_applicant_or_stand_in(Act.WITHDRAW, for_draft=None, for_case=Act.ACT_FOR_APPLICANT))
]
Opd = Annotated[str, Path(pattern=r"^[a-z0-9]{2,20}$")]


@steering_pages.get("/kasus/{number}/dinas")
async def add_agency_form(request: Request, case: Steerable, services: Here) -> Response:
    """Which agency is asked as well."""
    return ask(request, _adding(case, await _agencies(services)))


@steering_pages.post("/kasus/{number}/dinas")
async def add_agency_page(
    request: Request, case: Steerable, services: Here, form: Sent, only_once: OnlyOnce
) -> Response:
    """Asks one more agency."""

    async def do() -> JSONResponse:
        names = ("opd", "asks_for", "working_days", "reason")
        asked = AgencyAsked.model_validate({name: form.text(name, 1000) for name in names})
        return await add_agency(asked, case, services, only_once.key)

    return await act(
        request, _adding(case, await _agencies(services)), form, do, _("Permintaan rekomendasi sudah dikirim.")
    )


@steering_pages.get("/kasus/{number}/dinas/{opd}/waktu")
async def extend_form(request: Request, opd: Opd, case: Steerable, services: Here) -> Response:
    """How much more time an agency gets."""
    return ask(request, _extending(case, opd, await services.agency_name(opd)))


@steering_pages.post("/kasus/{number}/dinas/{opd}/waktu")
async def extend_page(
    request: Request, opd: Opd, case: Steerable, services: Here, form: Sent, only_once: OnlyOnce
) -> Response:
    """Gives an agency more time, once."""

    async def do() -> JSONResponse:
        names = ("working_days", "reason")
        asked = ExtensionAsked.model_validate({name: form.text(name, 1000) for name in names})
        return await extend_request(opd, asked, case, services, only_once.key)

    view = _extending(case, opd, await services.agency_name(opd))
    return await act(request, view, form, do, _("Waktu dinas terkait sudah ditambah."))


@steering_pages.get("/kasus/{number}/dinas/{opd}/tarik")
async def withdraw_request_form(request: Request, opd: Opd, case: Steerable, services: Here) -> Response:
    """Why a request is taken back."""
    return ask(request, _taking_back(case, opd, await services.agency_name(opd)))


@steering_pages.post("/kasus/{number}/dinas/{opd}/tarik")
async def withdraw_request_page(
    request: Request, opd: Opd, case: Steerable, services: Here, form: Sent, only_once: OnlyOnce
) -> Response:
    """Takes a request to an agency back."""

    async def do() -> JSONResponse:
        asked = WithdrawalOfRequestAsked.model_validate({"reason": form.text("reason", 1000)})
        return await withdraw_request(opd, asked, case, services, only_once.key)

    view = _taking_back(case, opd, await services.agency_name(opd))
    return await act(request, view, form, do, _("Permintaan rekomendasi sudah ditarik."))


@steering_pages.get("/kasus/{number}/tarik")
async def withdraw_form(request: Request, case: Withdrawable) -> Response:
    """By which way the applicant asked to take the application back."""
    return ask(request, _withdrawing(case))


@steering_pages.post("/kasus/{number}/tarik")
async def withdraw_page(
    request: Request, case: Withdrawable, services: Here, form: Sent, only_once: OnlyOnce
) -> Response:
    """Takes the application back on the applicant's wish."""

    async def do() -> JSONResponse:
        said = OnBehalf.model_validate({name: form.text(name, 500) for name in ("channel", "consent")})
        asked = WithdrawalAsked.model_validate({"reason": form.text("reason", 2000), "on_behalf": said})
        return await withdraw_application(asked, case, services, only_once)

    return await act(request, _withdrawing(case), form, do, _("Permohonan sudah ditarik."))


@steering_pages.get("/kasus/{number}/cabut")
async def revoke_form(request: Request, case: Revocable) -> Response:
    """Why the permit is taken back."""
    return ask(request, _revoking(case))


@steering_pages.post("/kasus/{number}/cabut")
async def revoke_page(request: Request, case: Revocable, services: Here, form: Sent, only_once: OnlyOnce) -> Response:
    """Opens a revocation, which is a case of its own."""

    async def do() -> JSONResponse:
        asked = RevocationAsked.model_validate({name: form.text(name, 2000) for name in ("reason", "legal_ground")})
        return await revoke_permit(asked, case, services, only_once)

    view = _revoking(case)
    return await act(request, view, form, do, _("Pencabutan sudah dibuka sebagai permohonan tersendiri."))


async def _agencies(services: Services) -> Options:
    """Agencies that somebody works at, by name."""
    codes = sorted({row.opd for row in await services.records.accounts(role=Role.OPD) if row.opd})
    named = [(code, await services.agency_name(code)) for code in codes]
    return sorted(named, key=lambda one: one[1].lower())


def _of_case(case: Case, path: str, title: str, button: str, fields: list[FormField], **more: object) -> ActView:
    own = f"/kasus/{case.row.number}"
    return ActView(
        title=title,
        address=f"{own}{path}",
        back=own,
        back_words=case.row.number,
        button=button,
        fields=fields,
        about=case.row.title,
        **more,  # type: ignore[arg-type]
    )


def _reason(label: str) -> FormField:
    return FormField("reason", "reason", label, "area")


def _days(most: int) -> FormField:
    hint = _("Paling banyak %(most)s hari kerja.") % {"most": most}
    return FormField(
        "working_days", "working_days", _("Hari kerja"), hint=hint, classes="govuk-input--width-2", inputmode="numeric"
    )


def _adding(case: Case, agencies: Options) -> ActView:
    fields = [
        FormField("opd", "opd", _("Dinas"), "select", options=agencies, ask=True),
        FormField("asks_for", "asks_for", _("Yang diminta"), hint=_("Misalnya kesesuaian tata ruang di lokasi.")),
        _days(60),
        _reason(_("Alasan meminta")),
    ]
    return _of_case(case, "/dinas", _("Minta rekomendasi dinas lain"), _("Kirim permintaan"), fields)


def _extending(case: Case, opd: str, name: str) -> ActView:
    title = _("Beri waktu lagi kepada %(name)s") % {"name": name}
    return _of_case(
        case,
        f"/dinas/{opd}/waktu",
        title,
        _("Beri waktu"),
        [_days(30), _reason(_("Alasan"))],
        words=_("Waktu dapat ditambah satu kali. Janji kepada pemohon tidak berubah."),
    )


def _taking_back(case: Case, opd: str, name: str) -> ActView:
    return _of_case(
        case,
        f"/dinas/{opd}/tarik",
        _("Tarik permintaan kepada %(name)s") % {"name": name},
        _("Tarik permintaan"),
        [_reason(_("Alasan"))],
        words=_("Jawaban yang datang sesudahnya tidak diterima lagi."),
        danger=True,
    )


def _withdrawing(case: Case) -> ActView:
    fields = [
        FormField("channel", "channel", _("Cara pemohon meminta"), "select", options=channels(), ask=True),
        FormField("consent", "consent", _("Bagaimana pemohon menyetujuinya")),
        _reason(_("Alasan pemohon (boleh kosong)")),
    ]
    return _of_case(
        case,
        "/tarik",
        _("Tarik permohonan atas permintaan pemohon"),
        _("Tarik permohonan"),
        fields,
        words=_("Permohonan berakhir tanpa surat. Pemohon diberi tahu."),
        danger=True,
    )


def _revoking(case: Case) -> ActView:
    fields = [
        _reason(_("Alasan pencabutan")),
        FormField("legal_ground", "legal_ground", _("Dasar hukum"), "area", rows=2),
    ]
    return _of_case(
        case,
        "/cabut",
        _("Buka pencabutan izin"),
        _("Buka pencabutan"),
        fields,
        words=_("Izin tetap berlaku sampai surat pencabutannya ditandatangani kepala dinas."),
        danger=True,
    )
