"""Letters that wait for a signature: as pictures, read whole one by one, or sent back with a reason."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

from api.consent import MOST_TASKS
from api.deciding import ReturnAsked, decide
from api.dependencies import Here, Work, task_for
from api.idempotency import OnlyOnce, request_sha256
from api.pages.formatting import day_month, moment, relative_day, short_moment
from api.pages.forms import FormErrors, Sent, errors_of
from api.pages.head.readiness import ReadyView, ready_view
from api.pages.language import gettext as _
from api.pages.rendering import Refused, form_page, is_unsure, onward, page, refused, unsure_page
from api.pages.words import Options, letter_words, return_reasons, stage_words
from api.routes.signing import Signer
from api.services import Services
from permits.authority import Act, Actor
from permits.errors import Code, RuleError
from store.queries.waiting_letters import WaitingLetter, waiting_letters

letters_pages = APIRouter()

TaskId = Annotated[str, Path(max_length=200)]
LeftOut = Annotated[list[str], Query(alias="tanpa", max_length=MOST_TASKS)]
MOST_PAGES = 60
Decidable = Annotated[Work, Depends(task_for(Act.DECIDE))]


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class LetterCard(_View):
    """One letter as the signing screen shows it."""

    task: str
    seen: str
    """sha256 of the letter that the picture is of: this one is signed, or none."""
    number: str
    title: str
    kind: str
    holder_name: str
    letter_number: str
    paraf: str
    waits: str
    due_kind: str
    due_words: str
    due_date: str
    came_back: str | None
    practice: bool
    included: bool
    picture: str
    """Its first page; `{page}` of `pages` stands in its place for the others."""
    read: str
    send_back: str

    @property
    def choice(self) -> str:
        """What the form sends for it."""
        return f"{self.task}~{self.seen}"


class LettersView(_View):
    """The letters that wait, and whether they can be signed now."""

    cards: list[LetterCard]
    total: int
    most: int
    ready: ReadyView

    @property
    def chosen(self) -> int:
        """How many are marked."""
        return sum(card.included for card in self.cards)


class ReadingView(_View):
    """One letter whole."""

    card: LetterCard
    pages: list[str]
    large: list[str]
    file: str
    place: int
    of: int
    before: str | None
    after: str | None
    leave_out: str
    back: str


class SendBackView(_View):
    """The form that sends a letter back."""

    card: LetterCard
    desks: Options
    reasons: Options
    desk: str = ""
    code: str = ""
    reason: str = ""


@letters_pages.get("/tanda-tangan")
async def letters(request: Request, actor: Signer, services: Here, left_out: LeftOut = []) -> Response:  # noqa: B006
    """The letters that wait for this person."""
    return await draw_letters(request, services, actor, left_out)


async def draw_letters(
    request: Request,
    services: Services,
    actor: Actor,
    left_out: list[str],
    errors: FormErrors | None = None,
    http_status: int = 200,
) -> Response:
    """The list; `left_out` are tasks that are not marked."""
    async with services.db.transaction() as session:
        found, total = await waiting_letters(session, await services.capacities(actor), MOST_TASKS)
    now = services.now()
    view = LettersView(
        cards=[card_of(one, now, left_out) for one in found],
        total=total,
        most=MOST_TASKS,
        ready=await ready_view(services, actor),
    )
    return form_page(request, "head/tanda-tangan.html", http_status, view=view, errors=errors or [])


def card_of(letter: WaitingLetter, now: datetime, left_out: list[str] | None = None) -> LetterCard:
    """A letter as the screen shows it; `now`: office time."""
    without = left_out or []
    own = f"/tanda-tangan/surat/{letter.task}"
    return LetterCard(
        task=letter.task,
        seen=letter.sha256,
        number=letter.number,
        title=letter.permit_name,
        kind=letter_words(letter.purpose),
        holder_name=letter.holder_name,
        letter_number=letter.letter_number,
        paraf=_paraf(letter),
        waits=_waits(letter.opened_at, now),
        **_due(letter.due_at, now),
        came_back=letter.came_back,
        practice=letter.practice,
        included=letter.task not in without,
        picture=f"/kasus/{letter.number}/surat/{letter.purpose}/1.png?draf=1&lebar=900",
        read=own + _with(without),
        send_back=f"{own}/kembalikan",
    )


def _with(left_out: list[str]) -> str:
    return f"?{urlencode([('tanpa', task) for task in left_out])}" if left_out else ""


def _paraf(letter: WaitingLetter) -> str:
    if letter.paraf_by is None or letter.paraf_at is None:
        return ""
    return f"{letter.paraf_by}, {short_moment(letter.paraf_at)}"


def _waits(since: datetime, now: datetime) -> str:
    return _("sejak %(day)s (%(ago)s)") % {"day": day_month(since), "ago": relative_day(since, now)}


def _due(due_at: datetime, now: datetime) -> dict[str, str]:
    """The parts of a due date: its kind, its words, its date."""
    if due_at < now:
        return {"due_kind": "late", "due_words": _("Lewat batas"), "due_date": moment(due_at)}
    near = (due_at - now).total_seconds() < 24 * 3600
    words = _("Batasnya %(day)s") % {"day": relative_day(due_at, now)}
    return {"due_kind": "soon" if near else "later", "due_words": words, "due_date": moment(due_at)}


@letters_pages.get("/tanda-tangan/surat/{task_id}")
async def read_letter(
    task_id: TaskId, request: Request, actor: Signer, services: Here, left_out: LeftOut = []  # noqa: B006
) -> Response:
    """One letter whole, with the ones before and after it."""
    async with services.db.transaction() as session:
        found, _total = await waiting_letters(session, await services.capacities(actor), MOST_TASKS)
    tasks = [one.task for one in found]
    if task_id not in tasks:
        return onward(request, "/tanda-tangan", _("Surat itu tidak lagi menunggu tanda tangan Anda."))
    place = tasks.index(task_id)
    pages = await _page_count(services, found[place].sha256)
    view = reading_view(found, place, pages, services.now(), left_out)
    return page(request, "head/baca-surat.html", view=view)


def reading_view(
    letters: list[WaitingLetter], place: int, pages: int, now: datetime, left_out: list[str]
) -> ReadingView:
    """The letter at that place of the list."""
    letter, kept = letters[place], [task for task in left_out if task != letters[place].task]
    paper = f"/kasus/{letter.number}/surat/{letter.purpose}"

    def beside(step: int) -> str | None:
        there = place + step
        return f"/tanda-tangan/surat/{letters[there].task}" + _with(left_out) if 0 <= there < len(letters) else None

    return ReadingView(
        card=card_of(letter, now, left_out),
        pages=[f"{paper}/{number}.png?draf=1&lebar=900" for number in range(1, pages + 1)],
        large=[f"{paper}/{number}.png?draf=1&lebar=1600" for number in range(1, pages + 1)],
        file=f"{paper}?draf=1",
        place=place + 1,
        of=len(letters),
        before=beside(-1),
        after=beside(1),
        leave_out="/tanda-tangan" + _with([*kept, letter.task] if letter.task not in left_out else kept or [""]),
        back="/tanda-tangan" + _with(left_out or [""]),
    )


async def _page_count(services: Services, sha256: str) -> int:
    """How many pages the letter has; its first picture says so."""
    drawn = services.papers.known(sha256, 1, 900)
    if drawn is None:
        drawn = await services.papers.draw(await services.documents.get_document(sha256), sha256, 1, 900)
    return min(drawn.pages, MOST_PAGES) if drawn else 1


@letters_pages.get("/tanda-tangan/surat/{task_id}/kembalikan")
async def send_back_form(task_id: TaskId, request: Request, actor: Signer, services: Here) -> Response:
    """To which desk, and why."""
    letter = await _letter(services, actor, task_id)
    return form_page(request, "head/kembalikan.html", view=send_back_view(letter, services.now()), errors=[])


@letters_pages.post("/tanda-tangan/surat/{task_id}/kembalikan")
async def send_back(
    task_id: TaskId, request: Request, actor: Signer, work: Decidable, services: Here, only_once: OnlyOnce, form: Sent
) -> Response:
    """Sends the letter back; it climbs all desks again."""
    if not form.text("alasan"):
        errors = [("alasan", _("Tuliskan apa yang perlu diperbaiki."))]
        return await _send_back_again(request, services, actor, task_id, form, 422, errors)
    try:
        asked = ReturnAsked.model_validate(
            {
                "seen": form.text("seen"),
                "to": form.text("meja") or None,
                "code": form.text("kode"),
                "reason": form.text("alasan"),
            }
        )
        key = only_once.key or request_sha256("decision", asked)
        answer = await decide(services, work, asked, key)
    except ValidationError as wrong:
        labels = {"to": _("Dikembalikan ke"), "code": _("Alasan"), "reason": _("Yang perlu diperbaiki")}
        fields = {"to": "meja", "code": "kode", "reason": "alasan"}
        errors = [(fields.get(name, "kode"), words) for name, words in errors_of(wrong, labels)]
        return await _send_back_again(request, services, actor, task_id, form, 422, errors)
    except Refused as error:
        status, errors = refused(request, error, "alasan")
        return await _send_back_again(request, services, actor, task_id, form, status, errors)
    if is_unsure(answer):
        return unsure_page(request, form, "/tanda-tangan")
    done = _("Surat permohonan %(number)s dikembalikan untuk diperbaiki.") % {"number": work.application.number}
    return onward(request, "/tanda-tangan", done)


async def _send_back_again(
    request: Request, services: Services, actor: Actor, task_id: str, form: Sent, status: int, errors: FormErrors
) -> Response:
    letter = await _letter(services, actor, task_id)
    view = send_back_view(letter, services.now()).model_copy(
        update={"desk": form.text("meja"), "code": form.text("kode"), "reason": form.text("alasan")}
    )
    return form_page(request, "head/kembalikan.html", status, view=view, errors=errors)


def send_back_view(letter: WaitingLetter, now: datetime) -> SendBackView:
    """The form, with the desks that this letter has passed."""
    desks = [(stage, stage_words(stage)) for stage in letter.return_to]
    return SendBackView(card=card_of(letter, now), desks=desks, reasons=return_reasons())


async def _letter(services: Services, actor: Actor, task_id: str) -> WaitingLetter:
    """Raises RuleError(task-not-found) for what does not wait for this person."""
    async with services.db.transaction() as session:
        found, _total = await waiting_letters(session, await services.capacities(actor), 1, task_id)
    if not found:
        raise RuleError(Code.TASK_NOT_FOUND)
    return found[0]
