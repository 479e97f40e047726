"""Signatures: mandates, sealed activations, claims, and the one registered object of each letter.

An activation is spent once for each sha256: the claim row says how far it came. Registering is the commit point;
whoever comes second gets the row of the first and puts its own object aside.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import delete, func, or_, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.errors import Code, RuleError
from permits.events import Event
from permits.steps import SignedLetter
from store.records.base import Subject, append, lock_application
from store.records.claims import SPENT
from store.records.claims import activation_row as _activation
from store.records.values import Mandate, NewActivation
from store.tables import (
    AccountRow,
    ActivationRow,
    LetterRow,
    LetterVersionRow,
    MandateRow,
    SignatureClaimRow,
    SignedLetterRow,
)


class SignatureRecords(Subject):
    """Writes around the head's signature, each safe to repeat."""

    # Mandates --------------------------------------------------------------------------------------------------------

    async def ensure_mandate(self, mandate: Mandate) -> None:
        """Keeps a mandate under its id; the newest text of it stands."""
        values = mandate.model_dump()
        changes = {name: value for name, value in values.items() if name != "id"}
        async with self._db.transaction() as session:
            query = insert(MandateRow).values(values)
            await session.exec(query.on_conflict_do_update(index_elements=["id"], set_=changes))

    async def mandate_for(self, account_id: str, on: date) -> Mandate | None:
        """The mandate under which a head signs on that day: plh before plt before definitive, none revoked."""
        async with self._db.transaction() as session:
            return await mandate_of(session, on, account_id)

    async def agency_mandate_for(self, account_id: str, on: date, opd: str) -> Mandate | None:
        """The mandate under which an agency's officer signs its recommendations on that day."""
        async with self._db.transaction() as session:
            return await agency_mandate_of(session, on, account_id, opd)

    async def signatory_on(self, on: date) -> Mandate | None:
        """Whose signature a letter of that day carries: the acting head's before the head's own."""
        async with self._db.transaction() as session:
            return await mandate_of(session, on)

    async def mandates(self) -> list[Mandate]:
        """All mandates there have been, for judging signatures of any day."""
        query = select(MandateRow).order_by(col(MandateRow.valid_from), col(MandateRow.id))
        async with self._db.transaction() as session:
            rows = list(await session.exec(query))
        return [Mandate.model_validate(row.model_dump(exclude={"revoked_at"})) for row in rows]

    # Activations -----------------------------------------------------------------------------------------------------

    async def create_activation(self, activation: NewActivation) -> ActivationRow:
        """Keeps a sealed activation; asked again with the same id, the row that is there."""
        values = activation.model_dump() | {"letters": list(activation.letters)}
        async with self._db.transaction() as session:
            await session.exec(insert(ActivationRow).values(values).on_conflict_do_nothing())
            return await session.get_one(ActivationRow, activation.id)

    async def activation(self, activation_id: str) -> ActivationRow:
        """One activation. Raises RuleError(activation-not-valid) when there is none."""
        async with self._db.transaction() as session:
            return await _activation(session, activation_id)

    async def record_totp_step(self, activation_id: str, officer_id: str, step: int) -> bool:
        """Spends a one-time code for this activation: True once, and again for the same activation and step.

        False when the officer's code of this or a later step was spent before, by another activation. Raises
        RuleError(activation-not-valid) when the activation is not the officer's.
        """
        async with self._db.transaction() as session:
            account = await session.get(AccountRow, officer_id, with_for_update=True, populate_existing=True)
            activation = await _activation(session, activation_id)
            if account is None or activation.officer_id != officer_id:
                raise RuleError(Code.ACTIVATION_NOT_VALID, activation=activation_id)
            if activation.totp_step is not None:
                return activation.totp_step == step
            if account.totp_last_step is not None and account.totp_last_step >= step:
                return False
            account.totp_last_step = activation.totp_step = step
            return True

    async def delete_envelope_if_spent(self, activation_id: str, now: datetime) -> bool:
        """Deletes the envelope once every letter of the activation has come back, failed or is in doubt; True then."""
        async with self._db.transaction() as session:
            return await delete_if_spent(session, activation_id, now)

    async def discard_activation(self, activation_id: str) -> bool:
        """Deletes an activation that was given for nothing, with its envelope; True when it did.

        One that has been claimed for a letter stays.
        """
        claims = select(SignatureClaimRow.activation_id).where(
            col(SignatureClaimRow.activation_id) == col(ActivationRow.id)
        )
        query = delete(ActivationRow).where(col(ActivationRow.id) == activation_id, ~claims.exists())
        async with self._db.transaction() as session:
            return (await session.exec(query.returning(col(ActivationRow.id)))).first() is not None

    async def delete_expired_envelopes(self, now: datetime) -> int:
        """Deletes the envelopes of all activations that have expired; their number."""
        expired = update(ActivationRow).where(col(ActivationRow.envelope).is_not(None))
        expired = expired.where(col(ActivationRow.expires_at) <= now).values(envelope=None, deleted_at=now)
        async with self._db.transaction() as session:
            return len((await session.exec(expired.returning(col(ActivationRow.id)))).all())

    # Signed letters --------------------------------------------------------------------------------------------------

    async def register_signed(self, signed: SignedLetter, event: Event) -> SignedLetter:
        """Registers the signed object of a letter, or answers the one that was registered before.

        Raises RuleError(stale-version) when the letter no longer says what was signed, letter-not-found when it is
        BATAL or was never opened.
        """
        async with self._db.transaction() as session:
            return await register_in(session, signed, event)

    async def signed_letter(self, letter_sha256: str) -> SignedLetter | None:
        """The registered signature of a letter, if there is one."""
        async with self._db.transaction() as session:
            return await signed_letter_in(session, letter_sha256)

    async def signed_letter_of(self, number: str, purpose: str) -> SignedLetter | None:
        """The registered signature of a case's letter, if there is one."""
        query = select(SignedLetterRow).where(
            col(SignedLetterRow.number) == number, col(SignedLetterRow.purpose) == purpose
        )
        async with self._db.transaction() as session:
            row = (await session.exec(query)).first()
        return _signed_letter(row) if row else None

    async def signed_by_version(self, sha256: str) -> SignedLetter | None:
        """The signed letter of which an archive version has these bytes; for judging an uploaded PDF."""
        query = select(SignedLetterRow).join(
            LetterVersionRow, col(LetterVersionRow.letter_sha256) == col(SignedLetterRow.letter_sha256)
        )
        async with self._db.transaction() as session:
            found = await session.exec(query.where(col(LetterVersionRow.sha256) == sha256))
            row = found.first()
        return _signed_letter(row) if row else None

    async def newest_version(self, letter_sha256: str) -> LetterVersionRow | None:
        """The archive version to serve, if the letter is signed."""
        query = select(LetterVersionRow).where(col(LetterVersionRow.letter_sha256) == letter_sha256)
        async with self._db.transaction() as session:
            found = await session.exec(query.order_by(col(LetterVersionRow.n).desc()))
            row = found.first()
        return row


HEAD_CAPACITIES = ("plh", "plt", "definitive")
"""In the order in which they go before each other; an agency's officer is none of them."""


async def mandate_of(
    session: AsyncSession, on: date, account_id: str | None = None, capacities: Sequence[str] = HEAD_CAPACITIES
) -> Mandate | None:
    """The mandate in force on that office date, of this account or of anybody who is active; a head's by default."""
    query = select(MandateRow).join(AccountRow, col(AccountRow.id) == col(MandateRow.account_id))
    query = query.where(col(MandateRow.revoked_at).is_(None), col(MandateRow.valid_from) <= on)
    query = query.where(or_(col(MandateRow.valid_until).is_(None), col(MandateRow.valid_until) >= on))
    query = query.where(col(AccountRow.active), col(MandateRow.capacity).in_(capacities))
    if account_id is not None:
        query = query.where(col(MandateRow.account_id) == account_id)
    found = await session.exec(query.order_by(col(MandateRow.valid_from).desc(), col(MandateRow.id)))
    rows = sorted(found, key=lambda row: capacities.index(row.capacity))
    return Mandate.model_validate(rows[0].model_dump(exclude={"revoked_at"})) if rows else None


async def agency_mandate_of(session: AsyncSession, on: date, account_id: str, opd: str) -> Mandate | None:
    """The mandate of this agency's officer that is in force on that office date."""
    found = await mandate_of(session, on, account_id, ("opd",))
    return found if found is not None and found.opd == opd else None


async def signed_letter_in(session: AsyncSession, letter_sha256: str) -> SignedLetter | None:
    """`SignatureRecords.signed_letter`, within the caller's transaction."""
    row = await session.get(SignedLetterRow, letter_sha256)
    return _signed_letter(row) if row else None


async def register_in(session: AsyncSession, signed: SignedLetter, event: Event) -> SignedLetter:
    """`SignatureRecords.register_signed`, within the caller's transaction."""
    case = await lock_application(session, signed.number)
    known = await session.get(SignedLetterRow, signed.letter_sha256)
    if known is not None:
        return _signed_letter(known)
    await _check_is_frozen(session, signed)
    row = SignedLetterRow(**signed.model_dump())
    session.add(row)
    await session.flush()
    session.add(_first_version(signed))
    await append(session, case, (event,))
    return _signed_letter(row)


async def delete_if_spent(session: AsyncSession, activation_id: str, now: datetime) -> bool:
    """`SignatureRecords.delete_envelope_if_spent`, within the caller's transaction.

    The claims are counted behind the activation's lock, so that of its last two letters the later one finds both ended.
    """
    activation = await _activation(session, activation_id, lock=True)
    query = select(func.count()).select_from(SignatureClaimRow)
    query = query.where(col(SignatureClaimRow.activation_id) == activation_id)
    came_back = col(SignatureClaimRow.returned_sha256).is_not(None)
    spent = await session.exec(query.where(or_(col(SignatureClaimRow.state).in_(SPENT), came_back)))
    if activation.envelope is None or spent.one() < len(set(activation.letters)):
        return False
    activation.envelope, activation.deleted_at = None, now
    return True


async def _check_is_frozen(session: AsyncSession, signed: SignedLetter) -> None:
    letter = await session.get(LetterRow, (signed.number, signed.purpose))
    if letter is None or letter.status == "batal":
        raise RuleError(Code.LETTER_NOT_FOUND, number=signed.number, purpose=signed.purpose)
    if letter.sha256 != signed.letter_sha256:
        raise RuleError(Code.STALE_VERSION, number=signed.number, purpose=signed.purpose, current=letter.sha256)


def _first_version(signed: SignedLetter) -> LetterVersionRow:
    return LetterVersionRow(
        letter_sha256=signed.letter_sha256,
        n=1,
        sha256=signed.signed_sha256,
        level=signed.level,
        created_at=signed.signed_at,
    )


def _signed_letter(row: SignedLetterRow) -> SignedLetter:
    return SignedLetter.model_validate(row.model_dump())
