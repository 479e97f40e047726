"""The signing screen: letters that wait for one person's signature, and what became of those it has consented to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import ColumnElement, and_, func, or_
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import Actor, Role
from permits.decisions import TaskKind
from permits.events import Tag
from permits.party import party_of
from store.queries.reach import own_desk
from store.tables import (
    AccountRow,
    ActivationRow,
    ApplicationRow,
    EventRow,
    LetterRow,
    SignatureClaimRow,
    SignedLetterRow,
    TaskRow,
)

SIGNS = {Role.HEAD_OF_OFFICE: TaskKind.SIGNING, Role.OPD: TaskKind.SIGN_RECOMMENDATION}


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class WaitingLetter(_View):
    """One letter at its last desk; office times."""

    task: str
    number: str  # of the application
    permit_name: str
    holder_name: str
    purpose: str
    letter_number: str
    sha256: str  # of the letter, as the task names it
    opened_at: datetime
    due_at: datetime
    practice: bool
    return_to: list[str]
    came_back: str | None  # why it could not be signed the last time, in words
    paraf_by: str | None
    paraf_at: datetime | None


class ConsentRow(_View):
    """A consent, as far as its result page needs to know; real times."""

    id: str
    officer_id: str
    created_at: datetime
    expires_at: datetime


class ConsentedLetter(_View):
    """What became of one letter of a consent."""

    sha256: str
    number: str | None  # None: the letter lies there no more, it was written anew
    permit_name: str
    holder_name: str
    letter_number: str
    purpose: str
    open_task: str | None  # the task that still asks for this very letter
    claim: str | None  # CLAIMED, SENT, SIGNED, UNKNOWN, FAILED; None: the signing worker has not begun
    error: str | None
    signed_at: datetime | None  # real time
    released: bool
    verification_id: str | None


async def waiting_letters(
    session: AsyncSession, actors: Sequence[Actor], limit: int, only: str | None = None
) -> tuple[list[WaitingLetter], int]:
    """The letters that a person may sign in any of its capacities, the most urgent first; and how many there are.

    Args:
        actors: one person's capacities.
        limit: letters on the page.
        only: this task alone.
    """
    reach = _reach(actors)
    if reach is None:
        return [], 0
    query = select(TaskRow, ApplicationRow, LetterRow, col(AccountRow.name)).where(reach)
    query = query.join(ApplicationRow, col(ApplicationRow.number) == col(TaskRow.number))
    query = query.join(AccountRow, col(AccountRow.id) == col(TaskRow.applicant_id))
    query = query.outerjoin(
        LetterRow,
        and_(col(LetterRow.number) == col(TaskRow.number), col(LetterRow.sha256) == col(TaskRow.subject_sha256)),
    )
    counting = select(func.count()).select_from(TaskRow).where(reach)
    if only is not None:
        query = query.where(col(TaskRow.id) == only)
        counting = counting.where(col(TaskRow.id) == only)
    total = (await session.exec(counting)).one()
    rows = list(await session.exec(query.order_by(col(TaskRow.due_at), col(TaskRow.id)).limit(limit)))
    initialled = await _parafs(session, {task.number for task, _case, _letter, _name in rows})
    return [_waiting(*row, initialled) for row in rows], total


def _reach(actors: Sequence[Actor]) -> ColumnElement[bool] | None:
    desks = [
        and_(own_desk(actor), col(TaskRow.kind) == SIGNS[actor.role].value) for actor in actors if actor.role in SIGNS
    ]
    return or_(*desks) if desks else None


async def _parafs(session: AsyncSession, numbers: Collection[str]) -> dict[str, tuple[str, datetime]]:
    """Who gave the paraf on which letter, and when (office time)."""
    query = select(EventRow).where(
        col(EventRow.number).in_(numbers), col(EventRow.tag) == Tag.PARAF_GIVEN.value
    )
    found = await session.exec(query.order_by(col(EventRow.number), col(EventRow.sequence)))
    return {str(one.facts.get("letter_sha256")): (one.actor_name, one.office_at) for one in found}


def _waiting(
    task: TaskRow,
    case: ApplicationRow,
    letter: LetterRow | None,
    applicant: str,
    parafs: dict[str, tuple[str, datetime]],
) -> WaitingLetter:
    number_text = letter.number_text if letter else ""
    paraf_by, paraf_at = parafs.get(task.subject_sha256, (None, None))
    return WaitingLetter(
        task=task.id,
        number=task.number,
        permit_name=case.title,
        holder_name=party_of(case.party).holder(applicant),
        purpose=letter.purpose if letter else case.procedure,
        letter_number=number_text,
        sha256=task.subject_sha256,
        opened_at=task.opened_at,
        due_at=task.due_at,
        practice=case.practice,
        return_to=list(task.return_to),
        came_back=task.instructions.removeprefix(f"{number_text}: ") or None
        if task.instructions.startswith(f"{number_text}: ")
        else None,
        paraf_by=paraf_by,
        paraf_at=paraf_at,
    )


async def consent_with_letters(
    session: AsyncSession, activation_id: str
) -> tuple[ConsentRow, list[ConsentedLetter]] | None:
    """A consent and what became of each of its letters, in their order; None where there is none."""
    row = await session.get(ActivationRow, activation_id)
    if row is None:
        return None
    claims = select(SignatureClaimRow).where(col(SignatureClaimRow.activation_id) == activation_id)
    by_letter = {one.letter_sha256: one for one in await session.exec(claims)}
    known = await _letters(session, row.letters)
    tasks = await _open_tasks(session, {letter.number for letter, *_rest in known.values()})
    consent = ConsentRow.model_validate(row.model_dump(include=set(ConsentRow.model_fields)))
    return consent, [_consented(sha256, known, by_letter, tasks) for sha256 in row.letters]


Known = dict[str, tuple[LetterRow, ApplicationRow, str, SignedLetterRow | None]]


async def _letters(session: AsyncSession, sha256s: Sequence[str]) -> Known:
    query = select(LetterRow, ApplicationRow, col(AccountRow.name), SignedLetterRow)
    query = query.where(col(LetterRow.sha256).in_(sha256s))
    query = query.join(ApplicationRow, col(ApplicationRow.number) == col(LetterRow.number))
    query = query.join(AccountRow, col(AccountRow.id) == col(ApplicationRow.applicant_id))
    query = query.outerjoin(SignedLetterRow, col(SignedLetterRow.letter_sha256) == col(LetterRow.sha256))
    return {str(row[0].sha256): (row[0], row[1], row[2], row[3]) for row in await session.exec(query)}


async def _open_tasks(session: AsyncSession, numbers: Collection[str]) -> dict[str, str]:
    """Signing tasks that are open, by the letter they ask for."""
    query = select(TaskRow).where(
        col(TaskRow.number).in_(numbers),
        col(TaskRow.status) == "open",
        col(TaskRow.kind).in_([kind.value for kind in SIGNS.values()]),
    )
    return {task.subject_sha256: task.id for task in await session.exec(query)}


def _consented(
    sha256: str, known: Known, claims: dict[str, SignatureClaimRow], tasks: dict[str, str]
) -> ConsentedLetter:
    claim = claims.get(sha256)
    found = known.get(sha256)
    letter, case, applicant, signed = found if found else (None, None, "", None)
    return ConsentedLetter(
        sha256=sha256,
        number=case.number if case else None,
        permit_name=case.title if case else "",
        holder_name=party_of(case.party).holder(applicant) if case else "",
        letter_number=letter.number_text if letter else "",
        purpose=letter.purpose if letter else "",
        open_task=tasks.get(sha256),
        claim=claim.state if claim else None,
        error=claim.error if claim else None,
        signed_at=signed.signed_at if signed else None,
        released=letter is not None and letter.status == "issued",
        verification_id=case.verification_id if case else None,
    )
