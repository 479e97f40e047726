"""`/kelola/orang`: officers and their desks; nobody's password is ever known to whoever manages people."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from api import staffing
from api.dependencies import Here
from api.idempotency import OnlyOnce
from api.pages.administration.doors import sections_of
from api.pages.forms import FormErrors, Sent, SentForm, errors_of
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, onward, refused
from api.pages.words import field_names, role_names
from api.routes.people import (
    Manager,
    PersonId,
    activate_person,
    add_person,
    change_person,
    deactivate_person,
    invite_person,
    list_people,
)
from api.staffing import OfficerAsked, OfficerChange, OfficerView
from permits.authority import Role
from permits.definition_loader import load_agencies

people_pages = APIRouter()

OFFICERS = tuple(role for role in Role if role not in (Role.APPLICANT, Role.SYSTEM))
TYPED = ("name", "email", "role", "field", "opd", "title", "rank", "nip", "phone")
CHANGED = ("name", "role", "field", "opd", "title", "rank", "nip", "phone")


@people_pages.get("/kelola/orang")
async def people(
    request: Request,
    actor: Manager,
    services: Here,
    q: Annotated[str, Query(max_length=100)] = "",
    peran: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """All officers by desk, those who left too."""
    everybody = (await list_people(actor, services)).items
    shown = [one for one in everybody if _matches(one, q, peran)]
    return form_page(
        request, "administration/people.html", people=shown, total=len(everybody), q=q, role=peran,
        roles=role_names(OFFICERS), fields=field_names(), agencies=load_agencies(),
        sections=sections_of(actor, "/kelola/orang"),
    )  # fmt: skip


def _matches(one: OfficerView, text: str, role: str) -> bool:
    wanted = text.strip().lower()
    found = not wanted or wanted in f"{one.name} {one.email} {one.title or ''} {one.opd or ''}".lower()
    return found and (not role or one.role == role)


@people_pages.get("/kelola/orang/baru")
async def new_person(request: Request, actor: Manager) -> Response:
    """The form of a new officer."""
    return _form(request, None, {}, [])


@people_pages.post("/kelola/orang/baru")
async def add(request: Request, form: Sent, actor: Manager, services: Here, only_once: OnlyOnce) -> Response:
    """Makes the account; the officer sets the password by a link in a mail."""
    try:
        asked = OfficerAsked.model_validate({**_given(form, TYPED), "nik": form.text("nik", 40) or None})
        await add_person(asked, actor, services, only_once)
    except ValidationError as wrong:
        return _form(request, None, _typed(form), errors_of(wrong, labels()), 422)
    except Refused as error:
        status, errors = refused(request, error, "email")
        return _form(request, None, _typed(form), errors, status)
    news = _("Akun dibuat. Tautan untuk membuat kata sandi sudah dikirim ke e-mailnya.")
    return onward(request, "/kelola/orang", news)


@people_pages.get("/kelola/orang/{account_id}")
async def person_page(request: Request, account_id: PersonId, actor: Manager, services: Here) -> Response:
    """One officer, to change."""
    row = staffing.officer_view(await staffing.officer(services, account_id))
    return _form(request, row, {}, [])


@people_pages.post("/kelola/orang/{account_id}")
async def change(
    request: Request, account_id: PersonId, form: Sent, actor: Manager, services: Here, only_once: OnlyOnce
) -> Response:
    """Changes the desk or the data; it counts from the next request of that person on."""
    row = staffing.officer_view(await staffing.officer(services, account_id))
    try:
        asked = OfficerChange.model_validate(
            {**_given(form, CHANGED), "signer_id": form.text("signer_id", 200) or None}
        )
        await change_person(account_id, asked, actor, services, only_once)
    except ValidationError as wrong:
        return _form(request, row, _typed(form), errors_of(wrong, labels()), 422)
    except Refused as error:
        status, errors = refused(request, error, "role")
        return _form(request, row, _typed(form), errors, status)
    return onward(request, "/kelola/orang", _("Perubahan disimpan dan berlaku mulai sekarang."))


@people_pages.post("/kelola/orang/{account_id}/keluarkan")
async def deactivate(request: Request, account_id: PersonId, form: Sent, actor: Manager, services: Here) -> Response:
    """Ends log-ins at once; says what is left on the desk."""
    row = staffing.officer_view(await staffing.officer(services, account_id))
    try:
        left = await deactivate_person(account_id, actor, services)
    except Refused as error:
        status, errors = refused(request, error, "isi")
        return _form(request, row, {}, errors, status)
    news = [_("Akun ditutup.")]
    if left.tasks:
        about = {"num": len(left.tasks)}
        news.append(_("%(num)s tugas masih atas namanya; rekan satu meja dapat mengambil alih.") % about)
    if left.desk_empty:
        news.append(_("Mejanya kini kosong: tambahkan orang lain, supaya %(num)s tugas di sana tidak menunggu.")
                    % {"num": left.waiting_at_desk})  # fmt: skip
    return onward(request, "/kelola/orang", " ".join(news))


@people_pages.post("/kelola/orang/{account_id}/aktifkan")
async def activate(request: Request, account_id: PersonId, form: Sent, actor: Manager, services: Here) -> Response:
    """The officer is back."""
    await activate_person(account_id, actor, services)
    return onward(request, f"/kelola/orang/{account_id}", _("Akun dibuka lagi."))


@people_pages.post("/kelola/orang/{account_id}/undang")
async def invite(request: Request, account_id: PersonId, form: Sent, actor: Manager, services: Here) -> Response:
    """Mails a new link to set the password."""
    await invite_person(account_id, actor, services)
    news = _("Tautan baru untuk membuat kata sandi sudah dikirim. Tautan sebelumnya tidak berlaku lagi.")
    return onward(request, f"/kelola/orang/{account_id}", news)


def labels() -> dict[str, str]:
    """The label of each field."""
    return {
        "name": _("Nama"), "email": _("Alamat e-mail"), "role": _("Peran"), "field": _("Bidang"),
        "opd": _("Dinas terkait"), "title": _("Jabatan"), "rank": _("Pangkat"), "nip": _("NIP"),
        "phone": _("Nomor telepon"), "nik": _("NIK"), "signer_id": _("Pengenal pada penyedia tanda tangan"),
    }  # fmt: skip


def _given(form: SentForm, names: tuple[str, ...]) -> dict[str, Any]:
    """The fields that were filled in; those that the chosen role does not have are left out."""
    given: dict[str, Any] = {name: form.text(name, 400) or None for name in names}
    if given.get("role") != Role.BACK_OFFICE:
        given["field"] = None
    if given.get("role") != Role.OPD:
        given["opd"] = None
    given["is_head"] = form.text("is_head") == "ya" if given.get("role") == Role.OPD else False
    return given


def _typed(form: SentForm) -> dict[str, str]:
    return {name: form.text(name, 400) for name in (*TYPED, "is_head")}


def _form(
    request: Request, row: OfficerView | None, typed: dict[str, str], errors: FormErrors, http_status: int = 200
) -> Response:
    kept = {name: getattr(row, name) or "" for name in TYPED} | {"is_head": "ya" if row.is_head else ""} if row else {}
    blank = dict.fromkeys((*TYPED, "is_head"), "")
    return form_page(
        request, "administration/person.html", http_status, who=row, typed={**blank, **kept, **typed}, errors=errors,
        roles=role_names(OFFICERS), fields=field_names(), agencies=load_agencies(), labels=labels(),
    )  # fmt: skip
