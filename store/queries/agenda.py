"""The agenda register of a series and year: every number with its letter, and the audit of both."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.numbering import AgendaAudit, AgendaEntry, NumberState, audit_agenda
from store.tables import AgendaRow, LetterRow


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class AgendaLine(_View):
    """One number of the register."""

    sequence: int
    number_text: str  # as printed
    letter_date: date
    application: str
    purpose: str  # permit, rejection, skrd, ...
    state: NumberState
    reason: str | None  # why it is BATAL
    actor_id: str | None  # who made it BATAL


class AgendaSeries(_View):
    """A series and year, and the last number taken in it."""

    series: str
    year: int
    last: int


class SeriesAudit(AgendaSeries):
    """A series and year against the rule that has no gaps."""

    audit: AgendaAudit


async def agenda_lines(
    session: AsyncSession, series: str, year: int, after: int, limit: int
) -> tuple[list[AgendaLine], int]:
    """A page of a series and year after sequence `after`, in order, and how many numbers there are."""
    whole = select(LetterRow).where(col(LetterRow.series) == series, col(LetterRow.year) == year)
    total = (await session.exec(select(func.count()).select_from(whole.subquery()))).one()
    query = whole.where(col(LetterRow.sequence) > after).order_by(col(LetterRow.sequence)).limit(limit)
    return [_line(row) for row in await session.exec(query)], total


async def audit_series(session: AsyncSession, series: str | None = None, year: int | None = None) -> list[SeriesAudit]:
    """Every series and year of the register against the rule, or those that are named.

    Both reads are of one moment: a number that is taken between them would look like a gap.
    """
    await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    registers = select(AgendaRow)
    taken = select(col(LetterRow.series), col(LetterRow.year), col(LetterRow.sequence), col(LetterRow.status))
    if series is not None:
        registers = registers.where(col(AgendaRow.series) == series)
        taken = taken.where(col(LetterRow.series) == series)
    if year is not None:
        registers = registers.where(col(AgendaRow.year) == year)
        taken = taken.where(col(LetterRow.year) == year)
    last = {(row.series, row.year): row.last for row in await session.exec(registers)}
    entries: dict[tuple[str, int], list[AgendaEntry]] = {place: [] for place in last}
    for of_series, of_year, sequence, status in await session.exec(taken):
        entries.setdefault((of_series, of_year), []).append(_entry(sequence, status))
    return [_audited(place, last.get(place, 0), entries[place]) for place in sorted(entries)]


def _audited(place: tuple[str, int], last: int, entries: Iterable[AgendaEntry]) -> SeriesAudit:
    return SeriesAudit(series=place[0], year=place[1], last=last, audit=audit_agenda(entries, last))


def _entry(sequence: int, status: str) -> AgendaEntry:
    return AgendaEntry(sequence=sequence, state=_state(status))


def _state(status: str) -> NumberState:
    states: dict[str, NumberState] = {"reserved": "taken", "issued": "issued", "batal": "batal"}
    return states[status]


def _line(row: LetterRow) -> AgendaLine:
    return AgendaLine(
        sequence=row.sequence,
        number_text=row.number_text,
        letter_date=row.letter_date,
        application=row.number,
        purpose=row.purpose,
        state=_state(row.status),
        reason=row.reason,
        actor_id=row.actor_id,
    )
