"""The case page as a value: who holds it, its facts, papers, letters, agencies with their clocks, its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from api.pages.formatting import full_date, moment
from api.pages.language import gettext as _
from api.pages.officers.due import Due, due_of
from api.pages.officers.routing import address_of_task
from api.pages.officers.sheets import Sheet, document_sheet, letter_sheet, newest_of
from api.pages.officers.task_view import facts_of
from api.pages.officers.words import channel_words, letter_status_words, opd_answer_words, status_words, task_words
from api.pages.words import role_words
from permits.after_issue import may_be_withdrawn
from permits.application import CLOSED
from permits.authority import Act, Actor, Role, Subject, refusal
from permits.definition import PermitDefinition, Procedure
from store.queries.application import ApplicationPage, DocumentView, OpdView
from store.queries.proof import RungProof
from store.tables import AccountRow, ApplicationRow


@dataclass(frozen=True)
class Version:
    """One version of a document."""

    sheet: Sheet
    n: int
    at: datetime
    who: str
    way: str
    consent: str
    verdict: tuple[str, str] | None
    reason: str


@dataclass(frozen=True)
class Paper:
    """A document with all its versions, the newest first."""

    title: str
    versions: list[Version]


@dataclass(frozen=True)
class Letter:
    """A letter and where it stands."""

    sheet: Sheet
    number_text: str
    label: tuple[str, str]
    readable: bool


@dataclass(frozen=True)
class Agency:
    """An agency that was asked, and its clock."""

    opd: str
    name: str
    asked_at: datetime
    due: Due
    answer: tuple[str, str]
    said: list[str]
    waits: bool


@dataclass(frozen=True)
class OpenTask:
    """What waits in this case."""

    address: str
    words: str
    holder: str
    due: Due


@dataclass(frozen=True)
class Line:
    """A line of the record."""

    at: datetime
    sentence: str
    who: str


@dataclass(frozen=True)
class Told:
    """A rung that fell, and what became of its message."""

    fell_at: datetime
    planned_at: datetime | None
    whom: str
    way: str
    sent_at: datetime | None
    delivered_at: datetime | None
    state: tuple[str, str]


@dataclass(frozen=True)
class CaseView:
    """The whole screen."""

    number: str
    permit_name: str
    applicant_name: str
    label: tuple[str, str]
    practice: bool
    holds: str  # who holds it since when, in one sentence
    due: Due | None
    promise: str
    facts: list[tuple[str, str]]
    warnings: list[str]
    papers: list[Paper]
    letters: list[Letter]
    agencies: list[Agency]
    tasks: list[OpenTask]
    record: list[Line]
    more_record: bool
    actions: list[tuple[str, str]]  # (address, words)
    steers: bool
    tracking: str
    contact: list[tuple[str, str]]  # how the counter reaches the applicant; empty for others


@dataclass(frozen=True)
class RecordView:
    """The whole record of a case, page by page, with the proof of every rung."""

    number: str
    permit_name: str
    lines: list[Line]
    told: list[Told]
    more: str


def case_view(
    page: ApplicationPage,
    row: ApplicationRow,
    law: PermitDefinition | None,
    applicant: AccountRow | None,
    actor: Actor,
    about: Subject,
    record: Sequence[Line],
    now: datetime,
) -> CaseView:
    """The screen for that person as of an office time."""
    is_open = page.status not in CLOSED
    steers = is_open and refusal(actor, Act.STEER_OPD, about) is None
    waiting = page.waiting
    applicant_name = applicant.name if applicant else page.holder_name
    return CaseView(
        number=page.number,
        permit_name=page.permit_name,
        applicant_name=applicant_name,
        label=status_words(page.status),
        practice=page.practice,
        holds=_holds(page, is_open),
        due=due_of(waiting.due_at, now) if is_open and waiting and waiting.due_at else None,
        promise=_promise(page),
        facts=[
            *facts_of(row, law, applicant_name),
            (_("Diajukan"), moment(page.submitted_at) if page.submitted_at else ""),
            (_("Lewat"), channel_words(page.channel) if page.channel != "web" else _("Situs web")),
            (_("Dibantu oleh"), page.filed_by_name or ""),
        ],
        warnings=[_warning(one) for one in page.identity_warnings],
        papers=_papers(page),
        letters=[
            Letter(
                sheet=letter_sheet(page.number, one, draft=one.status != "issued"),
                number_text=one.number_text,
                label=letter_status_words(one.status, one.signed_sha256 is not None),
                readable=one.sha256 is not None,
            )
            for one in page.letters
        ],
        agencies=[_agency(one, now) for one in page.opds],
        tasks=[
            OpenTask(
                address=address_of_task(one.kind, one.id, actor.role, page.number),
                words=task_words(one.kind),
                holder=one.holder or role_words(one.role),
                due=due_of(one.due_at, now),
            )
            for one in page.tasks
            if one.status == "open"
        ],
        record=list(reversed(record))[:12],
        more_record=len(record) > 12,
        actions=_actions(page, row, actor, about, is_open, steers),
        steers=steers,
        tracking=f"/lacak/{page.tracking_code}" if page.tracking_code else "",
        contact=_contact(applicant) if applicant and refusal(actor, Act.APPLY_FOR, about) is None else [],
    )


def _contact(applicant: AccountRow) -> list[tuple[str, str]]:
    """Where there is neither telephone nor e-mail, a letter goes to the address."""
    ways = [
        (_("Nomor telepon"), applicant.phone or ""),
        (_("E-mail"), "" if applicant.at_counter and applicant.email_confirmed_at is None else applicant.email),
        (_("Alamat"), applicant.address or ""),
    ]
    return [(way, where) for way, where in ways if where]


def told_of(one: RungProof) -> Told:
    """A rung's message in words."""
    states = {
        "sent": ("daun", _("Terkirim")),
        "failed": ("merah", _("Tidak terkirim")),
        "pending": ("kunyit", _("Menunggu dikirim")),
        "none": ("kelabu", _("Tanpa pesan")),
    }
    ways = {"email": _("e-mail"), "whatsapp": _("WhatsApp")}
    return Told(
        fell_at=one.fell_at,
        planned_at=one.planned_at,
        whom=role_words(one.recipient_role) if one.recipient_role else "",
        way=ways.get(one.channel or "", one.channel or ""),
        sent_at=one.sent_at,
        delivered_at=one.delivered_at,
        state=states.get(one.state, ("kelabu", one.state)),
    )


def _holds(page: ApplicationPage, is_open: bool) -> str:
    if not is_open:
        ended = full_date(page.closed_at) if page.closed_at else ""
        return _("Selesai %(day)s.") % {"day": ended} if ended else _("Sudah selesai.")
    if page.waiting is None:
        return _("Diproses sistem.")
    words = _("Menunggu %(holder)s sejak %(day)s.") if page.waiting.since else _("Menunggu %(holder)s.")
    return words % {
        "holder": page.waiting.holder,
        "day": full_date(page.waiting.since) if page.waiting.since else "",
    }


def _promise(page: ApplicationPage) -> str:
    if page.promise_due_at is None:
        return ""
    return _("Janji kepada pemohon: %(day)s.") % {"day": full_date(page.promise_due_at)}


def _warning(code: str) -> str:
    return {
        "birth-date-differs": _("Tanggal lahir di NIK berbeda dengan yang ditulis pemohon."),
        "region-differs": _("NIK terbit di luar Kota Pekalongan."),
        "not-confirmed": _("NIK belum dicocokkan dengan data kependudukan."),
    }.get(code, _("Data NIK perlu dilihat lagi."))


def _papers(page: ApplicationPage) -> list[Paper]:
    papers = []
    for newest in newest_of(page.documents):
        versions = [one for one in page.documents if one.requirement == newest.requirement]
        shown = [_version(page.number, one) for one in reversed(versions)]
        papers.append(Paper(newest.title, shown))
    return papers


def _version(number: str, one: DocumentView) -> Version:
    sheet = document_sheet(number, one)
    return Version(
        sheet=sheet,
        n=one.version,
        at=one.uploaded_at,
        who=one.uploaded_by_name or "",
        way=channel_words(one.channel),
        consent=one.consent or "",
        verdict=sheet.label,
        reason=one.reason or "",
    )


def _agency(one: OpdView, now: datetime) -> Agency:
    waits = one.answer is None
    return Agency(
        opd=one.opd,
        name=one.name,
        asked_at=one.asked_at,
        due=due_of(one.due_at, now) if waits else Due("none", _("Dijawab"), _answered_on(one)),
        answer=opd_answer_words(one.answer),
        said=[*one.conditions, *([one.reason] if one.reason else [])],
        waits=waits,
    )


def _answered_on(one: OpdView) -> str:
    return full_date(one.answered_at) if one.answered_at else ""


def _actions(
    page: ApplicationPage, row: ApplicationRow, actor: Actor, about: Subject, is_open: bool, steers: bool
) -> list[tuple[str, str]]:
    """What the person may do in this case, besides its tasks."""
    own = f"/kasus/{page.number}"
    found: list[tuple[str, str]] = []
    if page.status == "draft" and actor.role is Role.FRONT_OFFICE:
        found.append((f"/permohonan/{page.number}", _("Lanjutkan pengisian di loket")))
        return found
    if steers and any(one.answer is None for one in page.opds):
        found.append((f"{own}/dinas", _("Minta rekomendasi dinas lain")))
    withdrawable = is_open and may_be_withdrawn(Procedure(row.procedure))
    if withdrawable and refusal(actor, Act.ACT_FOR_APPLICANT, about) is None:
        found.append((f"{own}/tarik", _("Tarik atas permintaan pemohon")))
    if page.status == "issued" and page.product == "permit" and refusal(actor, Act.OPEN_REVOCATION, about) is None:
        found.append((f"{own}/cabut", _("Buka pencabutan izin")))
    if actor.role is Role.FRONT_OFFICE and page.tracking_code:
        found.append((f"{own}/tanda-terima", _("Cetak tanda terima")))
    return found
