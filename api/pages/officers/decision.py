"""A decision as a form of the task page sent it: read, completed, and made the body that the JSON route takes too."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

from pydantic import TypeAdapter, ValidationError

from api.deciding import DecisionAsked
from api.pages.forms import FormErrors, SentForm, errors_of
from api.pages.language import gettext as _
from api.pages.language import speaking
from api.pages.officers.choices import Choice
from api.pages.officers.words import options_in
from api.pages.words import document_reasons
from store.queries.inbox import TaskPage

CHOICE = "putusan"
ALL_ACCEPTED = "sisanya"
Body = dict[str, Any]
_asked: TypeAdapter[Any] = TypeAdapter(cast(Any, DecisionAsked))


class Mend(Exception):
    """The form has to be mended: what, in the order of the page."""

    def __init__(self, errors: FormErrors) -> None:
        super().__init__("a form is to be mended")
        self.errors = errors


def decision_of(form: SentForm, task: TaskPage, choices: list[Choice]) -> Any:
    """The decision that a form asks for. Raises Mend."""
    choice = next((one for one in choices if one.kind == form.text(CHOICE, 40)), None)
    if choice is None:
        raise Mend([("putusan", _("Pilih dahulu apa yang Anda putuskan."))])
    body = _READERS[choice.kind](form, task) | {"seen": form.text("seen", 64)}
    _check_said(choice, form)
    try:
        return _asked.validate_python(body)
    except ValidationError as wrong:
        labels = {one.name: one.label for one in choice.fields}
        found = errors_of(wrong, labels)
        first = choice.fields[0].name if choice.fields else ""
        raise Mend(
            [(f"{choice.kind}-{name if name in labels else first}", sentence) for name, sentence in found]
        ) from None


def reason_field(choice: Choice) -> str:
    """Where a refusal that misses a reason leads to."""
    wanted = ("reason", "reasons", "note", "text", "calculation", "conclusions")
    found = next((one.id for name in wanted for one in choice.fields if one.name == name), None)
    return found or (choice.fields[0].id if choice.fields else "putusan")


def lines_of(text: str) -> list[str]:
    """The lines of a field that has one answer a line."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def documents_of(form: SentForm, codes: list[str], all_others: bool = False) -> list[Body]:
    """Verdicts on documents as a form gave them; documents without one are left out, or accepted."""
    found = []
    for code in codes:
        verdict = form.text(f"nilai.{code}", 20) or ("accept" if all_others else "")
        if verdict == "accept":
            found.append({"requirement": code, "verdict": "accept"})
        elif verdict == "repair":
            why = form.text(f"kode.{code}", 40)
            reason = form.text(f"alasan.{code}", 500) or _words_of_reason(why)
            found.append({"requirement": code, "verdict": "repair", "code": why or "other", "reason": reason})
    return found


def _words_of_reason(code: str) -> str:
    # What the applicant reads is Indonesian, whatever the officer's pages speak.
    with speaking("id"):
        return options_in(document_reasons(), code) if code and code != "other" else ""


def check_documents(found: list[Body], wanted: list[str], titles: dict[str, str], every: bool) -> None:
    """Every document has a verdict, and every repair its reason. Raises Mend."""
    given = {one["requirement"]: one for one in found}
    errors: FormErrors = []
    for code in wanted:
        verdict = given.get(code)
        if verdict is None and every:
            errors.append((f"nilai-{code}", _("%(title)s belum dinilai.") % {"title": titles.get(code, code)}))
        elif verdict is not None and verdict["verdict"] == "repair" and not verdict["reason"]:
            errors.append((f"kode-{code}", _("Tulis alasan untuk %(title)s.") % {"title": titles.get(code, code)}))
    if not found and not every:
        errors.append((f"salah-{wanted[0]}" if wanted else "putusan", _("Tandai sedikitnya satu berkas.")))
    if errors:
        raise Mend(errors)


_NEEDED = frozenset(
    {
        ("return", "to"), ("return", "code"), ("return", "reason"), ("reject", "code"), ("reject", "reasons"),
        ("met", "conclusions"), ("met", "present"), ("retribution", "amount_rupiah"), ("retribution", "calculation"),
        ("payment-no", "reason"), ("acknowledged", "note"), ("matched-no", "reason"), ("close_file", "reason"),
        ("keep_waiting", "working_days"), ("deemed_confirmed", "note"), ("handed_over", "to_name"),
        ("handed_over", "relation"), ("handed_over", "identity_seen"), ("posted", "receipt_number"),
        ("arrived", "received_by"), ("arrived", "on"), ("came_back", "reason"), ("recommended", "answer"),
        ("recommended", "letter_number"), ("recommended", "letter_date"), ("recommended", "received_on"),
        ("recommended", "channel"), ("recommended", "scan"), ("repaired", "channel"), ("repaired", "consent"),
        ("paid", "proof"), ("paid", "channel"), ("paid", "consent"), ("answered", "text"), ("answered", "channel"),
        ("answered", "consent"),
    }
)  # fmt: skip
"""Fields that an answer cannot do without."""


def _check_said(choice: Choice, form: SentForm) -> None:
    """Raises Mend for fields that were left empty."""
    errors = [
        (one.id, _("%(label)s belum diisi.") % {"label": one.label})
        for one in choice.fields
        if (choice.kind, one.name) in _NEEDED and not form.text(one.name)
    ]
    if errors:
        raise Mend(errors)


def _verdicts(form: SentForm, task: TaskPage) -> Body:
    found = documents_of(form, task.wanted_documents, all_others=bool(form.text(ALL_ACCEPTED, 10)))
    check_documents(found, task.wanted_documents, _titles(task), every=True)
    return {"kind": "verdicts", "verdicts": found}


def _to_applicant(form: SentForm, task: TaskPage) -> Body:
    codes = list(dict.fromkeys(one.requirement for one in task.documents))
    found = [one for one in documents_of(form, codes) if one["verdict"] == "repair"]
    check_documents(found, codes, _titles(task), every=False)
    return {"kind": "to_applicant", "documents": found}


def _titles(task: TaskPage) -> dict[str, str]:
    return {one.requirement: one.title for one in task.documents}


def _plain(kind: str, *names: str, lines: tuple[str, ...] = (), **fixed: Any) -> Callable[[SentForm, TaskPage], Body]:
    """A body whose fields are those of the form; `lines` are lists, one answer a line."""

    def read(form: SentForm, task: TaskPage) -> Body:
        said: Body = {name: form.text(name) for name in names if form.text(name)}
        said |= {name: lines_of(form.text(name)) for name in lines}
        return {"kind": kind, **fixed, **said}

    return read


def _retribution(form: SentForm, task: TaskPage) -> Body:
    digits = re.sub(r"[.\s]|^Rp", "", form.text("amount_rupiah", 40))
    return {"kind": "retribution", "amount_rupiah": digits, "calculation": form.text("calculation")}


def _drafted(form: SentForm, task: TaskPage) -> Body:
    facts: dict[str, str] = {}
    for line in lines_of(form.text("facts")):
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or not value.strip():
            raise Mend([("drafted-facts", _("Tiap baris isi tambahan ditulis: nama, titik dua, isinya."))])
        facts[name.strip()] = value.strip()
    return {"kind": "drafted", "facts": facts, "conditions": lines_of(form.text("conditions"))}


def _posted(form: SentForm, task: TaskPage) -> Body:
    return {"kind": "posted", "receipt_number": re.sub(r"\s", "", form.text("receipt_number", 60)).upper()}


def _recommended(form: SentForm, task: TaskPage) -> Body:
    names = ("channel", "letter_number", "letter_date", "received_on", "scan")
    provenance = {name: form.text(name, 500) for name in names}
    plain = _plain("recommended", "answer", "reason", lines=("conditions",))(form, task)
    return plain | {"provenance": provenance}


def _on_behalf(kind: str, *names: str) -> Callable[[SentForm, TaskPage], Body]:
    """Staff act for the applicant: by which way it was asked for, and how the applicant agreed."""

    def read(form: SentForm, task: TaskPage) -> Body:
        said = {"channel": form.text("channel", 20), "consent": form.text("consent", 500)}
        return _plain(kind, *names)(form, task) | {"on_behalf": said}

    return read


def _answered(form: SentForm, task: TaskPage) -> Body:
    files = [one.sha256 for one in task.attachments if one.kind == "answer"]
    return _on_behalf("answered", "text")(form, task) | {"files": files}


_READERS: dict[str, Callable[[SentForm, TaskPage], Body]] = {
    "verdicts": _verdicts,
    "forward": _plain("forward", "note"),
    "reject": _plain("reject", "code", lines=("reasons",)),
    "to_applicant": _to_applicant,
    "return": _plain("return", "code", "reason", "to"),
    "met": _plain("met", lines=("conclusions", "present")),
    "retribution": _retribution,
    "payment": _plain("payment", received=True),
    "payment-no": _plain("payment", "reason", received=False),
    "drafted": _drafted,
    "paraf": _plain("paraf"),
    "acknowledged": _plain("acknowledged", "note"),
    "matched": _plain("matched", matches=True),
    "matched-no": _plain("matched", "reason", matches=False),
    "keep_waiting": _plain("keep_waiting", "working_days", "note"),
    "close_file": _plain("close_file", "reason"),
    "deemed_confirmed": _plain("deemed_confirmed", "note"),
    "handed_over": _plain("handed_over", "to_name", "relation", "identity_seen"),
    "posted": _posted,
    "arrived": _plain("arrived", "received_by", "on"),
    "came_back": _plain("came_back", "reason"),
    "recommended": _recommended,
    "repaired": _on_behalf("repaired"),
    "paid": _on_behalf("paid", "proof"),
    "answered": _answered,
}
