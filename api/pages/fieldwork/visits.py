"""Visits of the technical team: photos, position, findings and who was there; then the minutes, which those sign.

Every step works online without a script. With one (`web/static/lapangan.js`) the same page keeps what is entered on the
phone and sends it by the JSON routes, under keys of its own, when there is a network.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.deciding import InspectedAsked, MinutesAsked, decide
from api.dependencies import Case, Here, SignedIn, Work, may, task_for
from api.idempotency import FORM_KEY, OnlyOnce
from api.pages.fieldwork.visit_view import KINDS, Looker, VisitView, visit_line, visit_view
from api.pages.forms import KEY, FormErrors, Sent, SentForm
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, is_unsure, onward, refused, unsure_page
from api.pages.settling import until_written
from api.problems import ApiCode, Problem
from api.routes.assignments import AssignmentAsked, assign_task
from api.routes.documents import letter_content
from api.routes.tasks import add_attachment
from api.services import Services
from permits.authority import Act, Actor
from permits.decisions import MAX_TEXT, TaskKind
from permits.errors import Code
from store.queries.inbox import EVERYTHING, TaskPage, inbox, open_task_of_kind, task_page

visit_pages = APIRouter()

Lister = Annotated[Actor, Depends(may(Act.LIST_TASKS))]
Readable = Annotated[Work, Depends(task_for(Act.READ_APPLICATION))]
Decidable = Annotated[Work, Depends(task_for(Act.DECIDE))]

IN_THE_FIELD = {"Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=()"}
"""Pages that may ask for the camera and for where the phone is."""
MOST_VISITS = 50
MOST_PEOPLE = 30
NOTHING_TYPED = {"latitude": "", "longitude": "", "accuracy": "", "findings": "", "present": ""}
_OF_FILE = frozenset(
    {
        ApiCode.FILE_EMPTY, ApiCode.FILE_TOO_LARGE, ApiCode.FILE_TYPE_NOT_ACCEPTED, ApiCode.FILE_DANGEROUS,
        ApiCode.FILE_UNREADABLE, ApiCode.FILE_MISSING, ApiCode.TOO_LARGE, Code.EVIDENCE_MISSING,
    }
)  # fmt: skip


@visit_pages.get("/lapangan")
async def visits_page(actor: Lister, request: Request, services: Here) -> Response:
    """The open tasks of the field, the most urgent first; kept on the phone for the way."""
    actors = await services.capacities(actor)
    found = []
    async with services.db.transaction() as session:
        for kind in KINDS:
            only = EVERYTHING.model_copy(update={"kind": kind.value})
            lines, _total, _more = await inbox(session, actors, services.now(), "all", only, limit=MOST_VISITS)
            found += lines
    calendar = await services.calendar.current()
    lines = sorted(found, key=lambda line: (line.due_at, line.id))
    shown = [visit_line(line, services.now(), calendar) for line in lines]
    return _field(form_page(request, "fieldwork/daftar.html", lines=shown, account=actor.id))


@visit_pages.get("/lapangan/{task_id}")
async def visit_page(work: Readable, request: Request, services: Here, login: SignedIn) -> Response:
    """One visit, or the minutes of one."""
    return await _shown(request, services, work, login.actor)


@visit_pages.post("/lapangan/{task_id}/foto")
async def add_photo(
    work: Decidable, request: Request, services: Here, login: SignedIn, form: Sent, only_once: OnlyOnce
) -> Response:
    """A photo, or a page of signed minutes: lies with the task from now on."""
    try:
        await add_attachment(request, work, services, only_once)
    except Refused as error:
        status, errors = refused(request, error, "file")
        return await _shown(request, services, work, login.actor, status, errors)
    is_photo = work.task.kind == TaskKind.INSPECTION
    news = _("Foto sudah tersimpan di kantor.") if is_photo else _("Halaman itu sudah tersimpan di kantor.")
    return onward(request, f"/lapangan/{work.task.id}#foto", news)


@visit_pages.post("/lapangan/{task_id}/laporan")
async def report(work: Decidable, request: Request, services: Here, login: SignedIn, form: Sent) -> Response:
    """What the inspection found."""
    typed = {
        "latitude": form.text("lintang", 30), "longitude": form.text("bujur", 30),
        "accuracy": form.text("ketelitian", 30), "findings": form.text("temuan", MAX_TEXT),
        "present": form.text("hadir", MOST_PEOPLE * 202),
    }  # fmt: skip
    body, errors = inspected(form, typed, work.task.photos)
    if errors:
        return await _shown(request, services, work, login.actor, 422, errors, typed)
    return await _decided(
        request, services, work, login, form, InspectedAsked, {"kind": "inspected", **body}, typed,
        _("Laporan pemeriksaan sudah diterima kantor."),
    )  # fmt: skip


@visit_pages.post("/lapangan/{task_id}/tanda-tangan")
async def minutes_signed(work: Decidable, request: Request, services: Here, login: SignedIn, form: Sent) -> Response:
    """Who has signed the minutes on paper, and who refused."""
    body, errors = signatures(form, tuple(work.task.people))
    if errors:
        return await _shown(request, services, work, login.actor, 422, errors, people=_people_typed(form))
    return await _decided(
        request, services, work, login, form, MinutesAsked, {"kind": "minutes_signed", **body}, None,
        _("Berita acara sudah diterima kantor."),
    )  # fmt: skip


@visit_pages.post("/lapangan/{task_id}/pegang")
async def take(task_id: str, login: SignedIn, request: Request, services: Here, form: Sent) -> Response:
    """A colleague of the team takes the visit over."""
    taken = await assign_task(task_id, AssignmentAsked(to=login.actor.id), login, services, _key(form))
    if is_unsure(taken):
        return unsure_page(request, form, f"/lapangan/{task_id}")
    return onward(request, f"/lapangan/{task_id}", _("Tugas ini sekarang Anda yang memegang."))


def inspected(form: SentForm, typed: dict[str, str], photos: int) -> tuple[dict[str, Any], FormErrors]:
    """The decision of an inspection as it was typed, and what is wrong with it."""
    errors: FormErrors = []
    kept = list(dict.fromkeys(form.all("foto")))
    if len(kept) < photos:
        errors.append(("foto", _("Foto yang diminta: %(num)s. Unggah dulu fotonya.") % {"num": photos}))
    position = {
        "latitude": _number(typed["latitude"], 90), "longitude": _number(typed["longitude"], 180),
        "accuracy_metres": _number(typed["accuracy"], 100_000),
    }  # fmt: skip
    if position["latitude"] is None:
        errors.append(("lintang", _("Isi garis lintang, contohnya -6,888600.")))
    if position["longitude"] is None:
        errors.append(("bujur", _("Isi garis bujur, contohnya 109,675300.")))
    if position["accuracy_metres"] is None or position["accuracy_metres"] < 0:
        errors.append(("ketelitian", _("Isi ketelitian posisi dalam meter, contohnya 10.")))
    if not typed["findings"] or len(typed["findings"]) > MAX_TEXT:
        errors.append(("temuan", _("Tulis apa yang ditemukan, paling banyak 4000 huruf.")))
    present = names_of(typed["present"])
    if not present or len(present) > MOST_PEOPLE or any(len(name) > 200 for name in present):
        errors.append(("hadir", _("Tulis nama yang hadir, satu baris satu nama, paling banyak 30.")))
    body = {"photos": kept, "position": position, "findings": typed["findings"], "present": present}
    return body, errors


def names_of(text: str) -> list[str]:
    """One name a line, each once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def signatures(form: SentForm, people: tuple[str, ...]) -> tuple[dict[str, Any], FormErrors]:
    """The decision on minutes that were signed on paper, and what is wrong with it."""
    signed, no, errors = [], {}, []
    scan = form.text("pindaian", 64)
    for n, name in enumerate(people):
        way, reason = form.text(f"cara.{n}", 20), form.text(f"alasan.{n}", 501)
        if way == "kertas":
            signed.append({"name": name, "way": "paper", "image": scan})
        elif way == "menolak" and 0 < len(reason) <= 500:
            no[name] = reason
        elif way == "menolak":
            errors.append((f"alasan-{n}", _("Tulis alasan %(name)s, paling banyak 500 huruf.") % {"name": name}))
        else:
            errors.append((f"cara-{n}", _("Pilih bagaimana %(name)s menandatangani.") % {"name": name}))
    if signed and not scan:
        errors.insert(0, ("file", _("Unggah dulu foto atau pindaian halaman yang ditandatangani.")))
    return {"signatures": signed, "refused": no}, errors


def _people_typed(form: SentForm) -> dict[str, dict[str, str]]:
    return {"way": form.under("cara."), "reason": form.under("alasan.")}


def _number(text: str, most: float) -> float | None:
    plain = text.replace("\u2212", "-").replace(",", ".").strip()
    try:
        value = float(plain)
    except ValueError:
        return None
    return value if abs(value) <= most else None


async def _decided(
    request: Request,
    services: Services,
    work: Work,
    login: SignedIn,
    form: SentForm,
    model: type[InspectedAsked] | type[MinutesAsked],
    body: dict[str, Any],
    typed: dict[str, str] | None,
    news: str,
) -> Response:
    try:
        asked = model.model_validate({"seen": form.text("seen", 64), **body})
        answer = await decide(services, work, asked, _key(form) or "halaman")
    except ValidationError:
        errors = [("kirim", _("Isian belum dapat dikirim. Periksa, lalu kirim lagi."))]
        return await _shown(request, services, work, login.actor, 422, errors, typed)
    except Refused as error:
        status, errors = refused(request, error, "foto" if error.code in _OF_FILE else "kirim")
        return await _shown(request, services, work, login.actor, status, errors, typed)
    if is_unsure(answer):
        return unsure_page(request, form, f"/lapangan/{work.task.id}")
    await until_written(services, work.task.id)
    return onward(request, f"/lapangan/{work.task.id}", news)


def _key(form: SentForm) -> str | None:
    key = form.text(KEY, 128)
    return key if FORM_KEY.fullmatch(key) else None


async def _shown(
    request: Request,
    services: Services,
    work: Work,
    person: Actor,
    status: int = 200,
    errors: FormErrors | None = None,
    typed: dict[str, str] | None = None,
    people: dict[str, dict[str, str]] | None = None,
) -> Response:
    # Who decided meanwhile is read anew, after a refusal.
    async with services.db.transaction() as session:
        task = await session.get_one(type(work.task), work.task.id)
        page = await task_page(session, task, work.application)
        minutes = await open_task_of_kind(session, task.number, TaskKind.SIGN_MINUTES)
    if TaskKind(page.kind) not in KINDS:
        return onward(request, f"/tugas/{work.task.id}")
    view = await _view(services, work, page, person, minutes.id if minutes else "")
    template = "fieldwork/pemeriksaan.html" if view.kind == "inspection" else "fieldwork/berita-acara.html"
    return _field(
        form_page(
            request, template, status, view=view, errors=errors or [], typed=typed or NOTHING_TYPED,
            people=people or {"way": {}, "reason": {}},
        )
    )  # fmt: skip


async def _view(services: Services, work: Work, page: TaskPage, person: Actor, minutes: str) -> VisitView:
    looker = Looker(actor=work.actor, subject=work.subject, account=person.id)
    pages = await _pages_of_minutes(services, work, page)
    next_task = minutes if page.status != "open" and minutes != page.id else ""
    return visit_view(page, work.application, looker, services.now(), next_task, pages)


async def _pages_of_minutes(services: Services, work: Work, page: TaskPage) -> int:
    letter = next((one for one in page.letters if one.sha256 == page.subject_sha256), None)
    if page.kind != TaskKind.SIGN_MINUTES or letter is None or letter.sha256 is None:
        return 0
    drawn = services.papers.known(letter.sha256, 1, 900)
    if drawn is None:
        case = Case(work.application, work.actor, work.subject)
        try:
            content = await letter_content(services, case, letter, draft=letter.status != "issued")
        except Problem:
            return 0
        drawn = await services.papers.draw(content, letter.sha256, 1, 900)
    return drawn.pages if drawn else 0


def _field(response: Response) -> Response:
    response.headers.update(IN_THE_FIELD)
    return response
