"""Everything that is kept about one person, for that person (UU 27/2022, right of access and portability)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlmodel import col, or_, select
from sqlmodel.ext.asyncio.session import AsyncSession

from store.queries.application import ApplicationPage, EventLine, application_page
from store.tables import (
    AccountRow,
    ApplicationRow,
    AttachmentRow,
    DocumentRow,
    EventRow,
    HelpMessageRow,
    LoginKeyRow,
    LoginSessionRow,
    OutboxRow,
)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class OwnAccount(_View):
    """The account as its person sees it; secrets are not shown."""

    id: str
    email: str
    email_confirmed_at: datetime | None
    name: str
    role: str
    field: str | None
    opd: str | None
    phone: str | None
    address: str | None
    birth_place: str | None
    birth_date: date | None
    title: str | None
    rank: str | None
    nip: str | None
    nik_warnings: list[str]
    notice_channel: str
    digest: bool
    locale: str
    at_counter: bool
    created_at: datetime


class OwnNotice(_View):
    """A message that was sent to the person."""

    number: str | None
    channel: str
    subject: str | None
    template: str | None
    state: str
    created_at: datetime
    sent_at: datetime | None


class OwnHelpMessage(_View):
    """A message of the help thread."""

    number: str | None
    from_office: bool
    text: str
    sent_at: datetime


class OwnSession(_View):
    """A log-in that is kept."""

    created_at: datetime
    expires_at: datetime


class OwnLoginKey(_View):
    """A passkey to log in with."""

    name: str
    created_at: datetime
    last_used_at: datetime | None


class OwnCase(_View):
    """One application with its record."""

    application: ApplicationPage
    events: list[EventLine]


class OwnData(_View):
    """All of it."""

    account: OwnAccount
    applications: list[OwnCase]
    notices: list[OwnNotice]
    help: list[OwnHelpMessage]
    sessions: list[OwnSession]
    login_keys: list[OwnLoginKey]


class OwnFile(_View):
    """A file that the person handed in."""

    number: str
    name: str  # without folder
    sha256: str
    content_type: str


def own_account(account: AccountRow) -> OwnAccount:
    """The account as its person sees it."""
    return OwnAccount.model_validate(account.model_dump(include=set(OwnAccount.model_fields)))


async def own_data(session: AsyncSession, account: AccountRow) -> OwnData:
    """Everything about the person, the newest first."""
    numbers = await session.exec(
        select(col(ApplicationRow.number))
        .where(col(ApplicationRow.applicant_id) == account.id)
        .order_by(col(ApplicationRow.number).desc())
    )
    cases = [await _case(session, number) for number in list(numbers)]
    mine = or_(col(OutboxRow.account_id) == account.id, col(OutboxRow.recipient) == account.email)
    notices = await session.exec(select(OutboxRow).where(mine).order_by(col(OutboxRow.created_at).desc()))
    messages = await session.exec(
        select(HelpMessageRow)
        .where(col(HelpMessageRow.account_id) == account.id)
        .order_by(col(HelpMessageRow.sent_at))
    )
    sessions = await session.exec(select(LoginSessionRow).where(col(LoginSessionRow.account_id) == account.id))
    keys = await session.exec(select(LoginKeyRow).where(col(LoginKeyRow.account_id) == account.id))
    return OwnData(
        account=own_account(account),
        applications=cases,
        notices=[_view(OwnNotice, row) for row in notices],
        help=[_view(OwnHelpMessage, row) for row in messages],
        sessions=[_view(OwnSession, row) for row in sessions],
        login_keys=[_view(OwnLoginKey, row) for row in keys],
    )


async def own_files(session: AsyncSession, account_id: str) -> list[OwnFile]:
    """Every version of every document, and every attachment that the person gave with a task."""
    owned = select(col(ApplicationRow.number)).where(col(ApplicationRow.applicant_id) == account_id)
    documents = await session.exec(
        select(DocumentRow)
        .where(col(DocumentRow.number).in_(owned))
        .order_by(col(DocumentRow.number), col(DocumentRow.requirement), col(DocumentRow.version))
    )
    attachments = await session.exec(
        select(AttachmentRow)
        .where(col(AttachmentRow.uploaded_by) == account_id)
        .order_by(col(AttachmentRow.number), col(AttachmentRow.uploaded_at))
    )
    files = [
        OwnFile(
            number=row.number,
            name=f"{row.requirement}-v{row.version}",
            sha256=row.sha256,
            content_type=row.content_type,
        )
        for row in documents
    ]
    return files + [
        OwnFile(
            number=row.number,
            name=f"{row.kind}-{row.id[:8]}",
            sha256=row.sha256,
            content_type=row.content_type,
        )
        for row in attachments
    ]


async def _case(session: AsyncSession, number: str) -> OwnCase:
    lines = await session.exec(select(EventRow).where(col(EventRow.number) == number).order_by(col(EventRow.sequence)))
    return OwnCase(
        application=await application_page(session, number),
        events=[EventLine.model_validate(line.model_dump(exclude={"number"})) for line in lines],
    )


def _view(kind: type[Any], row: Any) -> Any:
    return kind.model_validate(row.model_dump(include=set(kind.model_fields)))
