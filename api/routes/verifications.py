"""Verification without log-in: by the code of the QR, and of a PDF's own bytes."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from api.dependencies import Here
from api.field_codes import FieldCodeView
from api.problems import ApiCode, Problem
from api.services import Services
from api.uploads import Upload, read_form_file, read_raw_file
from api.views import PermitView, ReportView, permit_view, report_view

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
async def verify_code(code: str, services: Here) -> PermitView:
    """What the register says of the letter with this code."""
    return await permit_view(services, code)


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
    with services.verifying.place():
        upload = await _read(request, services)
        return await report_view(services, upload.content, upload.sha256)


async def _read(request: Request, services: Services) -> Upload:
    limit = services.settings.verification_limit_bytes
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind == "multipart/form-data":
        return await read_form_file(request, limit)
    if kind != "application/pdf":
        raise Problem(ApiCode.UNSUPPORTED_MEDIA_TYPE, allowed=["application/pdf", "multipart/form-data"])
    return await read_raw_file(request, limit)
