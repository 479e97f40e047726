"""The register of permits: written with the letter that issues one, changed by what comes after.

Locks are taken in one order: the case that acts, the permit it is about, that permit's own case, which is older. Each
change stands in both records, and its line in the permit's own record is the guard: what stands there is done.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy import exists, func
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import Select

from permits.after_issue import CHANGE_BY, EXTENDED_UNTIL, REMINDER_DAYS, IssuedPermit, reason_of
from permits.application import ApplicationStatus, Delivery
from permits.definition import PermitDefinition, Procedure, Variant
from permits.errors import Code, RuleError
from permits.events import GENESIS, Event, Tag
from permits.numbering import ApplicationNumber
from permits.pace import Pace
from permits.sla import SlaClock
from permits.steps import Notice
from store.records.base import Subject, append, keys_written, lock_application, next_application_number
from store.records.notices import queue_for_people
from store.tables import AccountRow, ApplicationRow, DefinitionRow, LetterRow, OutboxRow, PermitRow

_TAGS = {"revoked": Tag.PERMIT_REVOKED, "replaced": Tag.PERMIT_REPLACED, "extended": Tag.PERMIT_EXTENDED}

REMINDER = "permit-expires"
"""The notice's template."""


class NewProcedure(BaseModel):
    """A case about an issued permit, submitted as it is opened; it gets its number here."""

    model_config = ConfigDict(frozen=True)

    about: str  # application number of the permit
    procedure: Procedure
    definition: PermitDefinition  # derived for the procedure
    data: dict[str, str]  # answers
    delivery: Delivery
    filed_by: str | None = None  # the officer who opened it; None: the holder
    channel: str = "web"
    submission_key: str  # the same for a repeated request
    submitted_at: AwareDatetime  # real time
    year: int  # of the application number: the office's year
    dossier_sha256: str
    tracking_code: str
    verification_id: str
    submission: dict[str, Any]  # the workflow's input as it will be sent, but for its number
    promise: SlaClock
    promise_due_at: AwareDatetime  # office time
    pace: Pace
    event: Event


class PermitRecords(Subject):
    """Writes and plain reads of the register."""

    async def permit(self, number: str) -> IssuedPermit:
        """The permit that came of this application. Raises RuleError(permit-not-found)."""
        async with self._db.transaction() as session:
            row = await session.get(PermitRow, number)
        if row is None:
            raise RuleError(Code.PERMIT_NOT_FOUND, number=number)
        return issued_permit(row)

    async def procedure_under(self, about: str, key: str) -> ApplicationRow | None:
        """The procedure about this permit that was opened under this key."""
        query = select(ApplicationRow).where(
            col(ApplicationRow.about_permit) == about, col(ApplicationRow.submission_key) == key
        )
        async with self._db.transaction() as session:
            return (await session.exec(query)).first()

    async def open_procedure(self, new: NewProcedure) -> ApplicationRow:
        """Opens and submits a case about a permit, all at once; under the same key, the case that is there.

        A revocation may be opened beside a procedure of the holder, which then finds the permit not in force.
        Raises RuleError: permit-not-found, permit-not-in-force, procedure-open.
        """
        async with self._db.transaction() as session:
            permit = await _lock_permit(session, new.about)
            under_way = select(ApplicationRow).where(col(ApplicationRow.about_permit) == permit.number)
            cases = list(await session.exec(under_way))
            for case in cases:
                if case.submission_key == new.submission_key:
                    return case
            _check_free(permit, new.procedure, cases)
            own = await session.get_one(ApplicationRow, permit.number)
            sequence = await next_application_number(session, new.year)
            row = _procedure_case(new, permit, own, str(ApplicationNumber(year=new.year, sequence=sequence)))
            session.add(row)
            await session.flush()
            await append(session, row, (new.event,))
        return row

    async def queue_expiry_reminders(self, today: date, at: datetime, base_url: str, limit: int) -> int:
        """Tells holders of permits in force that their last day is 90, 30 or 7 days away, or less.

        Each reminder is told once for each last day, and of those that were missed only the nearest. Practice permits
        and those that were revoked, replaced or renewed are not reminded of.

        Args:
            today: office date.
            at: real time.
            base_url: of this installation, without a slash at its end.
            limit: most permits of one call.

        Returns how many were reminded; fewer than `limit` when nobody is left.
        """
        async with self._db.transaction() as session:
            told = 0
            for days, after in pairwise((*REMINDER_DAYS, -1)):
                due = _ending(today + timedelta(days=after + 1), today + timedelta(days=days), days)
                found = await session.exec(due.limit(limit - told))
                for permit, case in list(found):
                    await queue_for_people(session, case, _reminder(permit, today, days, base_url), at)
                    told += 1
            return told


def issued_permit(row: PermitRow) -> IssuedPermit:
    """A permit's row as the rules see it."""
    return IssuedPermit.model_validate(row.model_dump(include=set(IssuedPermit.model_fields)))


async def definition_of_case(session: AsyncSession, case: ApplicationRow) -> PermitDefinition | None:
    """The definition that the case was submitted under, by value; a procedure's is in its own submission alone."""
    by_value = (case.submission or {}).get("definition")
    if by_value is not None:
        return PermitDefinition.model_validate(by_value)
    if case.definition_version is None:
        return None
    row = await session.get(DefinitionRow, (case.permit_type, case.definition_version))
    return PermitDefinition.model_validate(row.body) if row else None


async def write_permit(session: AsyncSession, case: ApplicationRow, letter: LetterRow, event: Event) -> PermitRow:
    """Registers the permit of a locked case, within the transaction that issues its letter; again changes nothing.

    A permit that is renewed or changed by it ends here.
    """
    known = await session.get(PermitRow, case.number)
    if known is not None:
        return known
    definition = await definition_of_case(session, case)
    row = PermitRow(
        number=case.number,
        number_text=letter.number_text,
        permit_type=case.permit_type,
        title=definition.letter.title if definition else case.title,
        holder_id=case.applicant_id,
        holder_name=await _holder_name(session, case),
        issued_on=letter.letter_date,
        valid_until=definition.letter.valid_until(letter.letter_date) if definition else None,
        continues=case.old_permit,
        practice=case.practice,
    )
    session.add(row)
    await session.flush()
    if case.old_permit is not None:
        await _end_continued(session, row, case, event)
    return row


async def apply_procedure(session: AsyncSession, case: ApplicationRow, event: Event) -> bool:
    """Does to a permit what the procedure of a locked case decided; True also when that was done before.

    False where the permit is not in force any more: the letter of the procedure then changes nothing, and the
    verification page says of it what it says of the permit.

    Args:
        session: of the transaction that issues the procedure's letter.
        case: the procedure's own case, locked.
        event: when and by whom; the line in the permit's own record is made of it.

    Raises RuleError(permit-not-found).
    """
    kind, reason = CHANGE_BY[Procedure(case.procedure)], reason_of(case.data)
    permit = await _lock_permit(session, case.about_permit or "")
    own = await lock_application(session, permit.number)
    line = _line(event, _TAGS[kind], permit, case, reason)
    if await keys_written(session, permit.number, (line,)):
        return True
    if permit.status != "in_force" or permit.practice != case.practice:
        return False
    permit.changed_by, permit.status_since, permit.status_reason = case.number, event.at, reason or None
    if kind == "extended":
        permit.valid_until = date.fromisoformat(case.data[EXTENDED_UNTIL])
    else:
        permit.status = kind
    if kind == "replaced":
        session.add(await _successor(session, permit, case))
    await append(session, own, (line,))
    await session.flush()
    return True


def _ending(first: date, last: date, days: int) -> Select[PermitRow, ApplicationRow]:
    """Permits in force whose last day lies between the two, and who were not reminded of it yet."""
    told = exists().where(
        col(OutboxRow.number) == col(PermitRow.number),
        col(OutboxRow.template) == REMINDER,
        col(OutboxRow.facts)["threshold"].astext == str(days),
        col(OutboxRow.facts)["valid_until"].astext == func.to_char(col(PermitRow.valid_until), "YYYY-MM-DD"),
    )
    query = select(PermitRow, ApplicationRow).join(
        ApplicationRow, col(ApplicationRow.number) == col(PermitRow.number)
    )
    due = query.where(
        col(PermitRow.valid_until).between(first, last),
        col(PermitRow.status) == "in_force",
        col(PermitRow.practice).is_(False),
        ~told,
    )
    return due.order_by(col(PermitRow.valid_until), col(PermitRow.number))


def _reminder(permit: PermitRow, today: date, days: int, base_url: str) -> Notice:
    assert permit.valid_until is not None
    last_day = permit.valid_until.isoformat()
    return Notice(
        key=f"expires-{last_day}-{days}",
        template=REMINDER,
        to="applicant",
        facts={
            "number_text": permit.number_text,
            "letter_number": permit.number_text,
            "valid_until": last_day,
            "days": str((permit.valid_until - today).days),
            "threshold": str(days),
            "renewal_url": f"{base_url}/?perpanjang={permit.number}",
        },
    )


async def _end_continued(session: AsyncSession, row: PermitRow, case: ApplicationRow, event: Event) -> None:
    """The permit that a renewal or change continues, or the one that has replaced it, is in force no longer."""
    old: PermitRow | None = await session.get(PermitRow, case.old_permit, with_for_update=True)
    seen = {case.number}
    while old is not None and old.status == "replaced" and old.changed_by and old.number not in seen:
        seen.add(old.number)
        old = await session.get(PermitRow, old.changed_by, with_for_update=True)
    # A practice case ends no permit, and nobody's application ends the permit of somebody else.
    if old is None or old.status != "in_force" or (old.holder_id, old.practice) != (row.holder_id, row.practice):
        return
    old.status, old.status_since, old.changed_by = "renewed", event.at, case.number
    old.status_reason = case.variant
    row.continues = old.number
    own = await lock_application(session, old.number)
    await append(session, own, (_line(event, Tag.PERMIT_REPLACED, old, case, case.variant),))


async def _successor(session: AsyncSession, permit: PermitRow, case: ApplicationRow) -> PermitRow:
    """A replacement is a permit of its own: a new number, the old last day."""
    letter = await session.get(LetterRow, (case.number, Procedure.REPLACEMENT.value))
    if letter is None:
        raise RuleError(Code.LETTER_NOT_FOUND, number=case.number, purpose=Procedure.REPLACEMENT.value)
    return PermitRow(
        number=case.number,
        number_text=letter.number_text,
        permit_type=permit.permit_type,
        title=permit.title,
        holder_id=permit.holder_id,
        holder_name=permit.holder_name,
        issued_on=letter.letter_date,
        valid_until=permit.valid_until,
        continues=permit.number,
        practice=permit.practice,
    )


def _line(event: Event, tag: Tag, permit: PermitRow, case: ApplicationRow, reason: str) -> Event:
    facts = {"number_text": permit.number_text, "by": case.number, "reason": reason}
    return event.model_copy(update={"key": f"after-issue:{case.number}", "tag": tag, "facts": facts})


async def _lock_permit(session: AsyncSession, number: str) -> PermitRow:
    row = await session.get(PermitRow, number, with_for_update=True, populate_existing=True)
    if row is None:
        raise RuleError(Code.PERMIT_NOT_FOUND, number=number)
    return row


def _check_free(permit: PermitRow, procedure: Procedure, cases: list[ApplicationRow]) -> None:
    if permit.status != "in_force":
        raise RuleError(Code.PERMIT_NOT_IN_FORCE, number=permit.number, status=permit.status)
    under_way = {case.procedure for case in cases if case.closed_at is None}
    if procedure is Procedure.REVOCATION:
        under_way &= {procedure.value}
    if under_way:
        raise RuleError(Code.PROCEDURE_OPEN, number=permit.number)


async def _holder_name(session: AsyncSession, case: ApplicationRow) -> str:
    holder = await session.get_one(AccountRow, case.applicant_id)
    party = case.party or {}
    principal = (party.get("proxy") or {}).get("principal_name")
    return str(party.get("name") or principal or holder.name)


def _procedure_case(new: NewProcedure, permit: PermitRow, own: ApplicationRow, number: str) -> ApplicationRow:
    return ApplicationRow(
        number=number,
        applicant_id=permit.holder_id,
        permit_type=permit.permit_type,
        variant=Variant.CHANGE.value,
        definition_version=new.definition.version,
        definition_sha256=new.definition.sha256,
        title=new.definition.title,
        field=new.definition.field,
        data=new.data,
        delivery=new.delivery.value,
        party=own.party,
        filed_by=new.filed_by,
        channel=new.channel,
        practice=permit.practice,
        procedure=new.procedure.value,
        product=new.procedure.value,
        about_permit=permit.number,
        status=ApplicationStatus.SUBMITTED.value,
        tracking_code=new.tracking_code,
        verification_id=new.verification_id,
        created_at=new.submitted_at,
        submitted_at=new.submitted_at,
        submission=new.submission | {"number": number},
        submission_key=new.submission_key,
        start_requested_at=new.submitted_at,
        promise=new.promise.model_dump(mode="json"),
        promise_due_at=new.promise_due_at,
        pace=new.pace.model_dump(mode="json"),
        dossier_sha256=new.dossier_sha256,
        event_head=GENESIS,
    )
