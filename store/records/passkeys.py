"""Passkeys: what officers ask to change about them, what the signing worker has let in, and that a proof counts once.

Only the signing worker's seal makes a row mean anything; these writes keep order, they do not give trust.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.errors import Code, RuleError
from store.records.base import Subject
from store.records.values import NewChallenge, NewPasskey, NewPasskeyRequest
from store.tables import AccountRow, ActivationRow, ChallengeRow, OutboxRow, PasskeyRequestRow, PasskeyRow


class PasskeyRecords(Subject):
    """Writes around passkeys, each safe to repeat."""

    # Challenges ------------------------------------------------------------------------------------------------------

    async def keep_challenge(self, challenge: NewChallenge) -> None:
        """Keeps what an officer is asked to consent to."""
        async with self._db.transaction() as session:
            session.add(ChallengeRow(**challenge.model_dump() | {"tasks": list(challenge.tasks)}))

    async def challenge(self, challenge_id: str) -> ChallengeRow | None:
        """What was asked, while it is kept."""
        async with self._db.transaction() as session:
            return await session.get(ChallengeRow, challenge_id)

    async def answer_challenge(self, challenge_id: str, answer: str) -> bool:
        """Takes the one answer of a challenge: True for the first, and for the same answer again."""
        query = update(ChallengeRow).where(col(ChallengeRow.id) == challenge_id)
        query = query.where(func.coalesce(col(ChallengeRow.answer), answer) == answer).values(answer=answer)
        async with self._db.transaction() as session:
            return (await session.exec(query.returning(col(ChallengeRow.id)))).first() is not None

    async def delete_old_challenges(self, now: datetime) -> int:
        """Deletes challenges whose time is over; their number."""
        query = delete(ChallengeRow).where(col(ChallengeRow.expires_at) <= now)
        async with self._db.transaction() as session:
            return len((await session.exec(query.returning(col(ChallengeRow.id)))).all())

    # Passkeys --------------------------------------------------------------------------------------------------------

    async def passkeys_of(self, officer_id: str) -> list[PasskeyRow]:
        """An officer's passkeys that are not removed, the oldest first."""
        query = select(PasskeyRow).where(col(PasskeyRow.officer_id) == officer_id)
        query = query.where(col(PasskeyRow.removed_at).is_(None)).order_by(col(PasskeyRow.admitted_at))
        async with self._db.transaction() as session:
            return list(await session.exec(query))

    async def passkey_by_credential(self, credential_id: bytes) -> PasskeyRow | None:
        """The passkey that a device calls so, unless it is removed."""
        query = select(PasskeyRow).where(col(PasskeyRow.credential_id) == credential_id)
        async with self._db.transaction() as session:
            return (await session.exec(query.where(col(PasskeyRow.removed_at).is_(None)))).first()

    async def rename_passkey(self, passkey_id: str, officer_id: str, name: str) -> PasskeyRow:
        """Calls it something else. Raises RuleError(passkey-unknown)."""
        async with self._db.transaction() as session:
            row = await session.get(PasskeyRow, passkey_id, with_for_update=True)
            if row is None or row.officer_id != officer_id or row.removed_at is not None:
                raise RuleError(Code.PASSKEY_UNKNOWN)
            row.name = name
        return row

    async def record_passkey_use(self, activation_id: str, passkey_id: str, sign_count: int, now: datetime) -> bool:
        """Spends a device's proof for this activation: True once, and again for the same activation and counter.

        False where the counter went back, which says that the key was copied. Raises RuleError(activation-not-valid)
        when the activation is not the passkey's officer's.
        """
        async with self._db.transaction() as session:
            passkey = await session.get_one(PasskeyRow, passkey_id, with_for_update=True, populate_existing=True)
            activation = await session.get(ActivationRow, activation_id, populate_existing=True)
            if activation is None or activation.officer_id != passkey.officer_id:
                raise RuleError(Code.ACTIVATION_NOT_VALID, activation=activation_id)
            if activation.passkey_id is not None:
                return (activation.passkey_id, activation.sign_count) == (passkey_id, sign_count)
            if not _counted(passkey, sign_count, now):
                return False
            activation.passkey_id, activation.sign_count = passkey_id, sign_count
            return True

    # Wishes ----------------------------------------------------------------------------------------------------------

    async def ask_for_passkey(self, request: NewPasskeyRequest) -> None:
        """Keeps the beginning of a wish; its envelope comes with the device's answer."""
        async with self._db.transaction() as session:
            session.add(PasskeyRequestRow(**request.model_dump()))

    async def passkey_request(self, request_id: str) -> PasskeyRequestRow | None:
        """One wish."""
        async with self._db.transaction() as session:
            return await session.get(PasskeyRequestRow, request_id)

    async def send_passkey_request(
        self, request_id: str, envelope: bytes, name: str = "", transports: tuple[str, ...] = ()
    ) -> bool:
        """Hands the sealed wish on, once."""
        query = update(PasskeyRequestRow).where(col(PasskeyRequestRow.id) == request_id)
        query = query.where(col(PasskeyRequestRow.state) == "asked")
        query = query.values(state="sent", envelope=envelope, name=name, transports=list(transports))
        async with self._db.transaction() as session:
            return (await session.exec(query.returning(col(PasskeyRequestRow.id)))).first() is not None

    async def spend_code(self, officer_id: str, step: int) -> bool:
        """Spends a one-time code for something that is no signature; False when it, or a later one, was spent."""
        async with self._db.transaction() as session:
            account = await session.get_one(AccountRow, officer_id, with_for_update=True, populate_existing=True)
            if account.totp_last_step is not None and account.totp_last_step >= step:
                return False
            account.totp_last_step = step
            return True

    async def spend_proof(self, passkey_id: str, sign_count: int, now: datetime) -> bool:
        """The same for a device's counter; False where it went back."""
        async with self._db.transaction() as session:
            passkey = await session.get_one(PasskeyRow, passkey_id, with_for_update=True, populate_existing=True)
            return _counted(passkey, sign_count, now)

    async def spend_ticket(self, request_id: str, ticket: str) -> bool:
        """The same for a ticket, by its sha256; the same wish may show it again."""
        async with self._db.transaction() as session:
            query = select(col(PasskeyRequestRow.id)).where(col(PasskeyRequestRow.ticket) == ticket)
            if (used_by := (await session.exec(query)).first()) is not None:
                return used_by == request_id
            row = await session.get_one(PasskeyRequestRow, request_id, with_for_update=True)
            row.ticket = ticket
            return True

    async def admit_passkey(self, request_id: str, passkey: NewPasskey, notice: OutboxRow, now: datetime) -> None:
        """Lets a passkey in, tells its owner and settles the wish. Raises RuleError(passkey-known)."""
        async with self._db.transaction() as session:
            request = await _unsettled(session, request_id)
            if request is None:
                return
            values = passkey.model_dump() | {"name": request.name, "transports": request.transports}
            made = insert(PasskeyRow).values(values).on_conflict_do_nothing()
            if (await session.exec(made.returning(col(PasskeyRow.id)))).first() is None:
                raise RuleError(Code.PASSKEY_KNOWN)
            await _settle(session, request, passkey.admitted_by, notice, now)

    async def remove_passkey(self, request_id: str, proof: str, notice: OutboxRow, now: datetime) -> None:
        """Removes one, tells its owner and settles the wish. Raises RuleError(passkey-unknown)."""
        async with self._db.transaction() as session:
            request = await _unsettled(session, request_id)
            if request is None:
                return
            row = await session.get(PasskeyRow, request.passkey_id, with_for_update=True)
            if row is None or row.officer_id != request.officer_id:
                raise RuleError(Code.PASSKEY_UNKNOWN)
            row.removed_at = row.removed_at or now
            await _settle(session, request, proof, notice, now)

    async def refuse_passkey_request(self, request_id: str, error: str, now: datetime) -> None:
        """Settles a wish that cannot be granted."""
        async with self._db.transaction() as session:
            request = await _unsettled(session, request_id)
            if request is not None:
                request.state, request.error, request.settled_at, request.envelope = "refused", error, now, None

    async def drop_expired_requests(self, now: datetime) -> int:
        """Takes the envelopes of wishes whose time is over; their number."""
        query = update(PasskeyRequestRow).where(col(PasskeyRequestRow.expires_at) <= now)
        query = query.where(col(PasskeyRequestRow.state).in_(("asked", "sent")))
        query = query.values(envelope=None, state="refused", error="activation_expired", settled_at=now)
        async with self._db.transaction() as session:
            return len((await session.exec(query.returning(col(PasskeyRequestRow.id)))).all())


def _counted(passkey: PasskeyRow, sign_count: int, now: datetime) -> bool:
    """Devices without a counter always say 0; where either side has counted, it has to go up (WebAuthn 7.2, 21)."""
    if (sign_count or passkey.sign_count) and sign_count <= passkey.sign_count:
        return False
    passkey.sign_count, passkey.last_used_at = sign_count, now
    return True


async def _unsettled(session: AsyncSession, request_id: str) -> PasskeyRequestRow | None:
    row = await session.get(PasskeyRequestRow, request_id, with_for_update=True, populate_existing=True)
    return row if row is not None and row.state in ("asked", "sent") else None


async def _settle(
    session: AsyncSession, request: PasskeyRequestRow, proof: str, notice: OutboxRow, now: datetime
) -> None:
    request.state, request.proof, request.settled_at, request.envelope = "done", proof, now, None
    await session.exec(insert(OutboxRow).values(notice.model_dump()).on_conflict_do_nothing())
