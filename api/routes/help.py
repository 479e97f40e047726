"""The help thread (A9): applicants ask, on a case or without one; the front office answers.

What is written stays between the two: the record of the case and the notices say that there is a message, never what it
says.
"""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import JSONResponse

from api.acting import acting_in
from api.asked import Asked
from api.dependencies import Here, PageSize, SignedIn, allow, read_number
from api.idempotency import Once, OnlyOnce
from api.problems import ApiCode, Problem
from api.services import Services
from permits.application import ApplicationStatus
from permits.authority import Act, Actor, Role, Subject
from permits.calendar import WorkingCalendar
from permits.errors import Code, RuleError
from permits.events import Event, Tag
from permits.pace import Pace
from permits.steps import Notice
from store.queries.application import application_row, subject_of
from store.queries.help import MessageView, ThreadLine, messages, thread_owner, threads, unread_count
from store.records import NewHelpMessage, thread_of
from store.tables import ApplicationRow, HelpMessageRow

private = APIRouter(tags=["help"])

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=4000)]
ThreadId = Annotated[str, Path(pattern=r"^[0-9a-f-]{36}$")]
MOST_MESSAGES = 500


class QuestionAsked(Asked):
    """An applicant's question."""

    text: Words
    number: str | None = Field(default=None, max_length=30)
    """The application it is about."""


class AnswerAsked(Asked):
    """One more message of a conversation."""

    text: Words


class MessageAnswer(BaseModel):
    """A message as it is kept."""

    id: str
    thread: str
    number: str | None
    from_office: bool
    text: str


class ThreadList(BaseModel):
    """A page of conversations."""

    items: list[ThreadLine]
    total: int
    unread: int
    """Unread messages in all conversations."""
    next_offset: int | None


class Conversation(BaseModel):
    """One conversation."""

    thread: str
    number: str | None
    messages: list[MessageView]


@private.post("/help", status_code=201, response_model=MessageAnswer)
async def ask_for_help(asked: QuestionAsked, login: SignedIn, services: Here, only_once: OnlyOnce) -> JSONResponse:
    """An applicant asks."""
    allow(login.actor, Act.APPLY)
    row = await _own_case(services, login.actor, asked.number) if asked.number is not None else None
    return await _write(services, only_once, login.actor, login.actor.id, row, asked.text)


@private.get("/help")
async def list_help(
    login: SignedIn,
    services: Here,
    all_threads: Annotated[bool, Query(alias="all", description="Front office: answered ones as well")] = False,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
    limit: PageSize = 50,
) -> ThreadList:
    """The applicant's own conversations; for the front office those that wait for an answer, the longest first."""
    office = login.actor.role is Role.FRONT_OFFICE
    allow(login.actor, Act.HELP, Subject(applicant_id=None if office else login.actor.id))
    async with services.db.transaction() as session:
        items, total = await threads(
            session,
            account_id=None if office else login.actor.id,
            waiting_only=office and not all_threads,
            by_office=office,
            offset=offset,
            limit=limit,
        )
        unread = await unread_count(session, None if office else login.actor.id)
    reached = offset + len(items)
    return ThreadList(
        items=items, total=total, unread=unread, next_offset=reached if items and reached < total else None
    )


@private.get("/help/{thread}")
async def read_thread(thread: ThreadId, login: SignedIn, services: Here) -> Conversation:
    """One conversation, in the order it was written."""
    owner_id, number = await _thread(services, login.actor, thread)
    allow(login.actor, Act.HELP, Subject(applicant_id=owner_id))
    async with services.db.transaction() as session:
        found = await messages(session, thread, MOST_MESSAGES)
    return Conversation(thread=thread, number=number, messages=found)


@private.post("/help/{thread}/messages", status_code=201, response_model=MessageAnswer)
async def write_message(
    thread: ThreadId, asked: AnswerAsked, login: SignedIn, services: Here, only_once: OnlyOnce
) -> JSONResponse:
    """One more message: the front office's answer, or the applicant's next question."""
    owner_id, number = await _thread(services, login.actor, thread)
    row = await services.records.application(number) if number is not None else None
    return await _write(services, only_once, login.actor, owner_id, row, asked.text)


@private.post("/help/{thread}/reading", status_code=204)
async def mark_read(thread: ThreadId, login: SignedIn, services: Here) -> None:
    """What the other side wrote counts as read."""
    await _thread(services, login.actor, thread)
    await services.records.mark_help_read(thread, login.actor.role is Role.FRONT_OFFICE, services.now())


async def _thread(services: Services, actor: Actor, thread: str) -> tuple[str, str | None]:
    """Whose conversation it is and about which case; one of others does not exist. Raises Problem(not-found)."""
    async with services.db.transaction() as session:
        owner = await thread_owner(session, thread)
    if owner is None or (actor.role is not Role.FRONT_OFFICE and owner.account_id != actor.id):
        raise Problem(ApiCode.NOT_FOUND)
    allow(actor, Act.HELP, Subject(applicant_id=owner.account_id))
    return owner.account_id, owner.number


async def _own_case(services: Services, actor: Actor, number: str) -> ApplicationRow:
    async with services.db.transaction() as session:
        row = await application_row(session, read_number(number))
        subject = await subject_of(session, row)
    if row.applicant_id != actor.id:
        raise RuleError(Code.APPLICATION_NOT_FOUND)
    allow(actor, Act.HELP, subject)
    return row


async def _write(
    services: Services, only_once: Once, actor: Actor, owner_id: str, row: ApplicationRow | None, text: str
) -> JSONResponse:
    number = row.number if row is not None else None
    thread = thread_of(owner_id, number)
    message = NewHelpMessage(
        id=_message_id(actor, only_once.key, thread, text),
        thread=thread,
        account_id=owner_id,
        number=number,
        author_id=actor.id,
        from_office=actor.id != owner_id,
        text=text,
        sent_at=services.now(),
    )

    async def write() -> MessageAnswer:
        kept = await _keep(services, actor, message, row)
        return MessageAnswer.model_validate(kept.model_dump(include=set(MessageAnswer.model_fields)))

    return await only_once.answer([thread, hashlib.sha256(text.encode()).hexdigest()], 201, write)


async def _keep(
    services: Services, actor: Actor, message: NewHelpMessage, row: ApplicationRow | None
) -> HelpMessageRow:
    if row is None or row.status == ApplicationStatus.DRAFT:
        # A draft has no record yet, and may still be thrown away.
        kept = await services.records.add_help_message(message)
        await _tell(services, message)
        return kept
    by = acting_in(actor, row)
    tag = Tag.HELP_ANSWERED if message.from_office else Tag.HELP_ASKED
    facts = {"on_behalf_of": by.on_behalf_of} if by.on_behalf_of else {}
    event = Event(
        key=f"help.{message.id}",
        tag=tag,
        at=message.sent_at,
        office_at=_office_time(row, services),
        actor_id=by.id,
        actor_name=by.name,
        facts=facts,
    )
    notice = (
        Notice(key=f"help.{message.id}", template="help-answered", to="applicant")
        if message.from_office
        else Notice(key=f"help.{message.id}", template="help-asked", to="holder", role=Role.FRONT_OFFICE)
    )
    return await services.records.add_help_message(message, event, notice)


async def _tell(services: Services, message: NewHelpMessage) -> None:
    """The other side learns that there is a message about no case, once for each of them."""
    if message.from_office:
        owner = await services.records.account(message.account_id)
        people = [owner] if owner is not None else []
        template = "help-answered-general"
    else:
        people, template = await services.records.accounts(role=Role.FRONT_OFFICE), "help-asked-general"
    for person in people:
        key = f"help:{message.id}:{person.id}"
        await services.mailing.send_once(key, person.email, template, message.sent_at, name=person.name)


def _office_time(row: ApplicationRow, services: Services) -> datetime:
    """The case's own office time."""
    calendar = WorkingCalendar.model_validate(row.submission["calendar"]) if row.submission else None
    pace = Pace.model_validate(row.pace) if row.pace else Pace.real()
    return services.now() if pace.is_real else pace.shown_time(services.now(), calendar)


def _message_id(actor: Actor, key: str | None, thread: str, text: str) -> str:
    """The same request gives the same message; without a key every request is a message of its own."""
    if key is None:
        return str(uuid.uuid4())
    return str(uuid.uuid5(uuid.UUID(thread), f"{actor.id}\n{key}\n{text}"))
