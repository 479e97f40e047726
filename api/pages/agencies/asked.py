"""What the page of a request shows, made from the store's view and from who looks at it."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from api.pages.agencies.words import (
    Countdown,
    answer_words,
    countdown,
    told_words,
    way_words,
)
from api.pages.answers import answers_of
from api.pages.language import gettext as _
from api.pages.words import carrier_names
from permits.authority import Act, Actor, Role, Subject, refusal
from permits.decisions import TaskKind
from permits.definition import Agency
from permits.escalation import plan
from store.queries.agency_request import AgencyRequest, FileOfTurn, Turn
from store.queries.proof import RungProof

State = Literal["open", "asked", "matching", "to_sign", "settling", "answered", "withdrawn", "released"]

_STATES: dict[str, State] = {
    TaskKind.RECOMMENDATION: "open",
    TaskKind.CLARIFICATION: "asked",
    TaskKind.MATCH_ANSWER: "matching",
    TaskKind.SIGN_RECOMMENDATION: "to_sign",
}


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class Paper(_View):
    """A document of the case: its picture, and where it is read."""

    title: str
    picture: str
    address: str


class Told(_View):
    """A message of a rung that fell: the proof of it."""

    way: str
    sent_at: datetime | None  # real time
    delivered_at: datetime | None
    failed: bool
    message_id: str | None


class Step(_View):
    """A rung of the ladder, fallen or still to come; office times."""

    who: str
    at: datetime
    is_warning: bool
    fallen: bool
    told: tuple[Told, ...]


class Line(_View):
    """Something that happened between the office, the agency and the applicant; office times."""

    at: datetime
    words: str
    by: str
    text: str
    files: tuple[tuple[str, str], ...]  # address, name


class Given(_View):
    """The agency's answer."""

    words: str
    by: str
    at: datetime
    way: str
    conditions: tuple[str, ...]
    reason: str
    letter_number: str
    late_days: int | None


class Letter(_View):
    """A letter of the case that the agency may read."""

    title: str
    number_text: str
    date: date
    picture: str
    address: str


class RequestView(_View):
    """One request, as one person of the agency sees it."""

    number: str
    task: str
    permit_name: str
    practice: bool
    compressed: bool
    agency: str
    asks_for: str
    state: State
    go_to: str  # address of the task that is open now, where it is another one
    due_at: datetime
    remaining: Countdown
    extended_days: int
    extension_reason: str
    steps: tuple[Step, ...]
    facts: tuple[tuple[str, str], ...]
    papers: tuple[Paper, ...]
    letters: tuple[Letter, ...]
    lines: tuple[Line, ...]
    given: Given | None
    ended_because: str
    may_answer: bool
    held_by: str  # the colleague who holds it
    may_take: bool
    may_give: bool
    colleagues: tuple[tuple[str, str], ...]
    questions: tuple[Line, ...]  # a leader's question about the silence, and what was said
    signs: bool  # whoever looks holds a certificate of the agency


class Looker(NamedTuple):
    """Whoever looks at the request, and what the task means to that person."""

    actor: Actor
    subject: Subject
    signs: bool
    colleagues: tuple[tuple[str, str], ...]


def request_view(asked: AgencyRequest, task: str, looker: Looker, now: datetime) -> RequestView:
    """The page of the task `task` at the real time `now`."""
    here = next(turn for turn in asked.turns if turn.task_id == task)
    office = asked.pace.shown_time(now, asked.calendar)
    state, open_turn = _state(asked)
    agency = _agency(asked, looker.actor)
    name = asked.state.agency if asked.state else agency.name if agency else looker.actor.opd or ""
    due_at = open_turn.due_at if open_turn and open_turn.kind != TaskKind.CLARIFICATION else here.due_at
    if asked.state and state in ("answered", "withdrawn", "released"):
        due_at = asked.state.due_at
    rests = state in ("asked", "matching")
    own = state == "open" and open_turn is not None and open_turn.task_id == task
    other = open_turn.task_id if open_turn and state in ("open", "to_sign") and open_turn.task_id != task else ""
    may_answer = own and refusal(looker.actor, Act.DECIDE, looker.subject) is None
    return RequestView(
        number=asked.number,
        task=task,
        permit_name=asked.permit_name,
        practice=asked.practice,
        compressed=not asked.pace.is_real,
        agency=name,
        asks_for=(agency.asks_for if agency else here.instructions.partition("\n")[0]) or here.instructions,
        state=state,
        go_to=f"/permintaan/{other}" if other else "",
        due_at=due_at,
        remaining=Countdown("none", _("Waktu Anda berhenti")) if rests else countdown(due_at, office, asked.calendar),
        extended_days=asked.state.extended_days if asked.state else 0,
        extension_reason=asked.state.extension_reason if asked.state else "",
        steps=_steps(asked, agency, due_at, name, planned=state in ("open", "to_sign")),
        facts=_facts(asked),
        papers=tuple(_paper(asked.number, task, one.requirement, one.title) for one in asked.documents),
        letters=_letters(asked, looker.actor),
        lines=tuple(line for turn in asked.turns if (line := _line(turn, asked, name))),
        given=_given(asked),
        ended_because=asked.state.reason if asked.state and state == "withdrawn" else "",
        may_answer=may_answer,
        held_by=_held_by(here, looker.actor) if own else "",
        may_take=own and not may_answer and refusal(looker.actor, Act.TAKE_OVER, looker.subject) is None,
        may_give=own and bool(looker.colleagues) and refusal(looker.actor, Act.ASSIGN, looker.subject) is None,
        colleagues=looker.colleagues,
        questions=tuple(
            Line(at=note.at, words=_("Pertanyaan") if note.kind == "asked" else _("Jawaban"), by=note.by,
                 text=note.text, files=())
            for note in asked.notes
        ),
        signs=looker.signs,
    )  # fmt: skip


def _state(asked: AgencyRequest) -> tuple[State, Turn | None]:
    """How the request stands, and the task that is open for it now."""
    still = [turn for turn in asked.turns if turn.status == "open" and turn.kind in _STATES]
    if still:
        return _STATES[still[-1].kind], still[-1]
    answer = asked.state.answer if asked.state else None
    if answer == "withdrawn":
        return "withdrawn", None
    if answer == "released":
        return "released", None
    return ("answered" if answer else "settling"), None


def _agency(asked: AgencyRequest, actor: Actor) -> Agency | None:
    """What the definition says of this agency; one that was added has the ladder of the type's first."""
    known = asked.definition.agencies if asked.definition else ()
    own = next((one for one in known if one.opd == actor.opd), None)
    if own is not None or not known:
        return own
    name = asked.state.agency if asked.state else actor.opd or ""
    first = asked.turns[0] if asked.turns else None
    asks_for = first.instructions.partition("\n")[0] if first else ""
    return known[0].model_copy(update={"opd": actor.opd, "name": name, "asks_for": asks_for})


def _facts(asked: AgencyRequest) -> tuple[tuple[str, str], ...]:
    about = ((_("Pemohon"), asked.applicant_name), (_("Jenis izin"), asked.permit_name))
    return (*about, *answers_of(asked.definition, asked.data))


def _paper(number: str, task: str, requirement: str, title: str) -> Paper:
    return Paper(
        title=title,
        picture=f"/kasus/{number}/berkas/{requirement}/1.png?lebar=240",
        address=f"/permintaan/{task}/berkas/{requirement}",
    )


def _letters(asked: AgencyRequest, actor: Actor) -> tuple[Letter, ...]:
    titles = {
        f"opd-request-{actor.opd}": _("Surat permintaan rekomendasi"),
        "minutes-inspection": _("Berita acara pemeriksaan lapangan"),
        "minutes-meeting": _("Berita acara rapat teknis"),
    }
    found = [(_own_title(one.purpose, actor, titles), one) for one in asked.letters if one.status == "issued"]
    return tuple(
        Letter(
            title=title,
            number_text=one.number_text,
            date=one.letter_date,
            picture=f"/kasus/{asked.number}/surat/{one.purpose}/1.png?lebar=240",
            address=f"/kasus/{asked.number}/surat/{one.purpose}",
        )
        for title, one in found
        if title
    )


def _own_title(purpose: str, actor: Actor, titles: dict[str, str]) -> str:
    if purpose.startswith(f"opd-answer-{actor.opd}-"):
        return _("Surat jawaban dinas Anda")
    return titles.get(purpose, "")


def _steps(asked: AgencyRequest, agency: Agency | None, due_at: datetime, name: str, planned: bool) -> tuple[Step, ...]:
    """What has fallen, with its proofs, and what follows while nobody answers."""
    fallen: dict[str, list[RungProof]] = {}
    for proof in asked.proofs:
        fallen.setdefault(proof.rung or proof.event_key, []).append(proof)
    who = {rung.code: rung.who for rung in agency.ladder.rungs} if agency else {}
    steps = [_fallen(proofs, told_words(who.get(code, "holder"), name)) for code, proofs in fallen.items()]
    if not (planned and agency and asked.calendar):
        return tuple(steps)
    day = asked.calendar.local_date(due_at)
    if not asked.calendar.holds(day):
        return tuple(steps)
    coming = [one for one in plan(agency.ladder, day, asked.calendar, _asked_at(asked)) if one.rung.code not in fallen]
    steps += [
        Step(
            who=told_words(one.rung.who, name),
            at=one.at,
            is_warning=one.rung.kind == "warning",
            fallen=False,
            told=(),
        )
        for one in coming
    ]
    return tuple(steps)


def _fallen(proofs: list[RungProof], who: str) -> Step:
    return Step(
        who=who,
        at=proofs[0].fell_at,
        is_warning=proofs[0].tag.endswith(":warned"),
        fallen=True,
        told=tuple(
            Told(
                way=carrier_names().get(one.channel or "", one.channel or ""),
                sent_at=one.sent_at,
                delivered_at=one.delivered_at,
                failed=one.state == "failed",
                message_id=one.message_id,
            )
            for one in proofs
            if one.state != "none"
        ),
    )


def _asked_at(asked: AgencyRequest) -> datetime:
    return asked.state.asked_at if asked.state else asked.turns[0].opened_at


def _line(turn: Turn, asked: AgencyRequest, agency: str) -> Line | None:
    """What a task that is decided has brought; the answer itself stands at the top of the page."""
    said = turn.detail
    at, by = turn.closed_at or turn.opened_at, turn.decided_by_name or ""
    match turn.kind, turn.decision:
        case TaskKind.RECOMMENDATION, "question":
            return Line(at=at, words=_("Anda bertanya kepada pemohon"), by=by, text=_text(said, "text"), files=())
        case TaskKind.CLARIFICATION, "answered":
            named = said.get("files") or ()
            files = _addresses([one for one in turn.files if one.sha256 in named])
            return Line(at=at, words=_("Pemohon menjawab"), by=by, text=_text(said, "text"), files=files)
        case TaskKind.RECOMMENDATION, "recommended" if said.get("letter"):
            files = _addresses([one for one in turn.files if one.sha256 == said["letter"]])
            return Line(at=at, words=_("Surat Anda kami terima"), by=by, text="", files=files)
        case TaskKind.MATCH_ANSWER, "matched" if not said.get("matches"):
            words = _("Surat Anda belum cocok dengan permintaan")
            return Line(at=at, words=words, by=by, text=_text(said, "reason"), files=())
        case TaskKind.SIGN_RECOMMENDATION, "return":
            return Line(at=at, words=_("Jawaban ditulis ulang"), by=by, text=_text(said, "reason"), files=())
        case TaskKind.SIGN_RECOMMENDATION, "sign":
            return Line(at=at, words=_("Tanda tangan disetujui"), by=by, text="", files=())
        case _:
            return None


def _text(said: dict[str, object], name: str) -> str:
    return str(said.get(name) or "")


def _addresses(files: list[FileOfTurn]) -> tuple[tuple[str, str], ...]:
    return tuple((f"/tugas/{one.task_id}/lampiran/{one.id}", one.filename) for one in files)


def _given(asked: AgencyRequest) -> Given | None:
    """The newest answer, also while it is matched or signed."""
    decided = [turn for turn in asked.turns if turn.decision == "recommended"]
    state = asked.state
    if not decided or any(turn.status == "open" and turn.kind == TaskKind.RECOMMENDATION for turn in asked.turns):
        return None
    turn = decided[-1]
    said = turn.detail
    return Given(
        words=answer_words(str(said.get("answer", ""))),
        by=turn.decided_by_name or "",
        at=turn.closed_at or turn.opened_at,
        way=way_words(state.way if state else None),
        conditions=tuple(str(one) for one in said.get("conditions") or ()),
        reason=_text(said, "reason"),
        letter_number=(state.letter_number if state else None) or "",
        late_days=state.late_days if state else None,
    )


def _held_by(here: Turn, actor: Actor) -> str:
    return (here.assigned_to_name or "") if here.assigned_to not in (None, actor.id) else ""


def is_of_an_agency(actor: Actor) -> bool:
    """Whether this capacity answers requests."""
    return actor.role is Role.OPD
