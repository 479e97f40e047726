"""What the tracking and verification screens show, for pages and JSON alike: reads of the store, with sentences."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict

from api.pages.formatting import day_reason
from api.problems import ApiCode, Problem
from api.reason_words import advice_on, found_in_words
from api.reporting import new_report_id, order_of
from api.services import Services
from permits.application import CLOSED
from permits.calendar import CalendarTooShort, WorkingCalendar
from permits.numbering import read_tracking_code
from permits.sla import SlaClock
from signing.checked import CheckedFile, FileKind, checked_signatures
from signing.port import AGENCY_FIELD, SEAL_FIELD
from signing.qr import check_code, verification_code
from signing.verdict import Level, Report, Verdict
from store.queries.tracking import TrackedStep, tracked_case
from store.queries.verification import (
    RegisteredLetter,
    agency_certificates,
    letter_by_signed_sha256,
    letter_by_verification_id,
    mandated_certificates,
    recommendation_by_sha256,
    seal_certificates,
    sealed_by_sha256,
)


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class DayLine(_View):
    """One line of the promise's arithmetic."""

    date: date
    counts: bool
    ordinal: int | None
    reason: str


class EventView(_View):
    """A line of the way so far; office time."""

    at: datetime
    sentence: str


class StepOfWay(_View):
    """A stage that was entered; office times."""

    title: str
    holder: str
    entered_at: datetime
    left_at: datetime | None
    events: list[EventView]


class RepairView(_View):
    """A document that is asked for again."""

    document: str
    reason: str


class TrackingView(_View):
    """Where a case stands; office times."""

    number: str
    permit_name: str
    status: str
    product: str | None
    """permit, rejection, revocation, replacement, extension; None while that is open."""
    stage_name: str | None
    waiting_for: str | None
    waiting_kind: str | None
    since: datetime | None
    due_at: datetime | None
    late: bool
    paused: bool
    promised_on: date | None
    promise_working_days: int | None
    promise_provisional: bool
    expected_on: date | None
    """The finish that the applicant was last told of, where the promise cannot be kept."""
    arithmetic: list[DayLine]
    steps: list[StepOfWay]
    repairs: list[RepairView]
    verification_url: str | None
    download_url: str | None
    compressed_pace: bool
    practice: bool


async def tracking_view(services: Services, code: str) -> TrackingView:
    """The case behind a tracking code as a person types it. Raises Problem(code-not-found), NumberingError."""
    meant = read_tracking_code(code)
    async with services.db.transaction() as session:
        case = await tracked_case(session, meant)
    if case is None:
        raise Problem(ApiCode.CODE_NOT_FOUND)
    is_open = case.status not in CLOSED
    office_now = case.pace.shown_time(services.now(), case.calendar)
    promise = _promise(case.promise, case.calendar, office_now)
    return TrackingView(
        number=case.number,
        permit_name=case.permit_name,
        status=case.status,
        product=case.product,
        stage_name=case.stage_name,
        waiting_for=case.waiting_for,
        waiting_kind=case.waiting_kind,
        since=case.since,
        due_at=case.due_at,
        late=is_open and case.due_at is not None and office_now > case.due_at,
        paused=is_open and case.promise is not None and case.promise.is_paused,
        promised_on=promise.promised_on,
        promise_working_days=case.promise.promised_working_days if case.promise else None,
        promise_provisional=promise.provisional,
        expected_on=case.expected_on if is_open else None,
        arithmetic=promise.arithmetic,
        steps=[_step(services, step, case.titles) for step in case.steps],
        repairs=[RepairView(document=one.document, reason=one.reason) for one in case.repairs],
        verification_url=verification_url(services, case.verification_id) if case.released else None,
        download_url=f"/permohonan/{case.number}/surat" if case.released else None,
        compressed_pace=not case.pace.is_real,
        practice=case.practice,
    )


def verification_url(services: Services, verification_id: str | None) -> str | None:
    """Where the QR code of a letter leads."""
    if verification_id is None:
        return None
    code = verification_code(verification_id, services.settings.qr_key_bytes)
    return f"{services.settings.public_base_url}/v/{code}"


class _Promise(_View):
    promised_on: date | None = None
    provisional: bool = False
    arithmetic: list[DayLine] = []


def _promise(clock: SlaClock | None, calendar: WorkingCalendar | None, office_now: datetime) -> _Promise:
    if clock is None or calendar is None:
        return _Promise()
    try:
        due = clock.due_date(calendar, office_now)
        lines = clock.explain(calendar, office_now)
    except CalendarTooShort:
        return _Promise()
    return _Promise(
        promised_on=due,
        provisional=calendar.is_provisional(clock.received_on, due),
        arithmetic=[
            DayLine(
                date=line.date,
                counts=line.counts,
                ordinal=line.ordinal,
                reason=day_reason(line.reason_code, "" if line.reason_code == "paused" else line.name),
            )
            for line in lines
        ],
    )


def _step(services: Services, step: TrackedStep, titles: dict[str, str]) -> StepOfWay:
    shown = [event for event in step.events if services.sentences.is_public(event.tag, event.facts)]
    return StepOfWay(
        title=step.title,
        holder=step.holder,
        entered_at=step.entered_at,
        left_at=step.left_at,
        events=[
            EventView(at=event.at, sentence=services.sentences.sentence(event.tag, event.facts, titles))
            for event in reversed(shown)
        ],
    )


class PermitView(_View):
    """What the register says of a letter, to be compared with the paper."""

    state: str
    """SAH, KEDALUWARSA, DICABUT, DIGANTI, DIPERPANJANG, CONTOH, BELUM_TERBIT, TIDAK_DIKENAL."""
    purpose: str | None = None
    """permit, rejection, revocation, replacement, extension."""
    number: str | None = None
    title: str | None = None
    holder_name: str | None = None
    issued_on: date | None = None
    valid_until: date | None = None
    signer_name: str | None = None
    signer_title: str | None = None
    signed_at: datetime | None = None
    sha256: str | None = None
    level: str | None = None
    changed_on: datetime | None = None
    """When the permit was revoked, replaced, renewed or extended."""
    successor_number: str | None = None
    """Number of the letter that stands in this one's place, or extends it."""
    extended_until: date | None = None
    """A later last day than the letter itself says."""
    facts: list[tuple[str, str]] = []
    demo_authority: bool = False


async def permit_view(services: Services, code: str) -> PermitView:
    """The state of the letter behind a verification code; TIDAK_DIKENAL for a code that is not ours."""
    verification_id = check_code(code, services.settings.qr_key_bytes)
    if verification_id is None:
        return PermitView(state="TIDAK_DIKENAL")
    today = await services.office_today()
    async with services.db.transaction() as session:
        letter = await letter_by_verification_id(session, verification_id, today)
    if letter is None:
        # The code is ours, so the case exists; its letter is not written yet.
        return PermitView(state="BELUM_TERBIT", demo_authority=services.verifying.is_demo())
    return _permit(services, letter)


def _permit(services: Services, letter: RegisteredLetter) -> PermitView:
    demo = services.verifying.is_demo()
    if letter.state == "BELUM_TERBIT":
        # What is not issued is nobody's business yet.
        return PermitView(state=letter.state, demo_authority=demo)
    shown = letter.model_dump(include=set(PermitView.model_fields) - {"facts", "demo_authority"})
    return PermitView(**shown, demo_authority=demo)


class SignatureView(_View):
    """One signature in an uploaded file."""

    field: str
    kind: str
    signer_name: str | None
    signed_at: datetime | None
    good: bool


class FindingView(_View):
    """One reason of a verdict."""

    code: str
    """Stable (signing.verdict.REASONS)."""
    text: str
    advice: str
    """What it means for whoever holds the file."""


class MatchView(_View):
    """The registered letter that an uploaded file is, byte for byte; of one that is not issued, its state alone."""

    number: str | None
    title: str | None
    state: str
    purpose: str | None = None
    holder_name: str | None = None
    issued_on: date | None = None
    valid_until: date | None = None
    changed_on: datetime | None = None
    successor_number: str | None
    extended_until: date | None = None
    verification_url: str | None


class ReportView(_View):
    """The answer to an uploaded file."""

    verdict: str
    level: str | None
    reasons: list[str]
    findings: list[FindingView]
    signatures: list[SignatureView]
    sha256: str
    match: MatchView | None
    demo_authority: bool
    kind: FileKind = "letter"
    """`seal`: the office sealed it; `recommendation`: an agency's officer signed it. Neither is a permit."""
    sealed: str | None = None
    """What of ours that is no permit is byte for byte this file: wet_letter, validation_report, recommendation."""
    report_order: str = ""
    """Comes back to `POST /api/v1/verifications/reports`, within the hour, for a sealed report."""


async def report_view(services: Services, pdf: bytes, sha256: str) -> ReportView:
    """Judges an uploaded PDF and looks for it in the register. Raises Problem(verification-unavailable)."""
    today = await services.office_today()
    async with services.db.transaction() as session:
        seals = await seal_certificates(session)
        # The office's own certificate is no person's, whatever a mandate says.
        mandated = tuple(one for one in await mandated_certificates(session) if one not in seals)
        others = {SEAL_FIELD: seals, AGENCY_FIELD: await agency_certificates(session)}
        letter = await letter_by_signed_sha256(session, sha256, today)
        sealed = await sealed_by_sha256(session, sha256)
        recommendation = await recommendation_by_sha256(session, sha256)
    report = await services.verifying.judge(pdf, mandated, others)
    view = ReportView(
        verdict=report.verdict.value,
        level=report.level.value if report.level else None,
        reasons=[reason.text for reason in report.reasons],
        findings=[
            FindingView(
                code=reason.code, text=found_in_words(reason.code, reason.text), advice=advice_on(reason.code)
            )
            for reason in report.reasons
        ],
        signatures=_signatures(report),
        sha256=sha256,
        match=_match(services, letter),
        demo_authority=services.verifying.is_demo() and bool(report.signatures),
        kind=file_kind(report),
        sealed=sealed.purpose if sealed else "recommendation" if recommendation else None,
    )
    checked = _checked(services, view, report, len(pdf))
    return view.model_copy(update={"report_order": order_of(checked, services.settings.qr_key_bytes)})


def file_kind(report: Report) -> FileKind:
    """What a file is by its one signature, where that is a good one at B-LTA and not the head's."""
    signed = [one for one in report.signatures if one.kind == "signature"]
    if report.verdict is not Verdict.BELUM_TERBIT or len(signed) != 1 or signed[0].level is not Level.B_LTA:
        return "letter"
    kinds: dict[str, FileKind] = {SEAL_FIELD: "seal", AGENCY_FIELD: "recommendation"}
    return kinds.get(signed[0].field, "letter")


def _checked(services: Services, view: ReportView, report: Report, size: int) -> CheckedFile:
    registered = [("Nomor", view.match.number), ("Surat", view.match.title)] if view.match else []
    if view.match:
        registered.append(("Keadaan", view.match.state.replace("_", " ").capitalize()))
    if view.sealed:
        registered.append(("Dalam daftar kami sebagai", SEALED_IN_WORDS[view.sealed]))
    return CheckedFile(
        id=new_report_id(),
        checked_at=services.now(),
        sha256=view.sha256,
        size=size,
        kind=view.kind,
        verdict=view.verdict,
        level=view.level,
        reasons=tuple((reason.code, reason.text) for reason in report.reasons),
        signatures=checked_signatures(report),
        registered=tuple(registered),
        policy=(
            ("Yang menerbitkan", "tanda tangan kepala dinas yang diberi mandat, di kolom Kepala, satu-satunya"),
            ("Tingkat paling rendah", "PAdES B-LTA"),
            ("Pencabutan sertifikat", "wajib diketahui untuk setiap sertifikat penanda tangan"),
            ("Jangkar kepercayaan", "; ".join(services.verifying.anchors()) or "-"),
        ),
    )


SEALED_IN_WORDS = {
    "wet_letter": "surat dinas terkait yang sudah dicocokkan",
    "validation_report": "laporan pemeriksaan surat",
    "recommendation": "rekomendasi dinas terkait",
}


def _signatures(report: Report) -> list[SignatureView]:
    return [
        SignatureView(
            field=found.field, kind=found.kind, signer_name=found.signer, signed_at=found.signed_at, good=found.good
        )
        for found in report.signatures
        if found.kind == "signature"
    ]


def _match(services: Services, letter: RegisteredLetter | None) -> MatchView | None:
    if letter is None:
        return None
    if letter.state == "BELUM_TERBIT":
        # What is not issued is nobody's business yet.
        return MatchView(number=None, title=None, state=letter.state, successor_number=None, verification_url=None)
    return MatchView(
        number=letter.number,
        title=letter.title,
        state=letter.state,
        purpose=letter.purpose,
        holder_name=letter.holder_name,
        issued_on=letter.issued_on,
        valid_until=letter.valid_until,
        changed_on=letter.changed_on,
        successor_number=letter.successor_number,
        extended_until=letter.extended_until,
        verification_url=verification_url(services, letter.verification_id),
    )
