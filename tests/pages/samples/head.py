"""What the leaders' pages are given: letters to sign, one letter whole, the step-up, results; stuck, lateness, mandates."""

from datetime import UTC, datetime, timedelta
from typing import Any

from api.pages.head.consenting import ConsentView, LeftOutLine, line_of
from api.pages.head.letters import LettersView, card_of, reading_view, send_back_view
from api.pages.head.readiness import ReadyView, signs_as
from api.pages.head.results import COLOURS, SHAPES, ResultLine, ResultsView, state_of
from api.pages.head.words import concern_words, letter_words
from store.queries.waiting_letters import ConsentedLetter, ConsentRow, WaitingLetter
from tests.pages.samples.people import AGENCY, DIVISION, HEAD, Samples, framed

NOW = datetime(2026, 12, 4, 3, 30, tzinfo=UTC)
LETTERS = (
    ("Surat Izin Praktik Fisioterapis", "Contoh Pemohon Satu, A.Md.Ftr.", "503.SIPF/0042/XII/2026"),
    ("Surat Keterangan Penelitian", "Contoh Mahasiswi Dua", "503.PEN/0117/XII/2026"),
    ("Izin Reklame Tetap", "CV Contoh Batik Terang Sejahtera Bersama Pekalongan Jaya Abadi Makmur", "503.REK/0009/XII/2026"),
    ("Izin Penyelenggaraan Satuan Pendidikan Nonformal Pusat Kegiatan Belajar Masyarakat", "Yayasan Contoh", "503/0003/PKBM/XII/2026"),
)  # fmt: skip


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
        }  # fmt: skip
    )


def ready(**changes: Any) -> ReadyView:
    return ReadyView(
        **{
            "signs_as": signs_as("definitive", None, None), "acting": False, "concern": "", "may_sign": True,
            "has_passkey": True, "passkey_from": None, "has_code": True, "sends_codes": False, **changes,
        }  # fmt: skip
    )


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
        }  # fmt: skip
    )
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
    return signing_pages()


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
    as_agency = ready(signs_as=signs_as("opd", None, None))
    return {
        **{
            f"tanda-tangan-{name}": ("head/tanda-tangan.html", framed(HEAD, view=view, errors=[]))
            for name, view in listed.items()
        },
        "tanda-tangan-tak-ditandai": (
            "head/tanda-tangan.html",
            framed(HEAD, view=listed["satu"], errors=[("surat-1", "Tandai paling sedikit satu surat, lalu lanjutkan.")]),
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
            framed(HEAD, view=send_back_view(agency, NOW), errors=[("kode", "Pilih salah satu untuk Alasan."), ("alasan", "Tuliskan alasannya.")]),
        ),
        **{
            f"persetujuan-{name}": ("head/persetujuan.html", framed(DIVISION if name == "plh" else HEAD, view=view, errors=errors))
            for name, (view, errors) in asked.items()
        },
        **{f"hasil-{name}": ("head/hasil.html", framed(HEAD, view=view)) for name, view in done.items()},
    }  # fmt: skip
