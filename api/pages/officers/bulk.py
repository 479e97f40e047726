"""Many tasks of the inbox at once: taken over, or decided alike where that is safe; each with a result of its own."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from api.dependencies import Here, SignedIn, load_work, may
from api.idempotency import Once, OnlyOnce, request_sha256
from api.pages.forms import KEY, Sent, SentForm
from api.pages.language import gettext as _
from api.pages.officers.inbox import IN_BULK
from api.pages.officers.words import task_words
from api.pages.rendering import Refused, body_of, form_page, onward, page, words_of
from api.problems import ApiCode, Problem
from api.routes.assignments import MOST_AT_ONCE, AssignmentAsked, BulkAsked, assign_task, decide_many
from api.services import Services
from api.sessions import Login
from permits.authority import Act
from permits.decisions import TaskKind
from permits.errors import RuleError
from store.queries.inbox import task_page

bulk_pages = APIRouter(dependencies=[Depends(may(Act.LIST_TASKS))])


@dataclass(frozen=True)
class Marked:
    """One task that was marked in the inbox."""

    task_id: str
    seen: str

    @classmethod
    def of(cls, text: str) -> Marked:
        """Raises Problem(invalid-request)."""
        task_id, bar, seen = text.partition("|")
        if not bar or not task_id or len(seen) != 64:
            raise Problem(ApiCode.INVALID_REQUEST)
        return cls(task_id, seen)


@dataclass(frozen=True)
class ToDecide:
    """One of many, as it is shown before it is decided."""

    mark: str
    number: str
    permit_name: str
    applicant_name: str
    task: str
    letter: str  # address of the draft
    thumb: str


@dataclass(frozen=True)
class Result:
    """What became of one of them."""

    number: str
    permit_name: str
    done: bool
    words: str


@bulk_pages.post("/tugas/sekaligus")
async def do_many(request: Request, login: SignedIn, services: Here, form: Sent, only_once: OnlyOnce) -> Response:
    """Takes the marked tasks over, or shows what is going to be decided."""
    marked = marked_in(form)
    if not marked:
        return onward(request, "/tugas", _("Tandai dahulu tugas yang Anda maksud."))
    match form.text("tindakan", 20):
        case "ambil":
            results = await _take_all(request, services, login, marked, only_once)
            return page(request, "officers/hasil.html", title=_("Ambil alih"), results=results)
        case "putuskan":
            items = await _to_decide(services, login, marked)
            return form_page(request, "officers/putuskan.html", items=items, left=len(marked) - len(items))
        case "kirim":
            results = await _decide_all(request, services, login, marked, form)
            return page(request, "officers/hasil.html", title=_("Hasil putusan"), results=results)
        case _:
            raise Problem(ApiCode.INVALID_REQUEST)


def marked_in(form: SentForm) -> list[Marked]:
    """The tasks that were marked, each once. Raises Problem(invalid-request)."""
    values = list(dict.fromkeys(form.all("tugas")))
    if len(values) > MOST_AT_ONCE:
        raise Problem(ApiCode.INVALID_REQUEST)
    return [Marked.of(value) for value in values]


async def _take_all(
    request: Request, services: Services, login: Login, marked: list[Marked], only_once: Once
) -> list[Result]:
    async def take(one: Marked) -> Result:
        number, permit_name = await _named(services, login, one.task_id)
        asked = AssignmentAsked(to=login.actor.id)
        try:
            answer = await assign_task(one.task_id, asked, login, services, only_once.key)
        except Refused as error:
            return Result(number, permit_name, False, words_of(request, error.code, **error.facts))
        done = answer.status_code == 200
        return Result(number, permit_name, done, _("Anda pegang") if done else _unsure())

    return list(await asyncio.gather(*(take(one) for one in marked)))


async def _to_decide(services: Services, login: Login, marked: list[Marked]) -> list[ToDecide]:
    found = []
    for one in marked:
        try:
            work = await load_work(services, one.task_id, login.actor, Act.DECIDE)
        except Refused:
            continue
        if work.task.kind not in IN_BULK or work.task.status != "open":
            continue
        async with services.db.transaction() as session:
            shown = await task_page(session, work.task, work.application)
        letter = next((each for each in shown.letters if each.sha256 == one.seen), None)
        if letter is None:
            continue  # what has no letter to show is read by itself
        file = f"/kasus/{shown.number}/surat/{letter.purpose}"
        found.append(
            ToDecide(
                mark=f"{one.task_id}|{one.seen}",
                number=shown.number,
                permit_name=shown.permit_name,
                applicant_name=shown.applicant_name,
                task=task_words(shown.kind),
                letter=f"/kasus/{shown.number}/baca-surat/{letter.purpose}?draf=1",
                thumb=f"{file}/1.png?lebar=240&draf=1",
            )
        )
    return found


async def _decide_all(
    request: Request, services: Services, login: Login, marked: list[Marked], form: SentForm
) -> list[Result]:
    names = {one.task_id: await _named(services, login, one.task_id) for one in marked}
    decisions = [await _decision(services, login, one) for one in marked]
    asked = BulkAsked.model_validate({"decisions": decisions})
    key = form.text(KEY, 128) or request_sha256("decisions", asked)
    answer = body_of(await decide_many(request, asked, login, services, key))
    return [_result(item, *names[item["task"]]) for item in answer["items"]]


async def _decision(services: Services, login: Login, one: Marked) -> dict[str, Any]:
    try:
        work = await load_work(services, one.task_id, login.actor, Act.READ_APPLICATION)
        kind = "paraf" if work.task.kind == TaskKind.PARAF else "forward"
        if work.task.kind not in IN_BULK:
            raise Problem(ApiCode.INVALID_REQUEST)
    except RuleError:
        kind = "forward"  # refused by the route, with its reason
    return {"task": one.task_id, "decision": {"kind": kind, "seen": one.seen}}


async def _named(services: Services, login: Login, task_id: str) -> tuple[str, str]:
    """Number and permit of a task that the person may know of."""
    try:
        work = await load_work(services, task_id, login.actor, Act.READ_APPLICATION)
    except Refused:
        return "", _("Tugas ini")
    return work.task.number, work.application.title


def _result(item: dict[str, Any], number: str, permit_name: str) -> Result:
    if item["state"] == "refused":
        return Result(number, permit_name, False, item["problem"]["detail"])
    done = item["state"] == "accepted"
    return Result(number, permit_name, done, _("Sudah diputus") if done else _unsure())


def _unsure() -> str:
    return _("Belum ada jawaban dari sistem. Buka tugasnya beberapa saat lagi.")
