"""The transactions of one letter's signature, as few as its commit points: taken up, sent (`mark_sent`), registered.

Every transaction costs a letter some milliseconds, and a batch has hundreds. What is written together is there
together, or not at all.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.events import Event
from permits.steps import LetterRef, SignedLetter
from store.records.base import Subject
from store.records.claims import activation_row, claim_in, failure_in, note_signed, paraf_stands_in
from store.records.letters import letter_ref
from store.records.signatures import agency_mandate_of, delete_if_spent, mandate_of, register_in, signed_letter_in
from store.records.values import Claim, Mandate
from store.tables import AccountRow, ActivationRow, LetterRow


@dataclass(frozen=True)
class LetterConsent:
    """One letter of one activation, and whose it is said to be."""

    number: str
    letter_sha256: str
    activation_id: str
    officer_id: str
    opd: str | None = None  # an agency's officer; None: the head


@dataclass(frozen=True)
class TakenUp:
    """A letter that is claimed, and what the record says of it; whether that suffices is the desk's to judge."""

    claim: Claim
    mandate: Mandate | None  # of the officer on that day; None: none
    refused: str | None  # with which of the asked codes a letter of this activation has failed
    officer: AccountRow | None
    activation: ActivationRow
    letter: LetterRef | None  # frozen with these bytes
    paraf_stands: bool  # for an agency's letter, which has none, always


class SigningStepRecords(Subject):
    """Writes of the signing desk, each safe to repeat."""

    async def take_up(
        self, consent: LetterConsent, on: date, codes: Collection[str], now: datetime
    ) -> TakenUp | SignedLetter:
        """Answers the registered signature; where there is none, claims the letter and reads what decides about it.

        Args:
            consent: the letter, and by whose consent it is signed.
            on: the office's day, for the mandate.
            codes: failures of another letter of this activation that are this one's too.
            now: aware.

        Raises RuleError(activation-not-valid) when the activation does not list the letter; then nothing is claimed.
        """
        async with self._db.transaction() as session:
            if signed := await signed_letter_in(session, consent.letter_sha256):
                return signed
            # The officer first: a letter of the same activation may spend the code between the two reads.
            officer = await session.get(AccountRow, consent.officer_id)
            activation = await activation_row(session, consent.activation_id)
            claim = await claim_in(session, activation, consent.letter_sha256, now)
            mandate = await _mandate(session, consent, on)
            refused = await failure_in(session, consent.activation_id, codes)
            frozen = await session.exec(select(LetterRow).where(col(LetterRow.sha256) == consent.letter_sha256))
            letter = frozen.first()
            stands = consent.opd is not None or await paraf_stands_in(session, consent.number, consent.letter_sha256)
        return TakenUp(claim, mandate, refused, officer, activation, letter_ref(letter) if letter else None, stands)

    async def settle_signed(self, signed: SignedLetter, event: Event) -> SignedLetter:
        """Registers the signed object as `register_signed` does, ends its claim, and deletes a spent envelope.

        The event says which proof the activation was redeemed with, as the signing worker spent it. Raises what
        `register_signed` raises, and RuleError(activation-not-valid); then nothing is written.
        """
        async with self._db.transaction() as session:
            consent = await activation_row(session, signed.activation_id)
            step_up = "totp" if consent.totp_step is not None else "webauthn"
            proven = event.model_copy(update={"facts": {**event.facts, "step_up": step_up}})
            registered = await register_in(session, signed, proven)
            await note_signed(session, signed.activation_id, signed.letter_sha256, signed.signed_at)
            await delete_if_spent(session, signed.activation_id, signed.signed_at)
            return registered


async def _mandate(session: AsyncSession, consent: LetterConsent, on: date) -> Mandate | None:
    if consent.opd is None:
        return await mandate_of(session, on, consent.officer_id)
    return await agency_mandate_of(session, on, consent.officer_id, consent.opd)
