"""Lateness by agency and by desk: as it stands now, and month by month as evaluated. No applicant stands here."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from api.dependencies import Here
from api.idempotency import OnlyOnce
from api.pages.formatting import full_date, moment
from api.pages.forms import FormErrors, Sent
from api.pages.head.words import month_words, reason_words
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, onward, page, refused
from api.pages.words import Options, desk_words
from api.problems import ApiCode, Problem
from api.routes.evaluations import (
    EvaluationAnswer,
    EvaluationAsked,
    Reader,
    list_evaluations,
    order_evaluation,
    read_evaluation,
    read_evaluation_pdf,
)
from api.services import Services
from permits.authority import STAFF, Actor, Role
from permits.evaluation import DeskLine, OpdLine, TypeLine
from store.queries.lateness import HeldAt, held_by_desk

lateness_pages = APIRouter()

MONTH = r"^20[0-9]{2}-(0[1-9]|1[0-2])$"
MONTHS_BACK = 12


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class HeldLine(_View):
    """What one desk or agency holds now."""

    name: str
    held: int
    late: int
    share: str
    oldest: str
    number: str


class NowView(_View):
    """Lateness as it stands."""

    agencies: list[HeldLine]
    desks: list[HeldLine]
    held: int
    late: int
    at: str
    opens_cases: bool


class MonthLine(_View):
    """One agency, desk or permit type within a month."""

    name: str
    asked: int
    done: int
    in_time: int
    share: str
    late_days: int | None
    still_open: int
    rungs: int


class ReasonCount(_View):
    """How often a reason was given."""

    kind: str
    words: str
    times: int


class MonthView(_View):
    """The evaluation of one month, and the ways to another one."""

    month: str
    words: str
    there: bool
    nihil: bool
    version: int
    as_of: str
    received: int
    finished: int
    served: int
    in_time: int
    still_open: int
    agencies: list[MonthLine]
    desks: list[MonthLine]
    types: list[MonthLine]
    reasons: list[ReasonCount]
    known: Options
    """Months that were evaluated."""
    possible: Options
    """Months that can be."""


@lateness_pages.get("/keterlambatan")
async def lateness(request: Request, actor: Reader, services: Here) -> Response:
    """What each desk and agency holds, and how much of it is late."""
    now = services.now()
    async with services.db.transaction() as session:
        found = await held_by_desk(session, now)
    return page(request, "head/keterlambatan.html", view=now_view(found, actor, now))


def now_view(found: list[HeldAt], actor: Actor, now: datetime) -> NowView:
    """Agencies and desks apart, the most late first."""
    return NowView(
        agencies=[_held(one) for one in found if one.role == Role.OPD],
        desks=[_held(one) for one in found if one.role != Role.OPD],
        held=sum(one.held for one in found),
        late=sum(one.late for one in found),
        at=moment(now),
        opens_cases=actor.role in STAFF,
    )


def _held(one: HeldAt) -> HeldLine:
    return HeldLine(
        name=one.holder if one.role == Role.OPD else desk_words(one.role, one.field),
        held=one.held,
        late=one.late,
        share=_("%(part)s dari %(whole)s lewat batas") % {"part": one.late, "whole": one.held},
        oldest=full_date(one.oldest_due_at),
        number=one.oldest_number,
    )


@lateness_pages.get("/keterlambatan/evaluasi")
async def evaluation(
    request: Request,
    actor: Reader,
    services: Here,
    month: Annotated[str, Query(alias="bulan", pattern=MONTH)] = "",
) -> Response:
    """The evaluation of a month, the newest without one."""
    return await _draw(request, services, actor, month)


@lateness_pages.post("/keterlambatan/evaluasi")
async def order(request: Request, actor: Reader, services: Here, only_once: OnlyOnce, form: Sent) -> Response:
    """Has a month evaluated as it stands now."""
    month = form.text("bulan", 10)
    try:
        await order_evaluation(EvaluationAsked(month=month), actor, services, only_once)
    except ValidationError:
        return await _draw(request, services, actor, "", 422, [("susun", _("Pilih bulan yang akan dievaluasi."))])
    except Refused as error:
        status, errors = refused(request, error, "susun")
        return await _draw(request, services, actor, "", status, errors)
    words = _("Evaluasi %(month)s sedang disusun. Muat ulang halaman ini sebentar lagi.")
    address = f"/keterlambatan/evaluasi?bulan={month}"
    return onward(request, address, words % {"month": month_words(date.fromisoformat(f"{month}-01"))})


@lateness_pages.get("/keterlambatan/evaluasi/{month}.pdf")
async def report(month: Annotated[str, Path(pattern=MONTH)], actor: Reader, services: Here) -> Response:
    """The report of a month."""
    return await read_evaluation_pdf(month, actor, services)


async def _draw(
    request: Request,
    services: Services,
    actor: Actor,
    month: str,
    http_status: int = 200,
    errors: FormErrors | None = None,
) -> Response:
    known = [f"{line.month:%Y-%m}" for line in (await list_evaluations(actor, services, 50)).items]
    today = await services.office_today()
    shown = month or (known[0] if known else f"{today:%Y-%m}")
    found: EvaluationAnswer | None = None
    try:
        found = await read_evaluation(shown, actor, services)
    except Problem as problem:
        if problem.code != ApiCode.NOT_FOUND:
            raise
    view = month_view(shown, found, known, today)
    return form_page(request, "head/evaluasi.html", http_status, view=view, errors=errors or [])


def month_view(month: str, found: EvaluationAnswer | None, known: list[str], today: date) -> MonthView:
    """The numbers of a month as the page shows them; `found` is None where it was not evaluated."""
    evaluation = found.evaluation if found else None
    total = evaluation.total if evaluation else TypeLine(permit_type="", title="")
    return MonthView(
        month=month,
        words=month_words(date.fromisoformat(f"{month}-01")),
        there=evaluation is not None,
        nihil=evaluation is not None and evaluation.nihil,
        version=found.version if found else 0,
        as_of=moment(evaluation.as_of) if evaluation else "",
        received=total.received,
        finished=total.finished,
        served=total.served,
        in_time=total.in_time_net,
        still_open=total.open_at_end,
        agencies=[_agency(line) for line in evaluation.opds] if evaluation else [],
        desks=[_desk(line) for line in evaluation.desks if line.role != Role.APPLICANT] if evaluation else [],
        types=[_type(line) for line in evaluation.types] if evaluation else [],
        reasons=[
            ReasonCount(kind=line.kind, words=reason_words(line.kind, line.code), times=line.times)
            for line in sorted(evaluation.reasons if evaluation else (), key=lambda one: -one.times)
        ],
        known=[(one, month_words(date.fromisoformat(f"{one}-01"))) for one in known],
        possible=_months(today),
    )


def _months(today: date) -> Options:
    count = today.year * 12 + today.month - 1
    firsts = [date(each // 12, each % 12 + 1, 1) for each in range(count, count - MONTHS_BACK, -1)]
    return [(f"{first:%Y-%m}", month_words(first)) for first in firsts]


def _share(in_time: int, done: int) -> str:
    return _("%(part)s dari %(whole)s tepat waktu") % {"part": in_time, "whole": done}


def _agency(line: OpdLine) -> MonthLine:
    return MonthLine(
        name=line.name, asked=line.open_before + line.received, done=line.answered, in_time=line.in_time,
        share=_share(line.in_time, line.answered), late_days=line.late_days, still_open=line.open_at_end,
        rungs=line.rungs,
    )  # fmt: skip


def _desk(line: DeskLine) -> MonthLine:
    return MonthLine(
        name=desk_words(line.role, line.field), asked=line.open_before + line.received, done=line.decided,
        in_time=line.in_time, share=_share(line.in_time, line.decided), late_days=None, still_open=line.open_at_end,
        rungs=line.rungs,
    )  # fmt: skip


def _type(line: TypeLine) -> MonthLine:
    return MonthLine(
        name=line.title, asked=line.open_before + line.received, done=line.served, in_time=line.in_time_net,
        share=_share(line.in_time_net, line.served), late_days=None, still_open=line.open_at_end, rungs=0,
    )  # fmt: skip
