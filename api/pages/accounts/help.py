"""The help threads: what applicants ask, and the front office answers.

A conversation that is looked at counts as read; it waits for the office until somebody has answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.dependencies import Here, SignedIn, may
from api.idempotency import OnlyOnce
from api.pages.accounts.refusals import said
from api.pages.forms import FormErrors, Sent, errors_of
from api.pages.language import gettext as _
from api.pages.rendering import Refused, body_of, form_page, onward, page
from api.routes.applications import list_applications
from api.routes.help import (
    AnswerAsked,
    Conversation,
    QuestionAsked,
    ThreadId,
    ThreadList,
    ask_for_help,
    list_help,
    mark_read,
    read_thread,
    write_message,
)
from permits.authority import Act, Actor, Role

router = APIRouter()

Asker = Annotated[Actor, Depends(may(Act.APPLY))]
ON_A_PAGE = 20
MOST_CASES = 100


@dataclass(frozen=True)
class HelpPage:
    """Conversations as a list."""

    threads: ThreadList
    by_office: bool
    asks: bool
    """Whether the reader may ask, as applicants may."""
    shows_all: bool
    waiting: int
    """Front office: how many wait for an answer."""
    total: int
    """Of all conversations within reach."""
    more: str
    """Address of the next page, "" on the last."""


@dataclass(frozen=True)
class Talk:
    """One conversation."""

    conversation: Conversation
    by_office: bool
    new: frozenset[str]
    """Ids of messages of the other side that were not read before."""

    @property
    def case_address(self) -> str:
        """The page of the case that it is about, "" where it is about none."""
        number = self.conversation.number
        return f"/{'kasus' if self.by_office else 'permohonan'}/{number}" if number else ""

    @property
    def applicant(self) -> str:
        """Who asks."""
        return next((one.author_name for one in self.conversation.messages if not one.from_office), "")


def help_page(threads: ThreadList, actor: Actor, waiting: int, total: int, shows_all: bool) -> HelpPage:
    """The list as that person sees it."""
    next_one = threads.next_offset
    return HelpPage(
        threads=threads,
        by_office=actor.role is Role.FRONT_OFFICE,
        asks=actor.role is Role.APPLICANT,
        shows_all=shows_all,
        waiting=waiting,
        total=total,
        more=f"/bantuan?{'semua=1&' if shows_all else ''}mulai={next_one}" if next_one else "",
    )


def talk_of(conversation: Conversation, actor: Actor) -> Talk:
    """The conversation as that person sees it."""
    by_office = actor.role is Role.FRONT_OFFICE
    new = {one.id for one in conversation.messages if one.from_office != by_office and one.read_at is None}
    return Talk(conversation, by_office, frozenset(new))


@router.get("/bantuan")
async def list_of_threads(
    request: Request,
    login: SignedIn,
    services: Here,
    semua: Annotated[bool, Query()] = False,
    mulai: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> Response:
    """One's own conversations; for the front office those that wait for an answer, the longest first."""
    shown = await list_help(login, services, semua, mulai, ON_A_PAGE)
    waiting = total = shown.total
    if login.actor.role is Role.FRONT_OFFICE:
        other = await list_help(login, services, not semua, 0, 1)
        waiting, total = (other.total, shown.total) if semua else (shown.total, other.total)
    return page(request, "accounts/bantuan.html", view=help_page(shown, login.actor, waiting, total, semua))


@router.get("/bantuan/baru")
async def question_form(
    request: Request, login: SignedIn, _asker: Asker, services: Here, nomor: Annotated[str, Query(max_length=30)] = ""
) -> Response:
    """A new question."""
    return await _question_form(request, login, services, nomor)


@router.post("/bantuan/baru")
async def ask(
    request: Request, login: SignedIn, _asker: Asker, services: Here, only_once: OnlyOnce, form: Sent
) -> Response:
    """Asks, and on to the conversation."""
    number, text = form.text("number", 30), form.text("text")
    try:
        asked = QuestionAsked(text=text, number=number or None)
        answer = await ask_for_help(asked, login, services, only_once)
    except ValidationError as wrong:
        return await _question_form(request, login, services, number, text, 422, _errors(wrong))
    except Refused as refused:
        lines = said(request, refused, application_not_found="number")
        return await _question_form(request, login, services, number, text, *lines)
    news = _("Pertanyaan Anda sudah kami terima. Petugas kami menjawabnya pada jam kerja.")
    return onward(request, f"/bantuan/{body_of(answer)['thread']}", news)


@router.get("/bantuan/{thread}")
async def conversation(thread: ThreadId, request: Request, login: SignedIn, services: Here) -> Response:
    """One conversation; what the other side wrote counts as read."""
    view = talk_of(await read_thread(thread, login, services), login.actor)
    if view.new:
        await mark_read(thread, login, services)
    return _conversation(request, view)


@router.post("/bantuan/{thread}")
async def write(
    thread: ThreadId, request: Request, login: SignedIn, services: Here, only_once: OnlyOnce, form: Sent
) -> Response:
    """One more message."""
    text = form.text("text")
    try:
        await write_message(thread, AnswerAsked(text=text), login, services, only_once)
    except ValidationError as wrong:
        view = talk_of(await read_thread(thread, login, services), login.actor)
        return _conversation(request, view, text, 422, _errors(wrong))
    by_office = login.actor.role is Role.FRONT_OFFICE
    news = _("Jawaban terkirim. Pemohon diberi tahu.") if by_office else _("Pesan Anda terkirim.")
    return onward(request, f"/bantuan/{thread}", news)


def _conversation(
    request: Request, view: Talk, text: str = "", status: int = 200, errors: FormErrors | None = None
) -> Response:
    return form_page(request, "accounts/bantuan-percakapan.html", status, view=view, text=text, errors=errors or [])


async def _question_form(
    request: Request,
    login: SignedIn,
    services: Here,
    number: str,
    text: str = "",
    status: int = 200,
    errors: FormErrors | None = None,
) -> Response:
    mine = await list_applications(login, services, limit=MOST_CASES)
    cases = [(one.number, one.permit_name) for one in mine.items]
    chosen = number if number in dict(cases) else ""
    return form_page(
        request, "accounts/bantuan-baru.html", status, cases=cases, number=chosen, text=text, errors=errors or [],
    )  # fmt: skip


def _errors(wrong: ValidationError) -> FormErrors:
    words = {"string_too_short": _("Tulis pesan Anda dulu.")}
    kinds = {fault["type"] for fault in wrong.errors(include_input=False)}
    lines = errors_of(wrong, {"text": _("Pesan Anda")})
    return [(name, words["string_too_short"] if kinds & set(words) else said) for name, said in lines]
