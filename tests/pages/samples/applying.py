"""What the pages of this folder are given, in their usual and their hard states."""

from dataclasses import replace
from datetime import date
from typing import Any

from api.pages.applying.after_issue import held_permit
from api.pages.applying.answering import Mending, PaymentScreen, QuestionScreen, RepairScreen
from api.pages.applying.begin import beginning
from api.pages.applying.cases import CaseScreen, case_list, case_screen
from api.pages.applying.dates import Boxes
from api.pages.applying.documents import DocumentScreen, document_list, screen_of
from api.pages.applying.draft_screen import draft_screen
from api.pages.applying.drafts import DELIVERY, Plan
from api.pages.applying.examples import accepted, formats_in_words
from api.pages.applying.parties import PartyForm
from api.pages.applying.submission import Receipt, review_of
from api.pages.applying.withdrawal import Leaving
from api.pages.applying.wizard import as_step, frame_of
from api.views import TrackingView
from permits.definition import FormField, PermitDefinition, Variant
from permits.definition_loader import load_definitions
from permits.party import Party
from store.queries.application import ApplicationLine, DocumentView, LetterView
from store.queries.help import MessageView
from store.queries.inbox import AttachmentView
from store.queries.own_cases import HeldTask
from store.queries.permits import PermitLine
from store.tables import ApplicationRow
from tests.pages.samples.frame import at, tracking
from tests.pages.samples.people import APPLICANT, Samples, framed

NUMBER = "PRM-2026-000117"
LIMIT = 10_000_000
ALL = {(one.code, one.version): one for one in load_definitions()}
PRACTICE_PERMIT, RESEARCH, BILLBOARD = (
    ALL["sip-fisioterapis", 1], ALL["izin-penelitian", 1], ALL["izin-reklame-tetap", 1],
)  # fmt: skip
LONG = (
    "Yayasan Pendidikan dan Pengembangan Masyarakat Pesisir Contoh Nusantara Kotamadya Pekalongan "
    "Bagian Penelitian Batik-Tulis-Tradisional-dan-Pewarnaan-Alami-Terpadu"
)
SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


def row(**changes: Any) -> ApplicationRow:
    """A draft, or a case, of a fictional person."""
    given: dict[str, Any] = {
        "number": NUMBER, "applicant_id": APPLICANT.id, "permit_type": "sip-fisioterapis", "variant": "new",
        "title": "Surat Izin Praktik Fisioterapis", "field": "kesehatan", "status": "draft", "data": {},
        "delivery": "download", "delivery_address": None, "party": None, "filed_by": None, "channel": "web",
        "practice": False, "old_permit": None, "old_permit_text": None, "created_at": at(1), "submitted_at": None,
        "procedure": "permit", "product": None, "waiting_kind": None, "waiting_for": None, "waiting_since": None,
        "tracking_code": "7Q2MZK4XWB3FJ5T8", "definition_version": None,
    }  # fmt: skip
    return ApplicationRow(**{**given, **changes})


def document(requirement: str = "ktp", **changes: Any) -> DocumentView:
    given: dict[str, Any] = {
        "requirement": requirement, "title": "Kartu Tanda Penduduk (KTP)", "version": 1, "sha256": SHA,
        "content_type": "image/jpeg", "size": 1_240_000, "filename": "foto-ktp-contoh.jpg", "uploaded_at": at(1),
        "uploaded_by_name": "Contoh Pemohon Satu", "channel": "web", "consent": None, "verdict": None,
        "reason_code": None, "reason": None,
    }  # fmt: skip
    return DocumentView(**{**given, **changes})


def answers(definition: PermitDefinition) -> dict[str, str]:
    examples = {"text": "Klinik Contoh Sehat", "long_text": "Jalan Contoh Nomor 10,\nKota Pekalongan", "number": "1"}
    return {one.code: "2027-01-04" if one.kind == "date" else examples[one.kind] for one in definition.form}


def plan(definition: PermitDefinition = PRACTICE_PERMIT, filled: bool = False, **changes: Any) -> Plan:
    given: dict[str, Any] = {"permit_type": definition.code, "title": definition.title}
    documents: dict[str, DocumentView] = {}
    if filled:
        given |= {"data": answers(definition), "party": Party().model_dump(mode="json")}
        variant = Variant(changes.get("variant", "new"))
        documents = {one.code: document(one.code) for one in definition.requirements_of(variant) if one.required}
    return Plan(row(**{**given, **changes}), definition, documents)


def half(definition: PermitDefinition = PRACTICE_PERMIT, **changes: Any) -> Plan:
    """A draft that was left in the middle."""
    first = definition.form[0].code
    begun = plan(
        definition, **{"data": {first: "STR-CONTOH-0001"}, "party": Party().model_dump(mode="json"), **changes}
    )  # fmt: skip
    return replace(begun, documents={"ktp": document()})


COMPANY = {
    "kind": "company", "name": LONG, "position": "Direktur Utama merangkap Ketua Pengurus Harian", "address": "",
}  # fmt: skip


def line(**changes: Any) -> ApplicationLine:
    given: dict[str, Any] = {
        "number": NUMBER, "permit_type": "izin-penelitian", "permit_name": "Izin Penelitian", "variant": "new",
        "status": "in_progress", "stage": "Rekomendasi", "waiting_for": "Front Office", "waiting_kind": "desk",
        "created_at": at(1), "submitted_at": at(1), "promise_due_at": at(8, 9), "delivery": "download",
        "product": None, "closed_at": None, "practice": False, "channel": "web",
    }  # fmt: skip
    return ApplicationLine(**{**given, **changes})


def held(kind: str = "repair", **changes: Any) -> HeldTask:
    given: dict[str, Any] = {
        "id": f"{NUMBER}.{kind}.1", "number": NUMBER, "kind": kind, "stage": "Perbaikan berkas", "instructions": "",
        "wanted_documents": ["ijazah"] if kind == "repair" else [], "subject_sha256": SHA, "opened_at": at(3),
        "due_at": at(21, 9),
    }  # fmt: skip
    return HeldTask(**{**given, **changes})


def permit_line(**changes: Any) -> PermitLine:
    given: dict[str, Any] = {
        "number": NUMBER, "number_text": "503/0042/SIP-FT/XII/2026", "permit_type": "sip-fisioterapis",
        "title": "Surat Izin Praktik Fisioterapis", "holder_name": APPLICANT.name, "issued_on": date(2026, 12, 4),
        "valid_until": date(2031, 12, 4), "status": "in_force", "state": "SAH", "status_since": None,
        "changed_by": None, "continues": None, "practice": False,
    }  # fmt: skip
    return PermitLine(**{**given, **changes})


def letter(purpose: str = "permit", **changes: Any) -> LetterView:
    given: dict[str, Any] = {
        "purpose": purpose, "number_text": "503/0042/SIP-FT/XII/2026", "letter_date": date(2026, 12, 4),
        "status": "issued", "sha256": SHA, "signed_sha256": SHA, "level": "B-LTA", "signed_at": at(4),
    }  # fmt: skip
    return LetterView(**{**given, **changes})


def message(**changes: Any) -> MessageView:
    given: dict[str, Any] = {
        "id": "1", "from_office": False, "author_name": "Contoh", "text": "Apakah fotokopi ijazah cukup?",
        "sent_at": at(2), "read_at": None,
    }  # fmt: skip
    return MessageView(**{**given, **changes})


def case(tasks: list[HeldTask] | None = None, tracked: dict[str, Any] | None = None, **changes: Any) -> CaseScreen:
    told = changes.pop("told", [])
    written, permit, known = changes.pop("written", []), changes.pop("permit", None), changes.pop("known", None)
    view = TrackingView.model_validate({**tracking(), "number": NUMBER, **(tracked or {})})
    given: dict[str, Any] = {
        "status": "in_progress", "waiting_kind": "opd", "waiting_since": at(3), "data": answers(PRACTICE_PERMIT),
        "waiting_for": "Badan Perencanaan Pembangunan Daerah", "definition_version": 1,
    }  # fmt: skip
    return case_screen(
        row(**{**given, **changes}), view, held=tasks or [],
        known=known if known is not None else [document(verdict="accept"), document("ijazah", title="Ijazah")],
        written=written, told=told, thread="00000000-0000-0000-0000-000000000000", permit=permit,
        definition=PRACTICE_PERMIT, holder_name=APPLICANT.name, verified_at="/v/X" if written else None,
    )  # fmt: skip


def one_document(code: str = "ktp", **changes: Any) -> DocumentScreen:
    wanted = PRACTICE_PERMIT.requirement(code)
    given: dict[str, Any] = {
        "number": NUMBER, "permit_name": PRACTICE_PERMIT.title, "is_practice": False, "limit_bytes": LIMIT,
        "existing": None, "back": f"/permohonan/{NUMBER}/berkas", "home": "/permohonan",
        "skip": None if wanted.required else f"/permohonan/{NUMBER}/berkas",
    }  # fmt: skip
    return screen_of(wanted, **{**given, **changes})


def attachment(**changes: Any) -> AttachmentView:
    given: dict[str, Any] = {
        "id": "1", "kind": "answer", "sha256": SHA, "content_type": "application/pdf", "size": 420_000,
        "filename": "surat-izin-tempat-contoh.pdf", "uploaded_at": at(4),
    }  # fmt: skip
    return AttachmentView(**{**given, **changes})


def shown(template: str, **context: Any) -> tuple[str, dict[str, Any]]:
    return f"applying/{template}.html", framed(APPLICANT, **{"errors": [], **context})


def step(plan: Plan, name: str, template: str, **context: Any) -> tuple[str, dict[str, Any]]:
    is_change = context.pop("is_change", False)
    return shown(template, frame=frame_of(plan, name, is_change, "/permohonan"), **context)


def question(definition: PermitDefinition, code: str, **changes: Any) -> Any:
    wrong, answer, boxes = changes.get("wrong"), changes.get("answer", ""), changes.get("boxes")
    asked: FormField = next(one for one in definition.form if one.code == code)
    field = "hari" if asked.kind == "date" else "jawaban"
    return step(
        plan(definition), code, "pertanyaan", question=as_step(asked, answer, boxes),
        errors=[(field, wrong)] if wrong else [], is_change=changes.get("is_change", False),
    )  # fmt: skip


def _wizard() -> Samples:
    whole = plan(filled=True, variant="renewal")
    return {
        "isian-teks": question(RESEARCH, "institution"),
        "isian-teks-salah": question(RESEARCH, "institution", wrong="Perguruan tinggi atau lembaga belum diisi."),
        "isian-panjang": question(RESEARCH, "research_title", answer=f"{LONG}\n{LONG}"),
        "isian-tanggal": question(RESEARCH, "starts_on"),
        "isian-tanggal-salah": question(
            RESEARCH, "starts_on", boxes=Boxes("31", "Februari", "2027"),
            wrong="Mulai tanggal bukan tanggal. Contoh: 8 12 2026.",
        ),
        "isian-angka": question(PRACTICE_PERMIT, "practice_order", is_change=True, answer="1"),
        "isian-boleh-kosong": question(RESEARCH, "members"),
        "untuk-siapa": step(plan(), "untuk-siapa", "untuk-siapa", chosen=""),
        "untuk-siapa-salah": step(
            plan(), "untuk-siapa", "untuk-siapa", chosen="", errors=[("untuk", "Pilih untuk siapa izin ini.")]
        ),
        "badan": step(plan(), "badan", "badan", form=PartyForm(capacity="officer")),
        "badan-kuasa": step(
            plan(), "badan", "badan", form=PartyForm(kind="institution", name=LONG, capacity="proxy"),
            errors=[("pemberi", "Nama pemberi kuasa belum diisi."),
                    ("hari", "Tanggal surat kuasa bukan tanggal. Contoh: 8 12 2026.")],
        ),
        "pemberi-kuasa": step(plan(), "pemberi-kuasa", "pemberi-kuasa", form=PartyForm(kind="person")),
        "izin-lama": step(whole, "izin-lama", "izin-lama", own=[], chosen="lain", typed=""),
        "izin-lama-pilih": step(
            whole, "izin-lama", "izin-lama", own=[permit_line(), permit_line(number="PRM-2026-000009")],
            chosen="lain", typed="",
            errors=[("nomor_lama", "Nomor izin lama belum diisi. Salin dari surat izin Anda.")],
        ),
        "cara-ambil": step(plan(), DELIVERY, "cara-ambil", delivery="download", delivery_address=""),
        "cara-ambil-pos": step(
            plan(), DELIVERY, "cara-ambil", delivery="post", delivery_address="Jalan", is_change=True,
            errors=[("alamat", "Alamat pengiriman belum lengkap: jalan, nomor, kelurahan, kota, dan kode pos.")],
        ),
    }  # fmt: skip


def _drafts() -> Samples:
    overtaken = half(created_at=at(1, month=6), data={"str_number": "X", "rumah_lama": LONG})
    later = overtaken.definition.model_copy(update={"effective_from": date(2026, 11, 1)})
    company = plan(RESEARCH, filled=True, party=COMPANY, delivery="post", delivery_address=f"Jalan {LONG}")
    practice = plan(filled=True, practice=True)
    unconfirmed = RESEARCH.model_copy(update={"confirmed": False})
    gone = next(one for one in ALL.values() if one.refers_to)
    return {
        "baru": shown("baru", view=beginning(PRACTICE_PERMIT, [])),
        "baru-sudah-ada": shown(
            "baru", view=beginning(PRACTICE_PERMIT, [line(status="draft")]),
            errors=[("jenis", "Pilih izin baru, perpanjangan, atau perubahan.")],
        ),
        "baru-latihan": shown("baru", view=beginning(unconfirmed, [])),
        "baru-oss": shown("baru", view=beginning(gone, [])),
        "daftar-tugas-awal": shown("daftar-tugas", view=draft_screen(plan(), APPLICANT)),
        "daftar-tugas-tengah": shown("daftar-tugas", view=draft_screen(half(variant="renewal"), APPLICANT)),
        "daftar-tugas-siap": shown("daftar-tugas", view=draft_screen(practice, APPLICANT)),
        "daftar-tugas-berubah": shown(
            "daftar-tugas", view=draft_screen(replace(overtaken, definition=later), APPLICANT)
        ),
        "berkas-daftar": shown("berkas", view=document_list(half(), APPLICANT)),
        "berkas-daftar-lengkap": shown("berkas", view=document_list(practice, APPLICANT)),
        "berkas-satu": shown("satu-berkas", view=one_document()),
        "berkas-satu-ada": shown(
            "satu-berkas",
            view=one_document(existing=document(filename=f"{LONG}.jpg".replace(" ", "_")), skip="/permohonan"),
        ),
        "berkas-satu-pdf": shown("satu-berkas", view=one_document("ijazah")),
        "berkas-satu-bila-perlu": shown("satu-berkas", view=one_document("sppl")),
        "berkas-satu-salah": shown(
            "satu-berkas", view=one_document("pas-foto"),
            errors=[("file", "Jenis berkas itu tidak diterima di sini. Yang diterima: JPG atau PNG.")],
        ),
        "berkas-satu-diminta-lagi": shown(
            "satu-berkas",
            view=one_document("ijazah", returned_because="Halaman kedua tidak terbaca.", existing=document("ijazah")),
        ),
        "periksa": shown("periksa", view=review_of(company, APPLICANT)),
        "periksa-kurang": shown("periksa", view=review_of(half(), APPLICANT)),
        "periksa-belum-setuju": shown(
            "periksa", view=review_of(practice, APPLICANT),
            errors=[("pernyataan", "Centang pernyataan bahwa data dan berkas Anda benar.")],
        ),
        "hapus": shown("hapus", view=Leaving(NUMBER, PRACTICE_PERMIT.title)),
        "tidak-dilayani": shown(
            "tidak-dilayani", number=NUMBER, permit_name="Izin Gangguan", answers=["Toko Contoh", LONG]
        ),
        "masuk-lagi": (
            "applying/masuk-lagi.html",
            framed(None, hidden=[("jawaban", LONG)], shown=[LONG], action="/permohonan/X", is_back=False),
        ),
        "masuk-lagi-sudah": shown(
            "masuk-lagi", hidden=[("jawaban", LONG)], shown=[LONG], action="/permohonan/X", is_back=True
        ),
    }  # fmt: skip


def _cases() -> Samples:
    lines = [
        line(number="PRM-2026-000130", status="draft", permit_name=LONG, promise_due_at=None),
        line(number=NUMBER, status="with_applicant", waiting_kind="applicant"),
        line(number="PRM-2026-000101", waiting_kind="opd", waiting_for="Badan Perencanaan Pembangunan Daerah"),
        line(number="PRM-2026-000100", practice=True, status="submitted", waiting_kind=None, waiting_for=None),
        line(number="PRM-2026-000099", status="issued", product="permit"),
        line(number="PRM-2026-000098", status="rejected", product="rejection"),
        line(number="PRM-2026-000097", status="withdrawn"),
        line(number="PRM-2026-000096", status="in_delivery", waiting_kind="engine", waiting_for="PT Pos Indonesia"),
    ]
    repaired = [
        document(verdict="accept"), document("ijazah", title="Ijazah", verdict="repair", reason="Halaman kedua buram."),
        document("ijazah", title="Ijazah", version=2, channel="counter", consent="Datang sendiri"),
    ]  # fmt: skip
    talk = [message(), message(id="2", from_office=True, text="Harus asli atau legalisir.\nTerima kasih.")]
    return {
        "permohonan": shown("permohonan", view=case_list(lines, [held()])),
        "permohonan-kosong": shown("permohonan", view=case_list([], [])),
        "permohonan-satu": shown("permohonan", view=case_list([line()], [])),
        "kasus-dinas": shown("kasus", view=case(told=talk)),
        "kasus-terlambat": shown("kasus", view=case(tracked={"late": True})),
        "kasus-perbaikan": shown("kasus", view=case([held()], status="with_applicant", known=repaired)),
        "kasus-bayar": shown(
            "kasus",
            view=case(
                [held("payment", instructions="Bayar retribusi sebesar Rp1.995.000")], status="with_applicant",
                written=[letter("skrd", signed_sha256=None)],
            ),
        ),
        "kasus-tanya": shown(
            "kasus", view=case([held("clarification", instructions="Dinas Kesehatan: Berapa luas ruangannya?")])
        ),
        "kasus-terbit": shown(
            "kasus", view=case(status="issued", product="permit", written=[letter()], permit=permit_line())
        ),
        "kasus-ditolak": shown(
            "kasus", view=case(status="rejected", product="rejection", written=[letter("rejection")])
        ),
        "kasus-ditarik": shown("kasus", view=case(status="withdrawn", practice=True)),
        "terkirim": shown("terkirim", view=receipt()),
        "terkirim-sementara": shown("terkirim", view=replace(receipt(), is_provisional=True, is_practice=True)),
        "tarik": shown("tarik", view=Leaving(NUMBER, PRACTICE_PERMIT.title), reason=""),
        "tarik-belum-yakin": shown(
            "tarik", view=Leaving(NUMBER, PRACTICE_PERMIT.title), reason="Pindah kota.",
            errors=[("yakin", "Centang bahwa Anda memang menarik permohonan ini.")],
        ),
    }  # fmt: skip


def receipt() -> Receipt:
    return Receipt(
        number=NUMBER, permit_name="Surat Izin Praktik Fisioterapis", tracking_code="7Q2MZK4XWB3FJ5T8",
        tracking_url="https://sakpore.contoh.example/lacak/7Q2MZK4XWB3FJ5T8", promised_on=date(2026, 12, 8),
        promise_working_days=5, is_provisional=False, is_practice=False, documents=9,
    )  # fmt: skip


def _asked() -> Samples:
    papers = ("pdf", "jpg", "png")
    files: dict[str, Any] = {
        "formats": formats_in_words(papers), "accept": accepted(papers), "limit_bytes": LIMIT,
        "parts_address": f"/permohonan/{NUMBER}/unggahan", "number": NUMBER, "due_at": at(21, 9),
    }  # fmt: skip
    mended = Mending("Pas foto 4x6 latar belakang merah", "Latarnya bukan merah.", "/x", True, "foto-contoh.jpg")
    broken = Mending("Ijazah", f"Halaman kedua tidak terbaca. {LONG}", "/y", False, "ijazah.pdf")
    repair = RepairScreen(NUMBER, PRACTICE_PERMIT.title, at(21, 9), [mended, broken], 1)
    payment = PaymentScreen(
        **files, permit_name=BILLBOARD.title, instructions="Bayar retribusi sebesar Rp1.995.000", has_skrd=True,
        proof=None,
    )  # fmt: skip
    asked = QuestionScreen(
        **files, permit_name=BILLBOARD.title, asker="Dinas Pekerjaan Umum dan Penataan Ruang",
        question="Berapa tinggi tepi bawah papan dari permukaan jalan?\nSertakan gambarnya.", files=[],
        action=f"/permohonan/{NUMBER}/pertanyaan/x",
    )  # fmt: skip
    held_now = held_permit(
        permit_line(), answers(PRACTICE_PERMIT), PRACTICE_PERMIT, may_renew=True, until=date(2036, 12, 4),
        may_replace=True, may_change=True, has_address=True,
    )  # fmt: skip
    nothing = replace(held_now, may_renew=False, extended_until=None, may_replace=False, may_change=False)
    written = answers(PRACTICE_PERMIT)
    return {
        "perbaikan": shown("perbaikan", view=repair),
        "perbaikan-siap": shown("perbaikan", view=replace(repair, documents=[mended], left=0)),
        "pembayaran": shown("pembayaran", view=payment),
        "pembayaran-ada": shown(
            "pembayaran", view=replace(payment, proof=attachment(kind="payment-proof")),
            errors=[("file", "Bukti pembayaran belum dipilih. Pilih berkasnya, lalu kirim lagi.")],
        ),
        "pertanyaan-dinas": shown("pertanyaan-dinas", view=asked, text=""),
        "pertanyaan-dinas-salah": shown(
            "pertanyaan-dinas", view=replace(asked, files=[attachment()]), text="",
            errors=[("jawaban", "Jawaban belum diisi.")],
        ),
        "perpanjang": shown("perpanjang", view=held_now, chosen="", delivery="download"),
        "perpanjang-tambah": shown(
            "perpanjang", view=held_now, chosen="extension", delivery="download",
            errors=[("cara_perpanjang", "Masa berlaku izin ini tidak dapat diperpanjang sekarang.")],
        ),
        "perpanjang-tidak-dapat": shown("perpanjang", view=nothing, chosen="", delivery="download"),
        "ganti": shown("ganti", view=held_now, cause="", note="", delivery="download", written=written),
        "ganti-keliru": shown(
            "ganti", view=held_now, cause="mistake", note="", delivery="download", written=written,
            errors=[("penjelasan", "Betulkan isian yang keliru, atau tulis apa yang keliru.")],
        ),
        "ganti-tidak-dapat": shown("ganti", view=nothing, cause="", note="", delivery="download", written=written),
    }  # fmt: skip


def pages() -> Samples:
    """Every page worth looking at: name -> (template, context)."""
    return {f"pemohon-{name}": each for name, each in (_wizard() | _drafts() | _cases() | _asked()).items()}
