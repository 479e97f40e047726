"""The open tasks of one workflow, as its updates and queries see them: who may decide, who holds, what was decided."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from permits.authority import Act, Subject, refusal
    from permits.decision_rules import OpenTask, check_decision, check_paper_dates
    from permits.decisions import Decision, Receipt, TaskKind
    from permits.errors import Code, RuleError
    from permits.escalation import PlannedRung
    from permits.events import Tag
    from permits.sla import SlaClock
    from permits.steps import Notice, TaskChanged, TaskClosed, TaskOpened
    from workflows.clock import OfficeClock
    from workflows.ledger import Ledger
    from workflows.messages import Assignment, AssignmentReceipt


def refuse(error: RuleError) -> ApplicationError:
    """A refusal as callers of an update receive it: its code as type, its facts as details."""
    return ApplicationError(error.code.value, error.facts, type=error.code.value, non_retryable=True)


@dataclass
class Silence:
    """How long a desk has been asked, and how far its silence has come."""

    sla: SlaClock
    fired: frozenset[str] = frozenset()  # codes of the rungs that fell
    overdue: str | None = None  # the task for a person; empty once that person has said what is done
    due_at: datetime | None = None  # as it was last told
    next_rung: PlannedRung | None = None


@dataclass
class Taken:
    """A decision that was taken, and when."""

    decision: Decision
    at: datetime = field(default_factory=workflow.now)


class OpenTasks:
    """The open tasks of one workflow, and the decisions that were taken."""

    def __init__(self, number: str, applicant_id: str, clock: OfficeClock, ledger: Ledger):
        self._number = number
        self._applicant_id = applicant_id
        self._clock = clock
        self._ledger = ledger
        self._open: dict[str, OpenTask] = {}
        self._taken: dict[str, Taken] = {}
        self._silences: dict[str, Silence] = {}  # of the tasks that are waited for
        self.ended: Code | None = None

    @property
    def open_tasks(self) -> tuple[str, ...]:
        """Ids of the tasks that can be decided now."""
        return tuple(self._open)

    @property
    def due_at(self) -> datetime | None:
        """When the latest of the open tasks that the case waits for is due; office time."""
        waited = [one for task, one in self._silences.items() if f".{TaskKind.DEEMED_APPROVAL.value}." not in task]
        return max((silence.due_at for silence in waited if silence.due_at), default=None)

    @property
    def next_rung(self) -> PlannedRung | None:
        """The next rung of any open task's ladder."""
        planned = [silence.next_rung for silence in self._silences.values() if silence.next_rung]
        return min(planned, key=lambda one: one.at, default=None)

    def check(self, decision: Decision) -> None:
        """The validator of `decide`. Raises ApplicationError with the refusal's code; changes nothing."""
        try:
            check_decision(decision, self._task(decision.task_id))
            check_paper_dates(decision.body, self._clock.today())
        except RuleError as refused:
            raise refuse(refused) from None

    def take(self, decision: Decision) -> Receipt:
        """The handler of `decide`: a second decision that passed the validator at the same moment learns who won."""
        if decision.task_id not in self._open:
            raise refuse(self._why_closed(decision.task_id))
        del self._open[decision.task_id]
        self._taken[decision.task_id] = Taken(decision)
        return Receipt(
            task_id=decision.task_id,
            actor_id=decision.actor.id,
            body_sha256=decision.body_sha256,
            decided_at=workflow.now().isoformat(),
        )

    def check_assignment(self, assignment: Assignment) -> None:
        """The validator of `assign`. Raises ApplicationError with the refusal's code; changes nothing."""
        try:
            task = self._task(assignment.task_id)
            if refused := refusal(assignment.actor, assignment.act, task.about):
                raise RuleError(refused, task=task.id)
            if assignment.to is not None and refusal(assignment.to, Act.DECIDE, _unassigned(task)) is not None:
                raise RuleError(Code.PERSON_UNFIT, task=task.id)
        except RuleError as refused_by_rule:
            raise refuse(refused_by_rule) from None

    def assign(self, assignment: Assignment) -> AssignmentReceipt:
        """The handler of `assign`: the task is held by one person, or by the whole desk again."""
        task = self._open.get(assignment.task_id)
        if task is None:
            raise refuse(self._why_closed(assignment.task_id))
        to = assignment.to
        about = task.about.model_copy(update={"assigned_to": to.id if to else None})
        self._open[task.id] = task.model_copy(update={"about": about})
        name = to.name if to else None
        self._ledger.note_changed(
            TaskChanged(id=task.id, assigned=True, assigned_to=about.assigned_to, assigned_to_name=name)
        )
        facts = {"assigned_to": to.id, "assigned_to_name": to.name} if to else {}
        self._ledger.note(
            self._ledger.event(Tag.TASK_ASSIGNED, assignment.actor, task=task.id, reason=assignment.reason, **facts)
        )
        before = task.about.assigned_to
        if to is not None and to.id != assignment.actor.id:
            self._ledger.note_notice(self._assigned_notice("task-assigned", task, to.id, assignment.reason))
        if before is not None and before not in (assignment.actor.id, about.assigned_to):
            self._ledger.note_notice(self._assigned_notice("task-taken-over", task, before, assignment.reason))
        self._ledger.tell()
        return AssignmentReceipt(task_id=task.id, assigned_to=about.assigned_to, assigned_at=workflow.now())

    def cancel(self, task: str) -> None:
        """Closes an open task without a decision; written with the next step."""
        del self._open[task]
        self._ledger.note_closed(
            TaskClosed(id=task, status="cancelled", closed_at=self._clock.now()),
            self._ledger.event(Tag.TASK_CANCELLED, task=task),
        )

    def due_anew(self) -> None:
        """Every open task is due by its clock and the calendar of now; written with what comes next."""
        for task, silence in self._silences.items():
            silence.due_at = silence.sla.due_at(self._clock.calendar, self._clock.now())
            self._ledger.note_changed(TaskChanged(id=task, due_at=silence.due_at))

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
            people=opened.people,
            return_to=opened.return_to,
        )

    def _task(self, task_id: str) -> OpenTask:
        if self.ended is not None:
            raise RuleError(self.ended, number=self._number)
        task = self._open.get(task_id)
        if task is None:
            raise self._why_closed(task_id)
        return task

    def _why_closed(self, task: str) -> RuleError:
        taken = self._taken.get(task)
        if taken is None:
            return RuleError(Code.TASK_CLOSED, task=task)
        return RuleError(
            Code.TASK_CLOSED,
            task=task,
            decided_by=taken.decision.actor.name,
            decided_at=taken.at.isoformat(),
        )

    def _assigned_notice(self, template: str, task: OpenTask, account: str, reason: str) -> Notice:
        silence = self._silences.get(task.id)
        due_at = silence.due_at if silence else None
        return Notice(
            key=self._ledger.key(template),
            template=template,
            to="holder",
            account=account,
            role=task.role,
            field=task.about.field,
            opd=task.about.opd,
            facts={"task": task.id, "reason": reason, "due_at": (due_at or self._clock.now()).isoformat()},
        )


def _unassigned(task: OpenTask) -> Subject:
    return task.about.model_copy(update={"assigned_to": None})
