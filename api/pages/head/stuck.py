"""Why is this stuck? Silent tasks by who holds them, what was already reminded, and the leaders' question."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from api.dependencies import Here
from api.idempotency import OnlyOnce
from api.pages.formatting import full_date, relative_day, short_moment
from api.pages.forms import FormErrors, Sent
from api.pages.language import gettext as _
from api.pages.language import ngettext
from api.pages.rendering import Refused, form_page, onward, refused
from api.pages.words import desk_words
from api.routes.stuck import AskedAbout, Leader, WhyAsked, ask_why
from api.sentences import Sentences
from api.services import Services
from permits.authority import Actor, Role
from store.queries.stuck import StuckAt, stuck_by_holder
from store.queries.stuck_cases import StuckTask, stuck_tasks

stuck_pages = APIRouter()

MOST_STUCK = 100


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Told(_View):
    """Something that was said about a silence: when, and what."""

    when: str
    words: str


class Note(_View):
    """A question, or the holder's answer."""

    asked: bool
    who: str
    when: str
    text: str


class StuckCard(_View):
    """One case that does not move."""

    task: str
    anchor: str
    number: str
    title: str
    stage: str
    due_words: str
    due_date: str
    reminders: list[Told]
    notes: list[Note]
    waits_for_answer: bool
    own: bool
    """It lies at the asker's own desk."""
    question: str


class HolderBlock(_View):
    """One holder with what it holds."""

    name: str
    desk: str
    count: str
    since: str
    cards: list[StuckCard]
    hidden: int


class StuckView(_View):
    """All that is stuck."""

    total: int
    holders: list[HolderBlock]


@stuck_pages.get("/macet")
async def stuck(request: Request, actor: Leader, services: Here) -> Response:
    """Who holds what is stuck."""
    return await _draw(request, services, actor)


@stuck_pages.post("/macet/{task_id}/tanya")
async def ask(
    request: Request, actor: Leader, work: AskedAbout, services: Here, only_once: OnlyOnce, form: Sent
) -> Response:
    """Asks the holder; the question and its answer stand in the record."""
    field = f"tanya-{anchor_of(work.task.id)}"
    try:
        await ask_why(WhyAsked(question=form.text("pertanyaan", 2000)), work, services, only_once)
    except ValidationError:
        errors = [(field, _("Pertanyaannya terlalu panjang; paling banyak 500 huruf."))]
        return await _draw(request, services, actor, 422, errors, (work.task.id, form.text("pertanyaan")))
    except Refused as error:
        status, errors = refused(request, error, field)
        return await _draw(request, services, actor, status, errors, (work.task.id, form.text("pertanyaan")))
    sent = _("Pertanyaan Anda sudah dikirim kepada %(holder)s. Jawabannya muncul di halaman ini.")
    return onward(request, f"/macet#{anchor_of(work.task.id)}", sent % {"holder": work.task.holder})


def anchor_of(task: str) -> str:
    """What a task's place on the page is called."""
    return f"tugas-{task.replace('.', '-')}"


async def _draw(
    request: Request,
    services: Services,
    actor: Actor,
    http_status: int = 200,
    errors: FormErrors | None = None,
    typed: tuple[str, str] = ("", ""),
) -> Response:
    now = services.now()
    async with services.db.transaction() as session:
        holders = await stuck_by_holder(session, now)
        tasks = await stuck_tasks(session, now, MOST_STUCK)
    view = stuck_view(holders, tasks, actor, services.sentences, now, typed)
    return form_page(request, "head/macet.html", http_status, view=view, errors=errors or [])


def stuck_view(
    holders: list[StuckAt],
    tasks: list[StuckTask],
    actor: Actor,
    sentences: Sentences,
    now: datetime,
    typed: tuple[str, str] = ("", ""),
) -> StuckView:
    """Tasks under their holders; `now`: office time, `typed`: a task and the question that was typed there."""
    blocks = []
    for holder in holders:
        of_holder = (holder.role, holder.opd, holder.field, holder.assigned_to)
        mine = [one for one in tasks if (one.role, one.opd, one.field, one.assigned_to) == of_holder]
        desk = holder.holder if holder.role == Role.OPD else desk_words(holder.role, holder.field)
        count = ngettext("%(num)s permohonan", "%(num)s permohonan", holder.tasks) % {"num": holder.tasks}
        since = {"day": full_date(holder.oldest_due_at), "ago": relative_day(holder.oldest_due_at, now)}
        blocks.append(
            HolderBlock(
                name=holder.assigned_to_name or desk,
                desk=desk if holder.assigned_to_name else "",
                count=count,
                since=_("paling lama lewat batas sejak %(day)s (%(ago)s)") % since,
                cards=[_card(one, actor, sentences, now, typed) for one in mine],
                hidden=max(0, holder.tasks - len(mine)),
            )
        )
    return StuckView(total=sum(holder.tasks for holder in holders), holders=blocks)


def _card(task: StuckTask, actor: Actor, sentences: Sentences, now: datetime, typed: tuple[str, str]) -> StuckCard:
    standard = _("Mengapa permohonan ini belum bergerak, dan kapan selesai?")
    return StuckCard(
        task=task.id,
        anchor=anchor_of(task.id),
        number=task.number,
        title=task.permit_name,
        stage=task.stage,
        due_words=_("Lewat batas %(ago)s") % {"ago": relative_day(task.due_at, now)},
        due_date=full_date(task.due_at),
        reminders=[
            Told(when=short_moment(one.at), words=sentences.sentence(one.tag, one.facts)) for one in task.reminders
        ],
        notes=[
            Note(asked=note.kind == "asked", who=note.by, when=short_moment(note.at), text=note.text)
            for note in task.notes
        ],
        waits_for_answer=bool(task.notes) and task.notes[-1].kind == "asked",
        own=task.assigned_to == actor.id or (task.assigned_to is None and task.role == actor.role),
        question=typed[1] if typed[0] == task.id else standard,
    )
