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
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.records import CaseBook
    from permits.authority import Role, Subject
    from permits.decisions import Acknowledged, Decision, OpenTask, Receipt, SignatureOrdered, TaskKind, check_decision
    from permits.errors import Code, RuleError
    from permits.escalation import HolderCode, Ladder, PlannedRung, next_rung, plan
    from permits.events import Event, Tag
    from permits.sla import SlaClock
    from permits.steps import Notice, TaskClosed, TaskOpened, Waiting
    from workflows.clock import OfficeClock
    from workflows.ledger import Ledger, RecordActivity
    from workflows.messages import SearchAttributes, task_id

from temporalio.common import SearchAttributeKey

_STAGE = SearchAttributeKey.for_keyword(SearchAttributes.STAGE)
_WAITING = SearchAttributeKey.for_keyword(SearchAttributes.WAITING_FOR)
_DUE = SearchAttributeKey.for_datetime(SearchAttributes.DUE)


class Interrupted(Exception):
    """The case ended from outside (withdrawal) while a desk was waiting."""


def refuse(error: RuleError) -> ApplicationError:
    """A refusal as callers of an update receive it: its code as type, its facts as details."""
    return ApplicationError(error.code.value, error.facts, type=error.code.value, non_retryable=True)


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


@dataclass
class _Silence:
    """How far the silence of a desk has come."""

    fired: frozenset[str] = frozenset()  # codes of the rungs that fell
    overdue: str | None = None  # the task for a person; empty once that person has said what is done


@dataclass(frozen=True)
class Tags:
    """Which events tell of this desk; an OPD's have a source of their own."""

    opened: Tag = Tag.TASK_OPENED
    warned: Tag = Tag.TASK_WARNED
    escalated: Tag = Tag.TASK_ESCALATED
    ladder_ended: Tag = Tag.LADDER_ENDED
    decided: Tag = Tag.TASK_DECIDED


class Desk:
    """The open tasks of one workflow, and the decisions that were taken."""

    def __init__(self, number: str, applicant_id: str, clock: OfficeClock, ledger: Ledger, tags: Tags | None = None):
        self._number = number
        self._applicant_id = applicant_id
        self._clock = clock
        self._ledger = ledger
        self._tags = tags or Tags()
        self._count = 0
        self._open: dict[str, OpenTask] = {}
        self._decisions: dict[str, Decision] = {}
        self._decided_at: dict[str, datetime] = {}
        self.ended: Code | None = None
        self.verified_by: tuple[str, ...] = ()
        self.waiting_for = ""

    # What updates ask -------------------------------------------------------------------------------------------------

    @property
    def open_tasks(self) -> tuple[str, ...]:
        """Ids of the tasks that can be decided now."""
        return tuple(self._open)

    def check(self, decision: Decision) -> None:
        """The validator of `decide`. Raises ApplicationError with the refusal's code; changes nothing."""
        try:
            if self.ended is not None:
                raise RuleError(self.ended, number=self._number)
            task = self._open.get(decision.task_id)
            if task is None:
                raise self._why_closed(decision.task_id)
            check_decision(decision, task)
        except RuleError as refused:
            raise refuse(refused) from None

    def take(self, decision: Decision) -> Receipt:
        """The handler of `decide`: a second decision that passed the validator at the same moment learns who won."""
        if decision.task_id not in self._open:
            raise refuse(self._why_closed(decision.task_id))
        del self._open[decision.task_id]
        self._decisions[decision.task_id] = decision
        self._decided_at[decision.task_id] = workflow.now()
        return Receipt(
            task_id=decision.task_id,
            actor_id=decision.actor.id,
            body_sha256=decision.body_sha256,
            decided_at=workflow.now().isoformat(),
        )

    def _why_closed(self, task: str) -> RuleError:
        decision = self._decisions.get(task)
        if decision is None:
            return RuleError(Code.TASK_CLOSED, task=task)
        return RuleError(
            Code.TASK_CLOSED,
            task=task,
            decided_by=decision.actor.name,
            decided_at=self._decided_at[task].isoformat(),
        )

    def cancel(self, task: str) -> None:
        """Closes an open task without a decision; written with the next step."""
        self._note_cancelled(task)

    # What the workflow asks -------------------------------------------------------------------------------------------

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
        opened = self._opening(question)
        self._open[opened.id] = self._open_task(opened)
        await self._record_opening(opened, question, events, parts)
        silence = _Silence()
        try:
            await self._wait_for_decision(opened, question, silence)
        except asyncio.CancelledError:
            if opened.id in self._open:
                raise
            # The decision came at the same moment and has its receipt: it stands.
        return self._end(opened, silence.overdue)

    async def _wait_for_decision(self, opened: TaskOpened, question: Question, silence: _Silence) -> None:
        shown: datetime | None = None
        while opened.id in self._open and self.ended is None:
            opened = self._planned_anew(opened, question)
            if opened.due_at != shown:
                self.show(question.stage, question.holder, shown := opened.due_at)
            rung = next_rung(self._plan(opened, question), silence.fired)
            if rung is None and silence.overdue is None:
                silence.overdue = await self._open_overdue(opened, question)
            if silence.overdue is not None and silence.overdue in self._decisions:
                await self._close_overdue(silence.overdue)
                silence.overdue = ""
            if await self._wait_at(opened.id, silence.overdue, rung):
                continue
            if rung is not None and self._clock.now() >= rung.at:
                silence.fired |= {rung.rung.code}
                await self._fire(rung, opened, question)

    def _opening(self, question: Question) -> TaskOpened:
        self._count += 1
        now = self._clock.now()
        sla = SlaClock(received_on=self._clock.today(), working_days=question.working_days)
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
            opened_at=now,
            due_at=sla.due_at(self._clock.calendar, now),
            working_days=question.working_days,
            wanted_documents=question.wanted_documents,
            photos=question.photos,
            verified_by=self.verified_by,
            instructions=question.instructions,
        )

    def _open_task(self, opened: TaskOpened) -> OpenTask:
        about = Subject(
            applicant_id=self._applicant_id,
            role=opened.role,
            field=opened.field,
            opd=opened.opd,
            verified_by=opened.verified_by,
        )
        return OpenTask(
            id=opened.id,
            kind=opened.kind,
            role=opened.role,
            subject_sha256=opened.subject_sha256,
            about=about,
            wanted_documents=opened.wanted_documents,
            photos=opened.photos,
        )

    async def _record_opening(
        self, opened: TaskOpened, question: Question, events: tuple[Event, ...], parts: dict[str, object]
    ) -> None:
        self._ledger.note(*events)
        self._ledger.note(
            self._ledger.event(
                self._tags.opened,
                task=opened.id,
                kind=opened.kind.value,
                holder=opened.holder,
                stage=opened.stage,
                opd=opened.opd,
                due_at=opened.due_at.isoformat(),
            )
        )
        template = "applicant-asked" if opened.role is Role.APPLICANT else "task-opened"
        self._ledger.note_notice(self._notice(template, "holder", opened))
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
        await self._ledger.keep(activity, summary, task_opened=opened, waiting=waiting, **parts)

    def _planned_anew(self, opened: TaskOpened, question: Question) -> TaskOpened:
        """The task with its due date by the calendar of now."""
        calendar = self._clock.calendar
        due_at = calendar.due_at(calendar.local_date(opened.opened_at), question.working_days)
        return opened if due_at == opened.due_at else opened.model_copy(update={"due_at": due_at})

    def _plan(self, opened: TaskOpened, question: Question) -> tuple[PlannedRung, ...]:
        calendar = self._clock.calendar
        return plan(question.ladder, calendar.local_date(opened.due_at), calendar, opened.opened_at)

    async def _wait_at(self, task: str, overdue: str | None, rung: PlannedRung | None) -> bool:
        happened: Callable[[], bool] = lambda: (  # noqa: E731
            task not in self._open or self.ended is not None or (bool(overdue) and overdue not in self._open)
        )
        why = f"sampai {rung.rung.code}" if rung else ""
        return await self._clock.wait(happened, rung.at if rung else None, why)

    async def _fire(self, planned: PlannedRung, opened: TaskOpened, question: Question) -> None:
        rung = planned.rung
        tag = self._tags.warned if rung.kind == "warning" else self._tags.escalated
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
        if rung.channel == "email":
            self._ledger.note_notice(self._notice(f"task-{rung.kind}", rung.who, opened))
        word = "Peringatan" if rung.kind == "warning" else "Eskalasi"
        await self._ledger.keep(CaseBook.record_rung, f"{word}: {question.holder} belum menjawab ({rung.code})")

    async def _open_overdue(self, opened: TaskOpened, question: Question) -> str:
        resort = Role(question.ladder.last_resort)
        asked = self._opening(
            Question(
                kind=TaskKind.OVERDUE,
                role=resort,
                stage=question.stage,
                holder=question.holder,
                working_days=3,
                ladder=question.ladder,
                subject_sha256=question.subject_sha256,
                field=question.field if resort is Role.BACK_OFFICE else None,
                instructions=opened.id,
            )
        )
        self._open[asked.id] = self._open_task(asked)
        event = self._ledger.event(
            self._tags.ladder_ended, task=opened.id, holder=question.holder, opd=question.opd, role=resort.value
        )
        self._ledger.note(event)
        self._ledger.note_notice(self._notice("task-opened", "holder", asked))
        await self._ledger.keep(
            CaseBook.open_task, f"Tangga eskalasi habis: {question.holder} belum menjawab", task_opened=asked
        )
        return asked.id

    async def _close_overdue(self, task: str) -> None:
        self._note_decided(task)
        await self._ledger.keep(CaseBook.close_task, "Tindak lanjut keterlambatan dicatat")

    def _end(self, opened: TaskOpened, overdue: str | None) -> Decision:
        if overdue and overdue in self._open:
            self._note_cancelled(overdue)
        elif overdue:
            self._note_decided(overdue)
        if opened.id in self._open:
            self._note_cancelled(opened.id)
            raise Interrupted
        self._note_decided(opened.id)
        decision = self._decisions[opened.id]
        if opened.role not in (Role.APPLICANT, Role.HEAD_OF_OFFICE):
            self.verified_by = (*self.verified_by, decision.actor.id)
        return decision

    def _note_decided(self, task: str) -> None:
        decision = self._decisions[task]
        detail = {} if isinstance(decision.body, SignatureOrdered) else decision.body.model_dump(mode="json")
        self._ledger.note_closed(
            TaskClosed(
                id=task,
                status="decided",
                decision=decision.body.kind,
                detail=detail,
                actor_id=decision.actor.id,
                actor_name=decision.actor.name,
                closed_at=self._clock.office_time(self._decided_at[task]),
            ),
            self._ledger.event(
                Tag.TASK_DECIDED if isinstance(decision.body, Acknowledged) else self._tags.decided,
                decision.actor,
                task=task,
                decision=decision.body.kind,
                seen=decision.seen,
                body_sha256=decision.body_sha256,
                opd=decision.actor.opd,
            ),
        )

    def _note_cancelled(self, task: str) -> None:
        del self._open[task]
        self._ledger.note_closed(
            TaskClosed(id=task, status="cancelled", closed_at=self._clock.now()),
            self._ledger.event(Tag.TASK_CANCELLED, task=task),
        )

    def _notice(self, template: str, to: HolderCode, opened: TaskOpened) -> Notice:
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
            },
        )

    def show(self, stage: str, holder: str, due_at: datetime | None) -> None:
        """Keeps what operators search by: stage, holder, due date."""
        self.waiting_for = holder
        due = _DUE.value_set(due_at) if due_at else _DUE.value_unset()
        workflow.upsert_search_attributes([_STAGE.value_set(stage), _WAITING.value_set(holder), due])


def _waiting_kind(role: Role) -> str:
    match role:
        case Role.APPLICANT:
            return "applicant"
        case Role.OPD:
            return "opd"
        case _:
            return "desk"
