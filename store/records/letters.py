"""Letters in the agenda register: numbered once, frozen, issued or BATAL.

The register is gapless (`permits.numbering`): the integer is taken by the transaction that writes the letter, under a
lock on the series and year, so a transaction that fails takes nothing.
"""

from __future__ import annotations

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.definition import Procedure
from permits.errors import Code, RuleError
from permits.events import Event
from permits.numbering import AgendaEntry, LetterNumber
from permits.steps import LetterFrozen, LetterOpening, LetterRef
from store.records.base import Subject, append, keys_written, lock_application
from store.records.permits import apply_procedure, write_permit
from store.tables import AgendaRow, ApplicationRow, LetterRow, LetterVersionRow, SignedLetterRow

PRACTICE_SERIES = "LATIHAN-"
"""Stands before the series of a practice case's letters: they take no number of a legal series."""
PRACTICE_NUMBER = "CONTOH "
"""Stands before the number that such a letter shows."""


class LetterRecords(Subject):
    """The register's writes, each safe to repeat."""

    async def open_letter(self, opening: LetterOpening) -> LetterRef:
        """Takes the next number of series and year for this letter; asked again, the same number.

        A practice case takes it from a series of its own. The number joins the facts of the event. Raises RuleError:
        application-not-found; letter-not-found when the letter is BATAL (its number is never given again).
        """
        async with self._db.transaction() as session:
            case = await lock_application(session, opening.number)
            known = await session.get(LetterRow, (opening.number, opening.purpose))
            if known is not None:
                return letter_ref(_living(known))
            year = opening.letter_date.year
            series = PRACTICE_SERIES + opening.series if case.practice else opening.series
            sequence = await _take_sequence(session, series, year)
            place = LetterNumber(series=series, year=year, sequence=sequence)
            shown = place.render(opening.number_template, opening.letter_date.month)
            row = LetterRow(
                number=opening.number,
                purpose=opening.purpose,
                series=series,
                year=year,
                sequence=sequence,
                number_text=PRACTICE_NUMBER + shown if case.practice else shown,
                letter_date=opening.letter_date,
            )
            session.add(row)
            facts = {"number_text": row.number_text, "series": row.series, "year": year, "sequence": sequence}
            event = opening.event.model_copy(update={"facts": {**opening.event.facts, **facts}})
            await append(session, case, (event,))
            return letter_ref(row)

    async def freeze_letter(self, frozen: LetterFrozen) -> LetterRef:
        """Sets what the letter says now; a redraft replaces it and keeps the number.

        A freezing whose event is already in the record changes nothing, so a late repetition cannot undo a redraft.
        A signature on the earlier draft that was not released leaves the register.
        Raises RuleError(letter-not-found): none, BATAL, or issued.
        """
        async with self._db.transaction() as session:
            case = await lock_application(session, frozen.number)
            row = await _letter(session, frozen.number, frozen.purpose)
            if await keys_written(session, frozen.number, (frozen.event,)):
                return letter_ref(row)
            if row.status != "reserved":
                raise _not_in_state(row)
            superseded = await _supersede_signed(session, row)
            row.sha256, row.input_sha256 = frozen.sha256, frozen.input_sha256
            row.template, row.template_version = frozen.template, frozen.template_version
            row.template_sha256 = frozen.template_sha256
            event = frozen.event
            if superseded:
                event = event.model_copy(update={"facts": {**event.facts, "superseded": superseded}})
            await append(session, case, (event,))
            return letter_ref(row)

    async def issue_letter(self, number: str, purpose: str, event: Event) -> LetterRef:
        """The letter has left the house: its number is issued, and the register of permits says what that means.

        A permit is registered, a revocation, replacement or extension takes effect, in the same transaction. Again
        changes nothing. Raises RuleError(letter-not-found) when the letter is BATAL.
        """
        async with self._db.transaction() as session:
            case = await lock_application(session, number)
            row = _living(await _letter(session, number, purpose))
            row.status = "issued"
            await append(session, case, (event,))
            await session.flush()
            await _register(session, case, row, event)
            return letter_ref(row)

    async def void_letter(self, number: str, purpose: str, reason: str, actor_id: str, event: Event) -> LetterRef:
        """The letter has died: its number stays in the register as BATAL, with reason and actor.

        Again for a BATAL letter changes nothing. Raises RuleError: letter-not-found when there is none or it is issued.
        """
        async with self._db.transaction() as session:
            case = await lock_application(session, number)
            row = await _letter(session, number, purpose)
            if row.status == "issued":
                raise _not_in_state(row)
            if row.status == "reserved":
                row.status, row.reason, row.actor_id = "batal", reason, actor_id
                await append(session, case, (event,))
            return letter_ref(row)

    async def letter(self, number: str, purpose: str) -> LetterRef:
        """One letter. Raises RuleError(letter-not-found)."""
        async with self._db.transaction() as session:
            return letter_ref(await _letter(session, number, purpose))

    async def letters_of(self, number: str) -> list[LetterRef]:
        """All letters of a case, by purpose."""
        query = select(LetterRow).where(col(LetterRow.number) == number).order_by(col(LetterRow.purpose))
        async with self._db.transaction() as session:
            return [letter_ref(row) for row in await session.exec(query)]

    async def letter_by_sha256(self, sha256: str) -> LetterRef:
        """The letter that is frozen with these bytes. Raises RuleError(letter-not-found)."""
        query = select(LetterRow).where(col(LetterRow.sha256) == sha256)
        async with self._db.transaction() as session:
            row = (await session.exec(query)).first()
        if row is None:
            raise RuleError(Code.LETTER_NOT_FOUND)
        return letter_ref(row)

    async def agenda_entries(self, series: str, year: int) -> list[AgendaEntry]:
        """What the register holds of a series and year, for `permits.numbering.audit_agenda`, by sequence."""
        query = select(col(LetterRow.sequence), col(LetterRow.status))
        query = query.where(col(LetterRow.series) == series, col(LetterRow.year) == year)
        async with self._db.transaction() as session:
            found = (await session.exec(query.order_by(col(LetterRow.sequence)))).all()
        return [
            AgendaEntry.model_validate({"sequence": place, "state": "taken" if state == "reserved" else state})
            for place, state in found
        ]

    async def last_taken(self, series: str, year: int) -> int:
        """The last integer that was taken in a series and year; 0 where none was."""
        async with self._db.transaction() as session:
            row = await session.get(AgendaRow, (series, year))
        return row.last if row else 0


def letter_ref(row: LetterRow) -> LetterRef:
    """A letter's row as the engine sees it."""
    return LetterRef.model_validate(row.model_dump())


async def _register(session: AsyncSession, case: ApplicationRow, letter: LetterRow, event: Event) -> None:
    """What the issued letter does to the register of permits; letters that are not the case's product do nothing."""
    if letter.purpose != case.procedure:
        return
    if letter.purpose == Procedure.PERMIT:
        await write_permit(session, case, letter, event)
    elif case.about_permit is not None:
        await apply_procedure(session, case, event)


async def _take_sequence(session: AsyncSession, series: str, year: int) -> int:
    """The next integer; the row's lock is held until the transaction ends, so nobody takes one that may come back."""
    taken = insert(AgendaRow).values(series=series, year=year, last=1)
    query = taken.on_conflict_do_update(index_elements=["series", "year"], set_={"last": col(AgendaRow.last) + 1})
    return int((await session.exec(query.returning(col(AgendaRow.last)))).scalar_one())


async def _letter(session: AsyncSession, number: str, purpose: str) -> LetterRow:
    row = await session.get(LetterRow, (number, purpose))
    if row is None:
        raise RuleError(Code.LETTER_NOT_FOUND, number=number, purpose=purpose)
    return row


async def _supersede_signed(session: AsyncSession, row: LetterRow) -> str | None:
    """Takes a signature that was never released out of the register, since its letter is written anew.

    That happens when a signature was registered after its time-out, and the head then returned the letter. The object
    stays in the archive; its sha256 is answered for the record.
    """
    query = select(SignedLetterRow).where(
        col(SignedLetterRow.number) == row.number, col(SignedLetterRow.purpose) == row.purpose
    )
    signed = (await session.exec(query)).first()
    if signed is None:
        return None
    versions = delete(LetterVersionRow).where(col(LetterVersionRow.letter_sha256) == signed.letter_sha256)
    await session.execute(versions)
    await session.delete(signed)
    await session.flush()
    return signed.signed_sha256


def _living(row: LetterRow) -> LetterRow:
    if row.status == "batal":
        raise _not_in_state(row)
    return row


def _not_in_state(row: LetterRow) -> RuleError:
    return RuleError(Code.LETTER_NOT_FOUND, number=row.number, purpose=row.purpose, status=row.status)
