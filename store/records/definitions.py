"""The life of a definition in the office's own hands: drafted, published by somebody else, confirmed, retired.

Two people stand behind every published version: whoever wrote it never publishes or confirms it. Publishing closes the
version before it on the day before the new one begins, so that on every day one version at most is in force; running
cases keep the version they were submitted under, since it travelled with them by value.
"""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict
from sqlalchemy import func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from permits.definition import PermitDefinition
from permits.definition_life import publish, retire
from permits.definition_rules import faults_of
from permits.errors import Code, RuleError
from store.records.base import Subject
from store.records.law import columns_of, definition_of, lock_definitions, versions_of
from store.tables import AccountRow, DefinitionRow


class DefinitionVersion(BaseModel):
    """One version with its life; who is an account id, None for what came from a file."""

    model_config = ConfigDict(frozen=True)

    definition: PermitDefinition
    author_id: str | None = None
    drafted_at: datetime | None = None
    published_by: str | None = None
    published_at: datetime | None = None
    retired_by: str | None = None
    retired_at: datetime | None = None
    confirmed_by: str | None = None
    confirmed_at: datetime | None = None


class DefinitionRecords(Subject):
    """Writes what the office decides about its permit types; every write is safe to repeat."""

    async def definition_lives(self, code: str | None = None) -> tuple[DefinitionVersion, ...]:
        """All versions, of one type or of all, by code and version."""
        query = select(DefinitionRow).order_by(col(DefinitionRow.code), col(DefinitionRow.version))
        if code is not None:
            query = query.where(col(DefinitionRow.code) == code)
        async with self._db.transaction() as session:
            return tuple(_life(row) for row in await session.exec(query))

    async def definition_life(self, code: str, version: int) -> DefinitionVersion:
        """One version. Raises RuleError(permit-type-not-found)."""
        async with self._db.transaction() as session:
            return _life(await _row(session, code, version))

    async def draft_definition(self, definition: PermitDefinition, author_id: str, at: datetime) -> DefinitionVersion:
        """Keeps a new draft under the type's next version number, whatever number and status it came with."""
        async with self._db.transaction() as session:
            await lock_definitions(session)
            query = select(func.max(DefinitionRow.version)).where(col(DefinitionRow.code) == definition.code)
            last = (await session.exec(query)).one() or 0
            draft = definition.model_copy(update={"version": last + 1, "status": "draft"})
            row = DefinitionRow(
                code=draft.code, version=draft.version, author_id=author_id, drafted_at=at, **columns_of(draft)
            )
            session.add(row)
            return _life(row)

    async def redraft_definition(self, definition: PermitDefinition, author_id: str, at: datetime) -> DefinitionVersion:
        """Replaces a draft's words; a draft that came from a file becomes the author's.

        Raises RuleError: permit-type-not-found, not-allowed (somebody else's draft), definition-invalid (published).
        """
        async with self._db.transaction() as session:
            await lock_definitions(session)
            row = await _row(session, definition.code, definition.version)
            if row.status != "draft":
                raise _invalid(row, "published-version-changed")
            if row.author_id not in (None, author_id):
                raise RuleError(Code.NOT_ALLOWED, permit_type=row.code)
            row.author_id, row.drafted_at = author_id, at
            _put(row, definition.model_copy(update={"status": "draft"}))
            return _life(row)

    async def publish_definition(
        self, code: str, version: int, publisher_id: str, *, templates: frozenset[str], today: date, at: datetime
    ) -> DefinitionVersion:
        """Publishes a draft and closes the version before it; one that is published already is answered as it is.

        Args:
            templates: names of the letter templates that exist.
            today: office date; a version begins today or later.

        Raises RuleError: permit-type-not-found, same-person, opd-not-found (nobody works at an agency that the draft
        asks), period-invalid, definition-invalid (with its faults, or
        `why`: no-author, retired, versions-overlap).
        """
        async with self._db.transaction() as session:
            await lock_definitions(session)
            row = await _row(session, code, version)
            if row.status == "published":
                return _life(row)
            _check_publisher(row, publisher_id)
            draft = definition_of(row)
            check_definition(draft, templates)
            await _check_agencies(session, draft)
            for changed in publish(await versions_of(session, code), draft, today):
                _put_life(await _row(session, code, changed.version), changed)
            row.published_by, row.published_at = publisher_id, at
            return _life(row)

    async def retire_definition(
        self, code: str, version: int, retired_by: str, *, today: date, at: datetime
    ) -> DefinitionVersion:
        """The version takes no new applications from now on; a draft is given up.

        Raises RuleError(permit-type-not-found).
        """
        async with self._db.transaction() as session:
            await lock_definitions(session)
            row = await _row(session, code, version)
            if row.status == "retired":
                return _life(row)
            row.retired_by, row.retired_at = retired_by, at
            _put_life(row, retire(definition_of(row), today))
            return _life(row)

    async def confirm_definition(
        self, code: str, version: int, confirmed_by: str, *, at: datetime
    ) -> DefinitionVersion:
        """A coordinator stands for the version's facts: real applications are taken from now on.

        The mark stands beside the words, which stay as they are; running cases keep theirs. A version that is confirmed
        already is answered as it is.

        Raises RuleError: permit-type-not-found, same-person, definition-invalid (`why`: not-published,
        refers-elsewhere).
        """
        async with self._db.transaction() as session:
            await lock_definitions(session)
            row = await _row(session, code, version)
            definition = definition_of(row)
            if definition.confirmed:
                return _life(row)
            if row.status != "published":
                raise _invalid(row, "not-published")
            if definition.refers_to:
                raise _invalid(row, "refers-elsewhere")
            if row.author_id == confirmed_by:
                raise RuleError(Code.SAME_PERSON, permit_type=code)
            row.confirmed_by, row.confirmed_at = confirmed_by, at
            return _life(row)


def check_definition(definition: PermitDefinition, templates: frozenset[str]) -> None:
    """Raises RuleError(definition-invalid) that names the fields of all faults and their codes."""
    if faults := faults_of(definition, templates):
        raise RuleError(
            Code.DEFINITION_INVALID,
            permit_type=definition.code,
            fields=[".".join(str(part) for part in fault.where) for fault in faults],
            reason=", ".join(dict.fromkeys(fault.code for fault in faults)),
        )


def _check_publisher(row: DefinitionRow, publisher_id: str) -> None:
    if row.status != "draft":
        raise _invalid(row, row.status)
    if row.author_id is None:
        raise _invalid(row, "no-author")
    if row.author_id == publisher_id:
        raise RuleError(Code.SAME_PERSON, permit_type=row.code)


async def _check_agencies(session: AsyncSession, definition: PermitDefinition) -> None:
    asked = {agency.opd for agency in definition.agencies}
    query = select(AccountRow).where(col(AccountRow.active), col(AccountRow.opd).in_(asked))
    if missing := asked - {row.opd for row in await session.exec(query)}:
        raise RuleError(Code.OPD_NOT_FOUND, opd=sorted(missing))


def _put_life(row: DefinitionRow, moved: PermitDefinition) -> None:
    """Status and last day; the words stay as they are."""
    body = PermitDefinition.model_validate(row.body)
    _put(row, body.model_copy(update={"status": moved.status, "effective_until": moved.effective_until}))


def _put(row: DefinitionRow, definition: PermitDefinition) -> None:
    for name, value in columns_of(definition).items():
        setattr(row, name, value)


async def _row(session: AsyncSession, code: str, version: int) -> DefinitionRow:
    row = await session.get(DefinitionRow, (code, version))
    if row is None:
        raise RuleError(Code.PERMIT_TYPE_NOT_FOUND, permit_type=code)
    return row


def _invalid(row: DefinitionRow, why: str) -> RuleError:
    return RuleError(Code.DEFINITION_INVALID, permit_type=row.code, version=row.version, why=why, reason=why)


def _life(row: DefinitionRow) -> DefinitionVersion:
    marks = set(DefinitionVersion.model_fields) - {"definition"}
    return DefinitionVersion(definition=definition_of(row), **row.model_dump(include=marks))
