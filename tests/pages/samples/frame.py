"""What pages are given, about plainly fictional people: the context of each page in its usual and its hard states."""

from datetime import UTC, date, datetime
from typing import Any

from api.code_reader import Found
from api.pages.formatting import day_reason
from api.pages.menu import menu_of
from api.pages.public.verification import PHOTO_WORDS, TYPED_WORDS
from api.reason_words import advice_on
from signing.verdict import REASONS

View = dict[str, Any]
CODE = "7Q2MZK4XWB3FJ5T8"
PERSON = {"name": "Contoh Pemohon Satu, A.Md.Ftr."}
BAPPEDA = "Badan Perencanaan Pembangunan Daerah"


def at(day: int, hour: int = 2, minute: int = 15, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def counted(day: int, ordinal: int | None, code: str = "counted") -> View:
    return {"date": date(2026, 12, day), "counts": ordinal is not None, "ordinal": ordinal, "reason": day_reason(code)}


def step(
    title: str, holder: str, entered_at: datetime, left_at: datetime | None, *events: tuple[datetime, str]
) -> View:
    told = [{"at": when, "sentence": sentence} for when, sentence in events]
    return {"title": title, "holder": holder, "entered_at": entered_at, "left_at": left_at, "events": told}


def tracking(**changes: Any) -> View:
    view: View = {
        "number": "PRM-2026-000117", "permit_name": "Izin Penelitian", "status": "recommendation", "product": None,
        "stage_name": "Rekomendasi dinas terkait", "waiting_for": BAPPEDA,
        "waiting_kind": "opd", "since": at(3), "due_at": at(8, 9, 0), "promised_on": date(2026, 12, 8),
        "promise_working_days": 5, "promise_provisional": False, "expected_on": None,
        "arithmetic": [
            counted(1, None, "received"), counted(2, 1), counted(3, 2), counted(4, 3), counted(5, None, "weekend"),
            counted(6, None, "weekend"), counted(7, 4), counted(8, 5),
        ],
        "late": False, "paused": False, "repairs": [], "verification_url": None, "download_url": None,
        "compressed_pace": False, "practice": False,
        "steps": [
            step("Rekomendasi dinas terkait", BAPPEDA, at(3), None,
                 (at(7, 1, 0), f"Petugas {BAPPEDA} diingatkan: batasnya besok."),
                 (at(3), "Surat permintaan rekomendasi dikirim.")),
            step("Penelaahan", "Petugas bidang penelitian", at(2, 3), at(3)),
            step("Pemeriksaan berkas", "Petugas loket depan", at(1, 2), at(2, 3),
                 (at(2, 3), "Keenam berkas diterima.")),
            step("Permohonan diterima", "Sistem", at(1, 1), at(1, 2)),
        ],
    }  # fmt: skip
    return {**view, **changes}


def late() -> View:
    view = tracking(late=True, expected_on=date(2026, 12, 11))
    told = f"Kepala {BAPPEDA} diberi tahu: batasnya terlewati."
    view["steps"][0]["events"].insert(0, {"at": at(8, 9), "sentence": told})
    return view


def repair() -> View:
    return tracking(
        status="verification", stage_name="Perbaikan berkas", waiting_kind="applicant", waiting_for="Anda", paused=True,
        due_at=None, promise_provisional=True, practice=True,
        repairs=[{"document": "Ijazah", "reason": "halaman kedua tidak terbaca."},
                 {"document": "Pas foto", "reason": "latarnya bukan merah."}],
    )  # fmt: skip


def issued() -> View:
    view = tracking(
        status="issued", waiting_kind=None, waiting_for=None, due_at=None, download_url="/lacak/X/surat.pdf",
        verification_url="/v/X", compressed_pace=True,
    )  # fmt: skip
    view["steps"][0]["left_at"] = at(7)
    signed = (at(8, 3), "Surat ditandatangani secara elektronik dan siap diunduh.")
    view["steps"].insert(0, step("Izin terbit", "Kepala dinas", at(8, 3), at(8, 3), signed))
    return view


def rejected() -> View:
    view = {**issued(), "status": "rejected"}
    view["steps"][0] = step("Surat penolakan terbit", "Kepala dinas", at(8, 3), at(8, 3))
    return view


def procedure_done(product: str) -> View:
    return {**issued(), "product": product, "permit_name": "Izin Reklame Tetap"}


def permit(**changes: Any) -> View:
    return {
        "state": "SAH", "purpose": "permit", "number": "503.SIPF/0042/XII/2026",
        "title": "Surat Izin Praktik Fisioterapis", "holder_name": "Contoh Pemohon Satu, A.Md.Ftr.",
        "issued_on": date(2026, 12, 4), "valid_until": date(2031, 12, 4),
        "signer_name": "Kepala Contoh, S.H., M.Si.",
        "signer_title": "Kepala Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu Kota Pekalongan",
        "signed_at": at(4, 7, 32), "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "level": "B-LTA", "facts": [("Tempat praktik", "Klinik Contoh Sehat"), ("Nomor STR", "00-0000-0000-CONTOH")],
        "changed_on": None, "successor_number": None, "extended_until": None, "demo_authority": True, **changes,
    }  # fmt: skip


def changed_permit(state: str) -> View:
    """A permit that something came after, with the number of the letter that did it."""
    number = {"DICABUT": "503/0003/CABUT/V/2027", "DIGANTI": "503/0007/GANTI/V/2027"}.get(state, "503/0051/SIPF/V/2027")
    return permit(state=state, changed_on=datetime(2027, 5, 3, 4, tzinfo=UTC), successor_number=number)


def extended_permit(**changes: Any) -> View:
    later = {"extended_until": date(2036, 12, 4), "successor_number": "503/0002/PANJANG/XI/2031"}
    return permit(changed_on=datetime(2031, 11, 3, 4, tzinfo=UTC), **{**later, **changes})


def unknown_permit() -> View:
    return {"state": "TIDAK_DIKENAL", "demo_authority": False}


def report(*reasons: str, **changes: Any) -> View:
    findings = [{"code": code, "text": REASONS[code], "advice": advice_on(code)} for code in reasons]
    return {
        "verdict": "SAH", "level": "B-LTA", "findings": findings,
        "signatures": [{"signer_name": "Kepala Contoh, S.H., M.Si.", "signed_at": at(4, 7, 32)}],
        "match": a_match(), **changes,
    }  # fmt: skip


def a_match(**changes: Any) -> View:
    return {
        "number": "503.SIPF/0042/XII/2026", "title": "Surat Izin Praktik Fisioterapis", "state": "SAH",
        "purpose": "permit", "holder_name": "Contoh Pemohon Satu, A.Md.Ftr.", "issued_on": date(2026, 12, 4),
        "valid_until": date(2031, 12, 4), "changed_on": None, "extended_until": None, "successor_number": None,
        "verification_url": "/v/X", **changes,
    }  # fmt: skip


def unissued_match() -> View:
    return dict.fromkeys(a_match()) | {"state": "BELUM_TERBIT"}


def changed_match(state: str) -> View:
    told = changed_permit(state)
    return a_match(state=state, changed_on=told["changed_on"], successor_number=told["successor_number"])


def uploads() -> dict[str, View]:
    """Every answer to an uploaded file: the five verdicts, and every state of a registered letter."""
    empty: View = {"level": None, "match": None, "signatures": []}
    return {
        "sah": report(),
        "kedaluwarsa": report(match=a_match(state="KEDALUWARSA", valid_until=date(2026, 12, 5))),
        "contoh": report(match=a_match(state="CONTOH")),
        "penolakan": report(match=a_match(purpose="rejection", title="Surat Penolakan", valid_until=None)),
        "pencabutan": report(match=a_match(purpose="revocation", title="Pencabutan Izin", valid_until=None)),
        **{state.lower(): report(match=changed_match(state)) for state in ("DICABUT", "DIGANTI", "DIPERPANJANG")},
        "diperpanjang-sampai": report(match=a_match(extended_until=date(2036, 12, 4))),
        "belum-diterbitkan": report(match=unissued_match()),
        "tidak-terdaftar": report(match=None),
        "berubah": report("digest_mismatch", "changed_after_signing", verdict="TIDAK_SAH", **empty),
        "semua-alasan": report(*REASONS, verdict="TIDAK_SAH", **empty),
        "belum_terbit": report("head_unsigned", verdict="BELUM_TERBIT", **empty),
        "tidak_bertanda_tangan": report("no_signature", verdict="TIDAK_BERTANDA_TANGAN", **empty),
        "rusak": report("unparsable", verdict="RUSAK", **empty),
    }


def pages() -> dict[str, tuple[str, View]]:
    """Every page worth looking at: name -> (template, context); what has no menu of its own has that of strangers."""
    return {name: (template, {"menu": menu_of(None), **context}) for name, (template, context) in _pages().items()}


def _pages() -> dict[str, tuple[str, View]]:
    form = {
        "csrf_token": "contoh", "report": None, "errors": [], "limit_bytes": 25_000_000,
        "photo_limit_bytes": 25_000_000, "public_address": "https://sakpore.contoh.example",
    }  # fmt: skip
    tracked = {
        "dinas": tracking(), "terlambat": late(), "perbaikan": repair(), "terbit": issued(), "ditolak": rejected(),
        **{name: procedure_done(name) for name in ("revocation", "replacement", "extension")},
        "bayar": tracking(status="payment", stage_name="Pembayaran retribusi", waiting_kind="applicant", paused=True),
        "meja": tracking(status="verification", waiting_kind="desk", waiting_for="petugas loket depan"),
        "diterima": tracking(status="received", waiting_kind=None, since=None, due_at=None, steps=[]),
        "ditarik": tracking(status="withdrawn", waiting_kind=None, due_at=None),
    }  # fmt: skip
    states = ("SAH", "KEDALUWARSA", "CONTOH", "BELUM_TERBIT")
    ended = ("DICABUT", "DIGANTI", "DIPERPANJANG")
    letter, upload = "public/verifikasi.html", "public/verifikasi-unggah.html"
    return {
        **{f"lacak-{name}": ("public/lacak.html", {"view": view, "code": CODE}) for name, view in tracked.items()},
        **{f"verifikasi-{state.lower()}": (letter, {"permit": permit(state=state)}) for state in states},
        **{f"verifikasi-{state.lower()}": (letter, {"permit": changed_permit(state)}) for state in ended},
        "verifikasi-penolakan": (letter, {"permit": permit(purpose="rejection", valid_until=None)}),
        "verifikasi-pencabutan": (letter, {"permit": permit(purpose="revocation", valid_until=None)}),
        "verifikasi-diperpanjang-sampai": (letter, {"permit": extended_permit()}),
        "verifikasi-tidak-dikenal": (letter, {"permit": unknown_permit()}),
        "verifikasi-kode-asing": (
            letter,
            {"permit": {"state": "KODE_ASING", "demo_authority": False}, "words": PHOTO_WORDS[Found.FOREIGN]},
        ),
        "unggah": (upload, form),
        **{
            f"unggah-salah-{field}": (upload, {**form, "errors": [(field, words)]})
            for field, words in (
                ("pdf", "Pilih dulu berkas PDF-nya."), ("foto", PHOTO_WORDS[Found.NOTHING]),
                ("kode", TYPED_WORDS[Found.NOTHING]),
            )
        },
        **{f"unggah-{name}": (upload, {**form, "report": one}) for name, one in uploads().items()},
        "luring": ("public/luring.html", {}),
        "peragaan": ("peragaan.html", {
            "people": [{"name": "Kepala Dinas Contoh", "email": "kepala@contoh.test", "password": "contoh-sakpore",
                        "role": "head_of_office", "where": "", "code": "123456"},
                       {"name": "Petugas Kesehatan Contoh", "email": "kesehatan@contoh.test", "role": "back_office",
                        "password": "contoh-sakpore", "where": "kesehatan", "code": None}],
            "passphrase": "frasa-sandi-contoh",
            "roles": {"head_of_office": "Kepala dinas", "back_office": "Petugas bidang"},
            "fields": {"kesehatan": "Kesehatan"}, "seconds_left": 12, "demonstration": True,
            "csrf_token": "contoh",
        }),
        "peragaan-surat": ("peragaan-surat.html", {"demonstration": True, "mails": [
            {"to": "pemohon.satu@contoh.test", "at": at(3), "subject": "Permohonan Anda sudah kami terima",
             "body": f"Lacak di http://localhost:8080/lacak/{CODE}"}]}),
        "peragaan-surat-kosong": ("peragaan-surat.html", {"mails": []}),
        "belum-pasti": (
            "belum-pasti.html",
            {"csrf_token": "contoh", "form_key": "kunci-contoh", "hidden": [("kode", "contoh")], "action": "/contoh",
             "back": "/"},
        ),
        **{
            f"galat-{status}": ("galat.html", {"status": status, "request_id": "req-contoh-01"})
            for status in (400, 401, 403, 404, 413, 429, 500, 503)
        },
    }
