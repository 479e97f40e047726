"""A desk: where a workflow waits for one person's decision, with a due date, a warning and a ladder.

A task can stay open for weeks; the ladder's rungs are durable timers, and each rung that falls is an event with its
notice. Past the last rung a person gets a task of its own; the waiting goes on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from temporalio import workflow
from temporalio.common import SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook
    from permits.authority import Role
    from permits.decisions import (
        Acknowledged,
        Decision,
        FileClosed,
        KeptWaiting,
        QuestionAsked,
        Recommended,
        SignatureOrdered,
        TaskKind,
        consent_of,
    )
    from permits.errors import Code
    from permits.escalation import HolderCode, Ladder, PlannedRung, next_rung, plan
    from permits.events import Event, Tag
    from permits.sla import task_clock
    from permits.steps import Notice, TaskChanged, TaskClosed, TaskOpened, Waiting
    from workflows.clock import OfficeClock
    from workflows.ledger import Ledger, RecordActivity
    from workflows.messages import SearchAttributes, task_id
    from workflows.open_tasks import OpenTasks, Silence

_STAGE = SearchAttributeKey.for_keyword(SearchAttributes.STAGE)
_WAITING = SearchAttributeKey.for_keyword(SearchAttributes.WAITING_FOR)
_DUE = SearchAttributeKey.for_datetime(SearchAttributes.DUE)

OVERDUE_WORKING_DAYS = 3
REPLAN_IS_TOLD = "replan-is-told"
"""Patch of version 0.2: a new calendar is told in the record, with the new due date of every open task."""


class Interrupted(Exception):
    """The case ended from outside (withdrawal) while a desk was waiting."""


@dataclass(frozen=True)
class Tags:
    """Which events tell of this desk; an OPD's have a source of their own."""

    opened: Tag = Tag.TASK_OPENED
    warned: Tag = Tag.TASK_WARNED
    escalated: Tag = Tag.TASK_ESCALATED
    ladder_ended: Tag = Tag.LADDER_ENDED
    decided: Tag = Tag.TASK_DECIDED


@dataclass(frozen=True)
class Question:
    """What a desk is asked."""

    kind: TaskKind
    role: Role
    stage: str  # in words
    holder: str  # in words
    working_days: int
    ladder: Ladder
    subject_sha256: str
    field: str | None = None
    opd: str | None = None
    wanted_documents: tuple[str, ...] = ()
    photos: int = 0
    instructions: str = ""
    people: tuple[str, ...] = ()  # minutes: those present
    return_to: tuple[str, ...] = ()  # stages that this desk can send the case back to
    goes_on: Silence | None = None  # the clock and the rungs of an earlier task that this one continues
    tags: Tags | None = None  # where the events are not those of the workflow's own desk


class Desk(OpenTasks):
    """Where a workflow asks, and waits for, one person's decision."""

    def __init__(self, number: str, applicant_id: str, clock: OfficeClock, ledger: Ledger, tags: Tags | None = None):
        super().__init__(number, applicant_id, clock, ledger)
        self._tags = tags or Tags()
        self._own_tags: dict[str, Tags] = {}  # of tasks whose events are not the desk's own
        self._count = 0
        self.lapsed: Decision | None = None  # a person closed the file of an applicant who never answered
        self.verified_by: tuple[str, ...] = ()
        self.waiting_for = ""
        self._warned_of_length = False

    async def ask(self, question: Question, *events: Event, **parts: object) -> Decision:
        """Opens a task and waits for its decision; rungs fall meanwhile.

        Args:
            question: what is asked, of whom, by when.
            events: lines of the record that belong to the opening.
            parts: further parts of the opening's step.

        Raises:
            Interrupted: the case ended from outside; the task is closed as cancelled.
        """
        if self.ended is not None:
            raise Interrupted
        self._warn_of_length()
        silence = self._silence_of(question)
        opened = self._opening(question, silence)
        self._open[opened.id] = self._open_task(opened)
        self._silences[opened.id] = silence
        if question.tags is not None:
            self._own_tags[opened.id] = question.tags
        await self._record_opening(opened, question, events, parts)
        try:
            await self._wait_for_decision(opened, question, silence)
        except asyncio.CancelledError:
            if opened.id in self._open:
                raise
            # The decision came at the same moment and has its receipt: it stands.
        finally:
            self._silences.pop(opened.id, None)
        return self._end(opened, silence.overdue)

    def _warn_of_length(self) -> None:
        """Says once that a history grows towards the engine's limit; ADR 0016 tells why no case is continued as new."""
        if not self._warned_of_length and workflow.info().is_continue_as_new_suggested():
            self._warned_of_length = True
            length = {"history_events": workflow.info().get_current_history_length()}
            workflow.logger.warning("The history of a case grows long.", extra=length)

    async def _wait_for_decision(self, opened: TaskOpened, question: Question, silence: Silence) -> None:
        shown: datetime | None = None
        while opened.id in self._open and self.ended is None:
            opened = self._planned_anew(opened, silence)
            if opened.due_at != shown:
                self.show(question.stage, question.holder, shown := opened.due_at)
            rung = silence.next_rung = next_rung(self._plan(opened, question), silence.fired)
            if rung is None and silence.overdue is None:
                silence.overdue = await self._open_overdue(opened, question)
            if silence.overdue and silence.overdue in self._taken:
                await self._follow_up(silence)
                continue
            if await self._wait_at(opened.id, silence, rung):
                continue
            if rung is not None and self._clock.now() >= rung.at:
                silence.fired |= {rung.rung.code}
                await self._fire(rung, opened, question, silence)

    def _silence_of(self, question: Question) -> Silence:
        now = self._clock.now()
        silence = question.goes_on or Silence(task_clock(now, question.working_days, self._clock.calendar))
        silence.overdue = None
        silence.due_at = silence.sla.due_at(self._clock.calendar, now)
        return silence

    def _opening(self, question: Question, silence: Silence) -> TaskOpened:
        self._count += 1
        assert silence.due_at is not None
        return TaskOpened(
            id=task_id(workflow.info().workflow_id, question.kind, self._count),
            workflow_id=workflow.info().workflow_id,
            kind=question.kind,
            role=question.role,
            stage=question.stage,
            holder=question.holder,
            field=question.field,
            opd=question.opd,
            subject_sha256=question.subject_sha256,
            opened_at=self._clock.now(),
            due_at=silence.due_at,
            working_days=question.working_days,
            wanted_documents=question.wanted_documents,
            photos=question.photos,
            verified_by=self.verified_by,
            instructions=question.instructions,
            people=question.people,
            return_to=question.return_to,
        )

    async def _record_opening(
        self, opened: TaskOpened, question: Question, events: tuple[Event, ...], parts: dict[str, object]
    ) -> None:
        self._ledger.note(*events)
        self._ledger.note(
            self._ledger.event(
                self._tags_of(opened.id).opened,
                task=opened.id,
                kind=opened.kind.value,
                holder=opened.holder,
                stage=opened.stage,
                opd=opened.opd,
                due_at=opened.due_at.isoformat(),
            )
        )
        self._ledger.note_notice(self._notice(_OPENING_NOTICE.get(opened.kind, "task-opened"), "holder", opened))
        waiting = Waiting(
            kind=_waiting_kind(opened.role),
            holder=opened.holder,
            stage=opened.stage,
            since=opened.opened_at,
            due_at=opened.due_at,
        )
        await self._keep(CaseBook.open_task, f"{question.stage}: menunggu {question.holder}", opened, waiting, parts)

    async def _keep(
        self, activity: RecordActivity, summary: str, opened: TaskOpened, waiting: Waiting, parts: dict[str, object]
    ) -> None:
        await self._ledger.keep(activity, summary, task_opened=opened, **({"waiting": waiting} | parts))

    def _planned_anew(self, opened: TaskOpened, silence: Silence) -> TaskOpened:
        """The task with its due date by the clock and the calendar of now."""
        silence.due_at = due_at = silence.sla.due_at(self._clock.calendar, self._clock.now())
        return opened if due_at == opened.due_at else opened.model_copy(update={"due_at": due_at})

    def _plan(self, opened: TaskOpened, question: Question) -> tuple[PlannedRung, ...]:
        calendar = self._clock.calendar
        return plan(question.ladder, calendar.local_date(opened.due_at), calendar, opened.opened_at)

    async def _wait_at(self, task: str, silence: Silence, rung: PlannedRung | None) -> bool:
        overdue, sla = silence.overdue, silence.sla
        happened: Callable[[], bool] = lambda: (  # noqa: E731
            task not in self._open
            or self.ended is not None
            or (bool(overdue) and overdue not in self._open)
            or silence.sla is not sla
        )
        why = f"sampai {rung.rung.code}" if rung else ""
        return await self._clock.wait(happened, rung.at if rung else None, why)

    async def _fire(self, planned: PlannedRung, opened: TaskOpened, question: Question, silence: Silence) -> None:
        rung = planned.rung
        tags = self._tags_of(opened.id)
        tag = tags.warned if rung.kind == "warning" else tags.escalated
        self._ledger.note(
            self._ledger.event(
                tag,
                task=opened.id,
                rung=rung.code,
                who=rung.who,
                holder=question.holder,
                stage=question.stage,
                opd=question.opd,
                planned_at=planned.at.isoformat(),
                due_at=opened.due_at.isoformat(),
            )
        )
        template = "repair-reminder" if opened.role is Role.APPLICANT else f"task-{rung.kind}"
        notice = self._notice(template, rung.who, opened, rung=rung.code, task=opened.id, who=rung.who)
        self._ledger.note_notice(notice.model_copy(update={"channel": rung.channel}))
        self._ledger.note_changed(TaskChanged(id=opened.id, rungs_fallen=len(silence.fired)))
        word = "Peringatan" if rung.kind == "warning" else "Eskalasi"
        await self._ledger.keep(CaseBook.record_rung, f"{word}: {question.holder} belum menjawab ({rung.code})")

    async def _open_overdue(self, opened: TaskOpened, question: Question) -> str:
        resort = Role(question.ladder.last_resort)
        asks = Question(
            kind=_AT_LADDERS_END.get(question.kind, TaskKind.OVERDUE),
            role=resort,
            stage=question.stage,
            holder=question.holder,
            working_days=OVERDUE_WORKING_DAYS,
            ladder=question.ladder,
            subject_sha256=question.subject_sha256,
            field=question.field if resort is Role.BACK_OFFICE else None,
            instructions=opened.id,
        )
        asked = self._opening(asks, self._silence_of(asks))
        self._open[asked.id] = self._open_task(asked)
        event = self._ledger.event(
            self._tags_of(opened.id).ladder_ended,
            task=opened.id,
            holder=question.holder,
            opd=question.opd,
            role=resort.value,
        )
        self._ledger.note(event)
        self._ledger.note_notice(self._notice("task-opened", "holder", asked))
        await self._ledger.keep(
            CaseBook.open_task, f"Tangga eskalasi habis: {question.holder} belum menjawab", task_opened=asked
        )
        return asked.id

    async def _follow_up(self, silence: Silence) -> None:
        """What a person said about a silence: noted, more time given, or the file closed."""
        assert silence.overdue is not None
        decision = self._taken[silence.overdue].decision
        self._note_decided(silence.overdue)
        await self._ledger.keep(CaseBook.close_task, "Tindak lanjut keterlambatan dicatat")
        silence.overdue = ""
        match decision.body:
            case FileClosed():
                self.lapsed = decision
                self.ended = Code.APPLICATION_CLOSED
            case KeptWaiting(working_days=days, note=note):
                now = self._clock.now()
                late = max(0, -silence.sla.remaining(self._clock.calendar, now))
                silence.sla = silence.sla.extend(late + days, note or "menunggu pemohon")
                silence.fired, silence.overdue = frozenset(), None
            case _:
                pass

    def _end(self, opened: TaskOpened, overdue: str | None) -> Decision:
        if overdue and overdue in self._open:
            self.cancel(overdue)
        elif overdue:
            self._note_decided(overdue)
        if opened.id in self._open:
            self.cancel(opened.id)
            raise Interrupted
        self._note_decided(opened.id)
        decision = self._taken[opened.id].decision
        if opened.role not in (Role.APPLICANT, Role.HEAD_OF_OFFICE):
            self.verified_by = (*self.verified_by, decision.actor.id)
        return decision

    def _note_decided(self, task: str) -> None:
        taken = self._taken[task]
        decision = taken.decision
        detail = {} if isinstance(decision.body, SignatureOrdered) else decision.body.model_dump(mode="json")
        self._ledger.note_closed(
            TaskClosed(
                id=task,
                status="decided",
                decision=decision.body.kind,
                detail=detail,
                actor_id=decision.actor.id,
                actor_name=decision.actor.name,
                closed_at=self._clock.office_time(taken.at),
            ),
            self._ledger.event(
                Tag.TASK_DECIDED if _is_no_answer(decision) else self._tags_of(task).decided,
                decision.actor,
                task=task,
                decision=decision.body.kind,
                seen=decision.seen,
                body_sha256=decision.body_sha256,
                opd=decision.actor.opd,
                **consent_of(decision.body),
            ),
        )

    def _tags_of(self, task: str) -> Tags:
        return self._own_tags.get(task, self._tags)

    def _notice(self, template: str, to: HolderCode, opened: TaskOpened, **facts: str) -> Notice:
        return Notice(
            key=self._ledger.key(f"{template}.{to}"),
            template=template,
            to=to,
            role=opened.role,
            field=opened.field,
            opd=opened.opd,
            facts={
                "stage": opened.stage,
                "holder": opened.holder,
                "due_at": opened.due_at.isoformat(),
                "instructions": opened.instructions,
                **facts,
            },
        )

    def show(self, stage: str, holder: str, due_at: datetime | None) -> None:
        """Keeps what operators search by: stage, holder, due date."""
        self.waiting_for = holder
        due = _DUE.value_set(due_at) if due_at else _DUE.value_unset()
        workflow.upsert_search_attributes([_STAGE.value_set(stage), _WAITING.value_set(holder), due])


_OPENING_NOTICE = {
    TaskKind.REPAIR: "applicant-asked",
    TaskKind.PAYMENT: "applicant-asked",
    TaskKind.CLARIFICATION: "clarification-asked",
    TaskKind.DEEMED_APPROVAL: "deemed-due",
}
_AT_LADDERS_END = {TaskKind.REPAIR: TaskKind.UNANSWERED_REPAIR, TaskKind.PAYMENT: TaskKind.UNANSWERED_REPAIR}


def _is_no_answer(decision: Decision) -> bool:
    """Whether a decision is not what the desk was asked for: a follow-up of a silence, a question, an unread letter."""
    match decision.body:
        case Acknowledged() | KeptWaiting() | FileClosed() | QuestionAsked():
            return True
        case Recommended(letter=str(), provenance=None):
            return True
    return False


def _waiting_kind(role: Role) -> str:
    match role:
        case Role.APPLICANT:
            return "applicant"
        case Role.OPD:
            return "opd"
        case _:
            return "desk"
