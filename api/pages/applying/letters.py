"""The letters of a case as files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from api.dependencies import Case, Here, case_for
from api.routes.documents import download, find_letter, letter_content
from api.services import Services
from permits.authority import Act

router = APIRouter()

Readable = Annotated[Case, Depends(case_for(Act.READ_DOCUMENTS))]


@router.get("/permohonan/{number}/surat")
async def product(case: Readable, services: Here) -> Response:
    """The product of the case: its permit, or its rejection."""
    return await _file(services, case, case.row.product or case.row.procedure)


@router.get("/permohonan/{number}/surat/{purpose}")
async def letter(purpose: str, case: Readable, services: Here) -> Response:
    """One letter of the case."""
    return await _file(services, case, purpose)


async def _file(services: Services, case: Case, purpose: str) -> Response:
    found = await find_letter(services, case, purpose)
    content = await letter_content(services, case, found, draft=False)
    return download(content, "application/pdf", f"{case.row.number}-{found.purpose}")
