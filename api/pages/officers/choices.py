"""What can be decided at each kind of task, as forms: the usual answer first, the others behind their own heading.

Every answer is a form of its own, so that a key pressed in one never sends another. A field's id is
`<choice>-<name>`, which errors lead to; its name is what `decision.py` reads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date

from api.pages.language import gettext as _
from api.pages.officers.words import channels, opd_answers
from api.pages.words import Options, document_reasons, refusal_reasons, return_reasons, stage_words
from permits.decisions import TaskKind


@dataclass(frozen=True)
class FormField:
    """One field; `kind` is text, area, select or radios."""

    id: str
    name: str
    label: str
    kind: str = "text"
    value: str = ""
    hint: str = ""
    options: Options = field(default_factory=list)
    rows: int = 3
    classes: str = ""
    type: str = "text"
    inputmode: str = ""
    ask: bool = False  # a select begins with nothing chosen


@dataclass(frozen=True)
class Choice:
    """One answer: its button, and what it has to say."""

    kind: str
    button: str
    heading: str = ""  # of an answer that is not the usual one
    fields: list[FormField] = field(default_factory=list)
    documents: bool = False  # names documents with reasons
    danger: bool = False
    open: bool = False
    words: str = ""  # a sentence above its fields


@dataclass(frozen=True)
class About:
    """What the forms need to know of a task."""

    kind: str
    return_to: tuple[str, ...] = ()
    evidence: Options = field(default_factory=list)  # (sha256, file name) of what lies with the task
    sha256: str = ""  # of what is judged
    today: date | None = None
    stands_in: bool = False  # staff decide for an applicant or an agency


Typed = Callable[[str, str], str]
"""What was typed before: (choice, name of the field) -> value."""


def nothing_typed(choice: str, name: str) -> str:
    """A form that nobody has sent yet."""
    return ""


def choices_of(about: About, typed: Typed = nothing_typed, opened: str = "") -> list[Choice]:
    """The answers of a task, the usual one first; none for a kind that has its own page.

    Args:
        about: the task.
        typed: what was typed in a form that is drawn again.
        opened: the choice that was sent.
    """
    make = _MAKERS.get(TaskKind(about.kind))
    found = make(about) if make else []
    return [
        replace(
            choice,
            open=choice.kind == opened,
            fields=[replace(one, value=typed(choice.kind, one.name) or one.value) for one in choice.fields],
        )
        for choice in found
    ]


def _text(choice: str, name: str, label: str, hint: str = "", **more: str) -> FormField:
    return FormField(id=f"{choice}-{name}", name=name, label=label, hint=hint, **more)  # type: ignore[arg-type]


def _area(choice: str, name: str, label: str, hint: str = "", rows: int = 3) -> FormField:
    return FormField(id=f"{choice}-{name}", name=name, label=label, kind="area", hint=hint, rows=rows)


def _select(choice: str, name: str, label: str, options: Options, hint: str = "") -> FormField:
    return FormField(id=f"{choice}-{name}", name=name, label=label, kind="select", options=options, ask=True, hint=hint)


def _day(choice: str, name: str, label: str, value: date | None = None) -> FormField:
    shown = value.isoformat() if value else ""
    return FormField(
        id=f"{choice}-{name}", name=name, label=label, type="date", value=shown, classes="govuk-input--width-10"
    )


def _note(choice: str, label: str) -> FormField:
    return _area(choice, "note", label, rows=2)


def _return(about: About) -> list[Choice]:
    if not about.return_to:
        return []
    desks = [(one, stage_words(one)) for one in about.return_to]
    return [
        Choice(
            "return",
            _("Kembalikan"),
            _("Kembalikan ke meja sebelumnya"),
            [
                _select("return", "to", _("Ke meja"), desks),
                _select("return", "code", _("Alasan"), return_reasons()),
                _area("return", "reason", _("Yang perlu diperbaiki")),
            ],
        )
    ]


def _to_applicant() -> Choice:
    return Choice(
        "to_applicant",
        _("Minta perbaikan"),
        _("Minta perbaikan kepada pemohon"),
        documents=True,
        words=_("Tandai berkas yang salah. Berkas lain tetap diterima, dan waktu layanan berhenti."),
    )


def _verification(about: About) -> list[Choice]:
    return [Choice("verdicts", _("Kirim penilaian"))]


def _assessment(about: About) -> list[Choice]:
    forward = Choice(
        "forward", _("Teruskan"), fields=[_note("forward", _("Catatan untuk meja berikutnya (boleh kosong)"))]
    )
    reject = Choice(
        "reject",
        _("Tolak"),
        _("Usulkan penolakan"),
        [
            _select("reject", "code", _("Alasan"), refusal_reasons()),
            _area("reject", "reasons", _("Uraian untuk surat penolakan"), _("Satu alasan tiap baris.")),
        ],
        danger=True,
        words=_("Surat penolakan disusun, diparaf, dan ditandatangani seperti surat izin."),
    )
    return [forward, _to_applicant(), *_return(about), reject]


def _meeting(about: About) -> list[Choice]:
    return [
        Choice(
            "met",
            _("Simpan hasil rapat"),
            fields=[
                _area("met", "conclusions", _("Kesimpulan"), _("Satu kesimpulan tiap baris."), rows=5),
                _area(
                    "met", "present", _("Yang hadir"), _("Satu nama tiap baris; mereka menandatangani berita acara.")
                ),
            ],
        )
    ]


def _retribution(about: About) -> list[Choice]:
    amount = _text("retribution", "amount_rupiah", _("Jumlah retribusi, dalam rupiah"), inputmode="numeric",
                   classes="govuk-input--width-10")  # fmt: skip
    reckoning = _area(
        "retribution", "calculation", _("Perhitungannya"), _("Misalnya 3 m x 1,2 m x 1 sisi x Rp240.000.")
    )
    return [Choice("retribution", _("Tetapkan retribusi"), fields=[amount, reckoning])]


def _payment_found(about: About) -> list[Choice]:
    missing = Choice(
        "payment-no",
        _("Minta bukti lain"),
        _("Pembayaran belum ditemukan"),
        [_area("payment-no", "reason", _("Yang perlu dilakukan pemohon"))],
    )
    return [Choice("payment", _("Pembayaran diterima")), missing]


def _drafting(about: About) -> list[Choice]:
    drafted = Choice(
        "drafted",
        _("Susun surat"),
        fields=[
            _area(
                "drafted", "facts", _("Isi tambahan surat (boleh kosong)"),
                _("Satu baris tiap isian: nama, titik dua, isinya. Misalnya \u201cLuas: 3,6 m2\u201d."),
            ),
            _area("drafted", "conditions", _("Ketentuan tambahan (boleh kosong)"), _("Satu ketentuan tiap baris.")),
        ],
    )  # fmt: skip
    return [drafted, *_return(about), _to_applicant()]


def _desk_check(about: About) -> list[Choice]:
    forward = Choice("forward", _("Teruskan"), fields=[_note("forward", _("Catatan (boleh kosong)"))])
    return [forward, *_return(about)]


def _paraf(about: About) -> list[Choice]:
    words = _("Paraf Anda berlaku untuk persis surat ini, dengan sidik %(sha256)s.") % {"sha256": about.sha256[:16]}
    return [Choice("paraf", _("Paraf"), words=words), *_return(about)]


def _overdue(about: About) -> list[Choice]:
    return [
        Choice(
            "acknowledged",
            _("Catat tindak lanjut"),
            fields=[_note("acknowledged", _("Yang sudah atau akan dilakukan"))],
        )
    ]


def _matching(about: About) -> list[Choice]:
    other = Choice(
        "matched-no",
        _("Kembalikan ke dinas"),
        _("Suratnya tidak cocok"),
        [_area("matched-no", "reason", _("Yang tidak cocok"))],
    )
    return [Choice("matched", _("Suratnya cocok")), other]


def _unanswered(about: About) -> list[Choice]:
    days = _text("keep_waiting", "working_days", _("Tambahan waktu, dalam hari kerja"), value="5", inputmode="numeric",
                 classes="govuk-input--width-2")  # fmt: skip
    wait = Choice(
        "keep_waiting", _("Beri waktu lagi"), fields=[days, _note("keep_waiting", _("Catatan (boleh kosong)"))]
    )
    close = Choice(
        "close_file",
        _("Tutup permohonan"),
        _("Tutup permohonan"),
        [_area("close_file", "reason", _("Alasan"))],
        danger=True,
        words=_("Permohonan berakhir tanpa surat. Pemohon diberi tahu, dan dapat mengajukan lagi."),
    )
    return [wait, close]


def _deemed(about: About) -> list[Choice]:
    go_on = Choice(
        "acknowledged",
        _("Catat, lanjutkan proses biasa"),
        fields=[_note("acknowledged", _("Yang dilakukan agar permohonan ini segera selesai"))],
    )
    applies = Choice(
        "deemed_confirmed",
        _("Nyatakan berlaku"),
        _("Nyatakan aturan lewat waktu berlaku"),
        [_note("deemed_confirmed", _("Pertimbangan"))],
        words=_("Suratnya tetap melewati setiap meja; tidak ada yang terbit dengan sendirinya."),
    )
    return [go_on, applies]


def _handed_over(usual: bool) -> Choice:
    fields = [
        _text("handed_over", "to_name", _("Nama penerima")),
        _text(
            "handed_over", "relation", _("Hubungan dengan pemegang izin"), _("Misalnya pemohon sendiri, atau kuasa.")
        ),
        _text(
            "handed_over",
            "identity_seen",
            _("Identitas yang dilihat"),
            _("Jenisnya saja, misalnya KTP. Jangan tulis nomornya."),
        ),
    ]
    return Choice("handed_over", _("Serahkan"), "" if usual else _("Diambil di loket"), fields)


def _posted(usual: bool) -> Choice:
    number = _text("posted", "receipt_number", _("Nomor resi pos"), _("Huruf besar, angka, dan tanda hubung."),
                   classes="govuk-input--width-20")  # fmt: skip
    return Choice("posted", _("Catat pengiriman"), "" if usual else _("Dikirim lewat pos"), [number])


def _arrival(about: About) -> list[Choice]:
    arrived = Choice(
        "arrived",
        _("Catat sudah sampai"),
        fields=[
            _text("arrived", "received_by", _("Diterima oleh")),
            _day("arrived", "on", _("Tanggal diterima"), about.today),
        ],
    )
    back = Choice("came_back", _("Catat kembali"), _("Kiriman kembali ke kantor"),
                  [_area("came_back", "reason", _("Alasan kembali"))])  # fmt: skip
    return [arrived, back]


def _on_behalf(choice: str) -> list[FormField]:
    return [
        _select(choice, "channel", _("Cara pemohon menyampaikan"), channels()),
        _text(choice, "consent", _("Bagaimana pemohon menyetujuinya"), _("Misalnya tanda tangan di formulir loket.")),
    ]


def _key_in(about: About) -> list[Choice]:
    fields = [
        FormField("recommended-answer", "answer", _("Jawaban dinas"), "radios", options=opd_answers()),
        _area("recommended", "conditions", _("Syarat (bila ada)"), _("Satu syarat tiap baris."), rows=2),
        _area("recommended", "reason", _("Alasan (bila menolak)"), rows=2),
        _text("recommended", "letter_number", _("Nomor surat dinas")),
        _day("recommended", "letter_date", _("Tanggal surat")),
        _day("recommended", "received_on", _("Diterima kantor kami pada"), about.today),
        _select("recommended", "channel", _("Cara surat sampai"), channels()),
        _select("recommended", "scan", _("Hasil pindai surat"), about.evidence),
    ]
    return [Choice("recommended", _("Catat jawaban"), fields=fields)]


def _repaired(about: About) -> list[Choice]:
    return [Choice("repaired", _("Kirim perbaikan"), fields=_on_behalf("repaired"))]


def _paid(about: About) -> list[Choice]:
    proof = _select("paid", "proof", _("Bukti pembayaran"), about.evidence)
    return [Choice("paid", _("Kirim bukti pembayaran"), fields=[proof, *_on_behalf("paid")])]


def _answered(about: About) -> list[Choice]:
    words = _area("answered", "text", _("Jawaban pemohon"), rows=4)
    return [Choice("answered", _("Kirim jawaban"), fields=[words, *_on_behalf("answered")])]


_MAKERS: dict[TaskKind, Callable[[About], list[Choice]]] = {
    TaskKind.VERIFICATION: _verification,
    TaskKind.ASSESSMENT: _assessment,
    TaskKind.MEETING: _meeting,
    TaskKind.ASSESS_RETRIBUTION: _retribution,
    TaskKind.CONFIRM_PAYMENT: _payment_found,
    TaskKind.DRAFTING: _drafting,
    TaskKind.DESK_CHECK: _desk_check,
    TaskKind.PARAF: _paraf,
    TaskKind.OVERDUE: _overdue,
    TaskKind.MATCH_ANSWER: _matching,
    TaskKind.UNANSWERED_REPAIR: _unanswered,
    TaskKind.DEEMED_APPROVAL: _deemed,
    TaskKind.HAND_OVER: lambda about: [_handed_over(usual=True), _posted(usual=False)],
    TaskKind.POSTING: lambda about: [_posted(usual=True), _handed_over(usual=False)],
    TaskKind.POST_ARRIVAL: _arrival,
    TaskKind.RECOMMENDATION: _key_in,
    TaskKind.REPAIR: _repaired,
    TaskKind.PAYMENT: _paid,
    TaskKind.CLARIFICATION: _answered,
}

__all__ = ["About", "Choice", "FormField", "Typed", "choices_of", "document_reasons", "nothing_typed"]
