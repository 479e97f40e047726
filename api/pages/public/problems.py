"""A page for each stable problem code: what a problem's `type` leads to."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response

from api.dependencies import Here
from api.pages.rendering import page
from api.problems import ApiCode, Problem, Words

problem_pages = APIRouter()


class ProblemView(BaseModel):
    """What the page of a code says."""

    model_config = ConfigDict(frozen=True)

    code: str
    status: int
    title: str
    sentence: str


def problem_view(code: str, words: Words) -> ProblemView:
    """The words of a code without the facts of any one request."""
    return ProblemView(code=code, status=words.status, title=words.title, sentence=words.plain or words.detail)


@problem_pages.get("/masalah")
async def problems(request: Request, services: Here) -> Response:
    """Every code that there is."""
    table = services.problems.table
    known = [problem_view(code, words) for code in table.codes if (words := table.words(code))]
    return page(request, "public/masalah-daftar.html", problems=known)


@problem_pages.get("/masalah/{code}")
async def problem(code: str, request: Request, services: Here) -> Response:
    """What this code means, and what to do."""
    words = services.problems.table.words(code)
    if words is None:
        raise Problem(ApiCode.NOT_FOUND)
    return page(request, "public/masalah.html", view=problem_view(code, words))
