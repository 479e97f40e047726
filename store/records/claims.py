"""Claims: an activation is spent once for each sha256, and the claim says how far that came.

CLAIMED -> SENT -> SIGNED, UNKNOWN or FAILED. Whoever takes a claim up again learns where it stood; what a provider
handed back is named by the claim until it is proven and registered, so that it is never asked for twice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.errors import Code, RuleError
from permits.events import Tag
from store.records.base import Subject
from store.records.values import Claim, ClaimState
from store.tables import ActivationRow, ApplicationRow, EventRow, SignatureClaimRow

SPENT: frozenset[ClaimState] = frozenset({"SIGNED", "UNKNOWN", "FAILED"})
"""States in which a claim needs the passphrase no more."""


class ClaimRecords(Subject):
    """Writes about claims, each safe to repeat."""

    async def claim(self, activation_id: str, letter_sha256: str, now: datetime) -> Claim:
        """Claims this letter for this activation, or says how far the claim has come.

        Raises RuleError(activation-not-valid) when the activation does not list the letter.
        """
        async with self._db.transaction() as session:
            return await claim_in(session, await activation_row(session, activation_id), letter_sha256, now)

    async def mark_claim(
        self, activation_id: str, letter_sha256: str, state: ClaimState, now: datetime, error: str | None = None
    ) -> ClaimState:
        """Notes how far a claim has come and answers what stands; a signed one stays signed.

        Raises RuleError(activation-not-valid) when there is no such claim.
        """
        key = (activation_id, letter_sha256)
        async with self._db.transaction() as session:
            row = await session.get(SignatureClaimRow, key, with_for_update=True, populate_existing=True)
            if row is None:
                raise RuleError(Code.ACTIVATION_NOT_VALID, activation=activation_id)
            if row.state != "SIGNED":
                row.state, row.error, row.updated_at = state, error, now
            return _claim(row).state

    async def mark_claims(
        self,
        activation_id: str,
        letters: Sequence[str],
        state: ClaimState,
        now: datetime,
        error: str | None = None,
    ) -> None:
        """The same for several letters of an activation, all or none; what is settled stays as it is."""
        marking = update(SignatureClaimRow).where(
            col(SignatureClaimRow.activation_id) == activation_id,
            col(SignatureClaimRow.letter_sha256).in_(letters),
            col(SignatureClaimRow.state).in_(("CLAIMED", "SENT")),
            # Something came back: an attempt that was slower and failed says nothing about it.
            col(SignatureClaimRow.returned_sha256).is_(None),
        )
        async with self._db.transaction() as session:
            await session.exec(marking.values(state=state, error=error, updated_at=now))

    async def mark_sent(
        self, activation_id: str, letters: Sequence[str], now: datetime, again: bool = False
    ) -> frozenset[str]:
        """Notes, before a letter leaves, that it was sent; the letters for which this caller is the one who may send.

        Of two that take a claim up at once, one may. `again`: also what was sent before, since the key is our own.
        """
        states = ("CLAIMED", "SENT") if again else ("CLAIMED",)
        marking = update(SignatureClaimRow).where(
            col(SignatureClaimRow.activation_id) == activation_id,
            col(SignatureClaimRow.letter_sha256).in_(letters),
            col(SignatureClaimRow.state).in_(states),
        )
        sent = marking.values(state="SENT", error=None, updated_at=now).returning(col(SignatureClaimRow.letter_sha256))
        async with self._db.transaction() as session:
            return frozenset((await session.exec(sent)).scalars())

    async def note_returned(self, activation_id: str, letter_sha256: str, returned_sha256: str | None) -> None:
        """Names what the provider handed back for a claim, whatever its state; None: it is of no use any more."""
        noting = update(SignatureClaimRow).where(
            col(SignatureClaimRow.activation_id) == activation_id,
            col(SignatureClaimRow.letter_sha256) == letter_sha256,
        )
        async with self._db.transaction() as session:
            await session.exec(noting.values(returned_sha256=returned_sha256))

    async def returned_before(self, letter_sha256: str, officer_id: str) -> list[Claim]:
        """Claims of this letter by this officer for which something came back that is not judged yet."""
        query = select(SignatureClaimRow).join(
            ActivationRow, col(ActivationRow.id) == col(SignatureClaimRow.activation_id)
        )
        query = query.where(
            col(SignatureClaimRow.letter_sha256) == letter_sha256,
            col(SignatureClaimRow.returned_sha256).is_not(None),
            col(ActivationRow.officer_id) == officer_id,
        )
        async with self._db.transaction() as session:
            return [_claim(row) for row in await session.exec(query.order_by(col(SignatureClaimRow.updated_at)))]

    async def refused_before(self, activation_id: str, codes: Collection[str]) -> str | None:
        """With which of these codes a letter of this activation has failed, if one has."""
        async with self._db.transaction() as session:
            return await failure_in(session, activation_id, codes)

    async def claims_of(self, activation_id: str) -> list[Claim]:
        """All claims of an activation, by letter."""
        query = select(SignatureClaimRow).where(col(SignatureClaimRow.activation_id) == activation_id)
        async with self._db.transaction() as session:
            return [_claim(row) for row in await session.exec(query.order_by(col(SignatureClaimRow.letter_sha256)))]


async def claim_in(session: AsyncSession, activation: ActivationRow, letter_sha256: str, now: datetime) -> Claim:
    """`ClaimRecords.claim`, within the caller's transaction."""
    if letter_sha256 not in activation.letters:
        raise RuleError(Code.ACTIVATION_NOT_VALID, activation=activation.id)
    values = {"activation_id": activation.id, "letter_sha256": letter_sha256}
    query = insert(SignatureClaimRow).values(**values, state="CLAIMED", updated_at=now)
    await session.exec(query.on_conflict_do_nothing())
    return _claim(await session.get_one(SignatureClaimRow, (activation.id, letter_sha256)))


async def failure_in(session: AsyncSession, activation_id: str, codes: Collection[str]) -> str | None:
    """`ClaimRecords.refused_before`, within the caller's transaction."""
    query = select(SignatureClaimRow.error).where(
        col(SignatureClaimRow.activation_id) == activation_id,
        col(SignatureClaimRow.state) == "FAILED",
        col(SignatureClaimRow.error).in_(codes),
    )
    return (await session.exec(query.limit(1))).first()


async def paraf_stands_in(session: AsyncSession, number: str, letter_sha256: str) -> bool:
    """Whether the paraf that the case's definition asks for was given on exactly these bytes."""
    given = select(EventRow.key).where(
        col(EventRow.number) == number,
        col(EventRow.tag) == Tag.PARAF_GIVEN.value,
        col(EventRow.facts)["letter_sha256"].as_string() == letter_sha256,
    )
    if (await session.exec(given.limit(1))).first() is not None:
        return True
    case = await session.get(ApplicationRow, number)
    stages = ((case.submission or {}).get("definition") or {}).get("stages", ()) if case is not None else ()
    return not any(stage.get("kind") == "paraf" for stage in stages)


async def note_signed(session: AsyncSession, activation_id: str, letter_sha256: str, now: datetime) -> None:
    """The claim has come to its end; one that was noted before stays as it is."""
    noting = update(SignatureClaimRow).where(
        col(SignatureClaimRow.activation_id) == activation_id,
        col(SignatureClaimRow.letter_sha256) == letter_sha256,
        col(SignatureClaimRow.state) != "SIGNED",
    )
    await session.exec(noting.values(state="SIGNED", error=None, updated_at=now))


async def activation_row(session: AsyncSession, activation_id: str, lock: bool = False) -> ActivationRow:
    """One activation. Raises RuleError(activation-not-valid) when there is none."""
    row = await session.get(ActivationRow, activation_id, with_for_update=lock or None, populate_existing=True)
    if row is None:
        raise RuleError(Code.ACTIVATION_NOT_VALID, activation=activation_id)
    return row


def _claim(row: SignatureClaimRow) -> Claim:
    return Claim.model_validate(row.model_dump(exclude={"updated_at"}))
