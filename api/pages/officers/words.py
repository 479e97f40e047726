"""What the desks call things: tasks, decisions, states, reasons, ways. Made when asked, in the language of the request.

The words of events and letters are the sentences of `web/sentences`; here are those of forms and lists alone.
"""

from __future__ import annotations

from api.pages.language import gettext as _
from api.pages.words import Options
from permits.decisions import TaskKind


def task_words(kind: str) -> str:
    """What is to be done at a task."""
    return {
        TaskKind.VERIFICATION: _("Periksa berkas"),
        TaskKind.REPAIR: _("Perbaikan berkas oleh pemohon"),
        TaskKind.ASSESSMENT: _("Teliti permohonan"),
        TaskKind.INSPECTION: _("Periksa lapangan"),
        TaskKind.MEETING: _("Rapat teknis"),
        TaskKind.RECOMMENDATION: _("Rekomendasi dinas terkait"),
        TaskKind.ASSESS_RETRIBUTION: _("Tetapkan retribusi"),
        TaskKind.PAYMENT: _("Pembayaran oleh pemohon"),
        TaskKind.CONFIRM_PAYMENT: _("Periksa pembayaran"),
        TaskKind.DRAFTING: _("Susun surat"),
        TaskKind.DESK_CHECK: _("Periksa rancangan surat"),
        TaskKind.PARAF: _("Paraf surat"),
        TaskKind.SIGNING: _("Tanda tangani surat"),
        TaskKind.OVERDUE: _("Tindak lanjuti keterlambatan"),
        TaskKind.SIGN_MINUTES: _("Tanda tangan berita acara"),
        TaskKind.CLARIFICATION: _("Jawaban pemohon kepada dinas terkait"),
        TaskKind.SIGN_RECOMMENDATION: _("Tanda tangani rekomendasi"),
        TaskKind.MATCH_ANSWER: _("Cocokkan surat dinas terkait"),
        TaskKind.UNANSWERED_REPAIR: _("Pemohon belum menanggapi"),
        TaskKind.DEEMED_APPROVAL: _("Aturan persetujuan karena lewat waktu"),
        TaskKind.HAND_OVER: _("Serahkan surat di loket"),
        TaskKind.POSTING: _("Kirim surat lewat pos"),
        TaskKind.POST_ARRIVAL: _("Pastikan kiriman sampai"),
    }[TaskKind(kind)]


def decision_words(kind: str) -> str:
    """What was decided, in the past."""
    return {
        "verdicts": _("Menilai berkas"),
        "repaired": _("Mengirim perbaikan"),
        "forward": _("Meneruskan"),
        "reject": _("Mengusulkan penolakan"),
        "to_applicant": _("Meminta perbaikan kepada pemohon"),
        "return": _("Mengembalikan"),
        "inspected": _("Memeriksa lapangan"),
        "minutes_signed": _("Menandatangani berita acara"),
        "met": _("Mencatat hasil rapat"),
        "recommended": _("Memberi rekomendasi"),
        "question": _("Bertanya kepada pemohon"),
        "answered": _("Menjawab pertanyaan"),
        "matched": _("Mencocokkan surat"),
        "close_file": _("Menutup permohonan"),
        "keep_waiting": _("Memberi waktu tambahan"),
        "deemed_confirmed": _("Menyatakan aturan lewat waktu berlaku"),
        "handed_over": _("Menyerahkan surat"),
        "posted": _("Mengirim lewat pos"),
        "arrived": _("Mencatat surat sampai"),
        "came_back": _("Mencatat kiriman kembali"),
        "retribution": _("Menetapkan retribusi"),
        "paid": _("Mengirim bukti pembayaran"),
        "payment": _("Memeriksa pembayaran"),
        "drafted": _("Menyusun surat"),
        "paraf": _("Memberi paraf"),
        "sign": _("Menandatangani"),
        "acknowledged": _("Mencatat tindak lanjut"),
    }.get(kind, _("Memutus"))


def status_words(status: str) -> tuple[str, str]:
    """Colour and words of where a case stands."""
    return {
        "draft": ("kelabu", _("Rancangan")),
        "submitted": ("nila", _("Diajukan")),
        "in_progress": ("nila", _("Diproses")),
        "with_applicant": ("kunyit", _("Menunggu pemohon")),
        "signed": ("nila", _("Ditandatangani")),
        "in_delivery": ("nila", _("Diantar")),
        "issued": ("daun", _("Terbit")),
        "rejected": ("merah", _("Ditolak")),
        "withdrawn": ("kelabu", _("Ditarik")),
        "lapsed": ("kelabu", _("Ditutup")),
    }.get(status, ("kelabu", status))


def statuses() -> Options:
    """All states but the draft, for a filter."""
    names = ("submitted", "in_progress", "with_applicant", "signed", "in_delivery", "issued", "rejected", "withdrawn",
             "lapsed")  # fmt: skip
    return [(name, status_words(name)[1]) for name in names]


def channels(web: bool = False) -> Options:
    """By which way something reached the office."""
    ways = [
        ("counter", _("Datang ke loket")),
        ("whatsapp", _("WhatsApp")),
        ("email", _("E-mail")),
        ("telephone", _("Telepon")),
        ("letter", _("Surat")),
    ]
    return [*ways, ("web", _("Situs web"))] if web else ways


def channel_words(channel: str) -> str:
    """One of these ways."""
    known = dict(channels(web=True))
    return known.get(channel, _("Kantor") if channel == "office" else channel)


def opd_answers() -> Options:
    """What an agency can answer."""
    return [
        ("approve", _("Menyetujui")),
        ("approve_with_conditions", _("Menyetujui dengan syarat")),
        ("refuse", _("Menolak")),
    ]


def opd_answer_words(answer: str | None) -> tuple[str, str]:
    """Colour and words of an agency's answer, or of its absence."""
    return {
        "approve": ("daun", _("Menyetujui")),
        "approve_with_conditions": ("kunyit", _("Menyetujui dengan syarat")),
        "refuse": ("merah", _("Menolak")),
        "released": ("kelabu", _("Tidak perlu menjawab lagi")),
        "withdrawn": ("kelabu", _("Permintaan ditarik")),
    }.get(answer or "", ("nila", _("Belum menjawab")))


def delivery_words(delivery: str) -> str:
    """How the product reaches its owner."""
    return {
        "download": _("Diunduh dari sistem"),
        "email": _("Dikirim lewat e-mail"),
        "pickup": _("Diambil di loket"),
        "post": _("Dikirim lewat pos"),
    }.get(delivery, delivery)


def letter_status_words(status: str, signed: bool = False) -> tuple[str, str]:
    """Colour and words of where a letter stands."""
    if status == "issued":
        return "daun", _("Terbit")
    if status == "batal":
        return "merah", _("Batal")
    return ("nila", _("Ditandatangani")) if signed else ("kelabu", _("Rancangan"))


def options_in(options: Options, value: str) -> str:
    """The words of a value; the value itself where it is none of them."""
    return next((words for known, words in options if known == value), value)
