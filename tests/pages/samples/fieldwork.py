"""What the pages of this folder are given, in their usual and their hard states."""

from datetime import UTC, datetime
from typing import Any

from api.pages.agencies.words import Countdown
from api.pages.fieldwork.visit_view import Evidence, Minutes, VisitLine, VisitView
from api.pages.fieldwork.visits import NOTHING_TYPED
from tests.pages.samples.people import TECHNICAL, Samples, framed

NUMBER = "PRM-2026-000043"
TASK = f"{NUMBER}.inspection.3"
DUE = datetime(2026, 12, 4, 8, 0, tzinfo=UTC)
PEOPLE = ("Tim Teknis Contoh", "Contoh Pemohon Tiga dengan Nama yang Panjang Sekali, S.E., M.M.")
NOBODY: dict[str, dict[str, str]] = {"way": {}, "reason": {}}


def evidence(count: int, of: str = TASK) -> tuple[Evidence, ...]:
    """Photos or scans that lie with the task."""
    return tuple(
        Evidence(sha256=f"{n}" * 64, filename=f"foto-{n}.jpg", picture=f"/tugas/{of}/lampiran/{n}/1.png?lebar=240",
                 address=f"/tugas/{of}/lampiran/{n}")
        for n in range(count)
    )  # fmt: skip


def view(**changes: Any) -> VisitView:
    """An inspection that is open."""
    given: dict[str, Any] = {
        "number": NUMBER, "task": TASK, "kind": "inspection", "stage": "Pemeriksaan lapangan",
        "permit_name": "Izin Reklame Tetap", "applicant_name": "Contoh Pemohon Tiga", "practice": False,
        "account": "contoh-technical_team", "seen": "a" * 64, "is_open": True, "may_decide": True, "held_by": "",
        "may_take": False, "due_at": DUE, "remaining": Countdown("soon", "Hari ini hari terakhir"), "decided_by": "",
        "closed_at": None, "decided": False, "next_task": "", "photos_wanted": 2, "evidence": (), "people": (),
        "minutes": None,
        "facts": (
            ("Nama penyelenggara reklame", "Toko Contoh Tiga"), ("Lokasi pemasangan", "Jalan Contoh Nomor 30"),
            ("Lebar bidang (cm)", "300"), ("Tinggi bidang (cm)", "120"),
        ),
        "papers": (
            ("Foto dan gambar lokasi serta konstruksi", f"/kasus/{NUMBER}/berkas/foto/1.png?lebar=240",
             f"/kasus/{NUMBER}/berkas/foto/1.png?lebar=1600"),
        ),
    }  # fmt: skip
    return VisitView(**(given | changes))


MINUTES = Minutes(
    number_text="0005/BA/XII/2026", pictures=(f"/kasus/{NUMBER}/surat/minutes-inspection/1.png",),
    address=f"/kasus/{NUMBER}/surat/minutes-inspection",
)  # fmt: skip
TO_SIGN: dict[str, Any] = {
    "kind": "sign_minutes", "task": f"{NUMBER}.sign_minutes.4", "minutes": MINUTES, "people": PEOPLE,
    "photos_wanted": 0,
}  # fmt: skip
DONE: dict[str, Any] = {
    "is_open": False, "may_decide": False, "decided": True, "decided_by": "Tim Teknis Contoh Dua",
    "closed_at": datetime(2026, 12, 4, 4, 12, tzinfo=UTC),
}  # fmt: skip


def _visit(errors: list[tuple[str, str]] | None = None, typed: dict[str, str] | None = None,
           chosen: dict[str, dict[str, str]] | None = None, **changes: Any) -> tuple[str, dict[str, Any]]:  # fmt: skip
    shown = view(**changes)
    template = "fieldwork/pemeriksaan.html" if shown.kind == "inspection" else "fieldwork/berita-acara.html"
    return template, framed(
        TECHNICAL, view=shown, errors=errors or [], typed=NOTHING_TYPED | (typed or {}), people=chosen or NOBODY
    )


def _line(kind: Any = "inspection", **changes: Any) -> VisitLine:
    given: dict[str, Any] = {
        "task": TASK, "address": f"/lapangan/{TASK}", "kind": kind, "number": NUMBER,
        "permit_name": "Izin Reklame Tetap", "applicant_name": "Contoh Pemohon Tiga", "due_at": DUE,
        "remaining": Countdown("late", "Terlambat 1 hari kerja"), "held_by": "",
    }  # fmt: skip
    return VisitLine(**(given | changes))


def _list(*lines: VisitLine) -> tuple[str, dict[str, Any]]:
    return "fieldwork/daftar.html", framed(TECHNICAL, lines=list(lines), account="contoh-technical_team")


def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    wrong = [
        ("foto", "Foto yang diminta: 2. Unggah dulu fotonya."), ("lintang", "Isi garis lintang, contohnya -6,888600."),
        ("hadir", "Tulis nama yang hadir, satu baris satu nama, paling banyak 30."),
    ]  # fmt: skip
    typed = {"latitude": "enam", "longitude": "109,6753", "accuracy": "8", "findings": "Konstruksi kokoh."}
    unsaid = [("cara-0", f"Pilih bagaimana {PEOPLE[0]} menandatangani.")]
    return {
        "lapangan-daftar": _list(
            _line(), _line("sign_minutes", task=f"{NUMBER}.sign_minutes.4", held_by="Tim Teknis Contoh Dua",
                           remaining=Countdown("later", "Sisa 2 hari kerja")),
        ),
        "lapangan-daftar-kosong": _list(),
        "lapangan-tanpa-jaringan": ("fieldwork/tanpa-jaringan.html", {"person": None}),
        "lapangan-pemeriksaan": _visit(),
        "lapangan-pemeriksaan-berfoto": _visit(evidence=evidence(3), practice=True),
        "lapangan-pemeriksaan-salah": _visit(errors=wrong, typed=typed, evidence=evidence(1)),
        "lapangan-pemeriksaan-selesai": _visit(**DONE | {"next_task": f"{NUMBER}.sign_minutes.4"},
                                               evidence=evidence(2)),
        "lapangan-pemeriksaan-disusun": _visit(**DONE),
        "lapangan-pemeriksaan-batal": _visit(**DONE | {"decided": False}),
        "lapangan-pemeriksaan-dipegang": _visit(may_decide=False, may_take=True, held_by="Tim Teknis Contoh Dua"),
        "lapangan-berita-acara": _visit(**TO_SIGN),
        "lapangan-berita-acara-salah": _visit(
            **TO_SIGN, errors=unsaid, evidence=evidence(1), chosen={"way": {"1": "menolak"}, "reason": {"1": "Pulang."}}
        ),
        "lapangan-berita-acara-selesai": _visit(**TO_SIGN | DONE),
    }  # fmt: skip
