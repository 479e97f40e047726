"""Verification without log-in: by the code of the QR, and of a PDF's own bytes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from api.asked import Asked
from api.dependencies import Here
from api.field_codes import FieldCodeView
from api.looking import verify_by_code
from api.problems import ApiCode, Problem
from api.reporting import MOST_ORDER_CHARACTERS, order_report, report_content
from api.routes.documents import download
from api.routes.sessions import client_address
from api.services import Services
from api.uploads import Upload, read_form_file, read_raw_file
from api.views import PermitView, ReportView, report_view

public = APIRouter(tags=["public"])


class FieldCodeGiven(BaseModel):
    """An offline code as text."""

    code: str = Field(max_length=2000)
    """`SKP1:` and base32, as in the fragment of the address in its QR."""


@public.post("/verifications/field-codes")
async def verify_field_code(given: FieldCodeGiven, services: Here) -> FieldCodeView:
    """Reads the offline code of a field card, for whoever cannot; it does not say whether the permit is in force."""
    return services.field_codes.view(given.code, await services.office_today())


@public.get("/verifications/{code}")
async def verify_code(code: str, request: Request, services: Here) -> PermitView:
    """What the register says of the letter with this code."""
    return await verify_by_code(services, code, client_address(request))


@public.post(
    "/verifications",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/pdf": {"schema": {"type": "string", "format": "binary"}},
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {"file": {"type": "string", "format": "binary"}},
                        "required": ["file"],
                    }
                },
            },
        }
    },
)
async def verify_file(request: Request, services: Here) -> ReportView:
    """Judges a PDF, given as a form's `file` or as the body itself; it is not kept. A broken file is a verdict."""
    with services.verifying.row.place():
        upload = await _read(request, services)
        return await report_view(services, upload.content, upload.sha256)


class ReportAsked(Asked):
    """A report on a check that was just made."""

    order: str = Field(min_length=1, max_length=MOST_ORDER_CHARACTERS)
    """`report_order` of the answer to the check."""


class ReportOrdered(BaseModel):
    """Where the report lies, once it is ready."""

    id: str
    state: Literal["ready", "sealing"]
    url: str
    expires_at: datetime
    """When it is deleted."""


@public.post(
    "/verifications/reports",
    response_model=ReportOrdered,
    responses={202: {"description": "Being sealed: ask again with the same order"}},
)
async def order_sealed_report(asked: ReportAsked, services: Here) -> JSONResponse:
    """Has the report of a check typeset and sealed by the office; asked again with the same order, the same report."""
    ordered = await order_report(services, asked.order)
    answer = ReportOrdered(
        id=ordered.id,
        state="ready" if ordered.ready else "sealing",
        url=f"/api/v1/verifications/reports/{ordered.id}",
        expires_at=ordered.expires_at,
    )
    headers = {} if ordered.ready else {"Retry-After": "3"}
    return JSONResponse(answer.model_dump(mode="json"), 200 if ordered.ready else 202, headers=headers)


@public.get("/verifications/reports/{report_id}", response_class=Response)
async def get_sealed_report(report_id: Annotated[str, Path(pattern=r"^[0-9a-f]{64}$")], services: Here) -> Response:
    """The sealed report, a PDF, for thirty days."""
    content, found = await report_content(services, report_id)
    return download(content, "application/pdf", f"laporan-pemeriksaan-{found.sealed_sha256[:12]}")


async def _read(request: Request, services: Services) -> Upload:
    limit = services.settings.verification_limit_bytes
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await read_form_file(request, limit)
    if kind != "application/pdf":
        raise Problem(ApiCode.UNSUPPORTED_MEDIA_TYPE, allowed=["application/pdf", "multipart/form-data"])
    return await read_raw_file(request, limit)
