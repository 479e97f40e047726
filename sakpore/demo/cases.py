"""The three applications of the demonstration, and what each desk answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sakpore.demo.office import Desk
from sakpore.demo.papers import pdf_paper, picture
from sakpore.people import APPLICANTS, Person

Answer = dict[str, Any]


@dataclass(frozen=True)
class DemoCase:
    """One application."""

    permit_type: str
    applicant: Person
    data: dict[str, str]
    delivery: str
    silent_opd: str | None = None  # answers only after two rungs of its ladder


CASES = (
    DemoCase(
        "sip-fisioterapis",
        APPLICANTS[0],
        {
            "str_number": "STR-CONTOH-0001",
            "practice_kind": "Pada fasilitas",
            "practice_name": "Klinik Contoh Sehat",
            "practice_address": "Jalan Contoh Nomor 10, Kota Pekalongan",
            "practice_order": "1",
        },
        "download",
    ),
    DemoCase(
        "izin-penelitian",
        APPLICANTS[1],
        {
            "institution": "Universitas Contoh",
            "research_title": "Motif contoh pada batik contoh",
            "research_aim": "Menyusun tugas akhir contoh",
            "research_place": "Museum Contoh, Kota Pekalongan",
            "starts_on": "2027-01-04",
            "ends_on": "2027-03-31",
        },
        "email",
        silent_opd="bappeda",
    ),
    DemoCase(
        "izin-reklame-tetap",
        APPLICANTS[2],
        {
            "organizer": "Toko Contoh Tiga",
            "advert_text": "Toko Contoh Tiga: buka setiap hari",
            "advert_kind": "Papan nama",
            "site_address": "Jalan Contoh Nomor 30, Kota Pekalongan",
            "width_cm": "300",
            "height_cm": "120",
            "sides": "1",
        },
        "email",
    ),
)


ASKED_AGENCIES = ("bappeda", "dpupr", "satpol")
"""The agencies that these types ask."""


async def answer_for(desk: Desk, task: dict[str, Any]) -> Answer | None:
    """What this person decides at this task; None to leave it for now."""
    return await _ANSWERS[task["kind"]](desk, task)


async def _verdicts(desk: Desk, task: dict[str, Any]) -> Answer:
    page = await desk.get(f"/tasks/{task['id']}")
    accepted = [{"requirement": code, "verdict": "accept"} for code in page["wanted_documents"]]
    return {"kind": "verdicts", "verdicts": accepted}


async def _inspected(desk: Desk, task: dict[str, Any]) -> Answer:
    photos = []
    for n, colour in enumerate(("#6b4423", "#13653a"), start=1):
        photo = picture(f"Lokasi contoh, foto {n}", "Tim Teknis Contoh", colour)
        kept = await desk.upload(
            "POST", f"/tasks/{task['id']}/attachments", f"lokasi-{n}.jpg", photo, "image/jpeg", kind="photo"
        )
        photos.append(kept["sha256"])
    return {
        "kind": "inspected",
        "photos": photos,
        "position": {"latitude": -6.8886, "longitude": 109.6753, "accuracy_metres": 8},
        "findings": "Ukuran dan lokasi sesuai dengan gambar. Konstruksi kokoh dan tidak menutup rambu.",
        "present": ["Tim Teknis Contoh", "Contoh Pemohon Tiga"],
    }


async def _minutes_signed(desk: Desk, task: dict[str, Any]) -> Answer:
    page = await desk.get(f"/tasks/{task['id']}")
    scan = pdf_paper("Berita acara bertanda tangan (contoh)", desk.person.name)
    kept = await desk.upload(
        "POST",
        f"/tasks/{task['id']}/attachments",
        "berita-acara.pdf",
        scan,
        "application/pdf",
        kind="minutes-signature",
    )
    signed = [{"name": name, "way": "paper", "image": kept["sha256"]} for name in page["people"]]
    return {"kind": "minutes_signed", "signatures": signed}


async def _paid(desk: Desk, task: dict[str, Any]) -> Answer:
    proof = pdf_paper("Bukti pembayaran retribusi (contoh)", desk.person.name)
    kept = await desk.upload(
        "POST", f"/tasks/{task['id']}/attachments", "bukti.pdf", proof, "application/pdf", kind="payment-proof"
    )
    return {"kind": "paid", "proof": kept["sha256"]}


async def _recommended(desk: Desk, task: dict[str, Any]) -> Answer | None:
    if desk.person.opd == "bappeda" and await _rungs_passed(desk, task["number"]) < 2:
        return None
    if desk.person.opd == "dpupr":
        condition = "Tinggi tepi bawah papan paling rendah 3 meter dari permukaan jalan."
        return {"kind": "recommended", "answer": "approve_with_conditions", "conditions": [condition]}
    return {"kind": "recommended", "answer": "approve"}


async def _rungs_passed(desk: Desk, number: str) -> int:
    """How many rungs this agency has let pass, as its own case record says."""
    page = await desk.get(f"/applications/{number}/events", limit=200)
    return sum(
        1
        for line in page["items"]
        if line["tag"] == "opd:recommendation:escalated" and line["facts"].get("opd") == desk.person.opd
    )


def _always(answer: Answer) -> Callable[[Desk, dict[str, Any]], Awaitable[Answer]]:
    async def give(desk: Desk, task: dict[str, Any]) -> Answer:
        return answer

    return give


_ANSWERS: dict[str, Callable[[Desk, dict[str, Any]], Awaitable[Answer | None]]] = {
    "verification": _verdicts,
    "assessment": _always({"kind": "forward"}),
    "inspection": _inspected,
    "meeting": _always(
        {
            "kind": "met",
            "conclusions": ["Lokasi memenuhi syarat teknis.", "Permohonan dapat diteruskan."],
            "present": ["Tim Teknis Contoh", "Petugas Ekonomi Contoh"],
        }
    ),
    "sign_minutes": _minutes_signed,
    "recommendation": _recommended,
    "assess_retribution": _always(
        {"kind": "retribution", "amount_rupiah": 864_000, "calculation": "3,00 m x 1,20 m x 1 sisi x Rp240.000"}
    ),
    "payment": _paid,
    "confirm_payment": _always({"kind": "payment", "received": True}),
    "drafting": _always({"kind": "drafted"}),
    "desk_check": _always({"kind": "forward"}),
    "paraf": _always({"kind": "paraf"}),
    "overdue": _always({"kind": "acknowledged", "note": "Sudah dihubungi lewat telepon."}),
}
