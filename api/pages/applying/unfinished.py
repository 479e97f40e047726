"""Where our script sends a file in parts, so that a bad line costs a part and not the file (tus 1.0, core and expiry).

`POST /permohonan/{number}/unggahan` begins, `HEAD` asks how far it came, `PATCH` brings the next part. The form that
the file belongs to then comes with the field `unggahan` in place of the file.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from api.dependencies import Case, Here, case_of_applicant_or_stand_in
from api.pages.forms import SentForm
from api.problems import ApiCode, Problem
from api.services import Services
from api.unfinished import LARGEST_PART, Unfinished, UnfinishedUploads, begun_at
from api.uploads import SentFile
from permits.authority import Act
from permits.errors import RuleError

router = APIRouter()

VERSION = "1.0.0"
PART_TYPE = "application/offset+octet-stream"
CONFLICT = 409
Writable = Annotated[
    Case,
    Depends(case_of_applicant_or_stand_in(Act.EDIT_DRAFT, for_draft=Act.APPLY_FOR, for_case=Act.ACT_FOR_APPLICANT)),
]


@router.post("/permohonan/{number}/unggahan")
async def begin_upload(request: Request, case: Writable, services: Here) -> Response:
    """Begins a file of `Upload-Length` bytes for this application."""
    length = _whole_number(request.headers.get("upload-length", ""))
    if length is None:
        raise Problem(ApiCode.INVALID_REQUEST, fields=["Upload-Length"])
    name = _filename(request.headers.get("upload-metadata", ""))
    limit = services.settings.upload_limit_bytes
    upload = await _of(services, case).begin(case.row.number, name, length, limit)
    location = f"/permohonan/{case.row.number}/unggahan/{upload.id}"
    return _answer(201, upload, {"Location": location, "Tus-Max-Size": str(limit)})


@router.get("/permohonan/{number}/unggahan/{upload_id}")
async def how_far(upload_id: str, case: Writable, services: Here) -> Response:
    """How much of it is here; asked by HEAD."""
    return _answer(204, await _of(services, case).find(upload_id, case.row.number))


@router.patch("/permohonan/{number}/unggahan/{upload_id}")
async def next_part(upload_id: str, request: Request, case: Writable, services: Here) -> Response:
    """The next part, which begins at `Upload-Offset`; what came of a part whose line broke is kept as well."""
    if request.headers.get("content-type", "").lower() != PART_TYPE:
        raise Problem(ApiCode.UNSUPPORTED_MEDIA_TYPE, allowed=[PART_TYPE])
    uploads = _of(services, case)
    upload = await uploads.find(upload_id, case.row.number)
    if _whole_number(request.headers.get("upload-offset", "")) != upload.offset:
        return _answer(CONFLICT, upload)
    content = await _part(request, min(LARGEST_PART, upload.length - upload.offset))
    return _answer(204, await uploads.add(upload, content))


@dataclass(frozen=True)
class Taken:
    """The parts that a form's file was made of, to be forgotten once it is kept."""

    uploads: UnfinishedUploads
    id: str = ""

    async def drop(self) -> None:
        """Forgets them; nothing where the file came whole."""
        if self.id:
            await self.uploads.drop(self.id)


async def take_unfinished(request: Request, services: Services, case: Case, form: SentForm) -> Taken:
    """Puts a file that came in parts where the routes look for the form's file.

    Raises Problem(file-missing) for one that is not whole, not known or expired.
    """
    uploads, upload_id = _of(services, case), form.text("unggahan", 64)
    if form.has_file or not upload_id:
        return Taken(uploads)
    try:
        upload = await uploads.find(upload_id, case.row.number)
    except Problem:
        raise Problem(ApiCode.FILE_MISSING) from None
    content = await uploads.whole(upload)
    request.state.sent_file = SentFile(
        upload.filename, content, form.fields, services.settings.upload_limit_bytes
    )
    return Taken(uploads, upload_id)


def unfinished_is_done(error: Problem | RuleError, form: SentForm, newest: datetime | None) -> bool:
    """Whether a form comes a second time whose file was kept the first time: the parts are gone, the file is newer."""
    begun = begun_at(form.text("unggahan", 64))
    return error.code == ApiCode.FILE_MISSING and begun is not None and newest is not None and newest >= begun


def _of(services: Services, case: Case) -> UnfinishedUploads:
    return UnfinishedUploads(services.documents, case.actor.id, services.now)


async def _part(request: Request, most: int) -> bytes:
    """The body of at most `most` bytes; what came of it, where the line broke. Raises Problem(too-large)."""
    kept = bytearray()
    try:
        async for chunk in request.stream():
            kept += chunk
            if len(kept) > most:
                raise Problem(ApiCode.TOO_LARGE)
    except ClientDisconnect:
        # Nobody hears the answer; the next one asks how far it came.
        pass
    return bytes(kept)


def _answer(status: int, upload: Unfinished, more: dict[str, str] | None = None) -> Response:
    headers = {
        "Tus-Resumable": VERSION,
        "Upload-Offset": str(upload.offset),
        "Upload-Length": str(upload.length),
        "Upload-Expires": format_datetime(upload.expires_at, usegmt=True),
        "Cache-Control": "no-store",
    }
    return Response(status_code=status, headers=headers | (more or {}))


def _whole_number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else None


def _filename(metadata: str) -> str:
    """The value of `filename` (tus 1.0, Upload-Metadata: names with base64 values, by commas)."""
    for pair in metadata[:4000].split(","):
        name, _, encoded = pair.strip().partition(" ")
        if name == "filename":
            try:
                return base64.b64decode(encoded, validate=True).decode()
            except (binascii.Error, UnicodeDecodeError):
                break
    return ""
