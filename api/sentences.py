"""What an event says to people: a sentence made from its tag and facts, out of `web/sentences/id.yaml`.

Pages in English say the sentences of `en.yaml`. What is public, and when, stands in the Indonesian file alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from api.pages.formatting import full_date, moment, rupiah
from api.pages.language import gettext as _
from api.pages.language import language
from permits.events import Tag

SENTENCES = Path(__file__).resolve().parent.parent / "web" / "sentences" / "id.yaml"
ENGLISH = SENTENCES.with_name("en.yaml")


FACTS_FOR_ALL = frozenset(
    {
        "agencies", "amount_rupiah", "decision", "due_at", "expected_on", "extended_days", "gross", "holder", "kind",
        "level", "n", "net", "number_text", "on_behalf_of", "opd", "paused", "permit_type", "product", "promised",
        "purpose", "reason", "receipt_number", "requirement", "role", "rung", "stage", "status", "template", "title",
        "to", "verdict", "who",
    }
)  # fmt: skip
"""Facts of an event that may leave the office; the others are for those who work in it."""


def facts_for_all(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What an applicant or an agency is shown of an event's facts."""
    return {name: value for name, value in facts.items() if name in FACTS_FOR_ALL}


class EventWords(BaseModel):
    """The words of one tag."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    public: bool
    text: str
    plain: str | None = None
    only_when: dict[str, list[str]] = Field(default_factory=dict)
    not_when: dict[str, list[str]] = Field(default_factory=dict)
    words: dict[str, dict[str, str]] = Field(default_factory=dict)


class _Tongue:
    """The sentences of one language."""

    def __init__(self, raw: Mapping[str, Any], rules: Mapping[str, Any]) -> None:
        kept = ("public", "only_when", "not_when")
        self.common: dict[str, dict[str, str]] = raw["_words"]
        self.by_tag = {
            tag: EventWords.model_validate({name: rules[tag][name] for name in kept if name in rules[tag]} | words)
            for tag, words in raw.items()
            if tag != "_words"
        }


class Sentences:
    """The sentences, in the language of the request."""

    def __init__(self, path: Path = SENTENCES, english: Path = ENGLISH) -> None:
        raw = _read(path)
        self._tongues = {"id": _Tongue(raw, raw), "en": _Tongue(_read(english), raw)}

    @property
    def missing(self) -> frozenset[str]:
        """Tags without a sentence in one of the languages; none, as a test sees to."""
        known = frozenset.intersection(*(frozenset(one.by_tag) for one in self._tongues.values()))
        return frozenset(tag.value for tag in Tag) - known

    def is_public(self, tag: str, facts: Mapping[str, Any]) -> bool:
        """Whether the event stands on the tracking page."""
        words = self._tongues["id"].by_tag.get(tag)
        if words is None or not words.public:
            return False
        wanted = all(_holds(facts, name, values) for name, values in words.only_when.items())
        return wanted and not any(_holds(facts, name, values) for name, values in words.not_when.items())

    def sentence(self, tag: str, facts: Mapping[str, Any], titles: Mapping[str, str] | None = None) -> str:
        """The sentence of one event.

        Args:
            tag: the event's tag.
            facts: its facts.
            titles: titles of the documents by code, for events about one.
        """
        words = self._spoken.by_tag.get(tag)
        if words is None:
            return _("Ada perubahan pada permohonan ini.")
        shown = {
            name: self._in_words(words, name, value, titles or {})
            for name, value in facts.items()
            if name != "code" or str(value) in words.words.get(name, {})
        }
        try:
            text = words.text.format_map(shown)
        except KeyError:
            text = words.plain or words.text
        return text[:1].upper() + text[1:]

    @property
    def _spoken(self) -> _Tongue:
        return self._tongues[language()]

    def _in_words(self, words: EventWords, name: str, value: Any, titles: Mapping[str, str]) -> str:
        if name == "requirement":
            return titles.get(str(value), str(value))
        if name == "amount_rupiah" and isinstance(value, int):
            return rupiah(value)
        if name.endswith("_at") and isinstance(value, str):
            return _moment(value)
        if name.endswith("_on") and isinstance(value, str):
            return _day(value)
        text = str(value).rstrip(".")
        return words.words.get(name, {}).get(text) or self._spoken.common.get(name, {}).get(text) or text


def _holds(facts: Mapping[str, Any], name: str, values: list[str]) -> bool:
    """Whether a fact is there with one of the values; with any value, where none are named."""
    return facts.get(name) is not None and (not values or str(facts[name]) in values)


def _moment(value: str) -> str:
    try:
        return moment(datetime.fromisoformat(value))
    except ValueError:
        return value


def _day(value: str) -> str:
    try:
        return full_date(date.fromisoformat(value))
    except ValueError:
        return value


@cache
def _read(path: Path) -> dict[str, Any]:
    """The words of a file, read once a process."""
    words: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return words
