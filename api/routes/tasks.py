"""One task, its evidence, and the decision."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from starlette.responses import JSONResponse, Response

from api.deciding import DecisionAsked, decide
from api.dependencies import Here, Work, task_for
from api.idempotency import Key, OnlyOnce, request_sha256
from api.problems import ApiCode, Problem
from api.routes.documents import download
from api.services import Services
from api.signing_readiness import Readiness, readiness
from api.uploads import Upload, read_form_file
from permits.authority import Act, Role
from permits.decision_rules import POSSIBLE
from permits.decisions import TaskKind
from permits.errors import Code, RuleError
from store.queries.inbox import AttachmentView, TaskPage, attachment_row, sealed_letter, task_page
from store.records import NewAttachment

private = APIRouter(tags=["tasks"])

PICTURES = ("jpg", "png")
PAPERS = ("pdf", "jpg", "png")
EVIDENCE: dict[TaskKind, dict[str, tuple[str, ...]]] = {
    TaskKind.INSPECTION: {"photo": PICTURES, "minutes": PAPERS},
    TaskKind.MEETING: {"minutes": PAPERS},
    TaskKind.SIGN_MINUTES: {"minutes-signature": PAPERS},
    TaskKind.RECOMMENDATION: {"wet-signed-letter": PAPERS, "paper-answer": PAPERS},
    TaskKind.CLARIFICATION: {"answer": PAPERS},
    TaskKind.PAYMENT: {"payment-proof": PAPERS},
}
"""Which evidence belongs to which task, and its formats."""
MOST_ATTACHMENTS = 30

Readable = Annotated[Work, Depends(task_for(Act.READ_APPLICATION))]
ReadableFiles = Annotated[Work, Depends(task_for(Act.READ_DOCUMENTS))]
Decidable = Annotated[Work, Depends(task_for(Act.DECIDE))]


async def decidable(work: Decidable, request: Request) -> Work:
    """The task; what can be decided there is kept for the refusal of a body that decides something else."""
    request.state.possible = sorted(POSSIBLE[TaskKind(work.task.kind)] - {"sign"})
    return work


class TaskView(TaskPage):
    """A task as its reader sees it."""

    readiness: Readiness | None = None
    """At a signing task, for whoever may sign: whether certificate and mandate can."""


@private.get("/tasks/{task_id}")
async def read_task(work: Readable, services: Here) -> TaskView:
    """One task: what is judged, and what can be decided. `subject_sha256` comes back as `seen`."""
    async with services.db.transaction() as session:
        page = await task_page(session, work.task, work.application)
    signs = work.task.kind == TaskKind.SIGNING and work.actor.role is Role.HEAD_OF_OFFICE
    return TaskView(**dict(page), readiness=await readiness(services, work.actor) if signs else None)


@private.post(
    "/tasks/{task_id}/attachments",
    status_code=201,
    response_model=AttachmentView,
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "multipart/form-data": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "file": {"type": "string", "format": "binary"},
                            "kind": {
                                "type": "string",
                                "enum": sorted({k for kinds in EVIDENCE.values() for k in kinds}),
                            },
                        },
                        "required": ["file"],
                    }
                }
            },
        }
    },
)
async def add_attachment(request: Request, work: Decidable, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Adds evidence: photos and minutes of an inspection, minutes of a meeting, a proof of payment, an OPD's letter.

    `kind` may be left out where the task knows one kind alone.
    """
    kinds = EVIDENCE.get(TaskKind(work.task.kind), {})
    if not kinds:
        raise RuleError(Code.DECISION_NOT_POSSIBLE)
    upload = await read_form_file(request, services.settings.upload_limit_bytes)
    kind = upload.fields.get("kind") or next(iter(kinds))
    if kind not in kinds:
        raise Problem(ApiCode.INVALID_REQUEST, fields=["kind"])

    async def write() -> AttachmentView:
        return await _keep(services, work, kind, kinds[kind], upload)

    return await only_once.answer([kind, upload.sha256], 201, write)


@private.get("/tasks/{task_id}/attachments/{attachment_id}")
async def get_attachment(
    work: ReadableFiles, attachment_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")], services: Here
) -> Response:
    """One piece of evidence."""
    async with services.db.transaction() as session:
        row = await attachment_row(session, work.task.id, attachment_id)
    content = await services.documents.get_document(row.sha256)
    return download(content, row.content_type, f"{work.task.number}-{row.kind}-{row.sha256[:8]}")


@private.get("/tasks/{task_id}/attachments/{attachment_id}/sealed")
async def get_sealed_letter(
    work: ReadableFiles, attachment_id: Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$")], services: Here
) -> Response:
    """An agency's wet-signed letter as the office sealed it after it was matched."""
    async with services.db.transaction() as session:
        row = await attachment_row(session, work.task.id, attachment_id)
        sha256 = await sealed_letter(session, row)
    content = await services.documents.get_signed(sha256)
    return download(content, "application/pdf", f"{work.task.number}-{row.kind}-{row.sha256[:8]}-segel")


@private.post("/tasks/{task_id}/decision", responses={202: {"description": "Not known yet: ask again with the key"}})
async def decide_task(
    asked: DecisionAsked, work: Annotated[Work, Depends(decidable)], services: Here, key: Key = None
) -> JSONResponse:
    """Decides at a task. 202 means that the engine has not answered yet: ask again with the same key."""
    return await decide(services, work, asked, key or request_sha256("decision", asked))


async def _keep(services: Services, work: Work, kind: str, formats: tuple[str, ...], upload: Upload) -> AttachmentView:
    async with services.db.transaction() as session:
        page = await task_page(session, work.task, work.application)
    if len(page.attachments) >= MOST_ATTACHMENTS:
        raise Problem(ApiCode.TOO_LARGE)
    judged = await services.scanner.check(upload.content, formats)
    sha256 = await services.documents.put_document(upload.content)
    row = await services.records.add_attachment(
        NewAttachment(
            task_id=work.task.id,
            kind=kind,
            sha256=sha256,
            content_type=judged.content_type,
            size=len(upload.content),
            filename=upload.filename,
            uploaded_by=work.actor.id,
            uploaded_at=services.now(),
        )
    )
    return AttachmentView.model_validate(row.model_dump(include=set(AttachmentView.model_fields)))
