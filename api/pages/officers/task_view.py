"""The task page as a value: what is judged, what can be decided, what was decided before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from api.pages.answers import answers_of
from api.pages.formatting import full_date, rupiah, working_days
from api.pages.language import gettext as _
from api.pages.officers.choices import About, Choice, Typed, choices_of, nothing_typed
from api.pages.officers.due import Due, due_of
from api.pages.officers.sheets import Sheet, document_sheet, evidence_sheet, letter_sheet, newest_of
from api.pages.officers.words import (
    channels,
    decision_words,
    delivery_words,
    opd_answer_words,
    options_in,
    task_words,
)
from api.pages.words import (
    Options,
    document_reasons,
    refusal_reasons,
    return_reasons,
    stage_words,
    variant_words,
)
from permits.authority import Act, Actor, Role, Subject, refusal
from permits.decision_rules import APPLICANTS_TASKS
from permits.decisions import TaskKind
from permits.definition import PermitDefinition
from permits.party import party_of
from store.queries.application import DocumentView, LetterView
from store.queries.desk import Evidence
from store.queries.inbox import TaskPage
from store.queries.stuck import NoteLine
from store.tables import ApplicationRow, TaskRow

DRAFT_KINDS = frozenset({TaskKind.DESK_CHECK, TaskKind.PARAF, TaskKind.SIGNING})
PRODUCTS = frozenset({"permit", "rejection", "revocation", "replacement", "extension"})
"""Letters that are drafted, read and signed; the others are written by the engine."""


@dataclass(frozen=True)
class Judged:
    """A document that needs a verdict, with what was typed for it."""

    code: str
    title: str
    sheet: Sheet
    earlier: str = ""  # why the version before was sent back
    before: str = ""  # address of that version
    verdict: str = ""
    reason_code: str = ""
    reason: str = ""


@dataclass(frozen=True)
class UploadForm:
    """A file that staff add: evidence of a task, or a document on the applicant's behalf."""

    id: str
    title: str
    action: str
    kind: str = ""
    formats: str = ""
    on_behalf: bool = False
    there: str = ""  # what lies there already


@dataclass(frozen=True)
class Earlier:
    """A decision that was taken before."""

    stage: str
    words: str
    who: str
    at: datetime | None
    detail: list[str]


@dataclass(frozen=True)
class Hold:
    """Who holds the task, and what the reader may do about that."""

    name: str  # "" while the whole desk holds it
    mine: bool = False
    can_take: bool = False
    can_put_back: bool = False
    can_assign: bool = False


@dataclass(frozen=True)
class TaskView:
    """The whole screen."""

    id: str
    address: str
    number: str
    seen: str
    kind: str
    title: str
    stage: str
    permit_name: str
    applicant_name: str
    practice: bool
    due: Due
    open: bool
    ask: str  # what is asked, in one sentence
    facts: list[tuple[str, str]]
    sheets: list[Sheet]
    shown: Sheet | None
    judged: list[Judged]
    choices: list[Choice]
    uploads: list[UploadForm]
    hold: Hold
    decides: bool
    decided: tuple[str, str, datetime | None] | None  # who, what, when
    history: list[Earlier]
    reasons: Options
    ways: Options
    wrong: list[Judged] = field(default_factory=list)  # documents that can be sent back to the applicant
    notes: Sequence[NoteLine] = ()  # what leaders asked about this task, and what its holder said
    here: str = "/tugas"


@dataclass(frozen=True)
class Beside:
    """What was read beside the task."""

    row: ApplicationRow
    law: PermitDefinition | None
    evidence: Sequence[Evidence]
    silent: TaskRow | None  # the task that a silence is about
    now: datetime  # office time of the case
    today: date
    notes: Sequence[NoteLine] = ()


def task_view(
    page: TaskPage,
    beside: Beside,
    capacities: Sequence[Actor],
    about: Subject,
    typed: Typed = nothing_typed,
    opened: str = "",
) -> TaskView:
    """The screen for a person in all its capacities; `typed` and `opened` draw a form again that was refused."""
    kind = TaskKind(page.kind)
    address = f"/tugas/{quote(page.id, safe='')}"
    is_open = page.closed_at is None and page.decision is None
    decides = is_open and _decides(kind, capacities, about)
    judged = [_judged(page, code, typed) for code in page.wanted_documents] if kind is TaskKind.VERIFICATION else []
    sheets = _sheets(page, beside)
    choices = choices_of(_about(page, beside, address), typed, opened) if decides else []
    wrong = [_judged(page, code, typed) for code in _codes(page)] if any(one.documents for one in choices) else []
    shown = sheets[0] if sheets else judged[0].sheet if judged else None
    return TaskView(
        id=page.id,
        address=address,
        number=page.number,
        seen=page.subject_sha256,
        kind=page.kind,
        title=task_words(page.kind),
        stage=page.stage,
        permit_name=page.permit_name,
        applicant_name=page.applicant_name,
        practice=beside.row.practice,
        due=due_of(page.due_at, beside.now),
        open=is_open,
        ask=_ask(page, beside),
        facts=facts_of(beside.row, beside.law, page.applicant_name),
        sheets=sheets,
        shown=judged[0].sheet if judged else shown,
        judged=judged,
        choices=choices,
        uploads=_uploads(page, address, beside) if decides else [],
        hold=_hold(page, capacities, about, is_open),
        decides=decides,
        decided=_decided(page),
        history=[earlier_of(one, page) for one in reversed(page.earlier)],
        reasons=document_reasons(),
        ways=channels(),
        wrong=wrong,
        notes=beside.notes,
    )


def facts_of(row: ApplicationRow, law: PermitDefinition | None, applicant_name: str) -> list[tuple[str, str]]:
    """What the applicant said, each answer beside its question."""
    party = party_of(row.party)
    facts = [(_("Pemohon"), applicant_name)]
    if party.principal:
        facts.append((_("Pemegang izin"), party.principal))
    if party.proxy is not None:
        facts.append((_("Kuasa"), party.proxy.relation))
    facts += [
        (_("Jenis permohonan"), variant_words(row.variant)),
        (_("Penyerahan"), delivery_words(row.delivery)),
    ]
    if row.old_permit_text:
        facts.append((_("Izin lama"), row.old_permit_text))
    return [*facts, *answers_of(law, row.data)]


def earlier_of(one: dict[str, Any], page: TaskPage) -> Earlier:
    """A decision with what it said."""
    kind = one["decision"] or ""
    titles = {document.requirement: document.title for document in page.documents}
    return Earlier(
        stage=one["stage"],
        words=decision_words(kind),
        who=one["decided_by_name"] or "",
        at=one["closed_at"],
        detail=said_in(kind, one["detail"], titles),
    )


def said_in(kind: str, body: dict[str, Any], titles: dict[str, str]) -> list[str]:
    """What a decision's body says to people, line by line."""
    lines: list[str] = []
    for verdict in [*body.get("verdicts", []), *(body.get("documents", []) if kind == "to_applicant" else [])]:
        if verdict.get("verdict") == "repair":
            title = titles.get(verdict["requirement"], verdict["requirement"])
            lines.append(f"{title}: {verdict.get('reason') or options_in(document_reasons(), verdict.get('code', ''))}")
    if kind == "verdicts" and not lines:
        lines.append(_("Semua berkas diterima."))
    if kind == "recommended":
        lines.append(opd_answer_words(body.get("answer"))[1])
    if kind == "return":
        target = body.get("to")
        lines += [_("Ke %(stage)s.") % {"stage": stage_words(target)}] if target else []
        lines.append(options_in(return_reasons(), body.get("code", "")))
    if kind == "reject":
        lines.append(options_in(refusal_reasons(), body.get("code", "")))
    if isinstance(amount := body.get("amount_rupiah"), int):
        lines.append(rupiah(amount))
    if kind == "payment":
        lines.append(_("Pembayaran ditemukan.") if body.get("received") else _("Pembayaran belum ditemukan."))
    if kind == "matched":
        lines.append(_("Suratnya cocok.") if body.get("matches") else _("Suratnya tidak cocok."))
    lines += [f"{name}: {value}" for name, value in (body.get("facts") or {}).items()]
    for name in ("findings", "calculation", "note", "reason", "text"):
        lines += [body[name]] if isinstance(body.get(name), str) and body[name].strip() else []
    for name in ("reasons", "conclusions", "conditions"):
        lines += list(body.get(name) or [])
    return lines


def _codes(page: TaskPage) -> list[str]:
    return [one.requirement for one in newest_of(page.documents)]


def _decides(kind: TaskKind, capacities: Sequence[Actor], about: Subject) -> bool:
    acts = [Act.DECIDE]
    if kind in APPLICANTS_TASKS:
        acts.append(Act.ACT_FOR_APPLICANT)
    if kind is TaskKind.RECOMMENDATION:
        acts.append(Act.KEY_IN_ANSWER)
    return any(refusal(actor, act, about) is None for actor in capacities for act in acts)


def _about(page: TaskPage, beside: Beside, address: str) -> About:
    return About(
        kind=page.kind,
        return_to=tuple(page.return_to),
        evidence=[(one.sha256, one.filename) for one in page.attachments],
        sha256=page.subject_sha256,
        today=beside.today,
    )


def _judged(page: TaskPage, code: str, typed: Typed) -> Judged:
    versions = [one for one in page.documents if one.requirement == code]
    if not versions:
        missing = Sheet(title=code, address="", thumb="", file="")
        return Judged(code=code, title=code, sheet=missing)
    newest = versions[-1]
    before = versions[-2] if len(versions) > 1 else None
    return Judged(
        code=code,
        title=newest.title,
        sheet=document_sheet(page.number, newest),
        earlier=(before.reason or "") if before else "",
        before=document_sheet(page.number, before).address if before else "",
        verdict=typed("", f"nilai.{code}"),
        reason_code=typed("", f"kode.{code}"),
        reason=typed("", f"alasan.{code}"),
    )


def _sheets(page: TaskPage, beside: Beside) -> list[Sheet]:
    """The papers, what is judged first."""
    kind = TaskKind(page.kind)
    found = [letter_sheet(page.number, one, draft=True) for one in _drafts(page, kind)]
    judges_documents = kind in (TaskKind.ASSESSMENT, TaskKind.MEETING) or (kind is TaskKind.DESK_CHECK and not found)
    named = [one for one in beside.evidence if one.sha256 in page.instructions]
    own = [one for one in beside.evidence if one.task_id == page.id]
    others = [one for one in beside.evidence if one.task_id != page.id and one not in named]
    found += [evidence_sheet(one) for one in (*named, *own)]
    if kind in (TaskKind.HAND_OVER, TaskKind.POSTING, TaskKind.POST_ARRIVAL):
        found += [letter_sheet(page.number, one, draft=False) for one in page.letters if one.status == "issued"]
    first = [replace(one, first=True) for one in found]
    wanted = set(page.wanted_documents) if kind is TaskKind.VERIFICATION else set()
    papers = [document_sheet(page.number, one) for one in newest_of(page.documents) if one.requirement not in wanted]
    papers = [replace(one, first=judges_documents) for one in papers]
    return [*first, *papers, *(evidence_sheet(one) for one in others)]


def _drafts(page: TaskPage, kind: TaskKind) -> list[LetterView]:
    """The letter that is judged, or the one that is to be written again."""
    if kind in DRAFT_KINDS:
        return [one for one in page.letters if one.sha256 == page.subject_sha256]
    if kind is TaskKind.DRAFTING:
        return [one for one in page.letters if one.sha256 and one.status == "reserved" and one.purpose in PRODUCTS]
    return []


def _ask(page: TaskPage, beside: Beside) -> str:
    """What this task asks, where its title does not say it all."""
    match TaskKind(page.kind):
        case TaskKind.OVERDUE | TaskKind.UNANSWERED_REPAIR if beside.silent is not None:
            return _("%(holder)s belum menjawab tugas \u201c%(task)s\u201d sejak %(day)s.") % {
                "holder": beside.silent.assigned_to_name or beside.silent.holder,
                "task": task_words(beside.silent.kind),
                "day": full_date(beside.silent.due_at),
            }
        case TaskKind.OVERDUE | TaskKind.UNANSWERED_REPAIR | TaskKind.CONFIRM_PAYMENT | TaskKind.MATCH_ANSWER:
            return {
                TaskKind.CONFIRM_PAYMENT: _("Cocokkan bukti pembayaran dengan kas daerah."),
                TaskKind.MATCH_ANSWER: _("Bandingkan surat dinas dengan permintaan kita."),
            }.get(TaskKind(page.kind), "")
        case TaskKind.ASSESSMENT if beside.law is not None and beside.law.agencies:
            named = ", ".join(f"{one.name} ({working_days(one.working_days)})" for one in beside.law.agencies)
            return _("Bila diteruskan, rekomendasi diminta kepada: %(agencies)s.") % {"agencies": named}
        case TaskKind.DEEMED_APPROVAL:
            return _("Dasarnya: %(rule)s") % {"rule": page.instructions}
        case _:
            return page.instructions


def _uploads(page: TaskPage, address: str, beside: Beside) -> list[UploadForm]:
    kind = TaskKind(page.kind)
    add = f"{address}/lampiran"
    if kind is TaskKind.REPAIR:
        newest = {one.requirement: one for one in newest_of(page.documents)}
        return [_repair_upload(page, code, newest.get(code), beside) for code in page.wanted_documents]
    titles = {
        TaskKind.MEETING: ("minutes", _("Berita acara rapat (boleh menyusul)")),
        TaskKind.RECOMMENDATION: ("paper-answer", _("Hasil pindai surat dinas")),
        TaskKind.PAYMENT: ("payment-proof", _("Bukti pembayaran")),
        TaskKind.CLARIFICATION: ("answer", _("Lampiran jawaban (boleh kosong)")),
    }
    if kind not in titles:
        return []
    name, title = titles[kind]
    there = ", ".join(one.filename for one in page.attachments if one.kind == name)
    return [UploadForm(id=f"unggah-{name}", title=title, action=add, kind=name, formats="PDF, JPG, PNG", there=there)]


def _repair_upload(page: TaskPage, code: str, newest: DocumentView | None, beside: Beside) -> UploadForm:
    done = newest is not None and newest.verdict is None
    formats = (
        next((one.formats for one in beside.law.requirements if one.code == code), ("pdf",)) if beside.law else ("pdf",)
    )
    return UploadForm(
        id=f"unggah-{code}",
        title=newest.title if newest else code,
        action=f"/kasus/{page.number}/berkas/{code}",
        formats=", ".join(one.upper() for one in formats),
        on_behalf=True,
        there=newest.filename if newest is not None and done else "",
    )


def _hold(page: TaskPage, capacities: Sequence[Actor], about: Subject, is_open: bool) -> Hold:
    own = capacities[0].id
    mine = page.assigned_to == own
    name = page.assigned_to_name or ""
    if not is_open or page.role == Role.APPLICANT:
        return Hold(name=name, mine=mine)
    takes = any(refusal(one, Act.TAKE_OVER, about) is None for one in capacities)
    assigns = any(refusal(one, Act.ASSIGN, about) is None for one in capacities)
    return Hold(
        name=name,
        mine=mine,
        can_take=takes and not mine,
        can_put_back=page.assigned_to is not None and takes,
        can_assign=assigns,
    )


def _decided(page: TaskPage) -> tuple[str, str, datetime | None] | None:
    if page.closed_at is None and page.decision is None:
        return None
    return page.decided_by_name or "", decision_words(page.decision or ""), page.closed_at
