"""`/loket`: assisted filing for a person at the counter: find or make the account, begin the draft, go on in its pages.

A NIK stands in no address and no log: it is looked up by POST, and the account's own id leads on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from pydantic import SecretStr, ValidationError
from starlette.responses import Response

from api.accounts import CounterAccountAsked, CounterChange
from api.dependencies import Here, SignedIn, allow, may
from api.idempotency import OnlyOnce
from api.pages.forms import FormErrors, Sent, errors_of
from api.pages.language import gettext as _
from api.pages.officers.choices import FormField
from api.pages.officers.words import status_words
from api.pages.rendering import Refused, body_of, form_page, onward, refused
from api.pages.words import Options, variant_words
from api.routes.accounts import LookUpAsked, change_at_counter, look_up, make_at_counter
from api.routes.applications import DraftAsked, create_application
from api.services import Services
from permits.authority import Act, Actor, Role, Subject
from permits.definition import Variant
from permits.errors import Code, RuleError
from store.queries.application import applications
from store.queries.cases import CaseFilter, CaseLine, cases
from store.queries.catalogue import PermitTypeLine, permit_types
from store.tables import AccountRow

counter_pages = APIRouter()
FilesForOthers = Annotated[Actor, Depends(may(Act.APPLY_FOR))]
AccountId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
DRAFTS_SHOWN = 20


@dataclass(frozen=True)
class PersonView:
    """A person at the counter, and what can be begun for it."""

    id: str
    name: str
    at_counter: bool
    types: Options
    variants: Options
    chosen: dict[str, str]
    cases: list[tuple[str, str, tuple[str, str]]]  # number, permit, state


@counter_pages.get("/loket")
async def counter(request: Request, actor: FilesForOthers, services: Here) -> Response:
    """The KTP in the hand, and the drafts that wait."""
    drafts = await _drafts(services)
    return form_page(request, "officers/loket.html", drafts=drafts, errors=[])


@counter_pages.post("/loket/cari")
async def find_person(request: Request, actor: FilesForOthers, services: Here, form: Sent) -> Response:
    """On to the person's page, or to the form of a new account."""
    try:
        asked = LookUpAsked(nik=SecretStr(form.text("nik", 40)))
        found = await look_up(asked, actor, services)
    except ValidationError:
        errors: FormErrors = [("nik", _("Ketik NIK dari KTP."))]
        return form_page(request, "officers/loket.html", 422, drafts=await _drafts(services), errors=errors)
    except Refused as error:
        if error.code is Code.PERSON_NOT_FOUND:
            fields = account_fields({"nik": form.text("nik", 40)})
            return form_page(
                request, "officers/loket-akun.html", fields=fields, errors=[], new=True, address="/loket/akun"
            )
        status, errors = refused(request, error, "nik")
        return form_page(request, "officers/loket.html", status, drafts=await _drafts(services), errors=errors)
    return onward(request, f"/loket/orang/{found.id}")


@counter_pages.post("/loket/akun")
async def make_account(
    request: Request, actor: FilesForOthers, services: Here, form: Sent, only_once: OnlyOnce
) -> Response:
    """Makes an account for the person who shows the KTP."""
    fields = account_fields({name: form.text(name, 600) for name in _ACCOUNT})
    status, errors = 422, FormErrors()
    try:
        given = {name: form.text(name, 600) for name in _ACCOUNT if form.text(name, 600)}
        answer = await make_at_counter(CounterAccountAsked.model_validate(given), actor, services, only_once)
    except ValidationError as wrong:
        errors = errors_of(wrong, {one.name: one.label for one in fields})
    except Refused as error:
        status, errors = refused(request, error, "nik")
    else:
        made = body_of(answer)
        return onward(request, f"/loket/orang/{made['id']}", _("Akun pemohon sudah dibuat."))
    context = {"fields": fields, "errors": errors, "new": True, "address": "/loket/akun"}
    return form_page(request, "officers/loket-akun.html", status, **context)


@counter_pages.get("/loket/orang/{account_id}")
async def show_person(request: Request, account_id: AccountId, actor: FilesForOthers, services: Here) -> Response:
    """What can be begun for this person."""
    view = await _person(services, actor, account_id)
    return form_page(request, "officers/loket-orang.html", view=view, errors=[])


@counter_pages.post("/loket/orang/{account_id}")
async def begin_draft(
    request: Request,
    account_id: AccountId,
    actor: FilesForOthers,
    login: SignedIn,
    services: Here,
    form: Sent,
    only_once: OnlyOnce,
) -> Response:
    """Begins a draft for this person, and on to its pages."""
    chosen = {name: form.text(name, 80) for name in ("jenis", "varian", "latihan")}
    status, errors = 422, FormErrors()
    if not chosen["jenis"]:
        errors = [("jenis", _("Pilih jenis izin."))]
    else:
        try:
            asked = DraftAsked(
                permit_type=chosen["jenis"],
                variant=Variant(chosen["varian"] or Variant.NEW),
                practice=chosen["latihan"] == "ya",
                applicant=account_id,
            )
            answer = await create_application(asked, login, services, only_once)
        except ValueError:
            errors = [("jenis", _("Pilih jenis izin dari daftar."))]
        except Refused as error:
            status, errors = refused(request, error, "jenis")
        else:
            return onward(request, f"/permohonan/{body_of(answer)['number']}")
    view = replace(await _person(services, actor, account_id), chosen=chosen)
    return form_page(request, "officers/loket-orang.html", status, view=view, errors=errors)


@counter_pages.get("/loket/orang/{account_id}/ubah")
async def change_form(request: Request, account_id: AccountId, actor: FilesForOthers, services: Here) -> Response:
    """The person's data as they stand, to be corrected by the KTP."""
    row = await _account(services, actor, account_id)
    return form_page(request, "officers/loket-akun.html", **_changing(row, _values(row), []))


@counter_pages.post("/loket/orang/{account_id}/ubah")
async def change_person(
    request: Request, account_id: AccountId, actor: FilesForOthers, services: Here, form: Sent, only_once: OnlyOnce
) -> Response:
    """Corrects the person's data; the person is told."""
    row = await _account(services, actor, account_id)
    known = _values(row)
    sent = {name: form.text(name, 600) for name in _ACCOUNT if name != "nik"}
    changed = {name: value for name, value in sent.items() if value and value != known[name]}
    status, errors = 422, FormErrors()
    try:
        await change_at_counter(account_id, CounterChange.model_validate(changed), actor, services, only_once)
    except ValidationError as wrong:
        errors = errors_of(wrong, {one.name: one.label for one in account_fields({})})
    except Refused as error:
        status, errors = refused(request, error, "name")
    else:
        return onward(request, f"/loket/orang/{account_id}", _("Data pemohon sudah diperbaiki."))
    return form_page(request, "officers/loket-akun.html", status, **_changing(row, sent, errors))


_ACCOUNT = ("nik", "name", "birth_place", "birth_date", "address", "phone", "email")


def account_fields(values: dict[str, str]) -> list[FormField]:
    """What stands on the KTP, and how the person is reached."""
    fields = [
        FormField("nik", "nik", _("NIK"), inputmode="numeric", classes="govuk-input--width-20"),
        FormField("name", "name", _("Nama lengkap, seperti di KTP")),
        FormField("birth_place", "birth_place", _("Tempat lahir")),
        FormField("birth_date", "birth_date", _("Tanggal lahir"), type="date", classes="govuk-input--width-10"),
        FormField("address", "address", _("Alamat, seperti di KTP"), "area", rows=2),
        FormField("phone", "phone", _("Nomor telepon (boleh kosong)"), type="tel", classes="govuk-input--width-20"),
        FormField("email", "email", _("Alamat e-mail (boleh kosong)"), type="email",
                  hint=_("Tanpa e-mail, pemohon tidak dapat masuk sendiri dan datang ke loket.")),
    ]  # fmt: skip
    return [replace(one, value=values.get(one.name, "")) for one in fields]


def _values(row: AccountRow) -> dict[str, str]:
    return {
        "name": row.name,
        "birth_place": row.birth_place or "",
        "birth_date": row.birth_date.isoformat() if row.birth_date else "",
        "address": row.address or "",
        "phone": row.phone or "",
        "email": "" if row.at_counter and row.email_confirmed_at is None else row.email,
    }


def _changing(row: AccountRow, values: dict[str, str], errors: FormErrors) -> dict[str, object]:
    hidden = ("nik",) if row.at_counter else ("nik", "email")
    fields = [one for one in account_fields(values) if one.name not in hidden]
    return {"fields": fields, "errors": errors, "new": False, "address": f"/loket/orang/{row.id}/ubah"}


async def _account(services: Services, actor: Actor, account_id: str) -> AccountRow:
    """The applicant's account. Raises RuleError: own-application, person-not-found."""
    allow(actor, Act.APPLY_FOR, Subject(applicant_id=account_id))
    row = await services.records.account(account_id)
    if row is None or not row.active or row.role != Role.APPLICANT:
        raise RuleError(Code.PERSON_NOT_FOUND)
    return row


async def _person(services: Services, actor: Actor, account_id: str) -> PersonView:
    row = await _account(services, actor, account_id)
    today = await services.office_today()
    async with services.db.transaction() as session:
        types = await permit_types(session, today)
        lines, _total = await applications(session, row.id, None, 10)
    shown = [(one.number, one.permit_name, status_words(one.status)) for one in lines]
    return person_view(row.id, row.name, row.at_counter, types, shown)


def person_view(
    account_id: str,
    name: str,
    at_counter: bool,
    types: list[PermitTypeLine],
    shown: list[tuple[str, str, tuple[str, str]]],
) -> PersonView:
    """The screen from what was read."""
    return PersonView(
        id=account_id,
        name=name,
        at_counter=at_counter,
        types=sorted(((one.code, one.title) for one in types if one.refers_to is None), key=lambda one: one[1]),
        variants=[(one.value, variant_words(one.value)) for one in Variant],
        chosen={"jenis": "", "varian": Variant.NEW.value, "latihan": ""},
        cases=shown,
    )


async def _drafts(services: Services) -> list[CaseLine]:
    async with services.db.transaction() as session:
        lines, _total, _more = await cases(session, CaseFilter(drafts_of_counter=True), None, DRAFTS_SHOWN)
    return lines
