"""Texts of notices: templates in plain Indonesian under web/notices, the first line being the subject.

WhatsApp has short texts of its own in whatsapp.yaml, which Meta has to approve under their names; their places are
filled by position.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ConfigDict

WEB = Path(__file__).resolve().parent.parent / "web"
NOTICES = WEB / "notices"
SENTENCES = WEB / "sentences" / "id.yaml"
JAKARTA = ZoneInfo("Asia/Jakarta")
DAYS = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS = (
    "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split()  # noqa: SIM905
)
OPTIONAL = (
    *("account", "attached", "days", "delivery", "documents", "due_at", "expected_on", "holder", "instructions"),
    *("letter_number", "next_at", "next_step", "promised_at", "queue_number", "reason", "receipt_number"),
    *("object_sha256", "officer", "passkey", "renewal_url", "sentence"),
    *("failing", "stopped", "urgent"),
    *("period", "received_by", "reminded", "rung", "since", "stage", "task", "until_at", "valid_until", "who"),
)
"""Facts that a template may ask for and that may be missing: empty then. Any other name is a mistake."""


Words = Callable[[str, str], str]
"""A code and its kind, to the word that people read."""


class ShortText(BaseModel):
    """A WhatsApp template filled in."""

    model_config = ConfigDict(frozen=True)

    name: str
    parameters: tuple[str, ...]
    text: str


class Texts:
    """Renders notices."""

    def __init__(self, folder: Path = NOTICES) -> None:
        loader = FileSystemLoader(folder)
        # Notices are plain text and sent as such: there is no markup to escape from.
        self._jinja = Environment(loader=loader, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
        words = _words()
        self._jinja.filters |= {"waktu": when, "tanggal": weekday_date, "kata": words}
        self._jinja.filters["orang"] = lambda people: _people(people, words)
        self._jinja.filters["berkas"] = lambda documents: _documents(documents, words)
        self._short = _short_texts(folder / "whatsapp.yaml")

    def notice(self, template: str, **facts: Any) -> tuple[str, str]:
        """Subject and body of a notice."""
        text = self._jinja.get_template(f"{template}.txt").render(**whole(facts))
        subject, _, body = text.partition("\n")
        return " ".join(subject.split()), body.strip() + "\n"

    def short(self, template: str, **facts: Any) -> ShortText | None:
        """The notice for WhatsApp; None where there is no short text of it."""
        entry = self._short.get(template)
        if entry is None:
            return None
        filled = whole(facts)
        parameters = tuple(
            " ".join(self._jinja.from_string(f"{{{{ {place} }}}}").render(**filled).split()) or "-"
            for place in entry["parameters"]
        )
        text = str(entry["text"])
        for position, parameter in enumerate(parameters, start=1):
            text = text.replace(f"{{{{{position}}}}}", parameter)
        return ShortText(name=entry["name"], parameters=parameters, text=text)


def whole(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts with an empty text for each optional one that is missing."""
    return dict.fromkeys(OPTIONAL, "") | {name: "" if value is None else value for name, value in facts.items()}


def _short_texts(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _people(people: str | Sequence[str], words: Words) -> str:
    """Those whom a ladder has told: `petugasnya, pimpinannya dan koordinator`."""
    if isinstance(people, str):
        return people
    named = [words(code, "who") for code in people]
    return " dan ".join(filter(None, (", ".join(named[:-1]), named[-1]))) if named else ""


def _documents(documents: str | Sequence[tuple[str, str]], words: Words) -> str:
    """One line for each document: its title and what is wrong with it."""
    if isinstance(documents, str):
        return documents
    return "\n".join(f"- {title}: {words(reason, 'document_reason')}".rstrip(": ") for title, reason in documents)


def _words() -> Words:
    """A filter that turns a code into the word that pages say for it; what is no code stays as it is."""
    common = yaml.safe_load(SENTENCES.read_text(encoding="utf-8"))["_words"]

    def words(code: str, kind: str) -> str:
        return str(common.get(kind, {}).get(code, code))

    return words


def when(instant: datetime | str) -> str:
    """An instant as people read it: Selasa 8 Desember 2026 pukul 16.00 WIB."""
    local = _local(instant)
    return f"{DAYS[local.weekday()]} {long_date(local)} pukul {local:%H.%M} WIB"


def weekday_date(day: date | str) -> str:
    """A day as people read it, of a date or an instant: Selasa 8 Desember 2026."""
    if isinstance(day, datetime) or (isinstance(day, str) and len(day) > len("2026-12-08")):
        day = _local(day).date()
    elif isinstance(day, str):
        day = date.fromisoformat(day)
    return f"{DAYS[day.weekday()]} {long_date(day)}"


def long_date(day: date) -> str:
    """A day as letters print it: 8 Desember 2026."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _local(instant: datetime | str) -> datetime:
    moment = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return moment.astimezone(JAKARTA)
