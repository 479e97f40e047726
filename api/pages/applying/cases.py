"""The own cases: the list, with what waits for the applicant first, and one case with all that can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import RedirectResponse, Response

from api.dependencies import Case, Here, SignedIn, case_for
from api.pages.answers import answers_of
from api.pages.applying.answering import address_of
from api.pages.applying.draft_screen import draft_screen
from api.pages.applying.entry import plan_or_page
from api.pages.applying.standing import Facts, Standing, standing
from api.pages.applying.submission import delivery_words, party_words
from api.pages.formatting import local_day
from api.pages.language import gettext as _
from api.pages.language import ngettext
from api.pages.menu import home_of
from api.pages.rendering import form_page, page
from api.routes.documents import FOR_APPLICANT
from api.services import Services
from api.views import TrackingView, tracking_view, verification_url
from permits.after_issue import may_be_withdrawn
from permits.application import CLOSED, ApplicationStatus
from permits.authority import Act, Role
from permits.decisions import TaskKind
from permits.definition import PermitDefinition, Procedure
from permits.errors import Code, RuleError
from permits.party import party_of
from store.queries.application import (
    ApplicationLine,
    DocumentView,
    LetterView,
    applications,
    documents,
    letters,
)
from store.queries.catalogue import definition_version
from store.queries.help import MessageView, messages
from store.queries.own_cases import HeldTask, held_tasks
from store.queries.permits import PermitLine, permit_line
from store.records import thread_of
from store.tables import ApplicationRow

router = APIRouter()

Readable = Annotated[Case, Depends(case_for(Act.READ_APPLICATION))]
NUMBER = r"^PRM-[0-9]{4}-[0-9]{6,9}$"
PAGE = 50
MOST_MESSAGES = 3
FOR_FETCHING = FOR_APPLICANT | {one.value for one in Procedure}
"""Letters that an applicant may fetch, where they are issued."""


@dataclass(frozen=True)
class OwnCase:
    """A line of the list."""

    number: str
    permit_name: str
    address: str
    action: str  # what its link says
    standing: Standing
    promised_on: date | None
    is_practice: bool


@dataclass(frozen=True)
class OwnCases:
    """The list in its groups."""

    waiting: list[OwnCase]
    drafts: list[OwnCase]
    running: list[OwnCase]
    ended: list[OwnCase]
    next_page: str | None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing yet."""
        return not (self.waiting or self.drafts or self.running or self.ended)


@dataclass(frozen=True)
class Chore:
    """Something that the office waits for."""

    words: str
    action: str
    address: str
    due_at: datetime


@dataclass(frozen=True)
class LetterLine:
    """A letter that can be fetched."""

    title: str
    number_text: str
    letter_date: date
    address: str


@dataclass(frozen=True)
class Version:
    """A version of a document."""

    title: str
    version: int
    uploaded_at: datetime
    by_office: bool
    verdict: str | None
    reason: str | None
    address: str


@dataclass(frozen=True)
class CaseScreen:
    """One case as its applicant sees it; office times."""

    number: str
    permit_name: str
    holder_name: str
    standing: Standing
    is_closed: bool
    is_practice: bool
    is_demo_pace: bool
    due_at: datetime | None
    is_late: bool
    promised_on: date | None
    promise_working_days: int | None
    is_provisional: bool
    chores: list[Chore]
    letters: list[LetterLine]
    verification_url: str | None
    tracking_address: str
    answers: list[tuple[str, str]]
    documents: list[Version]
    messages: list[MessageView]
    thread: str
    tracked: TrackingView
    may_withdraw: bool
    may_renew: bool
    may_replace: bool
    valid_until: date | None
    home: str


@router.get("/permohonan")
async def own_cases(
    request: Request,
    login: SignedIn,
    services: Here,
    sesudah: Annotated[str | None, Query(pattern=NUMBER)] = None,
) -> Response:
    """The own applications; officers are led to their own work."""
    if login.actor.role is not Role.APPLICANT:
        return RedirectResponse(home_of(login.actor), 303)
    async with services.db.transaction() as session:
        lines, _total = await applications(session, login.actor.id, sesudah, PAGE)
        held = await held_tasks(session, login.actor.id)
    return page(request, "applying/permohonan.html", view=case_list(lines, held))


def case_list(lines: Sequence[ApplicationLine], held: Sequence[HeldTask]) -> OwnCases:
    """The list in its groups, what waits for the applicant first."""
    waiting, drafts, running, ended = [], [], [], []
    for line in lines:
        tasks = [one for one in held if one.number == line.number]
        shown = _own_case(line, tasks)
        if line.status == ApplicationStatus.DRAFT:
            drafts.append(shown)
        elif line.status in CLOSED:
            ended.append(shown)
        elif tasks:
            waiting.append(shown)
        else:
            running.append(shown)
    more = f"/permohonan?sesudah={lines[-1].number}" if len(lines) == PAGE else None
    return OwnCases(waiting=waiting, drafts=drafts, running=running, ended=ended, next_page=more)


def _own_case(line: ApplicationLine, tasks: list[HeldTask]) -> OwnCase:
    address = f"/permohonan/{line.number}"
    facts = Facts(
        status=line.status,
        product=line.product,
        waiting_kind=line.waiting_kind,
        waiting_for=line.waiting_for,
        asked=tuple(one.kind for one in tasks),
        repairs=sum(len(one.wanted_documents) for one in tasks),
    )
    is_open = line.status not in CLOSED and line.status != ApplicationStatus.DRAFT
    return OwnCase(
        number=line.number,
        permit_name=line.permit_name,
        address=address,
        action=_("Lanjutkan") if line.status == ApplicationStatus.DRAFT else _("Buka"),
        standing=standing(facts),
        promised_on=local_day(line.promise_due_at) if is_open and line.promise_due_at and not tasks else None,
        is_practice=line.practice,
    )


@router.get("/permohonan/{number}")
async def show_case(request: Request, case: Readable, services: Here) -> Response:
    """A draft as a task list; a case with where it stands and what can be done."""
    if case.row.status == ApplicationStatus.DRAFT:
        plan = await plan_or_page(request, services, case)
        if isinstance(plan, Response):
            return plan
        return form_page(request, "applying/daftar-tugas.html", view=draft_screen(plan, case.actor))
    if case.actor.id != case.row.applicant_id:
        return RedirectResponse(f"/kasus/{case.row.number}", 303)  # the office reads cases on pages of its own
    return form_page(request, "applying/kasus.html", view=await _case_screen(services, case))


# A draft -------------------------------------------------------------------------------------------------------------


# A case --------------------------------------------------------------------------------------------------------------


async def _case_screen(services: Services, case: Case) -> CaseScreen:
    row = case.row
    tracked = await tracking_view(services, row.tracking_code or "")
    today = await services.office_today()
    thread = thread_of(row.applicant_id, row.number)
    definition = await _law_of(services, row)
    async with services.db.transaction() as session:
        held = await held_tasks(session, row.applicant_id, row.number)
        known = await documents(session, row)
        written = await letters(session, row.number)
        told = await messages(session, thread, MOST_MESSAGES)
        permit = await _permit_of(session, row.number, today)
    account = await services.records.account(row.applicant_id)
    return case_screen(
        row,
        tracked,
        held=held,
        known=known,
        written=written,
        told=told,
        thread=thread,
        permit=permit,
        definition=definition,
        holder_name=party_of(row.party).holder(account.name if account else ""),
        verified_at=verification_url(services, row.verification_id) if tracked.download_url else None,
    )


def case_screen(
    row: ApplicationRow,
    tracked: TrackingView,
    *,
    held: list[HeldTask],
    known: list[DocumentView],
    written: list[LetterView],
    told: list[MessageView],
    thread: str,
    permit: PermitLine | None,
    definition: PermitDefinition | None,
    holder_name: str,
    verified_at: str | None,
) -> CaseScreen:
    """The page of one case."""
    is_closed = row.status in CLOSED
    in_force = permit is not None and permit.status == "in_force"
    address = f"/permohonan/{row.number}"
    return CaseScreen(
        number=row.number,
        permit_name=row.title,
        holder_name=holder_name,
        standing=standing(_facts(row, held)),
        is_closed=is_closed,
        is_practice=row.practice,
        is_demo_pace=tracked.compressed_pace,
        due_at=None if is_closed or held else tracked.due_at,
        is_late=tracked.late and not held,
        promised_on=tracked.promised_on,
        promise_working_days=tracked.promise_working_days,
        is_provisional=tracked.promise_provisional,
        chores=[_chore(one) for one in held],
        letters=[_letter(address, one, row) for one in written if one.purpose in FOR_FETCHING and _is_out(one)],
        verification_url=verified_at,
        tracking_address=f"/lacak/{row.tracking_code}",
        answers=_answers(row, definition),
        documents=[_version(address, one) for one in reversed(known)],
        messages=told,
        thread=thread,
        tracked=tracked,
        may_withdraw=not is_closed
        and row.status not in (ApplicationStatus.SIGNED, ApplicationStatus.IN_DELIVERY)
        and may_be_withdrawn(Procedure(row.procedure)),
        may_renew=in_force,
        may_replace=in_force,
        valid_until=permit.valid_until if permit else None,
        home="/permohonan",
    )


def _facts(row: ApplicationRow, held: list[HeldTask]) -> Facts:
    return Facts(
        status=row.status,
        product=row.product or (row.procedure if row.procedure != Procedure.PERMIT else None),
        waiting_kind=row.waiting_kind,
        waiting_for=row.waiting_for,
        since=row.waiting_since,
        asked=tuple(one.kind for one in held),
        repairs=sum(len(one.wanted_documents) for one in held),
    )


def _chore(task: HeldTask) -> Chore:
    match task.kind:
        case TaskKind.REPAIR:
            count = len(task.wanted_documents)
            words = ngettext("Satu berkas diminta lagi.", "%(num)s berkas diminta lagi.", count) % {"num": count}
            return Chore(words, _("Perbaiki berkas"), address_of(task), task.due_at)
        case TaskKind.PAYMENT:
            return Chore(task.instructions, _("Kirim bukti pembayaran"), address_of(task), task.due_at)
        case _:
            return Chore(task.instructions, _("Jawab pertanyaan"), address_of(task), task.due_at)


def _is_out(letter: LetterView) -> bool:
    return letter.status == "issued" and (letter.signed_sha256 is not None or letter.purpose == "skrd")


def _letter(address: str, letter: LetterView, row: ApplicationRow) -> LetterLine:
    titles = {
        "permit": row.title,
        "rejection": _("Surat penolakan"),
        "skrd": _("Surat Ketetapan Retribusi Daerah (SKRD)"),
    }
    return LetterLine(
        title=titles.get(letter.purpose, row.title),
        number_text=letter.number_text,
        letter_date=letter.letter_date,
        address=f"{address}/surat/{letter.purpose}",
    )


def _version(address: str, one: DocumentView) -> Version:
    return Version(
        title=one.title,
        version=one.version,
        uploaded_at=one.uploaded_at,
        by_office=one.channel != "web",
        verdict=one.verdict,
        reason=one.reason,
        address=f"{address}/berkas/{one.requirement}/unduh?versi={one.version}",
    )


def _answers(row: ApplicationRow, definition: PermitDefinition | None) -> list[tuple[str, str]]:
    """What was submitted, as the version of the case asked it."""
    return [
        (_("Untuk siapa"), party_words(party_of(row.party))),
        (_("Izin lama"), row.old_permit_text or ""),
        *answers_of(definition, row.data),
        (_("Cara menerima surat"), delivery_words(row.delivery)),
        (_("Alamat pengiriman"), row.delivery_address or ""),
    ]


async def _law_of(services: Services, row: ApplicationRow) -> PermitDefinition | None:
    if row.definition_version is None:
        return None
    async with services.db.transaction() as session:
        return await definition_version(session, row.permit_type, row.definition_version)


async def _permit_of(session: AsyncSession, number: str, today: date) -> PermitLine | None:
    try:
        return await permit_line(session, number, today)
    except RuleError as none:
        if none.code is not Code.PERMIT_NOT_FOUND:
            raise
        return None
