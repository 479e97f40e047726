"""`/tugas`: what waits for a person, the most urgent first.

Filters stand in the address; a name that is looked for does not, so that search goes by POST.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from api.dependencies import Here, may
from api.pages.forms import Sent, SentForm
from api.pages.language import gettext as _
from api.pages.officers.due import Due, due_of
from api.pages.officers.routing import address_of_task
from api.pages.officers.words import task_words
from api.pages.rendering import form_page, onward
from api.pages.words import Options, field_words, role_words
from api.problems import ApiCode, Problem
from api.routes.inbox import Code, Filters, place_text, read_place
from api.services import Services
from permits.authority import Act, Actor, Role
from permits.decisions import TaskKind
from store.queries.cases import TypeLine, types_by_title
from store.queries.changes import desks_of
from store.queries.inbox import OF_OTHERS, InboxCounts, InboxLine, View, inbox, inbox_counts

inbox_pages = APIRouter()

LINES = 25
IN_BULK = frozenset({TaskKind.DESK_CHECK.value, TaskKind.PARAF.value})
"""Kinds that many of may be decided at once, each on exactly what was shown."""
SAY_STAGE = frozenset(
    {
        TaskKind.DESK_CHECK.value, TaskKind.OVERDUE.value, TaskKind.UNANSWERED_REPAIR.value,
        TaskKind.RECOMMENDATION.value, TaskKind.MATCH_ANSWER.value,
    }
)  # fmt: skip
"""Kinds whose own words do not say where the case stands."""
Lister = Annotated[Actor, Depends(may(Act.LIST_TASKS))]


class Asked(BaseModel):
    """What the address says."""

    daftar: View | None = None
    jenis: Code | None = None
    tahap: TaskKind | None = None
    bidang: Code | None = None
    nomor: Annotated[str, Field(pattern=r"^PRM-[0-9]{4}-[0-9]{6,9}$")] | None = None
    setelah: Annotated[str, Field(max_length=400)] | None = None

    def query(self, **changes: Any) -> str:
        """The address of the inbox with these filters; page numbers fall away with every change."""
        given = {**self.model_dump(mode="json", exclude={"setelah"}), **changes}
        kept = {name: value for name, value in given.items() if value}
        return f"/tugas?{urlencode(kept)}" if kept else "/tugas"


@dataclass(frozen=True)
class Line:
    """One task as the inbox shows it."""

    id: str
    mark: str  # task and sha256 of what is judged there, for check boxes
    address: str
    due: Due
    number: str
    permit_name: str
    applicant_name: str
    task: str
    stage: str
    holder: str
    lent_by: str | None
    note: str  # why it waits with nobody, or is stuck; "" where nothing is to be said
    free: bool  # may be taken over
    decidable: bool  # may be decided together with others


@dataclass(frozen=True)
class InboxView:
    """The whole screen."""

    title: str
    tabs: list[tuple[str, str, int | None, bool]]
    lines: list[Line]
    total: int
    more: str  # address of the next page; "" without one
    after: str  # the same place for a search that stands in no address
    text: str
    types: Options
    kinds: Options
    fields: Options
    chosen: dict[str, str]
    filtered: bool
    empty: tuple[str, str]
    can_take: bool
    can_decide: bool
    mark: str  # of what is shown, for the stream that tells of changes; "" where the page does not follow


@inbox_pages.get("/tugas")
async def inbox_page(request: Request, actor: Lister, services: Here, asked: Annotated[Asked, Query()]) -> Response:
    """The open tasks that a person may decide, or may do for others."""
    if actor.role is Role.APPLICANT:
        return onward(request, "/permohonan")
    return form_page(request, "officers/inbox.html", view=await inbox_view(services, actor, asked), errors=[])


@inbox_pages.post("/tugas")
async def search_inbox(request: Request, actor: Lister, services: Here, form: Sent) -> Response:
    """Looks for a name, a title or a number; without words, on to the address of the filters."""
    asked = asked_of(form)
    text = form.text("cari", 100)
    if not text:
        return onward(request, asked.query())
    view = await inbox_view(services, actor, asked, text)
    return form_page(request, "officers/inbox.html", view=view, errors=[])


def asked_of(form: SentForm) -> Asked:
    """The filters of a form. Raises Problem(invalid-request) for what no list of ours offered."""
    try:
        return Asked.model_validate({name: form.text(name, 400) or None for name in Asked.model_fields})
    except ValidationError:
        raise Problem(ApiCode.INVALID_REQUEST) from None


async def inbox_view(services: Services, actor: Actor, asked: Asked, text: str = "") -> InboxView:
    """Reads the inbox as it stands now."""
    actors = await services.capacities(actor)
    now = services.now()
    mark = "" if text else await services.watching.mark_of_page(desks_of(actors))
    filters = Filters(
        view=asked.daftar or "all", permit_type=asked.jenis, kind=asked.tahap, field=asked.bidang, number=asked.nomor
    )
    only = filters.only().model_copy(update={"text": text or None})
    place = read_place(asked.setelah) if asked.setelah else None
    async with services.db.transaction() as session:
        counts = await inbox_counts(session, actors, now)
        if asked.daftar is None and counts.mine and not (text or asked.nomor):
            filters = filters.model_copy(update={"view": "mine"})
        items, total, more = await inbox(session, actors, now, filters.view, only, after=place, limit=LINES)
        types = await types_by_title(session)
    asked = asked.model_copy(update={"daftar": filters.view})
    after = place_text(more) if more else ""
    lines = [line_of(item, actor, due_of(item.due_at, now)) for item in items]
    return view_of(asked, actor, counts, lines, total, after, types, text, mark)


def view_of(
    asked: Asked,
    actor: Actor,
    counts: InboxCounts,
    lines: list[Line],
    total: int,
    after: str,
    types: list[TypeLine],
    text: str = "",
    mark: str = "",
) -> InboxView:
    """The screen from what was read."""
    view: View = asked.daftar or "all"
    filtered = bool(text or asked.jenis or asked.tahap or asked.bidang or asked.nomor)
    chosen = {name: str(value or "") for name, value in asked.model_dump(mode="json").items()}
    return InboxView(
        title=_("Permintaan untuk dinas Anda") if actor.role is Role.OPD else _("Tugas Anda"),
        tabs=_tabs(asked, counts, actor),
        lines=lines,
        total=total,
        more=asked.query(setelah=after) if after and not text else "",
        after=after if text else "",
        text=text,
        types=[(one.code, one.title) for one in types],
        kinds=_kinds(),
        fields=[] if actor.role in (Role.BACK_OFFICE, Role.OPD) else fields_of(types),
        chosen=chosen,
        filtered=filtered,
        empty=_empty(view, filtered),
        can_take=any(line.free for line in lines),
        can_decide=any(line.decidable for line in lines),
        mark=mark,
    )


def line_of(item: InboxLine, actor: Actor, due: Due) -> Line:
    """One line from what was read."""
    mine = item.assigned_to == actor.id
    of_others = item.role == Role.APPLICANT or (item.role == Role.OPD and actor.role is not Role.OPD)
    return Line(
        id=item.id,
        mark=f"{item.id}|{item.subject_sha256}",
        address=address_of_task(item.kind, item.id, actor.role, item.number),
        due=due,
        number=item.number,
        permit_name=item.permit_name,
        applicant_name=item.applicant_name,
        task=task_words(item.kind),
        stage=item.stage if item.kind in SAY_STAGE else "",
        holder=_("Anda") if mine else item.assigned_to_name or item.holder or role_words(item.role),
        lent_by=item.on_behalf_of,
        note=_note(item),
        free=not mine and not of_others,
        decidable=item.kind in IN_BULK and item.assigned_to in (None, actor.id),
    )


def _note(item: InboxLine) -> str:
    if item.stuck:
        return _("Macet: sudah diingatkan, belum ada jawaban")
    return _("Belum ada yang mengambil") if item.assigned_to is None else ""


def _tabs(asked: Asked, counts: InboxCounts, actor: Actor) -> list[tuple[str, str, int | None, bool]]:
    names: list[tuple[View, str, int | None]] = [
        ("mine", _("Milik saya"), counts.mine),
        ("unassigned", _("Belum diambil"), counts.unassigned),
        ("overdue", _("Terlambat"), counts.overdue),
        ("stuck", _("Macet"), counts.stuck),
        ("all", _("Semua"), counts.all),
    ]
    if counts.for_applicants is not None:
        names.append(("for_applicants", _("Mewakili pemohon"), counts.for_applicants))
    if counts.opd_paper is not None:
        names.append(("opd_paper", _("Jawaban di kertas"), counts.opd_paper))
    shown = asked.daftar or "all"
    return [(asked.query(daftar=name), words, count, name == shown) for name, words, count in names]


def _kinds() -> Options:
    of_people = [kind for kind in TaskKind if kind not in (TaskKind.REPAIR, TaskKind.PAYMENT, TaskKind.CLARIFICATION)]
    return sorted(((kind.value, task_words(kind)) for kind in of_people), key=lambda one: one[1])


def fields_of(types: list[TypeLine]) -> Options:
    """The fields of the back office that these types belong to."""
    return [(name, field_words(name)) for name in sorted({one.field for one in types})]


def _empty(view: View, filtered: bool) -> tuple[str, str]:
    if filtered:
        return _("Tidak ada yang cocok"), _(
            "Tidak ada tugas dengan saringan ini. Hapus saringannya untuk melihat semua."
        )
    return {
        "mine": (_("Anda tidak memegang tugas"), _("Lihat yang belum diambil, atau tunggu tugas baru.")),
        "unassigned": (_("Semua tugas sudah ada pemegangnya"), _("Tidak ada tugas yang menunggu diambil.")),
        "overdue": (_("Tidak ada yang terlambat"), _("Semua tugas masih dalam batas waktunya.")),
        "stuck": (_("Tidak ada yang macet"), _("Setiap tugas yang diingatkan sudah dijawab.")),
        "for_applicants": (
            _("Tidak ada yang menunggu pemohon"),
            _("Bila pemohon diminta memperbaiki atau membayar, Anda dapat membantunya dari sini."),
        ),
        "opd_paper": (
            _("Tidak ada permintaan kepada dinas terkait"),
            _("Bila dinas terkait menjawab dengan surat di kertas, jawabannya dicatat dari sini."),
        ),
    }.get(view, (_("Tidak ada tugas"), _("Semua sudah selesai. Tugas baru muncul di sini begitu masuk.")))


__all__ = ["IN_BULK", "OF_OTHERS", "Asked", "InboxView", "Line", "asked_of", "inbox_pages", "inbox_view", "line_of"]
