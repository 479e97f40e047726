"""The archive of signed letters: how long each lasts, its renewed versions, and what stands in the way of one.

A renewed version is registered only in the place of the one it was made from: whoever comes second learns of the first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import ColumnElement, delete, func, or_
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col, select

from permits.errors import Code, RuleError
from permits.events import Event, Tag
from store.records.base import Subject, append, lock_application
from store.records.office_time import office_time
from store.tables import ArchiveFailureRow, LetterVersionRow, SignedLetterRow

BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
"""Stands for the end of an archive that was never measured: it comes first."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class ArchivedLetter(_Value):
    """The newest version of a signed letter."""

    letter_sha256: str
    number: str  # of the case
    purpose: str
    certificate_sha256: str  # of the officer who signed
    field_name: str  # of the PDF: the head's, or an agency's officer's
    n: int
    sha256: str
    until: AwareDatetime | None  # None: not measured yet
    failures: int = 0  # since the last success
    code: str | None = None  # of the last failure


class ArchivePlace(_Value):
    """A place in the order of what is due, the most urgent first."""

    until: AwareDatetime
    letter_sha256: str


class Renewal(_Value):
    """A new version of a signed letter's archive, judged SAH before."""

    letter_sha256: str
    of: int  # the version it was made from
    sha256: str
    level: str
    until: AwareDatetime
    algorithms: tuple[str, ...]


class ArchiveRecords(Subject):
    """Writes around the renewal of archives, each safe to repeat."""

    async def archives_due(
        self, before: datetime, ageing: Collection[str] = (), after: ArchivePlace | None = None, limit: int = 50
    ) -> list[ArchivedLetter]:
        """Letters whose newest timestamp ends before then, rests on an ageing algorithm, or was never measured.

        In the order of their ends; `after`: the last one of the page before.
        """
        until = func.coalesce(col(LetterVersionRow.timestamp_until), BEGINNING)
        query = _with_failures().where(col(LetterVersionRow.superseded_at).is_(None), _is_due(before, ageing))
        if after is not None:
            here = (until == after.until) & (col(LetterVersionRow.letter_sha256) > after.letter_sha256)
            query = query.where(or_(until > after.until, here))
        query = query.order_by(until, col(LetterVersionRow.letter_sha256)).limit(limit)
        async with self._db.transaction() as session:
            found = (await session.exec(query)).all()
        return [_archived(version, signed, failure) for version, signed, failure in found]

    async def count_archives_due(self, before: datetime, ageing: Collection[str] = ()) -> int:
        """How many letters `archives_due` would name in all."""
        query = select(func.count()).select_from(LetterVersionRow)
        query = query.where(col(LetterVersionRow.superseded_at).is_(None), _is_due(before, ageing))
        async with self._db.transaction() as session:
            return (await session.exec(query)).one()

    async def archived_letter(self, letter_sha256: str) -> ArchivedLetter | None:
        """The newest version of a signed letter; None when the letter is in the register no more."""
        query = _with_failures().where(col(LetterVersionRow.letter_sha256) == letter_sha256)
        query = query.order_by(col(LetterVersionRow.n).desc()).limit(1)
        async with self._db.transaction() as session:
            row = (await session.exec(query)).first()
        return _archived(row[0], row[1], row[2]) if row else None

    async def keep_archive_life(self, letter_sha256: str, n: int, until: datetime, algorithms: Iterable[str]) -> None:
        """Notes how long a version lasts, as it was measured on its bytes."""
        async with self._db.transaction() as session:
            row = await session.get(LetterVersionRow, (letter_sha256, n))
            if row is not None:
                row.timestamp_until, row.timestamp_algorithms = until, _spelled(algorithms)

    async def register_renewal(self, renewal: Renewal, at: datetime) -> tuple[int, str]:
        """Puts a renewed version in the place of the one it was made from, with its event; its n and sha256.

        Where another version has taken that place, that one's. Raises RuleError(letter-not-found) when the letter is
        in the register no more.
        """
        async with self._db.transaction() as session:
            plain = await session.get(SignedLetterRow, renewal.letter_sha256)
            if plain is None:
                raise RuleError(Code.LETTER_NOT_FOUND)
            case = await lock_application(session, plain.number)
            signed = await session.get(
                SignedLetterRow, renewal.letter_sha256, with_for_update=True, populate_existing=True
            )
            if signed is None:
                raise RuleError(Code.LETTER_NOT_FOUND)
            query = select(LetterVersionRow).where(col(LetterVersionRow.letter_sha256) == renewal.letter_sha256)
            newest = max(await session.exec(query), key=lambda row: row.n)
            if newest.n != renewal.of:
                return newest.n, newest.sha256
            newest.superseded_at = at
            session.add(
                LetterVersionRow(
                    letter_sha256=renewal.letter_sha256,
                    n=renewal.of + 1,
                    sha256=renewal.sha256,
                    level=renewal.level,
                    created_at=at,
                    timestamp_until=renewal.until,
                    timestamp_algorithms=_spelled(renewal.algorithms),
                )
            )
            await session.exec(
                delete(ArchiveFailureRow).where(col(ArchiveFailureRow.letter_sha256) == renewal.letter_sha256)
            )
            await append(session, case, (_event(renewal, signed, office_time(case, at), at),))
            return renewal.of + 1, renewal.sha256

    async def note_archive_failure(self, letter_sha256: str, code: str, at: datetime) -> int:
        """Counts a renewal that failed; how often it has since the last success."""
        first = insert(ArchiveFailureRow).values(
            letter_sha256=letter_sha256, code=code, attempts=1, first_at=at, last_at=at
        )
        again = first.on_conflict_do_update(
            index_elements=["letter_sha256"],
            set_={"code": code, "attempts": col(ArchiveFailureRow.attempts) + 1, "last_at": at},
        )
        async with self._db.transaction() as session:
            return int((await session.exec(again.returning(col(ArchiveFailureRow.attempts)))).scalar_one())

    async def archive_failures(self, least_attempts: int) -> dict[str, int]:
        """How many letters have failed that often or more, by the code of their last attempt."""
        letter = col(SignedLetterRow.letter_sha256) == col(ArchiveFailureRow.letter_sha256)
        query = select(ArchiveFailureRow.code, func.count()).join(SignedLetterRow, letter)
        query = query.where(col(ArchiveFailureRow.attempts) >= least_attempts)
        query = query.group_by(col(ArchiveFailureRow.code)).order_by(col(ArchiveFailureRow.code))
        async with self._db.transaction() as session:
            return {str(code): int(count) for code, count in (await session.exec(query)).all()}


def _with_failures() -> Any:
    """Versions with the letter and, where there is one, the failure of its renewal."""
    letter = col(SignedLetterRow.letter_sha256) == col(LetterVersionRow.letter_sha256)
    failure = col(ArchiveFailureRow.letter_sha256) == col(LetterVersionRow.letter_sha256)
    query = select(LetterVersionRow, SignedLetterRow, ArchiveFailureRow).join(SignedLetterRow, letter)
    return query.join(ArchiveFailureRow, failure, isouter=True)


def _is_due(before: datetime, ageing: Collection[str]) -> ColumnElement[bool]:
    until, algorithms = col(LetterVersionRow.timestamp_until), col(LetterVersionRow.timestamp_algorithms)
    weak = [algorithms.contains(f" {name} ", autoescape=True) for name in sorted(ageing)]
    return or_(until.is_(None), until < before, *weak)


def _spelled(algorithms: Iterable[str]) -> str:
    return f" {' '.join(sorted(algorithms))} "


def _archived(
    version: LetterVersionRow, signed: SignedLetterRow, failure: ArchiveFailureRow | None
) -> ArchivedLetter:
    return ArchivedLetter(
        letter_sha256=version.letter_sha256,
        number=signed.number,
        purpose=signed.purpose,
        certificate_sha256=signed.certificate_sha256,
        field_name=signed.field_name,
        n=version.n,
        sha256=version.sha256,
        until=version.timestamp_until,
        failures=failure.attempts if failure else 0,
        code=failure.code if failure else None,
    )


def _event(renewal: Renewal, signed: SignedLetterRow, office_at: datetime, at: datetime) -> Event:
    return Event(
        key=f"archive.{renewal.letter_sha256[:24]}.{renewal.of + 1}",
        tag=Tag.ARCHIVE_RENEWED,
        at=at,
        office_at=office_at,
        facts={
            "purpose": signed.purpose,
            "version": renewal.of + 1,
            "sha256": renewal.sha256,
            "level": renewal.level,
            "until": renewal.until.date().isoformat(),
        },
    )
