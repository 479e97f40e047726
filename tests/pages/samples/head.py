"""What the leaders' pages are given: letters to sign, the step-up, results; what is stuck, lateness, mandates."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from api.pages.head.acting import MandateForm, acting_view
from api.pages.head.consenting import ConsentView, LeftOutLine, line_of
from api.pages.head.lateness import month_view, now_view
from api.pages.head.letters import LettersView, card_of, reading_view, send_back_view
from api.pages.head.readiness import ReadyView, signs_as
from api.pages.head.results import COLOURS, SHAPES, ResultLine, ResultsView, state_of
from api.pages.head.stuck import stuck_view
from api.pages.head.words import capacity_words, concern_words
from api.pages.words import letter_words
from api.routes.evaluations import EvaluationAnswer
from api.sentences import Sentences
from api.staffing import MandateView
from permits.evaluation import DeskLine, Evaluation, OpdLine, ReasonLine, TypeLine
from permits.events import Tag
from store.queries.lateness import HeldAt
from store.queries.stuck import NoteLine, StuckAt
from store.queries.stuck_cases import Reminder, StuckTask
from store.queries.waiting_letters import ConsentedLetter, ConsentRow, WaitingLetter
from tests.pages.samples.people import AGENCY, COORDINATOR, DIVISION, HEAD, INSPECTORATE, OPS, Samples, framed

NOW = datetime(2026, 12, 4, 3, 30, tzinfo=UTC)
LETTERS = (
    ("Surat Izin Praktik Fisioterapis", "Contoh Pemohon Satu, A.Md.Ftr.", "503.SIPF/0042/XII/2026"),
    ("Surat Keterangan Penelitian", "Contoh Mahasiswi Dua", "503.PEN/0117/XII/2026"),
    (
        "Izin Reklame Tetap",
        "CV Contoh Batik Terang Sejahtera Bersama Pekalongan Jaya Abadi Makmur",
        "503.REK/0009/XII/2026",
    ),
    (
        "Izin Penyelenggaraan Satuan Pendidikan Nonformal Pusat Kegiatan Belajar Masyarakat",
        "Yayasan Contoh",
        "503/0003/PKBM/XII/2026",
    ),
)


def letter(place: int = 0, **changes: Any) -> WaitingLetter:
    """A letter that waits."""
    title, holder, number = LETTERS[place % len(LETTERS)]
    opened = NOW - timedelta(days=place, hours=3)
    return WaitingLetter(
        **{
            "task": f"PRM-2026-{place + 42:06d}.signing.7", "number": f"PRM-2026-{place + 42:06d}",
            "permit_name": title, "holder_name": holder, "purpose": "permit", "letter_number": number,
            "sha256": f"{place:064x}", "opened_at": opened, "due_at": opened + timedelta(days=1, hours=6),
            "practice": False, "return_to": ["verification", "assessment", "drafting"], "came_back": None,
            "paraf_by": "Kepala Bidang Contoh", "paraf_at": opened - timedelta(minutes=20), **changes,
        }
    )  # fmt: skip


def ready(**changes: Any) -> ReadyView:
    return ReadyView(
        **{
            "signs_as": signs_as("definitive", None, None), "acting": False, "concern": "", "may_sign": True,
            "has_passkey": True, "passkey_from": None, "has_code": True, "sends_codes": False, **changes,
        }
    )  # fmt: skip


def stopped(concern: str) -> ReadyView:
    return ready(concern=concern_words(concern, NOW), may_sign=concern == "expiring")


def letters(*found: WaitingLetter, total: int | None = None, without: tuple[str, ...] = (), **how: Any) -> LettersView:
    cards = [card_of(one, NOW, list(without)) for one in found]
    return LettersView(cards=cards, total=total or len(cards), most=200, ready=how.get("ready", ready()))


def consent(count: int, **how: Any) -> ConsentView:
    gone = [LeftOutLine(number="PRM-2026-000061", title=LETTERS[1][0], sentence=how["gone"])] if "gone" in how else []
    return ConsentView(
        lines=[line_of(letter(place)) for place in range(count)], left_out=gone, ready=how.get("ready", ready())
    )


def result(place: int, **changes: Any) -> ResultLine:
    """One letter of a consent, by what the store says of it."""
    one = letter(place)
    kept = ConsentedLetter(
        **{
            "sha256": one.sha256, "number": one.number, "permit_name": one.permit_name,
            "holder_name": one.holder_name, "letter_number": one.letter_number, "purpose": "permit",
            "open_task": None, "claim": None, "error": None, "signed_at": None, "released": False,
            "verification_id": None, **changes,
        }
    )  # fmt: skip
    state, word, sentence = state_of(CONSENT, kept, NOW)
    return ResultLine(
        state=state, word=word, shape=SHAPES[state], colour=COLOURS.get(state, "merah"), sentence=sentence,
        number=one.number, title=one.permit_name, kind=letter_words("permit"), holder_name=one.holder_name,
        letter_number=one.letter_number, verification="/v/X" if kept.released else None,
    )  # fmt: skip


CONSENT = ConsentRow(
    id="0123456789abcdef", officer_id=HEAD.id, created_at=NOW - timedelta(minutes=1),
    expires_at=NOW + timedelta(minutes=4),
)  # fmt: skip


def results(*lines: ResultLine, pending: int = 0, again: bool = False) -> ResultsView:
    return ResultsView(
        activation=CONSENT.id, lines=list(lines), signed=sum(line.state == "signed" for line in lines),
        pending=pending, returned=sum(line.state in ("failed", "unknown", "expired", "refused") for line in lines),
        until="10.34 WIB", may_ask_again=again, address=f"/tanda-tangan/hasil/{CONSENT.id}",
    )  # fmt: skip


def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    return signing_pages() | stuck_pages() | lateness_pages() | mandate_pages()


def signing_pages() -> Samples:
    waiting = [letter(place) for place in range(12)]
    back = letter(1, came_back="frasa sandinya salah")
    acting = ready(signs_as=signs_as("plh", HEAD.name, NOW.date() + timedelta(days=5)), acting=True, has_passkey=False)
    changed = "Yang Anda lihat sudah berubah. Muat ulang halaman ini, periksa lagi, lalu putuskan."
    wrong = [("kode", "Kode sekali pakai belum diisi."), ("frasa", "Frasa sandi belum diisi.")]
    listed = {
        "kosong": letters(),
        "satu": letters(letter()),
        "banyak": letters(*waiting, without=(waiting[1].task,)),
        "lebih": letters(letter(0), back, letter(2, practice=True, purpose="rejection", paraf_by=None), total=230),
        "plh": letters(letter(0), ready=acting),
        "tanpa-bukti": letters(letter(0), ready=ready(has_passkey=False, has_code=False)),
        "kunci-baru": letters(letter(0), ready=ready(has_passkey=False, passkey_from=NOW + timedelta(hours=20))),
        **{
            f"sertifikat-{concern}": letters(letter(0), ready=stopped(concern))
            for concern in ("no_mandate", "expiring", "expired", "revoked", "not_registered", "not_mandated")
        },
    }
    asked = {
        "kunci": (consent(12), []),
        "kode": (consent(1, ready=ready(has_passkey=False)), []),
        "salah": (consent(2), wrong),
        "berubah": (consent(3, gone=changed), []),
        "penyedia": (consent(3, ready=ready(sends_codes=True)), []),
        "plh": (consent(1, ready=acting), []),
        "kunci-saja": (consent(1, ready=ready(has_code=False)), []),
    }
    signed = {"signed_at": NOW, "released": True, "claim": "SIGNED"}
    refusal = result(3).model_copy(
        update={"state": "refused", "word": "Tidak ikut", "shape": "bad", "colour": "merah", "sentence": changed}
    )
    done = {
        "jalan": results(
            result(0, **signed), result(1, signed_at=NOW), result(2, claim="SENT"),
            result(3, claim="CLAIMED", error="timestamp_unavailable"), result(4, open_task="x"), pending=4, again=True,
        ),
        "selesai": results(result(0, **signed), result(1, **signed)),
        "sebagian": results(
            result(0, **signed), result(1, claim="FAILED", error="wrong_passphrase"),
            result(2, claim="UNKNOWN", error="outcome_unknown"), refusal,
        ),
    }  # fmt: skip
    agency = letter(1, purpose="opd-answer-bappeda-1", paraf_by=None, return_to=[])
    unsaid = [("kode", "Pilih salah satu untuk Alasan."), ("alasan", "Tuliskan apa yang perlu diperbaiki.")]
    as_agency = ready(signs_as=signs_as("opd", None, None))
    return {
        **{
            f"tanda-tangan-{name}": ("head/tanda-tangan.html", framed(HEAD, view=view, errors=[]))
            for name, view in listed.items()
        },
        "tanda-tangan-tak-ditandai": (
            "head/tanda-tangan.html",
            framed(HEAD, view=listed["satu"], errors=[("surat-1", "Tandai paling sedikit satu surat.")]),
        ),
        "tanda-tangan-dinas": (
            "head/tanda-tangan.html", framed(AGENCY, view=letters(agency, ready=as_agency), errors=[]),
        ),
        "baca-surat": ("head/baca-surat.html", framed(HEAD, view=reading_view(waiting, 1, 2, NOW, []))),
        "baca-surat-tinggal": (
            "head/baca-surat.html", framed(HEAD, view=reading_view([back], 0, 1, NOW, [back.task])),
        ),
        "kembalikan": (
            "head/kembalikan.html", framed(HEAD, view=send_back_view(letter(2), NOW), errors=[]),
        ),
        "kembalikan-salah": (
            "head/kembalikan.html",
            framed(HEAD, view=send_back_view(agency, NOW), errors=unsaid),
        ),
        **{
            f"persetujuan-{name}": (
                "head/persetujuan.html", framed(DIVISION if name == "plh" else HEAD, view=view, errors=errors),
            )
            for name, (view, errors) in asked.items()
        },
        **{f"hasil-{name}": ("head/hasil.html", framed(HEAD, view=view)) for name, view in done.items()},
    }  # fmt: skip


def stuck_pages() -> Samples:
    bappeda = StuckAt(
        role="opd", opd="bappeda", field=None, holder="Badan Perencanaan Pembangunan Daerah", assigned_to=None,
        assigned_to_name=None, tasks=3, oldest_due_at=NOW - timedelta(days=9), oldest_task="x", oldest_number="x",
    )  # fmt: skip
    officer = bappeda.model_copy(
        update={"role": "back_office", "opd": None, "field": "kesehatan", "assigned_to": "p", "tasks": 1,
                "assigned_to_name": "Petugas Kesehatan Contoh", "oldest_due_at": NOW - timedelta(days=2)}
    )  # fmt: skip
    desk = officer.model_copy(
        update={"role": "coordinator", "field": None, "assigned_to": None, "assigned_to_name": None}
    )

    def stuck(place: int, at: StuckAt, *notes: NoteLine) -> StuckTask:
        due = at.oldest_due_at + timedelta(days=place % 3)
        facts = {"holder": at.holder, "stage": "Rekomendasi", "who": "holder_head", "due_at": due.isoformat()}
        return StuckTask(
            id=f"PRM-2026-{place:06d}.recommendation.1", number=f"PRM-2026-{place:06d}",
            permit_name=LETTERS[place % 4][0], stage="Rekomendasi dinas terkait", holder=at.holder, role=at.role,
            opd=at.opd, field=at.field, assigned_to=at.assigned_to, assigned_to_name=at.assigned_to_name,
            opened_at=due - timedelta(days=3), due_at=due, notes=list(notes),
            reminders=[
                Reminder(at=due - timedelta(days=1), tag=Tag.OPD_WARNED.value, facts=facts),
                Reminder(at=due, tag=Tag.OPD_ESCALATED.value, facts=facts),
            ],
        )  # fmt: skip

    asked = NoteLine(kind="asked", at=NOW - timedelta(hours=20), by=HEAD.name, text="Mengapa belum ada rekomendasi?")
    answered = NoteLine(
        kind="answered", at=NOW - timedelta(hours=2), by="Petugas Bappeda Contoh",
        text="Kami menunggu data dari kelurahan. Rekomendasi keluar Senin 7 Desember pagi.",
    )  # fmt: skip
    tasks = [stuck(1, bappeda), stuck(2, bappeda, asked), stuck(4, officer, asked, answered), stuck(7, desk)]
    view = stuck_view([bappeda, officer, desk], tasks, COORDINATOR, Sentences(), NOW)
    long = stuck_view([bappeda], tasks[:1], HEAD, Sentences(), NOW, (tasks[0].id, "mengapa " * 80))
    field = f"tanya-{long.holders[0].cards[0].anchor}"
    words = "Pertanyaannya terlalu panjang; paling banyak 500 huruf."
    return {
        "macet": ("head/macet.html", framed(COORDINATOR, view=view, errors=[])),
        "macet-kosong": ("head/macet.html", framed(HEAD, view=stuck_view([], [], HEAD, Sentences(), NOW), errors=[])),
        "macet-salah": ("head/macet.html", framed(HEAD, view=long, errors=[(field, words)])),
    }


def lateness_pages() -> Samples:
    def held(role: str, name: str, count: int, late: int, field: str | None = None) -> HeldAt:
        return HeldAt(
            role=role, field=field, opd="x" if role == "opd" else None, holder=name, held=count, late=late,
            oldest_due_at=NOW - timedelta(days=late), oldest_number="PRM-2026-000017",
        )  # fmt: skip

    now = [
        held("opd", "Badan Perencanaan Pembangunan Daerah", 14, 9), held("opd", "Dinas Kesehatan", 8, 2),
        held("opd", "Dinas Pekerjaan Umum dan Penataan Ruang", 5, 0), held("back_office", "", 21, 3, "kesehatan"),
        held("front_office", "", 12, 0), held("head_of_office", "", 12, 1),
    ]  # fmt: skip
    flow = {"open_before": 6, "received": 41, "finished": 38, "open_at_end": 9}
    evaluation = Evaluation(
        month="2026-11", first=date(2026, 11, 1), last=date(2026, 11, 30), as_of=NOW, nihil=False,
        total=TypeLine(permit_type="", title="", **flow, served=36, in_time_net=31),
        types=(
            TypeLine(permit_type="sip", title=LETTERS[0][0], **flow, served=30, in_time_net=28),
            TypeLine(permit_type="pkbm", title=LETTERS[3][0], received=2, open_at_end=2),
        ),
        desks=(
            DeskLine(role="back_office", field="kesehatan", **flow, decided=35, in_time=30, rungs=4),
            DeskLine(role="head_of_office", field=None, **flow, decided=38, in_time=38),
        ),
        opds=(
            OpdLine(opd="bappeda", name="Badan Perencanaan Pembangunan Daerah", **flow, answered=12, in_time=4,
                    late_days=27, rungs=11),
            OpdLine(opd="dinkes", name="Dinas Kesehatan", **flow, answered=9, in_time=9),
        ),
        rungs=(), reasons=(
            ReasonLine(kind="document", code="unreadable", times=8),
            ReasonLine(kind="return", code="wrong-data", times=3),
            ReasonLine(kind="refusal", code="other", times=1),
        ),
    )  # fmt: skip
    known, today = ["2026-11", "2026-10"], NOW.date()
    full = EvaluationAnswer(version=2, pdf_sha256="0" * 64, evaluation=evaluation)
    nihil = EvaluationAnswer(
        version=1, pdf_sha256="0" * 64,
        evaluation=evaluation.model_copy(update={"nihil": True, "types": (), "desks": (), "opds": (), "reasons": ()}),
    )  # fmt: skip
    months = {
        "penuh": month_view("2026-11", full, known, today), "nihil": month_view("2026-10", nihil, known, today),
        "belum": month_view("2026-12", None, [], today),
    }  # fmt: skip
    return {
        "keterlambatan": ("head/keterlambatan.html", framed(HEAD, view=now_view(now, HEAD, NOW))),
        "keterlambatan-inspektorat": (
            "head/keterlambatan.html", framed(INSPECTORATE, view=now_view(now[:2], INSPECTORATE, NOW)),
        ),
        "keterlambatan-kosong": ("head/keterlambatan.html", framed(HEAD, view=now_view([], HEAD, NOW))),
        **{
            f"evaluasi-{name}": ("head/evaluasi.html", framed(INSPECTORATE, view=view, errors=[]))
            for name, view in months.items()
        },
        "evaluasi-salah": (
            "head/evaluasi.html",
            framed(HEAD, view=months["belum"], errors=[("susun", "Pilih bulan yang akan dievaluasi.")]),
        ),
    }  # fmt: skip


def mandate_pages() -> Samples:
    def mandate(name: str, capacity: str, first: date, last: date | None, **changes: Any) -> MandateView:
        return MandateView(
            **{
                "id": f"{name}-{capacity}-{first}", "account_id": name, "capacity": capacity,
                "opd": "bappeda" if capacity == "opd" else None, "certificate_sha256": "a" * 64, "valid_from": first,
                "valid_until": last, "decree": "800/0042/XI/2026 (contoh)", "given_by": "ops", "revoked_at": None,
                **changes,
            }
        )  # fmt: skip

    names = {"kepala": HEAD.name, "kabid": DIVISION.name, "koordinator": COORDINATOR.name, "ops": OPS.name,
             "bappeda": "Kepala Bappeda Contoh"}  # fmt: skip
    today = NOW.date()
    rows = [
        mandate("kepala", "definitive", date(2020, 1, 1), None),
        mandate("kabid", "plh", today, today + timedelta(days=4), given_by="kepala"),
        mandate("koordinator", "plt", today + timedelta(days=20), today + timedelta(days=40)),
        mandate("bappeda", "opd", date(2026, 1, 2), None),
        mandate("kabid", "plh", date(2026, 3, 2), date(2026, 3, 6)),
        mandate("koordinator", "plh", date(2026, 5, 4), date(2027, 5, 8), revoked_at=datetime(2026, 5, 5, tzinfo=UTC)),
    ]
    form = MandateForm(
        people=[("kabid", "Kepala Bidang Contoh, Kepala Bidang Perizinan"), ("koordinator", "Koordinator Contoh")],
        capacities=[(one, capacity_words(one)) for one in ("plh", "plt")], known=[DIVISION.name],
        valid_from=today.isoformat(),
    )  # fmt: skip
    typed = form.model_copy(
        update={"account_id": "koordinator", "valid_until": "2026-12-01", "certificate_sha256": "ab"}
    )
    errors = [("orang", "Orang ini tidak dapat diberi tugas itu."), ("sertifikat", "Sidik jari belum benar.")]
    full = acting_view(rows, names, today, "kepala")
    return {
        "plh": ("head/plh.html", framed(HEAD, view=full)),
        "plh-tanpa-pejabat": ("head/plh.html", framed(OPS, view=acting_view([], names, today, "ops"))),
        "plh-baru": ("head/plh-baru.html", framed(HEAD, view=form, errors=[])),
        "plh-baru-salah": ("head/plh-baru.html", framed(OPS, view=typed, errors=errors)),
        "plh-cabut": ("head/plh-cabut.html", framed(HEAD, card=full.now[0])),
    }
