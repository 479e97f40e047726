"""A submission: the pure rules, one commit, then the engine at once, or the reconciler soon."""

from __future__ import annotations

import logging
import secrets
from datetime import date

from pydantic import BaseModel

from api.dependencies import Case
from api.services import Services
from permits.application import ApplicationStatus, Delivery, check_complete, dossier_sha256
from permits.calendar import DayCount, WorkingCalendar
from permits.definition import PermitDefinition, Variant
from permits.errors import Code, RuleError
from permits.events import Event, Tag
from permits.numbering import CODE_BYTES, tracking_code
from permits.sla import SlaClock
from store.queries.catalogue import definition_in_force
from store.records import SubmissionRecord
from store.tables import ApplicationRow
from workflows.messages import Submission

log = logging.getLogger("sakpore.api")


class SubmissionAnswer(BaseModel):
    """The receipt of a submission."""

    number: str
    tracking_code: str
    tracking_url: str
    promised_on: date
    promise_working_days: int
    arithmetic: list[DayCount]
    provisional: bool
    """True when the date rests on holidays that are not yet announced."""
    started: bool
    """False when the process will be started shortly."""


async def submit_case(services: Services, case: Case, key: str | None) -> SubmissionAnswer:
    """Submits a draft; again with the same key, the same answer.

    Raises RuleError: already-submitted, permit-type-not-found, field-missing, field-invalid, document-missing,
    stale-version.
    """
    row = case.row
    if row.status == ApplicationStatus.DRAFT:
        row = await services.records.submit(await _record(services, case, key or secrets.token_urlsafe(24)))
    elif key is None or row.submission_key != key:
        raise RuleError(Code.ALREADY_SUBMITTED, number=row.number)
    submission = Submission.model_validate(row.submission)
    started = row.started_at is not None or await _start(services, submission)
    return submission_answer(services, row, submission, started)


async def _start(services: Services, submission: Submission) -> bool:
    if not await services.engine.start(submission):
        return False
    await services.records.mark_started(submission.number, services.now())
    return True


async def _record(services: Services, case: Case, key: str) -> SubmissionRecord:
    row, now = case.row, services.now()
    calendar = await services.calendar.current()
    pace = services.settings.pace_from(now)
    office_now = pace.office_time(now, calendar)
    today = calendar.local_date(office_now)
    async with services.db.transaction() as session:
        definition = await definition_in_force(session, row.permit_type, today)
    documents = await services.records.newest_documents(row.number)
    _check_complete(definition, row, {document.requirement for document in documents})
    promise = SlaClock(received_on=today, working_days=definition.promise_working_days)
    dossier = dossier_sha256(row.data, documents)
    submission = Submission(
        number=row.number,
        definition=definition,
        variant=Variant(row.variant),
        applicant_id=row.applicant_id,
        submitted_at=now,
        documents=documents,
        dossier_sha256=dossier,
        delivery=Delivery(row.delivery),
        calendar=within_reach(calendar, today),
        pace=pace,
    )
    return SubmissionRecord(
        number=row.number,
        submission_key=key,
        submitted_at=now,
        definition_version=definition.version,
        definition_sha256=definition.sha256,
        dossier_sha256=dossier,
        tracking_code=tracking_code(secrets.token_bytes(CODE_BYTES)),
        verification_id=tracking_code(secrets.token_bytes(CODE_BYTES)),
        submission=submission.model_dump(mode="json"),
        promise=promise,
        promise_due_at=promise.due_at(calendar, office_now),
        pace=pace,
        event=Event(
            key="submitted",
            tag=Tag.APPLICATION_SUBMITTED,
            at=now,
            office_at=office_now,
            actor_id=case.actor.id,
            actor_name=case.actor.name,
            facts={"definition_version": definition.version, "dossier_sha256": dossier, "channel": "web"},
        ),
    )


def _check_complete(definition: PermitDefinition, row: ApplicationRow, present: set[str]) -> None:
    """The pure rules; a refusal names the questions as the form words them."""
    try:
        check_complete(definition, Variant(row.variant), row.data, present)
    except RuleError as refused:
        labels = {question.code: question.label for question in definition.form}
        titles = [labels[code] for code in refused.facts.get("fields", ()) if code in labels]
        raise RuleError(refused.code, **({"titles": titles} | refused.facts)) from None


def within_reach(calendar: WorkingCalendar, today: date) -> WorkingCalendar:
    """The years a case of today can reach; January looks back over the turn of the year."""
    return calendar.window(today.year - (today.month == 1), today.year + 2)


def submission_answer(
    services: Services, row: ApplicationRow, submission: Submission, started: bool
) -> SubmissionAnswer:
    """The receipt of a case that is kept; also for those that the office opens itself."""
    calendar = submission.calendar
    received_on = calendar.local_date(submission.pace.office_time(submission.submitted_at, calendar))
    days = submission.definition.promise_working_days
    due = calendar.due_date(received_on, days)
    code = row.tracking_code or ""
    return SubmissionAnswer(
        number=row.number,
        tracking_code=code,
        tracking_url=f"{services.settings.public_base_url}/lacak/{code}",
        promised_on=due,
        promise_working_days=days,
        arithmetic=list(calendar.explain(received_on, days)),
        provisional=calendar.is_provisional(received_on, due),
        started=started,
    )
