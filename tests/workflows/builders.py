"""Definitions, ladders, calendars, people and answers for the tests of the engine; all people are fictional."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

from permits.application import DocumentVerdict
from permits.authority import Actor, Role
from permits.calendar import Holiday, WorkingCalendar
from permits.calendar_loader import load_office_calendar
from permits.decisions import (
    Acknowledged,
    Answered,
    AnswerMatched,
    Arrived,
    Body,
    DeemedConfirmed,
    Drafted,
    Forwarded,
    HandedOver,
    Inspected,
    KeptWaiting,
    MeetingHeld,
    MinutesSigned,
    Paid,
    ParafGiven,
    PaymentConfirmed,
    Position,
    Posted,
    PresentSigned,
    Recommended,
    RetributionAssessed,
    VerdictsGiven,
)
from permits.definition import (
    Agency,
    AnyStage,
    Assessment,
    DeskCheck,
    Drafting,
    FormField,
    Inspection,
    Issuance,
    LetterForm,
    Meeting,
    Paraf,
    PermitDefinition,
    Recommendation,
    Requirement,
    Retribution,
    Signing,
    Verification,
)
from permits.escalation import HolderCode, Ladder, Rung
from permits.pace import Pace
from sakpore.people import APPLICANTS, OFFICERS, Person
from store.tables import TaskRow

TEST_KEYS = "uji:" + base64.b64encode(b"kunci muatan untuk uji semata-32").decode()
"""The payload key of tests and of the saved histories; it protects nothing."""

APPLICANT = APPLICANTS[0]
CALENDAR: WorkingCalendar = load_office_calendar(2025, 2028)
FIRST_OFFICE_DATE = date(2025, 1, 2)  # far from the calendar's end, however long a compressed case lives

# Ladders -----------------------------------------------------------------------------------------------------------


def a_ladder(*offsets: int, last_resort: str = "coordinator") -> Ladder:
    """A warning on the first offset (working days from the due date), then one escalation on each of the others."""
    warning = Rung(code="ingat", kind="warning", working_days=offsets[0], who="holder", channel="email")
    told: tuple[HolderCode, ...] = ("holder", "holder_head", "coordinator", "head_of_office")
    escalations = tuple(
        Rung(code=f"naik-{n}", kind="escalation", working_days=offset, who=told[n - 1], channel="email")
        for n, offset in enumerate(offsets[1:], start=1)
    )
    return Ladder(rungs=(warning, *escalations), last_resort=last_resort)


PATIENT = a_ladder(0, 1)
"""Nothing of it falls while a test runs at real pace."""

# Stages ------------------------------------------------------------------------------------------------------------


def verification(**fields: Any) -> Verification:
    return Verification(**_desk("Pemeriksaan berkas", "Front Office", fields))


def assessment(**fields: Any) -> Assessment:
    return Assessment(**_desk("Penelitian berkas", "Back Office", fields))


def inspection(**fields: Any) -> Inspection:
    return Inspection(**_desk("Pemeriksaan lapangan", "Tim Teknis", fields))


def meeting(**fields: Any) -> Meeting:
    return Meeting(**_desk("Rapat Tim Teknis", "Tim Teknis", fields))


def recommendation(*agencies: Agency, **fields: Any) -> Recommendation:
    asked = agencies or (an_agency("bappeda"),)
    return Recommendation(agencies=asked, **_desk("Rekomendasi", "Perangkat daerah", fields))


def an_agency(opd: str, working_days: int = 2, ladder: Ladder = PATIENT) -> Agency:
    name = f"Dinas {opd.capitalize()} Contoh"
    return Agency(opd=opd, name=name, asks_for="Kesesuaian lokasi", working_days=working_days, ladder=ladder)


def retribution(**fields: Any) -> Retribution:
    return Retribution(
        number_template="974/{sequence:04d}/SKRD/{year}",
        legal_basis="menunggu konfirmasi dinas",
        **_desk("Retribusi", "Back Office", fields),
    )


def drafting(**fields: Any) -> Drafting:
    return Drafting(**_desk("Penyusunan surat", "Back Office", fields))


def sub_coordinator(**fields: Any) -> DeskCheck:
    return DeskCheck(role=Role.SUB_COORDINATOR, **_desk("Pemeriksaan Subkoordinator", "Subkoordinator", fields))


def coordinator(**fields: Any) -> DeskCheck:
    return DeskCheck(role=Role.COORDINATOR, **_desk("Pemeriksaan Koordinator", "Koordinator", fields))


def paraf(**fields: Any) -> Paraf:
    return Paraf(**_desk("Paraf Kepala Bidang", "Kepala Bidang", fields))


def signing(**fields: Any) -> Signing:
    return Signing(**_desk("Tanda tangan Kepala Dinas", "Kepala Dinas", fields))


def issuance() -> Issuance:
    return Issuance(title="Penerbitan", holder="Sistem")


def _desk(title: str, holder: str, fields: dict[str, Any]) -> dict[str, Any]:
    return {"title": title, "holder": holder, "working_days": 2, "ladder": PATIENT, **fields}


# Definitions -------------------------------------------------------------------------------------------------------


def a_definition(*between: AnyStage, requirements: tuple[str, ...] = ("ktp",), **fields: Any) -> PermitDefinition:
    """A permit type: verification, the given stages, then drafting and signing where they are not among them."""
    kinds = {stage.kind for stage in between}
    first = () if "verification" in kinds else (verification(),)
    draft = () if "drafting" in kinds else (drafting(),)
    form = LetterForm(
        template="sip",
        title="Surat Izin Contoh",
        series="CONTOH",
        number_template="503/{sequence:04d}/CONTOH/{month_roman}/{year}",
        validity_months=12,
    )
    refused = {"template": "penolakan", "title": "Surat Penolakan Contoh", "series": "TOLAK", "validity_months": None}
    refused["number_template"] = "503/{sequence:04d}/TOLAK/{month_roman}/{year}"
    values: dict[str, Any] = {
        "code": "izin-contoh",
        "version": 1,
        "title": "Izin Contoh",
        "field": "kesehatan",
        "product": "Surat Izin Contoh",
        "source": "contoh",
        "confirmed": False,
        "status": "published",
        "effective_from": date(2020, 1, 1),
        "promise_working_days": 5,
        "fee": "Gratis",
        "requirements": tuple(Requirement(code=code, title=code.upper()) for code in requirements),
        "form": (FormField(code="practice_name", label="Tempat praktik"),),
        "stages": (*first, *between, *draft, signing(), issuance()),
        "letter": form,
        "rejection": form.model_copy(update=refused),
        "repair_ladder": PATIENT,
    }
    return PermitDefinition(**{**values, **fields})


def every_stage() -> PermitDefinition:
    """A permit type in which every kind of stage stands."""
    return a_definition(
        verification(),
        assessment(),
        inspection(),
        meeting(),
        recommendation(an_agency("bappeda"), an_agency("dpupr")),
        retribution(),
        drafting(),
        sub_coordinator(),
        coordinator(),
        paraf(),
    )


# Time --------------------------------------------------------------------------------------------------------------


def compressed(seconds: float, office_date: date = FIRST_OFFICE_DATE) -> Pace:
    """A working day in that many seconds, the first one beginning now."""
    return Pace.compressed(seconds, office_date, datetime.now(UTC))


def with_holiday(day: date, calendar: WorkingCalendar = CALENDAR) -> WorkingCalendar:
    """The same calendar with one more day off."""
    others = tuple(known for known in calendar.days if known.date != day)
    days = sorted((*others, Holiday(date=day, name="Libur contoh", kind="office")), key=lambda known: known.date)
    return calendar.model_copy(update={"days": tuple(days), "version": f"{calendar.version}-{day:%m%d}"})


def in_days(working_days: int) -> date:
    """The n-th working day after today."""
    return CALENDAR.shift(CALENDAR.local_date(datetime.now(UTC)), working_days)


# People ------------------------------------------------------------------------------------------------------------


def actor(person: Person) -> Actor:
    """A person as the rules see it."""
    return Actor(id=person.id, name=person.name, role=person.role, field=person.field, opd=person.opd)


def person(person_id: str) -> Actor:
    """An officer or applicant of the demonstration, by id."""
    return actor(next(one for one in (*OFFICERS, *APPLICANTS) if one.id == person_id))


def holder_of(task: TaskRow) -> Actor:
    """Whoever of the demonstration's people may decide this task; made for the field where nobody works there."""
    there = [one for one in (*OFFICERS, *APPLICANTS) if one.role == task.role and task.opd in (None, one.opd)]
    assert there, f"nobody can decide a task of {task.role}"
    for one in there:
        if task.field is None or one.field in (None, task.field):
            return actor(one)
    return actor(there[0]).model_copy(update={"field": task.field})


# Answers -----------------------------------------------------------------------------------------------------------


def accepted(*requirements: str) -> VerdictsGiven:
    return VerdictsGiven(verdicts=tuple(DocumentVerdict(requirement=code, verdict="accept") for code in requirements))


def to_repair(requirement: str, *fine: str) -> VerdictsGiven:
    wrong = DocumentVerdict(requirement=requirement, verdict="repair", reason="Tidak terbaca")
    return VerdictsGiven(verdicts=(wrong, *accepted(*fine).verdicts))


ANSWERS: dict[str, Callable[[TaskRow], Body]] = {
    "verification": lambda task: accepted(*task.wanted_documents),
    "assessment": lambda task: Forwarded(),
    "inspection": lambda task: Inspected(
        photos=tuple(f"{n:064x}" for n in range(max(1, task.photos))),
        position=Position(latitude=-6.89, longitude=109.67, accuracy_metres=8),
        findings="Sesuai gambar.",
        present=("Tim Teknis Contoh",),
    ),
    "meeting": lambda task: MeetingHeld(conclusions=("Dapat diteruskan.",), present=("Tim Teknis Contoh",)),
    "recommendation": lambda task: Recommended(answer="approve"),
    "assess_retribution": lambda task: RetributionAssessed(amount_rupiah=864_000, calculation="3 m x 1,2 m"),
    "payment": lambda task: Paid(proof="b" * 64),
    "confirm_payment": lambda task: PaymentConfirmed(received=True),
    "drafting": lambda task: Drafted(),
    "desk_check": lambda task: Forwarded(),
    "paraf": lambda task: ParafGiven(),
    "overdue": lambda task: Acknowledged(note="Sudah dihubungi lewat telepon."),
    "sign_minutes": lambda task: MinutesSigned(
        signatures=tuple(PresentSigned(name=name, way="paper", image="c" * 64) for name in task.people)
    ),
    "clarification": lambda task: Answered(text="Sesuai gambar yang dilampirkan."),
    "match_answer": lambda task: AnswerMatched(matches=True),
    "unanswered_repair": lambda task: KeptWaiting(working_days=5, note="Pemohon minta waktu."),
    "deemed_approval": lambda task: DeemedConfirmed(note="Batas waktu sudah lewat."),
    "hand_over": lambda task: HandedOver(to_name="Contoh Penerima", relation="pemohon", identity_seen="KTP"),
    "posting": lambda task: Posted(receipt_number="CONTOH-0001"),
    "post_arrival": lambda task: Arrived(received_by="Contoh Penerima", on=date(2026, 12, 1)),
}
"""What each desk says when all is well; signing needs a consent and is left to the case file."""
