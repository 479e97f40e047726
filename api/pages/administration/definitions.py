"""`/kelola/izin`: permit types in the office's own hands: drafted by one, compared, published by another.

A draft is changed by a form of what changes most often, or whole as YAML, the form in which the types are kept.
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import yaml
from fastapi import APIRouter, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.dependencies import Here, SignedIn
from api.idempotency import OnlyOnce
from api.pages.administration.doors import sections_of
from api.pages.dates import date_of
from api.pages.forms import FormErrors, Sent, SentForm
from api.pages.language import gettext as _
from api.pages.rendering import Refused, body_of, form_page, onward, page, refused
from api.pages.words import field_names
from api.problems import ApiCode, Problem
from api.routes.definitions import (
    DefinitionDraft,
    Drafter,
    LifeLine,
    LifePage,
    TypeCode,
    VersionNumber,
    change_draft,
    compare_version,
    confirm_version,
    draft_version,
    list_definitions,
    publish_version,
    read_version,
    retire_version,
)
from permits.authority import Act, Actor, Subject, refusal
from permits.definition import PermitDefinition
from permits.errors import Code

definition_pages = APIRouter()

LINES = ("title", "product", "fee", "promise_note", "source", "refers_to")
MOST_YAML = 200_000
Typed = dict[str, str]


def status_names() -> dict[str, str]:
    """Where a version is in its life."""
    return {"draft": _("Rancangan"), "published": _("Berlaku"), "retired": _("Ditarik")}


@definition_pages.get("/kelola/izin")
async def types(
    request: Request,
    actor: Drafter,
    services: Here,
    q: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """Every type with its versions; drafts that wait for somebody first."""
    lives = (await list_definitions(actor, services)).items
    wanted = q.strip().lower()
    by_type: dict[str, list[LifeLine]] = {}
    for one in lives:
        if wanted in f"{one.title} {one.code}".lower():
            by_type.setdefault(one.code, []).append(one)
    return page(
        request, "administration/definitions.html", types=by_type, total=len({one.code for one in lives}), q=q,
        drafts=[one for one in lives if one.status == "draft"], statuses=status_names(),
        sections=sections_of(actor, "/kelola/izin"),
    )  # fmt: skip


@definition_pages.get("/kelola/izin/{code}/{version}")
async def version_page(
    request: Request, code: TypeCode, version: VersionNumber, actor: Drafter, services: Here
) -> Response:
    """One version: what it says, what keeps it from being published, how its promise adds up."""
    return await _shown(request, await read_version(code, version, actor, services), actor, [])


@definition_pages.get("/kelola/izin/{code}/{version}/beda")
async def compared(
    request: Request,
    code: TypeCode,
    version: VersionNumber,
    actor: Drafter,
    services: Here,
    dengan: Annotated[int | None, Query(ge=1, le=100_000)] = None,
) -> Response:
    """What this version says differently from the one in force, or from another one."""
    life = await read_version(code, version, actor, services)
    found = await compare_version(code, version, actor, services, dengan)
    rows = [(one.field, _plain(one.before), _plain(one.after)) for one in found.items]
    return page(
        request, "administration/differences.html", life=life, against=found.against, rows=rows,
        sections=sections_of(actor, "/kelola/izin"),
    )  # fmt: skip


@definition_pages.post("/kelola/izin/{code}/{version}/salin")
async def copy(
    request: Request, code: TypeCode, version: VersionNumber, form: Sent, actor: Drafter, services: Here,
    only_once: OnlyOnce,
) -> Response:  # fmt: skip
    """A new draft that says what this version says."""
    made = body_of(await draft_version(code, DefinitionDraft(copy_of=version), actor, services, only_once))
    news = _("Rancangan versi %(version)s dibuat. Ubah yang perlu; versi yang berlaku tidak berubah.") % made
    return onward(request, f"/kelola/izin/{code}/{made['version']}/ubah", news)


@definition_pages.get("/kelola/izin/{code}/{version}/ubah")
async def form_of_draft(
    request: Request, code: TypeCode, version: VersionNumber, actor: Drafter, services: Here
) -> Response:
    """What changes most often, as a form."""
    life = await read_version(code, version, actor, services)
    return _form(request, life, _kept(life.definition), [], actor)


@definition_pages.post("/kelola/izin/{code}/{version}/ubah")
async def change(
    request: Request, code: TypeCode, version: VersionNumber, form: Sent, actor: Drafter, services: Here,
    only_once: OnlyOnce,
) -> Response:  # fmt: skip
    """Keeps the draft; its faults are said on its page."""
    life = await read_version(code, version, actor, services)
    typed = {name: form.text(name) for name in form.fields if name not in ("csrf_token", "kunci")}
    changes, errors = _changes(form, life.definition)
    if errors:
        return _form(request, life, typed, errors, actor, 422)
    try:
        await change_draft(code, version, DefinitionDraft(changes=changes), actor, services, only_once)
    except Refused as error:
        status, errors = refused(request, error, "title")
        return _form(request, life, typed, errors, actor, status)
    return onward(request, f"/kelola/izin/{code}/{version}", _("Rancangan disimpan."))


@definition_pages.get("/kelola/izin/{code}/{version}/naskah")
async def whole_text(
    request: Request, code: TypeCode, version: VersionNumber, actor: Drafter, services: Here
) -> Response:
    """The whole version as YAML; a draft can be changed there."""
    life = await read_version(code, version, actor, services)
    return _text(request, life, as_yaml(life.definition), [], actor)


@definition_pages.post("/kelola/izin/{code}/{version}/naskah")
async def change_whole(
    request: Request, code: TypeCode, version: VersionNumber, form: Sent, actor: Drafter, services: Here,
    only_once: OnlyOnce,
) -> Response:  # fmt: skip
    """Keeps the draft whole as it was written."""
    life = await read_version(code, version, actor, services)
    text = form.raw("text").replace("\r\n", "\n")
    definition, errors = _read(text, life.definition)
    if definition is None:
        return _text(request, life, text, errors, actor, 422)
    try:
        await change_draft(code, version, DefinitionDraft(definition=definition), actor, services, only_once)
    except Refused as error:
        status, errors = refused(request, error, "text")
        return _text(request, life, text, errors, actor, status)
    return onward(request, f"/kelola/izin/{code}/{version}", _("Rancangan disimpan."))


@definition_pages.post("/kelola/izin/{code}/{version}/{step}")
async def go_on(
    request: Request, code: TypeCode, version: VersionNumber, step: str, form: Sent, login: SignedIn, services: Here,
    only_once: OnlyOnce,
) -> Response:  # fmt: skip
    """Publishes, retires or confirms; each is somebody else's than the author's, as the permission function says."""
    done = {
        "terbitkan": (publish_version, _("Versi ini terbit. Permohonan yang berjalan tetap memakai versinya sendiri.")),
        "tarik": (retire_version, _("Versi ini ditarik. Permohonan baru tidak diterima lagi dengannya.")),
        "benarkan": (confirm_version, _("Versi ini dibenarkan. Permohonan sungguhan diterima mulai sekarang.")),
    }.get(step)
    if done is None:
        raise Problem(ApiCode.NOT_FOUND)
    act, news = done
    try:
        await act(code, version, login, services, only_once)
    except Refused as error:
        status, errors = refused(request, error)
        life = await read_version(code, version, login.actor, services)
        return await _shown(request, life, login.actor, errors, status)
    return onward(request, f"/kelola/izin/{code}/{version}", news)


def as_yaml(definition: PermitDefinition) -> str:
    """A version in the form in which types are kept, without what it leaves open."""
    said = definition.model_dump(mode="json", exclude_none=True, exclude={"status", "confirmed"})
    return yaml.safe_dump(said, allow_unicode=True, sort_keys=False, width=110)


def _read(text: str, known: PermitDefinition) -> tuple[PermitDefinition | None, FormErrors]:
    """The version that a text says; else where it is wrong, by field."""
    if len(text) > MOST_YAML:
        return None, [("text", _("Naskah ini terlalu panjang."))]
    try:
        said = yaml.safe_load(text)
    except (yaml.YAMLError, RecursionError, ValueError) as wrong:
        line = getattr(getattr(wrong, "problem_mark", None), "line", None)
        where = _("Baris %(line)s tidak dapat dibaca. Periksa spasi di depannya dan tanda titik duanya.")
        return None, [("text", where % {"line": line + 1} if line is not None else _("Naskah ini tidak dapat dibaca."))]
    if not isinstance(said, dict):
        return None, [("text", _("Naskah ini tidak dapat dibaca."))]
    fixed = {"code": known.code, "version": known.version, "status": "draft", "confirmed": False}
    try:
        return PermitDefinition.model_validate_json(json.dumps(said | fixed, default=str)), []
    except (ValidationError, TypeError, ValueError) as wrong:
        faults = wrong.errors(include_input=False, include_url=False) if isinstance(wrong, ValidationError) else []
        places = list(dict.fromkeys(".".join(str(part) for part in one["loc"])[:80] for one in faults))[:10]
        words = _("Bagian ini belum benar: %(place)s.")
        return None, [("text", words % {"place": place or "-"}) for place in places or ["-"]]


def _changes(form: SentForm, known: PermitDefinition) -> tuple[dict[str, Any], FormErrors]:
    errors: FormErrors = []
    changes: dict[str, Any] = {name: form.text(name, 500) or None for name in LINES}
    for name in ("title", "product", "fee", "source"):
        if not changes[name]:
            errors.append((name, _("Isian ini wajib diisi.")))
    days = form.text("promise_working_days", 4)
    if days.isascii() and days.isdecimal() and 1 <= int(days) <= 120:
        changes["promise_working_days"] = int(days)
    else:
        errors.append(("promise_working_days", _("Janji layanan adalah angka 1 sampai 120 hari kerja.")))
    begins = date_of(form.text("day", 2), form.text("month", 2), form.text("year", 4))
    if begins is None:
        errors.append(("day", _("Tanggal mulai berlaku tidak ada di kalender. Isi hari, bulan, dan tahunnya.")))
    else:
        changes["effective_from"] = begins.isoformat()
    changes["legal_basis"] = _legal_basis(form.text("legal_basis", 5000), known)
    changes["requirements"] = _requirements(form, known, errors)
    return changes, errors


def _legal_basis(text: str, known: PermitDefinition) -> list[dict[str, Any]]:
    """One rule a line; what was known of a rule stays with it."""
    before = {one.text: one.model_dump(mode="json") for one in known.legal_basis}
    return [before.get(line, {"text": line}) for line in (line.strip() for line in text.splitlines()) if line]


def _requirements(form: SentForm, known: PermitDefinition, errors: FormErrors) -> list[dict[str, Any]]:
    kept = []
    for one in known.requirements:
        title = form.text(f"syarat.{one.code}", 300)
        if not title:
            errors.append((f"syarat.{one.code}", _("Setiap persyaratan mempunyai nama.")))
        changed = {
            "title": title,
            "required": form.text(f"wajib.{one.code}") == "ya",
            "condition": form.text(f"bila.{one.code}", 300) or None,
        }
        kept.append(one.model_dump(mode="json") | changed)
    return kept


def _kept(definition: PermitDefinition) -> Typed:
    begins = definition.effective_from
    typed = {name: getattr(definition, name) or "" for name in LINES}
    typed |= {"day": str(begins.day), "month": str(begins.month), "year": str(begins.year)}
    typed["promise_working_days"] = str(definition.promise_working_days)
    typed["legal_basis"] = "\n".join(one.text for one in definition.legal_basis)
    for one in definition.requirements:
        typed[f"syarat.{one.code}"] = one.title
        typed[f"wajib.{one.code}"] = "ya" if one.required else ""
        typed[f"bila.{one.code}"] = one.condition or ""
    return typed


def _plain(value: Any) -> str:
    if value is None:
        return "-"
    return value if isinstance(value, str) else yaml.safe_dump(value, allow_unicode=True, sort_keys=False).strip(" \n.")


async def _shown(
    request: Request, life: LifePage, actor: Actor, errors: FormErrors, http_status: int = 200
) -> Response:
    publishes = refusal(actor, Act.PUBLISH_DEFINITION, Subject(author_id=life.author_id))
    return form_page(
        request, "administration/definition.html", http_status, life=life, errors=errors, statuses=status_names(),
        fields=field_names(), may_publish=publishes is None, own=publishes is Code.SAME_PERSON,
        may_retire=refusal(actor, Act.PUBLISH_DEFINITION) is None, sections=sections_of(actor, "/kelola/izin"),
    )  # fmt: skip


def _form(
    request: Request, life: LifePage, typed: Typed, errors: FormErrors, actor: Actor, http_status: int = 200
) -> Response:
    return form_page(
        request, "administration/draft.html", http_status, life=life, typed={**_blank(life.definition), **typed},
        errors=errors, sections=sections_of(actor, "/kelola/izin"),
    )  # fmt: skip


def _blank(definition: PermitDefinition) -> Typed:
    return dict.fromkeys(_kept(definition), "")


def _text(
    request: Request, life: LifePage, text: str, errors: FormErrors, actor: Actor, http_status: int = 200
) -> Response:
    return form_page(
        request, "administration/draft-text.html", http_status, life=life, text=text, errors=errors,
        sections=sections_of(actor, "/kelola/izin"),
    )  # fmt: skip
