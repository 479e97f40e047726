"""Who holds which desk: officers who leave, mandates of acting heads, desks lent to colleagues."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import delete, func, or_, update
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.authority import Actor, Role
from permits.errors import Code, RuleError
from store.records.base import Subject
from store.records.people import actor_of
from store.records.signatures import mandate_of
from store.records.values import Mandate, NewDelegation
from store.tables import AccountRow, AccountTokenRow, DelegationRow, LoginSessionRow, MandateRow, TaskRow


class OpenTask(BaseModel):
    """A task that was assigned to somebody who leaves."""

    model_config = ConfigDict(frozen=True)

    id: str
    number: str
    stage: str
    due_at: datetime  # office time


class Departure(BaseModel):
    """What an officer leaves behind."""

    model_config = ConfigDict(frozen=True)

    account_id: str
    sessions_ended: int
    tasks: tuple[OpenTask, ...]  # assigned to the officer, still open
    desk_empty: bool  # nobody else holds this role, field or agency
    waiting_at_desk: int  # open tasks of that desk
    mandates: tuple[str, ...]  # ids of mandates that end with the account


class StaffingRecords(Subject):
    """Writes about desks."""

    async def deactivate(self, account_id: str, at: datetime) -> Departure:
        """Ends an officer's log-ins at once and for good; again, the same answer without log-ins.

        Raises RuleError(person-not-found).
        """
        async with self._db.transaction() as session:
            account = await session.get(AccountRow, account_id, with_for_update=True)
            if account is None:
                raise RuleError(Code.PERSON_NOT_FOUND)
            account.active = False
            account.deactivated_at = account.deactivated_at or at
            await session.flush()
            ended = delete(LoginSessionRow).where(col(LoginSessionRow.account_id) == account_id)
            sessions = (await session.exec(ended.returning(col(LoginSessionRow.token_hash)))).all()
            await session.exec(delete(AccountTokenRow).where(col(AccountTokenRow.account_id) == account_id))
            return Departure(
                account_id=account_id,
                sessions_ended=len(sessions),
                tasks=await _assigned(session, account_id),
                desk_empty=not await _held_by_others(session, account),
                waiting_at_desk=await _waiting(session, account),
                mandates=await _mandates_of(session, account_id),
            )

    async def reactivate(self, account_id: str) -> AccountRow:
        """The officer is back; the password is as it was. Raises RuleError(person-not-found)."""
        async with self._db.transaction() as session:
            account = await session.get(AccountRow, account_id, with_for_update=True)
            if account is None:
                raise RuleError(Code.PERSON_NOT_FOUND)
            account.active, account.deactivated_at = True, None
        return account

    # Mandates --------------------------------------------------------------------------------------------------------

    async def give_mandate(self, mandate: Mandate) -> MandateRow:
        """Gives a mandate; of one capacity there is one holder on any day. Again with the same id, the row there.

        An agency has as many officers with certificates as it likes, each with one mandate on any day.

        Raises RuleError(mandate-overlaps).
        """
        async with self._db.transaction() as session:
            # Two mandates at the same moment would not see each other.
            await session.exec(select(func.pg_advisory_xact_lock(func.hashtext("mandates"))))
            known = await session.get(MandateRow, mandate.id)
            if known is not None:
                return known
            query = select(MandateRow).where(
                col(MandateRow.capacity) == mandate.capacity,
                col(MandateRow.revoked_at).is_(None),
                or_(col(MandateRow.valid_until).is_(None), col(MandateRow.valid_until) >= mandate.valid_from),
            )
            if mandate.valid_until is not None:
                query = query.where(col(MandateRow.valid_from) <= mandate.valid_until)
            if mandate.capacity == "opd":
                query = query.where(col(MandateRow.account_id) == mandate.account_id)
            if (await session.exec(query)).first() is not None:
                raise RuleError(Code.MANDATE_OVERLAPS)
            row = MandateRow(**mandate.model_dump())
            session.add(row)
        return row

    async def revoke_mandate(self, mandate_id: str, at: datetime) -> MandateRow | None:
        """Ends a mandate at once; the first time stands. None where there is none."""
        async with self._db.transaction() as session:
            row = await session.get(MandateRow, mandate_id, with_for_update=True)
            if row is not None:
                row.revoked_at = row.revoked_at or at
        return row

    async def mandate_rows(self) -> list[MandateRow]:
        """All mandates with their revocations, the newest first."""
        query = select(MandateRow).order_by(col(MandateRow.valid_from).desc(), col(MandateRow.id))
        async with self._db.transaction() as session:
            return list(await session.exec(query))

    # Delegations -----------------------------------------------------------------------------------------------------

    async def lend_desk(self, delegation: NewDelegation) -> DelegationRow:
        """Lends a desk; again with the same id, the row that is there."""
        async with self._db.transaction() as session:
            known = await session.get(DelegationRow, delegation.id)
            if known is not None:
                return known
            row = DelegationRow(**delegation.model_dump())
            session.add(row)
        return row

    async def delegation(self, delegation_id: str) -> DelegationRow | None:
        """One delegation."""
        async with self._db.transaction() as session:
            return await session.get(DelegationRow, delegation_id)

    async def end_delegation(self, delegation_id: str, at: datetime) -> None:
        """The desk is its owner's alone again; the first time stands."""
        ended = update(DelegationRow).where(
            col(DelegationRow.id) == delegation_id, col(DelegationRow.revoked_at).is_(None)
        )
        async with self._db.transaction() as session:
            await session.exec(ended.values(revoked_at=at))

    async def delegations_of(self, account_id: str) -> list[DelegationRow]:
        """Desks that this person has lent or borrowed, the newest first."""
        mine = or_(col(DelegationRow.from_id) == account_id, col(DelegationRow.to_id) == account_id)
        query = select(DelegationRow).where(mine).order_by(col(DelegationRow.given_at).desc())
        async with self._db.transaction() as session:
            return list(await session.exec(query))

    # Capacities ------------------------------------------------------------------------------------------------------

    async def capacities_of(self, account_id: str, today: date) -> tuple[Actor, ...]:
        """In which capacities a person may act on this office date; its own first, none where it is not active.

        Each delegation in force gives the lender's desk, a plh or plt mandate the head's; the id stays the person's
        own, and `on_behalf_of` names whose desk it is. What is lent cannot be lent on.
        """
        async with self._db.transaction() as session:
            account = await session.get(AccountRow, account_id)
            if account is None or not account.active:
                return ()
            own = actor_of(account)
            lent = [_at_desk_of(own, lender) for lender in await _lenders(session, account_id, today)]
            acting = await mandate_of(session, today, account_id)
            if acting is not None and acting.capacity != "definitive" and own.role is not Role.HEAD_OF_OFFICE:
                head = await _head(session, today, account_id)
                lent.append(
                    Actor(
                        id=own.id,
                        name=own.name,
                        role=Role.HEAD_OF_OFFICE,
                        on_behalf_of=head.name if head is not None else "Kepala Dinas",
                    )
                )
        return (own, *lent)


def _at_desk_of(own: Actor, lender: AccountRow) -> Actor:
    return actor_of(lender).model_copy(update={"id": own.id, "name": own.name, "on_behalf_of": lender.name})


async def _lenders(session: AsyncSession, account_id: str, today: date) -> list[AccountRow]:
    query = (
        select(AccountRow)
        .join(DelegationRow, col(DelegationRow.from_id) == col(AccountRow.id))
        .where(
            col(DelegationRow.to_id) == account_id,
            col(DelegationRow.revoked_at).is_(None),
            col(DelegationRow.valid_from) <= today,
            col(DelegationRow.valid_until) >= today,
            col(AccountRow.active),
            # Nobody signs by a lent desk: that takes a mandate.
            col(AccountRow.role) != Role.HEAD_OF_OFFICE.value,
        )
        .order_by(col(DelegationRow.given_at), col(DelegationRow.id))
    )
    return list({row.id: row for row in await session.exec(query)}.values())


async def _head(session: AsyncSession, today: date, acting_id: str) -> AccountRow | None:
    """The definitive head; the mandate says who, and an office without one has an account of that role at least."""
    query = select(MandateRow.account_id).where(
        col(MandateRow.capacity) == "definitive",
        col(MandateRow.revoked_at).is_(None),
        col(MandateRow.valid_from) <= today,
        or_(col(MandateRow.valid_until).is_(None), col(MandateRow.valid_until) >= today),
    )
    found = (await session.exec(query.order_by(col(MandateRow.valid_from).desc()))).first()
    if found is not None:
        return await session.get(AccountRow, found)
    heads = select(AccountRow).where(
        col(AccountRow.role) == Role.HEAD_OF_OFFICE.value, col(AccountRow.id) != acting_id
    )
    return (await session.exec(heads.order_by(col(AccountRow.active).desc(), col(AccountRow.id)))).first()


async def _assigned(session: AsyncSession, account_id: str) -> tuple[OpenTask, ...]:
    query = select(TaskRow).where(col(TaskRow.assigned_to) == account_id, col(TaskRow.status) == "open")
    rows = await session.exec(query.order_by(col(TaskRow.due_at), col(TaskRow.id)))
    return tuple(OpenTask(id=row.id, number=row.number, stage=row.stage, due_at=row.due_at) for row in rows)


async def _held_by_others(session: AsyncSession, account: AccountRow) -> bool:
    query = select(col(AccountRow.id)).where(
        col(AccountRow.active), col(AccountRow.role) == account.role, col(AccountRow.id) != account.id
    )
    if account.role == Role.OPD:
        query = query.where(col(AccountRow.opd) == account.opd, col(AccountRow.is_head) == account.is_head)
    elif account.field is not None:
        query = query.where(or_(col(AccountRow.field).is_(None), col(AccountRow.field) == account.field))
    return (await session.exec(query.limit(1))).first() is not None


async def _waiting(session: AsyncSession, account: AccountRow) -> int:
    query = select(func.count()).select_from(TaskRow)
    query = query.where(col(TaskRow.status) == "open", col(TaskRow.role) == account.role)
    if account.opd is not None:
        query = query.where(col(TaskRow.opd) == account.opd)
    if account.field is not None:
        query = query.where(col(TaskRow.field) == account.field)
    return (await session.exec(query)).one()


async def _mandates_of(session: AsyncSession, account_id: str) -> tuple[str, ...]:
    query = select(col(MandateRow.id)).where(
        col(MandateRow.account_id) == account_id, col(MandateRow.revoked_at).is_(None)
    )
    return tuple(await session.exec(query.order_by(col(MandateRow.id))))
