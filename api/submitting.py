"""A submission: the pure rules, one commit, then the engine at once, or the reconciler soon."""

from __future__ import annotations

import logging
import secrets
from datetime import date

from pydantic import BaseModel

from api.continuing import check_old_permit
from api.dependencies import Case
from api.problems import ApiCode, Problem
from api.services import Services
from permits.application import ApplicationStatus, Delivery, check_complete, dossier_sha256
from permits.calendar import DayCount, WorkingCalendar
from permits.definition import PermitDefinition, Variant, may_be_submitted
from permits.errors import Code, RuleError
from permits.events import Event, Tag
from permits.numbering import CODE_BYTES, tracking_code
from permits.party import party_of
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

    Raises RuleError: already-submitted, permit-type-not-found, practice-only, old-permit-missing, permit-not-found,
    permit-not-in-force, field-missing, field-invalid, proxy-missing, document-missing, stale-version; and
    Problem(email-unconfirmed).
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
    await _check_applicant(services, row)
    may_be_submitted(definition, row.practice)
    await check_old_permit(services, row)
    documents = await services.records.newest_documents(row.number)
    _check_complete(definition, row, {document.requirement for document in documents})
    promise = SlaClock(received_on=today, working_days=definition.promised_days(Variant(row.variant)))
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
        practice=row.practice,
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
        calendar_version=calendar.version,
        event=Event(
            key="submitted",
            tag=Tag.APPLICATION_SUBMITTED,
            at=now,
            office_at=office_now,
            actor_id=case.actor.id,
            actor_name=case.actor.name,
            facts={"definition_version": definition.version, "dossier_sha256": dossier} | _way(case),
        ),
    )


def _way(case: Case) -> dict[str, object]:
    """How it was filed, and for whom; a practice case says so in its first line."""
    facts: dict[str, object] = {"channel": case.row.channel}
    if case.actor.on_behalf_of is not None:
        facts["on_behalf_of"] = case.actor.on_behalf_of
    if case.row.practice:
        facts["practice"] = True
    if case.row.old_permit_text is not None:
        facts["old_permit"] = case.row.old_permit or case.row.old_permit_text
    return facts


async def _check_applicant(services: Services, row: ApplicationRow) -> None:
    """Nobody submits whose address was never confirmed, but people whose KTP the counter has seen."""
    applicant = await services.records.account(row.applicant_id)
    if applicant is None or not (applicant.email_confirmed_at is not None or applicant.at_counter):
        raise Problem(ApiCode.EMAIL_UNCONFIRMED)


def _check_complete(definition: PermitDefinition, row: ApplicationRow, present: set[str]) -> None:
    """The pure rules; a refusal names the questions as the form words them."""
    try:
        check_complete(definition, Variant(row.variant), row.data, present, party_of(row.party))
        if row.delivery == Delivery.POST and not row.delivery_address:
            raise RuleError(Code.FIELD_MISSING, fields=["delivery_address"], titles=["Alamat pengiriman"])
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
    days = submission.definition.promised_days(submission.variant)
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
