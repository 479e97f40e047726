"""One document a page: what it is, the file that is there, and a new one; of a draft, or of one asked for again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from api.dependencies import Case, Here, case_for, case_of_applicant_or_stand_in
from api.pages.applying.drafts import Plan
from api.pages.applying.entry import case_of_sender, each_time, home_of_cases, mended, own_draft, plan_or_page
from api.pages.applying.examples import accepted, formats_in_words, what_is_good, what_it_is
from api.pages.applying.unfinished import take_unfinished, unfinished_is_done
from api.pages.forms import FormErrors, Sent, SentForm
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, onward
from api.problems import Problem
from api.routes.documents import get_document, put_document, remove_document
from api.services import Services
from permits.application import ApplicationStatus
from permits.authority import Act, Actor
from permits.decisions import TaskKind
from permits.definition import Requirement, Variant
from permits.errors import Code, RuleError
from permits.party import party_of, requirement_for
from store.queries.application import DocumentView
from store.queries.application import documents as documents_of
from store.queries.catalogue import definition_in_force, definition_version
from store.queries.inbox import open_task_of_kind

router = APIRouter()

own_changeable = case_of_applicant_or_stand_in(
    Act.EDIT_DRAFT, for_draft=Act.APPLY_FOR, for_case=Act.ACT_FOR_APPLICANT
)
Draft = Annotated[Case, Depends(own_draft)]
Changeable = Annotated[Case, Depends(own_changeable)]
Readable = Annotated[Case, Depends(case_for(Act.READ_DOCUMENTS))]


@dataclass(frozen=True)
class DocumentRow:
    """A line of the list of documents."""

    title: str
    address: str
    condition: str | None
    is_required: bool
    is_there: bool


@dataclass(frozen=True)
class DocumentList:
    """The documents of a draft."""

    number: str
    permit_name: str
    is_practice: bool
    rows: list[DocumentRow]
    missing: int
    back: str
    onward: str
    home: str


@dataclass(frozen=True)
class DocumentScreen:
    """The page of one document."""

    number: str
    permit_name: str
    is_practice: bool
    title: str
    condition: str | None
    is_required: bool
    what: str
    good: list[str]
    formats: str
    accept: str
    limit_bytes: int
    existing: DocumentView | None
    returned_because: str | None  # why it is asked for again; None in a draft
    is_replaced: bool  # after it was asked for again
    address: str
    parts_address: str  # where the script sends the file in parts
    back: str
    home: str
    skip: str | None  # the next page, where this document may be left out or is there


@router.get("/permohonan/{number}/berkas")
async def list_documents(request: Request, case: Draft, services: Here) -> Response:
    """All documents that the draft asks for, and which are there."""
    plan = await plan_or_page(request, services, case)
    if isinstance(plan, Response):
        return plan
    return form_page(request, "applying/berkas.html", view=document_list(plan, case.actor))


def document_list(plan: Plan, actor: Actor) -> DocumentList:
    """The list as its page shows it."""
    rows = [
        DocumentRow(one.title, plan.document_address(one.code), one.condition, one.required, one.code in plan.documents)
        for one in plan.requirements
    ]
    missing = sum(row.is_required and not row.is_there for row in rows)
    nearest = plan.next_document
    return DocumentList(
        number=plan.row.number,
        permit_name=plan.row.title,
        is_practice=plan.row.practice,
        rows=rows,
        missing=missing,
        back=plan.address,
        onward=plan.document_address(nearest.code) if nearest else plan.step_address("cara-ambil"),
        home=home_of_cases(actor),
    )


@router.get("/permohonan/{number}/berkas/{requirement}")
async def show_document(requirement: str, request: Request, case: Changeable, services: Here) -> Response:
    """One document with what was uploaded before."""
    screen = await _screen(request, services, case, requirement)
    if isinstance(screen, Response):
        return screen
    return form_page(request, "applying/satu-berkas.html", view=screen, errors=[])


@router.post("/permohonan/{number}/berkas/{requirement}")
async def send_document(number: str, requirement: str, request: Request, form: Sent, services: Here) -> Response:
    """Takes the file in, whole or as it came in parts, and goes on to what is missing next."""
    case = await case_of_sender(request, services, form, number, own_changeable)
    if isinstance(case, Response):
        return case
    screen = await _screen(request, services, case, requirement)
    if isinstance(screen, Response):
        return screen
    if form.text("lanjut", 20) == "nanti" and not form.has_file and not form.text("unggahan", 64):
        return onward(request, screen.home, _("Tersimpan. Lanjutkan kapan saja dari daftar permohonan Anda."))
    try:
        unfinished = await take_unfinished(request, services, case, form)
        await put_document(requirement, request, case, services, each_time(services, case))
    except Refused as error:
        newest = screen.existing.uploaded_at if screen.existing else None
        if not unfinished_is_done(error, form, newest):
            status, errors = _file_errors(request, error, screen)
            return form_page(request, "applying/satu-berkas.html", status, view=screen, errors=errors)
    else:
        await unfinished.drop()
    return await _onward(request, services, case, form, screen)


@router.post("/permohonan/{number}/berkas/{requirement}/hapus")
async def remove(number: str, requirement: str, request: Request, form: Sent, services: Here) -> Response:
    """Takes a document out of the draft."""
    case = await case_of_sender(request, services, form, number)
    if isinstance(case, Response):
        return case
    await remove_document(requirement, case, services)
    return onward(request, f"/permohonan/{number}/berkas/{requirement}", _("Berkas dihapus."))


@router.get("/permohonan/{number}/berkas/{requirement}/unduh")
async def download_document(
    requirement: str, case: Readable, services: Here, versi: Annotated[int | None, Query(ge=1, le=10_000)] = None
) -> Response:
    """What was uploaded, as a file."""
    return await get_document(requirement, case, services, versi)


async def _screen(
    request: Request, services: Services, case: Case, code: str
) -> DocumentScreen | Response:
    """The page of one document. Raises RuleError: requirement-not-found, not-a-draft."""
    if case.row.status == ApplicationStatus.DRAFT:
        plan = await plan_or_page(request, services, case)
        return plan if isinstance(plan, Response) else draft_screen(plan, code, services, case.actor)
    return await _repair_screen(services, case, code)


def draft_screen(plan: Plan, code: str, services: Services, actor: Actor) -> DocumentScreen:
    """A document of a draft."""
    wanted = requirement_for(plan.definition, plan.variant, plan.party, code)
    codes = [one.code for one in plan.requirements]
    place = codes.index(code)
    existing = plan.documents.get(code)
    following = plan.document_address(codes[place + 1]) if place + 1 < len(codes) else f"{plan.address}/berkas"
    return screen_of(
        wanted,
        number=plan.row.number,
        permit_name=plan.row.title,
        is_practice=plan.row.practice,
        limit_bytes=services.settings.upload_limit_bytes,
        existing=existing,
        back=f"{plan.address}/berkas",
        home=home_of_cases(actor),
        skip=following if existing or not wanted.required else None,
    )


async def _repair_screen(services: Services, case: Case, code: str) -> DocumentScreen | Response:
    row = case.row
    async with services.db.transaction() as session:
        task = await open_task_of_kind(session, row.number, TaskKind.REPAIR)
        if task is None or code not in task.wanted_documents:
            return RedirectResponse(f"/permohonan/{row.number}", 303)
        if row.definition_version is None:
            definition = await definition_in_force(session, row.permit_type, await services.office_today())
        else:
            definition = await definition_version(session, row.permit_type, row.definition_version)
        versions = [one for one in await documents_of(session, row) if one.requirement == code]
    wanted = requirement_for(definition, Variant(row.variant), party_of(row.party), code)
    judged = [one for one in versions if one.verdict == "repair"]
    newest = versions[-1] if versions else None
    return screen_of(
        wanted,
        number=row.number,
        permit_name=row.title,
        is_practice=row.practice,
        limit_bytes=services.settings.upload_limit_bytes,
        existing=newest,
        returned_because=(judged[-1].reason if judged else None) or _("Petugas meminta berkas ini sekali lagi."),
        is_replaced=newest is not None and newest.verdict != "repair",
        back=f"/permohonan/{row.number}/perbaikan",
        home=f"/permohonan/{row.number}",
        skip=None,
    )


def screen_of(
    wanted: Requirement,
    *,
    number: str,
    permit_name: str,
    is_practice: bool,
    limit_bytes: int,
    existing: DocumentView | None,
    back: str,
    home: str,
    skip: str | None,
    returned_because: str | None = None,
    is_replaced: bool = False,
) -> DocumentScreen:
    """The page of one document from its requirement."""
    return DocumentScreen(
        number=number,
        permit_name=permit_name,
        is_practice=is_practice,
        title=wanted.title,
        condition=wanted.condition,
        is_required=wanted.required,
        what=what_it_is(wanted.code),
        good=what_is_good(wanted.formats),
        formats=formats_in_words(wanted.formats),
        accept=accepted(wanted.formats),
        limit_bytes=limit_bytes,
        existing=existing,
        returned_because=returned_because,
        is_replaced=is_replaced,
        address=f"/permohonan/{number}/berkas/{wanted.code}",
        parts_address=f"/permohonan/{number}/unggahan",
        back=back,
        home=home,
        skip=skip,
    )


def _file_errors(request: Request, error: Problem | RuleError, screen: DocumentScreen) -> tuple[int, FormErrors]:
    """What is wrong with the file, with the formats of this very document."""
    if error.code == "file-type-not-accepted":
        words = _("Jenis berkas itu tidak diterima di sini. Yang diterima: %(formats)s.") % {"formats": screen.formats}
        return 415, [("file", words)]
    if error.code in (Code.NOT_A_DRAFT, Code.APPLICATION_NOT_FOUND):
        raise error
    return mended(request, error, "file")


async def _onward(
    request: Request, services: Services, case: Case, form: SentForm, screen: DocumentScreen
) -> Response:
    news = _("Berkas diterima: %(title)s.") % {"title": screen.title}
    if screen.returned_because is not None:
        return onward(request, f"/permohonan/{screen.number}/perbaikan", news)
    if form.text("lanjut", 20) == "nanti":
        return onward(request, screen.home, news)
    plan = await plan_or_page(request, services, case)
    if isinstance(plan, Response):
        return plan
    nearest = plan.next_document
    if nearest is not None and screen.existing is None:
        return onward(request, plan.document_address(nearest.code), news)
    return onward(request, f"{plan.address}/berkas", news)


