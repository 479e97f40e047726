"""Who may sign, and until when: mandates of acting heads are given and revoked here, by the head and by ops."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from api.dependencies import Here
from api.idempotency import OnlyOnce
from api.pages.formatting import full_date
from api.pages.forms import FormErrors, Sent, SentForm, errors_of
from api.pages.head.words import capacity_words
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, onward, page, refused
from api.pages.words import Options, role_words
from api.problems import ApiCode, Problem
from api.routes.people import MandateGiver, give_mandate, list_mandates, revoke_mandate
from api.services import Services
from api.staffing import MandateAsked, MandateView
from permits.authority import LEADERS, Actor, Role
from permits.errors import Code
from store.tables import AccountRow

acting_pages = APIRouter()

MandateId = Annotated[str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
FIELDS = {
    "account_id": "orang", "capacity": "sebagai", "valid_from": "mulai", "valid_until": "sampai", "decree": "keputusan",
    "certificate_sha256": "sertifikat",
}  # fmt: skip
"""Names of the form by those of the model."""
FIELD_OF: dict[Code | ApiCode, str] = {
    Code.PERSON_UNFIT: "orang", Code.PERSON_NOT_FOUND: "orang", Code.NOT_ALLOWED: "orang",
    Code.PERIOD_INVALID: "mulai", Code.MANDATE_OVERLAPS: "mulai",
}  # fmt: skip
FINGERPRINT = re.compile(r"[^0-9a-f]")


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class MandateCard(_View):
    """One mandate."""

    id: str
    name: str
    capacity: str
    period: str
    decree: str
    given_by: str
    ended: str
    """How it ended, where it has."""
    revocable: bool


class ActingView(_View):
    """Mandates in force, to come, and ended."""

    now: list[MandateCard]
    coming: list[MandateCard]
    agencies: list[MandateCard]
    ended: list[MandateCard]


class MandateForm(_View):
    """The form of a new mandate, with what was typed."""

    people: Options
    capacities: Options
    known: list[str]
    """Names of those whose certificate is known, so that its fingerprint need not be typed."""
    account_id: str = ""
    capacity: str = "plh"
    valid_from: str = ""
    valid_until: str = ""
    decree: str = ""
    certificate_sha256: str = ""


@acting_pages.get("/plh")
async def mandates(request: Request, actor: MandateGiver, services: Here) -> Response:
    """Who may sign now, and who will."""
    view = acting_view(
        (await list_mandates(actor, services)).items,
        {row.id: row.name for row in await services.records.officers()},
        await services.office_today(),
        actor.id,
    )
    return page(request, "head/plh.html", view=view)


def acting_view(rows: list[MandateView], names: dict[str, str], today: date, asker: str) -> ActingView:
    """Mandates by where they stand today."""
    live = [row for row in rows if row.revoked_at is None and (row.valid_until is None or row.valid_until >= today)]
    ended = [row for row in rows if row not in live]

    def cards(of: list[MandateView]) -> list[MandateCard]:
        return [_card(row, names, asker) for row in of]

    # An acting head goes before the head: the letters of these days carry that name.
    order = {"plh": 0, "plt": 1, "definitive": 2}
    heads = sorted((row for row in live if row.capacity != "opd"), key=lambda row: order[row.capacity])
    return ActingView(
        now=cards([row for row in heads if row.valid_from <= today]),
        coming=cards([row for row in heads if row.valid_from > today]),
        agencies=cards([row for row in live if row.capacity == "opd"]),
        ended=cards(ended),
    )


def _card(row: MandateView, names: dict[str, str], asker: str) -> MandateCard:
    first = full_date(row.valid_from)
    if row.valid_until is None:
        period = _("sejak %(first)s") % {"first": first}
    else:
        period = _("%(first)s sampai %(last)s") % {"first": first, "last": full_date(row.valid_until)}
    ended = _("dicabut %(day)s") % {"day": full_date(row.revoked_at)} if row.revoked_at else ""
    return MandateCard(
        id=row.id,
        name=names.get(row.account_id, row.account_id),
        capacity=capacity_words(row.capacity),
        period=period,
        decree=row.decree,
        given_by=names.get(row.given_by, "") if row.given_by else "",
        ended=ended,
        revocable=row.revoked_at is None and row.account_id != asker,
    )


@acting_pages.get("/plh/baru")
async def mandate_form(request: Request, actor: MandateGiver, services: Here) -> Response:
    """Who, in which capacity, from when until when, by which decree."""
    return form_page(request, "head/plh-baru.html", view=await _form(services, actor), errors=[])


@acting_pages.post("/plh/baru")
async def give(request: Request, actor: MandateGiver, services: Here, only_once: OnlyOnce, form: Sent) -> Response:
    """Gives the mandate."""
    account_id = form.text("orang", 64)
    typed = FINGERPRINT.sub("", form.text("sertifikat", 200).lower())
    fingerprint = typed or await _known_certificate(services, account_id)
    if account_id and not fingerprint:
        words = _("Sertifikat orang ini belum dikenal sistem. Isikan sidik jari sertifikatnya.")
        return await _again(request, services, actor, form, 422, [("sertifikat", words)])
    try:
        asked = MandateAsked.model_validate(
            {
                "account_id": account_id,
                "capacity": form.text("sebagai", 20),
                "certificate_sha256": fingerprint,
                "valid_from": form.text("mulai", 20),
                "valid_until": form.text("sampai", 20) or None,
                "decree": form.text("keputusan", 300),
            }
        )
        await give_mandate(asked, actor, services, only_once)
    except ValidationError as wrong:
        labels = {
            "account_id": _("Pejabat"), "capacity": _("Sebagai"), "certificate_sha256": _("Sidik jari sertifikat"),
            "valid_from": _("Mulai"), "valid_until": _("Sampai dengan"), "decree": _("Nomor keputusan"),
        }  # fmt: skip
        errors = [(FIELDS.get(name, "orang"), words) for name, words in errors_of(wrong, labels)]
        return await _again(request, services, actor, form, 422, errors)
    except Refused as error:
        status, errors = refused(request, error, FIELD_OF.get(error.code, "orang"))
        return await _again(request, services, actor, form, status, errors)
    return onward(request, "/plh", _("Mandat sudah dicatat dan berlaku pada hari yang disebut."))


@acting_pages.get("/plh/{mandate_id}/cabut")
async def revocation_form(mandate_id: MandateId, request: Request, actor: MandateGiver, services: Here) -> Response:
    """Asks before a mandate is ended."""
    rows = [row for row in (await list_mandates(actor, services)).items if row.id == mandate_id]
    if not rows or rows[0].revoked_at is not None:
        raise Problem(ApiCode.NOT_FOUND)
    names = {row.id: row.name for row in await services.records.officers()}
    return form_page(request, "head/plh-cabut.html", card=_card(rows[0], names, actor.id))


@acting_pages.post("/plh/{mandate_id}/cabut")
async def revoke(mandate_id: MandateId, request: Request, actor: MandateGiver, services: Here) -> Response:
    """Ends a mandate at once."""
    await revoke_mandate(mandate_id, actor, services)
    return onward(request, "/plh", _("Mandat sudah dicabut. Surat yang sudah ditandatangani tetap sah."))


async def _again(
    request: Request, services: Services, actor: Actor, form: SentForm, status: int, errors: FormErrors
) -> Response:
    typed = {name: form.text(field, 300) for name, field in FIELDS.items()}
    view = (await _form(services, actor)).model_copy(update=typed)
    return form_page(request, "head/plh-baru.html", status, view=view, errors=errors)


async def _form(services: Services, actor: Actor) -> MandateForm:
    """The head names who acts in its place; ops records every kind of mandate."""
    ops = actor.role is Role.OPS
    roles = {role.value for role in LEADERS | ({Role.OPD} if ops else set())}
    officers = [
        row for row in await services.records.officers() if row.active and row.role in roles and row.id != actor.id
    ]
    known = [row.name for row in officers if await _known_certificate(services, row.id)]
    capacities = ("plh", "plt", "definitive", "opd") if ops else ("plh", "plt")
    return MandateForm(
        people=[(row.id, _named(row)) for row in sorted(officers, key=lambda row: (row.role, row.name))],
        capacities=[(one, capacity_words(one)) for one in capacities],
        known=known,
        valid_from=(await services.office_today()).isoformat(),
    )


def _named(row: AccountRow) -> str:
    return f"{row.name}, {row.title or role_words(row.role)}"


async def _known_certificate(services: Services, account_id: str) -> str:
    """The fingerprint that the provider has shown, or that an earlier mandate names; empty where there is none."""
    standing = await services.records.standing_of(account_id) if account_id else None
    if standing is not None and standing.certificate_sha256:
        return standing.certificate_sha256
    earlier = [one for one in await services.records.mandates() if one.account_id == account_id]
    return earlier[-1].certificate_sha256 if earlier else ""
