"""Verification without log-in: by the code of the QR, and of a PDF's own bytes."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.dependencies import Here
from api.problems import ApiCode, Problem
from api.services import Services
from api.uploads import Upload, read_form_file, read_raw_file
from api.views import PermitView, ReportView, permit_view, report_view

public = APIRouter(tags=["public"])


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
