"""`/kasus`: the staff's list of cases, one case, its whole record, and the slip that is printed at the counter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel, Field, ValidationError
from starlette.responses import Response

from api.dependencies import Case, Here, SignedIn, allow, case_for
from api.pages.forms import Sent
from api.pages.language import gettext as _
from api.pages.officers.beside import office_now
from api.pages.officers.case_view import Line, RecordView, case_view, told_of
from api.pages.officers.words import status_words, statuses
from api.pages.rendering import form_page, onward, page
from api.pages.words import Options
from api.problems import ApiCode, Problem
from api.routes.applications import read_application, read_events, read_rungs
from api.routes.inbox import Code as TypeCode
from api.services import Services
from permits.authority import STAFF, Act, Actor, Role
from permits.errors import Code, RuleError
from store.queries.cases import CaseFilter, CaseLine, TypeLine, cases, types_by_title
from store.queries.desk import law_of

case_pages = APIRouter()

LINES = 25
RECORD_LINES = 100
Readable = Annotated[Case, Depends(case_for(Act.READ_APPLICATION))]
Number = Annotated[str, Field(pattern=r"^PRM-[0-9]{4}-[0-9]{6,9}$")]


class CasesAsked(BaseModel):
    """What the address says."""

    jenis: TypeCode | None = None
    keadaan: Annotated[str, Field(pattern=r"^[a-z_]{3,20}$")] | None = None
    rancangan: bool = False
    setelah: Number | None = None

    def query(self, **changes: str) -> str:
        """The address of the list with these filters."""
        given: dict[str, str | None] = {"jenis": self.jenis, "keadaan": self.keadaan}
        given |= {"rancangan": "1" if self.rancangan else None, **changes}
        kept = {name: value for name, value in given.items() if value}
        return f"/kasus?{urlencode(kept)}" if kept else "/kasus"


@dataclass(frozen=True)
class CaseRow:
    """One line of the list."""

    line: CaseLine
    label: tuple[str, str]
    where: str


@dataclass(frozen=True)
class CasesView:
    """The whole screen."""

    rows: list[CaseRow]
    total: int
    more: str
    after: str
    text: str
    types: Options
    statuses: Options
    chosen: dict[str, str]
    filtered: bool
    tabs: list[tuple[str, str, int | None, bool]]


@case_pages.get("/kasus")
async def list_cases(
    request: Request, login: SignedIn, services: Here, asked: Annotated[CasesAsked, Query()]
) -> Response:
    """All cases that the person may read, newest first."""
    view = await _list(services, login.actor, asked, "")
    return form_page(request, "officers/kasus-kasus.html", view=view)


@case_pages.post("/kasus")
async def search_cases(request: Request, login: SignedIn, services: Here, form: Sent) -> Response:
    """Looks for a name, a title or a number: by POST, since a name stands in no address."""
    try:
        given = {name: form.text(name, 100) or None for name in ("jenis", "keadaan", "setelah")}
        asked = CasesAsked.model_validate(given | {"rancangan": bool(form.text("rancangan", 5))})
    except ValidationError:
        raise Problem(ApiCode.INVALID_REQUEST) from None
    text = form.text("cari", 100)
    if not text:
        return onward(request, asked.query())
    view = await _list(services, login.actor, asked, text)
    if view.total == 1 and asked.setelah is None and view.rows[0].line.number == text.upper():
        return onward(request, f"/kasus/{view.rows[0].line.number}")
    return form_page(request, "officers/kasus-kasus.html", view=view)


@case_pages.get("/kasus/{number}")
async def show_case(request: Request, case: Readable, services: Here) -> Response:
    """One case: who holds it, its papers, its agencies, its record."""
    if case.actor.role is Role.APPLICANT:
        return onward(request, f"/permohonan/{case.row.number}")
    shown = await read_application(case, services)
    async with services.db.transaction() as session:
        law = await law_of(session, case.row)
    applicant = await services.records.account(case.row.applicant_id)
    record = await _record(services, case, max(0, case.row.event_count - 40), 40)
    view = case_view(
        shown,
        case.row,
        law,
        applicant,
        case.actor,
        case.subject,
        record,
        await office_now(services, case.row),
    )
    return page(request, "officers/kasus.html", view=view)


@case_pages.get("/kasus/{number}/catatan")
async def show_record(
    request: Request,
    case: Readable,
    services: Here,
    after: Annotated[int, Query(alias="setelah", ge=0, le=10_000_000)] = 0,
) -> Response:
    """Every line of the record, and the proof of every rung that fell."""
    lines = await _record(services, case, after, RECORD_LINES)
    told = [told_of(one) for one in (await read_rungs(case, services)).items]
    last = after + len(lines)
    more = f"/kasus/{case.row.number}/catatan?setelah={last}" if last < case.row.event_count and lines else ""
    view = RecordView(case.row.number, case.row.title, lines, told, more)
    return page(request, "officers/catatan.html", view=view)


@case_pages.get("/kasus/{number}/tanda-terima")
async def show_slip(request: Request, case: Readable, services: Here) -> Response:
    """What the applicant takes home from the counter: number, tracking code, promised day."""
    allow(case.actor, Act.APPLY_FOR, case.subject)
    if case.row.tracking_code is None:
        raise RuleError(Code.APPLICATION_NOT_FOUND)
    applicant = await services.records.account(case.row.applicant_id)
    return page(
        request,
        "officers/tanda-terima.html",
        number=case.row.number,
        permit_name=case.row.title,
        applicant_name=applicant.name if applicant else "",
        tracking_code=case.row.tracking_code,
        tracking_url=f"{services.settings.public_base_url}/lacak",
        submitted_at=case.row.submitted_at,
        promise_due_at=case.row.promise_due_at,
    )


async def _record(services: Services, case: Case, after: int, limit: int) -> list[Line]:
    read = await read_events(case, services, after, limit)
    return [Line(one.office_at, one.sentence, one.actor_name) for one in read.items]


async def _list(services: Services, actor: Actor, asked: CasesAsked, text: str) -> CasesView:
    if actor.role not in STAFF:
        raise RuleError(Code.NOT_ALLOWED)
    allow(actor, Act.READ_APPLICATION)
    if asked.rancangan:
        allow(actor, Act.APPLY_FOR)
    wanted = CaseFilter(
        text=text or None,
        permit_type=asked.jenis,
        status=asked.keadaan,
        field=actor.field if actor.role is Role.BACK_OFFICE else None,
        drafts_of_counter=asked.rancangan,
    )
    async with services.db.transaction() as session:
        lines, total, after = await cases(session, wanted, asked.setelah, LINES)
        types = await types_by_title(session)
    return cases_view(asked, actor, lines, total, after or "", types, text)


def cases_view(
    asked: CasesAsked, actor: Actor, lines: list[CaseLine], total: int, after: str, types: list[TypeLine], text: str
) -> CasesView:
    """The screen from what was read."""
    tabs: list[tuple[str, str, int | None, bool]] = []
    if actor.role is Role.FRONT_OFFICE:
        tabs = [
            ("/kasus", _("Permohonan"), None, not asked.rancangan),
            ("/kasus?rancangan=1", _("Rancangan di loket"), None, asked.rancangan),
        ]
    return CasesView(
        rows=[CaseRow(line, status_words(line.status), _where(line)) for line in lines],
        total=total,
        more=asked.query(setelah=after) if after and not text else "",
        after=after if text else "",
        text=text,
        types=[(one.code, one.title) for one in types],
        statuses=statuses(),
        chosen={
            "jenis": asked.jenis or "",
            "keadaan": asked.keadaan or "",
            "rancangan": "1" if asked.rancangan else "",
        },
        filtered=bool(text or asked.jenis or asked.keadaan),
        tabs=tabs,
    )


def _where(line: CaseLine) -> str:
    return line.waiting_for or line.stage or ""
