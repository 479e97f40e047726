"""What the desks are given: inboxes, tasks of every kind, results of many decisions, cases, the counter."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from api.pages.officers.acting import ActView
from api.pages.officers.assigning import AssignView
from api.pages.officers.bulk import Result, ToDecide
from api.pages.officers.case_view import Line as RecordLine
from api.pages.officers.case_view import RecordView, Told, case_view
from api.pages.officers.cases import CasesAsked, CasesView, cases_view
from api.pages.officers.choices import FormField
from api.pages.officers.counter import PersonView, account_fields
from api.pages.officers.delegations import DelegationsView, Lent
from api.pages.officers.due import due_of
from api.pages.officers.inbox import Asked, InboxView, line_of, view_of
from api.pages.officers.reading import paper_of
from api.pages.officers.task import Next
from api.pages.officers.task_view import Beside, TaskView, task_view
from permits.authority import Actor, Role, Subject
from permits.decision_rules import POSSIBLE
from permits.decisions import TaskKind
from permits.definition_loader import load_definitions
from store.queries.application import ApplicationPage, DocumentView, LetterView, OpdView, TaskLine, WaitingView
from store.queries.cases import CaseLine, TypeLine
from store.queries.desk import Evidence
from store.queries.inbox import AttachmentView, InboxCounts, InboxLine, TaskPage
from store.queries.stuck import NoteLine
from store.tables import AccountRow, ApplicationRow, TaskRow
from tests.pages.samples.people import (
    AGENCY,
    BACK,
    COORDINATOR,
    DIVISION,
    FRONT,
    SUBCOORDINATOR,
    TECHNICAL,
    Samples,
    framed,
)

NOW = datetime(2026, 12, 3, 3, 0, tzinfo=UTC)
NUMBER = "PRM-2026-000117"
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
LAW = next(one for one in load_definitions() if one.code == "sip-fisioterapis" and one.status == "published")
RESEARCH = next(one for one in load_definitions() if one.code == "izin-penelitian" and one.status == "published")
TYPES = [TypeLine("izin-penelitian", "Izin Penelitian", "penelitian"), TypeLine(LAW.code, LAW.title, LAW.field)]
LONG = "Yayasan Pendidikan dan Kesehatan Masyarakat Contoh Sejahtera Bersama Seluruh Warga Kota Pekalongan"
ROLES = {
    TaskKind.VERIFICATION: FRONT, TaskKind.ASSESSMENT: BACK, TaskKind.MEETING: TECHNICAL,
    TaskKind.ASSESS_RETRIBUTION: BACK, TaskKind.CONFIRM_PAYMENT: BACK, TaskKind.DRAFTING: BACK,
    TaskKind.DESK_CHECK: SUBCOORDINATOR, TaskKind.PARAF: DIVISION, TaskKind.OVERDUE: COORDINATOR,
    TaskKind.MATCH_ANSWER: BACK, TaskKind.UNANSWERED_REPAIR: FRONT, TaskKind.DEEMED_APPROVAL: COORDINATOR,
    TaskKind.HAND_OVER: FRONT, TaskKind.POSTING: FRONT, TaskKind.POST_ARRIVAL: FRONT,
}  # fmt: skip
"""Whose task each kind is."""


def inbox_line(n: int, hours: float, **changes: Any) -> InboxLine:
    kind = changes.pop("kind", "verification")
    due_at = NOW + timedelta(hours=hours)
    fields: dict[str, Any] = {
        "id": f"PRM-2026-{n:06d}.{kind}.1", "number": f"PRM-2026-{n:06d}", "permit_type": "izin-penelitian",
        "permit_name": "Izin Penelitian", "applicant_name": "Contoh Pemohon Satu, A.Md.Ftr.", "kind": kind,
        "role": "front_office", "field": "penelitian", "opd": None, "stage": "Pemeriksaan kelengkapan berkas",
        "holder": "Petugas depan", "opened_at": NOW - timedelta(days=1), "due_at": due_at, "working_days": 1,
        "assigned_to": None, "assigned_to_name": None, "rungs_fallen": 0, "overdue": due_at < NOW, "stuck": False,
        "on_behalf_of": None, "possible": sorted(POSSIBLE[TaskKind(kind)]), "subject_sha256": SHA,
    }  # fmt: skip
    return InboxLine.model_validate(fields | changes)


def inbox_view(who: Actor, lines: list[InboxLine], counts: InboxCounts, text: str = "", **asked: Any) -> InboxView:
    shown = [line_of(one, who, due_of(one.due_at, NOW)) for one in lines]
    return view_of(Asked(**{"daftar": "all", **asked}), who, counts, shown, len(shown), "", TYPES, text)


def front_lines() -> list[InboxLine]:
    return [
        inbox_line(
            3, -70, stuck=True, rungs_fallen=2, assigned_to="rekan", assigned_to_name="Petugas Depan Contoh Dua"
        ),
        inbox_line(8, -2, permit_name=LAW.title),
        inbox_line(9, 5, assigned_to=FRONT.id, assigned_to_name=FRONT.name),
        inbox_line(
            12, 30, applicant_name=LONG, permit_name="Izin Pendirian Satuan Pendidikan Dasar dan Menengah Swasta"
        ),
        inbox_line(15, 90, kind="hand_over", stage="Penyerahan surat", on_behalf_of="Petugas Depan Contoh Dua"),
    ]


def document(code: str, title: str, version: int = 1, **changes: Any) -> DocumentView:
    fields = {
        "requirement": code, "title": title, "version": version, "sha256": SHA, "content_type": "application/pdf",
        "size": 120_000, "filename": f"{code}.pdf", "uploaded_at": NOW, "uploaded_by_name": "Contoh Pemohon Satu",
        "channel": "web", "consent": None, "verdict": None, "reason_code": None, "reason": None,
    }  # fmt: skip
    return DocumentView.model_validate(fields | changes)


def documents() -> list[DocumentView]:
    first, second, *others = LAW.requirements
    return [
        document(first.code, first.title),
        document(second.code, second.title, verdict="repair", reason_code="unreadable", reason="Halaman kedua buram"),
        document(second.code, second.title, 2, channel="counter", uploaded_by_name=FRONT.name, consent="di loket"),
        *(document(one.code, one.title, verdict="accept") for one in others),
    ]


LETTER = LetterView(
    purpose="permit", number_text="503.SIPF/0042/XII/2026", letter_date=date(2026, 12, 3), status="reserved",
    sha256=SHA, signed_sha256=None, level=None, signed_at=None,
)  # fmt: skip
EARLIER = [
    {"stage": "Pemeriksaan berkas", "decision": "verdicts", "decided_by_name": FRONT.name,
     "closed_at": NOW - timedelta(days=2),
     "detail": {"verdicts": [
         {"requirement": LAW.requirements[1].code, "verdict": "repair", "reason": "Halaman kedua buram"},
     ]}},
    {"stage": "Penelitian berkas", "decision": "forward", "decided_by_name": BACK.name,
     "closed_at": NOW - timedelta(days=1), "detail": {"note": "Tempat praktik sudah dicocokkan dengan STR."}},
]  # fmt: skip


def case_row(**changes: Any) -> ApplicationRow:
    data = {
        "str_number": "STR-CONTOH-0001", "practice_kind": "Pada fasilitas", "practice_name": "Klinik Contoh Sehat",
        "practice_address": "Jalan Contoh Nomor 10, Kota Pekalongan", "practice_order": "1",
    }  # fmt: skip
    fields = {
        "number": NUMBER, "applicant_id": "contoh-applicant", "permit_type": LAW.code, "variant": "new",
        "title": LAW.title, "field": LAW.field, "data": data, "delivery": "download", "practice": False,
        "old_permit_text": None, "party": None, "channel": "web", "status": "in_progress",
    }  # fmt: skip
    return ApplicationRow(**{**fields, **changes})


def task_page(kind: TaskKind, **changes: Any) -> TaskPage:
    who = ROLES.get(kind, FRONT)
    stage = {"verification": "Pemeriksaan berkas", "desk_check": "Pemeriksaan subkoordinator"}.get(
        kind, "Penelitian berkas"
    )
    fields: dict[str, Any] = {
        "id": f"{NUMBER}.{kind.value}.1", "number": NUMBER, "permit_type": LAW.code, "permit_name": LAW.title,
        "applicant_name": "Contoh Pemohon Satu, A.Md.Ftr.", "kind": kind.value, "role": who.role.value, "stage": stage,
        "holder": "Petugas", "opd": None, "status": "in_progress", "subject_sha256": SHA, "opened_at": NOW,
        "due_at": NOW + timedelta(hours=28), "wanted_documents": [], "photos": 0, "instructions": "",
        "possible": sorted(POSSIBLE[kind]), "people": [], "return_to": [], "assigned_to": None,
        "assigned_to_name": None, "rungs_fallen": 0, "decision": None, "decided_by_name": None, "closed_at": None,
        "data": {}, "documents": documents(), "attachments": [], "letters": [], "earlier": EARLIER,
    }  # fmt: skip
    return TaskPage.model_validate(fields | changes)


def view(page: TaskPage, who: Actor, opened: str = "", typed: dict[str, str] | None = None, **beside: Any) -> TaskView:
    read: dict[str, Any] = {
        "row": case_row(), "law": LAW, "evidence": [], "silent": None, "now": NOW, "today": NOW.date(), **beside
    }  # fmt: skip
    about = Subject(
        applicant_id="contoh-applicant", role=Role(page.role), field="kesehatan", opd=page.opd,
        opds=(page.opd,) if page.opd else (), assigned_to=page.assigned_to,
    )  # fmt: skip
    said = typed or {}
    shown = task_view(
        page, Beside(**read), (who,), about, lambda choice, name: said.get(name, "") if choice in ("", opened) else "",
        opened,
    )  # fmt: skip
    # Pictures and the frame are other requests; here the frame shows a sample of its own.
    return replace(shown, shown=replace(shown.shown, address="/petugas-kertas") if shown.shown else None)


def wanted() -> list[str]:
    return [one.code for one in LAW.requirements]


def task(kind: TaskKind, who: Actor | None = None, errors: Any = (), opened: str = "", **changes: Any) -> Any:
    reader = who or ROLES[kind]
    beside = {name: changes.pop(name) for name in ("evidence", "silent", "law", "row", "notes") if name in changes}
    typed = changes.pop("typed", None)
    shown = view(task_page(kind, **changes), reader, opened, typed, **beside)
    return "officers/tugas.html", framed(reader, view=shown, errors=list(errors))


def evidence(kind: str, task_kind: TaskKind) -> Evidence:
    return Evidence(
        id=f"bukti-{kind}", task_id=f"{NUMBER}.{task_kind.value}.1", kind=kind, sha256=SHA, filename=f"{kind}.pdf",
        uploaded_at=NOW,
    )  # fmt: skip


def attachment(kind: str) -> AttachmentView:
    return AttachmentView(
        id=f"bukti-{kind}", kind=kind, sha256=SHA, content_type="application/pdf", size=1000, filename=f"{kind}.pdf",
        uploaded_at=NOW,
    )  # fmt: skip


def silent() -> TaskRow:
    return TaskRow(
        id=f"{NUMBER}.recommendation.1", number=NUMBER, kind="recommendation", role="opd", stage="Rekomendasi",
        holder="Badan Perencanaan Pembangunan Daerah", due_at=NOW - timedelta(days=6), assigned_to_name=None,
    )  # fmt: skip


def tasks() -> Samples:
    before = ["verification", "assessment", "drafting"]
    code = wanted()[1]
    missing = [(f"nilai-{wanted()[0]}", f"{LAW.requirements[0].title} belum dinilai."),
               (f"kode-{code}", f"Tulis alasan untuk {LAW.requirements[1].title}.")]  # fmt: skip
    colleague = {"assigned_to": "rekan", "assigned_to_name": "Petugas Depan Contoh Dua"}
    return {
        "petugas-berkas": task(TaskKind.VERIFICATION, wanted_documents=wanted()),
        "petugas-berkas-satu": task(TaskKind.VERIFICATION, wanted_documents=[code], due_at=NOW - timedelta(days=3)),
        "petugas-berkas-salah": task(
            TaskKind.VERIFICATION, wanted_documents=wanted(), errors=missing, opened="verdicts",
            typed={f"nilai.{code}": "repair"},
        ),
        "petugas-berkas-rekan": task(TaskKind.VERIFICATION, wanted_documents=wanted(), **colleague),
        "petugas-teliti": task(TaskKind.ASSESSMENT, return_to=before[:1], law=RESEARCH),
        "petugas-teliti-ditanya": task(
            TaskKind.ASSESSMENT,
            notes=[NoteLine(kind="asked", at=NOW, by="Koordinator Contoh", text="Apa yang masih kurang?")],
        ),
        "petugas-teliti-tolak": task(
            TaskKind.ASSESSMENT, return_to=before[:1], opened="reject",
            errors=[("reject-reasons", "Uraian untuk surat penolakan belum diisi.")],
            typed={"code": "requirements-not-met"},
        ),
        "petugas-rapat": task(TaskKind.MEETING),
        "petugas-retribusi": task(TaskKind.ASSESS_RETRIBUTION),
        "petugas-bayar": task(
            TaskKind.CONFIRM_PAYMENT, instructions=f"bukti {SHA}",
            evidence=[evidence("payment-proof", TaskKind.PAYMENT)],
        ),
        "petugas-susun": task(TaskKind.DRAFTING, return_to=before[:2]),
        "petugas-periksa-surat": task(TaskKind.DESK_CHECK, return_to=before, letters=[LETTER]),
        "petugas-paraf": task(TaskKind.PARAF, return_to=before, letters=[LETTER]),
        "petugas-terlambat": task(TaskKind.OVERDUE, silent=silent(), instructions="x"),
        "petugas-cocokkan": task(
            TaskKind.MATCH_ANSWER, instructions=f"x surat {SHA}",
            evidence=[evidence("wet-signed-letter", TaskKind.RECOMMENDATION)],
        ),
        "petugas-tak-menjawab": task(TaskKind.UNANSWERED_REPAIR, silent=silent(), instructions="x"),
        "petugas-lewat-waktu": task(TaskKind.DEEMED_APPROVAL, instructions="UU 30/2014 pasal 53 (contoh)"),
        "petugas-serahkan": task(TaskKind.HAND_OVER, letters=[LETTER.model_copy(update={"status": "issued"})]),
        "petugas-pos": task(TaskKind.POSTING),
        "petugas-sampai": task(TaskKind.POST_ARRIVAL),
        "petugas-jawaban-kertas": task(
            TaskKind.RECOMMENDATION, BACK, role="opd", opd="bappeda", attachments=[attachment("paper-answer")],
            instructions="Kesesuaian tata ruang di lokasi praktik.",
        ),
        "petugas-wakili-perbaikan": task(TaskKind.REPAIR, FRONT, role="applicant", wanted_documents=wanted()[:2]),
        "petugas-wakili-bayar": task(
            TaskKind.PAYMENT, FRONT, role="applicant", instructions="Bayar retribusi sebesar Rp864.000"
        ),
        "petugas-wakili-jawab": task(
            TaskKind.CLARIFICATION, FRONT, role="applicant", instructions="Bappeda: di ruang mana?"
        ),
        "petugas-hanya-baca": task(TaskKind.PARAF, BACK, return_to=before, letters=[LETTER]),
    }  # fmt: skip


def results() -> Samples:
    following = Next(f"/tugas/{NUMBER}.verification.1", "Periksa berkas", LAW.title, NUMBER, due_of(NOW, NOW))
    done = {"number": NUMBER, "permit_name": LAW.title, "task": "Periksa berkas", "reads_cases": True}
    first = {"who": "Petugas Depan Contoh Dua", "what": "Menilai berkas", "at": NOW, "detail": [], "late": True}
    deciding = [
        ToDecide(f"{NUMBER}.paraf.{n}|{SHA}", f"PRM-2026-{n:06d}", LAW.title, "Contoh Pemohon Satu", "Paraf surat",
                 f"/kasus/{NUMBER}/baca-surat/permit?draf=1", "/x.png")
        for n in (1, 2, 3)
    ]  # fmt: skip
    became = [
        Result("PRM-2026-000001", LAW.title, True, "Sudah diputus"),
        Result("PRM-2026-000002", LAW.title, False, "Isi yang Anda periksa sudah berubah sejak Anda membukanya."),
    ]
    assigning = AssignView(
        f"/tugas/{NUMBER}.assessment.1", NUMBER, LAW.title, "Teliti permohonan", "Petugas Kesehatan Contoh",
        [("a", "Petugas Kesehatan Contoh Dua"), ("b", LONG)], "", "",
    )  # fmt: skip
    paper = paper_of(f"/kasus/{NUMBER}/baca/ktp", f"/kasus/{NUMBER}/berkas/ktp", "KTP", 2, 3, "versi=1")
    return {
        "petugas-kertas": ("officers/kertas.html", {"paper": paper}),
        "petugas-kertas-tanpa-gambar": (
            "officers/kertas.html", {"paper": replace(paper, picture="", large="", pages=0)},
        ),
        "petugas-selesai": ("officers/selesai.html", framed(FRONT, news="Sudah dicatat.", following=following, **done)),
        "petugas-selesai-habis": ("officers/selesai.html", framed(FRONT, following=None, **done)),
        "petugas-didahului": ("officers/sudah.html", {**framed(FRONT, following=following, **done), **first}),
        "petugas-bersama": ("officers/putuskan.html", framed(DIVISION, items=deciding, left=1)),
        "petugas-bersama-kosong": ("officers/putuskan.html", framed(DIVISION, items=[], left=0)),
        "petugas-hasil": ("officers/hasil.html", framed(DIVISION, title="Hasil putusan", results=became)),
        "petugas-alihkan": ("officers/alihkan.html", framed(SUBCOORDINATOR, view=assigning, errors=[])),
        "petugas-alihkan-tanpa-rekan": (
            "officers/alihkan.html", framed(SUBCOORDINATOR, view=replace(assigning, people=[]), errors=[]),
        ),
    }  # fmt: skip


def inboxes() -> Samples:
    counts = InboxCounts(all=5, mine=1, unassigned=3, overdue=2, stuck=1, for_applicants=4, opd_paper=2)
    none = InboxCounts(all=0, mine=0, unassigned=0, overdue=0, stuck=0)
    parafs = [inbox_line(n, n * 3, kind="paraf", role="head_of_division", stage="Paraf", holder="Kepala bidang")
              for n in (2, 4, 9)]  # fmt: skip
    asked = [inbox_line(5, -20, kind="recommendation", role="opd", opd="bappeda", stage="Rekomendasi dinas terkait")]
    page = "officers/inbox.html"
    return {
        "petugas-kotak": (page, framed(FRONT, view=inbox_view(FRONT, front_lines(), counts), errors=[])),
        "petugas-kotak-cari": (
            page,
            framed(
                FRONT, errors=[],
                view=inbox_view(FRONT, front_lines()[:1], counts, "contoh", jenis="izin-penelitian"),
            ),
        ),
        "petugas-kotak-kosong": (page, framed(BACK, view=inbox_view(BACK, [], none), errors=[])),
        "petugas-kotak-paraf": (page, framed(DIVISION, view=inbox_view(DIVISION, parafs, none), errors=[])),
        "petugas-kotak-dinas": (page, framed(AGENCY, view=inbox_view(AGENCY, asked, none), errors=[])),
    }  # fmt: skip


def application_page(**changes: Any) -> ApplicationPage:
    fields: dict[str, Any] = {
        "number": NUMBER, "permit_type": LAW.code, "permit_name": LAW.title, "variant": "new",
        "status": "in_progress", "practice": False, "holder_name": "Contoh Pemohon Satu", "party": None,
        "identity_warnings": [], "channel": "web", "filed_by_name": None, "old_permit": None, "old_permit_text": None,
        "delivery": "download", "delivery_address": None, "data": case_row().data, "created_at": NOW,
        "submitted_at": NOW - timedelta(days=2), "definition_version": 1, "dossier_sha256": SHA,
        "stage": "Rekomendasi dinas terkait",
        "waiting": WaitingView(
            kind="opd", holder="Badan Perencanaan Pembangunan Daerah", since=NOW, due_at=NOW + timedelta(days=4)
        ),
        "promise_due_at": NOW + timedelta(days=6), "product": None, "tracking_code": "ABCDEFGHJKMNPQRS",
        "closed_at": None, "documents": documents(), "tasks": [case_task()], "stages": [], "letters": [LETTER],
        "opds": [asked_agency("bappeda", "Badan Perencanaan Pembangunan Daerah", None),
                 asked_agency("dpupr", "Dinas Pekerjaan Umum dan Penataan Ruang", "approve_with_conditions")],
    }  # fmt: skip
    return ApplicationPage.model_validate(fields | changes)


def case_task() -> TaskLine:
    return TaskLine(
        id=f"{NUMBER}-opd-bappeda-1.recommendation.1", kind="recommendation", role="opd", stage="Rekomendasi",
        holder="Badan Perencanaan Pembangunan Daerah", opd="bappeda", status="open", opened_at=NOW,
        due_at=NOW + timedelta(days=4), decision=None, closed_at=None,
    )  # fmt: skip


def asked_agency(opd: str, name: str, answer: str | None) -> OpdView:
    said = ["Tepi bawah papan paling rendah 3 meter dari permukaan jalan."] if answer else []
    return OpdView(
        opd=opd, name=name, asked_at=NOW - timedelta(days=1), due_at=NOW + timedelta(days=4),
        answered_at=NOW if answer else None, answer=answer, conditions=said, reason="",
    )  # fmt: skip


def case_line(n: int, status: str, **changes: Any) -> CaseLine:
    fields = {
        "number": f"PRM-2026-{n:06d}", "permit_name": LAW.title, "applicant_name": "Contoh Pemohon Satu, A.Md.Ftr.",
        "holder_name": "Contoh Pemohon Satu, A.Md.Ftr.", "status": status, "stage": "Pemeriksaan berkas",
        "waiting_for": "Petugas depan", "waiting_due_at": NOW, "promise_due_at": NOW + timedelta(days=n),
        "submitted_at": NOW, "closed_at": None, "practice": False, "channel": "web",
    }  # fmt: skip
    return CaseLine.model_validate(fields | changes)


def cases_shown(who: Actor, lines: list[CaseLine], **asked: Any) -> CasesView:
    return cases_view(CasesAsked(**asked), who, lines, len(lines), "", TYPES, "")


def cases_pages() -> Samples:
    about = Subject(applicant_id="contoh-applicant", field="kesehatan", opds=("bappeda",))
    record = [RecordLine(NOW - timedelta(hours=20 - n), sentence, "Sakpore") for n, sentence in enumerate((
        "Permohonan diajukan dengan berkas lengkap.", "Permohonan kami terima dan mulai diproses.",
        "Satu berkas perlu diperbaiki: Surat pernyataan pemohon. Alasannya: halaman kedua buram.",
        "Rekomendasi diminta kepada Badan Perencanaan Pembangunan Daerah; batasnya Senin 7 Desember 2026.",
    ))]  # fmt: skip

    def shown(page: ApplicationPage, who: Actor, **row: Any) -> Any:
        applicant = AccountRow(
            id="contoh-applicant", email="pemohon.satu@contoh.test", name="Contoh Pemohon Satu, A.Md.Ftr.",
            password_hash="-", role="applicant", phone="0800 0000 0001", address="Jalan Contoh Nomor 1, Pekalongan",
            created_at=NOW,
        )  # fmt: skip
        view = case_view(page, case_row(procedure="permit", **row), LAW, applicant, who, about, record, NOW)
        return "officers/kasus.html", framed(who, view=view)

    issued = application_page(
        status="issued", waiting=None, closed_at=NOW, product="permit", tasks=[], opds=[],
        letters=[LETTER.model_copy(update={"status": "issued", "signed_sha256": SHA})],
        identity_warnings=["region-differs"],
    )  # fmt: skip
    told = Told(NOW, NOW, "Dinas terkait", "e-mail", NOW, None, ("daun", "Terkirim"))
    whole = RecordView(NUMBER, LAW.title, record, [told, replace(told, state=("merah", "Tidak terkirim"))], "")
    some = [case_line(9, "in_progress"), case_line(8, "with_applicant", practice=True, holder_name=LONG),
            case_line(7, "issued", waiting_for=None, stage=None), case_line(6, "rejected")]  # fmt: skip
    adding = ActView(
        "Minta rekomendasi dinas lain", f"/kasus/{NUMBER}/dinas", f"/kasus/{NUMBER}", NUMBER, "Kirim permintaan",
        [FormField("opd", "opd", "Dinas", "select", options=[("dpupr", "DPUPR")], ask=True),
         FormField("working_days", "working_days", "Hari kerja", classes="govuk-input--width-2")],
        about=LAW.title, words="Janji kepada pemohon tidak berubah.", danger=True,
    )  # fmt: skip
    slip = {
        "number": NUMBER, "permit_name": LAW.title, "applicant_name": "Contoh Pemohon Satu",
        "tracking_code": "ABCDEFGHJKMNPQRS", "tracking_url": "http://localhost/lacak", "submitted_at": NOW,
        "promise_due_at": NOW,
    }  # fmt: skip
    listing = "officers/kasus-kasus.html"
    return {
        "kasus-kasus": (listing, framed(FRONT, view=cases_shown(FRONT, some))),
        "kasus-kasus-saring": (listing, framed(BACK, view=cases_shown(BACK, some[:1], keadaan="in_progress"))),
        "kasus-kasus-kosong": (listing, framed(BACK, view=cases_shown(BACK, []))),
        "kasus-satu": shown(application_page(), COORDINATOR),
        "kasus-satu-depan": shown(application_page(), FRONT),
        "kasus-satu-terbit": shown(issued, BACK),
        "kasus-satu-baru": shown(
            application_page(documents=[], letters=[], opds=[], tasks=[], waiting=None, submitted_at=None), BACK
        ),
        "kasus-catatan": ("officers/catatan.html", framed(FRONT, view=whole)),
        "kasus-catatan-tepat-waktu": ("officers/catatan.html", framed(FRONT, view=replace(whole, told=[]))),
        "kasus-tindakan": ("officers/tindakan.html", framed(COORDINATOR, view=adding, errors=[])),
        "kasus-tindakan-salah": (
            "officers/tindakan.html",
            framed(COORDINATOR, view=adding, errors=[("working_days", "Hari kerja harus angka.")]),
        ),
        "kasus-tanda-terima": ("officers/tanda-terima.html", {**framed(FRONT), **slip}),
    }  # fmt: skip


def counter_pages() -> Samples:
    wrong = [("nik", "NIK terdiri dari 16 angka.")]
    person = PersonView(
        "contoh", "Contoh Pemohon Satu, A.Md.Ftr.", True, [(one.code, one.title) for one in TYPES],
        [("new", "Baru"), ("renewal", "Perpanjangan"), ("change", "Perubahan")],
        {"jenis": "", "varian": "new", "latihan": ""}, [(NUMBER, LAW.title, ("nila", "Diproses"))],
    )  # fmt: skip
    making = {"fields": account_fields({}), "errors": [], "new": True, "address": "/loket/akun"}
    told = {"errors": [("name", "Nama lengkap, seperti di KTP belum diisi.")], "fields": account_fields({"phone": "1"})}
    lent = Lent("a", "Meja Anda kepada Petugas Depan Contoh Dua", "Senin 7 Desember 2026 sampai Jumat 11 Desember 2026",
                "Cuti tahunan", ("nila", "Akan berlaku"), True)  # fmt: skip
    fields = [FormField("to_id", "to_id", "Kepada", "select", options=[("x", "Petugas Depan Contoh Dua")], ask=True),
              FormField("valid_from", "valid_from", "Mulai", type="date", classes="govuk-input--width-10")]  # fmt: skip
    lending = DelegationsView("Petugas depan", [lent, replace(lent, can_end=False)], fields)
    return {
        "loket": ("officers/loket.html", framed(FRONT, drafts=[case_line(4, "draft")], errors=[])),
        "loket-salah": ("officers/loket.html", framed(FRONT, drafts=[], errors=wrong)),
        "loket-akun": ("officers/loket-akun.html", framed(FRONT, **making)),
        "loket-akun-salah": ("officers/loket-akun.html", framed(FRONT, **{**making, **told})),
        "loket-akun-ubah": ("officers/loket-akun.html", framed(FRONT, **{**making, "new": False})),
        "loket-orang": ("officers/loket-orang.html", framed(FRONT, view=person, errors=[])),
        "delegasi": ("officers/delegasi.html", framed(FRONT, view=lending, errors=[])),
        "delegasi-kosong": (
            "officers/delegasi.html",
            framed(FRONT, view=replace(lending, lent=[]), errors=[("to_id", "Pilih salah satu untuk Kepada.")]),
        ),
    }  # fmt: skip


def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    return {**inboxes(), **tasks(), **results(), **cases_pages(), **counter_pages()}
