"""What the pages of the field show, made from a task and from who looks at it."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from api.pages.agencies.words import Countdown, countdown
from api.pages.answers import answers_of
from permits.authority import Act, Actor, Subject, refusal
from permits.calendar import WorkingCalendar
from permits.decisions import TaskKind
from permits.definition import PermitDefinition
from permits.pace import Pace
from store.queries.inbox import InboxLine, TaskPage
from store.tables import ApplicationRow

Kind = Literal["inspection", "sign_minutes"]
KINDS: tuple[TaskKind, ...] = (TaskKind.INSPECTION, TaskKind.SIGN_MINUTES)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Evidence(_View):
    """A photo or a scan that lies with the task."""

    sha256: str
    filename: str
    picture: str
    address: str


class Minutes(_View):
    """The letter that those present sign."""

    number_text: str
    pictures: tuple[str, ...]
    address: str


class VisitView(_View):
    """One visit, or the minutes of one, as one person of the team sees it."""

    number: str
    task: str
    kind: Kind
    stage: str
    permit_name: str
    applicant_name: str
    practice: bool
    account: str  # whose entries on the phone are shown
    seen: str
    is_open: bool
    may_decide: bool
    held_by: str
    may_take: bool
    due_at: datetime
    remaining: Countdown
    decided_by: str
    closed_at: datetime | None
    decided: bool  # by somebody; else it was cancelled
    next_task: str  # the minutes that wait for signatures
    photos_wanted: int
    evidence: tuple[Evidence, ...]
    people: tuple[str, ...]
    minutes: Minutes | None
    facts: tuple[tuple[str, str], ...]
    papers: tuple[tuple[str, str, str], ...]  # title, picture, address


class VisitLine(_View):
    """One open task of the field."""

    task: str
    address: str
    kind: Kind
    number: str
    permit_name: str
    applicant_name: str
    due_at: datetime
    remaining: Countdown
    held_by: str


class Looker(_View):
    """Who looks, and what the task is to that person."""

    actor: Actor
    subject: Subject
    account: str


def visit_view(
    page: TaskPage, case: ApplicationRow, looker: Looker, now: datetime, next_task: str, minutes_pages: int
) -> VisitView:
    """The page of a task of the field at the real time `now`."""
    submission = case.submission or {}
    calendar = WorkingCalendar.model_validate(submission["calendar"]) if "calendar" in submission else None
    definition = PermitDefinition.model_validate(submission["definition"]) if "definition" in submission else None
    pace = Pace.model_validate(case.pace) if case.pace else Pace.real()
    is_open = page.status == "open"
    may_decide = is_open and refusal(looker.actor, Act.DECIDE, looker.subject) is None
    newest = {one.requirement: one for one in page.documents}
    return VisitView(
        number=page.number,
        task=page.id,
        kind="inspection" if page.kind == TaskKind.INSPECTION else "sign_minutes",
        stage=page.stage,
        permit_name=page.permit_name,
        applicant_name=page.applicant_name,
        practice=case.practice,
        account=looker.account,
        seen=page.subject_sha256,
        is_open=is_open,
        may_decide=may_decide,
        held_by=(page.assigned_to_name or "") if page.assigned_to not in (None, looker.actor.id) else "",
        may_take=is_open and not may_decide and refusal(looker.actor, Act.TAKE_OVER, looker.subject) is None,
        due_at=page.due_at,
        remaining=countdown(page.due_at, pace.shown_time(now, calendar), calendar),
        decided_by=page.decided_by_name or "",
        closed_at=page.closed_at,
        decided=page.status == "decided",
        next_task=next_task,
        photos_wanted=page.photos,
        evidence=_evidence(page),
        people=tuple(page.people),
        minutes=_minutes(page, minutes_pages),
        facts=tuple(answers_of(definition, page.data)),
        papers=tuple(
            (one.title, f"/kasus/{page.number}/berkas/{one.requirement}/1.png?lebar=240",
             f"/kasus/{page.number}/berkas/{one.requirement}/1.png?lebar=1600")
            for one in newest.values()
        ),
    )  # fmt: skip


def visit_line(line: InboxLine, now: datetime, calendar: WorkingCalendar) -> VisitLine:
    """A line of the list; `now` is office time."""
    return VisitLine(
        task=line.id,
        address=f"/lapangan/{line.id}",
        kind="inspection" if line.kind == TaskKind.INSPECTION else "sign_minutes",
        number=line.number,
        permit_name=line.permit_name,
        applicant_name=line.applicant_name,
        due_at=line.due_at,
        remaining=countdown(line.due_at, now, calendar),
        held_by=line.assigned_to_name or "",
    )


def _evidence(page: TaskPage) -> tuple[Evidence, ...]:
    kind = "photo" if page.kind == TaskKind.INSPECTION else "minutes-signature"
    once = {one.sha256: one for one in page.attachments if one.kind == kind}
    return tuple(
        Evidence(
            sha256=one.sha256,
            filename=one.filename,
            picture=f"/tugas/{page.id}/lampiran/{one.id}/1.png?lebar=240",
            address=f"/tugas/{page.id}/lampiran/{one.id}",
        )
        for one in once.values()
    )


def _minutes(page: TaskPage, pages: int) -> Minutes | None:
    letter = next((one for one in page.letters if one.sha256 == page.subject_sha256), None)
    if page.kind != TaskKind.SIGN_MINUTES or letter is None:
        return None
    base = f"/kasus/{page.number}/surat/{letter.purpose}"
    return Minutes(
        number_text=letter.number_text,
        pictures=tuple(f"{base}/{n}.png" for n in range(1, pages + 1)),
        address=base,
    )
