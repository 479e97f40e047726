"""Facts for showing a text of the office: nobody in them exists."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

WHEN = datetime(2026, 12, 8, 9, 0, tzinfo=UTC)


def sample_facts(base_url: str) -> dict[str, Any]:
    """Every fact that a text may ask for."""
    base = base_url.rstrip("/")
    plain = {
        "name": "Contoh Pemohon Satu", "number": "PRM-2026-000117", "title": "Izin Penelitian",
        "stage": "Rekomendasi dinas terkait", "holder": "Badan Perencanaan Pembangunan Daerah (Bappeda)",
        "who": "holder", "rung": "holder", "task": "PRM-2026-000117-contoh", "reason": "Contoh alasan",
        "letter_number": "071/0001/PENELITIAN/XII/2026", "queue_number": "A-012", "receipt_number": "P0000000000000",
        "received_by": "Contoh Penerima", "officer": "Petugas Depan Contoh", "account": "Contoh Pemohon Satu",
        "delivery": "download", "instructions": "Contoh petunjuk", "period": "Desember 2026", "question": "Contoh?",
        "passkey": "Ponsel contoh", "sentence": "Contoh kalimat.", "next_step": "kepala dinasnya diberi tahu",
        "object_sha256": "0" * 64, "month": "2026-12",
        "about": "Contoh hal", "email": "contoh@contoh.test", "opd": "bappeda",
    }  # fmt: skip
    times = dict.fromkeys(
        ("due_at", "since", "promised_at", "expected_on", "next_at", "until_at", "valid_until", "expires_on"), WHEN
    )
    places = {
        "base_url": base, "tracking_url": f"{base}/lacak/7Q2MZK4XWB3FJ5T8", "link": f"{base}/contoh",
        "renewal_url": f"{base}/permohonan", "task_url": f"{base}/tugas",
    }  # fmt: skip
    lists: dict[str, Any] = {
        "documents": [("Ijazah", "unreadable")], "reminded": ["holder", "holder_head"], "lines": [], "failing": 1,
        "stopped": 0, "urgent": 0, "days": 7, "attached": True, "day": WHEN,
    }  # fmt: skip
    return plain | times | places | lists
