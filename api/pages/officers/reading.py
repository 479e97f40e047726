"""Papers to read beside a form: a small page of its own, shown inside the task page, that turns without scripts.

It stands in a frame of our own pages alone; what is typed in the form beside it stays while its pages are turned.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.dependencies import Here
from api.layers import CONTENT_POLICY
from api.pages.papers import AttachmentId, Purpose, ReadableCase, ReadableWork, Requirement
from api.pages.rendering import page
from api.pages.words import letter_words
from api.routes.documents import find_letter, letter_content
from api.services import Services
from store.queries.application import document, requirement_titles
from store.queries.inbox import attachment_row

reading_pages = APIRouter()

FRAMED = CONTENT_POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")
WIDTH = 900
Turned = Annotated[int, Query(alias="hal", ge=1, le=2000)]


@dataclass(frozen=True)
class Paper:
    """One page of a paper; addresses are "" where there is nothing to go to."""

    title: str
    number: int
    pages: int
    picture: str
    large: str
    file: str
    before: str
    after: str


@reading_pages.get("/kasus/{number}/baca/{requirement}")
async def read_document(
    requirement: Requirement,
    request: Request,
    case: ReadableCase,
    services: Here,
    turned: Turned = 1,
    version: Annotated[int | None, Query(alias="versi", ge=1, le=10_000)] = None,
) -> Response:
    """A document, the newest version or the one asked for."""
    async with services.db.transaction() as session:
        row = await document(session, case.row.number, requirement, version)
        titles = await requirement_titles(session, case.row)
    pages = await _pages(services, row.sha256, turned)
    file = f"/kasus/{case.row.number}/berkas/{requirement}"
    title = titles.get(requirement, requirement)
    return _shown(request, paper_of(request.url.path, file, title, turned, pages, f"versi={row.version}"))


@reading_pages.get("/kasus/{number}/baca-surat/{purpose}")
async def read_letter(
    purpose: Purpose,
    request: Request,
    case: ReadableCase,
    services: Here,
    turned: Turned = 1,
    draft: Annotated[bool, Query(alias="draf")] = False,
) -> Response:
    """A letter, or its frozen draft."""
    letter = await find_letter(services, case, purpose)
    content = await letter_content(services, case, letter, draft)
    sha256 = str(letter.sha256 if draft else letter.signed_sha256 or letter.sha256)
    drawn = await services.papers.draw(content, sha256, turned, WIDTH)
    file = f"/kasus/{case.row.number}/surat/{purpose}"
    asked = "draf=1" if draft else ""
    pages = drawn.pages if drawn else 0
    return _shown(request, paper_of(request.url.path, file, letter_words(purpose), turned, pages, asked))


@reading_pages.get("/tugas/{task_id}/baca/{attachment_id}")
async def read_evidence(
    attachment_id: AttachmentId, request: Request, work: ReadableWork, services: Here, turned: Turned = 1
) -> Response:
    """What was added at a task."""
    async with services.db.transaction() as session:
        row = await attachment_row(session, work.task.id, attachment_id)
    pages = await _pages(services, row.sha256, turned)
    file = f"/tugas/{work.task.id}/lampiran/{attachment_id}"
    return _shown(request, paper_of(request.url.path, file, row.filename, turned, pages, ""))


def paper_of(own: str, file: str, title: str, number: int, pages: int, asked: str) -> Paper:
    """The view of one page.

    Args:
        own: address of this page.
        file: address of the file itself.
        title: what it is.
        number: which page, from 1.
        pages: how many there are; 0 where no picture can be made.
        asked: what else both addresses say, such as `versi=2`.
    """
    more, only = (f"&{asked}", f"?{asked}") if asked else ("", "")
    return Paper(
        title=title,
        number=number,
        pages=pages,
        picture=f"{file}/{number}.png?lebar={WIDTH}{more}" if pages else "",
        large=f"{file}/{number}.png?lebar=1600{more}" if pages else "",
        file=f"{file}{only}",
        before=f"{own}?hal={number - 1}{more}" if 1 < number <= pages else "",
        after=f"{own}?hal={number + 1}{more}" if number < pages else "",
    )


async def _pages(services: Services, sha256: str, number: int) -> int:
    """How many pages there are, 0 where this one cannot be drawn; the picture is kept for the request that follows."""
    known = services.papers.known(sha256, number, WIDTH)
    if known is None:
        content = await services.documents.get_document(sha256)
        known = await services.papers.draw(content, sha256, number, WIDTH)
    return known.pages if known else 0


def _shown(request: Request, paper: Paper) -> Response:
    response = page(request, "officers/kertas.html", paper=paper)
    response.headers["Content-Security-Policy"] = FRAMED
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response
