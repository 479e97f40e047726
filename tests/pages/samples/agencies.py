"""What the pages of this folder are given, in their usual and their hard states."""

from datetime import UTC, date, datetime
from typing import Any

from api.pages.agencies.asked import Given, Letter, Line, Paper, RequestView, Step, Told
from api.pages.agencies.requests import NOTHING_TYPED
from api.pages.agencies.signing import LetterToSign
from api.pages.agencies.words import Countdown
from api.signing_readiness import Readiness
from store.queries.agency_answers import AnswerCounts, AnswerLine
from tests.pages.samples.people import AGENCY, Samples, framed

NUMBER = "PRM-2026-000042"
TASK = f"{NUMBER}-opd-bappeda-1.recommendation.1"
DUE = datetime(2026, 12, 8, 9, 0, tzinfo=UTC)


def _at(day: int, hour: int = 2, minute: int = 5) -> datetime:
    return datetime(2026, 12, day, hour, minute, tzinfo=UTC)


AGENCY_NAME = "Badan Perencanaan Pembangunan Daerah (Bappeda)"
PAPERS = tuple(
    Paper(title=title, picture=f"/kasus/{NUMBER}/berkas/{code}/1.png?lebar=240",
          address=f"/permintaan/{TASK}/berkas/{code}")
    for code, title in (
        ("surat-permohonan", "Surat permohonan yang ditandatangani pimpinan lembaga"),
        ("proposal", "Proposal: latar belakang, maksud, ruang lingkup, waktu, sasaran, metode, tempat, dan hasil"),
        ("ktp", "Kartu Tanda Penduduk (KTP)"), ("pas-foto", "Pas foto"),
    )
)  # fmt: skip
COMING = (
    ("petugas Bappeda", 7, 1, True), ("petugas Bappeda", 8, 9, False), ("pimpinan Bappeda", 9, 9, False),
    ("Koordinator kantor kami", 10, 9, False), ("Kepala kantor kami", 11, 8, False), ("Inspektorat", 15, 9, False),
)  # fmt: skip


def steps(fallen: int = 0) -> tuple[Step, ...]:
    """The ladder of an agency, its first rungs fallen."""
    told = (
        Told(way="surel", sent_at=_at(7, 1, 1), delivered_at=_at(7, 1, 2), failed=False,
             message_id="<20261207010100.contoh@sakpore.contoh.test>"),
        Told(way="WhatsApp", sent_at=None, delivered_at=None, failed=True, message_id=None),
    )  # fmt: skip
    return tuple(
        Step(who=who, at=_at(day, hour, 0), is_warning=warning, fallen=n < fallen, told=told if n < fallen else ())
        for n, (who, day, hour, warning) in enumerate(COMING)
    )


def view(**changes: Any) -> RequestView:
    """A request that is open, with two working days left."""
    given: dict[str, Any] = {
        "number": NUMBER,
        "task": TASK,
        "permit_name": "Izin Penelitian",
        "practice": False,
        "compressed": False,
        "agency": AGENCY_NAME,
        "asks_for": "Kesesuaian rencana penelitian dan tempatnya",
        "state": "open",
        "go_to": "",
        "due_at": DUE,
        "remaining": Countdown("later", "Sisa 2 hari kerja"),
        "extended_days": 0,
        "extension_reason": "",
        "steps": steps(),
        "facts": (
            ("Pemohon", "Contoh Pemohon Dua"), ("Jenis izin", "Izin Penelitian"),
            ("Perguruan tinggi atau lembaga", "Universitas Contoh"),
            ("Judul penelitian", "Motif contoh pada batik contoh di sepanjang pesisir utara"),
            ("Tempat penelitian", "Museum Contoh, Kota Pekalongan"), ("Mulai tanggal", "Senin 4 Januari 2027"),
        ),
        "papers": PAPERS,
        "letters": (
            Letter(title="Surat permintaan rekomendasi", number_text="0012/REK/XII/2026", date=date(2026, 12, 3),
                   picture=f"/kasus/{NUMBER}/surat/opd-request-bappeda/1.png?lebar=240",
                   address=f"/kasus/{NUMBER}/surat/opd-request-bappeda"),
        ),
        "lines": (),
        "given": None,
        "ended_because": "",
        "may_answer": True,
        "held_by": "",
        "may_take": False,
        "may_give": False,
        "colleagues": (),
        "questions": (),
        "signs": False,
    }  # fmt: skip
    return RequestView(**(given | changes))


GIVEN = Given(
    words="Menyetujui dengan syarat", by="Petugas Bappeda Contoh Dua", at=_at(7, 6),
    way="dijawab dengan surat bertanda tangan basah",
    conditions=("Hasil penelitian diserahkan kepada Bappeda.", "Kegiatan tidak mengganggu jam kunjungan museum."),
    reason="", letter_number="", late_days=0,
)  # fmt: skip
TALK = (
    Line(at=_at(4, 3), words="Anda bertanya kepada pemohon", by="Petugas Bappeda Contoh",
         text="Apakah kuesioner dibagikan kepada pengunjung?\nBerapa hari?", files=()),
    Line(at=_at(7, 1), words="Pemohon menjawab", by="Contoh Pemohon Dua", text="Ya, selama dua hari.",
         files=(("/tugas/contoh/lampiran/contoh", "kuesioner_untuk_pengunjung_museum_contoh_versi_akhir.pdf"),)),
)  # fmt: skip
LATE = {"remaining": Countdown("late", "Terlambat 3 hari kerja"), "steps": steps(4)}
CLOSED: dict[str, Any] = {"may_answer": False, "steps": steps(1)[:1], "remaining": Countdown("none", "")}


def _request(errors: list[tuple[str, str]] | None = None, typed: dict[str, str] | None = None,
             **changes: Any) -> tuple[str, dict[str, Any]]:  # fmt: skip
    context = {"view": view(**changes), "errors": errors or [], "typed": NOTHING_TYPED | (typed or {})}
    return "agencies/permintaan.html", framed(AGENCY, **context)


def _line(n: int, **changes: Any) -> AnswerLine:
    given: dict[str, Any] = {
        "workflow_id": f"PRM-2026-0000{n:02}-opd-bappeda-1", "number": f"PRM-2026-0000{n:02}",
        "permit_name": "Izin Penelitian", "asked_at": _at(1), "due_at": _at(3), "answered_at": _at(2, 4),
        "answer": "approve", "way": "account", "used_days": 1, "late_days": 0, "status": "issued", "product": "permit",
        "stage": None,
    }  # fmt: skip
    return AnswerLine(**(given | changes))


LINES = [
    _line(48, answer="approve_with_conditions", status="in_progress", product=None,
          stage="Pemeriksaan draf oleh Subkoordinator"),
    _line(42),
    _line(40, answer="refuse", status="rejected", product="rejection", late_days=3, used_days=5),
    _line(39, status="in_delivery"),
    _line(31, answer="withdrawn", used_days=None, late_days=None, status="in_progress", product=None, stage=None),
    _line(30, answer="released", status="withdrawn", product=None),
]  # fmt: skip


def _answers(lines: list[AnswerLine], more: str = "") -> tuple[str, dict[str, Any]]:
    counts = AnswerCounts(answered=37, in_time=33) if lines else AnswerCounts(answered=0, in_time=0)
    return "agencies/jawaban.html", framed(AGENCY, lines=lines, counts=counts, is_first=True, more=more)


def _ready(**changes: Any) -> Readiness:
    given: dict[str, Any] = {
        "may_sign": True, "concern": None, "sentence": None, "certificate_sha256": None, "valid_until": None,
        "known_at": None, "capacity": "opd", "mandate_until": date(2027, 12, 31),
    }  # fmt: skip
    return Readiness(**(given | changes))


def _signing(errors: list[tuple[str, str]] | None = None, failed: bool = False, **ready: Any) -> tuple[str, Any]:
    letter = LetterToSign(
        number=NUMBER, task=f"{NUMBER}-opd-bappeda-1.sign_recommendation.2", permit_name="Izin Penelitian",
        seen="a" * 64, number_text="0007/REKOM-BAPPEDA/XII/2026",
        pictures=(f"/kasus/{NUMBER}/surat/opd-answer-bappeda-1/1.png?draf=1",), due_at=DUE,
        remaining=Countdown("soon", "Hari ini hari terakhir"), failed=failed,
    )  # fmt: skip
    return "agencies/tanda-tangan.html", framed(AGENCY, letter=letter, ready=_ready(**ready), errors=errors or [])


def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    letter = {"letter": "a" * 64, "letter_name": "surat_rekomendasi_bappeda.pdf"}
    bad = [("syarat", "Tulis syaratnya, satu syarat satu baris.")]
    return {
        "permintaan": _request(),
        "permintaan-terlambat": _request(**LATE, questions=(
            Line(at=_at(10), words="Pertanyaan", by="Koordinator Contoh", text="Apa yang menahan?", files=()),)),
        "permintaan-hari-terakhir": _request(remaining=Countdown("soon", "Hari ini hari terakhir"), steps=steps(1),
                                             signs=True),
        "permintaan-diperpanjang": _request(extended_days=3, extension_reason="Survei lapangan bersama dinas lain"),
        "permintaan-salah": _request(errors=bad, typed={"answer": "approve_with_conditions", **letter}),
        "permintaan-sesudah-tanya": _request(lines=TALK),
        "permintaan-menunggu-pemohon": _request(
            **CLOSED | {"state": "asked", "lines": TALK[:1], "remaining": Countdown("none", "Waktu Anda berhenti")}
        ),
        "permintaan-dicocokkan": _request(**CLOSED | {"state": "matching", "given": GIVEN}),
        "permintaan-dicatat": _request(**CLOSED | {"state": "settling", "given": GIVEN, "steps": ()}),
        "permintaan-tinggal-ditandatangani": _request(
            **CLOSED | {"state": "to_sign", "given": GIVEN, "go_to": "/permintaan/contoh",
                        "remaining": Countdown("soon", "Sisa 1 hari kerja")}
        ),
        "permintaan-dijawab-rekan": _request(**CLOSED | {"state": "answered", "given": GIVEN}),
        "permintaan-ditarik": _request(
            **CLOSED | {"state": "withdrawn", "ended_because": "Permohonan tidak memerlukan rekomendasi Anda lagi"}
        ),
        "permintaan-berakhir": _request(**CLOSED | {"state": "released", "steps": ()}),
        "permintaan-dipegang-rekan": _request(may_answer=False, held_by="Petugas Bappeda Contoh Dua", may_take=True),
        "permintaan-kepala": _request(may_give=True, signs=True, practice=True, colleagues=(
            ("satu", "Petugas Bappeda Contoh"), ("dua", "Petugas Bappeda dengan Nama Contoh yang Panjang, S.T."))),
        "permintaan-berkas": ("agencies/berkas.html", framed(
            AGENCY, title="Kartu Tanda Penduduk (KTP)", number=NUMBER, base=f"/kasus/{NUMBER}/berkas/ktp", pages=2,
            is_cut=False, back=f"/permintaan/{TASK}#berkas")),
        "permintaan-berkas-rusak": ("agencies/berkas.html", framed(
            AGENCY, title="Pas foto", number=NUMBER, base=f"/kasus/{NUMBER}/berkas/pas-foto", pages=0,
            is_cut=False, back=f"/permintaan/{TASK}#berkas")),
        "permintaan-tanda-tangan": _signing(),
        "permintaan-tanda-tangan-salah": _signing(
            [("kode", "Kode sekali pakai terdiri dari enam angka.")], failed=True, concern="expiring",
            sentence="Sertifikat Anda berakhir Kamis 31 Desember 2026; perbarui sebelum tanggal itu."),
        "permintaan-tanda-tangan-tanpa-mandat": _signing(
            may_sign=False, concern="no_mandate", capacity=None,
            sentence="Anda belum mempunyai mandat menandatangani untuk hari ini."),
        "jawaban-dinas": _answers(LINES, "/jawaban?sesudah=contoh"),
        "jawaban-dinas-kosong": _answers([]),
    }  # fmt: skip
