"""What has changed, for screens that follow along: marks that differ when a case or a desk does, never what changed.

Asked every second or so for everybody who listens at once, so each is a look at an index. A mark says nothing itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, String, and_, func, literal_column, or_
from sqlalchemy import select as sql_select
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import Actor, Role
from store.queries.reach import IS_OPEN
from store.tables import AccountRow, ApplicationRow, EventRow, LoginSessionRow, TaskRow


class Desk(NamedTuple):
    """Whose open tasks are watched; colleagues share one."""

    role: Role
    field: str | None = None
    opd: str | None = None
    applicant: str | None = None


def desk_of(actor: Actor) -> Desk:
    """The desk of one capacity: at least what `store.queries.reach.own_desk` lets it touch."""
    match actor.role:
        case Role.APPLICANT:
            return Desk(actor.role, applicant=actor.id)
        case Role.OPD:
            return Desk(actor.role, opd=actor.opd or "")
        case Role.BACK_OFFICE:
            return Desk(actor.role, field=actor.field)
        case _:
            return Desk(actor.role)


def desks_of(actors: Iterable[Actor]) -> tuple[Desk, ...]:
    """The inbox of somebody in all capacities."""
    return tuple(sorted({desk_of(one) for one in actors}, key=str))


async def case_marks(session: AsyncSession, numbers: Collection[str]) -> dict[str, str]:
    """The mark of each of these cases; one that is not there has none."""
    rows = await session.exec(
        select(ApplicationRow.number, ApplicationRow.event_head, ApplicationRow.status, ApplicationRow.dossier_sha256)
        .where(col(ApplicationRow.number).in_(numbers))
    )
    return {number: _mark(number, head, status, dossier) for number, head, status, dossier in rows}


async def case_changed_at(session: AsyncSession, number: str) -> datetime | None:
    """When the newest line of a case's record was written; real time."""
    newest = and_(
        col(EventRow.number) == col(ApplicationRow.number), col(EventRow.sequence) == col(ApplicationRow.event_count)
    )
    query = select(EventRow.at).join(ApplicationRow, newest).where(col(ApplicationRow.number) == number)
    return (await session.exec(query)).first()


async def number_behind(session: AsyncSession, tracking_code: str) -> str | None:
    """The case with this tracking code."""
    query = select(ApplicationRow.number).where(col(ApplicationRow.tracking_code) == tracking_code)
    return (await session.exec(query)).first()


async def desk_mark(session: AsyncSession, desk: Desk, now: datetime) -> str:
    """The mark of a desk: which tasks are open there, who holds them, how far their ladders fell, what is overdue."""
    # All of it stands in the index of the inbox (`TaskRow`), so the rows themselves are not read.
    each = func.hashtext(
        col(TaskRow.id).concat(func.coalesce(col(TaskRow.assigned_to), "")).concat(
            func.cast(col(TaskRow.rungs_fallen), String())
        )
    )
    counting = sql_select(
        func.count(), func.coalesce(func.sum(each), 0), func.count().filter(col(TaskRow.due_at) < now)
    ).where(IS_OPEN, _at(desk))
    return _mark(*(await (await session.connection()).execute(counting)).one())


def _at(desk: Desk) -> ColumnElement[bool]:
    own = _role(desk.role)
    if desk.role is Role.FRONT_OFFICE:
        # It also works on tasks of applicants, and on agencies' answers that come on paper.
        return or_(own, _role(Role.APPLICANT), _role(Role.OPD))
    if desk.role is Role.BACK_OFFICE and desk.field is not None:
        return and_(own, col(TaskRow.desk_field) == desk.field)
    if desk.role is Role.OPD:
        return and_(own, col(TaskRow.opd) == desk.opd)
    return and_(own, col(TaskRow.applicant_id) == desk.applicant) if desk.role is Role.APPLICANT else own


def _role(role: Role) -> ColumnElement[bool]:
    return col(TaskRow.role) == literal_column(f"'{role.value}'")


async def logins_in_force(session: AsyncSession, token_hashes: Collection[str], now: datetime) -> set[str]:
    """Which of these log-ins are neither over nor of an account that was closed."""
    query = (
        select(LoginSessionRow.token_hash)
        .join(AccountRow, col(AccountRow.id) == col(LoginSessionRow.account_id))
        .where(
            col(LoginSessionRow.token_hash).in_(token_hashes), col(LoginSessionRow.expires_at) > now,
            col(AccountRow.active),
        )
    )  # fmt: skip
    return set(await session.exec(query))


def _mark(*parts: object) -> str:
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:20]
