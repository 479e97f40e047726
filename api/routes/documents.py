"""Documents and letters of a case: files in, files out.

What goes out is served as a download of a fixed name, never as a page of ours: nothing in it can act in our origin.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from api.asked import refuse_unkeepable
from api.dependencies import Case, Here, case_for, case_of_applicant_or_stand_in
from api.idempotency import OnlyOnce
from api.services import Services
from api.uploads import Upload, read_form_file
from permits.application import ApplicationStatus
from permits.authority import STAFF, Act, Role
from permits.decisions import Channel, TaskKind
from permits.definition import PermitDefinition, Requirement, Variant
from permits.errors import Code, RuleError
from permits.party import party_of, requirement_for
from store.queries.application import LetterView, document, letters
from store.queries.catalogue import definition_in_force, definition_version
from store.queries.inbox import open_task_of_kind
from store.queries.verification import newest_signed_version
from store.records import NewDocument

private = APIRouter(tags=["documents"])

STAND_IN_CHANNELS: dict[str, Channel] = {
    "counter": "counter",
    "whatsapp": "whatsapp",
    "email": "email",
    "telephone": "telephone",
    "letter": "letter",
}
FOR_APPLICANT = frozenset({"permit", "rejection", "skrd"})
_EXTENSIONS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


class DocumentAnswer(BaseModel):
    """A document that was taken in."""

    number: str
    requirement: str
    version: int
    sha256: str
    size: int
    """Bytes."""
    content_type: str


Changeable = Annotated[
    Case,
    Depends(
        case_of_applicant_or_stand_in(Act.EDIT_DRAFT, for_draft=Act.APPLY_FOR, for_case=Act.ACT_FOR_APPLICANT)
    ),
]
Removable = Annotated[
    Case, Depends(case_of_applicant_or_stand_in(Act.EDIT_DRAFT, for_draft=Act.APPLY_FOR, for_case=Act.APPLY_FOR))
]
Readable = Annotated[Case, Depends(case_for(Act.READ_DOCUMENTS))]


@private.put(
    "/applications/{number}/documents/{requirement}",
    response_model=DocumentAnswer,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "file": {"type": "string", "format": "binary"},
                            "channel": {"type": "string", "enum": list(STAND_IN_CHANNELS)},
                            "consent": {"type": "string", "minLength": 3, "maxLength": 500},
                        },
                        "required": ["file"],
                    }
                }
            },
        }
    },
)
async def put_document(
    requirement: str, request: Request, case: Changeable, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """Uploads the next version of a document: of a draft, or of one that is asked for again.

    The front office does it for an applicant: with `channel` and `consent`, but for a draft of the counter.
    """
    wanted = await _changeable_requirement(services, case, requirement)
    upload = await read_form_file(request, services.settings.upload_limit_bytes)
    way = _way(case, upload)

    async def write() -> DocumentAnswer:
        return await _keep(services, case, wanted, upload, way)

    return await only_once.answer([upload.sha256, way.channel, way.consent], 200, write)


@private.get("/applications/{number}/documents/{requirement}")
async def get_document(
    requirement: str,
    case: Readable,
    services: Here,
    version: Annotated[int | None, Query(ge=1, le=10_000)] = None,
) -> Response:
    """The newest version of a document, or the one asked for."""
    _check_code(requirement)
    async with services.db.transaction() as session:
        row = await document(session, case.row.number, requirement, version)
    content = await services.documents.get_document(row.sha256)
    return download(content, row.content_type, f"{case.row.number}-{row.requirement}-v{row.version}")


@private.delete("/applications/{number}/documents/{requirement}", status_code=204)
async def remove_document(requirement: str, case: Removable, services: Here) -> None:
    """Takes a document out of a draft again."""
    _check_code(requirement)
    for sha256 in await services.records.remove_document(case.row.number, requirement):
        await services.documents.delete_document(sha256)


@private.get("/applications/{number}/letters/{purpose}")
async def get_letter(
    purpose: str,
    case: Readable,
    services: Here,
    draft: Annotated[bool, Query(description="Staff: the frozen draft, before it is signed")] = False,
) -> Response:
    """A letter: the signed PDF once it is issued; for staff the frozen draft with `draft=1`."""
    found = await find_letter(services, case, purpose)
    content = await letter_content(services, case, found, draft)
    return download(content, "application/pdf", f"{case.row.number}-{found.purpose}{'-draf' if draft else ''}")


async def find_letter(services: Services, case: Case, purpose: str) -> LetterView:
    """The letter of that purpose that the actor may see. Raises RuleError(letter-not-found)."""
    async with services.db.transaction() as session:
        found = next((one for one in await letters(session, case.row.number) if one.purpose == purpose), None)
    if found is None or not _may_see(case, purpose):
        raise RuleError(Code.LETTER_NOT_FOUND)
    return found


async def letter_content(services: Services, case: Case, letter: LetterView, draft: bool) -> bytes:
    """The bytes of a letter: nothing that is not issued leaves the office. Raises RuleError(letter-not-found)."""
    if letter.sha256 is None:
        raise RuleError(Code.LETTER_NOT_FOUND)
    if draft:
        if case.actor.role is Role.APPLICANT:
            raise RuleError(Code.NOT_ALLOWED)
        return await services.documents.get_document(letter.sha256)
    if letter.status != "issued":
        raise RuleError(Code.LETTER_NOT_FOUND)
    if letter.signed_sha256 is None:
        # Letters that need no signature of the head (SKRD, minutes, requests) are their frozen bytes.
        if letter.purpose in ("permit", "rejection"):
            raise RuleError(Code.LETTER_NOT_FOUND)
        return await services.documents.get_document(letter.sha256)
    async with services.db.transaction() as session:
        newest = await newest_signed_version(session, letter.sha256)
    return await services.documents.get_signed(newest or letter.signed_sha256)


def download(content: bytes, content_type: str, name: str) -> Response:
    """A file to keep, under a name of ours."""
    kind = content_type if content_type in _EXTENSIONS else "application/octet-stream"
    filename = f"{re.sub(r'[^A-Za-z0-9-]', '_', name)}.{_EXTENSIONS.get(kind, 'bin')}"
    return Response(
        content,
        media_type=kind,
        headers={
            "Content-Disposition": f'attachment; filename="{filename}"',
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "Cache-Control": "no-store",
        },
    )


@dataclass(frozen=True)
class _Way:
    """How a document reached the office."""

    channel: Channel
    consent: str | None


def _way(case: Case, upload: Upload) -> _Way:
    """Raises RuleError(provenance-missing): who acts for somebody else says how it came, nobody else does."""
    channel, consent = upload.fields.get("channel"), (upload.fields.get("consent") or "").strip()
    if case.actor.role is Role.APPLICANT:
        if channel is not None or consent:
            raise RuleError(Code.PROVENANCE_MISSING)
        return _Way("web", None)
    if channel is None and case.row.status == ApplicationStatus.DRAFT:
        return _Way("counter", consent or None)
    if channel not in STAND_IN_CHANNELS or not 3 <= len(consent) <= 500 or not _can_be_kept(consent):
        raise RuleError(Code.PROVENANCE_MISSING)
    return _Way(STAND_IN_CHANNELS[channel], consent)


def _can_be_kept(text: str) -> bool:
    try:
        refuse_unkeepable(text)
    except ValueError:
        return False
    return True


async def _keep(services: Services, case: Case, wanted: Requirement, upload: Upload, way: _Way) -> DocumentAnswer:
    judged = await services.scanner.check(upload.content, wanted.formats)
    sha256 = await services.documents.put_document(upload.content)
    kept = await services.records.add_document(
        NewDocument(
            number=case.row.number,
            requirement=wanted.code,
            sha256=sha256,
            content_type=judged.content_type,
            size=len(upload.content),
            filename=upload.filename,
            uploaded_by=case.actor.id,
            channel=way.channel,
            consent=way.consent,
            uploaded_at=services.now(),
        )
    )
    return DocumentAnswer(
        number=case.row.number,
        requirement=kept.requirement,
        version=kept.version,
        sha256=kept.sha256,
        size=kept.size,
        content_type=kept.content_type,
    )


async def _changeable_requirement(services: Services, case: Case, code: str) -> Requirement:
    """The requirement, where its document may change now. Raises RuleError: requirement-not-found, not-a-draft."""
    _check_code(code)
    definition = await _definition_of(services, case)
    requirement = requirement_for(definition, Variant(case.row.variant), party_of(case.row.party), code)
    if case.row.status == ApplicationStatus.DRAFT:
        return requirement
    async with services.db.transaction() as session:
        repair = await open_task_of_kind(session, case.row.number, TaskKind.REPAIR)
    if repair is None or code not in repair.wanted_documents:
        raise RuleError(Code.NOT_A_DRAFT, number=case.row.number)
    return requirement


async def _definition_of(services: Services, case: Case) -> PermitDefinition:
    today = await services.office_today()
    async with services.db.transaction() as session:
        if case.row.definition_version is not None:
            return await definition_version(session, case.row.permit_type, case.row.definition_version)
        return await definition_in_force(session, case.row.permit_type, today)


def _may_see(case: Case, purpose: str) -> bool:
    role = case.actor.role
    if role is Role.APPLICANT:
        return purpose in FOR_APPLICANT
    if role is Role.OPD:
        own = purpose == f"opd-request-{case.actor.opd}" or purpose.startswith(f"opd-answer-{case.actor.opd}-")
        return own or purpose.startswith("minutes-")
    return role in STAFF


def _check_code(code: str) -> None:
    if not re.fullmatch(r"[a-z0-9-]{2,60}", code, re.ASCII):
        raise RuleError(Code.REQUIREMENT_NOT_FOUND)
