"""Month-end evaluations: ordered, listed, read as numbers and as PDF. No name of an applicant stands in one."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from api.asked import Asked
from api.dependencies import Here, PageSize, may
from api.idempotency import OnlyOnce, request_sha256
from api.problems import ApiCode, Problem
from api.routes.documents import download
from api.services import Services
from permits.authority import Act, Actor
from permits.evaluation import Evaluation, Month
from store.queries.evaluation import EvaluationLine, evaluations, newest_evaluation
from workflows.evaluation_order import EvaluationOrder

private = APIRouter(tags=["evaluations"])

Reader = Annotated[Actor, Depends(may(Act.READ_EVALUATION))]
MonthText = Annotated[str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]
MonthPath = Annotated[str, Path(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$")]


class EvaluationAsked(Asked):
    """A month to be evaluated."""

    month: MonthText


class EvaluationOrdered(BaseModel):
    """The order was taken; the evaluation is there in a moment."""

    month: str
    workflow_id: str


class EvaluationList(BaseModel):
    """The newest version of each month, the latest month first."""

    items: list[EvaluationLine]


class EvaluationAnswer(BaseModel):
    """The newest version of a month, with its numbers."""

    version: int
    pdf_sha256: str
    evaluation: Evaluation


@private.post("/evaluations", status_code=202, response_model=EvaluationOrdered)
async def order_evaluation(asked: EvaluationAsked, actor: Reader, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """Has a month evaluated as it stands now: a new version beside those that are there."""

    async def write() -> EvaluationOrdered:
        today = await services.office_today()
        if Month.parse(asked.month).first > today:
            raise Problem(ApiCode.INVALID_REQUEST, fields=["month"])
        key = request_sha256("evaluation", [actor.id, only_once.key, asked.month]) if only_once.key else None
        order = EvaluationOrder(month=asked.month, requested_by=actor.id, order_key=key)
        return EvaluationOrdered(month=asked.month, workflow_id=await services.engine.order_evaluation(order))

    return await only_once.answer(asked, 202, write)


@private.get("/evaluations")
async def list_evaluations(_: Reader, services: Here, limit: PageSize = 50) -> EvaluationList:
    """What was evaluated."""
    async with services.db.transaction() as session:
        return EvaluationList(items=await evaluations(session, limit))


@private.get("/evaluations/{month}")
async def read_evaluation(month: MonthPath, _: Reader, services: Here) -> EvaluationAnswer:
    """The numbers of a month."""
    line = await _newest(services, month)
    data: Any = json.loads(await services.documents.get_document(line.data_sha256))
    return EvaluationAnswer(
        version=line.version, pdf_sha256=line.pdf_sha256, evaluation=Evaluation.model_validate(data)
    )


@private.get("/evaluations/{month}/pdf")
async def read_evaluation_pdf(month: MonthPath, _: Reader, services: Here) -> Response:
    """The report of a month."""
    line = await _newest(services, month)
    content = await services.documents.get_document(line.pdf_sha256)
    return download(content, "application/pdf", f"evaluasi-{month}-versi-{line.version}")


async def _newest(services: Services, month: str) -> EvaluationLine:
    first: date = Month.parse(month).first
    async with services.db.transaction() as session:
        line = await newest_evaluation(session, first)
    if line is None:
        raise Problem(ApiCode.NOT_FOUND)
    return line
