"""Documents, letters and evidence as pictures of their pages, under the same permissions as the files themselves.

`/kasus/{number}/berkas/{requirement}/{page}.png`, `/kasus/{number}/surat/{purpose}/{page}.png` and
`/tugas/{task}/lampiran/{attachment}/{page}.png`; `lebar` is one of 240, 900, 1600 pixels. Beside the picture of page 1
stands how many pages there are, in the header `X-Pages`; a page that is not there is 404.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BeforeValidator
from starlette.responses import Response

from api.dependencies import Case, Here, Work, case_for, task_for
from api.paper_pictures import Picture
from api.problems import ApiCode, Problem
from api.routes.documents import download, find_letter, letter_content
from api.services import Services
from permits.authority import Act
from store.queries.application import document
from store.queries.inbox import attachment_row

paper_pages = APIRouter(include_in_schema=False)

ReadableCase = Annotated[Case, Depends(case_for(Act.READ_DOCUMENTS))]
ReadableWork = Annotated[Work, Depends(task_for(Act.READ_DOCUMENTS))]
PageNumber = Annotated[int, Path(ge=1, le=2000)]
Width = Annotated[Literal[240, 900, 1600], BeforeValidator(int), Query(alias="lebar")]
Requirement = Annotated[str, Path(pattern=r"^[a-z0-9-]{2,60}$")]
Purpose = Annotated[str, Path(pattern=r"^[a-z0-9-]{2,80}$")]
AttachmentId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")]


@paper_pages.get("/kasus/{number}/berkas/{requirement}/{page}.png")
async def page_of_document(
    requirement: Requirement,
    page: PageNumber,
    case: ReadableCase,
    services: Here,
    width: Width = 900,
    version: Annotated[int | None, Query(alias="versi", ge=1, le=10_000)] = None,
) -> Response:
    """One page of a document, the newest version or the one asked for."""
    async with services.db.transaction() as session:
        row = await document(session, case.row.number, requirement, version)
    return await _drawn(services, row.sha256, page, width)


@paper_pages.get("/kasus/{number}/berkas/{requirement}")
async def document_file(
    requirement: Requirement,
    case: ReadableCase,
    services: Here,
    version: Annotated[int | None, Query(alias="versi", ge=1, le=10_000)] = None,
) -> Response:
    """The document itself, as it was uploaded."""
    async with services.db.transaction() as session:
        row = await document(session, case.row.number, requirement, version)
    content = await services.documents.get_document(row.sha256)
    return download(content, row.content_type, f"{case.row.number}-{row.requirement}-v{row.version}")


@paper_pages.get("/kasus/{number}/surat/{purpose}/{page}.png")
async def page_of_letter(
    purpose: Purpose,
    page: PageNumber,
    case: ReadableCase,
    services: Here,
    width: Width = 900,
    draft: Annotated[bool, Query(alias="draf")] = False,
) -> Response:
    """One page of a letter; of the frozen draft with `draf=1`, for those who work on it."""
    letter = await find_letter(services, case, purpose)
    content = await letter_content(services, case, letter, draft)
    sha256 = str(letter.sha256 if draft else letter.signed_sha256 or letter.sha256)
    known = services.papers.known(sha256, page, width)
    return _answer(known or await services.papers.draw(content, sha256, page, width))


@paper_pages.get("/kasus/{number}/surat/{purpose}")
async def letter_file(
    purpose: Purpose, case: ReadableCase, services: Here, draft: Annotated[bool, Query(alias="draf")] = False
) -> Response:
    """The letter itself."""
    letter = await find_letter(services, case, purpose)
    content = await letter_content(services, case, letter, draft)
    return download(content, "application/pdf", f"{case.row.number}-{purpose}{'-draf' if draft else ''}")


@paper_pages.get("/tugas/{task_id}/lampiran/{attachment_id}/{page}.png")
async def page_of_evidence(
    attachment_id: AttachmentId, page: PageNumber, work: ReadableWork, services: Here, width: Width = 900
) -> Response:
    """One page of what was added at a task: a photo, minutes, a proof of payment, an agency's letter."""
    async with services.db.transaction() as session:
        row = await attachment_row(session, work.task.id, attachment_id)
    return await _drawn(services, row.sha256, page, width)


@paper_pages.get("/tugas/{task_id}/lampiran/{attachment_id}")
async def evidence_file(attachment_id: AttachmentId, work: ReadableWork, services: Here) -> Response:
    """The evidence itself."""
    async with services.db.transaction() as session:
        row = await attachment_row(session, work.task.id, attachment_id)
    content = await services.documents.get_document(row.sha256)
    return download(content, row.content_type, f"{work.task.number}-{row.kind}-{row.sha256[:8]}")


async def _drawn(services: Services, sha256: str, page: int, width: int) -> Response:
    known = services.papers.known(sha256, page, width)
    if known is None:
        content = await services.documents.get_document(sha256)
        known = await services.papers.draw(content, sha256, page, width)
    return _answer(known)


def _answer(picture: Picture | None) -> Response:
    if picture is None:
        raise Problem(ApiCode.NOT_FOUND)
    headers = {
        "X-Pages": str(picture.pages),
        "Cache-Control": "private, no-store",
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(picture.png, media_type="image/png", headers=headers)
