"""What pages are given, about plainly fictional people: the context of each page in its usual and its hard states."""

from datetime import UTC, date, datetime
from typing import Any

View = dict[str, Any]


def at(day: int, hour: int = 2, minute: int = 15, month: int = 12) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


def tracking(**changes: Any) -> View:
    view: View = {
        "number": "PRM-2026-000117", "permit_name": "Izin Penelitian", "status": "recommendation",
        "stage_name": "Rekomendasi dinas terkait", "waiting_for": "Badan Perencanaan Pembangunan Daerah",
        "waiting_kind": "opd", "since": at(3), "due_at": at(8, 9, 0), "promised_on": date(2026, 12, 8),
        "promise_working_days": 5, "promise_provisional": False,
        "arithmetic": [
            {"date": date(2026, 12, 1), "counts": False, "ordinal": None, "reason": "hari berkas diterima, tidak dihitung"},
            {"date": date(2026, 12, 2), "counts": True, "ordinal": 1, "reason": "hari kerja"},
            {"date": date(2026, 12, 3), "counts": True, "ordinal": 2, "reason": "hari kerja"},
            {"date": date(2026, 12, 4), "counts": True, "ordinal": 3, "reason": "hari kerja"},
            {"date": date(2026, 12, 5), "counts": False, "ordinal": None, "reason": "akhir pekan"},
            {"date": date(2026, 12, 6), "counts": False, "ordinal": None, "reason": "akhir pekan"},
            {"date": date(2026, 12, 7), "counts": True, "ordinal": 4, "reason": "hari kerja"},
            {"date": date(2026, 12, 8), "counts": True, "ordinal": 5, "reason": "hari kerja"},
        ],
        "late": False, "paused": False, "repairs": [], "verification_url": None, "download_url": None,
        "compressed_pace": False, "practice": False,
        "steps": [
            {"title": "Rekomendasi dinas terkait", "holder": "Badan Perencanaan Pembangunan Daerah", "entered_at": at(3),
             "left_at": None, "events": [
                 {"at": at(7, 1, 0), "sentence": "Petugas Badan Perencanaan Pembangunan Daerah diingatkan: batasnya besok."},
                 {"at": at(3), "sentence": "Surat permintaan rekomendasi dikirim."}]},
            {"title": "Penelaahan", "holder": "Petugas bidang penelitian", "entered_at": at(2, 3), "left_at": at(3), "events": []},
            {"title": "Pemeriksaan berkas", "holder": "Petugas loket depan", "entered_at": at(1, 2), "left_at": at(2, 3),
             "events": [{"at": at(2, 3), "sentence": "Keenam berkas diterima."}]},
            {"title": "Permohonan diterima", "holder": "Sistem", "entered_at": at(1, 1), "left_at": at(1, 2), "events": []},
        ],
    }  # fmt: skip
    return {**view, **changes}


def late() -> View:
    view = tracking(late=True)
    view["steps"][0]["events"].insert(0, {"at": at(8, 9), "sentence": "Kepala Badan Perencanaan Pembangunan Daerah diberi tahu: batasnya terlewati."})
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
    view["steps"].insert(0, {"title": "Izin terbit", "holder": "Kepala dinas", "entered_at": at(8, 3), "left_at": at(8, 3),
                             "events": [{"at": at(8, 3), "sentence": "Surat ditandatangani secara elektronik dan siap diunduh."}]})
    return view


def permit(**changes: Any) -> View:
    return {
        "state": "SAH", "number": "503.SIPF/0042/XII/2026", "title": "Surat Izin Praktik Fisioterapis",
        "holder_name": "Contoh Pemohon Satu, A.Md.Ftr.", "issued_on": date(2026, 12, 4), "valid_until": date(2031, 12, 4),
        "signer_name": "Kepala Contoh, S.H., M.Si.",
        "signer_title": "Kepala Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu Kota Pekalongan",
        "signed_at": at(4, 7, 32), "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "level": "B-LTA", "facts": [("Tempat praktik", "Klinik Contoh Sehat"), ("Nomor STR", "00-0000-0000-CONTOH")],
        "demo_authority": True, **changes,
    }  # fmt: skip


def unknown_permit() -> View:
    return {"state": "TIDAK_DIKENAL", "demo_authority": False}


def report(**changes: Any) -> View:
    return {
        "verdict": "SAH", "level": "B-LTA", "reasons": [],
        "signatures": [{"signer_name": "Kepala Contoh, S.H., M.Si.", "signed_at": at(4, 7, 32)}],
        "match": {"number": "503.SIPF/0042/XII/2026", "title": "Surat Izin Praktik Fisioterapis", "state": "SAH",
                  "verification_url": "/v/X"}, **changes,
    }  # fmt: skip


def pages() -> dict[str, tuple[str, View]]:
    """Every page worth looking at: name -> (template, context)."""
    changed = report(verdict="TIDAK_SAH", level=None, match=None, signatures=[],
                     reasons=["Isi berkas ini berubah setelah ditandatangani."])
    form = {"csrf_token": "contoh", "report": None, "errors": []}
    shown: dict[str, tuple[str, View]] = {
        "beranda": ("beranda.html", {}),
        "beranda-salah": ("beranda.html", {"errors": [("kode", "Kode lacak terdiri dari 16 huruf dan angka.")], "code": "7Q2M"}),
        "lacak-dinas": ("lacak.html", {"view": tracking()}),
        "lacak-terlambat": ("lacak.html", {"view": late()}),
        "lacak-perbaikan": ("lacak.html", {"view": repair()}),
        "lacak-bayar": ("lacak.html", {"view": tracking(
            status="payment", stage_name="Pembayaran retribusi", waiting_kind="applicant", paused=True, due_at=None)}),
        "lacak-meja": ("lacak.html", {"view": tracking(
            status="verification", waiting_kind="desk", waiting_for="petugas loket depan")}),
        "lacak-terbit": ("lacak.html", {"view": issued()}),
        "lacak-ditolak": ("lacak.html", {"view": {**issued(), "status": "rejected"}}),
        "lacak-ditarik": ("lacak.html", {"view": tracking(status="withdrawn", waiting_kind=None, due_at=None)}),
        "verifikasi-tidak-dikenal": ("verifikasi.html", {"permit": unknown_permit()}),
        "unggah": ("verifikasi-unggah.html", form),
        "unggah-salah": ("verifikasi-unggah.html", {**form, "errors": [("pdf", "Pilih dulu berkas PDF-nya.")]}),
        "unggah-sah": ("verifikasi-unggah.html", {**form, "report": report()}),
        "unggah-berubah": ("verifikasi-unggah.html", {**form, "report": changed}),
        "masuk": ("masuk.html", {"csrf_token": "contoh"}),
        "masuk-salah": ("masuk.html", {"csrf_token": "contoh", "email": "contoh@contoh.example",
                                       "errors": [("email", "Alamat e-mail atau kata sandi keliru. Coba lagi.")]}),
    }  # fmt: skip
    for state in ("SAH", "DICABUT", "DIGANTI", "KEDALUWARSA", "BELUM_TERBIT"):
        shown[f"verifikasi-{state.lower()}"] = ("verifikasi.html", {"permit": permit(state=state)})
    for verdict in ("BELUM_TERBIT", "TIDAK_BERTANDA_TANGAN", "RUSAK"):
        shown[f"unggah-{verdict.lower()}"] = ("verifikasi-unggah.html", {**form, "report": report(
            verdict=verdict, level=None, match=None, signatures=[], reasons=[])})
    for status in (400, 403, 404, 413, 429, 500, 503):
        shown[f"galat-{status}"] = ("galat.html", {"status": status, "request_id": "req-contoh-01"})
    return shown
