"""Papers beside a task: documents, letters and evidence, each as pages in the frame and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from api.pages.language import gettext as _
from api.pages.officers.words import channel_words
from api.pages.words import letter_words
from store.queries.application import DocumentView, LetterView
from store.queries.desk import Evidence


@dataclass(frozen=True)
class Sheet:
    """A paper that is read beside the decision."""

    title: str
    address: str  # of the reading page
    thumb: str
    file: str
    note: str = ""
    label: tuple[str, str] | None = None
    first: bool = False  # what this task is about; the others are read where they are needed


def document_sheet(number: str, one: DocumentView) -> Sheet:
    """A document as a paper to read, with who brought it."""
    file = f"/kasus/{number}/berkas/{one.requirement}"
    version = _("versi %(n)s") % {"n": one.version} if one.version > 1 else ""
    who = one.uploaded_by_name or _("petugas")
    way = "" if one.channel == "web" else _("diunggah %(who)s (%(way)s)") % {"who": who, "way": _by(one.channel)}
    label = {"accept": ("daun", _("Diterima")), "repair": ("kunyit", _("Diminta lagi"))}.get(one.verdict or "")
    return Sheet(
        title=one.title,
        address=f"/kasus/{number}/baca/{one.requirement}?versi={one.version}",
        thumb=f"{file}/1.png?lebar=240&versi={one.version}",
        file=f"{file}?versi={one.version}",
        note=", ".join(part for part in (version, way) if part),
        label=label,
    )


def letter_sheet(number: str, letter: LetterView, draft: bool) -> Sheet:
    """A letter as a paper to read."""
    file = f"/kasus/{number}/surat/{letter.purpose}"
    more = "&draf=1" if draft else ""
    return Sheet(
        title=_("Rancangan: %(title)s") % {"title": letter_words(letter.purpose)}
        if draft
        else letter_words(letter.purpose),
        address=f"/kasus/{number}/baca-surat/{letter.purpose}{'?draf=1' if draft else ''}",
        thumb=f"{file}/1.png?lebar=240{more}",
        file=f"{file}{'?draf=1' if draft else ''}",
        note=_("Nomor %(number)s") % {"number": letter.number_text},
    )


def evidence_sheet(one: Evidence) -> Sheet:
    """Evidence as a paper to read."""
    mark = quote(one.task_id, safe="")
    file = f"/tugas/{mark}/lampiran/{one.id}"
    return Sheet(
        title=_evidence_words(one.kind),
        address=f"/tugas/{mark}/baca/{one.id}",
        thumb=f"{file}/1.png?lebar=240",
        file=file,
        note=one.filename,
    )


def _by(channel: str) -> str:
    words = channel_words(channel)
    return words[:1].lower() + words[1:] if channel in ("counter", "telephone", "letter") else words


def newest_of(documents: Sequence[DocumentView]) -> list[DocumentView]:
    """The newest version of each document, in their order."""
    return list({one.requirement: one for one in documents}.values())


def _evidence_words(kind: str) -> str:
    return {
        "photo": _("Foto lapangan"),
        "minutes": _("Berita acara"),
        "minutes-signature": _("Tanda tangan berita acara"),
        "wet-signed-letter": _("Surat dinas bertanda tangan basah"),
        "paper-answer": _("Surat jawaban di kertas"),
        "answer": _("Lampiran jawaban pemohon"),
        "payment-proof": _("Bukti pembayaran"),
    }.get(kind, kind)
